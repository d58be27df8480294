/* SPDX-License-Identifier: Apache-2.0 */
/* names.c: what rules name must exist: groups, and services (layer 4 ports only). */
#include "firewall.h"

#include <stdlib.h>
#include <string.h>

#include "expression.h"

static const struct sim_json_member service_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"display_name", SIM_JSON_STRING, false},
    {"path", SIM_JSON_STRING, false},
    {"service_entries", SIM_JSON_OBJECTS, true},
};

static const struct sim_json_member entry_members[] = {
    {"resource_type", SIM_JSON_STRING, true},
    {"id", SIM_JSON_STRING, false},
    {"display_name", SIM_JSON_STRING, false},
    {"l4_protocol", SIM_JSON_STRING, true},
    {"destination_ports", SIM_JSON_STRINGS, false},
    {"source_ports", SIM_JSON_STRINGS, false},
};

/* `443` or `8000-8100`. */
static bool is_port_range(const char *text)
{
    size_t part = strcspn(text, "-");
    char *first = sim_strndup(text, part);
    uint64_t number;
    bool good = sim_parse_number(first, 65535, &number) &&
                (text[part] == '\0' || sim_parse_number(text + part + 1, 65535, &number));

    free(first);
    return good;
}

static bool check_entry(const cJSON *entry, const char *where, struct sim_err *err)
{
    const char *protocol = sim_json_text(entry, "l4_protocol", "");
    const cJSON *port;
    int index = 0;

    if (!SIM_JSON_CHECK(entry, entry_members, where, err)) {
        return false;
    }
    if (strcmp(sim_json_text(entry, "resource_type", ""), "L4PortSetServiceEntry") != 0) {
        return sim_fail(err, "%s.resource_type: must be L4PortSetServiceEntry", where);
    }
    if (strcmp(protocol, "TCP") != 0 && strcmp(protocol, "UDP") != 0) {
        return sim_fail(err, "%s.l4_protocol: must be TCP or UDP", where);
    }
    cJSON_ArrayForEach(port, sim_json_get(entry, "destination_ports"))
    {
        if (!is_port_range(port->valuestring)) {
            return sim_fail(err, "%s.destination_ports[%d]: not a port or range", where,
                            index);
        }
        index++;
    }
    return true;
}

bool sim_service_check(const cJSON *service, const char *where, struct sim_err *err)
{
    const cJSON *entry;
    int index = 0;

    if (!SIM_JSON_CHECK(service, service_members, where, err)) {
        return false;
    }
    cJSON_ArrayForEach(entry, sim_json_get(service, "service_entries"))
    {
        char *at = sim_format("%s.service_entries[%d]", where, index++);
        bool good = check_entry(entry, at, err);

        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool check_groups(const cJSON *doc, const char *where, const char *name,
                         const struct sim_groups *groups, struct sim_err *err)
{
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach(item, sim_json_get(doc, name))
    {
        const char *text = item->valuestring;

        if (!sim_same_text(text, "ANY") && sim_groups_find_path(groups, text) == NULL &&
            !sim_address_range_valid(text)) {
            return sim_fail(err, "%s.%s[%d]: no such group: %s", where, name, index,
                            text);
        }
        index++;
    }
    return true;
}

static bool check_services(const cJSON *rule, const char *where, const cJSON *services,
                           struct sim_err *err)
{
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach(item, sim_json_get(rule, "services"))
    {
        const cJSON *service;
        bool found = sim_same_text(item->valuestring, "ANY");

        cJSON_ArrayForEach(service, services)
        {
            found = found ||
                    strcmp(sim_json_text(service, "path", ""), item->valuestring) == 0;
        }
        if (!found) {
            return sim_fail(err, "%s.services[%d]: no such service: %s", where, index,
                            item->valuestring);
        }
        index++;
    }
    return true;
}

bool sim_policy_check_names(const struct sim_policy *policy, const char *where,
                            const struct sim_groups *groups, const cJSON *services,
                            struct sim_err *err)
{
    bool good = check_groups(policy->doc, where, "scope", groups, err);

    for (size_t i = 0; good && i < policy->rule_count; i++) {
        const struct sim_rule *rule = &policy->rules[i];
        char *at = sim_format("%s rule %s", where, rule->id);

        good = check_groups(rule->doc, at, "source_groups", groups, err) &&
               check_groups(rule->doc, at, "destination_groups", groups, err) &&
               check_groups(rule->doc, at, "scope", groups, err) &&
               check_services(rule->doc, at, services, err);
        free(at);
    }
    return good;
}
