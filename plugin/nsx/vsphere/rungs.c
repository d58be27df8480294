/* SPDX-License-Identifier: Apache-2.0 */
/* rungs.c: see rungs.h. */
#include "nsx/vsphere/rungs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "nsx/tags.h"
#include "store/record.h"

/* The first rung that is missing gives the sentence: later ones build on it. */
static bool say(char *missing, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool say(char *missing, const char *fmt, ...)
{
    if (*missing == '\0') {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(missing, NQ_MISSING_MAX + 1, fmt, args);
        va_end(args);
    }
    return false;
}

static unsigned judge_tag(const struct nq_vsphere_findings *findings, char *missing)
{
    if (!(findings->vm->tags & NQ_TAGS_OURS)) {
        (void)say(missing, "the VM does not carry our tag");
        return 0;
    }
    return NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT);
}

/* Why a tagged VM is not in the group: its definition tells whether waiting helps. */
static unsigned judge_member(const struct nq_vsphere_findings *findings, char *missing)
{
    static const char *const reasons[] = {
        [NQ_MENTION_NONE] = "its definition does not name our tag: correct the group",
        [NQ_MENTION_PERHAPS] = "its definition names tags by a pattern only: compare it",
        [NQ_MENTION_YES] = ("its definition names our tag: NSX is at it, or "
                            "another condition of the group keeps the VM out"),
        [NQ_MENTION_EXCLUDED] = "its definition keeps VMs with our tag out",
    };
    if (findings->group) {
        return NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER);
    }
    if (!findings->first) {
        (void)say(missing, "no quarantine group is configured for this manager");
    } else if (findings->first_unknown) {
        (void)say(missing, "NSX does not know the group %s", findings->first->id);
    } else if (findings->first_read) {
        (void)say(missing, "the VM is not in the group %s; %s", findings->first->id,
                  reasons[findings->first->mention]);
    } else {
        (void)say(missing, "the VM is not in the group %s", findings->first->id);
    }
    return 0;
}

/* ---- rules ------------------------------------------------------------------------- */

static bool say_open(const struct nq_vsphere_verdict *verdict, const char *group,
                     char *missing)
{
    const unsigned open = NQ_PACKETS_ALL & ~verdict->closed;
    char safe[NQ_TEXT_MAX + 1];
    if (!verdict->named) {
        return say(missing, "no enabled rule that drops or rejects names the group %s",
                   group);
    }
    if (verdict->allowed) {
        (void)nq_text_escape(verdict->allowed->name, safe, 101);
        return say(missing, "rule %s (%s) allows the traffic of the group %s first",
                   verdict->allowed->id, safe, group);
    }
    return say(missing, "no rule drops all %straffic %s members of the group %s",
               (open & NQ_PACKETS_V4) == 0 ? "IPv6 " : "",
               (open & NQ_PACKETS_OUT) == 0  ? "to"
               : (open & NQ_PACKETS_IN) == 0 ? "from"
                                             : "to and from",
               group);
}

static struct nq_vsphere_verdict judge_rules(const struct nq_vsphere_findings *findings,
                                             const struct nq_vsphere_group *group,
                                             bool has_address)
{
    const struct nq_vsphere_subject subject = {
        .group = group->id,
        .vm = findings->vm->external_id,
        .cluster = findings->cluster,
        .has_address = has_address,
    };
    struct nq_vsphere_verdict verdict;
    nq_vsphere_judge(findings->firewall->rules, findings->firewall->rule_count, &subject,
                     &verdict);
    return verdict;
}

/* Before 6.2.4 a cluster without firewall keeps the whole "inprogress" for ever: so the
 * VM's own cluster decides, where it is listed. */
static bool judge_publication(const struct nq_vsphere_findings *findings, char *missing)
{
    const struct nq_vsphere_publication *cluster =
        nq_vsphere_published(findings->firewall, findings->cluster);
    const enum nq_realized realized =
        cluster ? cluster->realized : findings->firewall->published.realized;
    return realized == NQ_REALIZED_SUCCESS ||
           say(missing, "the firewall rules are not published yet%s%s",
               cluster ? " in the cluster " : "", cluster ? cluster->cluster : "");
}

bool nq_vsphere_rules_hold(const struct nq_vsphere_findings *findings,
                           const struct nq_vsphere_group *group, char *missing)
{
    const struct nq_vsphere_verdict verdict = judge_rules(findings, group, true);
    if (!findings->firewall->forward) {
        return say(missing, "the distributed firewall is not in force");
    }
    if (verdict.closed != NQ_PACKETS_ALL) {
        return say_open(&verdict, group->id, missing);
    }
    return judge_publication(findings, missing);
}

/* ---- hosts ------------------------------------------------------------------------- */

static const char *held_word(enum nq_vsphere_held held)
{
    switch (held) {
    case NQ_HELD_NOT_FOUND:
        return "the hosts do not find the VM's interfaces (is it powered on?) or";
    case NQ_HELD_NO:
        return "the hosts do not hold the VM yet in";
    default:
        return "NSX does not say whether the hosts hold the VM in";
    }
}

#define APPLY_ADVICE "apply the rules to the group"

/* Releases before 6.4.0 cannot tell. What is left is how far groups have come to the
 * hosts of the cluster, and whether there is an address at all. */
static bool judge_by_numbers(const struct nq_vsphere_findings *findings,
                             const struct nq_vsphere_group *group, bool by_address,
                             char *missing)
{
    const struct nq_vsphere_publication *cluster =
        nq_vsphere_published(findings->firewall, findings->cluster);
    if (by_address && *findings->vm->addresses == '\0') {
        return say(missing,
                   "the rules know members of %s by address, and no address of the VM is "
                   "known: " APPLY_ADVICE,
                   group->id);
    }
    if (cluster &&
        (cluster->generation < findings->firewall->published.generation ||
         cluster->generation_obj < findings->firewall->published.generation_obj)) {
        return say(missing, "the hosts of the cluster %s do not have the newest groups",
                   cluster->cluster);
    }
    return (!cluster || !cluster->host_error) ||
           say(missing, "a host of the cluster %s reports an error", cluster->cluster);
}

static bool judge_hosts(const struct nq_vsphere_findings *findings,
                        const struct nq_vsphere_group *group, char *missing)
{
    const struct nq_vsphere_verdict by_any = judge_rules(findings, group, true);
    const struct nq_vsphere_verdict by_filter = judge_rules(findings, group, false);
    const bool by_address = by_filter.closed != NQ_PACKETS_ALL;
    const struct nq_vsphere_holding *holding = &findings->holding;
    switch (findings->hosts) {
    case NQ_HOSTS_MUTE:
        return judge_by_numbers(findings, group, by_address, missing);
    case NQ_HOSTS_ANSWERED:
        break;
    case NQ_HOSTS_NOT_ASKED:
    case NQ_HOSTS_REFUSED:
        return say(missing, "NSX does not say whether the hosts hold the VM in %s",
                   group->id);
    }
    if ((by_any.by_filter || by_filter.by_filter) && holding->by_filter != NQ_HELD_YES) {
        return say(missing, "%s the group %s", held_word(holding->by_filter), group->id);
    }
    return !by_address || holding->by_address == NQ_HELD_YES ||
           say(missing,
               "the rules know members of %s by address, and the hosts hold none of the "
               "VM: " APPLY_ADVICE,
               group->id);
}

/* ---- exclusion --------------------------------------------------------------------- */

bool nq_vsphere_not_excluded(const struct nq_vsphere_findings *findings, char *missing)
{
    const struct nq_vsphere_firewall *firewall = findings->firewall;
    const struct nq_vsphere_feature *feature = findings->feature;
    if (nq_idset_has(&firewall->excluded, findings->vm->external_id)) {
        return say(missing, "the VM is on the exclude list of the distributed firewall");
    }
    if (*findings->cluster == '\0') {
        return say(missing, "the VM's cluster is not known, so neither is its firewall");
    }
    if (!feature || !feature->found) {
        return say(missing, "NSX does not tell about the firewall of the cluster %s",
                   findings->cluster);
    }
    if (!feature->installed) {
        return say(missing, "no distributed firewall is installed in the cluster %s",
                   findings->cluster);
    }
    if (!nq_text_same(feature->status, "GREEN")) {
        return say(missing, "the distributed firewall of the cluster %s is %s",
                   findings->cluster, feature->status);
    }
    /* Since 6.2.4, which also gave the second number, clusters whose firewall is off are
     * left out of the status. */
    if (firewall->published.generation_obj != 0 && firewall->cluster_count > 0 &&
        !nq_vsphere_published(firewall, findings->cluster)) {
        return say(missing, "the distributed firewall of the cluster %s is off",
                   findings->cluster);
    }
    return true;
}

/* ---- together ---------------------------------------------------------------------- */

unsigned nq_vsphere_rungs(const struct nq_vsphere_findings *findings, char *missing)
{
    unsigned rungs = judge_tag(findings, missing) | judge_member(findings, missing);
    if (findings->group && nq_vsphere_rules_hold(findings, findings->group, missing)) {
        /* What is excluded, the hosts cannot be asked about. */
        char excluded[NQ_MISSING_MAX + 1] = "";
        if (!nq_vsphere_not_excluded(findings, excluded) ||
            judge_hosts(findings, findings->group, missing)) {
            rungs |= NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED);
        }
    }
    if (nq_vsphere_not_excluded(findings, missing)) {
        rungs |= NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED);
    }
    return rungs;
}

/* FNV-1a */
static uint32_t mix(uint32_t hash, const char *text)
{
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    }
    return (hash ^ '/') * 16777619U;
}

struct nq_drops nq_vsphere_drops(const struct nq_vsphere_firewall *firewall,
                                 const struct nq_vsphere_group *group,
                                 uint32_t *ret_rules)
{
    struct nq_drops drops = {.known = true, .read_ms = INT64_MAX};
    *ret_rules = 2166136261U;
    for (size_t i = 0; i < firewall->rule_count; i++) {
        const struct nq_vsphere_rule *rule = &firewall->rules[i];
        uint64_t hits = 0;
        int64_t asked_ms = 0;
        if (!nq_vsphere_rule_cuts_off(rule, group->id)) {
            continue;
        }
        *ret_rules = mix(*ret_rules, rule->id);
        drops.known = drops.known &&
                      nq_vsphere_hits_get(firewall->hits, rule->id, &hits, &asked_ms);
        drops.hits += hits;
        drops.read_ms = asked_ms < drops.read_ms ? asked_ms : drops.read_ms;
    }
    return drops;
}
