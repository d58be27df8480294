/* SPDX-License-Identifier: Apache-2.0 */
/* expression.c: reads expression lists. A NestedExpression is a criterion: conditions of
 * one member type joined by AND. NSX does not publish which of AND and OR binds tighter
 * in the outer list; as everywhere else, AND is assumed to. */
#include "expression.h"

#include <stdlib.h>
#include <string.h>

#include "groups.h"

static bool read_list(const cJSON *list, const char *where, bool nested,
                      struct sim_expression **ret_expression, struct sim_err *err);

static struct sim_expression *node_new(enum sim_expression_kind kind)
{
    struct sim_expression *node = sim_alloc(1, sizeof(*node));

    node->kind = kind;
    return node;
}

void sim_expression_free(struct sim_expression *expression)
{
    if (expression == NULL) {
        return;
    }
    for (size_t i = 0; i < expression->child_count; i++) {
        sim_expression_free(expression->children[i]);
    }
    for (size_t i = 0; i < expression->text_count; i++) {
        free(expression->texts[i]);
    }
    if (expression->condition.has_regex) {
        regfree(&expression->condition.regex);
    }
    free(expression->condition.scope);
    free(expression->condition.value);
    free(expression->children);
    free(expression->texts);
    free(expression);
}

static void add_child(struct sim_expression *parent, struct sim_expression *child)
{
    parent->children =
        sim_grow(parent->children, parent->child_count + 1, sizeof(*parent->children));
    parent->children[parent->child_count++] = child;
}

/* The position of text in names, or -1. */
static int find_name(const char *const *names, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *const key_names[] = {
    [SIM_KEY_TAG] = "Tag",
    [SIM_KEY_NAME] = "Name",
    [SIM_KEY_OS_NAME] = "OSName",
    [SIM_KEY_COMPUTER_NAME] = "ComputerName",
};

static const char *const operator_names[] = {
    [SIM_OPERATOR_EQUALS] = "EQUALS",         [SIM_OPERATOR_CONTAINS] = "CONTAINS",
    [SIM_OPERATOR_STARTSWITH] = "STARTSWITH", [SIM_OPERATOR_ENDSWITH] = "ENDSWITH",
    [SIM_OPERATOR_NOTEQUALS] = "NOTEQUALS",   [SIM_OPERATOR_IN] = "IN",
    [SIM_OPERATOR_NOTIN] = "NOTIN",           [SIM_OPERATOR_MATCHES] = "MATCHES",
};

static const char *const scope_operator_names[] = {"EQUALS", "NOTEQUALS"};

/* What every expression may carry as a policy object. */
/* clang-format off */
#define POLICY_MEMBERS                                                                   \
    {"resource_type", SIM_JSON_STRING, true}, {"id", SIM_JSON_STRING, false},            \
    {"marked_for_delete", SIM_JSON_BOOL, false}, {"overridden", SIM_JSON_BOOL, false},   \
    {"_protection", SIM_JSON_STRING, false}
/* clang-format on */

static const struct sim_json_member condition_members[] = {
    POLICY_MEMBERS,
    {"member_type", SIM_JSON_STRING, true},
    {"key", SIM_JSON_STRING, true},
    {"operator", SIM_JSON_STRING, true},
    {"value", SIM_JSON_STRING, true},
    {"scope_operator", SIM_JSON_STRING, false},
};

/* The value of a Tag condition is `scope|tag`. An empty scope is not evaluated (NSX
 * Policy API, Condition). Assumed: without a bar the value is the tag alone, and with
 * nothing after the bar every tag of that scope will do. */
static void split_tag_value(struct sim_condition *condition, const char *value)
{
    const char *bar = strchr(value, '|');
    const char *tag = bar == NULL ? value : bar + 1;

    if (bar != NULL && bar > value) {
        condition->scope = sim_strndup(value, (size_t)(bar - value));
    }
    if (*tag != '\0') {
        condition->value = sim_strdup(tag);
    }
}

static bool read_condition(const cJSON *item, const char *where,
                           struct sim_expression *node, struct sim_err *err)
{
    struct sim_condition *condition = &node->condition;
    const char *value = sim_json_text(item, "value", "");
    int key;
    int relation;
    int scope_operator;

    if (!SIM_JSON_CHECK(item, condition_members, where, err)) {
        return false;
    }
    if (strcmp(sim_json_text(item, "member_type", ""), "VirtualMachine") != 0) {
        node->kind = SIM_EXPRESSION_NOBODY;
        return true;
    }
    key = find_name(key_names, SIM_COUNT_OF(key_names), sim_json_text(item, "key", ""));
    relation = find_name(operator_names, SIM_COUNT_OF(operator_names),
                         sim_json_text(item, "operator", ""));
    scope_operator = find_name(scope_operator_names, SIM_COUNT_OF(scope_operator_names),
                               sim_json_text(item, "scope_operator", "EQUALS"));
    if (key < 0) {
        return sim_fail(err, "%s.key: must be Tag, Name, OSName or ComputerName", where);
    }
    if (relation < 0) {
        return sim_fail(err, "%s.operator: no such operator", where);
    }
    if (scope_operator < 0) {
        return sim_fail(err, "%s.scope_operator: must be EQUALS or NOTEQUALS", where);
    }
    condition->key = (enum sim_key)key;
    condition->relation = (enum sim_operator)relation;
    condition->scope_differs = scope_operator == 1;
    if (condition->key == SIM_KEY_TAG) {
        split_tag_value(condition, value);
    } else {
        condition->value = sim_strdup(value);
    }
    if (condition->relation == SIM_OPERATOR_MATCHES && condition->value != NULL) {
        char *whole = sim_format("^(%s)$", condition->value);
        int bad = regcomp(&condition->regex, whole, REG_EXTENDED | REG_ICASE | REG_NOSUB);

        free(whole);
        if (bad != 0) {
            return sim_fail(err, "%s.value: not a regular expression", where);
        }
        condition->has_regex = true;
    }
    return true;
}

static void read_texts(const cJSON *list, struct sim_expression *node)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        node->texts = sim_grow(node->texts, node->text_count + 1, sizeof(*node->texts));
        node->texts[node->text_count++] = sim_strdup(item->valuestring);
    }
}

static const struct sim_json_member ids_members[] = {
    POLICY_MEMBERS,
    {"member_type", SIM_JSON_STRING, true},
    {"external_ids", SIM_JSON_STRINGS, true},
};

static bool read_ids(const cJSON *item, const char *where, struct sim_expression *node,
                     struct sim_err *err)
{
    if (!SIM_JSON_CHECK(item, ids_members, where, err)) {
        return false;
    }
    if (strcmp(sim_json_text(item, "member_type", ""), "VirtualMachine") != 0) {
        node->kind = SIM_EXPRESSION_NOBODY;
        return true;
    }
    read_texts(sim_json_get(item, "external_ids"), node);
    return true;
}

static const struct sim_json_member paths_members[] = {
    POLICY_MEMBERS,
    {"paths", SIM_JSON_STRINGS, true},
};

static bool read_paths(const cJSON *item, const char *where, struct sim_expression *node,
                       struct sim_err *err)
{
    if (!SIM_JSON_CHECK(item, paths_members, where, err)) {
        return false;
    }
    read_texts(sim_json_get(item, "paths"), node);
    return true;
}

static const struct sim_json_member addresses_members[] = {
    POLICY_MEMBERS,
    {"ip_addresses", SIM_JSON_STRINGS, true},
};

static bool read_addresses(const cJSON *item, const char *where,
                           struct sim_expression *node, struct sim_err *err)
{
    if (!SIM_JSON_CHECK(item, addresses_members, where, err)) {
        return false;
    }
    read_texts(sim_json_get(item, "ip_addresses"), node);
    for (size_t i = 0; i < node->text_count; i++) {
        if (!sim_address_range_valid(node->texts[i])) {
            return sim_fail(err, "%s.ip_addresses[%zu]: not an address, block or range",
                            where, i);
        }
    }
    return true;
}

static const struct sim_json_member nested_members[] = {
    POLICY_MEMBERS,
    {"expressions", SIM_JSON_OBJECTS, true},
};

static bool read_nested(const cJSON *item, const char *where, struct sim_expression *node,
                        struct sim_err *err)
{
    struct sim_expression *inner = NULL;
    char *at;
    bool good;

    if (!SIM_JSON_CHECK(item, nested_members, where, err)) {
        return false;
    }
    at = sim_format("%s.expressions", where);
    good = read_list(sim_json_get(item, "expressions"), at, true, &inner, err);
    free(at);
    if (good) {
        add_child(node, inner);
    }
    return good;
}

static const struct {
    const char *type;
    enum sim_expression_kind kind;
    bool counts_as_condition;
    bool (*read)(const cJSON *item, const char *where, struct sim_expression *node,
                 struct sim_err *err);
} readers[] = {
    {"Condition", SIM_EXPRESSION_CONDITION, true, read_condition},
    {"NestedExpression", SIM_EXPRESSION_AND, true, read_nested},
    {"ExternalIDExpression", SIM_EXPRESSION_IDS, false, read_ids},
    {"PathExpression", SIM_EXPRESSION_PATHS, false, read_paths},
    {"IPAddressExpression", SIM_EXPRESSION_ADDRESSES, false, read_addresses},
};

/* What a list has so far. */
struct list_state {
    struct sim_expression *any; /* the OR at the top */
    struct sim_expression *all; /* the AND that is being filled */
    const char *member_type;    /* of the operand before, or NULL */
    size_t conditions;
    size_t listed;
};

static bool read_operand(const cJSON *item, const char *where, bool nested,
                         struct list_state *state, struct sim_expression **ret_node,
                         struct sim_err *err)
{
    const char *type = sim_json_text(item, "resource_type", "");

    for (size_t i = 0; i < SIM_COUNT_OF(readers); i++) {
        struct sim_expression *node;

        if (strcmp(readers[i].type, type) != 0) {
            continue;
        }
        if (nested && readers[i].kind != SIM_EXPRESSION_CONDITION) {
            return sim_fail(err, "%s.resource_type: a NestedExpression holds conditions",
                            where);
        }
        node = node_new(readers[i].kind);
        if (!readers[i].read(item, where, node, err)) {
            sim_expression_free(node);
            return false;
        }
        state->conditions += readers[i].counts_as_condition;
        state->listed += node->text_count;
        *ret_node = node;
        return true;
    }
    return sim_fail(err, "%s.resource_type: no such expression", where);
}

static const struct sim_json_member conjunction_members[] = {
    POLICY_MEMBERS,
    {"conjunction_operator", SIM_JSON_STRING, true},
};

static bool read_conjunction(const cJSON *item, const char *where, bool nested,
                             bool *ret_or, struct sim_err *err)
{
    const char *word;

    if (!SIM_JSON_CHECK(item, conjunction_members, where, err)) {
        return false;
    }
    word = sim_json_text(item, "conjunction_operator", "");
    if (strcmp(sim_json_text(item, "resource_type", ""), "ConjunctionOperator") != 0 ||
        (strcmp(word, "AND") != 0 && strcmp(word, "OR") != 0)) {
        return sim_fail(err, "%s: must be a ConjunctionOperator AND or OR", where);
    }
    if (nested && strcmp(word, "AND") != 0) {
        return sim_fail(err, "%s: a NestedExpression joins its conditions with AND",
                        where);
    }
    *ret_or = strcmp(word, "OR") == 0;
    return true;
}

static bool read_item(const cJSON *item, const char *where, bool nested, bool is_operand,
                      struct list_state *state, struct sim_err *err)
{
    const char *type = sim_json_text(item, "member_type", NULL);
    struct sim_expression *node = NULL;
    bool starts_new = false;

    if (!is_operand) {
        if (!read_conjunction(item, where, nested, &starts_new, err)) {
            return false;
        }
        if (starts_new) {
            state->all = NULL;
            state->member_type = NULL;
        }
        return true;
    }
    if (state->member_type != NULL && type != NULL &&
        strcmp(state->member_type, type) != 0) {
        return sim_fail(err, "%s.member_type: AND joins members of one type", where);
    }
    if (!read_operand(item, where, nested, state, &node, err)) {
        return false;
    }
    if (state->all == NULL) {
        state->all = node_new(SIM_EXPRESSION_AND);
        add_child(state->any, state->all);
    }
    add_child(state->all, node);
    state->member_type = type;
    return true;
}

/* An OR of ANDs: each OR of the list starts a new AND. */
static bool read_list(const cJSON *list, const char *where, bool nested,
                      struct sim_expression **ret_expression, struct sim_err *err)
{
    struct list_state state = {.any = node_new(SIM_EXPRESSION_OR)};
    int count = cJSON_GetArraySize(list);
    bool good = true;
    const cJSON *item;
    int index = 0;

    if (count > 0 && count % 2 == 0) {
        good = sim_fail(err, "%s: a list of expressions has an odd length", where);
    }
    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("%s[%d]", where, index);

        good = good && read_item(item, at, nested, index % 2 == 0, &state, err);
        free(at);
        index++;
    }
    if (good && state.conditions > SIM_CONDITIONS_MAX) {
        good = sim_fail(err, "%s: more than %d conditions", where, SIM_CONDITIONS_MAX);
    }
    if (good && state.listed > SIM_LISTED_MAX) {
        good = sim_fail(err, "%s: more than %d listed members", where, SIM_LISTED_MAX);
    }
    if (!good) {
        sim_expression_free(state.any);
        return false;
    }
    *ret_expression = state.any;
    return true;
}

bool sim_expression_read(const cJSON *list, const char *where,
                         struct sim_expression **ret_expression, struct sim_err *err)
{
    return read_list(list, where, false, ret_expression, err);
}
