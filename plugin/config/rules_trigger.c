/* SPDX-License-Identifier: Apache-2.0 */
/* rules_trigger.c: the rules between the options of a trigger. */
#include "config/rules.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

/* snmpTraps: coldStart and the other standard traps (RFC 3584 section 3). */
#define STANDARD_TRAPS ".1.3.6.1.6.3.1.1.5"

/* "triggers[2].computer" */
struct path {
    char text[NQ_OPTION_PATH_MAX];
};

static struct path path_of(size_t index, const char *member)
{
    struct path path;
    (void)snprintf(path.text, sizeof(path.text), "triggers[%zu]%s%s", index,
                   *member ? "." : "", member);
    return path;
}

bool nq_field_given(const struct nq_field_conf *field)
{
    return field->oid || field->varbind > 0 || field->any_text;
}

bool nq_config_names_vm(enum nq_trigger_action action)
{
    return action == NQ_ACTION_QUARANTINE || action == NQ_ACTION_SCAN_FINISHED ||
           action == NQ_ACTION_RELEASE;
}

/* ---- fields ------------------------------------------------------------------------- */

static bool regex_holds(const struct nq_field_conf *field, const char *path,
                        struct nq_rule_break *ret_broken)
{
    if (!field->regex) {
        return field->group == 0 ||
               nq_rules_broken(ret_broken, path, "group stands without regex");
    }
    regex_t regex;
    if (regcomp(&regex, field->regex, REG_EXTENDED) != 0) {
        return nq_rules_broken(ret_broken, path, "regex does not compile");
    }
    const size_t groups = regex.re_nsub;
    regfree(&regex);
    return (size_t)field->group <= groups ||
           nq_rules_broken(ret_broken, path, "group is %d, but regex has %zu",
                           (int)field->group, groups);
}

static bool values_hold(const struct nq_field_conf *field, const char *path,
                        struct nq_rule_break *ret_broken)
{
    for (size_t i = 0; i < field->value_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(field->values[i].from, field->values[k].from) == 0) {
                char where[2 * NQ_OPTION_PATH_MAX];
                (void)snprintf(where, sizeof(where), "%s.values[%zu].from", path, i);
                return nq_rules_broken(ret_broken, where, "'%.60s' stands there twice",
                                       field->values[i].from);
            }
        }
    }
    return true;
}

static bool field_holds(const struct nq_field_conf *field, const char *path,
                        struct nq_rule_break *ret_broken)
{
    if (!field->delimiter != (field->item == 0)) {
        return nq_rules_broken(
            ret_broken, path,
            field->delimiter ? "delimiter stands without item: say which piece"
                             : "item stands without delimiter: say what parts them");
    }
    return regex_holds(field, path, ret_broken) && values_hold(field, path, ret_broken);
}

/* ---- conditions --------------------------------------------------------------------- */

static bool conditions_hold(const struct nq_trigger_conf *trigger, size_t index,
                            struct nq_rule_break *ret_broken)
{
    for (size_t i = 0; i < trigger->condition_count; i++) {
        if (!trigger->conditions[i].operand) {
            char member[40];
            (void)snprintf(member, sizeof(member), "conditions[%zu]", i);
            return nq_rules_broken(ret_broken, path_of(index, member).text,
                                   "add one of equals, contains and matches");
        }
    }
    return true;
}

/* ---- which traps -------------------------------------------------------------------- */

static bool is_standard(const char *enterprise)
{
    const size_t len = strlen(STANDARD_TRAPS);
    return strncmp(enterprise, STANDARD_TRAPS, len) == 0 &&
           (enterprise[len] == '\0' || enterprise[len] == '.');
}

static bool recognition_holds(const struct nq_trigger_conf *trigger, size_t index,
                              struct nq_rule_break *ret_broken)
{
    if (!trigger->trap_oid && !trigger->enterprise) {
        return nq_rules_broken(ret_broken, path_of(index, "trap_oid").text,
                               "it is missing: add it, or enterprise");
    }
    if (trigger->trap_oid && trigger->enterprise) {
        return nq_rules_broken(ret_broken, path_of(index, "enterprise").text,
                               "trap_oid says which traps already: remove one of them");
    }
    if (trigger->enterprise && trigger->oid_prefix) {
        return nq_rules_broken(ret_broken, path_of(index, "prefix").text,
                               "it belongs to trap_oid; without specific, enterprise "
                               "means any number");
    }
    if (trigger->enterprise && is_standard(trigger->enterprise)) {
        return nq_rules_broken(ret_broken, path_of(index, "enterprise").text,
                               "the standard traps have none: use trap_oid");
    }
    return !trigger->specific || trigger->enterprise ||
           nq_rules_broken(ret_broken, path_of(index, "specific").text,
                           "it belongs to enterprise: trap_oid is the whole OID");
}

/* ---- what it means ------------------------------------------------------------------ */

static bool actions_hold(const struct nq_trigger_conf *trigger, size_t index,
                         struct nq_rule_break *ret_broken)
{
    const struct nq_field_conf *by = &trigger->action_by;
    bool names_vm = nq_config_names_vm(trigger->action);
    const char *action = nq_config_action_word(trigger->action);
    for (size_t i = 0; i < by->value_count; i++) {
        enum nq_trigger_action to = NQ_ACTION_IGNORE;
        if (!nq_config_action(by->values[i].to, &to)) {
            char member[48];
            (void)snprintf(member, sizeof(member), "action_by.values[%zu].to", i);
            return nq_rules_broken(ret_broken, path_of(index, member).text,
                                   "'%.40s' is no action: use quarantine, scanFinished, "
                                   "release, note or ignore",
                                   by->values[i].to);
        }
        if (!names_vm && nq_config_names_vm(to)) {
            names_vm = true;
            action = by->values[i].to;
        }
    }
    if (nq_field_given(by) && by->value_count == 0) {
        return nq_rules_broken(ret_broken, path_of(index, "action_by").text,
                               "add values that say which text means which action");
    }
    return !names_vm || nq_field_given(&trigger->computer) ||
           nq_rules_broken(ret_broken, path_of(index, "computer").text,
                           "it is missing; action %s must know whom the trap names",
                           action);
}

static bool trigger_holds(const struct nq_trigger_conf *trigger, size_t index,
                          struct nq_rule_break *ret_broken)
{
    const struct {
        const char *name;
        const struct nq_field_conf *field;
    } fields[] = {{"computer", &trigger->computer},
                  {"cause", &trigger->cause},
                  {"severity", &trigger->severity},
                  {"action_by", &trigger->action_by}};
    if (!recognition_holds(trigger, index, ret_broken) ||
        !conditions_hold(trigger, index, ret_broken)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct path path = path_of(index, fields[i].name);
        if (!field_holds(fields[i].field, path.text, ret_broken)) {
            return false;
        }
    }
    return actions_hold(trigger, index, ret_broken);
}

bool nq_rules_triggers_hold(const struct nq_config *conf,
                            struct nq_rule_break *ret_broken)
{
    for (size_t i = 0; i < conf->trigger_count; i++) {
        if (!trigger_holds(&conf->triggers[i], i, ret_broken)) {
            return false;
        }
    }
    return true;
}
