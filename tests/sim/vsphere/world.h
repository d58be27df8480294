/* SPDX-License-Identifier: Apache-2.0 */
/* world.h: everything this NSX Manager and its vCenter know: VMs, tags, groups,
 * firewall, clusters, settings. Not for: HTTP. Time is an argument.
 *
 * Owns    all objects of the world.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   false or NULL and a sentence that names the member of the JSON text.
 * Limits  the maxima below.
 */
#ifndef VS_WORLD_H
#define VS_WORLD_H

#include "firewall.h"
#include "group.h"
#include "journal.h"
#include "object.h"

#define VS_VMS_MAX      200000
#define VS_TAGS_MAX     10000
#define VS_GROUPS_MAX   10000
#define VS_SECTIONS_MAX 10000

struct vs_tag {
    unsigned number; /* 12 of securitytag-12 */
    char *id;
    char *name;
    char *description;
    bool is_system;
    uint64_t vm_count; /* VMs that carry it */
};

typedef void vs_change_fn(void *arg, const struct sim_change *change);

struct vs_world {
    struct vs_settings settings;
    size_t vm_count;
    struct vs_vm **vms;
    struct vs_vm *by_moref; /* indexes */
    struct vs_vm *by_uuid;
    size_t restless; /* VMs that time still changes; an upper bound */
    size_t tag_count;
    struct vs_tag *tags;
    unsigned last_tag; /* numbers are not used again */
    size_t group_count;
    struct vs_group **groups;
    size_t section_count;
    struct vs_section **sections; /* in the order of evaluation, the default one last */
    uint64_t next_id;             /* of a section or rule */
    cJSON *clusters;
    cJSON *hosts;
    cJSON *ip_sets;
    cJSON *applications;
    cJSON *exclude_list;          /* of {"vm", "system"} */
    uint64_t generation;          /* of the rules, as the manager has it */
    uint64_t objects_generation;  /* of what groups hold, never below the other one */
    uint64_t enforced_generation; /* as the hosts have it */
    uint64_t enforced_objects;
    uint64_t publish_at_ms;  /* when the hosts will have the rules */
    int64_t last_sync_ms;    /* with vCenter; wall clock */
    vs_change_fn *on_change; /* may be NULL */
    void *on_change_arg;
};

struct vs_world *vs_world_new(const cJSON *json, struct sim_err *err)
    __attribute__((warn_unused_result));
struct vs_world *vs_world_free(struct vs_world *world); /* takes and returns NULL */
/* All of it, as a world file with the current state. */
cJSON *vs_world_json(const struct vs_world *world);

/* Lets everything happen whose time has come. Call before every look at the world. */
void vs_world_settle(struct vs_world *world, uint64_t now_ms);

/* Borrowed; NULL when there is none. */
struct vs_vm *vs_world_vm(const struct vs_world *world, const char *moref);
/* By MoRef or instance UUID, and only when NSX knows the VM. */
struct vs_vm *vs_world_known_vm(const struct vs_world *world, const char *id);
struct vs_tag *vs_world_tag(const struct vs_world *world, unsigned number);
struct vs_tag *vs_world_tag_named(const struct vs_world *world, const char *name);
struct vs_group *vs_world_group(const struct vs_world *world, const char *id);
const cJSON *vs_world_cluster(const struct vs_world *world, const char *id);
const cJSON *vs_world_ip_set(const struct vs_world *world, const char *id);
const cJSON *vs_world_application(const struct vs_world *world, const char *id);
struct vs_section *vs_world_section(const struct vs_world *world, uint64_t id);
struct vs_rule *vs_world_rule(const struct vs_world *world, uint64_t id,
                              struct vs_section **ret_section);
bool vs_world_is_excluded(const struct vs_world *world, const char *moref);
/* The cluster of the VM runs the distributed firewall. */
bool vs_world_is_protected(const struct vs_world *world, const struct vs_vm *vm);

/* The common elements of an object of this world; false when it is not there. */
bool vs_world_describe(const struct vs_world *world, const char *id,
                       struct vs_object *ret_object);

/* The VM as groups see it now. */
struct vs_subject vs_world_member(const struct vs_vm *vm);
/* A change of some VM is on its way to the groups or to the firewall. */
bool vs_world_is_in_progress(const struct vs_world *world);

cJSON *vs_world_vm_json(const struct vs_world *world, const struct vs_vm *vm);
struct vs_vm *vs_world_add_vm(struct vs_world *world, const cJSON *json,
                              const char *where, uint64_t now_ms, struct sim_err *err)
    __attribute__((warn_unused_result));
bool vs_world_patch_vm(struct vs_world *world, struct vs_vm *vm, const cJSON *patch,
                       uint64_t now_ms, struct sim_err *err)
    __attribute__((warn_unused_result));
void vs_world_remove_vm(struct vs_world *world, struct vs_vm *vm);

/* Puts the tag on the VM or takes it off; false when that changed nothing. */
bool vs_world_set_tag(struct vs_world *world, struct vs_vm *vm, struct vs_tag *tag,
                      bool attached, uint64_t request, uint64_t now_ms);
/* number 0: the next one. */
struct vs_tag *vs_world_add_tag(struct vs_world *world, unsigned number, const char *name,
                                const char *description);
void vs_world_remove_tag(struct vs_world *world, struct vs_tag *tag, uint64_t request,
                         uint64_t now_ms);
/* A group names the tag, or a VM carries it. */
bool vs_world_tag_is_used(const struct vs_world *world, const struct vs_tag *tag);

/* Each replaces by id or adds. False leaves the world as it was. */
bool vs_world_put_group(struct vs_world *world, const cJSON *json, const char *where,
                        struct sim_err *err) __attribute__((warn_unused_result));
bool vs_world_put_section(struct vs_world *world, const cJSON *json, const char *where,
                          uint64_t now_ms, struct sim_err *err)
    __attribute__((warn_unused_result));
/* Replaces a whole list: clusters, hosts, ip_sets, applications or exclude_list. NULL:
 * leaves it. */
bool vs_world_set_list(struct vs_world *world, const char *name, const cJSON *json,
                       struct sim_err *err) __attribute__((warn_unused_result));
bool vs_world_has_list(const char *name);
void vs_world_write_lists(const struct vs_world *world, cJSON *json);

/* Every object that groups, rules and the exclude list name is there. */
bool vs_world_check_names(const struct vs_world *world, struct sim_err *err)
    __attribute__((warn_unused_result));
/* Names of tags, or the {"scope", "tag"} of the control routes. */
bool vs_world_read_tags(struct vs_world *world, const cJSON *list, const char *where,
                        struct vs_tag_set *ret_tags, struct sim_err *err)
    __attribute__((warn_unused_result));

#endif
