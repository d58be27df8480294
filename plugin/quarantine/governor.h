/* SPDX-License-Identifier: Apache-2.0 */
/* governor.h: the budgets that stop a mass isolation: how many VMs may be quarantined within
 * a time, in count, in percent of a group, and for one cause.
 * Not for: knowing cases or NSX; the engine asks before it writes.
 *
 * Owns    the admissions of the last day.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: when a budget is used up the governor trips, and stays so until rearmed.
 * Limits  NQ_ADMISSIONS_MAX admissions are remembered; the oldest make room.
 *
 * Each window is kept by the wall clock, which survives a restart, and by the monotonic one,
 * which nobody can set: an admission counts while either says that it is young enough.
 */
#ifndef NQ_QUARANTINE_GOVERNOR_H
#define NQ_QUARANTINE_GOVERNOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/config.h"
#include "store/store.h"

#define NQ_ADMISSIONS_MAX 100000

/* A watched group that the VM belongs to. */
struct nq_governed_group {
    const char *owner; /* names it for good */
    size_t members;    /* as last read */
};

/* Who wants to be quarantined. */
struct nq_candidate {
    uint32_t case_id;
    bool rehearsal;    /* observe mode: counts against rehearsals and real ones alike */
    const char *cause; /* "" or NULL: none, which is never the same as another */
    const struct nq_governed_group *groups;
    size_t group_count;
};

struct nq_admitted;

struct nq_governor {
    const struct nq_governor_conf *conf;
    const struct nq_clock *clock;
    struct nq_governor_record
        record; /* normal or tripped; guarded is seen in the counts */
    bool record_dirty;
    bool cleared;                /* all admissions of the store are void */
    struct nq_admitted *entries; /* in the order of their admission */
    size_t count;
    size_t room;
    size_t stored;    /* entries that are in the store */
    bool was_guarded; /* and it was said so */
};

/* conf and clock must outlive it. */
void nq_governor_init(struct nq_governor *governor, const struct nq_governor_conf *conf,
                      const struct nq_clock *clock);
void nq_governor_done(struct nq_governor *governor);

/* As it was kept. */
void nq_governor_load(struct nq_governor *governor, const struct nq_admission *record);
void nq_governor_load_record(struct nq_governor *governor,
                             const struct nq_governor_record *record);

/* true: one more fits into every budget. false: it is tripped, or trips now. */
bool nq_governor_allows(struct nq_governor *governor,
                        const struct nq_candidate *candidate);

/* Counts it, whether it was allowed or a person let it pass. */
void nq_governor_admit(struct nq_governor *governor,
                       const struct nq_candidate *candidate);

/* Nothing that was admitted so far counts any more. */
void nq_governor_rearm(struct nq_governor *governor);

/* The state as it is now, the VMs of the last hour, and one sentence ("" when normal), which
 * is at most size bytes. Real admissions only unless rehearsal. */
enum nq_governor_state nq_governor_state(const struct nq_governor *governor,
                                         bool rehearsal, uint32_t *ret_hour_count,
                                         char *ret_reason, size_t size);

/* true once when the state has become guarded: somebody should look. */
bool nq_governor_began_to_warn(struct nq_governor *governor, bool rehearsal);

/* Puts what has changed; it stays dirty until nq_governor_clean(), after the commit. */
bool nq_governor_put(struct nq_governor *governor, struct nq_store *store,
                     struct nq_err *reterr) __attribute__((warn_unused_result));
void nq_governor_clean(struct nq_governor *governor);

#endif
