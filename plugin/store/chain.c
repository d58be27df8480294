/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c: hashing and judging the entries of the audit log. */
#include "store/chain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/text.h"

/* Texts and numbers of an entry and the lengths before them; far above both. */
#define MESSAGE_MAX (4 * 1024 * 1024)
#define NUMBER_TEXT 24

_Static_assert(NQ_HASH_TEXT == NQ_DIGEST_TEXT, "the hash is the digest");

static bool add_text(struct nq_buf *message, const char *text)
{
    text = nq_text_or_empty(text);
    return nq_buf_addf(message, "%zu:", strlen(text)) &&
           nq_buf_add(message, text, strlen(text)) && nq_buf_add(message, ",", 1);
}

static bool add_number(struct nq_buf *message, int64_t number)
{
    char text[NUMBER_TEXT];
    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    return add_text(message, text);
}

bool nq_chain_hash(const char *previous, const struct nq_log_entry *entry,
                   uint32_t kept_from, char ret_hash[NQ_HASH_TEXT])
{
    struct nq_buf message;
    nq_buf_init(&message, MESSAGE_MAX);
    ret_hash[0] = '\0';
    const bool hashed =
        add_text(&message, previous) && add_number(&message, entry->number) &&
        add_number(&message, entry->at_ms) && add_number(&message, entry->case_id) &&
        add_number(&message, kept_from) && add_text(&message, entry->event) &&
        add_text(&message, entry->actor) && add_text(&message, entry->text) &&
        add_text(&message, entry->evidence) &&
        nq_digest(message.data, message.len, ret_hash);
    nq_buf_done(&message);
    return hashed;
}

/* ---- judging -------------------------------------------------------------------------- */

static bool broken(struct nq_chain_check *check, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool broken(struct nq_chain_check *check, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(check->broken, sizeof(check->broken), fmt, args);
    va_end(args);
    return false;
}

/* "entry 5" or "entries 5 to 9" and what befell them. */
static bool missing(struct nq_chain_check *check, uint32_t from, uint32_t to,
                    const char *where)
{
    return from == to ? broken(check, "entry %u is missing%s", from, where)
                      : broken(check, "entries %u to %u are missing%s", from, to, where);
}

static void take_head(struct nq_chain_check *check, const char *hash)
{
    (void)snprintf(check->head, sizeof(check->head), "%s", hash);
    check->met =
        check->met || (check->noted && *hash && nq_text_same(check->noted, hash));
}

void nq_chain_check_start(struct nq_chain_check *check, uint32_t pruned,
                          const char *pruned_hash, const char *noted)
{
    *check = (struct nq_chain_check){.pruned = pruned, .last = pruned, .noted = noted};
    take_head(check, pruned_hash);
}

bool nq_chain_check_add(struct nq_chain_check *check, const struct nq_log_row *row)
{
    const uint32_t number = row->entry.number;
    char hash[NQ_HASH_TEXT];
    if (!row->whole) {
        return broken(check, "entry %u holds what no engine writes", number);
    }
    if (number <= check->last) {
        return broken(check, "entry %u stands behind entry %u", number, check->last);
    }
    if (number != check->last + 1) {
        return missing(check, check->last + 1, number - 1, "");
    }
    if (!nq_chain_hash(check->head, &row->entry, row->kept_from, hash) ||
        strcmp(hash, row->hash) != 0) {
        return broken(check, "entry %u is not what its hash was made of", number);
    }
    if (row->kept_from < check->kept_from || row->kept_from > number) {
        return broken(check, "entry %u says that entry %u is the oldest", number,
                      row->kept_from);
    }
    check->first = check->first ? check->first : number;
    check->last = number;
    check->kept_from = row->kept_from;
    take_head(check, hash);
    return true;
}

bool nq_chain_check_end(struct nq_chain_check *check, uint32_t highest)
{
    if (check->last < highest) {
        return missing(check, check->last + 1, highest, " at the end");
    }
    if (check->last > highest) {
        return broken(check, "entry %u is there, but only %u were written", check->last,
                      highest);
    }
    if (check->first && check->kept_from != check->first) {
        return broken(check, "entry %u is the oldest; the newest says that it is %u",
                      check->first, check->kept_from);
    }
    if (check->noted && !check->met) {
        return broken(check, "no entry that is kept has the hash that was noted");
    }
    return true;
}
