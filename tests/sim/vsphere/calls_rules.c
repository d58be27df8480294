/* SPDX-License-Identifier: Apache-2.0 */
/* calls_rules.c: the firewall configuration: all of it, filtered, a section, a rule. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "manager.h"

/* What ?ruleType=...&name=... asks for; NULL stands for anything. */
struct filter {
    const char *source;
    const char *destination;
    const char *rule_id;
    const char *comment;
    const char *name;
    const char *action;
    const char *section;
};

static bool contains(const char *wanted, const char *text)
{
    return wanted == NULL || strcasestr(text, wanted) != NULL;
}

/* The object or address itself, or a container of the VM of that id. */
static bool names(const struct vs_world *world, const cJSON *list, const char *wanted)
{
    const struct vs_vm *vm = wanted == NULL ? NULL : vs_world_known_vm(world, wanted);
    struct vs_subject subject = {.address_count = 1, .addresses = &wanted};
    const cJSON *item;

    if (wanted == NULL) {
        return true;
    }
    if (vm != NULL) {
        subject = vs_world_member(vm);
    }
    cJSON_ArrayForEach(item, list)
    {
        if (vs_entity_has(world, item->valuestring, &subject)) {
            return true;
        }
    }
    return cJSON_GetArraySize(list) == 0;
}

static bool action_fits(const char *wanted, enum vs_action action)
{
    if (wanted == NULL) {
        return true;
    }
    if (strcasecmp(wanted, "block") == 0) {
        wanted = "deny";
    }
    return strcasecmp(wanted, action == VS_ACTION_ALLOW  ? "allow"
                              : action == VS_ACTION_DENY ? "deny"
                                                         : "reject") == 0;
}

static bool is_wanted(const struct vs_world *world, const struct filter *filter,
                      const struct vs_rule *rule)
{
    char *id = sim_format("%llu", (unsigned long long)rule->id);
    bool wanted =
        (filter->rule_id == NULL || strcmp(filter->rule_id, id) == 0) &&
        contains(filter->comment, sim_json_text(rule->doc, "notes", "")) &&
        contains(filter->name, sim_json_text(rule->doc, "name", "")) &&
        action_fits(filter->action, rule->action) &&
        names(world, sim_json_get(rule->doc, "sources"), filter->source) &&
        names(world, sim_json_get(rule->doc, "destinations"), filter->destination);

    free(id);
    return wanted;
}

static void fill_section(xmlNode *node, const struct vs_world *world,
                         const struct vs_section *section, const struct filter *filter)
{
    const cJSON *doc = section->doc;
    const char *managed = sim_json_text(doc, "managed_by", NULL);

    vs_xml_attribute_number(node, "id", section->id);
    vs_xml_attribute(node, "name", sim_json_text(doc, "name", ""));
    vs_xml_attribute_number(node, "generationNumber", section->generation);
    vs_xml_attribute_number(node, "timestamp", section->generation);
    if (managed != NULL) {
        vs_xml_attribute(node, "managedBy", managed);
    }
    if (vs_settings_version(&world->settings) >= VS_VERSION(6, 4, 0)) {
        vs_xml_attribute(node, "tcpStrict",
                         sim_json_bool(doc, "tcp_strict", false) ? "true" : "false");
        vs_xml_attribute(node, "stateless",
                         sim_json_bool(doc, "stateless", false) ? "true" : "false");
        vs_xml_attribute(node, "useSid", "false");
    }
    vs_xml_attribute(node, "type", "LAYER3");
    for (size_t i = 0; i < section->rule_count; i++) {
        if (is_wanted(world, filter, &section->rules[i])) {
            vs_write_rule(vs_xml_add(node, "rule"), world, section, &section->rules[i]);
        }
    }
}

static bool has_wanted(const struct vs_world *world, const struct filter *filter,
                       const struct vs_section *section)
{
    if (!contains(filter->section, sim_json_text(section->doc, "name", ""))) {
        return false;
    }
    for (size_t i = 0; i < section->rule_count; i++) {
        if (is_wanted(world, filter, &section->rules[i])) {
            return true;
        }
    }
    return false;
}

/* Layer 2 has its default rule and no more. */
static void write_layer2(xmlNode *root, uint64_t generation)
{
    xmlNode *section = vs_xml_add(vs_xml_add(root, "layer2Sections"), "section");
    xmlNode *rule;
    xmlNode *applied;

    vs_xml_attribute(section, "id", "1");
    vs_xml_attribute(section, "name", "Default Section Layer2");
    vs_xml_attribute_number(section, "generationNumber", generation);
    vs_xml_attribute_number(section, "timestamp", generation);
    vs_xml_attribute(section, "type", "LAYER2");
    rule = vs_xml_add(section, "rule");
    vs_xml_attribute(rule, "id", "1");
    vs_xml_attribute(rule, "disabled", "false");
    vs_xml_attribute(rule, "logged", "false");
    vs_xml_text(rule, "name", "Default Rule");
    vs_xml_text(rule, "action", "allow");
    applied = vs_xml_add(vs_xml_add(rule, "appliedToList"), "appliedTo");
    vs_xml_text(applied, "name", VS_EVERYWHERE);
    vs_xml_text(applied, "value", VS_EVERYWHERE);
    vs_xml_text(applied, "type", VS_EVERYWHERE);
    vs_xml_bool(applied, "isValid", true);
    vs_xml_number(rule, "sectionId", 1);
}

static void write_etag(struct sim_reply *reply, uint64_t generation)
{
    char *etag = sim_format("\"%llu\"", (unsigned long long)generation);

    sim_reply_header(reply, "ETag", etag);
    free(etag);
}

static struct filter read_filter(const struct sim_request *request)
{
    return (struct filter){
        .source = sim_request_param(request, "source"),
        .destination = sim_request_param(request, "destination"),
        .rule_id = sim_request_param(request, "ruleId"),
        .comment = sim_request_param(request, "comment"),
        .name = sim_request_param(request, "name"),
        .action = sim_request_param(request, "action"),
        .section = sim_request_param(request, "sectionName"),
    };
}

/* Layer 2 cannot be filtered: asking for it returns every type. */
static void get_config(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const char *type = sim_request_param(request, "ruleType");
    struct filter filter = read_filter(request);
    bool layer3_only = type != NULL && strcmp(type, "LAYER3") == 0;
    bool none = type != NULL && strcmp(type, "L3REDIRECT") == 0;
    xmlNode *root;
    xmlNode *sections;

    if (type == NULL && request->param_count > 0) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "ruleType is mandatory with other query parameters.");
        return;
    }
    if (type != NULL && !layer3_only && !none && strcmp(type, "LAYER2") != 0) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST, "Invalid ruleType %s.",
                  type);
        return;
    }
    root = vs_xml_root(type != NULL && world->settings.filtered_root
                           ? "filteredfirewallConfiguration"
                           : "firewallConfiguration");
    vs_xml_attribute_number(root, "timestamp", world->generation);
    vs_xml_text(root, "contextId", VS_ROOT_ID);
    sections = vs_xml_add(root, "layer3Sections");
    for (size_t i = 0; i < world->section_count && !none; i++) {
        if (has_wanted(world, &filter, world->sections[i])) {
            fill_section(vs_xml_add(sections, "section"), world, world->sections[i],
                         &filter);
        }
    }
    if (!layer3_only && !none) {
        write_layer2(root, world->generation);
    }
    vs_xml_number(root, "generationNumber", world->generation);
    write_etag(reply, world->generation);
    vs_reply_document(sim, request, reply, root);
}

/* The id of a section or rule in the path; 0 when it is none. */
static uint64_t read_id(const char *text)
{
    uint64_t id = 0;

    return sim_parse_number(text, UINT32_MAX, &id) ? id : 0;
}

static const struct vs_section *
named_section(struct sim *sim, const struct sim_request *request, struct sim_reply *reply)
{
    const struct vs_section *section =
        vs_world_section(vs_world_of(sim), read_id(request->args[0]));

    if (section == NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_NO_SECTION, "Invalid section id : %s",
                  request->args[0]);
    }
    return section;
}

static void get_section(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    const struct vs_section *section = named_section(sim, request, reply);
    const struct filter all = {0};
    xmlNode *root;

    if (section != NULL) {
        root = vs_xml_root("section");
        fill_section(root, vs_world_of(sim), section, &all);
        write_etag(reply, section->generation);
        vs_reply_document(sim, request, reply, root);
    }
}

/* Another root than a section by its id. */
static void find_sections(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const char *name = sim_request_param(request, "name");
    const struct filter all = {0};
    xmlNode *root;

    if (name == NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST, "name is required.");
        return;
    }
    root = vs_xml_root("sections");
    for (size_t i = 0; i < world->section_count; i++) {
        const struct vs_section *section = world->sections[i];

        if (strcmp(sim_json_text(section->doc, "name", ""), name) == 0) {
            fill_section(vs_xml_add(root, "section"), world, section, &all);
        }
    }
    vs_reply_document(sim, request, reply, root);
}

static void get_rule(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct vs_section *section = named_section(sim, request, reply);
    const struct vs_rule *rule =
        section == NULL ? NULL : vs_section_rule(section, read_id(request->args[1]));
    xmlNode *root;

    if (section == NULL) {
        return;
    }
    if (rule == NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_NO_RULE,
                  "Invalid rule id : %s in section %s", request->args[1],
                  request->args[0]);
        return;
    }
    root = vs_xml_root("rule");
    vs_write_rule(root, vs_world_of(sim), section, rule);
    write_etag(reply, section->generation);
    vs_reply_document(sim, request, reply, root);
}

#define CONFIG "/api/4.0/firewall/globalroot-0/config"

static const struct vs_call calls[] = {
    {{"GET", CONFIG, get_config}, 0, false},
    {{"GET", CONFIG "/layer3sections", find_sections}, 0, false},
    {{"GET", CONFIG "/layer3sections/{}", get_section}, 0, false},
    {{"GET", CONFIG "/layer3sections/{}/rules/{}", get_rule}, 0, false},
};

const struct vs_family vs_rule_family = {calls, SIM_COUNT_OF(calls)};
