/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: formats, escapes and hands a line to the sink. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

static void to_stderr(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)fprintf(stderr, "nsx-quarantine: %s: %s\n", nq_log_level_name(level), line);
}

static nq_log_sink_fn *current_sink = to_stderr;
static void *current_arg;
static enum nq_log_level current_most = NQ_LOG_INFO;

void nq_log_to(nq_log_sink_fn *sink, void *arg)
{
    current_sink = sink ? sink : to_stderr;
    current_arg = arg;
}

void nq_log_level(enum nq_log_level most)
{
    current_most = most;
}

void nq_log(enum nq_log_level level, const char *fmt, ...)
{
    if (level > current_most) {
        return;
    }
    char raw[NQ_LOG_LINE];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(raw, sizeof(raw), fmt, args);
    va_end(args);

    char line[NQ_LOG_LINE];
    nq_text_escape(raw, line, sizeof(line));
    current_sink(current_arg, level, line);
}

bool nq_log_allows(struct nq_log_limit *limit, int64_t now_ms, const char *what)
{
    const int64_t minute = now_ms / 60000 + 1; /* 0 is "never" */
    if (limit->minute != minute) {
        if (limit->left_out > 0) {
            nq_log(NQ_LOG_WARNING, "lines left out: kind=%s count=%u", what,
                   limit->left_out);
        }
        *limit = (struct nq_log_limit){.minute = minute};
    }
    if (limit->lines == NQ_LOG_LIMIT_LINES) {
        limit->left_out++;
        return false;
    }
    limit->lines++;
    return true;
}

const char *nq_log_level_name(enum nq_log_level level)
{
    static const char *const names[] = {"error", "warning", "notice", "info", "debug"};
    return names[level];
}
