/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h: traps, commands and answers of NSX in; durable cases and effects out.
 * Not for: knowing SNMP, HTTP, SQL or files: those are behind interfaces.
 *
 * Owns    the cases, groups and counters. What the setup names must outlive the engine.
 * Blocks  never, but for the store's commit at the end of a turn.
 * Thread  loop thread only.
 * Fails   open() with *reterr; later failures become rows, counters, health and log lines.
 * Limits  cases_max of the configuration.
 *
 * The order is always: change in memory, commit, and only then effects: calls to NSX,
 * answers to senders of traps, notifications. While the store cannot commit, nothing
 * leaves the engine.
 */
#ifndef NQ_QUARANTINE_ENGINE_H
#define NQ_QUARANTINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/backend.h"
#include "quarantine/findings.h"
#include "quarantine/timing.h"
#include "store/store.h"
#include "trap/sources.h"
#include "trap/trap.h"
#include "trap/trigger.h"

struct nq_decisions;
struct nq_engine;

/* Notifications of the MIB. */
enum nq_notice {
    NQ_NOTICE_NONE,
    NQ_NOTICE_ISOLATED,
    NQ_NOTICE_RELEASED,
    NQ_NOTICE_HELD,
    NQ_NOTICE_FAILED,
    NQ_NOTICE_TAG_LOST,
    NQ_NOTICE_RUNG_LOST,
    NQ_NOTICE_CASE_END, /* those above are about a case, those below are not */
    NQ_NOTICE_GOVERNOR_TRIPPED = NQ_NOTICE_CASE_END,
    NQ_NOTICE_MODE_CHANGED,
    NQ_NOTICE_FINDING_RAISED, /* this and the next: about a finding */
    NQ_NOTICE_FINDING_CLEARED,
    NQ_NOTICE_MANAGER_DOWN, /* this and the next: about a manager */
    NQ_NOTICE_MANAGER_UP,
    NQ_NOTICE_SUPPRESSED, /* about others that did not leave */
    NQ_NOTICE_END
};

/* Who wants to hear of facts. Called after the commit that made the fact durable. row: what
 * the fact is about, borrowed: a struct nq_case, nq_finding or nq_manager_row; NULL: the engine. */
struct nq_observer {
    void *arg;
    void (*on_notice)(void *arg, enum nq_notice notice, const void *row);
};

struct nq_engine_setup {
    const struct nq_config *conf;
    const struct nq_triggers *triggers;
    const struct nq_sources *sources;
    struct nq_store *store;
    struct nq_backend *backend; /* of all managers */
    struct nq_loop *loop;
    const struct nq_clock *clock;
    struct nq_observer observer;
    /* Calls fn for each host name and address of this machine; NULL: none is known. */
    void (*each_own_host)(nq_server_fn *fn, void *arg);
    /* true: the addresses may have changed since it was asked last. NULL: they always may. */
    bool (*own_hosts_changed)(void *arg);
    void *own_hosts_arg;
    uint32_t (*random)(void);             /* for jitter; NULL: the kernel's */
    const struct nq_decisions *decisions; /* NULL: the product's, see decisions.h */
};

/* Loads the state and goes on with every open case. */
struct nq_engine *nq_engine_open(const struct nq_engine_setup *setup,
                                 struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Commits what is dirty, cancels calls under way, frees. Takes NULL, returns NULL. */
struct nq_engine *nq_engine_close(struct nq_engine *engine);

/* ---- traps -------------------------------------------------------------------------- */

/* What the sender of a trap is told. */
enum nq_intake {
    NQ_INTAKE_STORED,  /* durable, or seen and of no interest: do not send it again */
    NQ_INTAKE_REFUSED, /* it will never be taken */
    NQ_INTAKE_LATER,   /* it could not be made durable: keep it and send it again */
};

/* How a trap got here. */
enum nq_way {
    NQ_WAY_HANDLER,
    NQ_WAY_SPOOL,     /* the handler's spool file */
    NQ_WAY_OWN_SPOOL, /* a spool file of an engine, which says what was proven */
    NQ_WAY_LISTENER
};

/* Called once, after the commit; never before nq_engine_trap() returns. */
typedef void nq_intake_fn(void *arg, enum nq_intake verdict, const char *reason);

/* Takes one trap, or the text of one (text.h); borrowed. done may be NULL.
 * nq_engine_forget() drops a pending answer by its arg. */
void nq_engine_trap(struct nq_engine *engine, const struct nq_trap *trap, enum nq_way way,
                    nq_intake_fn *done, void *arg);
void nq_engine_trap_text(struct nq_engine *engine, const char *text, size_t len,
                         enum nq_way way, nq_intake_fn *done, void *arg);
void nq_engine_forget(struct nq_engine *engine, const void *arg);

/* The end of the turn commits and performs; called by whoever changed anything, or doubts that
 * the state can be written. */
void nq_engine_wake(struct nq_engine *engine);

/* Commits and answers now what is due at the end of the turn. */
void nq_engine_settle(struct nq_engine *engine);

/* Counts a message at a listener that is no trap, or (unauthentic) that nobody vouches for.
 * source: its address as text. */
void nq_engine_no_trap(struct nq_engine *engine, bool unauthentic, const char *source,
                       const char *reason);

/* A listener's socket has lost so many datagrams since it was made. cookie: of the socket
 * (SO_COOKIE in socket(7)). */
void nq_engine_kernel_drops(struct nq_engine *engine, const char *address,
                            uint64_t cookie, uint64_t drops);

/* Who we are as an SNMP engine (usm.h): a random number for good, and a count that rises
 * with each call; durable at the end of the turn. */
void nq_engine_snmp_identity(struct nq_engine *engine, uint64_t *ret_number,
                             uint32_t *ret_boots);

/* ---- commands (a SET): checked now, carried out at the end of the turn --------------- */

/* true: the command makes sense for this case in its present state. */
bool nq_engine_may(const struct nq_engine *engine, uint32_t case_id,
                   enum nq_wanted command);

/* actor: SNMP security name, or "snmp" where the host does not know it. */
void nq_engine_command(struct nq_engine *engine, uint32_t case_id, enum nq_wanted command,
                       const char *actor);
void nq_engine_comment(struct nq_engine *engine, uint32_t case_id, const char *comment,
                       const char *actor);
void nq_engine_set_mode(struct nq_engine *engine, enum nq_mode mode, const char *actor);

/* Keeps a SET in the audit log, before it is carried out. case_id: 0: it is about none. */
void nq_engine_note_set(struct nq_engine *engine, uint32_t case_id, const char *actor,
                        const char *object, uint32_t instance, const char *text);

/* Budgets begin anew, and cases that the governor holds go on in their order. */
void nq_engine_rearm(struct nq_engine *engine, const char *actor);

/* Compares what should be with NSX now instead of at the next interval. */
void nq_engine_reconcile(struct nq_engine *engine, const char *actor);

/* A quarantine that a person or an NMS asks for: the case, new or open, of the computer
 * (named as a trap names it). 0: there are cases_max cases. Governor and guard count. */
uint32_t nq_engine_quarantine(struct nq_engine *engine, const char *computer,
                              const char *cause, const char *actor);

/* The one open case that the text names (see trap triggers with action release); 0: none
 * or several. */
uint32_t nq_engine_case_named(const struct nq_engine *engine, const char *computer);

/* A notice that on_notice() was given found no place on its way out. */
void nq_engine_notice_lost(struct nq_engine *engine, enum nq_notice notice);

/* ---- what the MIB shows; borrowed until the loop's next turn -------------------------- */

/* Counters of one group that survive a restart. */
struct nq_group_counters {
    uint64_t entered;
    uint64_t left;
    uint64_t cases;
    uint64_t releases;
    uint64_t failures;
};

/* nqGroupTable. One row for each group of the configuration, in its order. */
struct nq_group_row {
    uint32_t index;   /* 1.. */
    uint32_t manager; /* 1.. */
    const char *name;
    const char *path;
    enum nq_group_role role;
    uint32_t members;
    uint32_t tagged;
    struct nq_group_counters counters;
    int64_t changed_ms;
    uint64_t traffic[NQ_TRAFFIC_COUNT]; /* of all rules that name the group; only rises */
    enum nq_realized realized;
};

/* nqRuleTable: a DFW rule that names a group. */
struct nq_rule_row {
    uint32_t group; /* 1.. */
    uint32_t index; /* given to the rule for good when it is seen for the first time */
    char *name;
    char *path;
    enum nq_rule_action action;
    enum nq_rule_direction direction;
    uint32_t enabled;                   /* TruthValue */
    uint64_t traffic[NQ_TRAFFIC_COUNT]; /* only rises: a reset in NSX is seen through */
    uint32_t sequence;
};

/* nqManagerTable. One row for each manager of the configuration, in its order. */
struct nq_manager_row {
    uint32_t index; /* 1.. */
    const char *name;
    enum nq_manager_type type;
    enum nq_manager_state state;
    const char *url;
    const char *version;
    uint64_t requests;
    uint64_t errors;
    uint64_t retries;
    uint32_t in_flight;
    uint32_t queue;
    uint32_t latency_ms;
    int64_t last_ok_ms;
    uint32_t vms;
    int64_t synced_ms;
    int64_t tls_expires_ms;
    char *last_error;
};

/* nqTriggerTable. One row for each trigger of the configuration, in its order. */
struct nq_trigger_row {
    uint32_t index; /* 1.. */
    const char *name;
    enum nq_trigger_action action;
    enum nq_proof proof;
    uint64_t matches; /* traps that it recognised */
    uint64_t acted;   /* of them: counted as acted on */
    uint64_t refused; /* of them: counted as refused or as malformed */
    int64_t last_ms;  /* the newest of them */
};

enum nq_health { NQ_HEALTH_OK = 1, NQ_HEALTH_DEGRADED, NQ_HEALTH_FAILED };

/* Scalars of branches 1 to 5 that are not build constants. */
struct nq_engine_view {
    enum nq_mode mode;
    enum nq_health health;
    const char *health_text; /* one sentence; what to do when it is not ok */
    int64_t started_ms;      /* wall */
    bool read_only;          /* snmp.write of the configuration: no SET is taken */
    uint32_t cases_open;
    uint32_t cases_quarantined;
    uint32_t cases_isolated;
    uint32_t cases_held;
    uint32_t cases_failed;
    uint32_t oldest_pending_ms;
    enum nq_governor_state governor_state;
    const char *governor_reason;  /* "" while it is normal; one sentence */
    uint32_t governor_hour_count; /* VMs quarantined within the last hour */
    uint32_t governor_hour_limit; /* 0: none */
    int64_t reconciled_ms; /* wall, end of the last complete comparison; 0: never */
    const char *log_head;  /* hash of the newest entry of the audit log; "" */
    uint64_t rows_changed; /* rises with every change of any case row */
    struct nq_timing_view tag_times;     /* first signal to acknowledged tag */
    struct nq_timing_view isolate_times; /* first signal to proven isolation */
    enum nq_notice summary_of;           /* the last summary: notices of this kind ... */
    uint32_t summary_count;              /* ... so many did not leave; 0: none yet */
    uint32_t notify_burst;
    uint32_t notify_window_s;
    uint64_t counters[NQ_COUNTER_COUNT];
};

void nq_engine_view(const struct nq_engine *engine, struct nq_engine_view *ret_view);

/* All rows in rising order of id. The array is valid until the next call that may change
 * it: any event of the engine. */
const struct nq_case *const *nq_engine_cases(const struct nq_engine *engine,
                                             size_t *ret_count);
const struct nq_group_row *nq_engine_groups(const struct nq_engine *engine,
                                            size_t *ret_count);
/* Sorted by group, then index. */
const struct nq_rule_row *nq_engine_rules(const struct nq_engine *engine,
                                          size_t *ret_count);
const struct nq_manager_row *nq_engine_managers(struct nq_engine *engine,
                                                size_t *ret_count);
const struct nq_trigger_row *nq_engine_triggers(const struct nq_engine *engine,
                                                size_t *ret_count);
/* nqFindingTable: sorted by index. */
const struct nq_finding *const *nq_engine_findings(const struct nq_engine *engine,
                                                   size_t *ret_count);
/* nqLogTable: the newest NQ_LOG_SHOWN entries of the audit log by number, committed or to be
 * committed at the end of this turn. */
const struct nq_log_entry *const *nq_engine_log(const struct nq_engine *engine,
                                                size_t *ret_count);

#endif
