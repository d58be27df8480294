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

/* true: an answer to work with. Else *reterr says what it is. fault may be NULL. garbled
 * is why a 2xx answer cannot be used, NULL when it can. */
bool nq_judge(const struct nq_http_answer *answer, const struct nq_fault *fault,
              const char *garbled, struct nq_err *reterr);

#endif
