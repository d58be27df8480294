/* SPDX-License-Identifier: Apache-2.0 */
/* rules_xml.c: the rules in firewall_xml.h. The document may be megabytes:
 * one rule at a time is in memory. */
#include "nsx/vsphere/firewall_xml.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/walk_xml.h"

struct rules {
    nq_vsphere_rule_fn *each;
    void *arg;
    uint32_t sequence;
    bool layer3; /* the section that is open is one */
    char *section_id;
    bool open; /* a rule of such a section is */
    struct nq_vsphere_rule rule;
    unsigned families; /* of its packet type */
};

/* Elements of a rule that hold a list, and what stands in them. */
static const struct {
    const char *list;
    const char *item;
    size_t offset;
} lists[] = {
    {"sources", "source", offsetof(struct nq_vsphere_rule, sources)},
    {"destinations", "destination", offsetof(struct nq_vsphere_rule, destinations)},
    {"appliedToList", "appliedTo", offsetof(struct nq_vsphere_rule, applied_to)},
};
#define LIST_COUNT (sizeof(lists) / sizeof(lists[0]))

static const struct {
    const char *word;
    enum nq_rule_action action;
} actions[] = {
    {"allow", NQ_RULE_ALLOW},
    {"deny", NQ_RULE_DROP},
    {"block", NQ_RULE_DROP},
    {"reject", NQ_RULE_REJECT},
};

static const struct {
    const char *word;
    enum nq_rule_direction direction;
    unsigned packets;
} directions[] = {
    {"in", NQ_RULE_IN, NQ_PACKETS_IN},
    {"out", NQ_RULE_OUT, NQ_PACKETS_OUT},
    {"inout", NQ_RULE_IN_OUT, NQ_PACKETS_ALL},
};

static struct nq_vsphere_objects *list_at(struct rules *rules, size_t i)
{
    return (struct nq_vsphere_objects *)((char *)&rules->rule + lists[i].offset);
}

static bool attribute_is(const struct nq_xml_place *place, const char *name,
                         const char *word)
{
    char *value = nq_xml_attribute(place, name);
    const bool is = nq_text_same(value, word);
    free(value);
    return is;
}

/* Sections of layer 2 and of redirection are no part of the order in which layer 3 rules
 * are evaluated. Where a section tells its type, that decides. */
static void open_section(struct rules *rules, const struct nq_xml_place *place)
{
    char *type = nq_xml_attribute(place, "type");
    free(rules->section_id);
    rules->section_id = nq_xml_attribute(place, "id");
    rules->layer3 = !nq_xml_in(place, "layer2Sections") &&
                    !nq_xml_in(place, "layer3RedirectSections") &&
                    (!type || *type == '\0' || nq_text_same(type, "LAYER3"));
    free(type);
}

static bool open_rule(struct rules *rules, const struct nq_xml_place *place,
                      struct nq_err *reterr)
{
    if (rules->open) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "a rule inside a rule");
    }
    if (rules->sequence == NQ_VSPHERE_RULES_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "more than %d rules", NQ_VSPHERE_RULES_MAX);
    }
    rules->open = true;
    rules->families = NQ_PACKETS_ALL;
    rules->rule = (struct nq_vsphere_rule){
        .id = nq_xml_attribute(place, "id"),
        .section_id = nq_strdup(nq_text_or_empty(rules->section_id)),
        .name = nq_strdup(""),
        .direction = NQ_RULE_IN_OUT,
        .packets = NQ_PACKETS_ALL,
        .sequence = ++rules->sequence,
        .disabled = attribute_is(place, "disabled", "true"),
        .any_service = true,
    };
    return (rules->rule.id && *rules->rule.id &&
            strlen(rules->rule.id) <= NQ_EXTERNAL_ID_MAX) ||
           nq_fail(reterr, NQ_NSX_ANSWER, "a rule without an id");
}

static bool add_object(struct nq_vsphere_objects *objects, struct nq_err *reterr)
{
    if (objects->count == NQ_VSPHERE_OBJECTS_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "a rule with a list of more than %d",
                       NQ_VSPHERE_OBJECTS_MAX);
    }
    if ((objects->count & (objects->count - 1)) == 0) {
        objects->list = nq_realloc(objects->list, objects->count ? objects->count * 2 : 1,
                                   sizeof(*objects->list));
    }
    objects->list[objects->count++] = (struct nq_vsphere_object){
        .value = nq_strdup(""), .type = nq_strdup(""), .valid = true};
    return true;
}

static bool begin(void *arg, const struct nq_xml_place *place, struct nq_err *reterr)
{
    struct rules *rules = arg;
    const char *name = nq_xml_name(place, 0);
    if (strcmp(name, "section") == 0) {
        open_section(rules, place);
    } else if (nq_xml_is(place, "section", "rule") && rules->layer3) {
        return open_rule(rules, place, reterr);
    } else if (!rules->open) {
        return true;
    } else if (nq_xml_is(place, "services", "service")) {
        rules->rule.any_service = false;
    } else {
        for (size_t i = 0; i < LIST_COUNT; i++) {
            if (nq_xml_is(place, "rule", lists[i].list)) {
                list_at(rules, i)->excluded = attribute_is(place, "excluded", "true");
            } else if (nq_xml_is(place, lists[i].list, lists[i].item)) {
                return add_object(list_at(rules, i), reterr);
            }
        }
    }
    return true;
}

static void replace(char **field, const char *text)
{
    free(*field);
    *field = nq_strdup(text);
}

static void take_object(struct nq_vsphere_object *object, const char *name,
                        const char *text)
{
    if (strcmp(name, "value") == 0) {
        replace(&object->value, text);
    } else if (strcmp(name, "type") == 0) {
        replace(&object->type, text);
    } else if (strcmp(name, "isValid") == 0) {
        object->valid = !nq_text_same(text, "false");
    }
}

static void take_word(struct rules *rules, const char *name, const char *text)
{
    struct nq_vsphere_rule *rule = &rules->rule;
    if (strcmp(name, "name") == 0) {
        replace(&rule->name, text);
    } else if (strcmp(name, "sectionId") == 0 && *rule->section_id == '\0') {
        replace(&rule->section_id, text);
    } else if (strcmp(name, "action") == 0) {
        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
            rule->action =
                nq_text_same(text, actions[i].word) ? actions[i].action : rule->action;
        }
    } else if (strcmp(name, "direction") == 0) {
        for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
            if (nq_text_same(text, directions[i].word)) {
                rule->direction = directions[i].direction;
                rule->packets = directions[i].packets;
            }
        }
    } else if (strcmp(name, "packetType") == 0) {
        rules->families = nq_text_same(text, "ipv4")   ? NQ_PACKETS_V4
                          : nq_text_same(text, "ipv6") ? NQ_PACKETS_V6
                                                       : NQ_PACKETS_ALL;
    }
}

static void close_rule(struct rules *rules)
{
    nq_vsphere_rule_done(&rules->rule);
    rules->open = false;
}

static bool end(void *arg, const struct nq_xml_place *place, const char *text,
                struct nq_err *reterr)
{
    struct rules *rules = arg;
    const char *name = nq_xml_name(place, 0);
    (void)reterr;
    if (!rules->open) {
        return true;
    }
    if (nq_xml_is(place, "section", "rule")) {
        rules->rule.packets &= rules->families;
        rules->each(rules->arg, &rules->rule);
        close_rule(rules);
    } else if (strcmp(nq_xml_name(place, 1), "rule") == 0) {
        take_word(rules, name, text);
    } else {
        for (size_t i = 0; i < LIST_COUNT; i++) {
            struct nq_vsphere_objects *objects = list_at(rules, i);
            if (objects->count > 0 && strcmp(nq_xml_name(place, 1), lists[i].item) == 0 &&
                strcmp(nq_xml_name(place, 2), lists[i].list) == 0) {
                take_object(&objects->list[objects->count - 1], name, text);
            }
        }
    }
    return true;
}

bool nq_xml_rules(const char *body, size_t len, nq_vsphere_rule_fn *each, void *arg,
                  struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {begin, end};
    struct rules rules = {.each = each, .arg = arg};
    const bool ok = nq_xml_walk(body, len, &handler, &rules, reterr);
    close_rule(&rules);
    free(rules.section_id);
    return ok;
}
