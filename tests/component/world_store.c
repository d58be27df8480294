/* SPDX-License-Identifier: Apache-2.0 */
/* world_store.c: a store in memory: what is committed survives a crash. */
#include "world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void world_copy_kept(struct kept *to, const struct kept *from)
{
    for (size_t i = 0; i < to->case_count; i++) {
        nq_case_done(&to->cases[i]);
    }
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        nq_unmatched_done(&to->unmatched[i]);
    }
    for (size_t i = 0; i < to->admission_count; i++) {
        nq_admission_done(&to->admissions[i]);
    }
    for (size_t i = 0; i < to->log_count; i++) {
        nq_log_entry_done(&to->log[i]);
    }
    free(to->governor.reason);
    *to = *from;
    for (size_t i = 0; i < from->admission_count; i++) {
        nq_admission_copy(&from->admissions[i], &to->admissions[i]);
    }
    for (size_t i = 0; i < from->log_count; i++) {
        nq_log_entry_copy(&from->log[i], &to->log[i]);
    }
    to->governor.reason = nq_strdup(from->governor.reason);
    for (size_t i = 0; i < from->case_count; i++) {
        nq_case_copy(&from->cases[i], &to->cases[i]);
    }
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        nq_unmatched_copy(&from->unmatched[i], &to->unmatched[i]);
    }
}

static struct fake_store *store_of(struct nq_store *store)
{
    return (struct fake_store *)store;
}

static bool writable(const struct fake_store *store, struct nq_err *reterr)
{
    return !store->broken || nq_fail(reterr, NQ_STORE_WRITE, "the fake disk is full");
}

static bool fake_load(struct nq_store *base, const struct nq_store_reader *reader,
                      struct nq_err *reterr)
{
    (void)reterr;
    const struct kept *kept = &store_of(base)->committed;
    for (size_t i = 0; i < kept->case_count; i++) {
        reader->on_case(reader->arg, &kept->cases[i]);
    }
    for (int i = 0; i < NQ_COUNTER_COUNT; i++) {
        reader->on_counter(reader->arg, (enum nq_counter)i, kept->counters[i]);
    }
    for (size_t i = 0; i < kept->tally_count; i++) {
        const struct kept_tally *tally = &kept->tallies[i];
        reader->on_tally(reader->arg, tally->owner, tally->name, tally->value);
    }
    if (kept->mode) {
        reader->on_mode(reader->arg, kept->mode);
    }
    reader->on_last_case(reader->arg, kept->last_case);
    for (size_t i = 0; i < kept->admission_count; i++) {
        reader->on_admission(reader->arg, &kept->admissions[i]);
    }
    if (kept->governor.state) {
        reader->on_governor(reader->arg, &kept->governor);
    }
    for (size_t i = 0; i < kept->log_count; i++) {
        reader->on_log(reader->arg, &kept->log[i]);
    }
    for (size_t i = 0; reader->on_unmatched && i < NQ_UNMATCHED_MAX; i++) {
        if (kept->unmatched[i].text) {
            reader->on_unmatched(reader->arg, &kept->unmatched[i]);
        }
    }
    return true;
}

static bool fake_begin(struct nq_store *base, struct nq_err *reterr)
{
    struct fake_store *store = store_of(base);
    world_copy_kept(&store->pending, &store->committed);
    if (!writable(store, reterr)) {
        store->missed++;
        return false;
    }
    return true;
}

static struct nq_case *slot_of(struct kept *kept, uint32_t id)
{
    for (size_t i = 0; i < kept->case_count; i++) {
        if (kept->cases[i].id == id) {
            return &kept->cases[i];
        }
    }
    return NULL;
}

static bool fake_put_case(struct nq_store *base, const struct nq_case *record,
                          struct nq_err *reterr)
{
    struct kept *kept = &store_of(base)->pending;
    struct nq_case *slot = slot_of(kept, record->id);
    if (!slot && kept->case_count == CASES_MAX) {
        return nq_fail(reterr, NQ_STORE_WRITE, "the fake store holds %d cases",
                       CASES_MAX);
    }
    if (slot) {
        nq_case_done(slot);
    } else if (store_of(base)->forgets) {
        return true;
    } else {
        slot = &kept->cases[kept->case_count++];
    }
    nq_case_copy(record, slot);
    store_of(base)->case_puts++;
    if (record->id > kept->last_case) {
        kept->last_case = record->id;
    }
    return true;
}

static bool fake_delete_case(struct nq_store *base, uint32_t id, struct nq_err *reterr)
{
    (void)reterr;
    struct kept *kept = &store_of(base)->pending;
    struct nq_case *slot = slot_of(kept, id);
    if (slot) {
        nq_case_done(slot);
        const size_t at = (size_t)(slot - kept->cases);
        memmove(slot, slot + 1, (--kept->case_count - at) * sizeof(*slot));
    }
    return true;
}

static bool fake_put_signal(struct nq_store *base, const struct nq_signal *signal,
                            struct nq_err *reterr)
{
    /* A signal without its case would break the foreign key of the real store. */
    return store_of(base)->forgets ||
           slot_of(&store_of(base)->pending, signal->case_id) ||
           nq_fail(reterr, NQ_STORE_WRITE, "signal of unknown case %u", signal->case_id);
}

static bool fake_put_counter(struct nq_store *base, enum nq_counter counter,
                             uint64_t value, struct nq_err *reterr)
{
    (void)reterr;
    store_of(base)->pending.counters[counter] = value;
    return true;
}

static bool fake_put_tally(struct nq_store *base, const char *owner, const char *name,
                           uint64_t value, struct nq_err *reterr)
{
    struct kept *kept = &store_of(base)->pending;
    struct kept_tally tally = {.value = value};
    (void)snprintf(tally.owner, sizeof(tally.owner), "%s", owner);
    (void)snprintf(tally.name, sizeof(tally.name), "%s", name);
    size_t at = 0;
    while (at < kept->tally_count && (strcmp(kept->tallies[at].owner, tally.owner) != 0 ||
                                      strcmp(kept->tallies[at].name, tally.name) != 0)) {
        at++;
    }
    if (at == TALLIES_MAX) {
        return nq_fail(reterr, NQ_STORE_WRITE, "the fake store holds %d tallies",
                       TALLIES_MAX);
    }
    kept->tallies[at] = tally;
    kept->tally_count += at == kept->tally_count;
    return true;
}

static bool fake_put_unmatched(struct nq_store *base, const struct nq_unmatched *record,
                               struct nq_err *reterr)
{
    if (record->slot >= NQ_UNMATCHED_MAX || !record->text) {
        return nq_fail(reterr, NQ_STORE_WRITE, "no such slot, or no text");
    }
    struct fake_store *store = store_of(base);
    struct nq_unmatched *slot = &store->pending.unmatched[record->slot];
    nq_unmatched_done(slot);
    nq_unmatched_copy(record, slot);
    store->unmatched_puts++;
    return true;
}

static bool fake_put_mode(struct nq_store *base, enum nq_mode mode, struct nq_err *reterr)
{
    (void)reterr;
    store_of(base)->pending.mode = mode;
    return true;
}

static bool fake_put_admission(struct nq_store *base, const struct nq_admission *record,
                               struct nq_err *reterr)
{
    struct kept *kept = &store_of(base)->pending;
    if (kept->admission_count == ADMISSIONS_MAX) {
        return nq_fail(reterr, NQ_STORE_WRITE, "the fake store holds %d admissions",
                       ADMISSIONS_MAX);
    }
    nq_admission_copy(record, &kept->admissions[kept->admission_count++]);
    return true;
}

static bool fake_forget_admissions(struct nq_store *base, int64_t at_ms,
                                   struct nq_err *reterr)
{
    struct kept *kept = &store_of(base)->pending;
    size_t left = 0;
    (void)reterr;
    for (size_t i = 0; i < kept->admission_count; i++) {
        if (kept->admissions[i].at_ms < at_ms) {
            nq_admission_done(&kept->admissions[i]);
        } else {
            kept->admissions[left++] = kept->admissions[i];
        }
    }
    kept->admission_count = left;
    return true;
}

static bool fake_put_governor(struct nq_store *base,
                              const struct nq_governor_record *record,
                              struct nq_err *reterr)
{
    struct kept *kept = &store_of(base)->pending;
    (void)reterr;
    free(kept->governor.reason);
    kept->governor = *record;
    kept->governor.reason = nq_strdup(record->reason);
    return true;
}

static bool fake_put_log(struct nq_store *base, const struct nq_log_entry *entry,
                         struct nq_err *reterr)
{
    struct kept *kept = &store_of(base)->pending;
    const uint32_t last = kept->log_count ? kept->log[kept->log_count - 1].number : 0;
    if (entry->number != last + 1) {
        return nq_fail(reterr, NQ_STORE_WRITE, "entry %u of the log follows on %u",
                       entry->number, last);
    }
    if (kept->log_count == LOG_MAX) {
        nq_log_entry_done(&kept->log[0]);
        memmove(&kept->log[0], &kept->log[1], --kept->log_count * sizeof(kept->log[0]));
    }
    nq_log_entry_copy(entry, &kept->log[kept->log_count++]);
    return true;
}

/* The number stands for the hash: it changes with each entry. */
static void fake_log_head(const struct nq_store *base, char ret_hash[NQ_HASH_TEXT])
{
    const struct kept *kept = &((const struct fake_store *)base)->committed;
    (void)snprintf(ret_hash, NQ_HASH_TEXT, "%u",
                   kept->log_count ? kept->log[kept->log_count - 1].number : 0);
}

static bool fake_commit(struct nq_store *base, struct nq_err *reterr)
{
    struct fake_store *store = store_of(base);
    const struct world_watch *watch = store->dead ? NULL : store->world->watch;
    if (!writable(store, reterr)) {
        store->missed++;
        return false;
    }
    if (watch && watch->before_commit) {
        watch->before_commit(watch->arg, &store->committed, &store->pending);
    }
    if (!store->dead) {
        world_copy_kept(&store->committed, &store->pending);
        store->commits++;
        if (watch && watch->after_commit) {
            watch->after_commit(watch->arg);
        }
    }
    store->missed = 0;
    return true;
}

static void fake_rollback(struct nq_store *base)
{
    (void)base;
}

static void fake_close_store(struct nq_store *base)
{
    (void)base;
}

const struct nq_store_ops world_store_ops = {
    .load = fake_load,
    .begin = fake_begin,
    .put_case = fake_put_case,
    .delete_case = fake_delete_case,
    .put_signal = fake_put_signal,
    .put_counter = fake_put_counter,
    .put_tally = fake_put_tally,
    .put_unmatched = fake_put_unmatched,
    .put_mode = fake_put_mode,
    .put_admission = fake_put_admission,
    .forget_admissions = fake_forget_admissions,
    .put_governor = fake_put_governor,
    .put_log = fake_put_log,
    .log_head = fake_log_head,
    .commit = fake_commit,
    .rollback = fake_rollback,
    .close = fake_close_store,
};
