/* SPDX-License-Identifier: Apache-2.0 */
/* vm.h: one VM of vCenter, and how NSX learns of it and of its changes step by step.
 * vCenter knows it at once; NSX after the inventory delay; groups follow after the
 * membership delay, the firewall after the realization delay.
 *
 * Owns    a VM owns its document and views; a view is shared by counting.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   vs_vm_new(), vs_vm_patch(): NULL or false and a sentence.
 * Limits  VS_VNICS_MAX network interfaces.
 */
#ifndef VS_VM_H
#define VS_VM_H

#include <uthash.h>

#include "settings.h"

#define VS_VNICS_MAX 10 /* a vSphere VM has no more */

/* Numbers of the tags, as 12 of securitytag-12, in the order in which they came. */
struct vs_tag_set {
    size_t count;
    unsigned *numbers;
};

bool vs_tag_set_has(const struct vs_tag_set *set, unsigned number);
void vs_tag_set_add(struct vs_tag_set *set, unsigned number);
void vs_tag_set_remove(struct vs_tag_set *set, unsigned number);
void vs_tag_set_copy(struct vs_tag_set *to, const struct vs_tag_set *from);
void vs_tag_set_done(struct vs_tag_set *set);

/* What a group can see of a VM at one moment; it never changes. */
struct vs_view {
    unsigned refs;
    char *name;
    char *guest_host_name; /* "" without VMware Tools */
    char *guest_os;
    struct vs_tag_set tags;
};

/* A view on its way to the groups and to the firewall. */
struct vs_pending {
    struct vs_view *view;
    uint64_t member_at_ms;
    uint64_t enforced_at_ms;
    bool is_member_view; /* the first step is done */
};

struct vs_vm {
    char *moref;
    char *instance_uuid;
    cJSON *doc; /* as the world file writes it, but for the tags */
    struct vs_tag_set tags;
    bool is_known; /* to NSX */
    uint64_t known_at_ms;
    uint64_t revision;
    struct vs_view *member;   /* NULL: the groups do not know the VM yet */
    struct vs_view *enforced; /* NULL: the firewall does not know the VM yet */
    size_t pending_count;
    struct vs_pending *pending; /* oldest first */
    UT_hash_handle by_moref;    /* of the world's indexes */
    UT_hash_handle by_uuid;
};

/* The members of the world file; "tags" is left to the world. */
struct vs_vm *vs_vm_new(const cJSON *json, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));
struct vs_vm *vs_vm_free(struct vs_vm *vm); /* takes and returns NULL */
/* Replaces what patch names; null removes. Unchanged on failure. */
bool vs_vm_patch(struct vs_vm *vm, const cJSON *patch, const char *where,
                 struct sim_err *err) __attribute__((warn_unused_result));

const char *vs_vm_text(const struct vs_vm *vm, const char *member); /* "": absent */
const char *vs_vm_name(const struct vs_vm *vm);
const cJSON *vs_vm_vnics(const struct vs_vm *vm);
/* <instance UUID>.000 for the first one; to be freed with free(). */
char *vs_vm_vnic_id(const struct vs_vm *vm, size_t index);
/* NSX has learned the addresses of its network interfaces. */
bool vs_vm_is_discovered(const struct vs_vm *vm);
bool vs_vm_has_address(const struct vs_vm *vm, const char *address);

/* Sends what the VM is now on its way to groups and firewall. */
void vs_vm_announce(struct vs_vm *vm, uint64_t now_ms, const struct vs_delays *delays);

enum vs_progress { VS_PROGRESS_NONE, VS_PROGRESS_MEMBER = 1, VS_PROGRESS_ENFORCED = 2 };
/* Lets everything arrive whose time has come; a set of enum vs_progress. */
unsigned vs_vm_settle(struct vs_vm *vm, uint64_t now_ms, bool vcenter_connected);

#endif
