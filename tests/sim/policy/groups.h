/* SPDX-License-Identifier: Apache-2.0 */
/* groups.h: NSX groups: reads their expressions and answers who is a member.
 * Pure: membership depends on the arguments alone, never on the clock or the network.
 *
 * Owns    a group owns its document and its parsed expression.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_group_new(): NULL and a sentence that names the member.
 * Limits  SIM_CONDITIONS_MAX and SIM_LISTED_MAX in one expression list, as in NSX;
 *         SIM_NESTING_MAX groups inside groups.
 */
#ifndef SIM_GROUPS_H
#define SIM_GROUPS_H

#include "view.h"

#define SIM_CONDITIONS_MAX 5   /* conditions and nested expressions */
#define SIM_LISTED_MAX     500 /* external ids, paths, addresses */
#define SIM_NESTING_MAX    8

#define SIM_VM_PATH "/infra/realized-state/enforcement-points/default/virtual-machines/"

struct sim_expression;

struct sim_group {
    char *id;
    char *path;
    cJSON *doc; /* as the API shows it */
    struct sim_expression *members;
    struct sim_expression *excluded;
};

struct sim_groups {
    size_t count;
    struct sim_group **items;
};

/* What is asked about: a VM, or an address that belongs to no VM, or both. */
struct sim_subject {
    const struct sim_view *vm; /* NULL: not a VM */
    size_t address_count;
    const char *const *addresses;
};

/* Takes a copy of doc and completes it with what NSX itself fills in. */
struct sim_group *sim_group_new(const cJSON *doc, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));
struct sim_group *sim_group_free(struct sim_group *group); /* takes and returns NULL */

void sim_groups_done(struct sim_groups *groups);
struct sim_group *sim_groups_find(const struct sim_groups *groups, const char *id);
struct sim_group *sim_groups_find_path(const struct sim_groups *groups, const char *path);

/* groups resolves the paths of a PathExpression. */
bool sim_group_has(const struct sim_groups *groups, const struct sim_group *group,
                   const struct sim_subject *subject);

/* A PathExpression of the group, or of a group inside it, names that path. */
bool sim_group_contains(const struct sim_groups *groups, const struct sim_group *group,
                        const char *path);

/* Adds id, path, parent_path, relative_path, _revision, ... to a policy object. */
void sim_policy_defaults(cJSON *doc, const char *type, const char *parent_path,
                         const char *path);

#endif
