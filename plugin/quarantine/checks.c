/* SPDX-License-Identifier: Apache-2.0 */
/* checks.c: the catalogue, and how a verdict reads. */
#include "quarantine/checks.h"

#include <string.h>

static const struct nq_check_row rows[] = {
#define NQ_CHECK(symbol, check_name, how_bad, whom, what, how)                           \
    [NQ_CHECK_##symbol] = {.name = (check_name),                                         \
                           .severity = NQ_SEVERITY_##how_bad,                            \
                           .about = NQ_ABOUT_##whom,                                     \
                           .meaning = (what),                                            \
                           .advice = (how)},
#include "quarantine/checks.def"
#undef NQ_CHECK
};

const struct nq_check_row *nq_check_row(enum nq_check check)
{
    return &rows[check];
}

enum nq_check nq_check_of(const char *name)
{
    int check = 0;
    while (check < NQ_CHECK_COUNT && strcmp(rows[check].name, name) != 0) {
        check++;
    }
    return (enum nq_check)check;
}

const char *nq_severity_name(enum nq_severity severity)
{
    static const char *const names[] = {[NQ_SEVERITY_INFO] = "info",
                                        [NQ_SEVERITY_WARNING] = "warning",
                                        [NQ_SEVERITY_CRITICAL] = "critical"};
    return names[severity];
}

void nq_verdict_set_text(char **field, const struct nq_verdict *verdict)
{
    const struct nq_check_row *row = &rows[verdict->check];
    const char *between = *verdict->detail ? ": " : "";
    const size_t fixed =
        strlen(row->meaning) + strlen(between) + strlen("; ") + strlen(row->advice);
    char detail[NQ_TEXT_MAX + 1];
    (void)nq_text_escape(verdict->detail, detail, NQ_TEXT_MAX + 1 - fixed);
    nq_text_setf(field, "%s%s%s; %s", row->meaning, between, detail, row->advice);
}
