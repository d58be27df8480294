/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h: what an answer of NSX means: one pure function, one table.
 * Not for: deciding what to do about it; nq_err_fate() says that.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   it is about failures; it has none itself.
 * Limits  NQ_ERR_DETAIL bytes of detail: status, code, request id, then the message.
 */
#ifndef NQ_NSX_JUDGE_H
#define NQ_NSX_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "nsx/http.h"

#define NQ_FAULT_TEXT 160

/* The error body of NSX, as far as there is one. */
struct nq_fault {
    int64_t code;                /* 0: none; NSX sends a number or a string */
    char module[32];             /* "" when absent */
    char message[NQ_FAULT_TEXT]; /* the most useful text of the body, "" when none */
};

/* What HTTP status and error code mean; 0 for an answer without a code. Pure. */
typedef enum nq_code nq_judge_status_fn(int status, int64_t fault_code);

/* true: an answer to work with. Else *reterr says what it is. fault may be NULL. garbled
 * is why a 2xx answer cannot be used, NULL when it can. */
bool nq_judge(const struct nq_http_answer *answer, nq_judge_status_fn *judge_status,
              const struct nq_fault *fault, const char *garbled, struct nq_err *reterr);

/* true: the session or token that the request showed is not valid (any more); a password
 * was not even looked at. */
bool nq_judge_is_stale(int status, int64_t fault_code);

/* true: this node cannot answer now, another one of its cluster may. */
bool nq_judge_is_sick(int status, int64_t fault_code);

/* The table of the Policy API. */
enum nq_code nq_judge_policy(int status, int64_t fault_code);

#endif
