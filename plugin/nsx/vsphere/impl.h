/* SPDX-License-Identifier: Apache-2.0 */
/* impl.h: what the files of the vSphere backend share; nobody else includes it.
 *
 * Owns    as vsphere.h says.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_VSPHERE_IMPL_H
#define NQ_NSX_VSPHERE_IMPL_H

#include "base/clock.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/asker.h"
#include "nsx/call.h"
#include "nsx/find.h"
#include "nsx/inventory.h"
#include "nsx/protector.h"
#include "nsx/sync.h"
#include "nsx/vsphere/clusters.h"
#include "nsx/vsphere/xml.h"
#include "nsx/waits.h"

struct nq_details_renewal;   /* crawl.c */
struct nq_vsphere_details;   /* crawl.c */
struct nq_vsphere_firewall;  /* firewall.c */
struct nq_vsphere_inventory; /* inventory.c */
struct nq_vsphere_paired;    /* paired.c */
struct nq_vsphere_sweep;     /* sweep.c */

/* Each name that means something to us, as a local and as a universal tag. */
#define NQ_TAG_IDS_MAX (2 * (1 + NQ_CONFIG_WATCHED_MAX + NQ_CONFIG_PROTECTED_TAGS))

struct nq_tag_id {
    char id[NQ_OBJECT_ID_MAX + 1]; /* securitytag-N */
    unsigned tags;                 /* what it means: set of tags.h */
    bool universal;
};

/* The tags of NSX that mean something to us: numbers differ from one to the next, so even
 * those of the predefined tags are looked up by name. */
struct nq_tag_ids {
    bool known; /* the list was read */
    size_t count;
    struct nq_tag_id list[NQ_TAG_IDS_MAX];
};

struct nq_vsphere {
    struct nq_backend base; /* first */
    const struct nq_config *conf;
    size_t manager; /* index into conf->managers */
    struct nq_loop *loop;
    const struct nq_clock *clock;
    struct nq_asker *asker;
    struct nq_sync sync;
    struct nq_waits synced; /* for the end of a sync */
    struct nq_finder finder;
    struct nq_calls calls;
    struct nq_clusters clusters; /* of the VMs of the last sync */
    struct nq_tag_ids tag_ids;
    bool has_vm_tags;        /* the list of the tags of a VM, since 6.2 or 6.3 */
    bool lacks_vm_tags;      /* an older release: that list was refused and never seen */
    struct nq_call *writing; /* the one change of a tag that is under way */
    struct nq_timer next_write; /* lets the next one go */
    struct nq_vsphere_inventory *inventory;
    struct nq_vsphere_details *details;
    struct nq_vsphere_sweep *sweep;
    struct nq_vsphere_firewall *firewall;
    struct nq_vsphere_paired *paired;
    struct nq_protector protector;
    struct nq_ask *protected_ask; /* while the protector reads */
};

/* true: err says that this release has no such call (404 or 405 without an error code of
 * NSX), which is not the same as an object that it does not know. */
bool nq_vsphere_lacks_call(const struct nq_err *err);

/* The type that inventory.h wants: NSX for vSphere has none, but Horizon names the internal
 * VMs of instant clones, from which it makes the desktops: cp-template-, cp-parent- and
 * cp-replica-. To cut one off breaks its pool. */
const char *nq_vsphere_vm_type(const char *name);

/* ---- tag_list.c --------------------------------------------------------------- */

/* The list of all tags, read part by part into vsphere->tag_ids. Embedded; zeroed is
 * stopped. */
struct nq_tag_listing {
    struct nq_vsphere *vsphere;
    struct nq_ask *ask;    /* NULL: stopped or at its end */
    struct nq_tag_ids ids; /* complete inside done, without error */
    int64_t next;          /* index of the first tag that was not read */
    bool more;
    bool overflow; /* of ids */
    unsigned parts;
    nq_ask_done_fn *done;
    void *arg;
};

/* done is called once, never before this returns, never after stop. */
void nq_tag_listing_start(struct nq_tag_listing *listing, struct nq_vsphere *vsphere,
                          nq_ask_done_fn *done, void *arg);
void nq_tag_listing_stop(struct nq_tag_listing *listing);

/* The id of our tag (securitytag-N), "" while it is not known or there is none. */
const char *nq_vsphere_our_tag(const struct nq_vsphere *vsphere);

/* It was made a moment ago. */
void nq_vsphere_keep_our_tag(struct nq_vsphere *vsphere, const char *id);

/* ---- reading.c ---------------------------------------------------------------- */

/* Whether NSX has a VM and which tags it carries, read now. Embedded; zeroed is done. */
struct nq_vm_tags_reading {
    struct nq_vsphere *vsphere;
    char *external_id;
    struct nq_ask *ask;
    struct nq_wait sweep; /* for the VMs of all our tags */
    bool found;
    bool tags_known; /* NSX answered for the tags */
    unsigned tags;
    char name[NQ_INVENTORY_NAME_MAX + 1]; /* of a VM that the inventory does not know */
    nq_ask_done_fn *done;
    void *arg;
};

/* done is called once, never before this returns, never after nq_vm_tags_reading_done(). */
void nq_vm_tags_reading_start(struct nq_vm_tags_reading *reading,
                              struct nq_vsphere *vsphere, const char *external_id,
                              nq_ask_done_fn *done, void *arg);

/* After done without error. false: NSX has no such VM. What the tags do not tell comes
 * from the last sync. Borrowed from the reading and the inventory. */
bool nq_vm_tags_reading_get(const struct nq_vm_tags_reading *reading,
                            struct nq_vm *ret_vm);
void nq_vm_tags_reading_done(struct nq_vm_tags_reading *reading);

/* ---- sweep.c ------------------------------------------------------------------ */

/* The VMs of our tags, read once for all who ask. */
struct nq_vsphere_sweep *nq_vsphere_sweep_new(struct nq_vsphere *vsphere);
/* Nobody may wait any more. Takes NULL. Always returns NULL. */
struct nq_vsphere_sweep *nq_vsphere_sweep_free(struct nq_vsphere_sweep *sweep);

/* Waits for the end of a sweep that begins after this. done is called once, never before
 * this returns, never after nq_wait_leave(). */
void nq_vsphere_sweep_join(struct nq_vsphere_sweep *sweep, struct nq_wait *wait,
                           nq_wait_fn *done, void *arg);

/* The tags of a VM that mean something to us: only inside done, without error. */
unsigned nq_vsphere_sweep_tags(const struct nq_vsphere_sweep *sweep, const char *moref);

/* Adds the VMs that carry any of these tags to the set: only inside done, without error. */
void nq_vsphere_sweep_add_to(const struct nq_vsphere_sweep *sweep, unsigned tags,
                             struct nq_idset *set);

/* ---- tagged.c, protected.c ---------------------------------------------------- */

struct nq_call *nq_vsphere_read_tagged(struct nq_backend *backend, size_t manager,
                                       nq_reply_fn *done, void *arg);
struct nq_protector_reader nq_vsphere_protected_reader(struct nq_vsphere *vsphere);

/* ---- paired.c ------------------------------------------------------------------ */

struct nq_vsphere_paired *nq_vsphere_paired_new(struct nq_vsphere *vsphere);
/* Takes NULL. Always returns NULL. */
struct nq_vsphere_paired *nq_vsphere_paired_free(struct nq_vsphere_paired *paired);

/* Asks NSX where its vCenter is, unless it is asked or refused to say a moment ago. What
 * was known stays known until there is an answer; nobody is told. */
void nq_vsphere_paired_renew(struct nq_vsphere_paired *paired);
void nq_vsphere_paired_each(const struct nq_vsphere_paired *paired, nq_server_fn *fn,
                            void *arg);

/* ---- change.c ----------------------------------------------------------------- */

struct nq_call *nq_vsphere_change_tag(struct nq_backend *backend,
                                      enum nq_tag_change change,
                                      const struct nq_vm_id *vm, nq_reply_fn *done,
                                      void *arg);

/* After the last call: gives up a change that nobody waits for. */
void nq_vsphere_changes_done(struct nq_vsphere *vsphere);

/* ---- inventory.c -------------------------------------------------------------- */

struct nq_vsphere_inventory *nq_vsphere_inventory_new(struct nq_vsphere *vsphere);
struct nq_vsphere_inventory *nq_vsphere_inventory_free(struct nq_vsphere_inventory *inv);
struct nq_sync_reader nq_vsphere_inventory_reader(struct nq_vsphere *vsphere);

/* ---- crawl.c ---------------------------------------------------------------- */

/* What the list of VMs does not tell: host names, UUIDs and addresses, asked for one VM
 * after the other in the background and kept from sync to sync. */
struct nq_vsphere_details *nq_vsphere_details_new(struct nq_vsphere *vsphere,
                                                  struct nq_err *reterr)
    __attribute__((warn_unused_result));
/* Takes NULL. Always returns NULL. */
struct nq_vsphere_details *nq_vsphere_details_free(struct nq_vsphere_details *details);

/* Adds what is known of a VM to its entry in the inventory, and takes note that the VM is
 * there. false: the inventory is full. */
bool nq_vsphere_details_apply(struct nq_vsphere_details *details,
                              struct nq_inventory *inventory, const char *moref)
    __attribute__((warn_unused_result));

/* Asks about one VM now. done is called once, never before this returns, never after free;
 * free is to be called once, also inside done. */
struct nq_details_renewal *nq_vsphere_details_renew(struct nq_vsphere_details *details,
                                                    const char *moref,
                                                    nq_ask_done_fn *done, void *arg);
/* Takes NULL. Always returns NULL. */
struct nq_details_renewal *nq_details_renewal_free(struct nq_details_renewal *renewal);

/* Where the configured vCenter is reached. */
void nq_vsphere_details_each_server(const struct nq_vsphere_details *details,
                                    nq_server_fn *fn, void *arg);

/* true: nobody has told yet what only an own question tells of this VM, and somebody may. */
bool nq_vsphere_details_lack(const struct nq_vsphere_details *details, const char *moref);

/* Whether the last answer about the VM had this address. */
bool nq_vsphere_details_has_address(struct nq_vsphere_details *details, const char *moref,
                                    const char *address);

/* A sync has ended well: forgets VMs that it did not show, asks about new ones. */
void nq_vsphere_details_sync_ended(struct nq_vsphere_details *details);

/* ---- find.c ------------------------------------------------------------------- */

struct nq_call *nq_vsphere_find_vms(struct nq_backend *backend,
                                    const struct nq_vm_query *query, nq_reply_fn *done,
                                    void *arg);

/* ---- prove.c, groups.c, firewall.c ---------------------------- */

struct nq_call *nq_vsphere_prove(struct nq_backend *backend, const struct nq_vm_id *vm,
                                 nq_reply_fn *done, void *arg);
struct nq_call *nq_vsphere_read_groups(struct nq_backend *backend, size_t manager,
                                       nq_reply_fn *done, void *arg);

/* Called before any call and after the last one. Free takes NULL, returns NULL. */
struct nq_vsphere_firewall *nq_vsphere_firewall_new(struct nq_vsphere *vsphere);
struct nq_vsphere_firewall *
nq_vsphere_firewall_free(struct nq_vsphere_firewall *firewall);

#endif
