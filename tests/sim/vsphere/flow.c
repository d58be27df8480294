/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c: the question `may A talk to B` as a query, and its answer as JSON. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "dfw.h"

static bool find_end(const struct vs_world *world, const char *name, const char *text,
                     struct vs_flow_end *end, struct sim_err *err)
{
    bool is_address =
        text != NULL && strpbrk(text, "/-") == NULL && sim_address_range_valid(text);

    *end = (struct vs_flow_end){0};
    if (text == NULL) {
        return sim_fail(err, "%s: missing", name);
    }
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct vs_vm *vm = world->vms[i];
        bool is_this = is_address ? vs_vm_has_address(vm, text)
                                  : strcmp(vm->moref, text) == 0 ||
                                        strcmp(vs_vm_name(vm), text) == 0;

        if (is_this && end->vm != NULL) {
            return sim_fail(err, "%s: more than one VM is called %s", name, text);
        }
        if (is_this) {
            end->vm = vm;
        }
    }
    if (is_address) {
        end->address = text;
    } else if (end->vm == NULL) {
        return sim_fail(err, "%s: no VM is called %s", name, text);
    }
    return true;
}

static bool read_service(const struct sim_request *request, struct vs_flow *flow,
                         struct sim_err *err)
{
    const char *protocol = sim_request_param(request, "protocol");
    const char *port = sim_request_param(request, "port");
    uint64_t number = 0;

    flow->protocol = vs_protocol_number(protocol == NULL ? "tcp" : protocol);
    if (flow->protocol == 0) {
        return sim_fail(err, "protocol: must be tcp, udp or icmp");
    }
    if (port != NULL && !sim_parse_number(port, 65535, &number)) {
        return sim_fail(err, "port: must be a number from 0 to 65535");
    }
    flow->has_port = port != NULL;
    flow->port = (unsigned)number;
    return true;
}

/* The same words as the other generation has, so that one test can ask both. */
static const char *action_name(const struct vs_judgement *judgement)
{
    static const char *const names[] = {[VS_ACTION_ALLOW] = "ALLOW",
                                        [VS_ACTION_DENY] = "DROP",
                                        [VS_ACTION_REJECT] = "REJECT"};

    return names[judgement->rule == NULL ? VS_ACTION_ALLOW : judgement->rule->action];
}

static void write_rule(cJSON *json, const struct vs_judgement *judgement)
{
    const struct vs_rule *rule = judgement->rule;
    char *id =
        rule == NULL ? sim_strdup("") : sim_format("%llu", (unsigned long long)rule->id);

    cJSON_AddStringToObject(json, "rule", id);
    cJSON_AddStringToObject(json, "rule_name",
                            rule == NULL ? "" : sim_json_text(rule->doc, "name", ""));
    cJSON_AddStringToObject(json, "action", action_name(judgement));
    free(id);
}

/* The rule that decided: the one that blocks, else the first that allowed. */
static const struct vs_judgement *deciding(const struct vs_verdict *verdict)
{
    if (!verdict->allowed || verdict->count == 1) {
        return &verdict->judgements[verdict->count - 1];
    }
    return &verdict->judgements[verdict->judgements[0].rule == NULL];
}

cJSON *vs_flow_ask(struct vs_world *world, const struct sim_request *request,
                   struct sim_err *err)
{
    struct vs_verdict verdict;
    struct vs_flow flow = {0};
    cJSON *json;
    cJSON *steps;

    if (!find_end(world, "from", sim_request_param(request, "from"), &flow.from, err) ||
        !find_end(world, "to", sim_request_param(request, "to"), &flow.to, err) ||
        !read_service(request, &flow, err)) {
        return NULL;
    }
    verdict = vs_dfw_judge(world, &flow);
    json = cJSON_CreateObject();
    cJSON_AddBoolToObject(json, "allowed", verdict.allowed);
    write_rule(json, deciding(&verdict));
    steps = cJSON_AddArrayToObject(json, "judgements");
    for (size_t i = 0; i < verdict.count; i++) {
        const struct vs_judgement *judgement = &verdict.judgements[i];
        cJSON *step = cJSON_CreateObject();

        cJSON_AddStringToObject(step, "direction", judgement->is_outgoing ? "OUT" : "IN");
        cJSON_AddBoolToObject(step, "firewall", judgement->applies);
        cJSON_AddStringToObject(step, "why", judgement->why);
        write_rule(step, judgement);
        cJSON_AddItemToArray(steps, step);
    }
    return json;
}
