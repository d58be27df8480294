/* SPDX-License-Identifier: Apache-2.0 */
/* base.h: memory that never fails, the two clocks, and an error as one sentence.
 * Not shared with plugin/: the simulator must not inherit a bug of the product it tests.
 *
 * Owns    nothing; what the allocating functions return belongs to the caller (free()).
 * Blocks  never.
 * Thread  any.
 * Fails   memory failure ends the process.
 * Limits  SIM_ERR_TEXT bytes of error text; longer text is cut at the end.
 */
#ifndef SIM_BASE_H
#define SIM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_ERR_TEXT 512

#define SIM_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct sim_err {
    char text[SIM_ERR_TEXT];
};

/* Fills err and returns false, so that a check ends with `return sim_fail(err, ...)`. */
bool sim_fail(struct sim_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void *sim_alloc(size_t count, size_t size);             /* zeroed */
void *sim_grow(void *array, size_t count, size_t size); /* realloc to count elements */
char *sim_strdup(const char *text);                     /* NULL stays NULL */
char *sim_strndup(const char *text, size_t length);     /* adds the NUL */
char *sim_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

uint64_t sim_now_ms(void);  /* monotonic, for delays */
int64_t sim_epoch_ms(void); /* wall clock, for what the API shows */
int64_t sim_epoch_us(void); /* and for the journal */

/* ASCII only, as NSX names compare; locale does not matter. */
bool sim_same_text(const char *a, const char *b);

/* Decimal digits only, at most max; false for anything else. */
bool sim_parse_number(const char *text, uint64_t max, uint64_t *ret_number);

#endif
