/* SPDX-License-Identifier: Apache-2.0 */
/* text_write.c: see text_write.h. The octets of a value stay in one line: so a trap that was
 * read from a text is never written longer than that, but for its first two lines. */
#include "trap/text_write.h"

#include <string.h>

static bool add_text(struct nq_buf *out, const char *text)
{
    return nq_buf_add(out, text, strlen(text));
}

static bool add_octets(struct nq_buf *out, const char *octets, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    char piece[3 * 256];
    size_t used = 0;
    bool fits = nq_buf_add(out, "\"", 1);
    for (size_t i = 0; fits && i < len; i++) {
        const unsigned char octet = (unsigned char)octets[i];
        piece[used++] = digits[octet >> 4];
        piece[used++] = digits[octet & 15];
        piece[used++] = ' ';
        if (used == sizeof(piece)) {
            fits = nq_buf_add(out, piece, used);
            used = 0;
        }
    }
    return fits && nq_buf_add(out, piece, used) && nq_buf_add(out, "\"", 1);
}

static bool add_value(struct nq_buf *out, const struct nq_varbind *varbind)
{
    if (strcmp(varbind->oid, NQ_OID_TRAP_COMMUNITY) == 0) {
        return add_octets(out, "", 0);
    }
    switch (varbind->type) {
    case NQ_VALUE_OCTETS:
        return add_octets(out, varbind->value, varbind->value_len);
    case NQ_VALUE_NULL:
        return add_text(out, "NULL");
    case NQ_VALUE_NUMBER:
    case NQ_VALUE_OID:
    case NQ_VALUE_ADDRESS:
        break;
    }
    return add_text(out, varbind->value);
}

static bool add_head(struct nq_buf *out, const struct nq_trap *trap, enum nq_proof proof)
{
    const bool named = proof >= NQ_PROOF_ANY && proof <= NQ_PROOF_V3;
    if (!nq_buf_addf(out, "%s%s\n", named ? NQ_TEXT_OWN : "-",
                     named ? nq_config_proof_word(proof) : "")) {
        return false;
    }
    if (strcmp(trap->source, "unix") == 0) {
        return add_text(out, "Local IPC: unix\n");
    }
    return nq_buf_addf(out, "UDP%s: [%s]:0\n", strchr(trap->source, ':') ? "/IPv6" : "",
                       trap->source);
}

static bool add_varbinds(struct nq_buf *out, const struct nq_trap *trap)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        if (!add_text(out, varbind->oid) || !nq_buf_add(out, " ", 1) ||
            !add_value(out, varbind) || !nq_buf_add(out, "\n", 1)) {
            return false;
        }
    }
    return true;
}

bool nq_trap_to_text(const struct nq_trap *trap, enum nq_proof proof,
                     struct nq_buf *ret_text, struct nq_err *reterr)
{
    nq_buf_clear(ret_text);
    if (!trap->source) {
        return nq_fail(reterr, NQ_TRAP_FORMAT, "the trap has no sender");
    }
    if (add_head(ret_text, trap, proof) && add_varbinds(ret_text, trap) &&
        ret_text->len <= NQ_TRAP_TEXT_MAX) {
        return true;
    }
    nq_buf_clear(ret_text);
    return nq_fail(reterr, NQ_TRAP_TOO_LARGE, "as text it has more than %d bytes",
                   NQ_TRAP_TEXT_MAX);
}
