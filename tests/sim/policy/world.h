/* SPDX-License-Identifier: Apache-2.0 */
/* world.h: everything this NSX Manager knows: VMs, groups, firewall, settings.
 * Not for: HTTP. Time is an argument, so a test of the world needs no clock.
 *
 * Owns    all objects of the world.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   false and a sentence that names the member of the JSON text.
 * Limits  the maxima below.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "dfw.h"
#include "journal.h"

#define SIM_VMS_MAX        200000
#define SIM_GROUPS_MAX     10000
#define SIM_POLICIES_MAX   10000
#define SIM_PARTS_MAX      16 /* enforcement points, and realized rules of a rule */
#define SIM_OPERATIONS_MAX 10000

/* Every member has the same name in the world file and in PATCH /sim/settings. */
struct sim_settings {
    char *user;
    char *password;
    char *product_version;
    char *node_version;
    struct sim_delays delays;
    uint64_t stale_inventory_ms; /* lists show the inventory as it was then */
    uint64_t tag_operation_delay_ms;
    bool tag_operations;  /* false: the calls do not exist */
    bool add_remove_tags; /* the same */
    bool vm_paging_quirk; /* vm_paging: quirk or spec */
    bool flat_statistics; /* statistics: nested or flat */
    bool missing_is_400;  /* missing_policy_object: 404 or 400 */
    uint64_t enforcement_points;
    uint64_t realized_rules; /* internal rules that one rule becomes */
    cJSON *uncounted_rules;  /* ids that are missing in statistics */
    uint64_t page_size_max;  /* a smaller page than clients ask for */
    bool unstable_order;     /* of every list that is not sorted on request */
    bool repeat_cursor;      /* for ever */
    bool omit_cursor;        /* in every list; a number is an offset then */
    bool omit_result_count;
    uint64_t requests_per_s; /* 0: no limit */
    uint64_t concurrent;     /* 0: no limit */
    bool overload_is_503;    /* overload_status: 429 or 503, for too many at a time */
    bool basic_login;
    bool cookie_login;
    uint64_t session_idle_ms;
    bool unknown_session_is_403; /* unknown_session: 401, or 403 with code 98 */
    cJSON *bearer_tokens;
    cJSON *principals;         /* common names of client certificates */
    uint64_t lockout_failures; /* 0: never */
    uint64_t lockout_s;
};

/* PUT /policy/api/v1/infra/tags/tag-operations/{id}: asynchronous. */
struct sim_operation {
    char *id;
    cJSON *doc;        /* as it was put */
    cJSON *status;     /* TagBulkOperationStatus, without "status"; NULL until it ran */
    bool failed;       /* for at least one VM */
    uint64_t begin_ms; /* Pending before */
    uint64_t end_ms;   /* Running before, then it takes effect */
    uint64_t request;  /* journal number of the request that put it */
};

typedef void sim_change_fn(void *arg, const struct sim_change *change);

struct sim_world {
    struct sim_settings settings;
    /* Counts the changes, those that time brings included: what was computed from the
     * world is good as long as it stays the same. */
    uint64_t generation;
    uint64_t inventory;  /* the same, but for tags: they change inside a VM's document */
    uint64_t changed_ms; /* when a VM, group or rule changed last */
    size_t vm_count;
    struct sim_vm **vms;
    struct sim_vm *by_id; /* the same VMs as a hash table */
    size_t moving_count;
    struct sim_vm **moving; /* those with a change on its way */
    size_t gone_count;
    struct sim_vm **gone; /* those a stale inventory still shows */
    struct sim_groups groups;
    struct sim_policies policies;
    size_t policies_made; /* numbers the rules, never reused */
    cJSON *services;
    cJSON *firewall;         /* DfwFirewallConfiguration */
    cJSON *exclude_list;     /* PolicyExcludeList */
    cJSON *system_excluded;  /* external ids, beside the VMs of the system's own types */
    cJSON *compute_managers; /* list of ComputeManager */
    cJSON *schedulers;       /* list of PolicyFirewallScheduler */
    cJSON *realization;      /* by path: {"state", "delay_ms"} that somebody asked for */
    cJSON *tag_failures;     /* {"external_ids", "details"} of tag operations */
    size_t operation_count;
    size_t operations_done; /* so many of the first ones have run */
    struct sim_operation *operations;
    sim_change_fn *on_change; /* may be NULL */
    void *on_change_arg;
};

struct sim_world *sim_world_new(const cJSON *json, struct sim_err *err)
    __attribute__((warn_unused_result));
struct sim_world *sim_world_free(struct sim_world *world); /* takes and returns NULL */

/* Lets everything happen whose time has come. Call before every look at the world. */
void sim_world_settle(struct sim_world *world, uint64_t now_ms);

/* What was computed from the world no longer holds. Every function below does it itself
 * when it is told the time. */
void sim_world_touch(struct sim_world *world, uint64_t now_ms);

/* Takes a VM that is not in the world yet; groups and firewall know of it what it says. */
void sim_world_insert_vm(struct sim_world *world, struct sim_vm *vm);

/* VM of this external id, or NULL. */
struct sim_vm *sim_world_find_vm(const struct sim_world *world, const char *external_id);

/* json as in sim_vm_new(). */
bool sim_world_add_vm(struct sim_world *world, const cJSON *json, uint64_t now_ms,
                      struct sim_err *err) __attribute__((warn_unused_result));
bool sim_world_patch_vm(struct sim_world *world, struct sim_vm *vm, const cJSON *patch,
                        uint64_t now_ms, struct sim_err *err)
    __attribute__((warn_unused_result));
void sim_world_remove_vm(struct sim_world *world, struct sim_vm *vm, uint64_t now_ms);

/* What the inventory shows: a stale one shows the past. */
typedef void sim_inventory_fn(void *arg, const struct sim_vm *vm, const cJSON *doc,
                              const cJSON *vifs);
void sim_world_each_vm(const struct sim_world *world, uint64_t now_ms,
                       sim_inventory_fn *each, void *arg);
/* The same for the VM of one external id, if the inventory shows it. */
void sim_world_one_vm(const struct sim_world *world, const char *external_id,
                      uint64_t now_ms, sim_inventory_fn *each, void *arg);

enum sim_tag_action { SIM_TAGS_ADD, SIM_TAGS_REMOVE, SIM_TAGS_REPLACE };

/* The tags vm would have; must be freed. False: more than SIM_TAGS_MAX. */
bool sim_world_plan_tags(const struct sim_vm *vm, enum sim_tag_action action,
                         const struct sim_tags *tags, struct sim_tags *ret_planned)
    __attribute__((warn_unused_result));
/* Gives vm exactly these tags and reports each real change. */
void sim_world_apply_tags(struct sim_world *world, struct sim_vm *vm,
                          const struct sim_tags *tags, uint64_t request, uint64_t now_ms);

/* Takes ownership of doc, a checked TagBulkOperation of a new id. */
void sim_world_put_operation(struct sim_world *world, const char *id, cJSON *doc,
                             uint64_t request, uint64_t now_ms);
const struct sim_operation *sim_world_find_operation(const struct sim_world *world,
                                                     const char *id);

/* Runs those whose time has come; sim_world_settle() does. */
void sim_operations_settle(struct sim_world *world, uint64_t now_ms);

/* Replaces group or policy by id, or adds it. False leaves the world as it was. */
bool sim_world_put_group(struct sim_world *world, const cJSON *doc, const char *where,
                         struct sim_err *err) __attribute__((warn_unused_result));
bool sim_world_put_policy(struct sim_world *world, const cJSON *doc, const char *where,
                          struct sim_err *err) __attribute__((warn_unused_result));
bool sim_world_set_exclude_list(struct sim_world *world, const cJSON *members,
                                const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));

/* Changes the settings that json names. False changes none. */
bool sim_world_set(struct sim_world *world, const cJSON *json, struct sim_err *err)
    __attribute__((warn_unused_result));
cJSON *sim_world_settings_json(const struct sim_world *world);

/* A change of the VM is on its way that alters membership in this group. */
bool sim_world_group_in_progress(const struct sim_world *world,
                                 const struct sim_group *group);

/* The firewall at a time of the wall clock, which schedulers ask for. */
struct sim_dfw sim_world_dfw(const struct sim_world *world, int64_t epoch_ms);

/* Replaces a scheduler by id, or adds it. */
bool sim_world_put_scheduler(struct sim_world *world, const cJSON *doc, const char *where,
                             struct sim_err *err) __attribute__((warn_unused_result));
const cJSON *sim_world_find_scheduler(const struct sim_world *world, const char *id);
bool sim_world_set_system_excluded(struct sim_world *world, const cJSON *ids,
                                   const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));

/* All of it, as a world file with the current state. */
cJSON *sim_world_json(const struct sim_world *world);

#endif
