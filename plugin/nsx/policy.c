/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: the policy backend as a whole, and its calls about one VM. prove() and
 * read_groups() have files of their own. */
#include "nsx/policy.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/policy_impl.h"
#include "nsx/policy_json.h"

static struct nq_policy *policy_of(struct nq_backend *backend)
{
    return (struct nq_policy *)backend;
}

/* ---- calls ---------------------------------------------------------------------------- */

void nq_call_open(struct nq_call *call, struct nq_policy *policy,
                  void (*drop)(struct nq_call *call), nq_reply_fn *done, void *arg)
{
    call->policy = policy;
    call->drop = drop;
    call->done = done;
    call->arg = arg;
    DL_APPEND(policy->calls, call);
}

void nq_call_reply(struct nq_call *call, const struct nq_reply *reply)
{
    DL_DELETE(call->policy->calls, call);
    call->done(call->arg, reply);
    call->drop(call);
}

void nq_call_fail(struct nq_call *call, const struct nq_err *err)
{
    nq_call_reply(call, &(struct nq_reply){.err = err, .missing = ""});
}

static void cancel(struct nq_backend *backend, struct nq_call *call)
{
    DL_DELETE(policy_of(backend)->calls, call);
    call->drop(call);
}

/* ---- find_vms ------------------------------------------------------------------------- */

struct find_call {
    struct nq_call call;
    bool fresh;
    size_t hint_count;
    char *hints[NQ_HINTS_MAX];
    struct nq_timer timer;
    bool waits; /* for the end of a sync */
    bool final; /* a sync has ended since the question: none is an answer now */
    bool failed;
    struct nq_err err; /* of that sync, with failed */
};

static void find_drop(struct nq_call *call)
{
    struct find_call *find = (struct find_call *)call;
    nq_timer_clear(call->policy->loop, &find->timer);
    for (size_t i = 0; i < find->hint_count; i++) {
        free(find->hints[i]);
    }
    free(find);
}

static void find_now(void *arg)
{
    struct find_call *find = arg;
    struct nq_policy *policy = find->call.policy;
    if (find->failed) {
        nq_call_fail(&find->call, &find->err);
        return;
    }
    struct nq_vm_query query = {.hint_count = find->hint_count};
    for (size_t i = 0; i < find->hint_count; i++) {
        query.hints[i] = find->hints[i];
    }
    struct nq_reply reply = {.missing = ""};
    struct nq_vm *vms = NULL;
    if (policy->sync.inventory && (find->final || !find->fresh)) {
        vms = nq_inventory_find(policy->sync.inventory, &query, &reply.vm_count);
    }
    if (reply.vm_count > 0 || find->final) {
        reply.vms = vms;
        nq_call_reply(&find->call, &reply);
    } else {
        find->waits = true;
        nq_sync_want(&policy->sync);
    }
    free(vms);
}

static void answer_soon(struct find_call *find)
{
    nq_timer_set(find->call.policy->loop, &find->timer, 0, find_now, find);
}

static struct nq_call *find_vms(struct nq_backend *backend,
                                const struct nq_vm_query *query, nq_reply_fn *done,
                                void *arg)
{
    struct find_call *find = nq_calloc(1, sizeof(*find));
    find->fresh = query->fresh;
    for (size_t i = 0; i < query->hint_count && i < NQ_HINTS_MAX; i++) {
        find->hints[find->hint_count++] = nq_strdup(query->hints[i]);
    }
    nq_call_open(&find->call, policy_of(backend), find_drop, done, arg);
    answer_soon(find);
    return &find->call;
}

/* A sync has ended: all who wait are answered, each by its own timer, because an answer
 * may start and cancel other calls. */
static void on_sync_end(void *arg, const struct nq_err *err)
{
    struct nq_policy *policy = arg;
    struct nq_call *call = NULL;
    DL_FOREACH(policy->calls, call)
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

/* ---- read_vm -------------------------------------------------------------------------- */

static void keep_vm(void *arg, const struct nq_vm_facts *vm)
{
    struct nq_vm_reading *reading = arg;
    if (strcmp(vm->external_id, reading->external_id) == 0) {
        reading->overflow |= !nq_inventory_add(reading->inventory, vm);
    }
}

static bool read_vm_page(void *arg, const char *body, size_t len,
                         struct nq_page *ret_page, struct nq_err *reterr)
{
    struct nq_vm_reading *reading = arg;
    const struct nq_config *conf = reading->policy->conf;
    return nq_json_vms(body, len, conf->tag_scope, conf->tag_value, keep_vm, reading,
                       ret_page, reterr) &&
           (!reading->overflow ||
            nq_fail(reterr, NQ_NSX_ANSWER, "the VM does not fit into an inventory"));
}

static void on_vm(void *arg, const struct nq_err *err)
{
    struct nq_vm_reading *reading = arg;
    struct nq_vm vm;
    if (!err && nq_vm_reading_get(reading, &vm)) {
        nq_sync_note_tag(&reading->policy->sync, reading->external_id, vm.has_our_tag);
    }
    reading->done(reading->arg, err);
}

/* GET /api/v1/fabric/virtual-machines?external_id=: the object itself; a search would
 * answer from an index that lags. */
void nq_vm_reading_start(struct nq_vm_reading *reading, struct nq_policy *policy,
                         const char *external_id, nq_ask_done_fn *done, void *arg)
{
    reading->policy = policy;
    reading->external_id = nq_strdup(external_id);
    reading->inventory = nq_inventory_new();
    reading->done = done;
    reading->arg = arg;
    char *id = nq_http_escape(external_id);
    char *path = nq_sprintf("/api/v1/fabric/virtual-machines?external_id=%s&page_size=%d",
                            id, NQ_PAGE_SIZE);
    nq_listing_start(&reading->listing, policy->asker, path, false, read_vm_page, on_vm,
                     reading);
    free(path);
    free(id);
}

bool nq_vm_reading_get(const struct nq_vm_reading *reading, struct nq_vm *ret_vm)
{
    struct nq_vm known;
    if (!nq_inventory_get(reading->inventory, reading->external_id, ret_vm)) {
        return false;
    }
    /* The VM object has no addresses; those of the last sync are the best we know. */
    const struct nq_inventory *inventory = reading->policy->sync.inventory;
    if (inventory && nq_inventory_get(inventory, reading->external_id, &known)) {
        ret_vm->addresses = known.addresses;
    }
    return true;
}

void nq_vm_reading_done(struct nq_vm_reading *reading)
{
    nq_listing_stop(&reading->listing);
    reading->inventory = nq_inventory_free(reading->inventory);
    free(reading->external_id);
    reading->external_id = NULL;
}

struct read_call {
    struct nq_call call;
    struct nq_vm_reading reading;
};

static void read_drop(struct nq_call *call)
{
    struct read_call *read = (struct read_call *)call;
    nq_vm_reading_done(&read->reading);
    free(read);
}

static void on_read(void *arg, const struct nq_err *err)
{
    struct read_call *read = arg;
    struct nq_vm vm;
    if (err) {
        nq_call_fail(&read->call, err);
        return;
    }
    const bool found = nq_vm_reading_get(&read->reading, &vm);
    nq_call_reply(&read->call, &(struct nq_reply){.vms = found ? &vm : NULL,
                                                  .vm_count = found ? 1 : 0,
                                                  .missing = ""});
}

static struct nq_call *read_vm(struct nq_backend *backend, const char *external_id,
                               nq_reply_fn *done, void *arg)
{
    struct read_call *read = nq_calloc(1, sizeof(*read));
    nq_call_open(&read->call, policy_of(backend), read_drop, done, arg);
    nq_vm_reading_start(&read->reading, policy_of(backend), external_id, on_read, read);
    return &read->call;
}

/* ---- change_tag ----------------------------------------------------------------------- */

struct change_call {
    struct nq_call call;
    struct nq_ask *ask;
    char *external_id;
    enum nq_tag_change change;
};

static void change_drop(struct nq_call *call)
{
    struct change_call *change = (struct change_call *)call;
    (void)nq_ask_cancel(change->ask);
    free(change->external_id);
    free(change);
}

/* NSX answers 204. A 200 with a page in it comes from something else. */
static bool read_nothing(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    (void)arg;
    if (len > 0) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "%s where no body was expected",
                       *body == '<' ? "HTML or XML" : "a body");
    }
    return true;
}

static void on_changed(void *arg, const struct nq_err *err)
{
    struct change_call *change = arg;
    change->ask = NULL;
    if (err) {
        nq_call_fail(&change->call, err);
        return;
    }
    nq_sync_note_tag(&change->call.policy->sync, change->external_id,
                     change->change == NQ_TAG_ADD);
    nq_call_reply(&change->call, &(struct nq_reply){.missing = ""});
}

/* POST /api/v1/fabric/virtual-machines?action=add_tags|remove_tags: a delta. The calls that
 * replace the list of tags (update_tags) would undo what others wrote in between. */
static struct nq_call *change_tag(struct nq_backend *backend, enum nq_tag_change change,
                                  const char *external_id, nq_reply_fn *done, void *arg)
{
    static const char *const paths[] = {
        [NQ_TAG_ADD] = "/api/v1/fabric/virtual-machines?action=add_tags",
        [NQ_TAG_REMOVE] = "/api/v1/fabric/virtual-machines?action=remove_tags",
    };
    struct nq_policy *policy = policy_of(backend);
    struct change_call *call = nq_calloc(1, sizeof(*call));
    call->external_id = nq_strdup(external_id);
    call->change = change;
    nq_call_open(&call->call, policy, change_drop, done, arg);
    char *body =
        nq_json_tag_body(external_id, policy->conf->tag_scope, policy->conf->tag_value);
    call->ask =
        nq_ask_start(policy->asker, paths[change], body, read_nothing, on_changed, call);
    free(body);
    return &call->call;
}

/* ---- life ----------------------------------------------------------------------------- */

static struct nq_manager_status status(const struct nq_backend *backend)
{
    return nq_asker_status(((const struct nq_policy *)backend)->asker);
}

static void close_policy(struct nq_backend *backend)
{
    struct nq_policy *policy = policy_of(backend);
    struct nq_call *call = NULL;
    struct nq_call *next = NULL;
    DL_FOREACH_SAFE(policy->calls, call, next)
    {
        cancel(backend, call);
    }
    nq_sync_done(&policy->sync);
    policy->asker = nq_asker_close(policy->asker);
    free(policy);
}

static const struct nq_backend_ops ops = {
    .find_vms = find_vms,
    .read_vm = read_vm,
    .change_tag = change_tag,
    .prove = nq_policy_prove,
    .read_groups = nq_policy_read_groups,
    .cancel = cancel,
    .status = status,
    .close = close_policy,
};

struct nq_backend *nq_policy_open(const struct nq_config *conf, size_t manager,
                                  struct nq_loop *loop, const struct nq_clock *clock,
                                  struct nq_err *reterr)
{
    struct nq_asker *asker = nq_asker_open(&conf->managers[manager], loop, clock, reterr);
    if (!asker) {
        return NULL;
    }
    struct nq_policy *policy = nq_calloc(1, sizeof(*policy));
    policy->base.ops = &ops;
    policy->conf = conf;
    policy->manager = manager;
    policy->loop = loop;
    policy->asker = asker;
    const struct nq_sync_setup setup = {
        .conf = conf,
        .manager = &conf->managers[manager],
        .asker = asker,
        .loop = loop,
        .clock = clock,
        .ended = on_sync_end,
        .arg = policy,
    };
    nq_sync_init(&policy->sync, &setup);
    return &policy->base;
}
