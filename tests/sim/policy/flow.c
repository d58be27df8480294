/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c: finds both ends of a flow, asks the data plane, and writes the verdict. */
#include "flow.h"

#include <string.h>

#include "expression.h"

static bool is_named(const struct sim_vm *vm, const char *text)
{
    return strcmp(vm->current->external_id, text) == 0 ||
           strcmp(vm->current->display_name, text) == 0;
}

static bool find_end(const struct sim_world *world, const char *name, const char *text,
                     struct sim_flow_end *end, struct sim_err *err)
{
    bool is_address =
        text != NULL && strpbrk(text, "/-") == NULL && sim_address_range_valid(text);

    *end = (struct sim_flow_end){0};
    if (text == NULL) {
        return sim_fail(err, "%s: missing", name);
    }
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct sim_vm *vm = world->vms[i];

        if (is_address ? !sim_vm_has_address(vm, text) : !is_named(vm, text)) {
            continue;
        }
        if (end->vm != NULL) {
            return sim_fail(err, "%s: more than one VM is called %s", name, text);
        }
        end->vm = vm;
    }
    if (is_address) {
        end->address = text;
    } else if (end->vm == NULL) {
        return sim_fail(err, "%s: no VM is called %s", name, text);
    }
    return true;
}

static bool read_service(const struct sim_request *request, struct sim_flow *flow,
                         struct sim_err *err)
{
    const char *protocol = sim_request_param(request, "protocol");
    const char *port = sim_request_param(request, "port");
    uint64_t number = 0;

    flow->protocol = protocol == NULL ? "tcp" : protocol;
    if (strcmp(flow->protocol, "tcp") != 0 && strcmp(flow->protocol, "udp") != 0 &&
        strcmp(flow->protocol, "icmp") != 0) {
        return sim_fail(err, "protocol: must be tcp, udp or icmp");
    }
    if (port != NULL && !sim_parse_number(port, 65535, &number)) {
        return sim_fail(err, "port: must be a number from 0 to 65535");
    }
    flow->has_port = port != NULL;
    flow->port = (unsigned)number;
    return true;
}

static const char *rule_name(const struct sim_judgement *judgement)
{
    return judgement->rule == NULL
               ? ""
               : sim_json_text(judgement->rule->doc, "display_name", judgement->rule->id);
}

static const char *action_name(const struct sim_judgement *judgement)
{
    return judgement->rule == NULL ? "ALLOW" : sim_action_name(judgement->rule->action);
}

static cJSON *judgement_json(const struct sim_judgement *judgement)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "direction",
                            judgement->direction == SIM_DIRECTION_OUT ? "OUT" : "IN");
    cJSON_AddBoolToObject(json, "firewall", judgement->applies);
    cJSON_AddStringToObject(json, "why", judgement->why);
    cJSON_AddStringToObject(json, "rule",
                            judgement->rule == NULL ? "" : judgement->rule->path);
    cJSON_AddStringToObject(json, "rule_name", rule_name(judgement));
    cJSON_AddStringToObject(json, "action", action_name(judgement));
    return json;
}

/* The rule that decided: the one that blocks, else the first that allowed. */
static const struct sim_judgement *deciding(const struct sim_verdict *verdict)
{
    if (!verdict->allowed || verdict->count == 1) {
        return &verdict->judgements[verdict->count - 1];
    }
    return &verdict->judgements[verdict->judgements[0].rule == NULL];
}

cJSON *sim_flow_ask(struct sim_world *world, const struct sim_request *request,
                    struct sim_err *err)
{
    struct sim_dfw dfw = sim_world_dfw(world, sim_epoch_ms());
    const struct sim_judgement *decided;
    struct sim_verdict verdict;
    struct sim_flow flow = {0};
    cJSON *json;
    cJSON *steps;

    if (!find_end(world, "from", sim_request_param(request, "from"), &flow.from, err) ||
        !find_end(world, "to", sim_request_param(request, "to"), &flow.to, err) ||
        !read_service(request, &flow, err)) {
        return NULL;
    }
    verdict = sim_dfw_judge(&dfw, &flow);
    decided = deciding(&verdict);
    json = cJSON_CreateObject();
    cJSON_AddBoolToObject(json, "allowed", verdict.allowed);
    cJSON_AddStringToObject(json, "rule",
                            decided->rule == NULL ? "" : decided->rule->path);
    cJSON_AddStringToObject(json, "rule_name", rule_name(decided));
    cJSON_AddStringToObject(json, "action", action_name(decided));
    steps = cJSON_AddArrayToObject(json, "judgements");
    for (size_t i = 0; i < verdict.count; i++) {
        cJSON_AddItemToArray(steps, judgement_json(&verdict.judgements[i]));
    }
    return json;
}
