/* SPDX-License-Identifier: Apache-2.0 */
/* impl.h: what the files of the policy backend share; nobody else includes it.
 *
 * Owns    as policy.h says.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_POLICY_IMPL_H
#define NQ_NSX_POLICY_IMPL_H

#include "base/clock.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/asker.h"
#include "nsx/bench.h"
#include "nsx/call.h"
#include "nsx/find.h"
#include "nsx/inventory.h"
#include "nsx/listing.h"
#include "nsx/baseline.h"
#include "nsx/protector.h"
#include "nsx/sync.h"

struct nq_compute_managers;
struct nq_counters;
struct nq_firewall;
struct nq_tagged_reader;

struct nq_policy {
    struct nq_backend base; /* first */
    const struct nq_config *conf;
    size_t manager; /* index into conf->managers */
    struct nq_loop *loop;
    const struct nq_clock *clock;
    struct nq_asker *asker;
    struct nq_sync sync;
    struct nq_listing inventory_list; /* while a sync reads */
    struct nq_inventory *filling;     /* borrowed from the sync, while it reads */
    struct nq_finder finder;
    struct nq_calls calls;
    struct nq_bench readers;         /* seats of readings */
    size_t lone_readers;             /* of them, those that no list is to serve */
    struct nq_vm_job *whole_job;     /* reads the list of all VMs, or NULL */
    uint16_t list_round;             /* of the last reading of VMs, as in inventory.h */
    struct nq_policy_tagger *tagger; /* tags.c */
    int64_t operation_took_ms;       /* the last operation on tags; 0: there was none */
    struct nq_firewall *firewall;    /* firewall.c */
    struct nq_counters *counters;    /* counters.c */
    struct nq_baselines baselines;   /* of the VMs being proven */
    struct nq_protector protector;
    struct nq_listing protected_list;     /* while the protector reads */
    struct nq_tagged_reader *tagged;      /* tagged.c */
    struct nq_compute_managers *vcenters; /* compute_managers.c */
};

/* Without sort_by the order of a list changes between its pages, and VMs get lost. */
#define NQ_POLICY_VMS_PATH                                                               \
    "/api/v1/fabric/virtual-machines?sort_by=external_id&page_size=1000"

/* inventory.c */
struct nq_sync_reader nq_policy_inventory_reader(struct nq_policy *policy);

/* read.c */
void nq_policy_reads_init(struct nq_policy *policy);

/* One VM read from NSX now, its copies merged; or all VMs of one name, into the inventory
 * in use. Many readings that wait share one reading of the list. */
struct nq_vm_reading {
    struct nq_seat seat; /* first */
    struct nq_policy *policy;
    char *external_id;     /* or NULL, with a name */
    char *name;            /* display name, exactly */
    bool alone;            /* the list has not shown it */
    bool over;             /* done was called */
    struct nq_vm_job *job; /* that reads it, or has read it */
    struct nq_vm_reading *prev;
    struct nq_vm_reading *next;
    nq_ask_done_fn *done;
    void *arg;
};

/* done is called once, never before this returns; the reading stays to be asked until
 * nq_vm_reading_done(), which may be called at any time and inside done. */
void nq_vm_reading_start(struct nq_vm_reading *reading, struct nq_policy *policy,
                         const char *external_id, nq_ask_done_fn *done, void *arg);
void nq_vm_reading_start_name(struct nq_vm_reading *reading, struct nq_policy *policy,
                              const char *name, nq_ask_done_fn *done, void *arg);

/* After done without error. false: NSX has no such VM. Borrowed from the reading. */
bool nq_vm_reading_get(const struct nq_vm_reading *reading, struct nq_vm *ret_vm);

/* Takes a zeroed reading, too. */
void nq_vm_reading_done(struct nq_vm_reading *reading);

/* tagged.c */
struct nq_tagged_reader *nq_tagged_reader_new(struct nq_policy *policy)
    __attribute__((warn_unused_result));
/* Takes NULL; nobody may wait any more. Always returns NULL. */
struct nq_tagged_reader *nq_tagged_reader_free(struct nq_tagged_reader *reader);
struct nq_call *nq_policy_read_tagged(struct nq_backend *backend, size_t manager,
                                      nq_reply_fn *done, void *arg);

/* protected.c */
struct nq_protector_reader nq_policy_protected_reader(struct nq_policy *policy);

/* compute_managers.c: where the vCenters are that NSX works with. */
struct nq_compute_managers *nq_compute_managers_new(struct nq_policy *policy)
    __attribute__((warn_unused_result));
/* Takes NULL. Always returns NULL. */
struct nq_compute_managers *
nq_compute_managers_free(struct nq_compute_managers *vcenters);
/* Asks NSX for them, unless it was asked or refused a moment ago. What was known stays
 * known until there is an answer; nobody is told. */
void nq_compute_managers_renew(struct nq_compute_managers *vcenters);
void nq_compute_managers_each(const struct nq_compute_managers *vcenters,
                              nq_server_fn *fn, void *arg);

/* tags.c: gathers changes of our tag. */
struct nq_policy_tagger *nq_policy_tagger_new(struct nq_policy *policy)
    __attribute__((warn_unused_result));

/* Takes NULL, and a tagger without calls. Always returns NULL. */
struct nq_policy_tagger *nq_policy_tagger_free(struct nq_policy_tagger *tagger);
struct nq_call *nq_policy_change_tag(struct nq_backend *backend,
                                     enum nq_tag_change change, const struct nq_vm_id *vm,
                                     nq_reply_fn *done, void *arg);

/* The manager was away: what it could not do before, it may be able to do now. */
void nq_policy_tagger_retry(struct nq_policy_tagger *tagger);

/* write.c: the tag of one VM, in one call. */
struct nq_ask *nq_tag_single_start(struct nq_policy *policy, enum nq_tag_change change,
                                   const char *external_id, nq_ask_done_fn *done,
                                   void *arg);

/* write.c: one tag operation, from its PUT to what became of each VM. */
struct nq_tag_operation;

enum nq_tag_verdict { NQ_VERDICT_UNKNOWN, NQ_VERDICT_GOOD, NQ_VERDICT_REFUSED };

struct nq_tag_outcome {
    enum nq_tag_verdict verdict;
    char details[NQ_FAULT_TEXT]; /* with NQ_VERDICT_REFUSED */
};

/* err: the operation as a whole failed, or what became of VMs without a verdict is not
 * known for this reason; NULL: all have one, or NSX does not name them. taken: NSX may
 * have taken the operation up. outcomes has one for each id, in order; it is the operation's,
 * which stays until nq_tag_operation_cancel(). */
typedef void nq_tag_operation_fn(void *arg, const struct nq_err *err, bool taken,
                                 const struct nq_tag_outcome *outcomes);

/* ids must stay as long as the operation. done is called once, never before this returns;
 * the operation may be cancelled inside it. */
struct nq_tag_operation *nq_tag_operation_start(struct nq_policy *policy,
                                                enum nq_tag_change change,
                                                const char *const *ids, size_t count,
                                                nq_tag_operation_fn *done, void *arg);

/* As nq_ask_withdraw(), for the operation. */
bool nq_tag_operation_withdraw(struct nq_tag_operation *operation)
    __attribute__((warn_unused_result));

/* Takes NULL. Always returns NULL. */
struct nq_tag_operation *nq_tag_operation_cancel(struct nq_tag_operation *operation);

/* firewall.c: what NSX has made of a group or policy: the path to ask for its
 * realized status, for the caller to free. */
char *nq_policy_status_path(const char *intent_path) __attribute__((warn_unused_result));

struct nq_call *nq_policy_prove(struct nq_backend *backend, const struct nq_vm_id *vm,
                                nq_reply_fn *done, void *arg);
struct nq_call *nq_policy_read_groups(struct nq_backend *backend, size_t manager,
                                      nq_reply_fn *done, void *arg);

#endif
