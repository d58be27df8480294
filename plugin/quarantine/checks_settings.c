/* SPDX-License-Identifier: Apache-2.0 */
/* checks_settings.c: the checks of our own configuration. What is not valid at all, the
 * configuration refuses by itself. */
#include "quarantine/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/prefix.h"

/* RFC 5612: an enterprise number for documentation. */
#define EXAMPLE_ARC ".1.3.6.1.4.1.32473"

/* The user that NSX itself brings along. */
#define BUILT_IN_USER "admin"

struct judge {
    const struct nq_config *conf;
    nq_verdict_fn *each;
    void *arg;
};

static void say(const struct judge *judge, enum nq_check check, size_t manager,
                const char *object, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void say(const struct judge *judge, enum nq_check check, size_t manager,
                const char *object, const char *fmt, ...)
{
    struct nq_verdict verdict = {
        .check = check, .manager = manager, .object = object, .wrong = true};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(verdict.detail, sizeof(verdict.detail), fmt, args);
    va_end(args);
    judge->each(judge->arg, &verdict);
}

static void say_plain(const struct judge *judge, enum nq_check check, const char *object)
{
    say(judge, check, NQ_NO_MANAGER, object, "%s", "");
}

/* ---- managers ------------------------------------------------------------------------ */

static bool has_group(const struct nq_config *conf, size_t manager,
                      enum nq_group_role role)
{
    for (size_t i = 0; i < conf->group_count; i++) {
        if (conf->groups[i].manager == manager && conf->groups[i].role == role) {
            return true;
        }
    }
    return false;
}

static void judge_managers(const struct judge *judge)
{
    const struct nq_config *conf = judge->conf;
    for (size_t i = 0; i < conf->manager_count; i++) {
        const struct nq_manager_conf *manager = &conf->managers[i];
        if (!has_group(conf, i, NQ_GROUP_QUARANTINE)) {
            say(judge, NQ_CHECK_NO_QUARANTINE, i, manager->name, "%s", "");
        }
        if (!has_group(conf, i, NQ_GROUP_WATCHED)) {
            say(judge, NQ_CHECK_NO_WATCHED, i, manager->name, "%s", "");
        }
        if (nq_text_same(manager->access.user, BUILT_IN_USER)) {
            say(judge, NQ_CHECK_BUILT_IN_ACCOUNT, i, manager->name, "%s", "");
        }
    }
}

/* ---- what is protected, and how much ------------------------------------------------- */

static bool lacks_vcenter(const struct nq_config *conf)
{
    for (size_t i = 0; i < conf->manager_count; i++) {
        if (conf->managers[i].type == NQ_MANAGER_VSPHERE &&
            conf->managers[i].vcenter.url_count == 0) {
            return true;
        }
    }
    return false;
}

static void judge_policy(const struct judge *judge)
{
    const struct nq_protect_conf *protect = &judge->conf->protect;
    const struct nq_budget_conf *vms = &judge->conf->governor.vms;
    if (protect->name_count + protect->address_count + protect->uuid_count +
            protect->tag_count + protect->group_count ==
        0) {
        say_plain(judge,
                  protect->infrastructure ? NQ_CHECK_PROTECT_EMPTY : NQ_CHECK_PROTECT_OFF,
                  "protect");
    }
    if (protect->uuid_count > 0 && lacks_vcenter(judge->conf)) {
        say_plain(judge, NQ_CHECK_PROTECT_VOID, "protect.uuids");
    }
    if (vms->minute == 0 && vms->hour == 0 && vms->day == 0) {
        say_plain(judge, NQ_CHECK_GOVERNOR_OFF, "governor");
    }
    if (judge->conf->release.clean_scan) {
        say_plain(judge, NQ_CHECK_SCAN_RELEASES, "release.clean_scan");
    }
}

static void judge_mode(const struct judge *judge, enum nq_mode mode)
{
    if (mode == NQ_MODE_OBSERVE) {
        say_plain(judge, NQ_CHECK_MODE_OBSERVE, "engine.mode");
    } else if (mode == NQ_MODE_STOPPED) {
        say_plain(judge, NQ_CHECK_MODE_STOPPED, "engine.mode");
    }
}

/* ---- who is believed ----------------------------------------------------------------- */

/* The trap may have this meaning, by its trigger's word or by a word of its own. */
static bool may_mean(const struct nq_trigger_conf *trigger, enum nq_trigger_action wanted)
{
    bool may = trigger->action == wanted;
    for (size_t i = 0; i < trigger->action_by.value_count; i++) {
        enum nq_trigger_action action;
        may = may || (nq_config_action(trigger->action_by.values[i].to, &action) &&
                      action == wanted);
    }
    return may;
}

/* Nothing but its address tells who sent it: 0.0.0.0/0 stands as ::ffff:0:0/96. */
static bool is_anywhere(const struct nq_source_conf *source)
{
    struct nq_prefix prefix;
    return !source->address ||
           (nq_prefix_parse(source->address, &prefix) &&
            (prefix.bits == 0 || (prefix.bits == 96 && strchr(source->address, '.'))));
}

static bool is_forgeable(const struct nq_source_conf *source)
{
    return !source->user && !source->community_file && !source->forwarder &&
           source->address && strcmp(source->address, "unix") != 0;
}

static bool some_listed(const struct nq_config *conf, enum nq_trigger_action wanted)
{
    for (size_t i = 0; i < conf->trigger_count; i++) {
        if (conf->triggers[i].proof == NQ_PROOF_LISTED &&
            may_mean(&conf->triggers[i], wanted)) {
            return true;
        }
    }
    return false;
}

static void judge_sources(const struct judge *judge)
{
    const struct nq_config *conf = judge->conf;
    const bool listed = some_listed(conf, NQ_ACTION_QUARANTINE);
    if (conf->source_count == 0) {
        say_plain(judge, NQ_CHECK_NO_SOURCE, "sources");
    }
    for (size_t i = 0; i < conf->source_count; i++) {
        const struct nq_source_conf *source = &conf->sources[i];
        if (!source->user && is_anywhere(source)) {
            say_plain(judge, NQ_CHECK_SOURCE_ANY, source->name);
        } else if (listed && is_forgeable(source)) {
            say_plain(judge, NQ_CHECK_SOURCE_FORGEABLE, source->name);
        }
    }
}

static bool any_forgeable(const struct nq_config *conf)
{
    for (size_t i = 0; i < conf->source_count; i++) {
        if (is_forgeable(&conf->sources[i])) {
            return true;
        }
    }
    return false;
}

/* ---- triggers ------------------------------------------------------------------------ */

/* The OID is arc, or below it. */
static bool is_below(const char *oid, const char *arc)
{
    const size_t len = strlen(arc);
    return oid && strncmp(oid, arc, len) == 0 && (oid[len] == '\0' || oid[len] == '.');
}

static bool has_specific(const struct nq_trigger_conf *trigger, int64_t number)
{
    for (size_t i = 0; i < trigger->specific_count; i++) {
        if (trigger->specific[i] == number) {
            return true;
        }
    }
    return trigger->specific_count == 0;
}

static bool takes_enterprise(const struct nq_trigger_conf *first,
                             const struct nq_trigger_conf *second)
{
    if (!second->enterprise || strcmp(first->enterprise, second->enterprise) != 0 ||
        (first->specific_count > 0 && second->specific_count == 0)) {
        return false;
    }
    for (size_t i = 0; i < second->specific_count; i++) {
        if (!has_specific(first, second->specific[i])) {
            return false;
        }
    }
    return true;
}

/* Whatever the second one recognises by its OID, the first one does. */
static bool takes_all(const struct nq_trigger_conf *first,
                      const struct nq_trigger_conf *second)
{
    if (first->condition_count > 0) {
        return false;
    }
    if (first->enterprise) {
        return takes_enterprise(first, second);
    }
    if (first->oid_prefix) {
        return is_below(second->enterprise ? second->enterprise : second->trap_oid,
                        first->trap_oid);
    }
    return second->trap_oid && !second->oid_prefix &&
           strcmp(first->trap_oid, second->trap_oid) == 0;
}

static void judge_trigger(const struct judge *judge, size_t index)
{
    const struct nq_config *conf = judge->conf;
    const struct nq_trigger_conf *trigger = &conf->triggers[index];
    const bool releases = may_mean(trigger, NQ_ACTION_RELEASE);
    if (trigger->proof == NQ_PROOF_ANY &&
        (releases || may_mean(trigger, NQ_ACTION_QUARANTINE))) {
        say_plain(judge, NQ_CHECK_TRIGGER_ANY, trigger->name);
    }
    if (trigger->proof == NQ_PROOF_LISTED && releases && any_forgeable(conf)) {
        say_plain(judge, NQ_CHECK_RELEASE_FORGEABLE, trigger->name);
    }
    if (is_below(trigger->trap_oid, EXAMPLE_ARC) ||
        is_below(trigger->enterprise, EXAMPLE_ARC)) {
        say_plain(judge, NQ_CHECK_TRIGGER_EXAMPLE, trigger->name);
    }
    for (size_t i = 0; i < index; i++) {
        if (takes_all(&conf->triggers[i], trigger)) {
            say(judge, NQ_CHECK_TRIGGER_SHADOWED, NQ_NO_MANAGER, trigger->name, "%.60s",
                conf->triggers[i].name);
            return;
        }
    }
}

void nq_checks_of_settings(const struct nq_config *conf, enum nq_mode mode,
                           nq_verdict_fn *each, void *arg)
{
    const struct judge judge = {.conf = conf, .each = each, .arg = arg};
    judge_managers(&judge);
    judge_mode(&judge, mode);
    judge_policy(&judge);
    judge_sources(&judge);
    if (conf->trigger_count == 0) {
        say_plain(&judge, NQ_CHECK_NO_TRIGGER, "triggers");
    }
    for (size_t i = 0; i < conf->trigger_count; i++) {
        judge_trigger(&judge, i);
    }
}
