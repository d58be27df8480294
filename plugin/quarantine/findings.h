/* SPDX-License-Identifier: Apache-2.0 */
/* findings.h: the life of findings: when a verdict of a check becomes a row of
 * nqFindingTable, and when it is one no more.
 * Not for: judging (checks.h), or getting facts (design.c).
 *
 * Owns    its rows. The tallies keep what must outlive a restart: the number of a check and
 *         object, for good, and since when it is a finding; the text comes with the next
 *         verdict.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never. What cannot be told from a passing state, is not a finding yet.
 * Limits  NQ_FINDINGS_MAX rows; the last one says that there are more.
 *
 * What NSX shows is believed when two readings in a row, the delay apart, agree; a reading
 * that fails has no verdicts and so changes nothing. What is configured is believed at once.
 */
#ifndef NQ_QUARANTINE_FINDINGS_H
#define NQ_QUARANTINE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/config.h"
#include "quarantine/checks.h"
#include "quarantine/tally.h"

#define NQ_FINDINGS_MAX 500

/* The number of the row that says that there are more: it stands behind all others. */
#define NQ_FINDING_LAST INT32_MAX

/* nqFindingTable */
struct nq_finding {
    uint32_t index;
    uint32_t manager; /* 1..; 0: none, or one that is not configured any more */
    enum nq_severity severity;
    const char *check;
    char *object;
    char *text;
    int64_t since_ms; /* wall */
};

struct nq_finding_entry;

struct nq_findings {
    const struct nq_config *conf;
    const struct nq_clock *clock;
    struct nq_tallies *tallies;
    struct nq_finding_entry *entries; /* hash by check, manager and object */
    struct nq_finding **rows;         /* sorted by index */
    size_t row_count;
    size_t left_out; /* entries that are findings, for which there is no row */
    bool stirred;    /* there is something to announce */
};

void nq_findings_init(struct nq_findings *findings, const struct nq_config *conf,
                      const struct nq_clock *clock, struct nq_tallies *tallies);
void nq_findings_done(struct nq_findings *findings);

/* Brings back those that the tallies know; one whose object is not configured any more is
 * over. */
void nq_findings_load(struct nq_findings *findings);

/* Takes one verdict about what NSX shows; findings is a struct nq_findings. */
void nq_findings_take(void *findings, const struct nq_verdict *verdict);

/* Judges the configuration anew. */
void nq_findings_settings(struct nq_findings *findings, enum nq_mode mode);

/* Tells of each finding that has come (raised) or gone since the last time; to be called
 * after the commit of the tallies. fn may be NULL. */
typedef void nq_finding_fn(void *arg, bool raised, const struct nq_finding *finding);
void nq_findings_announce(struct nq_findings *findings, nq_finding_fn *fn, void *arg);

#endif
