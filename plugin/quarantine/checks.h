/* SPDX-License-Identifier: Apache-2.0 */
/* checks.h: the audit of the design: will isolation work here, before it is needed? A
 * catalogue of checks, and pure functions that judge facts by it.
 * Not for: reading facts (design.c), or how long something must be wrong (findings.h).
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never: what is not known gets no verdict.
 * Limits  one verdict for each check and object; NQ_TEXT_MAX bytes of text.
 */
#ifndef NQ_QUARANTINE_CHECKS_H
#define NQ_QUARANTINE_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "nsx/backend.h"
#include "store/record.h"

/* Values as in nqFindingSeverity. */
enum nq_severity {
    NQ_SEVERITY_INFO = 1,
    NQ_SEVERITY_WARNING,
    NQ_SEVERITY_CRITICAL,
    NQ_SEVERITY_END
};

enum nq_check {
#define NQ_CHECK(symbol, name, severity, about, meaning, advice) NQ_CHECK_##symbol,
#include "quarantine/checks.def"
#undef NQ_CHECK
    NQ_CHECK_COUNT
};

/* What a check is about, which is what nqFindingObject names. */
enum nq_check_about {
    NQ_ABOUT_MANAGER,
    NQ_ABOUT_QUARANTINE, /* a group with the role quarantine */
    NQ_ABOUT_WATCHED,    /* a group with the role watched */
    NQ_ABOUT_GROUP,      /* a group with either */
    NQ_ABOUT_SETTING,    /* of our own configuration: known at once, and not read */
    NQ_ABOUT_LIST,       /* the list of findings */
};

struct nq_check_row {
    const char *name; /* for good */
    enum nq_severity severity;
    enum nq_check_about about;
    const char *meaning;
    const char *advice;
};

const struct nq_check_row *nq_check_row(enum nq_check check);
/* NQ_CHECK_COUNT for an unknown name. */
enum nq_check nq_check_of(const char *name);
const char *nq_severity_name(enum nq_severity severity);

#define NQ_NO_MANAGER SIZE_MAX

struct nq_verdict {
    enum nq_check check;
    size_t manager;     /* index into the managers, or NQ_NO_MANAGER */
    const char *object; /* borrowed */
    bool wrong;
    char detail[NQ_TEXT_MAX + 1]; /* with wrong; "": nothing to add to the catalogue */
};

typedef void nq_verdict_fn(void *arg, const struct nq_verdict *verdict);

/* Replaces *field as nq_text_set() does: what is wrong and what to do. The detail is cut
 * first. */
void nq_verdict_set_text(char **field, const struct nq_verdict *verdict);

/* Judges the configuration by itself: only what is wrong gets a verdict. */
void nq_checks_of_settings(const struct nq_config *conf, enum nq_mode mode,
                           nq_verdict_fn *each, void *arg);

struct nq_manager_facts {
    const struct nq_config *conf;
    size_t manager;
    const struct nq_manager_status *status;
    const struct nq_firewall_view *firewall; /* NULL: not read this time */
    int64_t now_ms;                          /* wall */
};

void nq_checks_of_manager(const struct nq_manager_facts *facts, nq_verdict_fn *each,
                          void *arg);

struct nq_group_facts {
    const struct nq_config *conf;
    const struct nq_group_view *view;
    bool tags_known; /* the inventory was read: what counts members by it is right */
    size_t tagged;   /* VMs of the manager that carry our tag for a while */
    size_t inside;   /* of them, those in any quarantine group; valid when it was read */
};

void nq_checks_of_group(const struct nq_group_facts *facts, nq_verdict_fn *each,
                        void *arg);

#endif
