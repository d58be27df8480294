/* SPDX-License-Identifier: Apache-2.0 */
/* dfw.c: walks the policies as NSX does: categories in their order, policies and rules
 * by sequence number, first match decides, on the sender's port and on the receiver's. */
#include "dfw.h"

#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "schedule.h"

#define ADDRESSES_MAX 64

/* One end with the addresses that groups of addresses look at. */
struct end {
    struct sim_subject subject;
    const char *addresses[ADDRESSES_MAX];
};

static void add_address(struct end *end, const char *address)
{
    if (end->subject.address_count < ADDRESSES_MAX) {
        end->addresses[end->subject.address_count++] = address;
    }
}

static void collect(struct end *end, const struct sim_flow_end *from)
{
    const cJSON *vif;
    const cJSON *info;
    const cJSON *item;

    *end = (struct end){0};
    end->subject.addresses = end->addresses;
    if (from->vm != NULL) {
        end->subject.vm = from->vm->enforced;
    }
    if (from->address != NULL) {
        add_address(end, from->address);
        return;
    }
    cJSON_ArrayForEach(vif, from->vm->vifs)
    {
        cJSON_ArrayForEach(info, sim_json_get(vif, "ip_address_info"))
        {
            cJSON_ArrayForEach(item, sim_json_get(info, "ip_addresses"))
            {
                add_address(end, item->valuestring);
            }
        }
    }
}

/* list holds group paths, addresses or ANY; an absent list is ANY. */
static bool list_has(const struct sim_dfw *dfw, const cJSON *list,
                     const struct sim_subject *subject)
{
    const cJSON *item;

    if (list == NULL) {
        return true;
    }
    cJSON_ArrayForEach(item, list)
    {
        const struct sim_group *group;

        if (sim_same_text(item->valuestring, "ANY")) {
            return true;
        }
        group = sim_groups_find_path(dfw->groups, item->valuestring);
        if (group != NULL && sim_group_has(dfw->groups, group, subject)) {
            return true;
        }
        for (size_t i = 0; group == NULL && i < subject->address_count; i++) {
            if (sim_address_in(subject->addresses[i], item->valuestring)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_any(const cJSON *list)
{
    return list == NULL ||
           (cJSON_GetArraySize(list) == 1 &&
            sim_same_text(cJSON_GetArrayItem(list, 0)->valuestring, "ANY"));
}

/* The applied-to of the policy overrides that of its rules (NSX Policy API). */
static bool applied_to(const struct sim_dfw *dfw, const struct sim_policy *policy,
                       const struct sim_rule *rule, const struct sim_subject *subject)
{
    const cJSON *scope = sim_json_get(policy->doc, "scope");

    if (is_any(scope)) {
        scope = sim_json_get(rule->doc, "scope");
    }
    return list_has(dfw, scope, subject);
}

static bool port_in(const cJSON *ports, unsigned port)
{
    const cJSON *item;

    if (cJSON_GetArraySize(ports) == 0) {
        return true;
    }
    cJSON_ArrayForEach(item, ports)
    {
        char *end;
        unsigned long first = strtoul(item->valuestring, &end, 10);
        unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;

        if (port >= first && port <= last) {
            return true;
        }
    }
    return false;
}

static bool entries_have(const cJSON *entries, const struct sim_flow *flow)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, entries)
    {
        if (sim_same_text(sim_json_text(entry, "l4_protocol", ""), flow->protocol) &&
            flow->has_port &&
            port_in(sim_json_get(entry, "destination_ports"), flow->port)) {
            return true;
        }
    }
    return false;
}

/* A flow without a port stands for any traffic, so a rule for certain services does not
 * decide it. */
static bool services_have(const struct sim_dfw *dfw, const struct sim_rule *rule,
                          const struct sim_flow *flow)
{
    const cJSON *names = sim_json_get(rule->doc, "services");
    const cJSON *entries = sim_json_get(rule->doc, "service_entries");
    const cJSON *name;
    const cJSON *service;

    if (is_any(names) && cJSON_GetArraySize(entries) == 0) {
        return true;
    }
    cJSON_ArrayForEach(name, names)
    {
        cJSON_ArrayForEach(service, dfw->services)
        {
            if (strcmp(sim_json_text(service, "path", ""), name->valuestring) == 0 &&
                entries_have(sim_json_get(service, "service_entries"), flow)) {
                return true;
            }
        }
    }
    return entries_have(entries, flow);
}

static bool protocol_fits(const struct sim_rule *rule, const struct sim_flow *flow)
{
    const char *wanted = sim_json_text(rule->doc, "ip_protocol", "IPV4_IPV6");
    const char *address =
        flow->to.address != NULL ? flow->to.address : flow->from.address;
    bool v6 = address != NULL && strchr(address, ':') != NULL;

    return strcmp(wanted, "IPV4_IPV6") == 0 || strcmp(wanted, v6 ? "IPV6" : "IPV4") == 0;
}

struct judge {
    const struct sim_dfw *dfw;
    const struct sim_flow *flow;
    struct end from;
    struct end to;
};

/* What is not realized is not on any port. */
static bool has_failed(const struct sim_dfw *dfw, const char *path)
{
    const cJSON *asked = sim_json_get(dfw->realization, path);

    return strcmp(sim_json_text(asked, "state", "SUCCESS"), "SUCCESS") != 0;
}

static bool is_active(const struct sim_dfw *dfw, const struct sim_policy *policy)
{
    const char *path = sim_json_text(policy->doc, "scheduler_path", NULL);
    const cJSON *scheduler =
        path == NULL ? NULL : sim_schedule_find(dfw->schedulers, path);

    return !has_failed(dfw, policy->path) &&
           (scheduler == NULL || sim_schedule_is_active(scheduler, dfw->epoch_ms));
}

static bool rule_matches(const struct judge *judge, const struct sim_policy *policy,
                         const struct sim_rule *rule, enum sim_direction direction)
{
    const struct sim_dfw *dfw = judge->dfw;
    const struct end *port = direction == SIM_DIRECTION_OUT ? &judge->from : &judge->to;

    return !rule->disabled && !has_failed(dfw, rule->path) &&
           (rule->directions & direction) != 0 && protocol_fits(rule, judge->flow) &&
           applied_to(dfw, policy, rule, &port->subject) &&
           list_has(dfw, sim_json_get(rule->doc, "source_groups"),
                    &judge->from.subject) != rule->sources_excluded &&
           list_has(dfw, sim_json_get(rule->doc, "destination_groups"),
                    &judge->to.subject) != rule->destinations_excluded &&
           services_have(dfw, rule, judge->flow);
}

static struct sim_rule *first_match(const struct judge *judge,
                                    const struct sim_policy *policy,
                                    enum sim_direction direction)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (rule_matches(judge, policy, &policy->rules[i], direction)) {
            return &policy->rules[i];
        }
    }
    return NULL;
}

static void count_hit(struct sim_rule *rule)
{
    rule->counters.hits++;
    rule->counters.packets++;
    rule->counters.bytes += 64; /* one small packet */
    rule->counters.sessions += rule->action == SIM_ACTION_ALLOW;
}

static struct sim_judgement walk(const struct judge *judge, enum sim_direction direction)
{
    struct sim_judgement judgement = {
        .direction = direction, .applies = true, .why = "", .allowed = true};
    const struct sim_policies *policies = judge->dfw->policies;
    bool jumped = false;

    for (size_t i = 0; i < policies->count; i++) {
        const struct sim_policy *policy = policies->items[i];
        struct sim_rule *rule = NULL;

        if ((!jumped || policy->category == SIM_CATEGORY_APPLICATION) &&
            is_active(judge->dfw, policy)) {
            rule = first_match(judge, policy, direction);
        }
        if (rule == NULL) {
            continue;
        }
        count_hit(rule);
        judgement.policy = policy;
        judgement.rule = rule;
        if (rule->action == SIM_ACTION_JUMP) {
            jumped = true;
            continue;
        }
        judgement.allowed = rule->action == SIM_ACTION_ALLOW;
        /* What passes layer 2 is still judged at layer 3. */
        if (!judgement.allowed || policy->category != SIM_CATEGORY_ETHERNET) {
            break;
        }
    }
    return judgement;
}

static bool is_excluded(const struct sim_dfw *dfw, const struct sim_view *vm)
{
    const struct sim_subject subject = {.vm = vm};
    const cJSON *item;

    cJSON_ArrayForEach(item, dfw->exclude_list)
    {
        const struct sim_group *group =
            sim_groups_find_path(dfw->groups, item->valuestring);

        if (group != NULL && sim_group_has(dfw->groups, group, &subject)) {
            return true;
        }
    }
    return false;
}

/* Why no rule is looked at on the port of this VM, or NULL. */
static const char *unprotected(const struct sim_dfw *dfw, const struct sim_vm *vm)
{
    if (!dfw->enabled) {
        return "the distributed firewall is switched off";
    }
    if (vm == NULL) {
        return "not a VM of this NSX";
    }
    if (!sim_vm_has_port(vm)) {
        return "the VM is on no NSX port";
    }
    if (vm->enforced == NULL) {
        return "the VM is not realized yet";
    }
    if (is_excluded(dfw, vm->enforced)) {
        return "the VM is on the exclude list";
    }
    if (sim_vm_is_system(vm, dfw->system_excluded)) {
        return "the VM is excluded by the system";
    }
    return NULL;
}

struct sim_verdict sim_dfw_judge(const struct sim_dfw *dfw, const struct sim_flow *flow)
{
    static const enum sim_direction directions[] = {SIM_DIRECTION_OUT, SIM_DIRECTION_IN};
    struct sim_verdict verdict = {.allowed = true};
    struct judge judge = {.dfw = dfw, .flow = flow};

    collect(&judge.from, &flow->from);
    collect(&judge.to, &flow->to);
    for (size_t i = 0; i < 2 && verdict.allowed; i++) {
        const struct sim_vm *vm = i == 0 ? flow->from.vm : flow->to.vm;
        const char *why = unprotected(dfw, vm);
        struct sim_judgement *judgement = &verdict.judgements[verdict.count++];

        if (why == NULL) {
            *judgement = walk(&judge, directions[i]);
        } else {
            *judgement = (struct sim_judgement){
                .direction = directions[i], .why = why, .allowed = true};
        }
        verdict.allowed = judgement->allowed;
    }
    return verdict;
}
