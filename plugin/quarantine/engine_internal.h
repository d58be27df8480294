/* SPDX-License-Identifier: Apache-2.0 */
/* engine_internal.h: what the files of the engine share: engine.c (life, turn), commands.c
 * and views.c (SETs and what is shown), intake.c and actions.c (traps; see arrival.h),
 * episodes.c (all cases at work), episode.c (one case changes), effects.c (calls to NSX),
 * groups.c, rules.c and managers.c (rows of NSX), tally.c (numbers kept), flood.c and
 * unmatched.c (traps that are too many, or mean nothing). Nobody outside this folder includes
 * it. */
#ifndef NQ_QUARANTINE_ENGINE_INTERNAL_H
#define NQ_QUARANTINE_ENGINE_INTERNAL_H

#include <uthash.h>

#include "base/log.h"
#include "quarantine/case.h"
#include "quarantine/engine.h"
#include "quarantine/flood.h"
#include "quarantine/requests.h"
#include "quarantine/tally.h"
#include "quarantine/unmatched.h"

/* A case at work: the record that is kept, and what is under way for it. */
struct nq_episode {
    struct nq_case record;
    struct nq_engine *engine;
    struct nq_timer pace;        /* the effect waits for this */
    struct nq_timer expiry;      /* deadline_ms of the record */
    struct nq_timer limit;       /* release_at_ms of the record */
    enum nq_case_effect effect;  /* to be performed after the commit, or at pace */
    enum nq_case_effect calling; /* the effect whose call is under way */
    struct nq_call *call;        /* NULL: none is */
    enum nq_notice notice;       /* to be announced after the commit */
    bool acknowledged;  /* NSX acknowledged the last write, not yet seen in a read */
    bool refused;       /* NSX refused to remove the tag; a read decides */
    bool blocked;       /* a write waits for the mode to leave stopped */
    bool late;          /* prove_timeout has passed and was reported */
    bool dirty;         /* the record differs from the store */
    bool touched;       /* in the engine's list for the next flush */
    bool in_vms;        /* in the engine's hash by external id */
    bool in_identities; /* in the engine's hash by identity */
    bool forgotten;     /* to be deleted at the next flush */
    char *identity_key; /* identity in lower case */
    char *vm_key;       /* manager and external id, while in_vms */
    struct nq_episode *touched_next;
    UT_hash_handle by_id;
    UT_hash_handle by_vm;
    UT_hash_handle by_identity;
};

/* A signal, or an answer to the sender of a trap, that waits for the commit. */
struct nq_pending_signal {
    struct nq_signal signal; /* its strings are owned here */
    struct nq_pending_signal *next;
};

struct nq_pending_answer {
    nq_intake_fn *done;
    void *arg;
    enum nq_intake verdict;
    char reason[NQ_ERR_DETAIL];
    struct nq_pending_answer *next;
};

/* What stands behind one row of nqGroupTable: the members as they were last read. */
struct nq_group_state {
    char **external_ids; /* sorted */
    size_t member_count;
    bool read_once; /* entered and left are counted from the second reading on */
    char *owner;    /* of its tallies */
    struct nq_rule_row *rules; /* sorted by index */
    size_t rule_count;
};

/* The reading of one manager's groups. */
struct nq_group_poll {
    struct nq_engine *engine;
    size_t manager;
    struct nq_timer timer;
    struct nq_call *call;
};

struct nq_engine {
    struct nq_engine_setup setup;
    enum nq_mode mode;
    bool mode_dirty;
    int64_t started_ms;
    uint64_t counters[NQ_COUNTER_COUNT];
    bool counters_dirty[NQ_COUNTER_COUNT];

    struct nq_episode *episodes;   /* hash by id */
    struct nq_episode *vms;        /* hash by vm_key: the newest case of a VM */
    struct nq_episode *identities; /* hash by identity: the newest case of an identity */
    struct nq_case **rows;         /* sorted by id */
    size_t row_count;
    size_t row_room;
    uint32_t last_case;
    uint32_t state_counts[NQ_CASE_STATE_END];
    uint64_t rows_changed;

    struct nq_episode *touched; /* in the order they were touched */
    struct nq_episode **touched_tail;
    struct nq_pending_signal *signals;
    struct nq_pending_signal **signals_tail;
    struct nq_pending_answer *answers;
    struct nq_pending_answer **answers_tail;
    struct nq_timer flush;
    struct nq_flood flood;
    int64_t dropped_ms;           /* wall: when the kernel dropped datagrams last */
    struct nq_log_limit trap_log; /* lines that any sender can provoke */
    struct nq_log_limit call_log; /* lines that a manager in trouble provokes */
    char *health_text;            /* lent to views; NQ_TEXT_MAX and a NUL */
    bool store_failed;
    struct nq_err store_err;

    struct nq_group_row *group_rows;     /* one for each group of the configuration */
    struct nq_group_state *group_states; /* the same order */
    struct nq_group_poll *group_polls;   /* one for each manager */
    struct nq_rule_state *rule_states;   /* hash, see rules.c */
    uint64_t rule_round;                 /* rises with each reading of rules */
    struct nq_rule_row *rules;           /* of all groups, made from group_states */
    size_t rule_count;

    struct nq_manager_row *manager_rows;    /* one for each manager */
    struct nq_manager_status *manager_seen; /* its counters as they were added last */
    struct nq_tallies tallies;

    struct nq_unmatched_set unmatched;
    struct nq_timer unmatched_due; /* one of them waits for its next write */

    struct nq_requests requests;
};

/* ---- engine.c ----------------------------------------------------------------------- */

/* The end of the turn commits and performs; called by whoever changed anything. */
void nq_engine_wake(struct nq_engine *engine);
void nq_engine_count(struct nq_engine *engine, enum nq_counter counter);
int64_t nq_engine_now(const struct nq_engine *engine); /* wall clock */
/* Tells every case (NQ_EV_ARMED: every observed one). */
void nq_engine_resume(struct nq_engine *engine, enum nq_case_event event);

/* ---- episodes.c --------------------------------------------------------------------- */

/* Makes a case at work out of a record, whose strings move into it. */
struct nq_episode *nq_episode_add(struct nq_engine *engine, const struct nq_case *record);
/* Cancels, unlinks, frees; does not touch the store. */
void nq_episode_drop(struct nq_episode *episode);
struct nq_episode *nq_episode_of(const struct nq_engine *engine, uint32_t id);
/* The newest case of this VM; NULL when none. */
struct nq_episode *nq_episode_by_vm(const struct nq_engine *engine,
                                    const struct nq_vm_id *vm);
/* The newest case of this identity, or of the VM that it led to; NULL when none. */
struct nq_episode *nq_episode_by_identity(const struct nq_engine *engine,
                                          const char *identity);
/* The one open case that this text names: by its identity, or by the name, host name, id
 * or an address of its VM. NULL: none or several. */
struct nq_episode *nq_episode_named(const struct nq_engine *engine, const char *text);
/* Sets nqVmTag: what our tag is called where the VM is, as far as that is known. */
void nq_case_name_tag(struct nq_case *record, const struct nq_config *conf);
/* The VM of a case that has one. */
struct nq_vm_id nq_episode_vm(const struct nq_episode *episode);
/* Around every change of the VM, which is the key of an index. vm: NULL for none. */
void nq_episode_set_vm(struct nq_episode *episode, const struct nq_vm_id *vm);
/* The record was changed: it is committed at the end of the turn. */
void nq_episode_touch(struct nq_episode *episode);

/* ---- episode.c ---------------------------------------------------------------------- */

/* The one function that changes the state of a case. actor: who wants it (NULL: nobody
 * new); detail: nqVmReasonText (NULL: none). false: the state does not know the event. */
bool nq_episode_apply(struct nq_episode *episode, enum nq_case_event event,
                      const char *actor, const char *detail);
/* Arms the timers for the deadlines that the record holds. */
void nq_episode_set_alarms(struct nq_episode *episode);
/* The new case has the VM of another one, or its VM may not be quarantined again yet.
 * true: it was closed, its signals were added to the other. */
bool nq_episode_merge(struct nq_episode *episode, const struct nq_vm_id *vm);
/* This closed case still protects its VM from a new quarantine for the same cause. */
bool nq_episode_is_immune(const struct nq_episode *episode, const char *cause);
/* A duration for the MIB: at least 1, because 0 means "not yet". */
uint32_t nq_span_ms(int64_t from_ms, int64_t to_ms);

/* ---- effects.c ---------------------------------------------------------------------- */

/* Starts what the last step asked for; called after the commit. */
void nq_episode_perform(struct nq_episode *episode);
/* The effect changes something in NSX: once begun it is not cancelled. */
bool nq_effect_writes(enum nq_case_effect effect);

/* ---- groups.c ----------------------------------------------------------------------- */

void nq_groups_open(struct nq_engine *engine);
void nq_groups_close(struct nq_engine *engine);
/* Fills the rows from the tallies, once they are loaded. */
void nq_groups_load(struct nq_engine *engine);
/* Reads the groups soon: something changed. */
void nq_groups_hurry(struct nq_engine *engine);
enum nq_group_event { NQ_GROUP_CASE, NQ_GROUP_RELEASE, NQ_GROUP_FAILURE };
/* Counts the event for each group that has the VM as a member. */
void nq_groups_count(struct nq_engine *engine, const struct nq_vm_id *vm,
                     enum nq_group_event event);

/* ---- rules.c ------------------------------------------------------------------------- */

/* Takes over the rules of a group as NSX shows them now. round: the same for all groups of
 * one reading, so that a rule of several groups is counted once. */
void nq_rules_update(struct nq_engine *engine, size_t group,
                     const struct nq_group_view *view, uint64_t round);
void nq_rules_close(struct nq_engine *engine);

/* ---- managers.c ---------------------------------------------------------------------- */

void nq_managers_open(struct nq_engine *engine);
void nq_managers_close(struct nq_engine *engine);
/* The state of the manager in most trouble. */
void nq_managers_worst(const struct nq_engine *engine, size_t *ret_manager,
                       struct nq_manager_status *ret_status);
/* Notes the counters for the next commit. */
void nq_managers_keep(struct nq_engine *engine);

#endif
