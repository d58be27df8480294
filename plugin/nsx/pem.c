/* SPDX-License-Identifier: Apache-2.0 */
/* pem.c: see pem.h. */
#include "nsx/pem.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static bool read_all(FILE *file, struct nq_buf *text)
{
    char piece[4096];
    size_t got = 0;
    bool fits = true;
    while (fits && (got = fread(piece, 1, sizeof(piece), file)) > 0) {
        fits = nq_buf_add(text, piece, got);
    }
    return fits && !ferror(file);
}

char *nq_pem_load(const char *option, const char *path, struct nq_err *reterr)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        (void)nq_fail_errno(reterr, NQ_CONFIG_VALUE, "%s %s", option, path);
        return NULL;
    }
    struct nq_buf text;
    nq_buf_init(&text, NQ_PEM_MAX);
    const bool good = read_all(file, &text) &&
                      strstr(nq_buf_text(&text), "-----BEGIN CERTIFICATE-----") != NULL;
    (void)fclose(file);
    char *pem = good ? nq_buf_take(&text) : NULL;
    nq_buf_done(&text);
    if (!pem) {
        (void)nq_fail(reterr, NQ_CONFIG_VALUE, "%s %s holds no certificates in PEM form",
                      option, path);
    }
    return pem;
}
