/* SPDX-License-Identifier: Apache-2.0 */
/* unmatched.c: see unmatched.h. */
#include "quarantine/unmatched.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "trap/text.h"
#include "trap/text_write.h"

#define NEW_COST_MS (1000 / NQ_UNMATCHED_NEW_PER_S)

void nq_unmatched_set_done(struct nq_unmatched_set *set)
{
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        nq_unmatched_done(&set->entries[i].record);
    }
    *set = (struct nq_unmatched_set){0};
}

/* ---- kinds --------------------------------------------------------------------------- */

/* With the NUL. Who finds two kinds with one hash has gained nothing: the source of a datagram
 * can be forged with less effort. */
static uint64_t add_to_hash(uint64_t hash, const char *text)
{
    return nq_hash_add(hash, text, strlen(text) + 1);
}

static uint64_t kind_of(const struct nq_trap *trap)
{
    uint64_t hash = add_to_hash(NQ_HASH_START, trap->source);
    hash = add_to_hash(hash, trap->trap_oid);
    for (size_t i = 0; i < trap->varbind_count; i++) {
        hash = add_to_hash(hash, trap->varbinds[i].oid);
    }
    return hash;
}

static struct nq_unmatched_entry *find(struct nq_unmatched_set *set, uint64_t kind)
{
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        struct nq_unmatched_entry *entry = &set->entries[i];
        if (entry->record.text && entry->kind == kind) {
            return entry;
        }
    }
    return NULL;
}

/* A free place, or that of the kind that was not seen for the longest time. */
static struct nq_unmatched_entry *make_room(struct nq_unmatched_set *set)
{
    struct nq_unmatched_entry *oldest = NULL;
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        struct nq_unmatched_entry *entry = &set->entries[i];
        if (!entry->record.text) {
            return entry;
        }
        if (!oldest || entry->record.last_ms < oldest->record.last_ms) {
            oldest = entry;
        }
    }
    return oldest;
}

/* ---- limits -------------------------------------------------------------------------- */

static int64_t pieces(size_t text_len)
{
    return 1 + (int64_t)(text_len / NQ_UNMATCHED_PIECE);
}

/* A large trap may use up more than there is; the next ones wait for it. */
static bool may_add(struct nq_unmatched_set *set, size_t text_len, int64_t now_mono_ms)
{
    const int64_t most = NEW_COST_MS * NQ_UNMATCHED_NEW_PER_S;
    if (!set->filled) {
        set->filled = true;
        set->allowance_ms = most;
    } else {
        set->allowance_ms += now_mono_ms - set->allowed_mono_ms;
        set->allowance_ms = set->allowance_ms < most ? set->allowance_ms : most;
    }
    set->allowed_mono_ms = now_mono_ms;
    if (set->allowance_ms < NEW_COST_MS) {
        return false;
    }
    set->allowance_ms -= NEW_COST_MS * pieces(text_len);
    return true;
}

/* ---- notes --------------------------------------------------------------------------- */

static struct nq_unmatched_entry *add(struct nq_unmatched_set *set,
                                      const struct nq_trap *trap, uint64_t kind,
                                      int64_t now_ms)
{
    struct nq_unmatched_entry *entry = make_room(set);
    nq_unmatched_done(&entry->record);
    *entry = (struct nq_unmatched_entry){
        .kind = kind,
        .record = {.slot = (uint32_t)(entry - set->entries),
                   .number = ++set->last_number,
                   .first_ms = now_ms,
                   .source = nq_strdup(trap->source),
                   .trap_oid = nq_strdup(trap->trap_oid)},
    };
    return entry;
}

static void note_text(struct nq_unmatched_set *set, const struct nq_trap *trap,
                      struct nq_buf *text, const struct nq_clock *clock)
{
    const uint64_t kind = kind_of(trap);
    const int64_t now_ms = nq_wall_ms(clock);
    struct nq_unmatched_entry *entry = find(set, kind);
    if (!entry && may_add(set, text->len, nq_mono_ms(clock))) {
        entry = add(set, trap, kind, now_ms);
    }
    if (entry) {
        free(entry->record.text);
        entry->record.text = nq_buf_take(text);
        entry->record.count++;
        entry->record.last_ms = now_ms;
        entry->dirty = true;
    }
}

void nq_unmatched_note(struct nq_unmatched_set *set, const struct nq_trap *trap,
                       const struct nq_clock *clock)
{
    struct nq_buf text;
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    if (nq_trap_to_text(trap, 0, &text, NULL)) {
        note_text(set, trap, &text, clock);
    }
    nq_buf_done(&text);
}

void nq_unmatched_load(struct nq_unmatched_set *set, const struct nq_unmatched *record)
{
    struct nq_trap trap;
    if (record->number > set->last_number) {
        set->last_number = record->number;
    }
    /* One that cannot be read any more leaves its place to another. */
    if (record->slot >= NQ_UNMATCHED_MAX || set->entries[record->slot].record.text ||
        !nq_trap_from_text(record->text, strlen(record->text), &trap, NULL)) {
        return;
    }
    struct nq_unmatched_entry *entry = &set->entries[record->slot];
    entry->kind = kind_of(&trap);
    nq_unmatched_copy(record, &entry->record);
    nq_trap_done(&trap);
}

/* ---- the store ----------------------------------------------------------------------- */

bool nq_unmatched_put(struct nq_unmatched_set *set, struct nq_store *store,
                      int64_t now_mono_ms, struct nq_err *reterr)
{
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        struct nq_unmatched_entry *entry = &set->entries[i];
        entry->put = entry->dirty && entry->due_mono_ms <= now_mono_ms;
        if (entry->put && !store->ops->put_unmatched(store, &entry->record, reterr)) {
            return false;
        }
    }
    return true;
}

void nq_unmatched_clean(struct nq_unmatched_set *set, int64_t now_mono_ms)
{
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        struct nq_unmatched_entry *entry = &set->entries[i];
        if (entry->put) {
            entry->put = false;
            entry->dirty = false;
            entry->due_mono_ms =
                now_mono_ms + NQ_UNMATCHED_EVERY_MS * pieces(strlen(entry->record.text));
        }
    }
}

int64_t nq_unmatched_wait_ms(const struct nq_unmatched_set *set, int64_t now_mono_ms)
{
    int64_t wait_ms = -1;
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        const struct nq_unmatched_entry *entry = &set->entries[i];
        if (entry->dirty) {
            const int64_t left =
                entry->due_mono_ms > now_mono_ms ? entry->due_mono_ms - now_mono_ms : 0;
            wait_ms = wait_ms < 0 || left < wait_ms ? left : wait_ms;
        }
    }
    return wait_ms;
}

void nq_unmatched_hurry(struct nq_unmatched_set *set)
{
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        set->entries[i].due_mono_ms = 0;
    }
}
