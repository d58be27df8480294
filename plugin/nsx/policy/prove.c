/* SPDX-License-Identifier: Apache-2.0 */
/* prove.c: prove() of the policy backend: which rungs of isolation hold for a VM.
 * What concerns all VMs is read once for all calls (firewall.h); the VM and, when
 * few calls wait, its groups are asked for here. */
#include "nsx/policy/impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/baseline.h"
#include "nsx/policy/counters.h"
#include "nsx/policy/firewall.h"
#include "nsx/policy/firewall_json.h"
#include "nsx/tags.h"
#include "store/record.h"

#define MISSING_MAX 255

/* A rise of the drop rules' counters is proof; that there is none yet proves nothing: a VM
 * that is silent drops nothing. So that rung is provable once it holds. */
#define PROVABLE                                                                         \
    (NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) | NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER) |              \
     NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED) | NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED))

#define ASSOCIATIONS_PATH "/policy/api/v1/infra/virtual-machine-group-associations"

/* A VM is in few groups. */
#define PATHS_MAX 10000

struct prove_call {
    struct nq_call call;
    struct nq_policy *policy;
    char *external_id;
    struct nq_vm_reading vm;
    struct nq_wait firewall;
    struct nq_listing associations;
    bool served; /* by a round of the firewall that began after this proof */
    bool vm_known;
    bool paths_asked;
    bool paths_known;
    char **paths; /* of the VM's groups, when it was asked for them */
    size_t path_count;
};

static void prove_drop(struct nq_call *call)
{
    struct prove_call *prove = (struct prove_call *)call;
    nq_vm_reading_done(&prove->vm);
    nq_wait_leave(&prove->firewall);
    nq_listing_stop(&prove->associations);
    for (size_t i = 0; i < prove->path_count; i++) {
        free(prove->paths[i]);
    }
    free(prove->paths);
    free(prove->external_id);
    free(prove);
}

/* ---- judging ----------------------------------------------------------------------- */

/* What a call finds out; the first rung that is missing gives the sentence, since later
 * ones build on it. */
struct verdict {
    unsigned rungs;
    unsigned provable;
    char missing[MISSING_MAX + 1];
};

static void say(struct verdict *verdict, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct verdict *verdict, const char *fmt, ...)
{
    if (verdict->missing[0] == '\0') {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(verdict->missing, sizeof(verdict->missing), fmt, args);
        va_end(args);
    }
}

static const char *realized_word(enum nq_realized realized)
{
    switch (realized) {
    case NQ_REALIZED_SUCCESS:
        return "realized";
    case NQ_REALIZED_IN_PROGRESS:
        return "not realized yet";
    case NQ_REALIZED_ERROR:
        return "not realized: NSX reports an error";
    case NQ_REALIZED_UNKNOWN:
        break;
    }
    return "of unknown realization";
}

static bool is_member(const struct prove_call *prove, const char *group_path)
{
    const struct nq_firewall *firewall = prove->policy->firewall;
    if (nq_firewall_members_known(firewall)) {
        return nq_firewall_is_member(firewall, group_path, prove->external_id);
    }
    for (size_t i = 0; i < prove->path_count; i++) {
        if (strcmp(prove->paths[i], group_path) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_tag(const struct nq_vm *vm, struct verdict *verdict)
{
    if (vm->tags & NQ_TAGS_OURS) {
        verdict->rungs |= NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT);
    } else {
        say(verdict, "the VM does not carry our tag");
    }
}

/* The rules of the group cut it off, and NSX has brought both to its hosts. */
static bool is_cut_off(const struct nq_quarantine_fact *fact, struct verdict *verdict)
{
    if (fact->realized != NQ_REALIZED_SUCCESS) {
        say(verdict, "the group %s is %s", fact->path, realized_word(fact->realized));
        return false;
    }
    if (!fact->cut.holds) {
        say(verdict, "%s", fact->cut.why);
        return false;
    }
    for (size_t i = 0; i < fact->cut.rule_count; i++) {
        const struct nq_security_policy *policy = fact->cut.rules[i].policy;
        if (policy->realized != NQ_REALIZED_SUCCESS) {
            say(verdict, "the security policy %s is %s", policy->id,
                realized_word(policy->realized));
            return false;
        }
    }
    return true;
}

/* Being in one quarantine group is enough, and that one must be cut off. NULL: in none. */
static const struct nq_quarantine_fact *judge_groups(const struct prove_call *prove,
                                                     struct verdict *verdict)
{
    size_t count = 0;
    const struct nq_quarantine_fact *facts =
        nq_firewall_quarantines(prove->policy->firewall, &count);
    const struct nq_quarantine_fact *mine = NULL;
    struct verdict of_group = {.missing = ""};
    for (size_t i = 0; i < count; i++) {
        if (!facts[i].exists || !is_member(prove, facts[i].path)) {
            continue;
        }
        mine = &facts[i];
        verdict->rungs |= NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER);
        if (is_cut_off(mine, &of_group)) {
            verdict->rungs |= NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED);
            return mine;
        }
    }
    if (mine) {
        say(verdict, "%s", of_group.missing);
    } else if (count == 0) {
        say(verdict, "no quarantine group is configured for this manager");
    } else if (!facts[0].exists) {
        say(verdict, "NSX does not know the group %s", facts[0].path);
    } else {
        say(verdict, "the VM is not in the group %s", facts[0].path);
    }
    return mine;
}

static void judge_exclusion(const struct prove_call *prove,
                            const struct nq_quarantine_fact *mine,
                            struct verdict *verdict)
{
    const struct nq_firewall *firewall = prove->policy->firewall;
    size_t count = 0;
    const char *const *excluded = nq_firewall_excluded(firewall, &count);
    if (!nq_firewall_enabled(firewall)) {
        say(verdict, "the distributed firewall of NSX is switched off");
        return;
    }
    if (nq_firewall_vm_excluded(firewall, prove->external_id)) {
        say(verdict, "NSX itself excludes the VM from the firewall");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_member(prove, excluded[i])) {
            say(verdict, "the firewall's exclude list holds the VM's group %s",
                excluded[i]);
            return;
        }
    }
    if (mine && mine->excluded) {
        say(verdict, "the firewall's exclude list holds the group %s", mine->path);
        return;
    }
    verdict->rungs |= NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED);
}

static struct nq_drops drops_of(const struct nq_policy *policy,
                                const struct nq_quarantine_fact *fact)
{
    struct nq_drops drops = {0};
    bool all = fact->cut.rule_count > 0;
    for (size_t i = 0; i < fact->cut.rule_count; i++) {
        size_t count = 0;
        const struct nq_rule_series *series =
            nq_counters_get(policy->counters, fact->cut.rules[i].rule->path, &count);
        all = all && count > 0;
        for (size_t k = 0; k < count; k++) {
            drops.hits += series[k].counts[NQ_TRAFFIC_HITS];
            drops.packets += series[k].counts[NQ_TRAFFIC_PACKETS];
        }
    }
    drops.known = nq_counters_read_ms(policy->counters, &drops.read_ms) && all;
    return drops;
}

static void judge_traffic(const struct prove_call *prove,
                          const struct nq_quarantine_fact *mine, struct verdict *verdict)
{
    struct nq_policy *policy = prove->policy;
    if (!(verdict->rungs & NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT))) {
        nq_baseline_forget(&policy->baselines, prove->external_id);
        return;
    }
    if (!(verdict->rungs & NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED))) {
        return;
    }
    const struct nq_drops drops = drops_of(policy, mine);
    if (nq_baseline_rose(&policy->baselines, prove->external_id, &drops,
                         nq_mono_ms(policy->clock))) {
        verdict->rungs |= NQ_RUNG_BIT(NQ_RUNG_TRAFFIC_DROPPED);
        verdict->provable |= NQ_RUNG_BIT(NQ_RUNG_TRAFFIC_DROPPED);
    }
    nq_counters_renew(policy->counters);
}

static void judge(struct prove_call *prove)
{
    struct verdict verdict = {.provable = PROVABLE};
    struct nq_vm vm;
    struct nq_reply reply = {.missing = verdict.missing};
    if (nq_vm_reading_get(&prove->vm, &vm)) {
        reply.vms = &vm;
        reply.vm_count = 1;
        judge_tag(&vm, &verdict);
        const struct nq_quarantine_fact *mine = judge_groups(prove, &verdict);
        judge_exclusion(prove, mine, &verdict);
        judge_traffic(prove, mine, &verdict);
    } else {
        nq_baseline_forget(&prove->policy->baselines, prove->external_id);
        say(&verdict, "NSX does not list the VM");
    }
    reply.rungs = verdict.rungs;
    reply.provable = verdict.provable;
    nq_call_reply(&prove->call, &reply);
}

/* ---- questions --------------------------------------------------------------------- */

static void on_firewall(void *arg, const struct nq_err *err);

/* What the firewall looks like is good until control returns to the loop only. So it is
 * asked for first, to be read while the VM is, and again when the rest is there; then what
 * was read for this proof will do, unless the VM took so long that it is old by now. */
static void want_firewall(struct prove_call *prove)
{
    struct nq_firewall *firewall = prove->policy->firewall;
    const bool has_round = prove->served && nq_firewall_is_fresh(firewall);
    nq_firewall_want(firewall, &prove->firewall, !prove->paths_known && !has_round,
                     on_firewall, prove);
}

static void on_vm(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    if (err) {
        nq_call_fail(&prove->call, err);
        return;
    }
    prove->vm_known = true;
    if (!prove->firewall.list && prove->paths_asked == prove->paths_known) {
        want_firewall(prove);
    }
}

static void add_path(void *arg, const char *path)
{
    struct prove_call *prove = arg;
    if (prove->path_count < PATHS_MAX) {
        prove->paths =
            nq_realloc(prove->paths, prove->path_count + 1, sizeof(prove->paths[0]));
        prove->paths[prove->path_count++] = nq_strdup(path);
    }
}

static bool read_paths(void *arg, const char *body, size_t len, struct nq_page *ret_page,
                       struct nq_err *reterr)
{
    struct prove_call *prove = arg;
    return nq_json_associations(body, len, add_path, prove, ret_page, reterr) &&
           (prove->path_count < PATHS_MAX ||
            nq_fail(reterr, NQ_NSX_ANSWER, "the VM is in %d groups or more", PATHS_MAX));
}

static void on_paths(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    if (err) {
        nq_call_fail(&prove->call, err);
        return;
    }
    prove->paths_known = true;
    if (prove->vm_known) {
        want_firewall(prove);
    }
}

/* GET virtual-machine-group-associations: all groups of the VM, nested ones included. */
static void ask_paths(struct prove_call *prove)
{
    char *id = nq_http_escape(prove->external_id);
    char *path = nq_sprintf(ASSOCIATIONS_PATH "?vm_external_id=%s", id);
    prove->paths_asked = true;
    nq_listing_start(&prove->associations, prove->policy->asker, path, false, read_paths,
                     on_paths, prove);
    free(path);
    free(id);
}

static void on_firewall(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    prove->served = true;
    if (err) {
        nq_call_fail(&prove->call, err);
    } else if (!prove->paths_asked &&
               !nq_firewall_members_known(prove->policy->firewall)) {
        ask_paths(prove);
    } else if (prove->vm_known) {
        judge(prove);
    }
}

struct nq_call *nq_policy_prove(struct nq_backend *backend, const struct nq_vm_id *vm,
                                nq_reply_fn *done, void *arg)
{
    struct prove_call *prove = nq_calloc(1, sizeof(*prove));
    prove->policy = (struct nq_policy *)backend;
    prove->external_id = nq_strdup(vm->external_id);
    nq_call_open(&prove->call, &prove->policy->calls, prove_drop, done, arg);
    nq_vm_reading_start(&prove->vm, prove->policy, vm->external_id, on_vm, prove);
    want_firewall(prove);
    return &prove->call;
}
