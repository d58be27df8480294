/* SPDX-License-Identifier: Apache-2.0 */
/* view.h: a trap as a trigger sees it: which varbinds a place means, and their texts in
 * the encoding that the trigger declares.
 * Not for: what the texts mean (trigger.h).
 *
 * Owns    the texts that had to be converted, until nq_view_done().
 * Blocks  never.
 * Thread  loop thread only: it shares the converters of the triggers.
 * Fails   a text that the encoding cannot be decoded from is none.
 * Limits  NQ_VIEW_TEXT_MAX bytes in a converted text.
 *
 * Three varbinds are no part of what the sender said: snmpTrapAddress.0,
 * snmpTrapCommunity.0 and snmpTrapEnterprise.0, which a forwarder or snmptrapd adds (RFC
 * 3584 section 3.1). They are found by their OID only: no place counts them, and they are
 * no "any text". Else a trap that lacks a varbind could name its own sender.
 */
#ifndef NQ_TRAP_VIEW_H
#define NQ_TRAP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/charset.h"
#include "trap/span.h"
#include "trap/trap.h"

/* No octet of an encoding that iconv knows becomes more than four. */
#define NQ_VIEW_TEXT_MAX (4 * NQ_TRAP_VALUE_MAX)

/* Exactly one of these says which varbind; see config.h. */
struct nq_place {
    const char *oid;
    int64_t varbind;
    bool any_text;
};

struct nq_view {
    const struct nq_trap *trap;
    struct nq_charset *charset; /* borrowed; NULL: bytes as they are */
    struct {
        bool tried; /* with charset */
        char *text; /* NULL: it cannot be decoded */
        size_t len;
    } decoded[NQ_TRAP_VARBINDS_MAX];
};

/* The place behind snmpTrapOID.0 of varbind number index, from 1; 0: it stands before, or is
 * one of the three that no place counts. */
size_t nq_view_place_of(const struct nq_trap *trap, size_t index);

/* trap outlives the view. */
void nq_view_init(struct nq_view *view, const struct nq_trap *trap);
void nq_view_done(struct nq_view *view);

/* charset outlives the next call. */
void nq_view_declare(struct nq_view *view, struct nq_charset *charset);

/* The varbind behind *at that the place means; *at is 0 at first, and then the number that
 * this function left there. NULL: no more. */
const struct nq_varbind *nq_view_next(const struct nq_view *view,
                                      const struct nq_place *place, size_t *at);

/* The text of the varbind that nq_view_next() found with *at: its octets in UTF-8 without
 * NULs at the end; of a number or an OID, its decimal or dotted text. False when it cannot
 * be decoded. Borrowed until the view is declared anew or done. */
bool nq_view_text(struct nq_view *view, size_t at, struct nq_span *ret_span);

#endif
