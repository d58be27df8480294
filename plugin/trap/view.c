/* SPDX-License-Identifier: Apache-2.0 */
/* view.c: see view.h. */
#include "trap/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void nq_view_init(struct nq_view *view, const struct nq_trap *trap)
{
    *view = (struct nq_view){.trap = trap};
}

void nq_view_done(struct nq_view *view)
{
    nq_view_declare(view, NULL);
}

void nq_view_declare(struct nq_view *view, struct nq_charset *charset)
{
    if (charset == view->charset) {
        return;
    }
    for (size_t i = 0; i < NQ_TRAP_VARBINDS_MAX; i++) {
        free(view->decoded[i].text);
        view->decoded[i].text = NULL;
        view->decoded[i].tried = false;
    }
    view->charset = charset;
}

/* ---- places ------------------------------------------------------------------------- */

/* Did somebody on the way add it? */
static bool is_added(const struct nq_varbind *varbind)
{
    static const char *const added[] = {".1.3.6.1.6.3.18.1.3.0", NQ_OID_TRAP_COMMUNITY,
                                        ".1.3.6.1.6.3.1.1.4.3.0"};
    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
        if (strcmp(varbind->oid, added[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The first varbind of the sender: the one behind snmpTrapOID.0. */
static size_t first_of(const struct nq_trap *trap)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        if (strcmp(trap->varbinds[i].oid, NQ_OID_SNMP_TRAP) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static const struct nq_varbind *by_oid(const struct nq_trap *trap, const char *oid,
                                       size_t *at)
{
    const struct nq_varbind *varbind = *at == 0 ? nq_trap_varbind(trap, oid) : NULL;
    *at = varbind ? (size_t)(varbind - trap->varbinds) + 1 : *at;
    return varbind;
}

static const struct nq_varbind *by_number(const struct nq_trap *trap, int64_t number,
                                          size_t *at)
{
    if (*at != 0) {
        return NULL;
    }
    for (size_t i = first_of(trap); i < trap->varbind_count; i++) {
        if (!is_added(&trap->varbinds[i]) && --number == 0) {
            *at = i + 1;
            return &trap->varbinds[i];
        }
    }
    return NULL;
}

static const struct nq_varbind *next_text(const struct nq_trap *trap, size_t *at)
{
    const size_t first = first_of(trap);
    for (size_t i = *at > first ? *at : first; i < trap->varbind_count; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        if (varbind->type == NQ_VALUE_OCTETS && !is_added(varbind)) {
            *at = i + 1;
            return varbind;
        }
    }
    return NULL;
}

size_t nq_view_place_of(const struct nq_trap *trap, size_t index)
{
    size_t place = 0;
    for (size_t i = first_of(trap); i <= index; i++) {
        place += !is_added(&trap->varbinds[i]);
    }
    return is_added(&trap->varbinds[index]) ? 0 : place;
}

const struct nq_varbind *nq_view_next(const struct nq_view *view,
                                      const struct nq_place *place, size_t *at)
{
    if (place->any_text) {
        return next_text(view->trap, at);
    }
    return place->oid ? by_oid(view->trap, place->oid, at)
                      : by_number(view->trap, place->varbind, at);
}

/* ---- texts -------------------------------------------------------------------------- */

/* Many senders count the NUL that ends a C string as part of the value. */
static struct nq_span without_end(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '\0') {
        len--;
    }
    return (struct nq_span){text, len};
}

bool nq_view_text(struct nq_view *view, size_t at, struct nq_span *ret_span)
{
    const struct nq_varbind *varbind = &view->trap->varbinds[at - 1];
    if (!view->charset || varbind->type != NQ_VALUE_OCTETS) {
        *ret_span = without_end(varbind->value, varbind->value_len);
        return true;
    }
    if (!view->decoded[at - 1].tried) {
        struct nq_buf text;
        nq_buf_init(&text, NQ_VIEW_TEXT_MAX);
        view->decoded[at - 1].tried = true;
        if (nq_charset_to_utf8(view->charset, varbind->value, varbind->value_len,
                               &text)) {
            view->decoded[at - 1].len = text.len;
            view->decoded[at - 1].text = nq_buf_take(&text);
        }
        nq_buf_done(&text);
    }
    const char *text = view->decoded[at - 1].text;
    if (text) {
        *ret_span = without_end(text, view->decoded[at - 1].len);
    }
    return text != NULL;
}
