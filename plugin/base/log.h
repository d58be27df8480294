/* SPDX-License-Identifier: Apache-2.0 */
/* log.h: one sentence to the operator, with key=value pairs behind it.
 * Not for: the audit of cases, which is in the store.
 *
 * Owns    the sink (a function and its argument).
 * Blocks  as long as the sink does.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  NQ_LOG_LINE bytes a line; control characters are escaped before the sink.
 *
 * Levels have a rule. ERROR: somebody must act. WARNING: we went on, but look. NOTICE: a
 * quarantine began, ended or was released. INFO: life cycle. DEBUG: everything else.
 */
#ifndef NQ_BASE_LOG_H
#define NQ_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define NQ_LOG_LINE 1024

enum nq_log_level {
    NQ_LOG_ERROR,
    NQ_LOG_WARNING,
    NQ_LOG_NOTICE,
    NQ_LOG_INFO,
    NQ_LOG_DEBUG,
};

typedef void nq_log_sink_fn(void *arg, enum nq_log_level level, const char *line);

/* Where lines go from now on; NULL is standard error, the default. */
void nq_log_to(nq_log_sink_fn *sink, void *arg);

/* Lines above this level are dropped; the default is NQ_LOG_INFO. */
void nq_log_level(enum nq_log_level most);

void nq_log(enum nq_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Keeps what an outsider can provoke from filling the log: NQ_LOG_LIMIT_LINES lines a
 * minute, then one that says how many were left out. One struct, zeroed, for each kind. */
#define NQ_LOG_LIMIT_LINES 20

struct nq_log_limit {
    int64_t minute; /* of the monotonic clock */
    unsigned lines;
    unsigned left_out;
};

/* Ask before each line. now_ms: monotonic. what: names the kind in the summary. */
bool nq_log_allows(struct nq_log_limit *limit, int64_t now_ms, const char *what);

/* "error", "warning", ...; static storage. */
const char *nq_log_level_name(enum nq_log_level level);

#endif
