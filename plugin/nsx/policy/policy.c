/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: the policy backend as a whole, with find_vms() and read_vm(). The other calls
 * have files of their own. */
#include "nsx/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/login.h"
#include "nsx/policy/counters.h"
#include "nsx/policy/firewall.h"
#include "nsx/policy/impl.h"
#include "nsx/policy/json.h"

static struct nq_policy *policy_of(struct nq_backend *backend)
{
    return (struct nq_policy *)backend;
}

/* ---- find_vms ---------------------------------------------------------------------- */

static struct nq_call *find_vms(struct nq_backend *backend,
                                const struct nq_vm_query *query, nq_reply_fn *done,
                                void *arg)
{
    return nq_find_start(&policy_of(backend)->finder, query, done, arg);
}

static void *start_names(void *arg, const char *name, nq_ask_done_fn *done,
                         void *done_arg)
{
    struct nq_vm_reading *reading = nq_calloc(1, sizeof(*reading));
    nq_vm_reading_start_name(reading, arg, name, done, done_arg);
    return reading;
}

static void stop_names(void *reading)
{
    nq_vm_reading_done(reading);
    free(reading);
}

static void on_sync_end(void *arg, const struct nq_err *err)
{
    struct nq_policy *policy = arg;
    if (err) {
        nq_policy_tagger_retry(policy->tagger);
    } else {
        nq_compute_managers_renew(policy->vcenters);
    }
    nq_find_sync_ended(&policy->finder, err);
}

/* ---- read_vm ----------------------------------------------------------------------- */

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
    nq_call_reply_vm(&read->call, nq_vm_reading_get(&read->reading, &vm) ? &vm : NULL);
}

static struct nq_call *read_vm(struct nq_backend *backend, const struct nq_vm_id *vm,
                               nq_reply_fn *done, void *arg)
{
    struct read_call *read = nq_calloc(1, sizeof(*read));
    nq_call_open(&read->call, &policy_of(backend)->calls, read_drop, done, arg);
    nq_vm_reading_start(&read->reading, policy_of(backend), vm->external_id, on_read,
                        read);
    return &read->call;
}

/* ---- read_protector, each_server --------------------------------------------------- */

static struct nq_call *read_protector(struct nq_backend *backend,
                                      const struct nq_vm_id *vm, nq_reply_fn *done,
                                      void *arg)
{
    return nq_protector_start(&policy_of(backend)->protector, vm->external_id, done, arg);
}

static void each_server(const struct nq_backend *backend, size_t manager,
                        nq_server_fn *fn, void *arg)
{
    const struct nq_policy *policy = (const struct nq_policy *)backend;
    (void)manager;
    nq_asker_each_server(policy->asker, fn, arg);
    nq_compute_managers_each(policy->vcenters, fn, arg);
}

/* ---- life -------------------------------------------------------------------------- */

static void status(const struct nq_backend *backend, size_t manager,
                   struct nq_manager_status *ret_status)
{
    const struct nq_policy *policy = (const struct nq_policy *)backend;
    (void)manager;
    nq_asker_status(policy->asker, ret_status);
    nq_sync_status(&policy->sync, ret_status);
}

static void close_policy(struct nq_backend *backend)
{
    struct nq_policy *policy = policy_of(backend);
    nq_calls_cancel_all(&policy->calls);
    nq_protector_done(&policy->protector);
    policy->tagged = nq_tagged_reader_free(policy->tagged);
    policy->counters = nq_counters_close(policy->counters);
    policy->firewall = nq_firewall_close(policy->firewall);
    nq_baselines_done(&policy->baselines);
    policy->tagger = nq_policy_tagger_free(policy->tagger);
    nq_bench_done(&policy->readers);
    nq_sync_done(&policy->sync);
    policy->vcenters = nq_compute_managers_free(policy->vcenters);
    policy->asker = nq_asker_close(policy->asker);
    free(policy);
}

static const struct nq_dialect dialect = {
    .media_type = "application/json",
    .read_fault = nq_json_fault,
    .judge = nq_judge_policy,
    .login = &nq_login_policy,
    .probe_paths = {"/api/v1/reverse-proxy/node/health", "/api/v1/node/version"},
    .read_health = nq_json_health,
    .version_paths = {"/api/v1/node/version"},
    .read_version = nq_json_version,
};

static const struct nq_backend_ops ops = {
    .find_vms = find_vms,
    .read_vm = read_vm,
    .change_tag = nq_policy_change_tag,
    .prove = nq_policy_prove,
    .read_groups = nq_policy_read_groups,
    .read_tagged = nq_policy_read_tagged,
    .read_protector = read_protector,
    .each_server = each_server,
    .cancel = nq_call_cancel_op,
    .status = status,
    .close = close_policy,
};

struct nq_backend *nq_policy_open(const struct nq_config *conf, size_t manager,
                                  struct nq_loop *loop, const struct nq_clock *clock,
                                  struct nq_err *reterr)
{
    const struct nq_manager_conf *manager_conf = &conf->managers[manager];
    struct nq_asker *asker = nq_asker_open(&manager_conf->access, manager_conf->name,
                                           &dialect, loop, clock, reterr);
    if (!asker) {
        return NULL;
    }
    struct nq_policy *policy = nq_calloc(1, sizeof(*policy));
    policy->base.ops = &ops;
    policy->conf = conf;
    policy->manager = manager;
    policy->loop = loop;
    policy->clock = clock;
    policy->asker = asker;
    policy->tagger = nq_policy_tagger_new(policy);
    policy->firewall = nq_firewall_open(policy);
    policy->counters = nq_counters_open(policy, policy->firewall);
    nq_policy_reads_init(policy);
    policy->tagged = nq_tagged_reader_new(policy);
    policy->vcenters = nq_compute_managers_new(policy);
    const struct nq_protector_setup protector = {
        .conf = conf,
        .manager = manager,
        .reader = nq_policy_protected_reader(policy),
        .calls = &policy->calls,
        .loop = loop,
        .clock = clock,
    };
    nq_protector_init(&policy->protector, &protector);
    policy->finder = (struct nq_finder){
        .calls = &policy->calls,
        .sync = &policy->sync,
        .loop = loop,
        .manager = manager,
        .clock = clock,
        .names = {.start = start_names, .stop = stop_names, .arg = policy},
    };
    const struct nq_sync_setup setup = {
        .conf = conf,
        .manager = manager_conf,
        .reader = nq_policy_inventory_reader(policy),
        .loop = loop,
        .clock = clock,
        .ended = on_sync_end,
        .arg = policy,
    };
    nq_sync_init(&policy->sync, &setup);
    return &policy->base;
}
