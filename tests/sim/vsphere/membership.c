/* SPDX-License-Identifier: Apache-2.0 */
/* membership.c: who is a member, decided by asking object after object. */
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "group.h"
#include "object.h"
#include "world.h"

static bool text_fits(const struct vs_criterion *criterion, const char *text)
{
    size_t length = strlen(text);
    size_t wanted = strlen(criterion->value);

    switch (criterion->relation) {
    case VS_RELATION_EQUALS:
        return strcmp(text, criterion->value) == 0;
    case VS_RELATION_DIFFERS:
        return strcmp(text, criterion->value) != 0;
    case VS_RELATION_CONTAINS:
        return strstr(text, criterion->value) != NULL;
    case VS_RELATION_STARTS:
        return strncmp(text, criterion->value, wanted) == 0;
    case VS_RELATION_ENDS:
        return length >= wanted && strcmp(text + length - wanted, criterion->value) == 0;
    case VS_RELATION_SIMILAR:
        return regexec(&criterion->regex, text, 0, NULL, 0) == 0;
    case VS_RELATION_BELONGS:
        break;
    }
    return false;
}

/* A VM differs from a tag when none of its tags is that one. */
static bool tags_fit(const struct vs_world *world, const struct vs_criterion *criterion,
                     const struct vs_tag_set *tags)
{
    bool differs = criterion->relation == VS_RELATION_DIFFERS;

    for (size_t i = 0; i < tags->count; i++) {
        const struct vs_tag *tag = vs_world_tag(world, tags->numbers[i]);

        if (tag != NULL && text_fits(criterion, tag->name) != differs) {
            return !differs;
        }
    }
    return differs;
}

static bool entity_has(const struct vs_world *world, const char *id,
                       const struct vs_subject *subject, unsigned depth);

static bool criterion_holds(const struct vs_world *world,
                            const struct vs_criterion *criterion,
                            const struct vs_subject *subject, unsigned depth)
{
    if (criterion->key == VS_KEY_ENTITY) {
        return entity_has(world, criterion->value, subject, depth);
    }
    if (subject->view == NULL) {
        return false;
    }
    switch (criterion->key) {
    case VS_KEY_TAG:
        return tags_fit(world, criterion, &subject->view->tags);
    case VS_KEY_NAME:
        return text_fits(criterion, subject->view->name);
    case VS_KEY_GUEST_HOST:
        return text_fits(criterion, subject->view->guest_host_name);
    case VS_KEY_GUEST_OS:
        return text_fits(criterion, subject->view->guest_os);
    case VS_KEY_ENTITY:
        break;
    }
    return false;
}

static bool set_holds(const struct vs_world *world, const struct vs_set *set,
                      const struct vs_subject *subject, unsigned depth)
{
    for (size_t i = 0; i < set->count; i++) {
        if (criterion_holds(world, &set->criteria[i], subject, depth) !=
            set->all_must_hold) {
            return !set->all_must_hold;
        }
    }
    return set->all_must_hold;
}

static bool is_dynamic(const struct vs_world *world, const struct vs_group *group,
                       const struct vs_subject *subject, unsigned depth)
{
    bool holds = false;

    for (size_t i = 0; i < group->set_count; i++) {
        const struct vs_set *set = &group->sets[i];
        bool this_one = set_holds(world, set, subject, depth);

        holds = i == 0              ? this_one
                : set->joins_by_and ? holds && this_one
                                    : holds || this_one;
    }
    return holds;
}

static bool is_listed(const struct vs_world *world, const struct vs_group *group,
                      const char *list, const struct vs_subject *subject, unsigned depth)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, sim_json_get(group->doc, list))
    {
        if (entity_has(world, item->valuestring, subject, depth)) {
            return true;
        }
    }
    return false;
}

static bool group_has(const struct vs_world *world, const struct vs_group *group,
                      const struct vs_subject *subject, unsigned depth)
{
    return (is_listed(world, group, "members", subject, depth) ||
            is_dynamic(world, group, subject, depth)) &&
           !is_listed(world, group, "exclude_members", subject, depth);
}

bool vs_group_has(const struct vs_world *world, const struct vs_group *group,
                  const struct vs_subject *subject)
{
    return group_has(world, group, subject, 0);
}

static bool has_address_in(const struct vs_subject *subject, const char *range)
{
    for (size_t i = 0; i < subject->address_count; i++) {
        if (sim_address_in(subject->addresses[i], range)) {
            return true;
        }
    }
    return false;
}

/* ranges are separated by commas, as in the value of an IP set. */
static bool has_address_of(const struct vs_subject *subject, const char *ranges)
{
    bool found = false;

    while (!found && *ranges != '\0') {
        size_t length = strcspn(ranges, ",");
        char *range = sim_strndup(ranges, length);

        found = has_address_in(subject, range);
        free(range);
        ranges += length + (ranges[length] == ',');
    }
    return found;
}

static bool is_on_network(const struct vs_vm *vm, const char *id)
{
    const cJSON *vnic;

    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        if (strcmp(sim_json_text(vnic, "network", ""), id) == 0) {
            return true;
        }
    }
    return false;
}

/* A VM is known here as soon as the one who looks has a view of it. */
static bool vm_fits(const struct vs_subject *subject, const char *member, const char *id)
{
    return subject->view != NULL && strcmp(vs_vm_text(subject->vm, member), id) == 0;
}

static bool entity_has(const struct vs_world *world, const char *id,
                       const struct vs_subject *subject, unsigned depth)
{
    const struct vs_group *inner;

    switch (vs_type_of(id)) {
    case VS_TYPE_GROUP:
        inner = vs_world_group(world, id);
        return inner != NULL && depth < VS_NESTING_MAX &&
               group_has(world, inner, subject, depth + 1);
    case VS_TYPE_TAG:
        return subject->view != NULL &&
               vs_tag_set_has(&subject->view->tags, vs_id_number(id, "securitytag-"));
    case VS_TYPE_VM:
        return vm_fits(subject, "external_id", id);
    case VS_TYPE_CLUSTER:
        return vm_fits(subject, "cluster", id);
    case VS_TYPE_HOST:
        return vm_fits(subject, "host", id);
    case VS_TYPE_NETWORK:
        return subject->view != NULL && is_on_network(subject->vm, id);
    case VS_TYPE_VNIC:
        return subject->view != NULL &&
               strncmp(id, subject->vm->instance_uuid, strcspn(id, ".")) == 0;
    case VS_TYPE_IP_SET:
        return has_address_of(subject,
                              sim_json_text(vs_world_ip_set(world, id), "value", ""));
    case VS_TYPE_DATACENTER: /* there is one */
    case VS_TYPE_FIREWALL:
        return subject->view != NULL;
    case VS_TYPE_OTHER:
        return has_address_in(subject, id);
    case VS_TYPE_APPLICATION:
    case VS_TYPE_EDGES:
        break;
    }
    return false;
}

bool vs_entity_has(const struct vs_world *world, const char *id,
                   const struct vs_subject *subject)
{
    return entity_has(world, id, subject, 0);
}
