/* SPDX-License-Identifier: Apache-2.0 */
/* dfw.c: sections from the top, rules from the top, the first match decides. A group in
 * a source or destination stands for the addresses that NSX knows of its members. */
#include "dfw.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESSES_MAX 64

/* One end of the flow, as the hosts know it. */
struct end {
    struct vs_subject subject;
    bool is_discovered; /* NSX knows its addresses, so it is in address sets */
    const char *addresses[ADDRESSES_MAX];
};

static void collect(struct end *end, const struct vs_flow_end *from)
{
    const cJSON *vnic;
    const cJSON *item;

    *end = (struct end){.is_discovered = true};
    end->subject.addresses = end->addresses;
    if (from->vm != NULL) {
        end->subject.vm = from->vm;
        end->subject.view = from->vm->enforced;
        end->is_discovered = vs_vm_is_discovered(from->vm);
    }
    if (from->address != NULL) {
        end->addresses[end->subject.address_count++] = from->address;
        return;
    }
    cJSON_ArrayForEach(vnic, vs_vm_vnics(from->vm))
    {
        cJSON_ArrayForEach(item, sim_json_get(vnic, "addresses"))
        {
            if (end->subject.address_count < ADDRESSES_MAX) {
                end->addresses[end->subject.address_count++] = item->valuestring;
            }
        }
    }
    end->is_discovered = end->is_discovered && end->subject.address_count > 0;
}

struct judge {
    const struct vs_world *world;
    const struct vs_flow *flow;
    struct end from;
    struct end to;
};

/* An absent list is any. A VM whose addresses NSX does not know is in no address set. */
static bool address_set_has(const struct judge *judge, const cJSON *list, bool excluded,
                            const struct end *end)
{
    const cJSON *item;

    if (cJSON_GetArraySize(list) == 0) {
        return true;
    }
    cJSON_ArrayForEach(item, list)
    {
        enum vs_type type = vs_type_of(item->valuestring);
        bool is_literal = type == VS_TYPE_OTHER || type == VS_TYPE_IP_SET;

        if ((is_literal || end->is_discovered) &&
            vs_entity_has(judge->world, item->valuestring, &end->subject)) {
            return !excluded;
        }
    }
    return excluded;
}

/* Applied-to selects vNICs, so no address is needed. */
static bool is_applied(const struct judge *judge, const cJSON *list,
                       const struct end *end)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (vs_entity_has(judge->world, item->valuestring, &end->subject)) {
            return true;
        }
    }
    return false;
}

static bool port_in(const char *ports, unsigned port)
{
    while (*ports != '\0') {
        char *end;
        unsigned long first = strtoul(ports, &end, 10);
        unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;

        if (port >= first && port <= last) {
            return true;
        }
        ports = end + (*end == ',');
    }
    return false;
}

static bool service_has(const struct judge *judge, const cJSON *service)
{
    const char *application = sim_json_text(service, "application", NULL);
    const char *ports;

    if (application != NULL) {
        service = vs_world_application(judge->world, application);
    }
    ports = sim_json_text(service, "destination_port", NULL);
    return vs_protocol_number(sim_json_text(service, "protocol", "")) ==
               judge->flow->protocol &&
           judge->flow->has_port && (ports == NULL || port_in(ports, judge->flow->port));
}

/* A flow without a port stands for any traffic, so a rule for certain services does not
 * decide it. */
static bool services_have(const struct judge *judge, const cJSON *services)
{
    const cJSON *service;

    if (cJSON_GetArraySize(services) == 0) {
        return true;
    }
    cJSON_ArrayForEach(service, services)
    {
        if (service_has(judge, service)) {
            return true;
        }
    }
    return false;
}

static bool packet_fits(const struct judge *judge, const char *type)
{
    const struct vs_flow *flow = judge->flow;
    const char *address =
        flow->to.address != NULL ? flow->to.address : flow->from.address;
    bool v6 = address != NULL && strchr(address, ':') != NULL;

    return strcmp(type, "any") == 0 || strcmp(type, v6 ? "ipv6" : "ipv4") == 0;
}

static bool direction_fits(const char *direction, bool is_outgoing)
{
    return strcmp(direction, "inout") == 0 ||
           strcmp(direction, is_outgoing ? "out" : "in") == 0;
}

static bool matches(const struct judge *judge, const struct vs_rule *rule,
                    bool is_outgoing)
{
    const cJSON *doc = rule->doc;

    return !sim_json_bool(doc, "disabled", false) &&
           direction_fits(sim_json_text(doc, "direction", "inout"), is_outgoing) &&
           packet_fits(judge, sim_json_text(doc, "packet_type", "any")) &&
           is_applied(judge, sim_json_get(doc, "applied_to"),
                      is_outgoing ? &judge->from : &judge->to) &&
           address_set_has(judge, sim_json_get(doc, "sources"),
                           sim_json_bool(doc, "sources_excluded", false), &judge->from) &&
           address_set_has(judge, sim_json_get(doc, "destinations"),
                           sim_json_bool(doc, "destinations_excluded", false),
                           &judge->to) &&
           services_have(judge, sim_json_get(doc, "services"));
}

static void count_hit(struct vs_rule *rule)
{
    int64_t now = sim_epoch_ms();

    rule->hits.count++;
    rule->hits.last_ms = now;
    if (rule->hits.first_ms == 0) {
        rule->hits.first_ms = now;
    }
}

static struct vs_judgement walk(const struct judge *judge, bool is_outgoing)
{
    struct vs_judgement judgement = {
        .is_outgoing = is_outgoing, .applies = true, .why = "", .allowed = true};

    for (size_t i = 0; i < judge->world->section_count; i++) {
        const struct vs_section *section = judge->world->sections[i];

        for (size_t k = 0; k < section->rule_count; k++) {
            struct vs_rule *rule = &section->rules[k];

            if (matches(judge, rule, is_outgoing)) {
                if (judge->world->settings.rule_stats) {
                    count_hit(rule);
                }
                judgement.rule = rule;
                judgement.allowed = rule->action == VS_ACTION_ALLOW;
                return judgement;
            }
        }
    }
    return judgement;
}

const char *vs_dfw_unprotected(const struct vs_world *world, const struct vs_vm *vm)
{
    if (strcmp(world->settings.firewall_state, "forward") != 0) {
        return "the distributed firewall is not in the state forward";
    }
    if (vm == NULL) {
        return "not a VM of this vCenter";
    }
    if (!vs_world_is_protected(world, vm)) {
        return "the cluster of the VM does not run the distributed firewall";
    }
    if (vs_world_is_excluded(world, vm->moref)) {
        return "the VM is on the exclude list";
    }
    if (vm->enforced == NULL) {
        return "the VM is not realized yet";
    }
    return NULL;
}

struct vs_verdict vs_dfw_judge(struct vs_world *world, const struct vs_flow *flow)
{
    struct vs_verdict verdict = {.allowed = true};
    struct judge judge = {.world = world, .flow = flow};

    collect(&judge.from, &flow->from);
    collect(&judge.to, &flow->to);
    for (unsigned i = 0; i < 2 && verdict.allowed; i++) {
        const struct vs_vm *vm = i == 0 ? flow->from.vm : flow->to.vm;
        const char *why = vs_dfw_unprotected(world, vm);
        struct vs_judgement *judgement = &verdict.judgements[verdict.count++];

        if (why == NULL) {
            *judgement = walk(&judge, i == 0);
        } else {
            *judgement =
                (struct vs_judgement){.is_outgoing = i == 0, .why = why, .allowed = true};
        }
        verdict.allowed = judgement->allowed;
    }
    return verdict;
}
