/* SPDX-License-Identifier: Apache-2.0 */
/* expression.h: the expression list of an NSX group as a tree of AND and OR.
 *
 * Owns    a node owns its children and strings.
 * Blocks  never.
 * Thread  any; the tree never changes once it is read.
 * Fails   sim_expression_read(): false and a sentence that names the member.
 * Limits  those of groups.h.
 */
#ifndef SIM_EXPRESSION_H
#define SIM_EXPRESSION_H

#include <regex.h>

#include "address.h"
#include "view.h"

enum sim_key { SIM_KEY_TAG, SIM_KEY_NAME, SIM_KEY_OS_NAME, SIM_KEY_COMPUTER_NAME };

enum sim_operator {
    SIM_OPERATOR_EQUALS,
    SIM_OPERATOR_CONTAINS,
    SIM_OPERATOR_STARTSWITH,
    SIM_OPERATOR_ENDSWITH,
    SIM_OPERATOR_NOTEQUALS,
    SIM_OPERATOR_IN,
    SIM_OPERATOR_NOTIN,
    SIM_OPERATOR_MATCHES,
};

struct sim_condition {
    enum sim_key key;
    enum sim_operator relation;
    bool scope_differs; /* scope_operator NOTEQUALS */
    char *scope;        /* key Tag: NULL when the scope is not evaluated */
    char *value;        /* key Tag: NULL when any tag of the scope will do */
    regex_t regex;      /* only for MATCHES */
    bool has_regex;
};

enum sim_expression_kind {
    SIM_EXPRESSION_NOBODY, /* an empty list, or a member type that no VM is */
    SIM_EXPRESSION_AND,
    SIM_EXPRESSION_OR,
    SIM_EXPRESSION_CONDITION,
    SIM_EXPRESSION_IDS,
    SIM_EXPRESSION_PATHS,
    SIM_EXPRESSION_ADDRESSES,
};

struct sim_expression {
    enum sim_expression_kind kind;
    size_t child_count; /* AND, OR */
    struct sim_expression **children;
    size_t text_count; /* IDS, PATHS, ADDRESSES */
    char **texts;
    struct sim_condition condition;
};

/* list may be NULL or empty: nobody. */
bool sim_expression_read(const cJSON *list, const char *where,
                         struct sim_expression **ret_expression, struct sim_err *err)
    __attribute__((warn_unused_result));
void sim_expression_free(struct sim_expression *expression); /* takes NULL */

bool sim_condition_holds(const struct sim_condition *condition,
                         const struct sim_view *vm);

#endif
