/* SPDX-License-Identifier: Apache-2.0 */
/* vm.h: one VM of the inventory, and how NSX learns of its changes step by step.
 * A tag is on the VM at once; groups follow after the membership delay, the firewall
 * after the realization delay. Each of the three sees its own view.
 *
 * Owns    a VM owns its documents and views.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_vm_new(), sim_vm_patch(): false or NULL and a sentence.
 * Limits  SIM_VIFS_MAX network interfaces, SIM_COPIES_MAX stale copies.
 */
#ifndef SIM_VM_H
#define SIM_VM_H

#include <uthash.h>

#include "view.h"

#define SIM_VIFS_MAX   10 /* a vSphere VM has no more */
#define SIM_COPIES_MAX 4

struct sim_delays {
    uint64_t membership_ms;
    uint64_t realization_ms;
};

/* A view on its way to the groups and to the firewall. */
struct sim_pending {
    struct sim_view *view;
    uint64_t member_at_ms;
    uint64_t enforced_at_ms;
    bool is_member_view; /* the first step is done */
};

/* The VM as the inventory showed it before a change. */
struct sim_past {
    cJSON *doc;
    cJSON *vifs;
    uint64_t until_ms;
};

struct sim_vm {
    UT_hash_handle hh; /* of the world, by id */
    char *id;          /* the external id */
    uint64_t born_ms;  /* when it came to the inventory */
    uint64_t gone_ms;  /* when it left; UINT64_MAX: it is there */
    size_t past_count;
    struct sim_past *past; /* oldest first; empty unless the inventory is stale */
    cJSON *doc;            /* as the API shows it, tags included */
    cJSON *vifs;           /* list, as the API shows it */
    cJSON *copies; /* list of documents NSX also shows under the same external id */
    struct sim_view *current;
    struct sim_view *member;   /* NULL: the groups do not know the VM yet */
    struct sim_view *enforced; /* NULL: the firewall does not know the VM yet */
    size_t pending_count;
    struct sim_pending *pending; /* oldest first */
};

/* Reads a VM as in a world file: an NSX VirtualMachine with `vifs` and `copies`. Groups
 * and firewall do not know it until sim_vm_announce(). */
struct sim_vm *sim_vm_new(const cJSON *json, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));
struct sim_vm *sim_vm_free(struct sim_vm *vm); /* takes and returns NULL */

const char *sim_vm_id(const struct sim_vm *vm);

/* Replaces the members that patch names; null removes one. Unchanged on failure.
 * external_id cannot change. */
bool sim_vm_patch(struct sim_vm *vm, const cJSON *patch, const char *where,
                  struct sim_err *err) __attribute__((warn_unused_result));
/* Keeps a copy of how the inventory shows it now, for a stale inventory. */
void sim_vm_remember(struct sim_vm *vm, uint64_t now_ms);
/* Lets go of what was before a time. */
void sim_vm_forget(struct sim_vm *vm, uint64_t before_ms);
/* How the inventory showed it at a time; false when it was not there. Borrowed. */
bool sim_vm_shown(const struct sim_vm *vm, uint64_t at_ms, const cJSON **ret_doc,
                  const cJSON **ret_vifs);
void sim_vm_set_tags(struct sim_vm *vm, const struct sim_tags *tags);

/* Sends the current view on its way. */
void sim_vm_announce(struct sim_vm *vm, uint64_t now_ms, const struct sim_delays *delays);
/* Lets every view arrive whose time has come; false when none did. */
bool sim_vm_settle(struct sim_vm *vm, uint64_t now_ms);

/* On a port the distributed firewall can act on (NSX: lport_attachment_id is set). */
bool sim_vm_has_port(const struct sim_vm *vm);
/* Excluded from the firewall by NSX itself: of a type of its own, or listed. */
bool sim_vm_is_system(const struct sim_vm *vm, const cJSON *listed);
bool sim_vm_has_address(const struct sim_vm *vm, const char *address);

/* The VM as a world file writes it. */
cJSON *sim_vm_json(const struct sim_vm *vm);

#endif
