/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h: the hash that ties each entry of the audit log to the one before it, and the
 * judgement whether a log is whole. Pure.
 * Not for: reading or writing the log (sqlite_log.c, log_reader.h).
 *
 * The hash of an entry is the SHA-256, in lower case hex, of these members, each written as
 * its length in octets in decimal, a colon, its octets, and a comma (a netstring), one
 * behind the other:
 *
 *     the hash of the entry before (no octets for the very first one),
 *     number, at_ms, case_id, kept_from     in decimal,
 *     event, actor, text, evidence          as they are; no octets for no evidence.
 *
 * kept_from is the number of the oldest entry that was kept when this one was written: the
 * oldest ones make room for new ones, and so a log that was cut at its beginning by somebody
 * else contradicts its newest entry.
 *
 * Who may write the database can compute a whole new chain. What shows that is a hash noted
 * elsewhere before (nqEngineLogHead, `nsx-quarantine log --verify`): it must still be the hash
 * of an entry.
 *
 * Owns    nothing; the hash to look for is borrowed.
 * Blocks  never.
 * Thread  any.
 * Fails   with false and the first thing that is wrong in struct nq_chain_check.
 * Limits  those of struct nq_log_entry.
 */
#ifndef NQ_STORE_CHAIN_H
#define NQ_STORE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/record.h"

/* An entry as it stands in the database. */
struct nq_log_row {
    struct nq_log_entry entry;
    uint32_t kept_from;
    const char *hash;
    bool whole; /* false: a value is none that an engine writes */
};

struct nq_chain_check {
    uint32_t pruned; /* the entries up to this one made room */
    uint32_t first;  /* entries that are there; 0: none */
    uint32_t last;
    uint32_t kept_from;      /* as the newest entry has it */
    char head[NQ_HASH_TEXT]; /* hash of the newest entry */
    const char *noted;       /* a hash that must be met, or NULL */
    bool met;
    char broken[160]; /* the first thing that is wrong; "": nothing */
};

bool nq_chain_hash(const char *previous, const struct nq_log_entry *entry,
                   uint32_t kept_from, char ret_hash[NQ_HASH_TEXT])
    __attribute__((warn_unused_result));

/* The entries up to pruned made room; pruned_hash is the hash of that one ("" for 0). noted:
 * a hash that was noted before, or NULL. */
void nq_chain_check_start(struct nq_chain_check *check, uint32_t pruned,
                          const char *pruned_hash, const char *noted);

/* The next entry by number. On false the rest is not worth a look. */
bool nq_chain_check_add(struct nq_chain_check *check, const struct nq_log_row *row);

/* highest: the highest number ever used. */
bool nq_chain_check_end(struct nq_chain_check *check, uint32_t highest);

#endif
