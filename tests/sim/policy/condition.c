/* SPDX-License-Identifier: Apache-2.0 */
/* condition.c: does one condition hold for one VM. All comparisons ignore case: NSX says
 * so of conditions as a whole, although tags themselves keep upper and lower case. */
#include "expression.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* value is a list separated by commas. */
static bool lists_text(const char *value, const char *text)
{
    size_t length = strlen(text);

    for (;;) {
        size_t part;

        value += strspn(value, " ");
        part = strcspn(value, ",");
        if (part == length && strncasecmp(value, text, length) == 0) {
            return true;
        }
        if (value[part] == '\0') {
            return false;
        }
        value += part + 1;
    }
}

static bool text_matches(const struct sim_condition *condition, const char *text)
{
    size_t length = strlen(text);
    size_t wanted = strlen(condition->value);

    switch (condition->relation) {
    case SIM_OPERATOR_EQUALS:
    case SIM_OPERATOR_NOTEQUALS:
        return sim_same_text(text, condition->value);
    case SIM_OPERATOR_CONTAINS:
        return strcasestr(text, condition->value) != NULL;
    case SIM_OPERATOR_STARTSWITH:
        return strncasecmp(text, condition->value, wanted) == 0;
    case SIM_OPERATOR_ENDSWITH:
        return length >= wanted &&
               sim_same_text(text + length - wanted, condition->value);
    case SIM_OPERATOR_IN:
    case SIM_OPERATOR_NOTIN:
        return lists_text(condition->value, text);
    case SIM_OPERATOR_MATCHES:
        return regexec(&condition->regex, text, 0, NULL, 0) == 0;
    }
    return false;
}

static bool tag_matches(const struct sim_condition *condition, const struct sim_tag *tag)
{
    if (condition->scope != NULL &&
        sim_same_text(condition->scope, tag->scope) == condition->scope_differs) {
        return false;
    }
    return condition->value == NULL || text_matches(condition, tag->tag);
}

static const char *named_text(enum sim_key key, const struct sim_view *vm)
{
    switch (key) {
    case SIM_KEY_NAME:
        return vm->display_name;
    case SIM_KEY_OS_NAME:
        return vm->os_name;
    case SIM_KEY_COMPUTER_NAME:
        return vm->computer_name;
    case SIM_KEY_TAG:
        break;
    }
    return "";
}

/* A VM has one name but any number of tags, so a negative operator needs a rule: the VM
 * is a member when NONE of its tags matches. A VM without tags is therefore a member of
 * `Tag NOTEQUALS x|y`, and one with x|y and ten others is not. This is what a group that
 * excludes quarantined VMs needs. */
bool sim_condition_holds(const struct sim_condition *condition, const struct sim_view *vm)
{
    bool negative = condition->relation == SIM_OPERATOR_NOTEQUALS ||
                    condition->relation == SIM_OPERATOR_NOTIN;
    bool found = false;

    if (condition->key != SIM_KEY_TAG) {
        return text_matches(condition, named_text(condition->key, vm)) != negative;
    }
    for (size_t i = 0; i < vm->tags.count && !found; i++) {
        found = tag_matches(condition, &vm->tags.items[i]);
    }
    return found != negative;
}
