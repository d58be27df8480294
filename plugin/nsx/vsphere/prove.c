/* SPDX-License-Identifier: Apache-2.0 */
/* prove.c: prove() of the vSphere backend: which rungs of isolation hold for a VM.
 * What is the same for all VMs is asked for once by all; what one VM needs is asked for in
 * two steps, because the last proof costs the hosts something. */
#include "nsx/vsphere/rungs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/tags.h"
#include "nsx/vsphere/membership.h"
#include "nsx/vsphere/xml.h"
#include "store/record.h"

#define PROVABLE                                                                         \
    (NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) | NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER) |              \
     NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED) | NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED))

#define CONTAINERS_PATH "/api/4.0/firewall/objects/status/vm/%s/containers"
#define OBJECT_PATH     "/api/2.0/services/inventory/%s/basicinfo"

/* A release without the last proof is asked again after this: it may have been upgraded. */
#define CONTAINERS_REST_MS 3600000

#define FACT_COUNT 3

struct prove_call {
    struct nq_call call;
    struct nq_vsphere_firewall *firewall;
    char *external_id;
    char *cluster;
    size_t open; /* questions without an answer */
    struct nq_vm_tags_reading reading;
    struct nq_wait facts[FACT_COUNT];
    struct nq_wait rules_wait;
    struct nq_wait feature_wait;
    struct nq_wait definition_wait;
    struct nq_ask *object_ask; /* of the cluster, when the inventory does not tell */
    struct nq_vsphere_membership membership;
    struct nq_ask *hosts_ask;
    struct nq_vm vm; /* valid while judging */
    struct nq_vsphere_findings findings;
};

static void prove_drop(struct nq_call *call)
{
    struct prove_call *prove = (struct prove_call *)call;
    prove->firewall->proving--;
    nq_vm_tags_reading_done(&prove->reading);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        nq_wait_leave(&prove->facts[i]);
    }
    nq_wait_leave(&prove->rules_wait);
    nq_wait_leave(&prove->feature_wait);
    nq_wait_leave(&prove->definition_wait);
    (void)nq_ask_cancel(prove->object_ask);
    (void)nq_ask_cancel(prove->hosts_ask);
    nq_vsphere_membership_done(&prove->membership);
    free(prove->cluster);
    free(prove->external_id);
    free(prove);
}

/* ---- the reply --------------------------------------------------------------------- */

/* Traffic that is dropped can be proven only once it was: a VM may be silent. Other rules
 * have other counts, so with them everything starts anew. */
static void judge_traffic(struct prove_call *prove, struct nq_reply *reply)
{
    struct nq_vsphere_firewall *firewall = prove->firewall;
    struct nq_vsphere_group *group = prove->findings.group;
    uint32_t rules = 0;
    if (!(reply->rungs & NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT)) || !group) {
        nq_baseline_forget(&firewall->baselines, prove->external_id);
        return;
    }
    const struct nq_drops drops = nq_vsphere_drops(firewall, group, &rules);
    if (group->counted_rules != rules) {
        group->counted_rules = rules;
        nq_baselines_done(&firewall->baselines);
    }
    if (nq_baseline_rose(&firewall->baselines, prove->external_id, &drops,
                         nq_mono_ms(firewall->vsphere->clock))) {
        reply->rungs |= NQ_RUNG_BIT(NQ_RUNG_TRAFFIC_DROPPED);
        reply->provable |= NQ_RUNG_BIT(NQ_RUNG_TRAFFIC_DROPPED);
    }
    nq_vsphere_hits_poll(firewall->hits);
}

static void answer(struct prove_call *prove)
{
    char missing[NQ_MISSING_MAX + 1] = "";
    struct nq_reply reply = {.provable = PROVABLE, .missing = missing};
    if (nq_vm_tags_reading_get(&prove->reading, &prove->vm)) {
        reply.vms = &prove->vm;
        reply.vm_count = 1;
        reply.rungs = nq_vsphere_rungs(&prove->findings, missing);
        judge_traffic(prove, &reply);
    } else {
        reply.missing = "NSX does not list the VM";
        nq_baseline_forget(&prove->firewall->baselines, prove->external_id);
    }
    nq_call_reply(&prove->call, &reply);
}

/* ---- the second step --------------------------------------------------------------- */

static void on_definition(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    if (err && !nq_vsphere_of_one_object(err)) {
        nq_call_fail(&prove->call, err);
        return;
    }
    prove->findings.first_read = err == NULL;
    prove->findings.first_unknown = err && err->code == NQ_NSX_NOT_FOUND;
    answer(prove);
}

static bool read_hosts(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct prove_call *prove = arg;
    return nq_xml_vm_containers(body, len, prove->findings.group->id,
                                &prove->findings.holding, reterr);
}

static void on_hosts(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    struct nq_vsphere_firewall *firewall = prove->firewall;
    prove->hosts_ask = NULL;
    prove->findings.hosts = err ? NQ_HOSTS_REFUSED : NQ_HOSTS_ANSWERED;
    if (err && nq_vsphere_lacks_call(err)) {
        prove->findings.hosts = NQ_HOSTS_MUTE;
        firewall->lacks_containers = true;
        firewall->try_containers_ms =
            nq_mono_ms(firewall->vsphere->clock) + CONTAINERS_REST_MS;
    } else if (err && !nq_vsphere_of_one_object(err)) {
        nq_call_fail(&prove->call, err);
        return;
    }
    answer(prove);
}

/* POST objects/status/vm/{}/containers (6.4.0 and later): whether the hosts have the VM in
 * the group, both as source or destination and as place of application. */
static void ask_hosts(struct prove_call *prove)
{
    struct nq_vsphere_firewall *firewall = prove->firewall;
    if (firewall->lacks_containers &&
        nq_mono_ms(firewall->vsphere->clock) < firewall->try_containers_ms) {
        prove->findings.hosts = NQ_HOSTS_MUTE;
        answer(prove);
        return;
    }
    firewall->lacks_containers = false;
    char *id = nq_http_escape(prove->external_id);
    char *path = nq_sprintf(CONTAINERS_PATH, id);
    char *body = nq_xml_vm_containers_body(prove->findings.group->id);
    const struct nq_question question = {
        .method = NQ_HTTP_POST, .path = path, .body = body};
    prove->hosts_ask =
        nq_ask_start(firewall->vsphere->asker, &question, read_hosts, on_hosts, prove);
    free(body);
    free(path);
    free(id);
}

/* Being in one quarantine group is enough; one whose rules hold is the best of them. */
static void choose_group(struct prove_call *prove)
{
    struct nq_vsphere_findings *findings = &prove->findings;
    bool good = false;
    for (size_t i = 0; i < prove->membership.count && !good; i++) {
        struct nq_vsphere_group *group = prove->membership.quarantines[i].group;
        char ignored[NQ_MISSING_MAX + 1] = "";
        if (!nq_vsphere_membership_has(&prove->membership, i)) {
            continue;
        }
        good = nq_vsphere_rules_hold(findings, group, ignored);
        if (good || !findings->group) {
            findings->group = group;
        }
    }
}

static void go_on(struct prove_call *prove)
{
    struct nq_vsphere_findings *findings = &prove->findings;
    char ignored[NQ_MISSING_MAX + 1] = "";
    const bool found = nq_vm_tags_reading_get(&prove->reading, &prove->vm);
    findings->vm = &prove->vm;
    if (found) {
        choose_group(prove);
    }
    if (!found || !(prove->vm.tags & NQ_TAGS_OURS)) {
        answer(prove);
    } else if (!findings->group && findings->first) {
        nq_shared_want(&prove->membership.quarantines[0].group->definition,
                       &prove->definition_wait, on_definition, prove);
    } else if (findings->group &&
               nq_vsphere_rules_hold(findings, findings->group, ignored) &&
               nq_vsphere_not_excluded(findings, ignored)) {
        ask_hosts(prove);
    } else {
        answer(prove);
    }
}

/* ---- the first step ---------------------------------------------------------------- */

static void on_part(struct prove_call *prove, const struct nq_err *err)
{
    prove->open--;
    if (err) {
        nq_call_fail(&prove->call, err);
    } else if (prove->open == 0) {
        go_on(prove);
    }
}

static void on_fact(void *arg, const struct nq_err *err)
{
    on_part(arg, err);
}

static void on_status(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    if (!err) {
        nq_vsphere_rules_want(prove->firewall, &prove->rules_wait, on_fact, prove);
        prove->open++;
    }
    on_part(prove, err);
}

static void on_feature(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    if (err && nq_vsphere_of_one_object(err)) {
        prove->findings.feature = NULL;
        err = NULL;
    }
    on_part(prove, err);
}

/* The firewall of the VM's cluster. */
static void ask_feature(struct prove_call *prove)
{
    struct nq_shared *feature = *prove->cluster
                                    ? nq_vsphere_cluster(prove->firewall, prove->cluster,
                                                         &prove->findings.feature)
                                    : NULL;
    if (feature) {
        nq_shared_want(feature, &prove->feature_wait, on_feature, prove);
        prove->open++;
    }
}

static void keep_cluster(void *arg, const struct nq_xml_vm *vm)
{
    struct prove_call *prove = arg;
    free(prove->cluster);
    prove->cluster = nq_strdup(vm->cluster);
    prove->findings.cluster = prove->cluster;
}

static bool read_object(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    return nq_xml_object(body, len, keep_cluster, arg, reterr);
}

/* The call is in no published guide: without it the cluster stays unknown. */
static void on_object(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    prove->object_ask = NULL;
    if (!err) {
        ask_feature(prove);
    }
    on_part(prove, err && nq_vsphere_of_one_object(err) ? NULL : err);
}

/* Before the first sync, or with a VM that is newer than the last one, the inventory does
 * not know the cluster. */
static void ask_cluster(struct prove_call *prove)
{
    char *id = nq_http_escape(prove->external_id);
    char *path = nq_sprintf(OBJECT_PATH, id);
    prove->object_ask =
        nq_ask_start(prove->firewall->vsphere->asker, &(struct nq_question){.path = path},
                     read_object, on_object, prove);
    prove->open++;
    free(path);
    free(id);
}

static void ask_facts(struct prove_call *prove)
{
    struct nq_vsphere_firewall *firewall = prove->firewall;
    struct nq_shared *const facts[FACT_COUNT] = {&firewall->status, &firewall->state,
                                                 &firewall->exclude_list};
    nq_ask_done_fn *const done[FACT_COUNT] = {on_status, on_fact, on_fact};
    /* What was published before the VM got its tag proves nothing about it. */
    void (*const want[FACT_COUNT])(struct nq_shared *, struct nq_wait *, nq_wait_fn *,
                                   void *) = {nq_shared_want_new, nq_shared_want,
                                              nq_shared_want};
    for (size_t i = 0; i < FACT_COUNT; i++) {
        want[i](facts[i], &prove->facts[i], done[i], prove);
        prove->open++;
    }
    if (*prove->cluster) {
        ask_feature(prove);
    } else {
        ask_cluster(prove);
    }
}

struct nq_call *nq_vsphere_prove(struct nq_backend *backend, const struct nq_vm_id *vm,
                                 nq_reply_fn *done, void *arg)
{
    struct nq_vsphere *vsphere = (struct nq_vsphere *)backend;
    struct prove_call *prove = nq_calloc(1, sizeof(*prove));
    prove->firewall = vsphere->firewall;
    prove->firewall->proving++;
    prove->external_id = nq_strdup(vm->external_id);
    prove->cluster = nq_strdup(nq_clusters_get(&vsphere->clusters, vm->external_id));
    prove->findings.firewall = vsphere->firewall;
    prove->findings.cluster = prove->cluster;
    nq_call_open(&prove->call, &vsphere->calls, prove_drop, done, arg);

    nq_vm_tags_reading_start(&prove->reading, vsphere, prove->external_id, on_fact,
                             prove);
    prove->open = 1;
    ask_facts(prove);
    if (nq_vsphere_membership_start(&prove->membership, prove->firewall,
                                    prove->external_id, on_fact, prove)) {
        prove->findings.first = prove->membership.quarantines[0].group;
        prove->open++;
    }
    return &prove->call;
}
