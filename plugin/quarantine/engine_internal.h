/* SPDX-License-Identifier: Apache-2.0 */
/* engine_internal.h: what the files of the engine share: engine.c (life, turn),
 * commands.c and views.c (SETs and what is shown), intake.c and actions.c (traps; see
 * arrival.h), opening.c (new cases), notices.c and watch.c (what is told), episodes.c
 * (all cases at work), episode.c (one case changes), times.c (how long it took),
 * effects.c (calls to NSX), vet.c (what stands before a write), seek.c (VMs that are
 * gone), reconcile.c (what NSX shows by itself), audit.c, groups.c, rules.c and
 * managers.c (rows of NSX), triggers.c (rows of triggers), tally.c (numbers kept),
 * flood.c and unmatched.c (traps that are too many, or mean nothing). Nobody outside
 * this folder includes it. */
#ifndef NQ_QUARANTINE_ENGINE_INTERNAL_H
#define NQ_QUARANTINE_ENGINE_INTERNAL_H

#include <uthash.h>

#include "base/log.h"
#include "quarantine/case.h"
#include "quarantine/decisions.h"
#include "quarantine/engine.h"
#include "quarantine/flood.h"
#include "quarantine/governor.h"
#include "quarantine/requests.h"
#include "quarantine/rowlist.h"
#include "quarantine/tally.h"
#include "quarantine/unmatched.h"

/* What NSX told of a VM last: what is judged before it is quarantined. Owns its texts. */
struct nq_facts {
    bool known;
    bool fresh;      /* by NSX itself, not by the inventory */
    int64_t mono_ms; /* when */
    bool complete;   /* as in struct nq_vm */
    bool regular;
    unsigned tags;
    char *display_name;
    char *host_name;
    char *addresses;
    char *uuids;
    char *type;
    bool protector_known; /* NSX was asked for the groups, too */
    char *protector;      /* a protected group that has it; NULL: none */
};

struct nq_effect_row;

/* A case at work: the record that is kept, and what is under way for it. */
struct nq_episode {
    struct nq_case record;
    struct nq_engine *engine;
    struct nq_timer pace;            /* the effect waits for this */
    struct nq_timer expiry;          /* deadline_ms of the record */
    struct nq_timer limit;           /* release_at_ms of the record */
    enum nq_case_effect effect;      /* to be performed after the commit, or at pace */
    enum nq_case_effect calling;     /* the effect whose call is under way */
    const struct nq_effect_row *row; /* what its answer means */
    struct nq_call *call;            /* NULL: none is */
    enum nq_notice notice;           /* to be announced after the commit */
    struct nq_facts facts;
    bool rehearsed;           /* observe mode: it was counted */
    int64_t changed_mono_ms;  /* of the last change of state; 0: before the start */
    int64_t seen_mono_ms;     /* NSX showed the VM last; 0: not since the start */
    int64_t detected_mono_ms; /* the newest detection; 0: before the start */
    int64_t opened_mono_ms;   /* the first one; 0: before the start */
    bool acknowledged;  /* NSX acknowledged the last write, not yet seen in a read */
    bool refused;       /* NSX refused to remove the tag; a read decides */
    bool blocked;       /* a write waits for the mode to leave stopped */
    bool was_blocked;   /* at any time since the start */
    bool timed;         /* its tag time counts in nqTiming, noted since the start */
    bool late;          /* prove_timeout has passed and was reported */
    uint64_t kept;      /* nq_case_hash() as it is in the store; 0: not there */
    uint64_t put;       /* as it was put last, committed or not */
    bool touched;       /* in the engine's list for the next flush */
    bool in_vms;        /* in the engine's hash by external id */
    bool in_identities; /* in the engine's hash by identity */
    bool forgotten;     /* to be deleted at the next flush */
    char *identity_key; /* identity in lower case */
    char *vm_key;       /* manager and external id, while in a hash by them */
    struct nq_episode *touched_next;
    UT_hash_handle by_id;
    UT_hash_handle by_vm;
    UT_hash_handle by_identity;
    UT_hash_handle by_foreign; /* of a foreign row, by vm_key */
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

/* What stands behind one row of nqTriggerTable. */
struct nq_trigger_state {
    char *owner;  /* of its tallies */
    bool counted; /* since the tallies were set */
};

/* The reading of one manager's groups. */
struct nq_group_poll {
    struct nq_engine *engine;
    size_t manager;
    struct nq_timer timer;
    struct nq_call *call;
};

/* The comparison with one manager. */
struct nq_reconciliation {
    struct nq_engine *engine;
    size_t manager;
    struct nq_timer timer;
    struct nq_call *call;
    bool again;            /* somebody asked for another one meanwhile */
    int64_t begun_mono_ms; /* of the call */
    int64_t done_ms;       /* wall, of the last complete one; 0: never */
};

/* The audit log as far as it is shown or not yet committed. */
struct nq_audit {
    struct nq_log_entry **entries; /* by number */
    size_t count;
    size_t room;
    size_t stored;      /* entries that are in the store */
    uint32_t last;      /* the highest number */
    unsigned left_out;  /* while the store could not be written */
    int64_t refused_ms; /* mono: refused traps were entered last; 0: never */
    unsigned refused;   /* since then */
};

/* Whether a manager is down, as far as that was told. */
struct nq_manager_watch {
    bool told;     /* it is down; kept over a restart */
    bool was_down; /* at the last look, as the next two */
    bool was_up;
    int64_t last_ok_ms;
    int64_t told_ms;       /* wall; 0: before the start */
    enum nq_notice notice; /* to be announced after the commit */
};

/* The budget of one kind of notification. */
struct nq_notice_window {
    int64_t ends_ms; /* mono; 0: none has begun */
    uint32_t passed;
    uint32_t over;
};

struct nq_notices {
    bool of_engine[NQ_NOTICE_END]; /* about no row, to be announced */
    struct nq_notice_window windows[NQ_NOTICE_END];
    struct nq_timer window_end;
    enum nq_notice summary_of; /* of the last summary, as the next one */
    uint32_t summary_count;
};

/* Names and addresses of this machine (vet.c). */
struct nq_host_list {
    char **names;
    size_t count;
    int64_t mono_ms; /* when they were asked for */
};

struct nq_engine {
    struct nq_engine_setup setup;
    const struct nq_decisions *decisions;
    enum nq_mode mode;
    bool mode_dirty;
    int64_t started_ms;
    int64_t started_mono_ms;
    uint64_t counters[NQ_COUNTER_COUNT];
    bool counters_dirty[NQ_COUNTER_COUNT];

    struct nq_episode *episodes;   /* hash by id */
    struct nq_episode *vms;        /* hash by vm_key: the newest case of a VM */
    struct nq_episode *identities; /* hash by identity: the newest case of an identity */
    struct nq_episode *foreigns;   /* hash by vm_key: rows of tags that others set */
    struct nq_rowlist rows;        /* all of them */
    uint32_t last_case;
    uint32_t state_counts[NQ_CASE_STATE_END]; /* of our own cases */
    uint64_t rows_changed;

    struct nq_episode *touched; /* in the order they were touched */
    struct nq_episode **touched_tail;
    struct nq_pending_signal *signals;
    struct nq_pending_signal **signals_tail;
    struct nq_pending_answer *answers;
    struct nq_pending_answer **answers_tail;
    struct nq_timer flush;
    unsigned put_off; /* so often, for searches */
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
    struct nq_manager_watch *manager_watches;
    struct nq_timer manager_look;
    struct nq_trigger_row *trigger_rows; /* one for each trigger */
    struct nq_trigger_state *trigger_states;
    struct nq_tallies tallies;
    struct nq_timing tag_times; /* see times.c */
    struct nq_timing isolate_times;

    struct nq_findings findings;

    struct nq_host_list own_hosts;
    struct nq_governor governor;
    struct nq_reconciliation *reconciliations; /* one for each manager */
    bool rows_full;                            /* and it was said */
    struct nq_audit audit;
    char *governor_reason;       /* lent to views; NQ_TEXT_MAX and a NUL */
    char log_head[NQ_HASH_TEXT]; /* as of the last commit */

    struct nq_unmatched_set unmatched;
    struct nq_timer unmatched_due; /* one of them waits for its next write */

    struct nq_requests requests;
    struct nq_notices notices;
};

/* ---- engine.c ----------------------------------------------------------------------- */

void nq_engine_count(struct nq_engine *engine, enum nq_counter counter);
int64_t nq_engine_now(const struct nq_engine *engine); /* wall clock */
/* Tells every case of ours (NQ_EV_ARMED: every observed one). */
void nq_engine_resume(struct nq_engine *engine, enum nq_case_event event);

/* ---- notices.c ------------------------------------------------------------------------ */

/* What is about the engine: announced after the next commit. */
void nq_engine_notice(struct nq_engine *engine, enum nq_notice notice);
/* What is durable now, of engine and managers. */
void nq_notices_announce(struct nq_engine *engine);
/* Tells it, or counts it when there were too many of its kind. */
void nq_notices_out(struct nq_engine *engine, enum nq_notice notice, const void *row);
void nq_notices_close(struct nq_engine *engine);

/* ---- opening.c ------------------------------------------------------------------------ */

/* What opens a case. Borrowed. */
struct nq_opening {
    const char *computer; /* as nqVmName until the VM is known */
    const char *cause;
    const char *severity;
    const char *trigger;  /* name of the trigger, or how it was asked for */
    const char *actor;    /* who opens it */
    const char *why_held; /* NULL: it is not held for want of proof */
    const char *evidence;
    int64_t time_limit_s; /* 0: none */
};

/* There is room for it (cases_max). */
struct nq_episode *nq_case_open(struct nq_engine *engine,
                                const struct nq_opening *opening);
bool nq_case_has_room(const struct nq_engine *engine);

/* ---- episodes.c --------------------------------------------------------------------- */

/* Makes a case at work out of a record, whose strings move into it. */
struct nq_episode *nq_episode_add(struct nq_engine *engine, const struct nq_case *record);
/* Cancels, unlinks, frees; does not touch the store. */
void nq_episode_drop(struct nq_episode *episode);
struct nq_episode *nq_episode_of(const struct nq_engine *engine, uint32_t id);
/* The newest case of this VM; NULL when none. */
struct nq_episode *nq_episode_by_vm(const struct nq_engine *engine,
                                    const struct nq_vm_id *vm);
/* The row of a tag that somebody else set on this VM; NULL: none. */
struct nq_episode *nq_episode_foreign(const struct nq_engine *engine,
                                      const struct nq_vm_id *vm);
/* The newest case of this identity, or of the VM that it led to; NULL when none. */
struct nq_episode *nq_episode_by_identity(const struct nq_engine *engine,
                                          const char *identity);
/* The one open case that this text names: by its identity, or by the name, host name, id
 * or an address of its VM. NULL: none or several. */
struct nq_episode *nq_episode_named(const struct nq_engine *engine, const char *text);
/* The text is the name, host name, id or an address of its VM. */
bool nq_case_has_name(const struct nq_case *record, const char *text);
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
/* Another detection is about this case; merged: one that was of that case. */
void nq_episode_detected(struct nq_episode *episode, const struct nq_episode *merged);
/* Arms the timers for the deadlines that the record holds. */
void nq_episode_set_alarms(struct nq_episode *episode);
/* The new case has the VM of another one, or its VM may not be quarantined again yet.
 * true: it was closed, its signals were added to the other. */
bool nq_episode_merge(struct nq_episode *episode, const struct nq_vm_id *vm);
/* A closed case that still keeps this VM, or this computer when vm is NULL, from a new
 * quarantine for the same cause; NULL: none. */
struct nq_episode *nq_episode_immune(const struct nq_engine *engine,
                                     const struct nq_vm_id *vm, const char *computer,
                                     const char *cause);
/* Something changed that the isolation of the VMs of this manager depends on. */
void nq_episodes_doubt(struct nq_engine *engine, size_t manager);
/* A duration for the MIB: at least 1, because 0 means "not yet". */
uint32_t nq_span_ms(int64_t from_ms, int64_t to_ms);

/* ---- times.c ------------------------------------------------------------------------ */

void nq_times_load(struct nq_engine *engine);
/* NSX acknowledged the tag, or showed it; the state is the one that the case had then. */
void nq_times_tagged(struct nq_episode *episode);
void nq_times_isolated(struct nq_episode *episode);

/* ---- effects.c ---------------------------------------------------------------------- */

/* Starts what the last step asked for; after the commit, but for what decide() of engine.c
 * does before it. */
void nq_episode_perform(struct nq_episode *episode);
/* true: to perform it now is to look for a VM that is not known yet, and changes nothing. */
bool nq_episode_seeks_vm(const struct nq_episode *episode);
/* The engine is stopped: the case goes on when that ends. */
void nq_episode_block(struct nq_episode *episode);
/* The effect changes something in NSX: once begun only stopping cancels it. */
bool nq_effect_writes(enum nq_case_effect effect);

/* ---- vet.c ---------------------------------------------------------------------------- */

/* Keeps what NSX told of the VM. fresh: it was read now, not taken from the inventory. */
void nq_vet_learn(struct nq_episode *episode, const struct nq_vm *vm, bool fresh);
void nq_vet_forget(struct nq_episode *episode);
/* What is known is young enough to judge the VM by. */
bool nq_vet_is_informed(const struct nq_episode *episode);
void nq_host_list_done(struct nq_host_list *own);
/* Asks for the protected groups of the VM, or decides at once where there are none. */
void nq_vet_start(struct nq_episode *episode, nq_reply_fn *done);
/* There are such groups. */
bool nq_vet_asks(const struct nq_episode *episode);
void nq_vet_reply(struct nq_episode *episode, const struct nq_reply *reply);
/* Admits the case for good, as one whose tag was there already. */
void nq_vet_count(struct nq_episode *episode);

/* ---- seek.c --------------------------------------------------------------------------- */

void nq_seek_start(struct nq_episode *episode, nq_reply_fn *done);
void nq_seek_reply(struct nq_episode *episode, const struct nq_reply *reply);

/* ---- reconcile.c ---------------------------------------------------------------------- */

void nq_reconcile_open(struct nq_engine *engine);
void nq_reconcile_close(struct nq_engine *engine);

/* ---- audit.c -------------------------------------------------------------------------- */

/* One entry of the audit log. case_id: 0 for none. actor NULL: the engine itself. evidence:
 * NULL for none; cut at NQ_EVIDENCE_MAX. */
void nq_audit_add(struct nq_engine *engine, uint32_t case_id, const char *event,
                  const char *actor, const char *evidence, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* A refused trap: one entry a minute speaks for all. */
void nq_audit_refused(struct nq_engine *engine, const char *sender, const char *reason);
void nq_audit_load(struct nq_engine *engine, const struct nq_log_entry *entry);
bool nq_audit_put(const struct nq_audit *audit, struct nq_store *store,
                  struct nq_err *reterr) __attribute__((warn_unused_result));
void nq_audit_clean(struct nq_audit *audit);
void nq_audit_done(struct nq_audit *audit);

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
/* External ids as qsort() and bsearch() want them; ids are sorted so. */
int nq_ids_compare(const void *a, const void *b);
bool nq_ids_have(const char *const *ids, size_t count, const char *id);
/* The group of the configuration had the VM when it was read last. */
bool nq_groups_have(const struct nq_engine *engine, size_t group,
                    const struct nq_vm_id *vm);

/* ---- rules.c ------------------------------------------------------------------------- */

/* Takes over the rules of a group as NSX shows them now. round: the same for all groups of
 * one reading, so that a rule of several groups is counted once. true: they cut off
 * something else than at the last reading. */
bool nq_rules_update(struct nq_engine *engine, size_t group,
                     const struct nq_group_view *view, uint64_t round);
void nq_rules_close(struct nq_engine *engine);

/* ---- design.c ------------------------------------------------------------------------ */

/* Goes on with the findings that the tallies know, and judges the configuration. */
void nq_design_open(struct nq_engine *engine);
/* Judges what a reading of the manager's groups brought; reply->err: what is known without. */
void nq_design_judge(struct nq_engine *engine, size_t manager,
                     const struct nq_reply *reply);
/* The mode has changed. */
void nq_design_judge_settings(struct nq_engine *engine);
/* Tells what came and went, after the commit. */
void nq_design_announce(struct nq_engine *engine);

/* ---- managers.c ---------------------------------------------------------------------- */

void nq_managers_open(struct nq_engine *engine);
void nq_managers_close(struct nq_engine *engine);
void nq_managers_status(const struct nq_engine *engine, size_t manager,
                        struct nq_manager_status *ret_status);
/* The state of the manager in most trouble. */
void nq_managers_worst(const struct nq_engine *engine, size_t *ret_manager,
                       struct nq_manager_status *ret_status);
/* Notes the counters for the next commit. */
void nq_managers_keep(struct nq_engine *engine);

/* ---- watch.c ------------------------------------------------------------------------- */

/* Once the tallies are loaded, which know what was told last. */
void nq_watch_open(struct nq_engine *engine);
void nq_watch_close(struct nq_engine *engine);

/* ---- triggers.c ---------------------------------------------------------------------- */

void nq_triggers_open(struct nq_engine *engine);
void nq_triggers_close(struct nq_engine *engine);
/* Fills the rows from the tallies, once they are loaded; and the other way round. */
void nq_triggers_load(struct nq_engine *engine);
void nq_triggers_keep(struct nq_engine *engine);
/* A trap that this trigger recognised is counted in this class. NULL: none did. */
void nq_triggers_count(struct nq_engine *engine, const struct nq_trigger_conf *trigger,
                       enum nq_counter counter);

#endif
