/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: VMs read from NSX now: few one by one, many by one reading of the list. */
#include "nsx/policy/impl.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/policy/json.h"

#define FABRIC_PATH "/api/v1/fabric/virtual-machines"

/* Readings that are told their end in one turn of the loop: each may make the engine
 * write and store. */
#define TELL_MAX 64

/* The pace in a storm: the whole list costs a page for each 1,000 VMs, and a manager needs
 * a second or so for a page when many ask. */
#define PACE_MS          500
#define PACE_PER_PAGE_MS 100
#define PACE_MOST_MS     5000

/* One listing and the readings that it serves. */
struct nq_vm_job {
    struct nq_policy *policy;
    bool whole; /* the list of all VMs, else a filter for one reading */
    bool under_way;
    int64_t begun_ms; /* mono */
    uint16_t round;
    struct nq_listing listing;
    struct nq_vm_reading *readings; /* not told their end yet */
    size_t users;                   /* readings that point here, and tell() */
    char **wanted;                  /* external ids, sorted */
    size_t wanted_count;
    struct nq_inventory *found; /* the wanted ones, their copies merged */
    bool overflow;
    bool failed;
    struct nq_err err; /* with failed */
    struct nq_timer tell;
};

/* ---- jobs -------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct nq_vm_job *new_job(struct nq_policy *policy, bool whole)
{
    struct nq_vm_job *job = nq_calloc(1, sizeof(*job));
    job->policy = policy;
    job->whole = whole;
    job->under_way = true;
    job->begun_ms = nq_mono_ms(policy->clock);
    job->round = ++policy->list_round;
    job->found = nq_inventory_new();
    nq_bench_began(&policy->readers);
    return job;
}

static void add_reading(struct nq_vm_job *job, struct nq_vm_reading *reading)
{
    nq_bench_rise(&reading->seat);
    job->policy->lone_readers -= reading->alone;
    reading->job = job;
    job->users++;
    DL_APPEND(job->readings, reading);
}

static void keep_wanted(struct nq_vm_job *job)
{
    struct nq_vm_reading *reading = NULL;
    job->wanted = nq_calloc(job->users, sizeof(job->wanted[0]));
    DL_FOREACH(job->readings, reading)
    {
        if (reading->external_id) {
            job->wanted[job->wanted_count++] = nq_strdup(reading->external_id);
        }
    }
    qsort(job->wanted, job->wanted_count, sizeof(job->wanted[0]), by_text);
}

static void end_listing(struct nq_vm_job *job)
{
    if (job->under_way) {
        job->under_way = false;
        nq_listing_stop(&job->listing);
        job->policy->whole_job = job->whole ? NULL : job->policy->whole_job;
        nq_bench_ended(&job->policy->readers);
    }
}

static void leave(struct nq_vm_job *job)
{
    if (--job->users > 0) {
        return;
    }
    end_listing(job);
    nq_timer_clear(job->policy->loop, &job->tell);
    for (size_t i = 0; i < job->wanted_count; i++) {
        free(job->wanted[i]);
    }
    free(job->wanted);
    nq_inventory_free(job->found);
    free(job);
}

/* ---- the end of readings ----------------------------------------------------------- */

/* The list of all VMs may lose some between its pages, and a manager may have trouble with
 * the list alone. The object itself decides before a VM counts as gone. */
static bool ask_again_alone(const struct nq_vm_job *job,
                            const struct nq_vm_reading *reading)
{
    struct nq_vm vm;
    if (!job->whole || !reading->external_id) {
        return false;
    }
    return job->failed ? job->err.code == NQ_NSX_ANSWER
                       : !nq_inventory_get(job->found, reading->external_id, &vm);
}

static void sit_alone(struct nq_vm_reading *reading)
{
    struct nq_policy *policy = reading->policy;
    reading->job = NULL;
    reading->alone = true;
    policy->lone_readers++;
    nq_bench_sit_again(&policy->readers, &reading->seat);
}

static void end_reading(struct nq_vm_job *job, struct nq_vm_reading *reading)
{
    struct nq_vm vm;
    DL_DELETE(job->readings, reading);
    if (ask_again_alone(job, reading)) {
        sit_alone(reading);
        leave(job);
        return;
    }
    reading->over = true;
    if (!job->failed && nq_vm_reading_get(reading, &vm)) {
        nq_sync_note_tags(&job->policy->sync, reading->external_id, vm.tags);
    }
    reading->done(reading->arg, job->failed ? &job->err : NULL);
}

static void tell(void *arg)
{
    struct nq_vm_job *job = arg;
    job->users++; /* a callback may give up the last reading */
    for (int told = 0; told < TELL_MAX && job->readings; told++) {
        end_reading(job, job->readings);
    }
    if (job->readings) {
        nq_timer_set(job->policy->loop, &job->tell, 0, tell, job);
    }
    leave(job);
}

/* Gives the end of the job to some who wait for a question of their own. */
static void share(struct nq_vm_job *job, bool only_names)
{
    struct nq_seat *seat = NULL;
    struct nq_seat *next = NULL;
    DL_FOREACH_SAFE(job->policy->readers.first, seat, next)
    {
        struct nq_vm_reading *reading = (struct nq_vm_reading *)seat;
        if (reading->name || !only_names) {
            add_reading(job, reading);
        }
    }
}

/* Who waits behind a manager that is away would learn it one after the other, each after
 * a timeout of his own. */
static bool is_away(const struct nq_err *err)
{
    return err->code == NQ_NSX_UNREACHABLE || err->code == NQ_NSX_TIMEOUT ||
           err->code == NQ_NSX_TLS || err->code == NQ_NSX_AUTH;
}

static void on_listed(void *arg, const struct nq_err *err)
{
    struct nq_vm_job *job = arg;
    struct nq_policy *policy = job->policy;
    job->failed = err != NULL;
    if (err) {
        job->err = *err;
        if (is_away(err)) {
            share(job, false);
        }
    } else if (job->whole) {
        nq_sync_note_list(&policy->sync, job->begun_ms);
        if (nq_mono_ms(policy->clock) - job->begun_ms < NQ_FIND_FRESH_MS) {
            share(job, true); /* a list this new is all that a name asks for */
        }
    }
    end_listing(job);
    tell(job);
}

/* ---- reading ----------------------------------------------------------------------- */

static bool is_wanted(const struct nq_vm_job *job, const char *external_id)
{
    return bsearch(&external_id, job->wanted, job->wanted_count, sizeof(job->wanted[0]),
                   by_text) != NULL;
}

static void keep_vm(void *arg, const struct nq_vm_facts *vm)
{
    struct nq_vm_job *job = arg;
    if (is_wanted(job, vm->external_id)) {
        job->overflow |= !nq_inventory_add(job->found, vm);
    }
    if (job->whole || job->wanted_count == 0) {
        nq_sync_note_vm(&job->policy->sync, vm, job->round);
    }
}

static bool read_page(void *arg, const char *body, size_t len, struct nq_page *ret_page,
                      struct nq_err *reterr)
{
    struct nq_vm_job *job = arg;
    return nq_json_vms(body, len, job->policy->conf, keep_vm, job, ret_page, reterr) &&
           (!job->overflow ||
            nq_fail(reterr, NQ_NSX_ANSWER, "the VM does not fit into an inventory"));
}

static void start_whole(struct nq_policy *policy)
{
    struct nq_vm_job *job = new_job(policy, true);
    struct nq_seat *seat = NULL;
    struct nq_seat *next = NULL;
    DL_FOREACH_SAFE(policy->readers.first, seat, next)
    {
        struct nq_vm_reading *reading = (struct nq_vm_reading *)seat;
        if (!reading->alone) {
            add_reading(job, reading);
        }
    }
    keep_wanted(job);
    policy->whole_job = job;
    nq_listing_start(&job->listing, policy->asker, NQ_POLICY_VMS_PATH, true, read_page,
                     on_listed, job);
}

/* GET /api/v1/fabric/virtual-machines?external_id= or ?display_name=: the objects
 * themselves; a search would answer from an index that lags. */
static void start_single(struct nq_policy *policy, struct nq_vm_reading *reading)
{
    struct nq_vm_job *job = new_job(policy, false);
    add_reading(job, reading);
    keep_wanted(job);
    const bool by_id = reading->external_id != NULL;
    char *value = nq_http_escape(by_id ? reading->external_id : reading->name);
    char *path = nq_sprintf(FABRIC_PATH "?%s=%s&page_size=%d",
                            by_id ? "external_id" : "display_name", value, NQ_PAGE_SIZE);
    if (by_id) {
        nq_listing_start(&job->listing, policy->asker, path, false, read_page, on_listed,
                         job);
    } else { /* whom a trap means is asked by name, before the tag */
        nq_listing_start_urgent(&job->listing, policy->asker, path, read_page, on_listed,
                                job);
    }
    free(path);
    free(value);
}

/* ---- who waits --------------------------------------------------------------------- */

/* Of the list of all VMs; 0 while nothing is known of it. */
static size_t pages_of(const struct nq_policy *policy)
{
    const struct nq_inventory *inventory = policy->sync.inventory;
    return inventory ? nq_inventory_count(inventory) / NQ_PAGE_SIZE + 1 : 0;
}

/* More wait than the list has pages, and than may ask at the same time. */
static bool list_is_cheaper(const struct nq_policy *policy)
{
    const size_t together = policy->readers.count - policy->lone_readers;
    const size_t pages = pages_of(policy);
    return pages > 0 && together > NQ_BENCH_FEW && together > pages;
}

static int64_t pace_of(const struct nq_policy *policy)
{
    const int64_t pace_ms = PACE_MS + (int64_t)pages_of(policy) * PACE_PER_PAGE_MS;
    return pace_ms < PACE_MOST_MS ? pace_ms : PACE_MOST_MS;
}

static struct nq_vm_reading *first_for_itself(const struct nq_policy *policy,
                                              bool only_alone)
{
    struct nq_seat *seat = NULL;
    DL_FOREACH(policy->readers.first, seat)
    {
        struct nq_vm_reading *reading = (struct nq_vm_reading *)seat;
        if (reading->alone || !only_alone) {
            return reading;
        }
    }
    return NULL;
}

/* While the list is read, who came too late for it waits for the next one, once there are
 * enough of them. */
static bool dispatch(void *arg)
{
    struct nq_policy *policy = arg;
    const bool by_list = list_is_cheaper(policy);
    policy->readers.setup.pace_ms = pace_of(policy);
    if (by_list && !policy->whole_job) {
        start_whole(policy);
        return true;
    }
    if (policy->readers.under_way >= NQ_BENCH_FEW) {
        return false;
    }
    struct nq_vm_reading *reading = first_for_itself(policy, by_list);
    if (reading) {
        start_single(policy, reading);
    }
    return reading != NULL;
}

void nq_policy_reads_init(struct nq_policy *policy)
{
    const struct nq_bench_setup setup = {
        .dispatch = dispatch,
        .arg = policy,
        .loop = policy->loop,
        .clock = policy->clock,
        .pace_ms = PACE_MS,
        .plenty = SIZE_MAX,
    };
    nq_bench_init(&policy->readers, &setup);
}

/* ---- readings ---------------------------------------------------------------------- */

static void start(struct nq_vm_reading *reading, struct nq_policy *policy,
                  nq_ask_done_fn *done, void *arg)
{
    reading->policy = policy;
    reading->done = done;
    reading->arg = arg;
    nq_bench_sit(&policy->readers, &reading->seat);
}

void nq_vm_reading_start(struct nq_vm_reading *reading, struct nq_policy *policy,
                         const char *external_id, nq_ask_done_fn *done, void *arg)
{
    *reading = (struct nq_vm_reading){.external_id = nq_strdup(external_id)};
    start(reading, policy, done, arg);
}

void nq_vm_reading_start_name(struct nq_vm_reading *reading, struct nq_policy *policy,
                              const char *name, nq_ask_done_fn *done, void *arg)
{
    *reading = (struct nq_vm_reading){.name = nq_strdup(name)};
    start(reading, policy, done, arg);
}

bool nq_vm_reading_get(const struct nq_vm_reading *reading, struct nq_vm *ret_vm)
{
    struct nq_vm known;
    if (!reading->external_id ||
        !nq_inventory_get(reading->job->found, reading->external_id, ret_vm)) {
        return false;
    }
    ret_vm->manager = reading->policy->manager;
    /* The VM object has no addresses; those of the last sync are the best we know. */
    const struct nq_inventory *inventory = reading->policy->sync.inventory;
    ret_vm->complete =
        inventory && nq_inventory_get(inventory, reading->external_id, &known);
    if (ret_vm->complete) {
        ret_vm->addresses = known.addresses;
    } else {
        nq_sync_want(&reading->policy->sync);
    }
    return true;
}

void nq_vm_reading_done(struct nq_vm_reading *reading)
{
    if (reading->seat.bench) {
        nq_bench_rise(&reading->seat);
        reading->policy->lone_readers -= reading->alone;
    }
    if (reading->job) {
        if (!reading->over) {
            DL_DELETE(reading->job->readings, reading);
        }
        leave(reading->job);
        reading->job = NULL;
    }
    free(reading->external_id);
    free(reading->name);
    reading->external_id = NULL;
    reading->name = NULL;
}
