/* SPDX-License-Identifier: Apache-2.0 */
/* charset.c: see charset.h. */
#include "base/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NO_CONVERTER ((iconv_t)(intptr_t)-1)
#define FAILED       ((size_t)-1)

struct nq_charset {
    iconv_t converter;
};

static bool is_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_.:+()";
    const size_t len = strlen(name);
    return len > 0 && len <= NQ_CHARSET_NAME_MAX && strspn(name, allowed) == len;
}

struct nq_charset *nq_charset_open(const char *name, struct nq_err *reterr)
{
    const iconv_t converter = is_name(name) ? iconv_open("UTF-8", name) : NO_CONVERTER;
    if (converter == NO_CONVERTER) {
        nq_fail(reterr, NQ_CONFIG_VALUE, "encoding '%.40s' is not known to iconv", name);
        return NULL;
    }
    struct nq_charset *charset = nq_calloc(1, sizeof(*charset));
    charset->converter = converter;
    return charset;
}

struct nq_charset *nq_charset_close(struct nq_charset *charset)
{
    if (charset) {
        (void)iconv_close(charset->converter);
        free(charset);
    }
    return NULL;
}

/* Converts on; *in NULL asks for what the converter still holds back. */
static bool convert(iconv_t converter, char **in, size_t *left, struct nq_buf *out)
{
    for (;;) {
        char piece[1024];
        char *end = piece;
        size_t room = sizeof(piece);
        const size_t code = in ? iconv(converter, in, left, &end, &room)
                               : iconv(converter, NULL, NULL, &end, &room);
        const bool full = code == FAILED && errno == E2BIG;
        if ((code == FAILED && !full) || !nq_buf_add(out, piece, sizeof(piece) - room)) {
            return false;
        }
        if (!full) {
            return true;
        }
    }
}

bool nq_charset_to_utf8(struct nq_charset *charset, const char *text, size_t len,
                        struct nq_buf *out)
{
    char *in = (char *)(uintptr_t)text; /* iconv() takes char **, and only reads it */
    (void)iconv(charset->converter, NULL, NULL, NULL, NULL);
    if (convert(charset->converter, &in, &len, out) &&
        convert(charset->converter, NULL, NULL, out)) {
        return true;
    }
    nq_buf_clear(out);
    return false;
}
