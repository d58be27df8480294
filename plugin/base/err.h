/* SPDX-License-Identifier: Apache-2.0 */
/* err.h: what went wrong, in a form that a program can judge and a person can act on.
 * Not for: logging (log.h) or control flow by comparing HTTP numbers (ask nq_err_fate()).
 *
 * Owns    nothing: struct nq_err is plain data and is copied freely.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  NQ_ERR_DETAIL bytes of detail; longer text is cut at the end.
 */
#ifndef NQ_BASE_ERR_H
#define NQ_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define NQ_ERR_DETAIL 256

/* The catalogue: err.def has one row for each code. */
enum nq_code {
    NQ_OK = 0,
#define NQ_ERR(name, category, meaning, advice) NQ_##name,
#include "base/err.def"
#undef NQ_ERR
    NQ_CODE_COUNT
};

enum nq_category {
    NQ_CAT_CONFIG,    /* the configuration must change */
    NQ_CAT_REFUSED,   /* input that we do not take; repeating it is useless */
    NQ_CAT_TRANSIENT, /* the same step may succeed later */
    NQ_CAT_PERMANENT, /* a person must look before it can succeed */
    NQ_CAT_RESOURCE,  /* this machine lacks something: disk, memory, rights */
};

/* What is to be done with the step that failed. */
enum nq_fate {
    NQ_FATE_DONE,  /* it did not fail */
    NQ_FATE_RETRY, /* repeat it later */
    NQ_FATE_STOP,  /* stop and ask a person */
};

struct nq_err {
    enum nq_code code;
    int os_errno;    /* or 0 */
    int http;        /* HTTP status, or 0 */
    long long fault; /* error code that NSX gave with it, or 0 */
    char detail[NQ_ERR_DETAIL];
};

/* Fills err (NULL is allowed) and returns false, so that a failing function ends with
 * `return nq_fail(reterr, NQ_STORE_WRITE, "...")`. Keeps errno as os_errno only for
 * nq_fail_errno(), which appends its text. */
bool nq_fail(struct nq_err *reterr, enum nq_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool nq_fail_errno(struct nq_err *reterr, enum nq_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The one place that turns an error into a decision. */
enum nq_fate nq_err_fate(const struct nq_err *err);

/* Catalogue texts; static storage. For NQ_OK and unknown codes: "". */
const char *nq_code_name(enum nq_code code);
const char *nq_code_meaning(enum nq_code code);
const char *nq_code_advice(enum nq_code code);
enum nq_category nq_code_category(enum nq_code code);

/* One sentence for a person: meaning, advice, detail; the detail is last because it may be
 * cut. Writes at most size bytes, always NUL-terminated; returns out. */
const char *nq_err_text(const struct nq_err *err, char *out, size_t size);

#endif
