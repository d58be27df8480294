/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.c: reads sections and rules, and completes what the file leaves out. */
#include "firewall.h"

#include <stdlib.h>
#include <string.h>

#include "object.h"

static const struct sim_json_member section_members[] = {
    {"id", SIM_JSON_COUNT, false},          {"name", SIM_JSON_STRING, true},
    {"stateless", SIM_JSON_BOOL, false},    {"tcp_strict", SIM_JSON_BOOL, false},
    {"managed_by", SIM_JSON_STRING, false}, {"is_default", SIM_JSON_BOOL, false},
    {"rules", SIM_JSON_OBJECTS, true},
};

static const struct sim_json_member rule_members[] = {
    {"id", SIM_JSON_COUNT, false},
    {"name", SIM_JSON_STRING, true},
    {"action", SIM_JSON_STRING, true},
    {"disabled", SIM_JSON_BOOL, false},
    {"logged", SIM_JSON_BOOL, false},
    {"direction", SIM_JSON_STRING, false},
    {"packet_type", SIM_JSON_STRING, false},
    {"applied_to", SIM_JSON_STRINGS, false},
    {"sources", SIM_JSON_STRINGS, false},
    {"sources_excluded", SIM_JSON_BOOL, false},
    {"destinations", SIM_JSON_STRINGS, false},
    {"destinations_excluded", SIM_JSON_BOOL, false},
    {"services", SIM_JSON_OBJECTS, false},
    {"tag", SIM_JSON_STRING, false},
    {"notes", SIM_JSON_STRING, false},
};

static const struct sim_json_member service_members[] = {
    {"id", SIM_JSON_STRING, false},
    {"name", SIM_JSON_STRING, false},
    {"application", SIM_JSON_STRING, false},
    {"protocol", SIM_JSON_STRING, false},
    {"destination_port", SIM_JSON_STRING, false},
};

unsigned vs_protocol_number(const char *name)
{
    static const struct {
        const char *name;
        unsigned number;
    } protocols[] = {{"tcp", 6}, {"udp", 17}, {"icmp", 1}};

    for (size_t i = 0; i < SIM_COUNT_OF(protocols); i++) {
        if (strcmp(protocols[i].name, name) == 0) {
            return protocols[i].number;
        }
    }
    return 0;
}

/* A list of ports and ranges with commas, as in "80,443,8000-8080". */
static bool are_ports(const char *text)
{
    for (;;) {
        size_t length = strcspn(text, ",-");
        char *part = sim_strndup(text, length);
        uint64_t port = 0;
        bool good = sim_parse_number(part, 65535, &port);

        free(part);
        if (!good || text[length] == '\0') {
            return good;
        }
        text += length + 1;
    }
}

bool vs_service_check(const cJSON *service, const char *where, struct sim_err *err)
{
    const char *ports = sim_json_text(service, "destination_port", NULL);

    if (!SIM_JSON_CHECK(service, service_members, where, err)) {
        return false;
    }
    if (sim_json_get(service, "application") != NULL) {
        return true;
    }
    if (vs_protocol_number(sim_json_text(service, "protocol", "")) == 0) {
        return sim_fail(err, "%s.protocol: must be tcp, udp or icmp", where);
    }
    if (ports != NULL && !are_ports(ports)) {
        return sim_fail(err, "%s.destination_port: not ports or ranges", where);
    }
    return true;
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_action(const char *word, enum vs_action *ret_action)
{
    static const char *const words[] = {[VS_ACTION_ALLOW] = "allow",
                                        [VS_ACTION_DENY] = "deny",
                                        [VS_ACTION_REJECT] = "reject"};

    for (unsigned i = 0; i < SIM_COUNT_OF(words); i++) {
        if (strcmp(words[i], word) == 0) {
            *ret_action = (enum vs_action)i;
            return true;
        }
    }
    return false;
}

static bool check_rule(const cJSON *json, const char *where, struct vs_rule *rule,
                       struct sim_err *err)
{
    static const char *const directions[] = {"in", "out", "inout"};
    static const char *const packets[] = {"any", "ipv4", "ipv6"};
    const cJSON *service;
    unsigned index = 0;

    if (!SIM_JSON_CHECK(json, rule_members, where, err)) {
        return false;
    }
    if (!read_action(sim_json_text(json, "action", ""), &rule->action)) {
        return sim_fail(err, "%s.action: must be allow, deny or reject", where);
    }
    if (!is_one_of(sim_json_text(json, "direction", "inout"), directions, 3)) {
        return sim_fail(err, "%s.direction: must be in, out or inout", where);
    }
    if (!is_one_of(sim_json_text(json, "packet_type", "any"), packets, 3)) {
        return sim_fail(err, "%s.packet_type: must be any, ipv4 or ipv6", where);
    }
    cJSON_ArrayForEach(service, sim_json_get(json, "services"))
    {
        char *at = sim_format("%s.services[%u]", where, index++);
        bool good = vs_service_check(service, at, err);

        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static void default_bool(cJSON *doc, const char *name)
{
    if (sim_json_get(doc, name) == NULL) {
        cJSON_AddFalseToObject(doc, name);
    }
}

static uint64_t take_id(cJSON *doc, uint64_t *next_id)
{
    uint64_t id = sim_json_count(doc, "id", 0);

    if (id == 0) {
        id = (*next_id)++;
        cJSON_DeleteItemFromObjectCaseSensitive(doc, "id");
        cJSON_AddNumberToObject(doc, "id", (double)id);
    } else if (id >= *next_id) {
        *next_id = id + 1;
    }
    return id;
}

static bool read_rule(const cJSON *json, const char *where, uint64_t *next_id,
                      struct vs_rule *rule, struct sim_err *err)
{
    *rule = (struct vs_rule){0};
    if (!check_rule(json, where, rule, err)) {
        return false;
    }
    rule->doc = cJSON_Duplicate(json, 1);
    rule->id = take_id(rule->doc, next_id);
    sim_json_default_text(rule->doc, "direction", "inout");
    sim_json_default_text(rule->doc, "packet_type", "any");
    sim_json_default_text(rule->doc, "tag", "");
    sim_json_default_text(rule->doc, "notes", "");
    default_bool(rule->doc, "disabled");
    default_bool(rule->doc, "logged");
    default_bool(rule->doc, "sources_excluded");
    default_bool(rule->doc, "destinations_excluded");
    if (sim_json_get(rule->doc, "applied_to") == NULL) {
        const char *everywhere = VS_EVERYWHERE;

        cJSON_AddItemToObject(rule->doc, "applied_to",
                              cJSON_CreateStringArray(&everywhere, 1));
    }
    return true;
}

static bool read_rules(struct vs_section *section, const cJSON *list, const char *where,
                       uint64_t *next_id, struct sim_err *err)
{
    const cJSON *item;

    section->rules = sim_alloc((size_t)cJSON_GetArraySize(list), sizeof(*section->rules));
    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("%s.rules[%zu]", where, section->rule_count);
        bool good =
            read_rule(item, at, next_id, &section->rules[section->rule_count], err);

        free(at);
        if (!good) {
            return false;
        }
        section->rule_count++;
    }
    if (section->is_default && section->rule_count == 0) {
        return sim_fail(err, "%s.rules: the default section needs its default rule",
                        where);
    }
    if (section->is_default) {
        section->rules[section->rule_count - 1].is_default = true;
    }
    return true;
}

struct vs_section *vs_section_new(const cJSON *json, uint64_t *next_id, const char *where,
                                  struct sim_err *err)
{
    struct vs_section *section;
    bool good;

    if (!SIM_JSON_CHECK(json, section_members, where, err)) {
        return NULL;
    }
    section = sim_alloc(1, sizeof(*section));
    section->doc = cJSON_Duplicate(json, 1);
    cJSON_DeleteItemFromObjectCaseSensitive(section->doc, "rules");
    section->id = take_id(section->doc, next_id);
    section->is_default = sim_json_bool(json, "is_default", false);
    section->generation = (uint64_t)sim_epoch_ms();
    default_bool(section->doc, "is_default");
    default_bool(section->doc, "stateless");
    default_bool(section->doc, "tcp_strict");
    good = read_rules(section, sim_json_get(json, "rules"), where, next_id, err);
    return good ? section : vs_section_free(section);
}

struct vs_section *vs_section_free(struct vs_section *section)
{
    if (section != NULL) {
        for (size_t i = 0; i < section->rule_count; i++) {
            cJSON_Delete(section->rules[i].doc);
        }
        free(section->rules);
        cJSON_Delete(section->doc);
        free(section);
    }
    return NULL;
}

cJSON *vs_section_json(const struct vs_section *section)
{
    cJSON *json = cJSON_Duplicate(section->doc, 1);
    cJSON *rules = cJSON_AddArrayToObject(json, "rules");

    for (size_t i = 0; i < section->rule_count; i++) {
        cJSON_AddItemToArray(rules, cJSON_Duplicate(section->rules[i].doc, 1));
    }
    return json;
}

struct vs_rule *vs_section_rule(const struct vs_section *section, uint64_t id)
{
    for (size_t i = 0; i < section->rule_count; i++) {
        if (section->rules[i].id == id) {
            return &section->rules[i];
        }
    }
    return NULL;
}
