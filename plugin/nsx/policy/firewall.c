/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.c: when the firewall is read and who is told. A round is a row of steps,
 * and one question after the other, so that it does not get into the way of a quarantine. */
#include "nsx/policy/firewall_impl.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/pager.h"

/* What is not yet a storm. */
#define FEW_PROOFS 4
#define FEW_ROUNDS 4

static int64_t now_ms(const struct nq_firewall *firewall)
{
    return nq_mono_ms(firewall->policy->clock);
}

/* ---- freshness --------------------------------------------------------------------- */

static bool younger(const struct nq_firewall *firewall, int64_t since_ms, int64_t age_ms)
{
    return now_ms(firewall) - since_ms < age_ms;
}

const char *nq_firewall_listed_path(const struct nq_firewall *firewall, size_t index)
{
    return index < firewall->quarantine_count
               ? firewall->quarantines[index].path
               : firewall->excluded.ids[index - firewall->quarantine_count];
}

/* There is a list of each group that matters now, and none is older than this. */
static bool members_fresh(const struct nq_firewall *firewall, int64_t at_ms)
{
    if (!firewall->config_known ||
        firewall->members_count !=
            firewall->quarantine_count + firewall->excluded.count) {
        return false;
    }
    for (size_t i = 0; i < firewall->members_count; i++) {
        const struct nq_members *members = &firewall->members[i];
        const int64_t age_ms =
            i < firewall->quarantine_count ? NQ_STATUS_AGE_MS : NQ_FIREWALL_AGE_MS;
        if (!members->known || at_ms - members->read_ms >= age_ms ||
            strcmp(members->path, nq_firewall_listed_path(firewall, i)) != 0) {
            return false;
        }
    }
    return true;
}

/* What listing the members of all groups would cost. */
static size_t member_pages(const struct nq_firewall *firewall)
{
    size_t pages = firewall->quarantine_count;
    for (size_t i = 0; i < firewall->members_count; i++) {
        pages +=
            (i >= firewall->quarantine_count) + firewall->members[i].count / NQ_PAGE_SIZE;
    }
    return pages;
}

/* Once listed, the members are listed again as long as more VMs come: asking for a few of
 * them one by one in between would save nothing. */
static bool listed_lately(const struct nq_firewall *firewall)
{
    return firewall->members_count > 0 && firewall->members[0].known &&
           younger(firewall, firewall->members[0].read_ms, 2 * (int64_t)NQ_STATUS_AGE_MS);
}

static unsigned missing_parts(const struct nq_firewall *firewall, size_t vms)
{
    unsigned parts = 0;
    if (!firewall->config_known ||
        !younger(firewall, firewall->config_ms, NQ_FIREWALL_AGE_MS)) {
        parts |= NQ_PART_CONFIG | NQ_PART_STATUS;
    }
    /* What NSX had made of the groups before a VM got its tag proves nothing about it. */
    if (vms > 0 || !firewall->status_known ||
        !younger(firewall, firewall->status_ms, NQ_STATUS_AGE_MS)) {
        parts |= NQ_PART_STATUS;
    }
    if (vms > 0 &&
        (listed_lately(firewall) || vms + firewall->singles > member_pages(firewall))) {
        parts |= NQ_PART_MEMBERS;
    }
    return parts;
}

/* ---- rounds ------------------------------------------------------------------------ */

static const struct nq_firewall_step *const steps[] = {
    &nq_firewall_read_settings,
    &nq_firewall_read_exclude_list,
    &nq_firewall_read_system_list,
    &nq_firewall_read_policies,
    &nq_firewall_read_rules,
    &nq_firewall_read_schedulers,
    &nq_firewall_judge,
    &nq_firewall_read_nested,
    &nq_firewall_read_groups,
    &nq_firewall_read_realized,
    &nq_firewall_read_members,
};
#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

static void go_on(struct nq_firewall *firewall);

void nq_firewall_free_policies(struct nq_firewall_policies *policies)
{
    for (size_t i = 0; i < policies->count; i++) {
        nq_security_policy_done(&policies->items[i]);
    }
    free(policies->items);
    *policies = (struct nq_firewall_policies){0};
}

/* What a reading that was given up has left behind. */
static void drop_next(struct nq_firewall *firewall)
{
    nq_firewall_free_policies(&firewall->next_policies);
    for (size_t i = 0; i < firewall->next_rule_count; i++) {
        nq_rule_done(&firewall->next_rules[i]);
    }
    free(firewall->next_rules);
    firewall->next_rules = NULL;
    firewall->next_rule_count = 0;
}

static void end_round(struct nq_firewall *firewall, const struct nq_err *err)
{
    firewall->reading = false;
    drop_next(firewall);
    if (!err && (firewall->parts & NQ_PART_CONFIG)) {
        firewall->config_known = true;
        firewall->config_ms = firewall->round_ms;
    }
    if (!err && (firewall->parts & NQ_PART_STATUS)) {
        firewall->status_known = true;
        firewall->status_ms = firewall->round_ms;
        firewall->singles = 0;
    }
    firewall->members_known = !err && members_fresh(firewall, firewall->round_ms);
    firewall->singles += firewall->members_known ? 0 : firewall->round_vms;
    nq_waits_tell(&firewall->served, err);
    go_on(firewall);
}

static void advance(struct nq_firewall *firewall)
{
    for (; firewall->step < STEP_COUNT; firewall->step++, firewall->at = 0) {
        const struct nq_firewall_step *step = steps[firewall->step];
        if ((step->part & firewall->parts) && step->begin(firewall)) {
            return;
        }
    }
    end_round(firewall, NULL);
}

static void on_answer(void *arg, const struct nq_err *err)
{
    struct nq_firewall *firewall = arg;
    firewall->ask = NULL;
    if (!steps[firewall->step]->ended(firewall, err)) {
        end_round(firewall, err);
        return;
    }
    advance(firewall);
}

void nq_firewall_ask(struct nq_firewall *firewall, enum nq_http_method method,
                     const char *path, nq_ask_read_fn *read)
{
    const struct nq_question question = {.method = method, .path = path};
    firewall->ask =
        nq_ask_start(firewall->policy->asker, &question, read, on_answer, firewall);
}

void nq_firewall_list(struct nq_firewall *firewall, const char *path,
                      nq_page_read_fn *read)
{
    nq_listing_start(&firewall->listing, firewall->policy->asker, path, true, read,
                     on_answer, firewall);
}

bool nq_firewall_good(struct nq_firewall *firewall, const struct nq_err *err)
{
    firewall->at++;
    return err == NULL;
}

bool nq_firewall_good_or_gone(struct nq_firewall *firewall, const struct nq_err *err)
{
    firewall->at++;
    return !err || err->code == NQ_NSX_NOT_FOUND;
}

/* Every proof needs a round that begins after it. Few have one at once; in a storm those of
 * a second share one. */
static int64_t pause_ms(struct nq_firewall *firewall, size_t vms)
{
    const int64_t since_ms = now_ms(firewall) - firewall->paced_ms;
    if (!firewall->paced || since_ms >= NQ_STATUS_AGE_MS) {
        firewall->paced = true;
        firewall->paced_ms = now_ms(firewall);
        firewall->paced_rounds = 0;
    } else if (vms > FEW_PROOFS || firewall->paced_rounds >= FEW_ROUNDS) {
        return NQ_STATUS_AGE_MS - since_ms;
    }
    firewall->paced_rounds += vms > 0;
    return 0;
}

static void begin_round(void *arg)
{
    struct nq_firewall *firewall = arg;
    const struct nq_wait *wait = NULL;
    size_t vms = 0;
    DL_COUNT(firewall->vm_waits.waiting, wait, vms);
    if (vms == 0 && !firewall->waits.waiting) {
        return; /* they gave up */
    }
    const int64_t wait_ms = vms > 0 ? pause_ms(firewall, vms) : 0;
    if (wait_ms > 0) {
        nq_timer_set(firewall->policy->loop, &firewall->timer, wait_ms, begin_round,
                     firewall);
        return;
    }
    firewall->parts = missing_parts(firewall, vms);
    nq_waits_move(&firewall->waits, &firewall->served);
    nq_waits_move(&firewall->vm_waits, &firewall->served);
    if (firewall->parts == 0) {
        firewall->members_known = members_fresh(firewall, now_ms(firewall));
        firewall->singles += firewall->members_known ? 0 : vms;
        nq_waits_tell(&firewall->served, NULL);
        go_on(firewall);
        return;
    }
    if (firewall->parts & NQ_PART_CONFIG) {
        firewall->config_known = false;
    }
    firewall->reading = true;
    firewall->round_vms = vms;
    firewall->round_ms = now_ms(firewall);
    firewall->step = 0;
    firewall->at = 0;
    advance(firewall);
}

/* By the timer: those who ask in one turn of the loop share a round. */
static void go_on(struct nq_firewall *firewall)
{
    if (!firewall->reading && !firewall->timer.armed &&
        (firewall->waits.waiting || firewall->vm_waits.waiting)) {
        nq_timer_set(firewall->policy->loop, &firewall->timer, 0, begin_round, firewall);
    }
}

void nq_firewall_want(struct nq_firewall *firewall, struct nq_wait *wait, bool one_vm,
                      nq_wait_fn *done, void *arg)
{
    nq_waits_add(one_vm ? &firewall->vm_waits : &firewall->waits, wait, done, arg);
    go_on(firewall);
}

bool nq_firewall_is_fresh(const struct nq_firewall *firewall)
{
    return firewall->status_known &&
           younger(firewall, firewall->status_ms, NQ_STATUS_AGE_MS) &&
           members_fresh(firewall, now_ms(firewall));
}

/* ---- what is known ----------------------------------------------------------------- */

bool nq_firewall_enabled(const struct nq_firewall *firewall)
{
    return firewall->enabled;
}

const struct nq_quarantine_fact *
nq_firewall_quarantines(const struct nq_firewall *firewall, size_t *ret_count)
{
    *ret_count = firewall->quarantine_count;
    return firewall->quarantines;
}

const char *const *nq_firewall_excluded(const struct nq_firewall *firewall,
                                        size_t *ret_count)
{
    *ret_count = firewall->excluded.count;
    return firewall->excluded.ids;
}

bool nq_firewall_vm_excluded(const struct nq_firewall *firewall, const char *external_id)
{
    return nq_members_have(&firewall->system_excluded, external_id);
}

bool nq_firewall_members_known(const struct nq_firewall *firewall)
{
    return firewall->members_known;
}

bool nq_firewall_is_member(const struct nq_firewall *firewall, const char *group_path,
                           const char *external_id)
{
    for (size_t i = 0; i < firewall->members_count; i++) {
        if (strcmp(firewall->members[i].path, group_path) == 0) {
            return nq_members_have(&firewall->members[i], external_id);
        }
    }
    return false;
}

const struct nq_security_policy *nq_firewall_policies(const struct nq_firewall *firewall,
                                                      size_t *ret_count)
{
    *ret_count = firewall->policies.count;
    return firewall->policies.items;
}

/* ---- life -------------------------------------------------------------------------- */

/* GET realized-state/status: NSX's own word on how far an intent has come. It does not see
 * the vNIC; traffic that is dropped is a rung of its own. */
char *nq_policy_status_path(const char *intent_path)
{
    char *intent = nq_http_escape(intent_path);
    char *path = nq_sprintf(NQ_POLICY_API "/infra/realized-state/status"
                                          "?intent_path=%s&include_enforced_status=true",
                            intent);
    free(intent);
    return path;
}

/* /infra/domains/default/groups/x stands in /infra/domains/default, next to the policies
 * that may name it. */
static void add_domain(struct nq_firewall *firewall, const char *group_path)
{
    const char *end = strstr(group_path, "/groups/");
    if (!end) {
        return;
    }
    char *domain = nq_strndup(group_path, (size_t)(end - group_path));
    for (size_t i = 0; i < firewall->domain_count; i++) {
        if (strcmp(firewall->domains[i], domain) == 0) {
            free(domain);
            return;
        }
    }
    firewall->domains[firewall->domain_count++] = domain;
}

struct nq_firewall *nq_firewall_open(struct nq_policy *policy)
{
    const struct nq_config *conf = policy->conf;
    struct nq_firewall *firewall = nq_calloc(1, sizeof(*firewall));
    firewall->policy = policy;
    firewall->group_paths = nq_calloc(conf->group_count, sizeof(char *));
    firewall->domains = nq_calloc(conf->group_count, sizeof(char *));
    firewall->quarantines = nq_calloc(conf->group_count, sizeof(*firewall->quarantines));
    firewall->groups = (struct nq_group_paths){firewall->group_paths, conf->group_count};
    for (size_t i = 0; i < conf->group_count; i++) {
        const struct nq_group_conf *group = &conf->groups[i];
        if (group->manager != policy->manager) {
            continue;
        }
        firewall->group_paths[i] = group->path;
        add_domain(firewall, group->path);
        if (group->role == NQ_GROUP_QUARANTINE) {
            firewall->quarantines[firewall->quarantine_count++] =
                (struct nq_quarantine_fact){.group = i, .path = group->path};
        }
    }
    nq_members_init(&firewall->excluded, "");
    nq_members_init(&firewall->system_excluded, "");
    return firewall;
}

struct nq_firewall *nq_firewall_close(struct nq_firewall *firewall)
{
    if (!firewall) {
        return NULL;
    }
    nq_timer_clear(firewall->policy->loop, &firewall->timer);
    (void)nq_ask_cancel(firewall->ask);
    nq_listing_stop(&firewall->listing);
    drop_next(firewall);
    nq_firewall_free_policies(&firewall->policies);
    for (size_t i = 0; i < firewall->scheduler_count; i++) {
        free(firewall->schedulers[i].path);
    }
    for (size_t i = 0; i < firewall->members_count; i++) {
        nq_members_done(&firewall->members[i]);
    }
    for (size_t i = 0; i < firewall->domain_count; i++) {
        free(firewall->domains[i]);
    }
    nq_members_done(&firewall->excluded);
    nq_members_done(&firewall->system_excluded);
    free(firewall->members);
    free(firewall->schedulers);
    free(firewall->quarantines);
    free(firewall->domains);
    free(firewall->group_paths);
    free(firewall);
    return NULL;
}
