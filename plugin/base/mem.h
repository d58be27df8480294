/* SPDX-License-Identifier: Apache-2.0 */
/* mem.h: memory that is there, or the process ends.
 * Every step of ours is durable before it has an effect, so after a clean stop the next
 * start goes on where this one ended; a half-done step in memory would be worse.
 * Everything that grows has a maximum, so these calls fail only on a machine in trouble.
 *
 * Owns    the caller owns what is returned and frees it with free().
 * Blocks  never.
 * Thread  any.
 * Fails   by abort(), after one line on standard error.
 * Limits  none of its own.
 */
#ifndef NQ_BASE_MEM_H
#define NQ_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for count elements of size bytes. */
void *nq_calloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/* realloc() for count elements of size bytes; new memory is not zeroed. */
void *nq_realloc(void *old, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* Hands what was freed back to the system, once something large was. */
void nq_mem_give_back(void);

/* strdup(); NULL gives NULL. */
char *nq_strdup(const char *text) __attribute__((malloc, warn_unused_result));

/* A copy of the first len bytes with a NUL behind them. */
char *nq_strndup(const char *text, size_t len)
    __attribute__((malloc, warn_unused_result));

/* asprintf() that returns the string. */
char *nq_sprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), malloc, warn_unused_result));

#endif
