/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h: a byte buffer that grows up to a maximum fixed when it is made.
 * Not for: binary protocols with seeking.
 *
 * Owns    its bytes until nq_buf_done() or nq_buf_take().
 * Blocks  never.
 * Thread  the thread of its owner.
 * Fails   nq_buf_add() returns false once the maximum would be passed; nothing is added.
 * Limits  max, given to nq_buf_init().
 */
#ifndef NQ_BASE_BUF_H
#define NQ_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct nq_buf {
    char *data; /* NUL-terminated once something was added, else NULL */
    size_t len; /* without the NUL */
    size_t room;
    size_t max;
};

void nq_buf_init(struct nq_buf *buf, size_t max);
void nq_buf_done(struct nq_buf *buf);
bool nq_buf_add(struct nq_buf *buf, const void *data, size_t len)
    __attribute__((warn_unused_result));
bool nq_buf_addf(struct nq_buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* Never NULL; borrowed until the next call on buf. */
const char *nq_buf_text(const struct nq_buf *buf);

/* Moves the bytes to the caller, who frees them; never NULL. buf is empty afterwards. */
char *nq_buf_take(struct nq_buf *buf);

/* Empties buf and keeps its room. */
void nq_buf_clear(struct nq_buf *buf);

#endif
