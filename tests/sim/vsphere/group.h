/* SPDX-License-Identifier: Apache-2.0 */
/* group.h: security groups: static members, dynamic sets, exclusions, and who is a
 * member: (static + dynamic) - excluded.
 *
 * Owns    a group owns its document and its parsed criteria.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   vs_group_new(): NULL and a sentence that names the member.
 * Limits  VS_NESTING_MAX groups inside groups.
 */
#ifndef VS_GROUP_H
#define VS_GROUP_H

#include <regex.h>

#include "vm.h"

#define VS_NESTING_MAX 8

enum vs_key {
    VS_KEY_TAG,
    VS_KEY_NAME,
    VS_KEY_GUEST_HOST,
    VS_KEY_GUEST_OS,
    VS_KEY_ENTITY
};

enum vs_relation {
    VS_RELATION_EQUALS,
    VS_RELATION_DIFFERS,
    VS_RELATION_CONTAINS,
    VS_RELATION_STARTS,
    VS_RELATION_ENDS,
    VS_RELATION_SIMILAR,
    VS_RELATION_BELONGS,
};

struct vs_criterion {
    enum vs_key key;
    enum vs_relation relation;
    const char *value; /* inside the document of the group */
    regex_t regex;     /* only of VS_RELATION_SIMILAR */
};

struct vs_set {
    bool joins_by_and;  /* to what the sets before it say; of no meaning in the first */
    bool all_must_hold; /* of its criteria */
    size_t count;
    struct vs_criterion *criteria;
};

struct vs_group {
    const char *id;
    cJSON *doc;
    size_t set_count;
    struct vs_set *sets;
};

struct vs_world;

/* Who is asked about: a VM as somebody sees it, or an address that no VM has. */
struct vs_subject {
    const struct vs_vm *vm;     /* NULL: not a VM */
    const struct vs_view *view; /* NULL: whoever looks does not know the VM yet */
    size_t address_count;
    const char *const *addresses;
};

struct vs_group *vs_group_new(const cJSON *json, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));
struct vs_group *vs_group_free(struct vs_group *group); /* takes and returns NULL */

bool vs_group_has(const struct vs_world *world, const struct vs_group *group,
                  const struct vs_subject *subject);
/* The object of that id is the subject, or holds it. */
bool vs_entity_has(const struct vs_world *world, const char *id,
                   const struct vs_subject *subject);

#endif
