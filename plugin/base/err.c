/* SPDX-License-Identifier: Apache-2.0 */
/* err.c: the catalogue behind err.h, as one array made from err.def. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct entry {
    const char *name;
    enum nq_category category;
    const char *meaning;
    const char *advice;
};

static const struct entry catalogue[NQ_CODE_COUNT] = {
#define NQ_ERR(name, category, meaning, advice)                                          \
    [NQ_##name] = {#name, NQ_CAT_##category, meaning, advice},
#include "base/err.def"
#undef NQ_ERR
};

static const struct entry *entry_of(enum nq_code code)
{
    static const struct entry none = {"", NQ_CAT_PERMANENT, "", ""};
    if (code <= NQ_OK || code >= NQ_CODE_COUNT) {
        return &none;
    }
    return &catalogue[code];
}

__attribute__((format(printf, 3, 0))) static void
fill(struct nq_err *err, enum nq_code code, const char *fmt, va_list args)
{
    *err = (struct nq_err){.code = code};
    (void)vsnprintf(err->detail, sizeof(err->detail), fmt, args);
}

bool nq_fail(struct nq_err *reterr, enum nq_code code, const char *fmt, ...)
{
    if (reterr) {
        va_list args;
        va_start(args, fmt);
        fill(reterr, code, fmt, args);
        va_end(args);
    }
    return false;
}

bool nq_fail_errno(struct nq_err *reterr, enum nq_code code, const char *fmt, ...)
{
    const int saved = errno;
    if (reterr) {
        va_list args;
        va_start(args, fmt);
        fill(reterr, code, fmt, args);
        va_end(args);
        reterr->os_errno = saved;
        const size_t used = strlen(reterr->detail);
        (void)snprintf(reterr->detail + used, sizeof(reterr->detail) - used, ": %s",
                       strerror(saved));
    }
    return false;
}

enum nq_fate nq_err_fate(const struct nq_err *err)
{
    if (!err || err->code == NQ_OK) {
        return NQ_FATE_DONE;
    }
    switch (nq_code_category(err->code)) {
    case NQ_CAT_TRANSIENT:
    case NQ_CAT_RESOURCE:
        return NQ_FATE_RETRY;
    case NQ_CAT_CONFIG:
    case NQ_CAT_REFUSED:
    case NQ_CAT_PERMANENT:
        break;
    }
    return NQ_FATE_STOP;
}

const char *nq_code_name(enum nq_code code)
{
    return entry_of(code)->name;
}

const char *nq_code_meaning(enum nq_code code)
{
    return entry_of(code)->meaning;
}

const char *nq_code_advice(enum nq_code code)
{
    return entry_of(code)->advice;
}

enum nq_category nq_code_category(enum nq_code code)
{
    return entry_of(code)->category;
}

const char *nq_err_text(const struct nq_err *err, char *out, size_t size)
{
    (void)snprintf(out, size, "%s (%s): %s", nq_code_meaning(err->code),
                   nq_code_advice(err->code), err->detail);
    return out;
}
