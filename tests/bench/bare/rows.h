/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h: the file that hands rows from the walk of one table to another: one record for
 * each varbind of the walk, in its order, each followed by `len` bytes of BER content. */
#ifndef NQ_BENCH_ROWS_H
#define NQ_BENCH_ROWS_H

#include <stdint.h>

#define BENCH_CONTENT_MAX 4096

struct bench_record {
    uint32_t column;
    uint32_t index;
    uint32_t type; /* BER tag */
    uint32_t len;
};

#endif
