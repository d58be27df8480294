/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h: what was asked of NSX, and what it really changed.
 *
 * Owns    its entries.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   never.
 * Limits  SIM_JOURNAL_MAX entries of each list; older ones go, and are counted.
 */
#ifndef SIM_JOURNAL_H
#define SIM_JOURNAL_H

#include "http.h"

#define SIM_JOURNAL_MAX  50000
#define SIM_JOURNAL_BODY (64u * 1024) /* bytes of a request body that are kept */
/* Of the body of an answer, and of all of them together: older ones are let go. */
#define SIM_JOURNAL_ANSWER  (64u * 1024)
#define SIM_JOURNAL_ANSWERS (64u * 1024 * 1024)

struct sim_journal_request {
    uint64_t number;
    int64_t time_us; /* wall clock */
    char *method;
    char *target;
    char *body;
    unsigned node;
    cJSON *headers;  /* the few that tests ask for */
    unsigned status; /* 0: none was sent */
    char *answer_type;
    char *answer; /* NULL: none, or let go */
    size_t answer_length;
    bool answered;
    const char *fault; /* its kind, static, or NULL */
};

struct sim_journal_change {
    uint64_t number;
    uint64_t request; /* 0: a control call */
    int64_t time_us;
    char *external_id;
    char *display_name;
    bool added;
    char *scope;
    char *tag;
};

/* A tag that really came to or left a VM. request is 0 when a control call did it. */
struct sim_change {
    uint64_t request;
    const char *external_id;
    const char *display_name;
    bool added;
    const char *scope;
    const char *tag;
};

struct sim_journal {
    uint64_t last_request;
    uint64_t last_change;
    uint64_t dropped;
    size_t answer_bytes; /* of all answers that are kept */
    size_t answers_gone; /* requests at the front whose answers were let go */
    size_t request_count;
    struct sim_journal_request *requests;
    size_t change_count;
    struct sim_journal_change *changes;
};

uint64_t sim_journal_begin(struct sim_journal *journal,
                           const struct sim_request *request);
/* No effect when the entry was cleared in the meantime. */
void sim_journal_fault(struct sim_journal *journal, uint64_t number, const char *fault);
void sim_journal_answer(struct sim_journal *journal, uint64_t number, unsigned status,
                        const struct sim_reply *reply, bool answered);
/* The answer did not reach the client after all. */
void sim_journal_lost(struct sim_journal *journal, uint64_t number);
void sim_journal_change(struct sim_journal *journal, const struct sim_change *change);

/* Numbers go on; they never repeat within one run. */
void sim_journal_clear(struct sim_journal *journal);

/* Requests above since, and the changes they made. 0: everything. bodies: with what was
 * answered. */
cJSON *sim_journal_json(const struct sim_journal *journal, uint64_t since, bool bodies);

#endif
