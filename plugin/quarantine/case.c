/* SPDX-License-Identifier: Apache-2.0 */
/* case.c: the table of a case's life, and the functions that read it. */
#include "quarantine/case.h"

#define MOVE(from_, event_, to_, effect_, when_, ...)                                    \
    {                                                                                    \
        .from = NQ_CASE_##from_, .event = NQ_EV_##event_, .step = {                      \
            .to = NQ_CASE_##to_,                                                         \
            .effect = NQ_DO_##effect_,                                                   \
            .when = NQ_##when_,                                                          \
            __VA_ARGS__                                                                  \
        }                                                                                \
    }
#define REASON(name) .reason = NQ_REASON_##name
#define NOTICE(name) .notice = NQ_NOTICE_##name
#define WANT(name)   .wanted = NQ_WANT_##name

/* One row a line, columns aligned. */
/* clang-format off */
static const struct nq_case_move moves[] = {
    /* Observe mode: everything but the write. */
    MOVE(OBSERVED,  OPENED,        OBSERVED,  IDENTIFY, NOW,         REASON(OBSERVE_MODE)),
    MOVE(OBSERVED,  RESUMED,       OBSERVED,  IDENTIFY, NOW,         REASON(OBSERVE_MODE)),
    MOVE(OBSERVED,  FOUND,         OBSERVED,  VET,      NOW,         REASON(OBSERVE_MODE)),
    MOVE(OBSERVED,  PRESENT,       OBSERVED,  NOTHING,  NOW,         REASON(OBSERVE_MODE)),
    MOVE(OBSERVED,  ABSENT,        OBSERVED,  VET,      NOW,         REASON(OBSERVE_MODE)),
    MOVE(OBSERVED,  CLEARED,       OBSERVED,  NOTHING,  NOW,         REASON(OBSERVE_MODE)),
    MOVE(OBSERVED,  GOVERNED,      HELD,      NOTHING,  NOW,         REASON(GOVERNOR), NOTICE(HELD)),
    MOVE(OBSERVED,  GONE,          OBSERVED,  REFIND,   PACED,       REASON(UNKNOWN_VM)),
    MOVE(OBSERVED,  MERGED,        RELEASED,  NOTHING,  NOW,         REASON(NONE)),
    MOVE(OBSERVED,  NOT_YET,       OBSERVED,  IDENTIFY, PACED,       0),
    MOVE(OBSERVED,  UNKNOWN,       HELD,      NOTHING,  NOW,         REASON(UNKNOWN_VM), NOTICE(HELD)),
    MOVE(OBSERVED,  AMBIGUOUS,     HELD,      NOTHING,  NOW,         REASON(AMBIGUOUS), NOTICE(HELD)),
    MOVE(OBSERVED,  PROTECTED,     HELD,      NOTHING,  NOW,         REASON(PROTECTED), NOTICE(HELD)),
    MOVE(OBSERVED,  CALL_RETRY,    OBSERVED,  VET,      PACED,       REASON(NSX_UNREACHABLE)),
    MOVE(OBSERVED,  CALL_STOP,     FAILED,    NOTHING,  NOW,         REASON(NSX_REFUSED), NOTICE(FAILED)),
    MOVE(OBSERVED,  ARMED,         TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(OBSERVED,  APPROVE,       TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(OBSERVED,  DROP,          RELEASED,  NOTHING,  NOW,         REASON(NONE), WANT(RELEASE)),
    MOVE(OBSERVED,  RELEASE,       RELEASING, REMOVE,   NOW,         REASON(NONE), WANT(RELEASE)),
    MOVE(OBSERVED,  EXPIRED,       RELEASED,  NOTHING,  NOW,         WANT(RELEASE)),

    /* A person must decide. */
    MOVE(HELD,      OPENED,        HELD,      NOTHING,  NOW,         REASON(UNPROVEN), NOTICE(HELD)),
    MOVE(HELD,      CONFIRMED,     TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(HELD,      WITNESSED,     OBSERVED,  IDENTIFY, NOW,         REASON(OBSERVE_MODE)),
    MOVE(HELD,      RESUMED,       HELD,      NOTHING,  NOW,         0),
    MOVE(HELD,      REARMED,       TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(HELD,      APPROVE,       TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(HELD,      RETRY,         TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(HELD,      DROP,          RELEASED,  NOTHING,  NOW,         WANT(RELEASE), NOTICE(RELEASED)),
    MOVE(HELD,      RELEASE,       RELEASING, REMOVE,   NOW,         REASON(NONE), WANT(RELEASE)),

    /* Wanted, not yet acknowledged. After a restart, and after a call whose outcome is
     * unknown, the tag is read before anything is written. */
    MOVE(TAGGING,   OPENED,        TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(TAGGING,   RESUMED,       TAGGING,   LOOK,     NOW,         0),
    MOVE(TAGGING,   FOUND,         TAGGING,   VET,      NOW,         REASON(NONE)),
    MOVE(TAGGING,   CLEARED,       TAGGING,   ADD,      NOW,         0),
    MOVE(TAGGING,   GOVERNED,      HELD,      NOTHING,  NOW,         REASON(GOVERNOR), NOTICE(HELD)),
    MOVE(TAGGING,   MERGED,        RELEASED,  NOTHING,  NOW,         REASON(NONE)),
    MOVE(TAGGING,   NOT_YET,       TAGGING,   LOOK,     PACED,       0),
    MOVE(TAGGING,   UNKNOWN,       HELD,      NOTHING,  NOW,         REASON(UNKNOWN_VM), NOTICE(HELD)),
    MOVE(TAGGING,   AMBIGUOUS,     HELD,      NOTHING,  NOW,         REASON(AMBIGUOUS), NOTICE(HELD)),
    MOVE(TAGGING,   PROTECTED,     HELD,      NOTHING,  NOW,         REASON(PROTECTED), NOTICE(HELD)),
    MOVE(TAGGING,   DISARMED,      OBSERVED,  NOTHING,  NOW,         REASON(OBSERVE_MODE)),
    MOVE(TAGGING,   ADDED,         TAGGING,   READ,     NOW,         REASON(NONE)),
    MOVE(TAGGING,   PRESENT,       TAGGED,    PROVE,    NOW,         REASON(NONE)),
    MOVE(TAGGING,   ABSENT,        TAGGING,   VET,      NOW,         0),
    MOVE(TAGGING,   UNCHANGED,     TAGGING,   LOOK,     PACED,       REASON(NSX_REFUSED)),
    MOVE(TAGGING,   GONE,          TAGGING,   REFIND,   PACED,       REASON(UNKNOWN_VM)),
    MOVE(TAGGING,   CALL_RETRY,    TAGGING,   LOOK,     PACED,       REASON(NSX_UNREACHABLE)),
    MOVE(TAGGING,   CALL_STOP,     FAILED,    NOTHING,  NOW,         REASON(NSX_REFUSED), NOTICE(FAILED)),
    MOVE(TAGGING,   EXPIRED,       FAILED,    NOTHING,  NOW,         NOTICE(FAILED)),
    MOVE(TAGGING,   DROP,          RELEASED,  NOTHING,  NOW,         REASON(NONE), WANT(RELEASE), NOTICE(RELEASED)),
    MOVE(TAGGING,   RELEASE,       RELEASING, REMOVE,   NOW,         REASON(NONE), WANT(RELEASE)),

    /* Our tag is on the VM; the rungs are climbed. */
    MOVE(TAGGED,    RESUMED,       TAGGED,    PROVE,    NOW,         0),
    MOVE(TAGGED,    PROVEN,        ISOLATED,  PROVE,    AT_INTERVAL, REASON(NONE), NOTICE(ISOLATED)),
    MOVE(TAGGED,    NOT_PROVEN,    TAGGED,    PROVE,    PACED,       0),
    MOVE(TAGGED,    LATE,          TAGGED,    PROVE,    AT_INTERVAL, REASON(RUNG_LOST), NOTICE(RUNG_LOST)),
    MOVE(TAGGED,    DOUBTED,       TAGGED,    PROVE,    NOW,         0),
    MOVE(TAGGED,    ABSENT,        TAGGING,   VET,      NOW,         REASON(TAG_LOST), NOTICE(TAG_LOST)),
    MOVE(TAGGED,    TAKEN_OFF,     RELEASED,  NOTHING,  NOW,         REASON(NONE), WANT(RELEASE), NOTICE(RELEASED)),
    MOVE(TAGGED,    GONE,          VANISHED,  SEEK,     NOW,         REASON(UNKNOWN_VM)),
    MOVE(TAGGED,    CALL_RETRY,    TAGGED,    PROVE,    PACED,       REASON(NSX_UNREACHABLE)),
    MOVE(TAGGED,    CALL_STOP,     TAGGED,    PROVE,    PACED,       REASON(NSX_REFUSED)),
    MOVE(TAGGED,    RELEASE,       RELEASING, REMOVE,   NOW,         REASON(NONE), WANT(RELEASE)),

    /* Proven; looked at again and again. */
    MOVE(ISOLATED,  RESUMED,       ISOLATED,  PROVE,    AT_INTERVAL, 0),
    MOVE(ISOLATED,  PROVEN,        ISOLATED,  PROVE,    AT_INTERVAL, REASON(NONE)),
    MOVE(ISOLATED,  NOT_PROVEN,    TAGGED,    PROVE,    PACED,       REASON(RUNG_LOST), NOTICE(RUNG_LOST)),
    MOVE(ISOLATED,  DOUBTED,       ISOLATED,  PROVE,    NOW,         0),
    MOVE(ISOLATED,  ABSENT,        TAGGING,   VET,      NOW,         REASON(TAG_LOST), NOTICE(TAG_LOST)),
    MOVE(ISOLATED,  TAKEN_OFF,     RELEASED,  NOTHING,  NOW,         REASON(NONE), WANT(RELEASE), NOTICE(RELEASED)),
    MOVE(ISOLATED,  GONE,          VANISHED,  SEEK,     NOW,         REASON(UNKNOWN_VM)),
    MOVE(ISOLATED,  CALL_RETRY,    ISOLATED,  PROVE,    AT_INTERVAL, 0),
    MOVE(ISOLATED,  CALL_STOP,     ISOLATED,  PROVE,    AT_INTERVAL, 0),
    MOVE(ISOLATED,  RELEASE,       RELEASING, REMOVE,   NOW,         REASON(NONE), WANT(RELEASE)),

    /* Release wanted. The removal is repeated until NSX acknowledges it, for an addition
     * whose answer was lost may still arrive; the end is a fresh read without our tag. */
    MOVE(RELEASING, RESUMED,       RELEASING, REMOVE,   NOW,         0),
    MOVE(RELEASING, ADDED,         RELEASING, REMOVE,   NOW,         0),
    MOVE(RELEASING, REMOVED,       RELEASING, READ,     NOW,         0),
    MOVE(RELEASING, REFUSED,       RELEASING, READ,     NOW,         0),
    MOVE(RELEASING, UNCHANGED,     RELEASING, REMOVE,   PACED,       REASON(NSX_REFUSED)),
    MOVE(RELEASING, ABSENT,        RELEASED,  NOTHING,  NOW,         REASON(NONE), NOTICE(RELEASED)),
    MOVE(RELEASING, GONE,          RELEASED,  NOTHING,  NOW,         REASON(NONE), NOTICE(RELEASED)),
    MOVE(RELEASING, CALL_RETRY,    RELEASING, REMOVE,   PACED,       REASON(NSX_UNREACHABLE)),
    MOVE(RELEASING, CALL_STOP,     FAILED,    NOTHING,  NOW,         REASON(NSX_REFUSED), NOTICE(FAILED)),
    MOVE(RELEASING, EXPIRED,       FAILED,    NOTHING,  NOW,         NOTICE(FAILED)),
    MOVE(RELEASING, RETRY_RELEASE, RELEASING, REMOVE,   NOW,         0),

    /* Closed; the row stays for the immunity time. */
    MOVE(RELEASED,  RESUMED,       RELEASED,  NOTHING,  NOW,         0),
    MOVE(RELEASED,  EXPIRED,       RELEASED,  FORGET,   NOW,         0),

    /* Gave up; a person retries or dismisses. */
    MOVE(FAILED,    RESUMED,       FAILED,    NOTHING,  NOW,         0),
    MOVE(FAILED,    RETRY,         TAGGING,   LOOK,     NOW,         REASON(NONE)),
    MOVE(FAILED,    APPROVE,       TAGGING,   LOOK,     NOW,         REASON(NONE), WANT(QUARANTINE)),
    MOVE(FAILED,    RETRY_RELEASE, RELEASING, REMOVE,   NOW,         REASON(NONE)),
    MOVE(FAILED,    RELEASE,       RELEASING, REMOVE,   NOW,         REASON(NONE), WANT(RELEASE)),
    MOVE(FAILED,    DROP,          RELEASED,  NOTHING,  NOW,         REASON(NONE), WANT(RELEASE), NOTICE(RELEASED)),
    MOVE(FAILED,    DISMISS,       RELEASED,  NOTHING,  NOW,         WANT(RELEASE), NOTICE(RELEASED)),

    /* The VM left the inventory and may come back, with its tag or without. */
    MOVE(VANISHED,  RESUMED,       VANISHED,  READ,     NOW,         0),
    MOVE(VANISHED,  PRESENT,       TAGGED,    PROVE,    NOW,         REASON(NONE)),
    MOVE(VANISHED,  ABSENT,        TAGGING,   VET,      NOW,         REASON(TAG_LOST), NOTICE(TAG_LOST)),
    MOVE(VANISHED,  DOUBTED,       VANISHED,  READ,     NOW,         0),
    MOVE(VANISHED,  GONE,          VANISHED,  SEEK,     NOW,         0),
    MOVE(VANISHED,  RECREATED,     TAGGING,   VET,      NOW,         REASON(NONE)),
    MOVE(VANISHED,  NOT_RECREATED, VANISHED,  READ,     AT_INTERVAL, 0),
    MOVE(VANISHED,  CALL_RETRY,    VANISHED,  READ,     AT_INTERVAL, 0),
    MOVE(VANISHED,  CALL_STOP,     VANISHED,  READ,     AT_INTERVAL, 0),
    MOVE(VANISHED,  RELEASE,       RELEASING, REMOVE,   NOW,         REASON(NONE), WANT(RELEASE)),
    MOVE(VANISHED,  EXPIRED,       RELEASED,  NOTHING,  NOW,         WANT(RELEASE), NOTICE(RELEASED)),
};
/* clang-format on */

const struct nq_case_table nq_case_table = {moves, sizeof(moves) / sizeof(moves[0])};

bool nq_case_step(const struct nq_case_table *table, enum nq_case_state state,
                  enum nq_case_event event, struct nq_case_step *ret_step)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct nq_case_move *move = &table->moves[i];
        if (move->from == state && move->event == event) {
            *ret_step = move->step;
            return true;
        }
    }
    return false;
}

bool nq_case_command_event(const struct nq_case_table *table,
                           const struct nq_case *record, enum nq_mode mode,
                           enum nq_wanted command, enum nq_case_event *ret_event)
{
    static const enum nq_case_event events[NQ_WANT_END] = {
        /* A change of mind about a release that failed. */
        [NQ_WANT_QUARANTINE] = NQ_EV_APPROVE, [NQ_WANT_RELEASE] = NQ_EV_RELEASE,
        [NQ_WANT_APPROVE] = NQ_EV_APPROVE,    [NQ_WANT_DISMISS] = NQ_EV_DISMISS,
        [NQ_WANT_RETRY] = NQ_EV_RETRY,
    };
    if (record->owner != NQ_OWNER_OURS || command <= 0 || command >= NQ_WANT_END) {
        return false;
    }
    if (command == NQ_WANT_QUARANTINE && record->wanted == NQ_WANT_QUARANTINE) {
        return false; /* who writes back what he read approves nothing by it */
    }
    enum nq_case_event event = events[command];
    const bool gives_up =
        command == NQ_WANT_DISMISS &&
        (record->state == NQ_CASE_OBSERVED || record->state == NQ_CASE_HELD);
    if (command == NQ_WANT_RELEASE || gives_up) {
        event = nq_case_may_carry_tag(record) ? NQ_EV_RELEASE : NQ_EV_DROP;
    }
    if (event == NQ_EV_RETRY && record->wanted == NQ_WANT_RELEASE) {
        event = NQ_EV_RETRY_RELEASE;
    }
    struct nq_case_step step;
    if (!nq_case_step(table, record->state, event, &step)) {
        return false;
    }
    /* Approving in observe mode would only fall back to observed. */
    if (step.to == NQ_CASE_TAGGING && mode != NQ_MODE_ENFORCE) {
        return false;
    }
    *ret_event = event;
    return true;
}

bool nq_case_may_carry_tag(const struct nq_case *record)
{
    return record->external_id && record->tag_writes > 0;
}

bool nq_case_is_open(const struct nq_case *record)
{
    return record->state != NQ_CASE_RELEASED && record->owner == NQ_OWNER_OURS;
}

const char *nq_case_event_name(enum nq_case_event event)
{
    static const char *const names[NQ_EV_END] = {
        [NQ_EV_OPENED] = "opened",
        [NQ_EV_CONFIRMED] = "confirmed",
        [NQ_EV_WITNESSED] = "witnessed",
        [NQ_EV_RESUMED] = "resumed",
        [NQ_EV_ARMED] = "armed",
        [NQ_EV_DISARMED] = "disarmed",
        [NQ_EV_FOUND] = "found",
        [NQ_EV_NOT_YET] = "notYet",
        [NQ_EV_UNKNOWN] = "unknown",
        [NQ_EV_AMBIGUOUS] = "ambiguous",
        [NQ_EV_PROTECTED] = "protected",
        [NQ_EV_ADDED] = "added",
        [NQ_EV_REMOVED] = "removed",
        [NQ_EV_PRESENT] = "present",
        [NQ_EV_ABSENT] = "absent",
        [NQ_EV_UNCHANGED] = "unchanged",
        [NQ_EV_GONE] = "gone",
        [NQ_EV_MERGED] = "merged",
        [NQ_EV_CLEARED] = "cleared",
        [NQ_EV_GOVERNED] = "governed",
        [NQ_EV_REARMED] = "rearmed",
        [NQ_EV_DOUBTED] = "doubted",
        [NQ_EV_TAKEN_OFF] = "takenOff",
        [NQ_EV_LATE] = "late",
        [NQ_EV_RECREATED] = "recreated",
        [NQ_EV_NOT_RECREATED] = "notRecreated",
        [NQ_EV_PROVEN] = "proven",
        [NQ_EV_NOT_PROVEN] = "notProven",
        [NQ_EV_CALL_RETRY] = "callRetry",
        [NQ_EV_CALL_STOP] = "callStop",
        [NQ_EV_REFUSED] = "refused",
        [NQ_EV_EXPIRED] = "expired",
        [NQ_EV_APPROVE] = "approve",
        [NQ_EV_DISMISS] = "dismiss",
        [NQ_EV_RELEASE] = "release",
        [NQ_EV_DROP] = "drop",
        [NQ_EV_RETRY] = "retry",
        [NQ_EV_RETRY_RELEASE] = "retryRelease",
    };
    return event < NQ_EV_END ? names[event] : "";
}
