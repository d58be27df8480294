/* SPDX-License-Identifier: Apache-2.0 */
/* requests.h: quarantine or release by name, asked for by a SET: the rows of nqRequestTable.
 * Not for: knowing SNMP; mib/ turns faults into errors.
 *
 * Owns    the rows. They are not in the store: the cases that they lead to are. A host that closes
 *         an engine to open it again hands them from one to the other.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: a request that cannot be carried out says so in its row.
 * Limits  NQ_REQUESTS_MAX rows. A row goes by itself NQ_REQUEST_UNUSED_MS after the last SET
 *         when it was never active, NQ_REQUEST_FINISHED_MS after its result last changed
 *         when that is not pending; an active one that is pending stays as long as its case
 *         is.
 */
#ifndef NQ_QUARANTINE_REQUESTS_H
#define NQ_QUARANTINE_REQUESTS_H

#include <stddef.h>

#include "loop/loop.h"
#include "quarantine/request.h"

struct nq_engine;

#define NQ_REQUESTS_MAX        1000
#define NQ_REQUEST_UNUSED_MS   (5 * 60 * 1000)
#define NQ_REQUEST_FINISHED_MS (60 * 60 * 1000)

/* Zeroed is empty; a member of the engine. */
struct nq_requests {
    struct nq_request *rows; /* sorted by index */
    size_t count;
    size_t room;
    struct nq_timer timer; /* the next row that goes */
};

void nq_requests_done(struct nq_engine *engine);

/* Takes all rows out of the engine, for nq_engine_give_requests() to another one or
 * nq_requests_free(). */
struct nq_requests nq_engine_take_requests(struct nq_engine *engine);

/* The engine has the same state as the one they were taken from, and no rows yet. */
void nq_engine_give_requests(struct nq_engine *engine, struct nq_requests *requests);

/* Frees what was taken; it is empty then. */
void nq_requests_free(struct nq_requests *requests);

/* In rising order of their index; valid until the next call that may change them. */
const struct nq_request *nq_engine_requests(const struct nq_engine *engine,
                                            size_t *ret_count);

/* May the SET do this? others: rows that the same SET makes besides. A row that may be
 * changed stays for a while, so that it is there when the SET is carried out. */
struct nq_request_step nq_engine_may_request(struct nq_engine *engine,
                                             const struct nq_request_change *change,
                                             size_t others);

/* Carries it out; does nothing when it may not be any more. */
void nq_engine_request(struct nq_engine *engine, const struct nq_request_change *change,
                       const char *actor);

/* A case has changed. */
void nq_requests_on_case(struct nq_engine *engine, const struct nq_case *record);

/* Somebody asked for this case, and still waits for it. */
bool nq_requests_want(const struct nq_engine *engine, uint32_t case_id);

/* The requests of a case follow another one, which has the same VM. */
void nq_requests_move(struct nq_engine *engine, uint32_t from_case,
                      const struct nq_case *to);

#endif
