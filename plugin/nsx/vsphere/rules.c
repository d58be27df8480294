/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c: see rules.h. */
#include "nsx/vsphere/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* The place of application that means every VM. */
#define EVERYWHERE "DISTRIBUTED_FIREWALL"

static void copy_objects(const struct nq_vsphere_objects *from,
                         struct nq_vsphere_objects *to)
{
    *to = *from;
    to->list = nq_calloc(from->count, sizeof(to->list[0]));
    for (size_t i = 0; i < from->count; i++) {
        to->list[i] = (struct nq_vsphere_object){
            .value = nq_strdup(from->list[i].value),
            .type = nq_strdup(from->list[i].type),
            .valid = from->list[i].valid,
        };
    }
}

static void free_objects(struct nq_vsphere_objects *objects)
{
    for (size_t i = 0; i < objects->count; i++) {
        free(objects->list[i].value);
        free(objects->list[i].type);
    }
    free(objects->list);
}

void nq_vsphere_rule_copy(const struct nq_vsphere_rule *rule,
                          struct nq_vsphere_rule *ret_copy)
{
    *ret_copy = *rule;
    ret_copy->id = nq_strdup(rule->id);
    ret_copy->section_id = nq_strdup(rule->section_id);
    ret_copy->name = nq_strdup(rule->name);
    copy_objects(&rule->sources, &ret_copy->sources);
    copy_objects(&rule->destinations, &ret_copy->destinations);
    copy_objects(&rule->applied_to, &ret_copy->applied_to);
}

void nq_vsphere_rule_done(struct nq_vsphere_rule *rule)
{
    free(rule->id);
    free(rule->section_id);
    free(rule->name);
    free_objects(&rule->sources);
    free_objects(&rule->destinations);
    free_objects(&rule->applied_to);
    *rule = (struct nq_vsphere_rule){0};
}

static bool holds(const struct nq_vsphere_objects *objects, const char *id)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (*id && objects->list[i].valid && strcmp(objects->list[i].value, id) == 0) {
            return true;
        }
    }
    return false;
}

bool nq_vsphere_rule_names(const struct nq_vsphere_rule *rule, const char *id)
{
    return holds(&rule->sources, id) || holds(&rule->destinations, id) ||
           holds(&rule->applied_to, id);
}

bool nq_vsphere_rule_matters(const struct nq_vsphere_rule *rule)
{
    return !rule->disabled && rule->any_service && rule->action != 0 &&
           (rule->sources.count == 0 || rule->destinations.count == 0);
}

/* "all but G" as a source is not the group, it is everybody else. */
static bool names_to_match(const struct nq_vsphere_rule *rule, const char *group)
{
    return (!rule->sources.excluded && holds(&rule->sources, group)) ||
           (!rule->destinations.excluded && holds(&rule->destinations, group)) ||
           holds(&rule->applied_to, group);
}

bool nq_vsphere_rule_cuts_off(const struct nq_vsphere_rule *rule, const char *group)
{
    return !rule->disabled &&
           (rule->action == NQ_RULE_DROP || rule->action == NQ_RULE_REJECT) &&
           names_to_match(rule, group);
}

/* ---- judging ----------------------------------------------------------------------- */

/* How a list of sources or destinations matches the VM. */
enum match { MATCH_NOT_SURE, MATCH_ANY, MATCH_ADDRESS };

static enum match match_of(const struct nq_vsphere_objects *objects,
                           const struct nq_vsphere_subject *subject)
{
    if (objects->count == 0) {
        return objects->excluded ? MATCH_NOT_SURE : MATCH_ANY;
    }
    const bool ours = holds(objects, subject->group) || holds(objects, subject->vm);
    return ours && !objects->excluded && subject->has_address ? MATCH_ADDRESS
                                                              : MATCH_NOT_SURE;
}

static bool applies(const struct nq_vsphere_rule *rule,
                    const struct nq_vsphere_subject *subject)
{
    return holds(&rule->applied_to, EVERYWHERE) ||
           holds(&rule->applied_to, subject->group) ||
           holds(&rule->applied_to, subject->vm) ||
           holds(&rule->applied_to, subject->cluster);
}

/* The packets of the VM that the rule matches whoever is at the other end, in *ret_address
 * those among them that it knows by the VM's address. */
static unsigned matched(const struct nq_vsphere_rule *rule,
                        const struct nq_vsphere_subject *subject, unsigned *ret_address)
{
    *ret_address = 0;
    if (!rule->any_service || !applies(rule, subject)) {
        return 0;
    }
    const enum match from = match_of(&rule->sources, subject);
    const enum match to = match_of(&rule->destinations, subject);
    unsigned packets = 0;
    if (from == MATCH_ANY && to != MATCH_NOT_SURE) {
        packets |= rule->packets & NQ_PACKETS_IN;
        *ret_address |= to == MATCH_ADDRESS ? packets & NQ_PACKETS_IN : 0;
    }
    if (to == MATCH_ANY && from != MATCH_NOT_SURE) {
        packets |= rule->packets & NQ_PACKETS_OUT;
        *ret_address |= from == MATCH_ADDRESS ? packets & NQ_PACKETS_OUT : 0;
    }
    return packets;
}

#define KINDS 4 /* of packets: bits of NQ_PACKETS_ALL */

/* What has been decided so far. */
struct decided {
    struct nq_vsphere_verdict verdict;
    unsigned passed;                             /* certainly allowed */
    const struct nq_vsphere_rule *passes[KINDS]; /* by which rule */
    unsigned dropped; /* by a rule that does not name the group */
};

static void pass(struct decided *decided, const struct nq_vsphere_rule *rule,
                 unsigned packets)
{
    packets &= ~(decided->verdict.closed | decided->passed | decided->dropped);
    decided->passed |= packets;
    for (size_t kind = 0; kind < KINDS; kind++) {
        if (packets & 1U << kind) {
            decided->passes[kind] = rule;
        }
    }
}

static void cut_off(struct decided *decided, const struct nq_vsphere_rule *rule,
                    unsigned packets, unsigned by_address, bool by_filter)
{
    struct nq_vsphere_verdict *verdict = &decided->verdict;
    const unsigned now = packets & ~(verdict->closed | decided->passed);
    verdict->named = verdict->named ? verdict->named : rule;
    verdict->closed |= now;
    verdict->by_address |= (now & by_address) != 0;
    verdict->by_filter |= now != 0 && by_filter;
    for (size_t kind = 0; kind < KINDS && !verdict->allowed; kind++) {
        if (packets & 1U << kind) {
            verdict->allowed = decided->passes[kind];
        }
    }
}

void nq_vsphere_judge(const struct nq_vsphere_rule *rules, size_t count,
                      const struct nq_vsphere_subject *subject,
                      struct nq_vsphere_verdict *ret_verdict)
{
    struct decided decided = {0};
    for (size_t i = 0; i < count; i++) {
        const struct nq_vsphere_rule *rule = &rules[i];
        unsigned by_address = 0;
        if (rule->disabled) {
            continue;
        }
        const unsigned packets = matched(rule, subject, &by_address);
        if (rule->action == NQ_RULE_ALLOW) {
            pass(&decided, rule, packets);
        } else if (nq_vsphere_rule_cuts_off(rule, subject->group)) {
            cut_off(&decided, rule, packets, by_address,
                    holds(&rule->applied_to, subject->group));
        } else if (rule->action != 0) {
            decided.dropped |= packets & ~decided.passed;
        }
    }
    *ret_verdict = decided.verdict;
}

/* The rule is one for all members of the group, wherever they are. */
static bool is_for_all(const struct nq_vsphere_rule *rule, const char *group)
{
    return holds(&rule->applied_to, EVERYWHERE) || holds(&rule->applied_to, group);
}

enum nq_cut_state nq_vsphere_judge_group(const struct nq_vsphere_rule *rules,
                                         size_t count, const char *group,
                                         const struct nq_vsphere_rule **ret_allowed)
{
    struct nq_vsphere_subject subject = {
        .group = group, .vm = "", .cluster = "", .has_address = true};
    struct nq_vsphere_verdict verdict;
    nq_vsphere_judge(rules, count, &subject, &verdict);
    *ret_allowed = verdict.allowed;
    if (verdict.closed == NQ_PACKETS_ALL) {
        subject.has_address = false;
        nq_vsphere_judge(rules, count, &subject, &verdict);
        return verdict.closed == NQ_PACKETS_ALL ? NQ_CUT_HOLDS : NQ_CUT_BY_ADDRESS;
    }
    for (size_t i = 0; i < count && !verdict.allowed; i++) {
        if (nq_vsphere_rule_cuts_off(&rules[i], group) && !is_for_all(&rules[i], group)) {
            return NQ_CUT_UNKNOWN; /* perhaps there is one for each cluster */
        }
    }
    return NQ_CUT_OPEN;
}

/* ---- definitions of groups --------------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text);
    const size_t end_len = strlen(end);
    return end_len <= len && strcmp(text + len - end_len, end) == 0;
}

/* VM.SECURITY_TAG compares names of tags; ENTITY belongs_to names one by its id. */
static enum nq_vsphere_mention mention_of(const struct nq_vsphere_part *part,
                                          const char *tag_id, const char *tag_name)
{
    if (part->kind != NQ_PART_CRITERION) {
        if (*tag_id == '\0' || strcmp(part->value, tag_id) != 0) {
            return NQ_MENTION_NONE;
        }
        return part->kind == NQ_PART_MEMBER ? NQ_MENTION_YES : NQ_MENTION_EXCLUDED;
    }
    bool yes = false;
    if (nq_text_same(part->key, "ENTITY")) {
        yes = nq_text_same(part->criteria, "belongs_to") && *tag_id &&
              strcmp(part->value, tag_id) == 0;
    } else if (nq_text_same(part->key, "VM.SECURITY_TAG")) {
        if (nq_text_same(part->criteria, "similar_to")) {
            return NQ_MENTION_PERHAPS;
        }
        yes =
            (nq_text_same(part->criteria, "=") && strcmp(tag_name, part->value) == 0) ||
            (nq_text_same(part->criteria, "contains") && strstr(tag_name, part->value)) ||
            (nq_text_same(part->criteria, "starts_with") &&
             starts_with(tag_name, part->value)) ||
            (nq_text_same(part->criteria, "ends_with") &&
             ends_with(tag_name, part->value));
    }
    return yes ? NQ_MENTION_YES : NQ_MENTION_NONE;
}

bool nq_vsphere_part_is_unclear(const struct nq_vsphere_part *part)
{
    static const char *const known[] = {"=", "contains", "starts_with", "ends_with",
                                        "similar_to"};
    if (starts_with(part->value, "securitygroup-")) {
        return true;
    }
    bool clear =
        part->kind != NQ_PART_CRITERION || !nq_text_same(part->key, "VM.SECURITY_TAG");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        clear = clear || nq_text_same(part->criteria, known[i]);
    }
    return !clear;
}

enum nq_vsphere_mention nq_vsphere_mention(enum nq_vsphere_mention so_far,
                                           const struct nq_vsphere_part *part,
                                           const char *tag_id, const char *tag_name)
{
    const enum nq_vsphere_mention now = mention_of(part, tag_id, tag_name);
    return now > so_far ? now : so_far; /* the enum is in that order */
}
