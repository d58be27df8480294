/* SPDX-License-Identifier: Apache-2.0 */
/* case.h: the life of a case as a table: (state, event) -> state, effect.
 * Not for: performing effects, or keeping anything: engine.c does.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any; nq_case_step() is a pure function.
 * Fails   an event that the state does not know has no step and changes nothing.
 * Limits  none.
 */
#ifndef NQ_QUARANTINE_CASE_H
#define NQ_QUARANTINE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quarantine/engine.h"
#include "store/record.h"

enum nq_case_event {
    NQ_EV_OPENED,    /* a signal opened the case */
    NQ_EV_CONFIRMED, /* it was opened without proof, and a signal with proof came */
    NQ_EV_WITNESSED, /* the same in observe mode */
    NQ_EV_RESUMED,   /* the engine started, or may write again, and finds the case */
    NQ_EV_ARMED,     /* the mode became enforce */
    NQ_EV_DISARMED,  /* a write was due but the mode is observe */
    NQ_EV_FOUND,     /* the identity leads to exactly one regular VM */
    NQ_EV_NOT_YET,   /* it does not, but the inventory may still catch up */
    NQ_EV_UNKNOWN,   /* it leads to none */
    NQ_EV_AMBIGUOUS, /* it leads to several */
    NQ_EV_PROTECTED, /* it leads to a VM that is never quarantined */
    NQ_EV_ADDED,     /* NSX acknowledged the tag */
    NQ_EV_REMOVED,   /* NSX acknowledged the removal */
    NQ_EV_PRESENT,   /* a fresh read shows our tag */
    NQ_EV_ABSENT,    /* a fresh read shows that our tag is not there */
    NQ_EV_UNCHANGED, /* a fresh read does not show a change that NSX acknowledged */
    NQ_EV_GONE,      /* NSX has no such VM any more */
    NQ_EV_MERGED,    /* another case already has this VM */
    NQ_EV_CLEARED,   /* neither guard nor governor is against the addition */
    NQ_EV_GOVERNED,  /* the governor is */
    NQ_EV_REARMED,   /* the governor held the case and lets it pass now */
    NQ_EV_DOUBTED,   /* something in NSX changed that the isolation depends on */
    NQ_EV_TAKEN_OFF, /* somebody took our tag off, which counts as a release */
    NQ_EV_LATE,      /* prove_timeout has passed and the isolation is not proven */
    NQ_EV_RECREATED, /* the VM is gone; a new one has its name, and the case follows it */
    NQ_EV_NOT_RECREATED,
    NQ_EV_PROVEN, /* every rung that can be proven holds */
    NQ_EV_NOT_PROVEN,
    NQ_EV_CALL_RETRY, /* the call failed and may succeed later */
    NQ_EV_CALL_STOP,  /* the call failed and a person must look */
    NQ_EV_REFUSED,    /* NSX refused to remove the tag: perhaps there is none */
    NQ_EV_EXPIRED,    /* the deadline of the state has passed */
    NQ_EV_APPROVE,
    NQ_EV_DISMISS,
    NQ_EV_RELEASE,       /* and our tag may be on the VM */
    NQ_EV_DROP,          /* release, and nothing was ever written for this VM */
    NQ_EV_RETRY,         /* retry, and quarantine is wanted */
    NQ_EV_RETRY_RELEASE, /* retry, and release is wanted */
    NQ_EV_END
};

/* What the engine does after the change is durable. */
enum nq_case_effect {
    NQ_DO_NOTHING,
    NQ_DO_IDENTIFY, /* find the VM if it is unknown, else nothing */
    NQ_DO_LOOK,     /* find the VM if it is unknown, else read its tags */
    NQ_DO_REFIND,   /* forget the VM, find it by the identity */
    NQ_DO_VET,      /* may this VM be quarantined, and now? */
    NQ_DO_ADD,
    NQ_DO_READ,
    NQ_DO_REMOVE,
    NQ_DO_PROVE,
    NQ_DO_SEEK,  /* the VM is gone: is there a new one with its name? */
    NQ_DO_FORGET /* delete the case */
};

enum nq_case_when {
    NQ_NOW,
    NQ_PACED,       /* after the back-off of the attempts so far */
    NQ_AT_INTERVAL, /* after verify_interval */
};

struct nq_case_step {
    enum nq_case_state to;
    enum nq_case_effect effect;
    enum nq_case_when when;
    enum nq_reason reason; /* 0: stays as it is */
    enum nq_wanted wanted; /* 0: stays as it is */
    enum nq_notice notice;
};

/* One row. A table has at most one for each (from, event). */
struct nq_case_move {
    enum nq_case_state from;
    enum nq_case_event event;
    struct nq_case_step step;
};

struct nq_case_table {
    const struct nq_case_move *moves;
    size_t count;
};

/* The product's. */
extern const struct nq_case_table nq_case_table;

/* false: this state does not know the event. Pure. */
bool nq_case_step(const struct nq_case_table *table, enum nq_case_state state,
                  enum nq_case_event event, struct nq_case_step *ret_step);

/* The event that a command is for this case; false when the command makes no sense now.
 * Pure. */
bool nq_case_command_event(const struct nq_case_table *table,
                           const struct nq_case *record, enum nq_mode mode,
                           enum nq_wanted command, enum nq_case_event *ret_event);

/* Our tag may be on the VM of this case, as far as the record tells: release has to remove
 * it. Pure. */
bool nq_case_may_carry_tag(const struct nq_case *record);

/* The case still needs something: neither released nor foreign. */
bool nq_case_is_open(const struct nq_case *record);

/* "found", "callRetry", ...: for logs. Static. */
const char *nq_case_event_name(enum nq_case_event event);

#endif
