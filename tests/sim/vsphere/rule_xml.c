/* SPDX-License-Identifier: Apache-2.0 */
/* rule_xml.c: one firewall rule as XML, in the variants that clients have met. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "manager.h"

static void write_reference(xmlNode *parent, const struct vs_world *world,
                            const char *element, const char *id)
{
    xmlNode *node = vs_xml_add(parent, element);
    struct vs_object object;
    bool is_valid = vs_world_describe(world, id, &object);

    if (object.name != NULL) {
        vs_xml_text(node, "name", object.name);
    }
    vs_xml_text(node, "value", id);
    vs_xml_text(node, "type", vs_type_name(id));
    vs_xml_bool(node, "isValid", is_valid);
}

/* list may be empty: then it is any, and the element is not there. */
static void write_references(xmlNode *rule, const struct vs_world *world,
                             const cJSON *list, const char *outer, const char *inner,
                             const bool *excluded)
{
    const cJSON *item;
    xmlNode *node;

    if (cJSON_GetArraySize(list) == 0) {
        return;
    }
    node = vs_xml_add(rule, outer);
    if (excluded != NULL) {
        vs_xml_attribute(node, "excluded", *excluded ? "true" : "false");
    }
    cJSON_ArrayForEach(item, list)
    {
        write_reference(node, world, inner, item->valuestring);
    }
}

static void write_services(xmlNode *rule, const struct vs_world *world,
                           const cJSON *services)
{
    const cJSON *item;
    xmlNode *node;

    if (cJSON_GetArraySize(services) == 0) {
        return;
    }
    node = vs_xml_add(rule, "services");
    cJSON_ArrayForEach(item, services)
    {
        const char *application = sim_json_text(item, "application", NULL);
        const char *protocol = sim_json_text(item, "protocol", "");
        xmlNode *service;

        if (application != NULL) {
            write_reference(node, world, "service", application);
            continue;
        }
        service = vs_xml_add(node, "service");
        vs_xml_bool(service, "isValid", true);
        if (sim_json_get(item, "destination_port") != NULL) {
            vs_xml_text(service, "destinationPort",
                        sim_json_text(item, "destination_port", ""));
        }
        vs_xml_number(service, "protocol", vs_protocol_number(protocol));
        vs_xml_number(service, "subProtocol", vs_protocol_number(protocol));
    }
}

static void write_action(xmlNode *rule, const struct vs_settings *settings,
                         enum vs_action action)
{
    static const char *const words[] = {[VS_ACTION_ALLOW] = "allow",
                                        [VS_ACTION_DENY] = "deny",
                                        [VS_ACTION_REJECT] = "reject"};
    const char *word =
        action == VS_ACTION_DENY && settings->deny_as_block ? "block" : words[action];
    char *text = sim_strdup(word);

    for (char *at = text; settings->upper_case_action && *at != '\0'; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    vs_xml_text(rule, "action", text);
    free(text);
}

/* The elements of a rule come in one order or in another. */
enum part {
    PART_NAME,
    PART_ACTION,
    PART_APPLIED,
    PART_SECTION,
    PART_SOURCES,
    PART_DESTINATIONS,
    PART_SERVICES,
    PART_REST,
    PART_COUNT,
};

static void write_part(xmlNode *node, const struct vs_world *world,
                       const struct vs_section *section, const struct vs_rule *rule,
                       enum part part)
{
    const cJSON *doc = rule->doc;
    bool not_sources = sim_json_bool(doc, "sources_excluded", false);
    bool not_destinations = sim_json_bool(doc, "destinations_excluded", false);

    switch (part) {
    case PART_NAME:
        vs_xml_text(node, "name", sim_json_text(doc, "name", ""));
        break;
    case PART_ACTION:
        write_action(node, &world->settings, rule->action);
        break;
    case PART_APPLIED:
        write_references(node, world, sim_json_get(doc, "applied_to"), "appliedToList",
                         "appliedTo", NULL);
        break;
    case PART_SECTION:
        vs_xml_number(node, "sectionId", section->id);
        break;
    case PART_SOURCES:
        write_references(node, world, sim_json_get(doc, "sources"), "sources", "source",
                         &not_sources);
        break;
    case PART_DESTINATIONS:
        write_references(node, world, sim_json_get(doc, "destinations"), "destinations",
                         "destination", &not_destinations);
        break;
    case PART_SERVICES:
        write_services(node, world, sim_json_get(doc, "services"));
        break;
    case PART_REST:
        if (rule->is_default) {
            vs_xml_text(node, "precedence", "default");
        }
        vs_xml_text(node, "direction", sim_json_text(doc, "direction", ""));
        vs_xml_text(node, "packetType", sim_json_text(doc, "packet_type", ""));
        if (*sim_json_text(doc, "tag", "") != '\0') {
            vs_xml_text(node, "tag", sim_json_text(doc, "tag", ""));
        }
        if (*sim_json_text(doc, "notes", "") != '\0') {
            vs_xml_text(node, "notes", sim_json_text(doc, "notes", ""));
        }
        break;
    case PART_COUNT:
        break;
    }
}

void vs_write_rule(xmlNode *node, const struct vs_world *world,
                   const struct vs_section *section, const struct vs_rule *rule)
{
    static const enum part guide[] = {PART_NAME,     PART_ACTION,  PART_APPLIED,
                                      PART_SECTION,  PART_SOURCES, PART_DESTINATIONS,
                                      PART_SERVICES, PART_REST};
    static const enum part other[] = {PART_REST,    PART_SERVICES, PART_DESTINATIONS,
                                      PART_SOURCES, PART_SECTION,  PART_APPLIED,
                                      PART_ACTION,  PART_NAME};
    bool is_other = world->settings.rule_order == VS_ORDER_OTHER ||
                    (world->settings.rule_order == VS_ORDER_MIXED && rule->id % 2 == 1);
    const enum part *order = is_other ? other : guide;

    vs_xml_attribute_number(node, "id", rule->id);
    vs_xml_attribute(node, "disabled",
                     sim_json_bool(rule->doc, "disabled", false) ? "true" : "false");
    vs_xml_attribute(node, "logged",
                     sim_json_bool(rule->doc, "logged", false) ? "true" : "false");
    for (size_t i = 0; i < PART_COUNT; i++) {
        write_part(node, world, section, rule, order[i]);
    }
}
