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

#include "world.h"

#define SIM_JOURNAL_MAX  50000
#define SIM_JOURNAL_BODY 4096 /* bytes of a request body that are kept */

struct sim_journal_request {
    uint64_t number;
    int64_t time_ms; /* wall clock */
    char *method;
    char *target;
    char *body;
    unsigned status; /* 0: none was sent */
    bool answered;
    const char *fault; /* its kind, static, or NULL */
};

struct sim_journal_change {
    uint64_t number;
    uint64_t request; /* 0: a control call */
    int64_t time_ms;
    char *external_id;
    char *display_name;
    bool added;
    char *scope;
    char *tag;
};

struct sim_journal {
    uint64_t last_request;
    uint64_t last_change;
    uint64_t dropped;
    size_t request_count;
    struct sim_journal_request *requests;
    size_t change_count;
    struct sim_journal_change *changes;
};

uint64_t sim_journal_begin(struct sim_journal *journal, const char *method,
                           const char *target, const char *body, size_t length);
/* No effect when the entry was cleared in the meantime. */
void sim_journal_fault(struct sim_journal *journal, uint64_t number, const char *fault);
void sim_journal_answer(struct sim_journal *journal, uint64_t number, unsigned status,
                        bool answered);
/* The answer did not reach the client after all. */
void sim_journal_lost(struct sim_journal *journal, uint64_t number);
void sim_journal_change(struct sim_journal *journal, const struct sim_change *change);

/* Numbers go on; they never repeat within one run. */
void sim_journal_clear(struct sim_journal *journal);

/* At least so many requests above since, and changes by them. */
bool sim_journal_has(const struct sim_journal *journal, uint64_t since, uint64_t requests,
                     uint64_t changes);
/* Requests above since, and the changes they made. 0: everything. */
cJSON *sim_journal_json(const struct sim_journal *journal, uint64_t since);

#endif
