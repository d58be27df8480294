/* SPDX-License-Identifier: Apache-2.0 */
/* group_json.c: see group_json.h. */
#include "nsx/policy/group_json.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/text.h"
#include "nsx/read_json.h"

struct reading {
    const char *scope;
    const char *tag;
    bool takes_in;
    bool keeps_out;
    bool unclear; /* there is something that may mean the tag, or not */
};

static void read_items(const cJSON *items, struct reading *reading);

/* `scope|tag`; an empty scope fits any. NSX compares in any case. */
static bool means_our_tag(const char *value, const struct reading *reading)
{
    const char *bar = strchr(value, '|');
    const size_t len = bar ? (size_t)(bar - value) : 0;
    char scope[NQ_TEXT_MAX + 1] = "";
    if (!bar || len >= sizeof(scope)) {
        return false;
    }
    memcpy(scope, value, len);
    return nq_text_same(bar + 1, reading->tag) &&
           (len == 0 || nq_text_same(scope, reading->scope));
}

/* Only EQUALS and NOTEQUALS of a whole tag are judged; what NOTEQUALS of another tag makes
 * of ours is not documented. */
static void read_condition(const cJSON *item, struct reading *reading)
{
    const char *value = nq_json_text(item, "value");
    const char *relation = nq_json_text(item, "operator");
    const char *scope_relation = nq_json_text(item, "scope_operator");
    const bool ours = means_our_tag(value, reading);
    if (strcmp(nq_json_text(item, "key"), "Tag") != 0 ||
        strcmp(nq_json_text(item, "member_type"), "VirtualMachine") != 0) {
        return;
    }
    if (!strchr(value, '|') ||
        (*scope_relation && strcmp(scope_relation, "EQUALS") != 0)) {
        reading->unclear = true;
    } else if (strcmp(relation, "EQUALS") == 0) {
        reading->takes_in |= ours;
    } else if (strcmp(relation, "NOTEQUALS") == 0) {
        reading->keeps_out |= ours;
        reading->unclear |= !ours;
    } else {
        reading->unclear = true;
    }
}

/* Lists of ids and addresses say nothing about tags; other groups, and what is not known
 * here, may. */
static void read_item(const cJSON *item, struct reading *reading)
{
    static const char *const silent[] = {"ConjunctionOperator", "ExternalIDExpression",
                                         "IPAddressExpression", "MACAddressExpression"};
    const char *type = nq_json_text(item, "resource_type");
    if (strcmp(type, "Condition") == 0) {
        read_condition(item, reading);
        return;
    }
    if (strcmp(type, "NestedExpression") == 0) {
        read_items(nq_json_member(item, "expressions"), reading);
        return;
    }
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        if (strcmp(type, silent[i]) == 0) {
            return;
        }
    }
    reading->unclear = true;
}

/* cJSON bounds how deep lists stand in lists. */
static void read_items(const cJSON *items, struct reading *reading)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, items)
    {
        read_item(item, reading);
    }
}

static bool has_items(const cJSON *group, const char *name)
{
    const cJSON *member = nq_json_member(group, name);
    return member && member->child;
}

bool nq_json_definition(const char *body, size_t len, const char *scope, const char *tag,
                        enum nq_definition *ret_definition, struct nq_err *reterr)
{
    struct reading reading = {.scope = scope, .tag = tag};
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    read_items(nq_json_member(root, "expression"), &reading);
    /* Users of a directory; and since NSX 9.1 members to be left out. */
    reading.unclear |=
        has_items(root, "extended_expression") || has_items(root, "exclude");
    cJSON_Delete(root);
    *ret_definition = reading.keeps_out  ? NQ_DEFINITION_KEEPS_OUT
                      : reading.takes_in ? NQ_DEFINITION_TAKES_IN
                      : reading.unclear  ? NQ_DEFINITION_UNKNOWN
                                         : NQ_DEFINITION_IGNORES;
    return true;
}
