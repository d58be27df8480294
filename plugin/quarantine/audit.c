/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c: the audit log: every decision, who made it and on what evidence. Entries wait
 * here for the commit of their turn, and the newest stay for nqLogTable. */
#include "quarantine/engine_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

/* While the store cannot be written little happens; this is far more. */
#define WAITING_MAX 20000

#define REFUSED_PERIOD_MS 60000

static struct nq_log_entry *append(struct nq_audit *audit)
{
    if (audit->count == audit->room) {
        audit->room = audit->room ? 2 * audit->room : 256;
        audit->entries =
            nq_realloc(audit->entries, audit->room, sizeof(struct nq_log_entry *));
    }
    struct nq_log_entry *entry = nq_calloc(1, sizeof(*entry));
    audit->entries[audit->count++] = entry;
    return entry;
}

static char *evidence_text(const char *evidence)
{
    char *text = NULL;
    if (evidence) {
        text = nq_calloc(NQ_EVIDENCE_MAX + 1, 1);
        (void)nq_text_escape(evidence, text, NQ_EVIDENCE_MAX + 1);
    }
    return text;
}

void nq_audit_add(struct nq_engine *engine, uint32_t case_id, const char *event,
                  const char *actor, const char *evidence, const char *fmt, ...)
{
    struct nq_audit *audit = &engine->audit;
    if (audit->count - audit->stored >= WAITING_MAX) {
        audit->left_out++;
        return;
    }
    char text[2 * NQ_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    struct nq_log_entry *entry = append(audit);
    *entry = (struct nq_log_entry){
        .number = ++audit->last, .case_id = case_id, .at_ms = nq_engine_now(engine)};
    nq_text_set(&entry->event, event);
    nq_text_set(&entry->actor, actor ? actor : "engine");
    nq_text_set(&entry->text, text);
    entry->evidence = evidence_text(evidence);
    if (audit->left_out > 0) {
        nq_text_setf(&entry->text, "%u entries before this one are missing: %s",
                     audit->left_out, text);
        audit->left_out = 0;
    }
    nq_engine_wake(engine);
}

void nq_audit_refused(struct nq_engine *engine, const char *sender, const char *reason)
{
    struct nq_audit *audit = &engine->audit;
    const int64_t now_ms = nq_mono_ms(engine->setup.clock);
    audit->refused++;
    if (audit->refused_ms > 0 && now_ms - audit->refused_ms < REFUSED_PERIOD_MS) {
        return;
    }
    nq_audit_add(engine, 0, "refused", sender, NULL,
                 "%u traps since the last entry like this; this one: %s", audit->refused,
                 reason);
    audit->refused_ms = now_ms > 0 ? now_ms : 1;
    audit->refused = 0;
}

void nq_audit_load(struct nq_engine *engine, const struct nq_log_entry *entry)
{
    nq_log_entry_copy(entry, append(&engine->audit));
    engine->audit.last = entry->number;
    engine->audit.stored = engine->audit.count;
}

bool nq_audit_put(const struct nq_audit *audit, struct nq_store *store,
                  struct nq_err *reterr)
{
    for (size_t i = audit->stored; i < audit->count; i++) {
        if (!store->ops->put_log(store, audit->entries[i], reterr)) {
            return false;
        }
    }
    return true;
}

static void drop_oldest(struct nq_audit *audit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nq_log_entry_done(audit->entries[i]);
        free(audit->entries[i]);
    }
    audit->count -= count;
    memmove(audit->entries, audit->entries + count,
            audit->count * sizeof(struct nq_log_entry *));
}

/* Twice as many as are shown may stay, so that not every entry moves all others. */
void nq_audit_clean(struct nq_audit *audit)
{
    if (audit->count > (size_t)2 * NQ_LOG_SHOWN) {
        drop_oldest(audit, audit->count - NQ_LOG_SHOWN);
    }
    audit->stored = audit->count;
}

void nq_audit_done(struct nq_audit *audit)
{
    if (audit->entries) {
        drop_oldest(audit, audit->count);
    }
    free(audit->entries);
    *audit = (struct nq_audit){0};
}

const struct nq_log_entry *const *nq_engine_log(const struct nq_engine *engine,
                                                size_t *ret_count)
{
    const struct nq_audit *audit = &engine->audit;
    const size_t count = audit->count < NQ_LOG_SHOWN ? audit->count : NQ_LOG_SHOWN;
    *ret_count = count;
    return (const struct nq_log_entry *const *)audit->entries + (audit->count - count);
}
