/* SPDX-License-Identifier: Apache-2.0 */
/* find.c: see find.h. */
#include "nsx/find.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/hint.h"

struct find_call {
    struct nq_call call;
    struct nq_finder *finder;
    bool fresh;
    bool known_only;
    size_t hint_count;
    char *hints[NQ_HINTS_MAX];
    struct nq_timer timer;
    bool waits;   /* for the end of a sync */
    bool final;   /* a sync has ended since the question: none is an answer now */
    void *names;  /* reading of finder->names, or NULL */
    bool checked; /* that reading is over, well or not */
    bool failed;
    struct nq_err err; /* of that sync, with failed */
};

static void find_drop(struct nq_call *call)
{
    struct find_call *find = (struct find_call *)call;
    nq_timer_clear(find->finder->loop, &find->timer);
    if (find->names) {
        find->finder->names.stop(find->names);
    }
    for (size_t i = 0; i < find->hint_count; i++) {
        free(find->hints[i]);
    }
    free(find);
}

static void find_now(void *arg);

/* A failure counts for nothing here: the cut of a VM that is known must not wait for a
 * manager in trouble. */
static void on_names(void *arg, const struct nq_err *err)
{
    struct find_call *find = arg;
    (void)err;
    find->finder->names.stop(find->names);
    find->names = NULL;
    find->checked = true;
    find_now(find);
}

static bool only_by(const struct nq_vm *vms, size_t count, unsigned hint,
                    const struct nq_vm **ret_vm)
{
    size_t hits = 0;
    for (size_t i = 0; i < count; i++) {
        if (vms[i].matched & hint) {
            *ret_vm = &vms[i];
            hits++;
        }
    }
    return hits == 1;
}

/* The name that alone led to one VM, spelled as NSX has it; NULL when there is none, or when
 * a UUID or an address led to a VM as well. */
static const char *doubtful_name(const struct nq_vm_query *query, const struct nq_vm *vms,
                                 size_t count)
{
    const char *doubtful = NULL;
    char key[NQ_HINT_KEY];
    for (size_t i = 0; i < query->hint_count; i++) {
        const struct nq_vm *vm = NULL;
        const bool only_one = only_by(vms, count, 1U << i, &vm);
        if (vm && nq_hint_of(query->hints[i], key) != NQ_HINT_NAME) {
            return NULL;
        }
        if (only_one && !doubtful) {
            const bool shown = nq_text_same(vm->display_name, query->hints[i]);
            doubtful = shown ? vm->display_name : query->hints[i];
        }
    }
    return doubtful;
}

/* Names are not unique in NSX, and another VM may have got this one since the list was
 * read. true: NSX is asked; find_now() comes again. */
static bool ask_for_twins(struct find_call *find, const struct nq_vm_query *query,
                          const struct nq_vm *vms, size_t count)
{
    struct nq_finder *finder = find->finder;
    const struct nq_name_reader *names = &finder->names;
    if (!names->start || find->checked || find->final ||
        nq_mono_ms(finder->clock) - finder->sync->listed_ms < NQ_FIND_FRESH_MS) {
        return false;
    }
    const char *name = doubtful_name(query, vms, count);
    if (name) {
        find->names = names->start(names->arg, name, on_names, find);
    }
    return name != NULL;
}

static void reply(struct find_call *find, struct nq_vm *vms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vms[i].manager = find->finder->manager;
    }
    nq_call_reply(&find->call,
                  &(struct nq_reply){.vms = vms, .vm_count = count, .missing = ""});
}

static void find_now(void *arg)
{
    struct find_call *find = arg;
    struct nq_sync *sync = find->finder->sync;
    if (find->failed) {
        nq_call_fail(&find->call, &find->err);
        return;
    }
    struct nq_vm_query query = {.hint_count = find->hint_count};
    for (size_t i = 0; i < find->hint_count; i++) {
        query.hints[i] = find->hints[i];
    }
    struct nq_vm *vms = NULL;
    size_t count = 0;
    if (sync->inventory && (find->final || !find->fresh)) {
        vms = nq_inventory_find(sync->inventory, &query, &count);
    }
    if (count > 0 && ask_for_twins(find, &query, vms, count)) {
        free(vms);
        return;
    }
    if (count > 0 || find->final || find->known_only) {
        reply(find, vms, count);
    } else {
        find->waits = true;
        nq_sync_want(sync);
    }
    free(vms);
}

static void answer_soon(struct find_call *find)
{
    nq_timer_set(find->finder->loop, &find->timer, 0, find_now, find);
}

struct nq_call *nq_find_start(struct nq_finder *finder, const struct nq_vm_query *query,
                              nq_reply_fn *done, void *arg)
{
    struct find_call *find = nq_calloc(1, sizeof(*find));
    find->finder = finder;
    find->fresh = query->fresh;
    find->known_only = query->known_only;
    for (size_t i = 0; i < query->hint_count && i < NQ_HINTS_MAX; i++) {
        find->hints[find->hint_count++] = nq_strdup(query->hints[i]);
    }
    nq_call_open(&find->call, finder->calls, find_drop, done, arg);
    answer_soon(find);
    return &find->call;
}

/* A sync has ended: all who wait are answered, each by its own timer, because an answer
 * may start and cancel other calls. */
void nq_find_sync_ended(struct nq_finder *finder, const struct nq_err *err)
{
    struct nq_call *call = NULL;
    DL_FOREACH(finder->calls->first, call)
    {
        struct find_call *find = (struct find_call *)call;
        if (call->drop != find_drop || !find->waits) {
            continue;
        }
        find->waits = false;
        find->final = true;
        find->failed = err != NULL;
        if (err) {
            find->err = *err;
        }
        answer_soon(find);
    }
}
