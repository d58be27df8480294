/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_log.c: the audit log: each entry is tied to the one before, and the oldest make
 * room for new ones. */
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/chain.h"
#include "store/sqlite_impl.h"

/* So many make room at once, so that it is seldom done; of a small log, a half. */
#define PRUNE_STEP 1000

/* ---- opening -------------------------------------------------------------------------- */

/* The first row of sql into *end; without one it stays as it is. */
static bool read_end(struct sqlite_store *store, const char *sql, struct log_end *end,
                     struct nq_err *reterr)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        return nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr);
    }
    const int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        end->last = (uint32_t)sqlite3_column_int64(statement, 0);
        end->kept_from = (uint32_t)sqlite3_column_int64(statement, 1);
        (void)snprintf(end->hash, sizeof(end->hash), "%s",
                       nq_text_or_empty((const char *)sqlite3_column_text(statement, 2)));
    }
    const bool done = result == SQLITE_ROW || result == SQLITE_DONE ||
                      nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr);
    (void)sqlite3_finalize(statement);
    return done;
}

/* Entries up to highest were written, and the newest of them are not there: somebody took
 * them out. Their numbers stay free, for everybody to see. */
static bool note_cut(struct sqlite_store *store, uint32_t highest, struct nq_err *reterr)
{
    static char event[] = "logCut";
    static char actor[] = "engine";
    char text[NQ_TEXT_MAX + 1];
    (void)snprintf(text, sizeof(text),
                   "entries %u to %u of this log were not there any more at the start",
                   store->log_committed.last + 1, highest);
    const struct nq_log_entry entry = {.number = highest + 1,
                                       .at_ms = nq_wall_ms(&nq_system_clock),
                                       .event = event,
                                       .actor = actor,
                                       .text = text};
    store->log_committed.last = highest;
    const bool noted = nq_sqlite_begin(&store->base, reterr) &&
                       nq_sqlite_put_log(&store->base, &entry, reterr) &&
                       nq_sqlite_commit(&store->base, reterr);
    return noted;
}

bool nq_sqlite_log_open(struct sqlite_store *store, struct nq_err *reterr)
{
    struct log_end *end = &store->log_committed;
    struct log_end highest = {0};
    *end = (struct log_end){.kept_from = 1};
    return read_end(store, "SELECT number, number + 1, hash FROM log_pruned", end,
                    reterr) &&
           read_end(store,
                    "SELECT number, kept_from, hash FROM log ORDER BY number DESC "
                    "LIMIT 1",
                    end, reterr) &&
           read_end(store, "SELECT value, 0, '' FROM scalar WHERE name = 'last_log'",
                    &highest, reterr) &&
           (highest.last <= end->last || note_cut(store, highest.last, reterr));
}

/* ---- writing -------------------------------------------------------------------------- */

void nq_sqlite_log_begin(struct sqlite_store *store)
{
    store->log_pending = store->log_committed;
    /* After log_max was lowered there may be millions too many: a transaction takes out
     * little more than it puts in. */
    store->log_prunable = PRUNE_STEP;
}

static bool prune(struct sqlite_store *store, struct nq_err *reterr)
{
    struct log_end *end = &store->log_pending;
    const int64_t kept = (int64_t)end->last - end->kept_from + 1;
    store->log_prunable++;
    if (kept < store->log_max || store->log_prunable < PRUNE_STEP) {
        return true;
    }
    const int64_t step =
        store->log_max / 2 < PRUNE_STEP ? (store->log_max + 1) / 2 : PRUNE_STEP;
    const int64_t last = end->kept_from + step - 1;
    (void)sqlite3_bind_int64(store->statements[NOTE_PRUNED], 1, last);
    (void)sqlite3_bind_int64(store->statements[PRUNE_LOG], 1, last);
    store->log_prunable -= step;
    end->kept_from = (uint32_t)last + 1;
    return nq_sqlite_step(store, store->statements[NOTE_PRUNED], reterr) &&
           nq_sqlite_step(store, store->statements[PRUNE_LOG], reterr);
}

bool nq_sqlite_put_log(struct nq_store *base, const struct nq_log_entry *entry,
                       struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    struct log_end *end = &store->log_pending;
    char hash[NQ_HASH_TEXT];
    if (entry->number != end->last + 1) {
        return nq_fail(reterr, NQ_STORE_WRITE, "entry %u of the audit log follows on %u",
                       entry->number, end->last);
    }
    if (!prune(store, reterr)) {
        return false;
    }
    if (!nq_chain_hash(end->hash, entry, end->kept_from, hash)) {
        return nq_fail(reterr, NQ_SYSTEM, "no SHA-256 for the audit log");
    }
    sqlite3_stmt *statement = store->statements[PUT_LOG];
    (void)sqlite3_bind_int64(statement, 1, entry->number);
    (void)sqlite3_bind_int64(statement, 2, entry->at_ms);
    (void)sqlite3_bind_int64(statement, 3, entry->case_id);
    (void)sqlite3_bind_int64(statement, 4, end->kept_from);
    nq_sqlite_bind_text(statement, 5, nq_text_or_empty(entry->event));
    nq_sqlite_bind_text(statement, 6, nq_text_or_empty(entry->actor));
    nq_sqlite_bind_text(statement, 7, nq_text_or_empty(entry->text));
    nq_sqlite_bind_text(statement, 8, nq_text_or_empty(entry->evidence));
    nq_sqlite_bind_text(statement, 9, hash);
    if (!nq_sqlite_step(store, statement, reterr)) {
        return false;
    }
    end->last = entry->number;
    (void)snprintf(end->hash, sizeof(end->hash), "%s", hash);
    return true;
}

void nq_sqlite_log_head(const struct nq_store *base, char ret_hash[NQ_HASH_TEXT])
{
    const struct sqlite_store *store = (const struct sqlite_store *)base;
    (void)snprintf(ret_hash, NQ_HASH_TEXT, "%s", store->log_committed.hash);
}
