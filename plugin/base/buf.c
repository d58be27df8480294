/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c: see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM 256

void nq_buf_init(struct nq_buf *buf, size_t max)
{
    *buf = (struct nq_buf){.max = max};
}

void nq_buf_done(struct nq_buf *buf)
{
    free(buf->data);
    *buf = (struct nq_buf){.max = buf->max};
}

bool nq_buf_add(struct nq_buf *buf, const void *data, size_t len)
{
    if (len > buf->max - buf->len) {
        return false;
    }
    const size_t need = buf->len + len + 1;
    if (need > buf->room) {
        size_t room = buf->room ? buf->room : FIRST_ROOM;
        while (room < need) {
            room *= 2;
        }
        buf->data = nq_realloc(buf->data, room, 1);
        buf->room = room;
    }
    if (len > 0) {
        memcpy(buf->data + buf->len, data, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
    return true;
}

bool nq_buf_addf(struct nq_buf *buf, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    const int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0) {
        return false;
    }
    const bool added = nq_buf_add(buf, text, (size_t)len);
    free(text);
    return added;
}

const char *nq_buf_text(const struct nq_buf *buf)
{
    return buf->data ? buf->data : "";
}

char *nq_buf_take(struct nq_buf *buf)
{
    char *data = buf->data ? buf->data : nq_strdup("");
    *buf = (struct nq_buf){.max = buf->max};
    return data;
}

void nq_buf_clear(struct nq_buf *buf)
{
    buf->len = 0;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}
