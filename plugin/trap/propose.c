/* SPDX-License-Identifier: Apache-2.0 */
/* propose.c: writes the proposal; propose_find.c has the guesses. */
#include "trap/propose.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "trap/propose_find.h"
#include "trap/view.h"

/* ---- writing ------------------------------------------------------------------------- */

/* A string of libconfig: what is not printable ASCII becomes \xHH. */
static bool add_quoted(struct nq_buf *out, const char *text, size_t len)
{
    bool fits = nq_buf_add(out, "\"", 1);
    for (size_t i = 0; fits && i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            fits = nq_buf_addf(out, "\\%c", c);
        } else if (c < ' ' || c > '~') {
            fits = nq_buf_addf(out, "\\x%02X", c);
        } else {
            fits = nq_buf_add(out, text + i, 1);
        }
    }
    return fits && nq_buf_add(out, "\"", 1);
}

static bool add_place(struct nq_buf *out, const struct nq_trap *trap, size_t index)
{
    const struct nq_varbind *varbind = &trap->varbinds[index];
    if (nq_trap_varbind(trap, varbind->oid) == varbind) {
        return nq_buf_addf(out, "oid = \"%s\";", varbind->oid);
    }
    /* Another one with this OID stands before it. */
    return nq_buf_addf(out, "varbind = %zu;", nq_view_place_of(trap, index));
}

static bool add_key(struct nq_buf *out, const struct nq_guess *guess)
{
    return guess->key.len == 0 ||
           (nq_buf_addf(out, " key = ") &&
            add_quoted(out, guess->key.text, guess->key.len) && nq_buf_addf(out, ";"));
}

static bool add_narrowing(struct nq_buf *out, const struct nq_guess *guess)
{
    if (guess->item > 0 &&
        !(nq_buf_addf(out, " delimiter = ") && add_quoted(out, &guess->delimiter, 1) &&
          nq_buf_addf(out, "; item = %zu;", guess->item))) {
        return false;
    }
    return !guess->regex || (nq_buf_addf(out, " regex = ") &&
                             add_quoted(out, guess->regex, strlen(guess->regex)) &&
                             nq_buf_addf(out, "; group = %d;", guess->group));
}

static bool add_field(struct nq_buf *out, const struct nq_trap *trap, const char *name,
                      const struct nq_guess *guess)
{
    return !guess->why || (nq_buf_addf(out, "    %s = { ", name) &&
                           add_place(out, trap, guess->varbind) &&
                           (guess->item > 0 || add_key(out, guess)) &&
                           add_narrowing(out, guess) && nq_buf_addf(out, " };\n"));
}

/* "#   computer: WHY, here: VALUE" */
static bool add_reason(struct nq_buf *out, const char *name, const struct nq_guess *guess)
{
    if (!guess->why) {
        return nq_buf_addf(out, "#   %s: nothing looks like it\n", name);
    }
    char shown[NQ_TEXT_MAX + 1];
    char *value = nq_strndup(guess->value.text, guess->value.len);
    const bool fits = nq_buf_addf(out, "#   %s: %s, here: %s\n", name, guess->why,
                                  nq_text_escape(value, shown, sizeof(shown)));
    free(value);
    return fits;
}

/* Which traps of this OID are meant. A kind of event must be the same; that the name of
 * something found is there is enough. */
static bool add_condition(struct nq_buf *out, const struct nq_trap *trap,
                          const struct nq_guess *cause)
{
    if (!cause->why || cause->key.len == 0) {
        return nq_buf_addf(out,
                           "    # Other events may come with this OID too. To take only "
                           "some of them:\n"
                           "    # conditions = ( { oid = \"OID\"; contains = \"TEXT\"; } "
                           ");\n");
    }
    const bool line = cause->item == 0;
    const struct nq_span operand = !line              ? cause->key
                                   : cause->is_a_kind ? cause->value
                                                      : (struct nq_span){"", 0};
    return nq_buf_addf(out, "    conditions = (\n        { ") &&
           add_place(out, trap, cause->varbind) && (!line || add_key(out, cause)) &&
           nq_buf_addf(out, " %s = ", line && cause->is_a_kind ? "equals" : "contains") &&
           add_quoted(out, operand.text, operand.len) &&
           nq_buf_addf(out, "; }\n    );\n");
}

static bool add_trap_oid(struct nq_buf *out, const struct nq_trap *trap)
{
    /* RFC 3584 section 3.1: a v1 trap's OID is enterprise, 0, specific. */
    const char *last = strrchr(trap->trap_oid, '.');
    const size_t len = (size_t)(last - trap->trap_oid);
    if (len > 2 && memcmp(last - 2, ".0", 2) == 0 &&
        !nq_buf_addf(out, "    # The same: enterprise = \"%.*s\"; specific = %s;\n",
                     (int)len - 2, trap->trap_oid, last + 1)) {
        return false;
    }
    return nq_buf_addf(out, "    trap_oid = \"%s\";\n", trap->trap_oid);
}

static bool add_encoding(struct nq_buf *out, const struct nq_trap *trap)
{
    return !nq_has_foreign_text(trap) ||
           nq_buf_addf(out, "    # A text is not UTF-8. Say what it is, for example:\n"
                            "    # encoding = \"SHIFT_JIS\";\n");
}

static bool add_action(struct nq_buf *out, const struct nq_guess *computer)
{
    return computer->why ||
           nq_buf_addf(out,
                       "    # Nothing names a computer, so nothing can be isolated.\n"
                       "    action = \"ignore\";\n");
}

bool nq_trap_propose(const struct nq_trap *trap, const char *name, struct nq_buf *out)
{
    struct nq_guess computer;
    struct nq_guess cause;
    struct nq_guess severity;
    nq_guess_computer(trap, &computer);
    nq_guess_cause(trap, &computer, &cause);
    nq_guess_severity(trap, &severity);
    return nq_buf_addf(out, "# A guess: look at every line of it.\n") &&
           add_reason(out, "computer", &computer) && add_reason(out, "cause", &cause) &&
           add_reason(out, "severity", &severity) &&
           nq_buf_addf(out, "{\n    name = \"%s\";\n", name) && add_trap_oid(out, trap) &&
           add_encoding(out, trap) && add_condition(out, trap, &cause) &&
           add_field(out, trap, "computer", &computer) &&
           add_field(out, trap, "cause", &cause) &&
           add_field(out, trap, "severity", &severity) && add_action(out, &computer) &&
           nq_buf_addf(out, "}\n");
}
