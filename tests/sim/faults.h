/* SPDX-License-Identifier: Apache-2.0 */
/* faults.h: which request is to go wrong, and how.
 * Not for: doing it; exchange.c does.
 *
 * Owns    the list of faults; what sim_faults_take() hands out is a copy.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_faults_add(): false and a sentence that names the member.
 * Limits  SIM_FAULTS_MAX faults.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "http.h"

#define SIM_FAULTS_MAX 1000
#define SIM_PAD_MAX    (1024u * 1024 * 1024)

enum sim_fault_kind {
    SIM_FAULT_NONE,
    SIM_FAULT_DELAY,            /* answers late */
    SIM_FAULT_HANG,             /* never answers, nothing applied */
    SIM_FAULT_HOLD,             /* waits for /sim/release, nothing applied yet */
    SIM_FAULT_HOLD_AFTER,       /* applied, the answer waits for /sim/release */
    SIM_FAULT_STATUS,           /* answers what the fault says, nothing applied */
    SIM_FAULT_HTML,             /* 200 and the page of a proxy, nothing applied */
    SIM_FAULT_TRUNCATE,         /* applied, only the first bytes of the body */
    SIM_FAULT_HALF,             /* applied, only the first half of the body */
    SIM_FAULT_RESET,            /* connection reset, nothing applied */
    SIM_FAULT_DROP_AFTER_APPLY, /* applied, connection closed without an answer */
    SIM_FAULT_IGNORE,           /* answers success, nothing applied */
    SIM_FAULT_PAD,              /* applied, the body blown up with spaces */
    SIM_FAULT_SLOW,             /* applied, the body trickles */
    SIM_FAULT_CHUNKED,          /* applied, the body of no announced length */
};

struct sim_fault {
    cJSON *doc; /* as it was posted */
    enum sim_fault_kind kind;
    uint64_t matched; /* requests it fits, the skipped ones included */
    uint64_t applied;
};

struct sim_faults {
    size_t count;
    struct sim_fault *items;
};

/* What happens to one request. */
struct sim_plan {
    enum sim_fault_kind kind;
    uint64_t delay_ms; /* of any kind: waits first */
    uint64_t truncate;
    uint64_t pad_to; /* of any kind that answers, as the next two */
    uint64_t bytes_per_s;
    bool chunked;
    struct sim_reply reply; /* for STATUS and HTML */
};

/* list: a fault or a list of them. All are added or none. */
bool sim_faults_add(struct sim_faults *faults, const cJSON *list, struct sim_err *err)
    __attribute__((warn_unused_result));
void sim_faults_clear(struct sim_faults *faults);
cJSON *sim_faults_json(const struct sim_faults *faults);

/* The plan of the first fault that fits and still applies; counts it. */
struct sim_plan sim_faults_take(struct sim_faults *faults,
                                const struct sim_request *request);
void sim_plan_done(struct sim_plan *plan);

const char *sim_fault_name(enum sim_fault_kind kind); /* static; NULL for NONE */

#endif
