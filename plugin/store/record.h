/* SPDX-License-Identifier: Apache-2.0 */
/* record.h: what is kept: cases, signals and counters, as plain data.
 * Not for: behaviour. quarantine/case.h decides, store.h keeps, mib/ shows.
 *
 * Owns    a struct nq_case owns its strings; nq_case_done() frees them.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  every text at most NQ_TEXT_MAX bytes, escaped (nq_text_set()); NULL means "".
 *         The text of a trap that is kept is no text for people: trap/text.h reads it.
 *
 * The numbers of the enums are those of NSX-QUARANTINE-MIB and of the database: never
 * renumber.
 */
#ifndef NQ_STORE_RECORD_H
#define NQ_STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* nqVmOperState */
enum nq_case_state {
    NQ_CASE_OBSERVED = 1,
    NQ_CASE_HELD,
    NQ_CASE_TAGGING,
    NQ_CASE_TAGGED,
    NQ_CASE_ISOLATED,
    NQ_CASE_RELEASING,
    NQ_CASE_RELEASED,
    NQ_CASE_FAILED,
    NQ_CASE_VANISHED,
    NQ_CASE_STATE_END
};

/* nqGovernorState */
enum nq_governor_state {
    NQ_GOVERNOR_NORMAL = 1,
    NQ_GOVERNOR_GUARDED,
    NQ_GOVERNOR_TRIPPED,
    NQ_GOVERNOR_STATE_END
};

/* nqVmAdminState. Only the first two are ever stored: the rest are commands. */
enum nq_wanted {
    NQ_WANT_QUARANTINE = 1,
    NQ_WANT_RELEASE,
    NQ_WANT_APPROVE,
    NQ_WANT_DISMISS,
    NQ_WANT_RETRY,
    NQ_WANT_END
};

/* nqVmReason */
enum nq_reason {
    NQ_REASON_NONE = 1,
    NQ_REASON_PROTECTED,
    NQ_REASON_GOVERNOR,
    NQ_REASON_AMBIGUOUS,
    NQ_REASON_UNKNOWN_VM,
    NQ_REASON_UNPROVEN,
    NQ_REASON_NSX_REFUSED,
    NQ_REASON_NSX_UNREACHABLE,
    NQ_REASON_TAG_LOST,
    NQ_REASON_RUNG_LOST,
    NQ_REASON_OBSERVE_MODE,
    NQ_REASON_EXCLUDED,
    NQ_REASON_END
};

/* nqVmRungs, as a set of 1 << bit */
enum nq_rung {
    NQ_RUNG_TAG_PRESENT,
    NQ_RUNG_GROUP_MEMBER,
    NQ_RUNG_RULE_REALIZED,
    NQ_RUNG_NOT_EXCLUDED,
    NQ_RUNG_TRAFFIC_DROPPED,
    NQ_RUNG_COUNT
};
#define NQ_RUNG_BIT(rung) (1U << (rung))

/* nqVmOwner */
enum nq_owner { NQ_OWNER_OURS = 1, NQ_OWNER_FOREIGN };

/* nqEngineMode */
enum nq_mode { NQ_MODE_OBSERVE = 1, NQ_MODE_ENFORCE, NQ_MODE_STOPPED, NQ_MODE_END };

/* One episode of one VM. Times are wall clock milliseconds, 0 = never. */
struct nq_case {
    uint32_t id; /* nqVmCase: rising, never reused */
    enum nq_case_state state;
    enum nq_wanted wanted; /* quarantine or release */
    enum nq_reason reason;
    enum nq_owner owner;
    uint32_t signals;         /* signals absorbed, the first included */
    uint32_t attempts;        /* tries of the present step since the last progress */
    uint32_t tag_writes;      /* 0: our tag was neither planned nor seen on this VM */
    uint32_t rungs;           /* set of NQ_RUNG_BIT() proven at the last look */
    uint32_t tag_time_ms;     /* detection to NSX acknowledgement; 0 until then */
    uint32_t isolate_time_ms; /* detection to state isolated; 0 until then */
    uint32_t approved;        /* 1: a person lets it pass the governor */
    int64_t detected_ms;      /* the first signal was received */
    int64_t changed_ms;       /* last change of state */
    int64_t deadline_ms;      /* the present state may last until then; 0 = no limit */
    int64_t release_at_ms;    /* time limit of the quarantine; 0 = none */
    int64_t admitted_ms;      /* the governor let it write; 0 = not yet */
    int64_t last_detected_ms; /* the newest detection was received */
    char *identity;           /* the computer as the trap named it */
    char *name;               /* display name, or identity until the VM is known */
    char *manager_name;       /* of the configuration; NULL until the VM is known */
    char *external_id;        /* NSX external id; NULL until the VM is known */
    char *host_name;
    char *addresses; /* comma list */
    char *reason_text;
    char *trigger;
    char *cause;
    char *severity;
    char *changed_by;
    char *tag; /* scope|tag */
    char *last_error;
    char *comment;

    /* Not kept: the number of manager_name in the present configuration (nqVmManager),
     * 1.., 0 while it is not known. */
    uint32_t manager;
};

/* One trap as evidence for one case. */
struct nq_signal {
    uint32_t case_id;
    uint32_t number; /* 1 for the first signal of the case, 2 for the second, ... */
    int64_t received_ms;
    const char *source;   /* transport address of the sender */
    const char *trigger;  /* name of the trigger */
    const char *identity; /* as in struct nq_case */
    const char *cause;
    const char *severity;
    const char *evidence; /* the varbinds, escaped, one line */
};

#define NQ_UNMATCHED_MAX 50

/* A trap that no trigger recognises: the newest one of its kind. Owns its strings. */
struct nq_unmatched {
    uint32_t slot;   /* its place, below NQ_UNMATCHED_MAX; a younger kind may take it */
    uint32_t number; /* what people call it by: rising, never reused */
    uint64_t count;  /* traps of this kind */
    int64_t first_ms;
    int64_t last_ms;
    char *source;
    char *trap_oid;
    char *text; /* the form of trap/text.h */
};

/* One quarantine that the governor let pass, or would have in observe mode: what its
 * budgets count. Owns its strings. */
struct nq_admission {
    uint32_t case_id;
    uint32_t rehearsed; /* 1: in observe mode, nothing was written */
    int64_t at_ms;
    char *cause;
    char *groups; /* tally owners of the VM's watched groups, each ended by \n; or NULL */
};

/* What of the governor survives a restart. Owns its string. */
struct nq_governor_record {
    enum nq_governor_state state;
    int64_t changed_ms; /* of the state */
    int64_t rearmed_ms; /* when its admissions were deleted last; 0 = never */
    char *reason;       /* why it is not normal; NULL: it is */
};

#define NQ_LOG_SHOWN    1000 /* newest entries that nqLogTable shows */
#define NQ_EVIDENCE_MAX 4096 /* bytes of nq_log_entry.evidence */
#define NQ_HASH_TEXT    65   /* a SHA-256 in lower case hex, and a NUL */

/* One entry of the audit log: a decision, who made it, and on what evidence. Owns its
 * strings, which are escaped. */
struct nq_log_entry {
    uint32_t number;  /* nqLogIndex: rising by one, never reused */
    uint32_t case_id; /* 0: it is about no case */
    int64_t at_ms;
    char *event; /* at most NQ_TEXT_MAX bytes, as the next two */
    char *actor;
    char *text;
    char *evidence; /* at most NQ_EVIDENCE_MAX bytes; NULL: none */
};

/* Counters that survive a restart: nqTraps, the monotonic part of nqCases and
 * nqNotifySuppressed. */
enum nq_counter {
    NQ_COUNT_TRAPS_RECEIVED,
    NQ_COUNT_TRAPS_ACTED,
    NQ_COUNT_TRAPS_COALESCED,
    NQ_COUNT_TRAPS_IGNORED,
    NQ_COUNT_TRAPS_HELD,
    NQ_COUNT_TRAPS_REFUSED,
    NQ_COUNT_TRAPS_MALFORMED,
    NQ_COUNT_TRAPS_SPOOLED,
    NQ_COUNT_TRAPS_KERNEL_DROPS,
    NQ_COUNT_CASES_OPENED,
    NQ_COUNT_CASES_RELEASED,
    NQ_COUNT_NOTICES_SUPPRESSED,
    NQ_COUNTER_COUNT
};

/* One row for each member of struct nq_case: the one list from which the database columns,
 * the copying and the freeing of a case are made. */
enum nq_field_kind { NQ_FIELD_U32, NQ_FIELD_I64, NQ_FIELD_TEXT };

struct nq_case_field {
    const char *name; /* also the name of the database column */
    enum nq_field_kind kind;
    size_t offset;
};

extern const struct nq_case_field nq_case_fields[];
extern const size_t nq_case_field_count;

/* Address of a member; cast away const only for a case that the caller owns. */
static inline const void *nq_case_member(const struct nq_case *record,
                                         const struct nq_case_field *field)
{
    return (const char *)record + field->offset;
}

/* Deep copy; ret_copy is overwritten, not freed. */
void nq_case_copy(const struct nq_case *record, struct nq_case *ret_copy);

/* Frees the strings, not the struct. Takes a zeroed struct too. */
void nq_case_done(struct nq_case *record);

/* Over every member that is kept, to see whether anything changed. Never 0. */
uint64_t nq_case_hash(const struct nq_case *record);

/* The same two for a trap. */
void nq_unmatched_copy(const struct nq_unmatched *record, struct nq_unmatched *ret_copy);
void nq_unmatched_done(struct nq_unmatched *record);
void nq_admission_copy(const struct nq_admission *record, struct nq_admission *ret_copy);
void nq_admission_done(struct nq_admission *record);
void nq_log_entry_copy(const struct nq_log_entry *entry, struct nq_log_entry *ret_copy);
void nq_log_entry_done(struct nq_log_entry *entry);

/* "tagging", "unknownVm", ... as in the MIB; "" for a number that is none. Static. */
const char *nq_case_state_name(enum nq_case_state state);
const char *nq_reason_name(enum nq_reason reason);
const char *nq_mode_name(enum nq_mode mode);
const char *nq_governor_state_name(enum nq_governor_state state);
const char *nq_counter_name(enum nq_counter counter);

#endif
