/* SPDX-License-Identifier: Apache-2.0 */
/* groups_xml.c: see groups_xml.h. */
#include "nsx/vsphere/groups_xml.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/walk_xml.h"

/* ---- lists of ids ------------------------------------------------------------------ */

struct ids {
    const char *around; /* the element that an id stands in */
    const char *name;
    nq_vsphere_id_fn *each;
    void *arg;
};

static bool take_id(void *arg, const struct nq_xml_place *place, const char *text,
                    struct nq_err *reterr)
{
    const struct ids *ids = arg;
    if (!nq_xml_is(place, ids->around, ids->name)) {
        return true;
    }
    if (*text == '\0' || strlen(text) > NQ_EXTERNAL_ID_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "a <%s> of %zu bytes in <%s>", ids->name,
                       strlen(text), ids->around);
    }
    ids->each(ids->arg, text);
    return true;
}

static bool walk_ids(const char *body, size_t len, const struct ids *ids,
                     struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = take_id};
    struct ids copy = *ids;
    return nq_xml_walk(body, len, &handler, &copy, reterr);
}

bool nq_xml_security_groups(const char *body, size_t len, nq_vsphere_id_fn *each,
                            void *arg, struct nq_err *reterr)
{
    const struct ids ids = {"securitygroup", "objectId", each, arg};
    return walk_ids(body, len, &ids, reterr);
}

bool nq_xml_vm_nodes(const char *body, size_t len, nq_vsphere_id_fn *each, void *arg,
                     struct nq_err *reterr)
{
    const struct ids ids = {"vmnode", "vmId", each, arg};
    return walk_ids(body, len, &ids, reterr);
}

/* ---- the definition of a group ----------------------------------------------------- */

struct definition {
    nq_vsphere_part_fn *each;
    void *arg;
    char *key; /* of the criterion that is open; NULL: not seen yet */
    char *criteria;
    char *value;
};

static void keep(char **field, const char *text)
{
    free(*field);
    *field = nq_strdup(text);
}

static void forget_criterion(struct definition *definition)
{
    free(definition->key);
    free(definition->criteria);
    free(definition->value);
    definition->key = definition->criteria = definition->value = NULL;
}

static void hand_out(struct definition *definition, enum nq_vsphere_part_kind kind,
                     const char *value)
{
    const struct nq_vsphere_part part = {
        .kind = kind,
        .key = nq_text_or_empty(definition->key),
        .criteria = nq_text_or_empty(definition->criteria),
        .value = nq_text_or_empty(value),
    };
    definition->each(definition->arg, &part);
}

static bool take_part(void *arg, const struct nq_xml_place *place, const char *text,
                      struct nq_err *reterr)
{
    struct definition *definition = arg;
    (void)reterr;
    if (nq_xml_is(place, "member", "objectId")) {
        hand_out(definition, NQ_PART_MEMBER, text);
    } else if (nq_xml_is(place, "excludeMember", "objectId")) {
        hand_out(definition, NQ_PART_EXCLUDED, text);
    } else if (nq_xml_is(place, "dynamicCriteria", "key")) {
        keep(&definition->key, text);
    } else if (nq_xml_is(place, "dynamicCriteria", "criteria")) {
        keep(&definition->criteria, text);
    } else if (nq_xml_is(place, "dynamicCriteria", "value")) {
        keep(&definition->value, text);
    } else if (nq_xml_is(place, "dynamicSet", "dynamicCriteria")) {
        hand_out(definition, NQ_PART_CRITERION, definition->value);
        forget_criterion(definition);
    }
    return true;
}

bool nq_xml_group_definition(const char *body, size_t len, nq_vsphere_part_fn *each,
                             void *arg, struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = take_part};
    struct definition definition = {.each = each, .arg = arg};
    const bool ok = nq_xml_walk(body, len, &handler, &definition, reterr);
    forget_criterion(&definition);
    return ok;
}

/* ---- what the hosts hold ----------------------------------------------------------- */

struct containers {
    const char *group;
    struct nq_vsphere_holding holding;
    bool ours;   /* the container that is open is the group */
    bool judged; /* it has a word */
    enum nq_vsphere_held worst;
};

static void take_realized(struct containers *containers, const char *word)
{
    const enum nq_vsphere_held held = nq_text_same(word, "yes")  ? NQ_HELD_YES
                                      : nq_text_same(word, "no") ? NQ_HELD_NO
                                      : nq_text_same(word, "not found")
                                          ? NQ_HELD_NOT_FOUND
                                          : NQ_HELD_UNKNOWN;
    if (!containers->judged || held < containers->worst) {
        containers->worst = held;
    }
    containers->judged = true;
}

static bool begin_container(void *arg, const struct nq_xml_place *place,
                            struct nq_err *reterr)
{
    struct containers *containers = arg;
    (void)reterr;
    if (strcmp(nq_xml_name(place, 0), "container") == 0) {
        containers->ours = containers->judged = false;
        containers->worst = NQ_HELD_UNKNOWN;
    }
    return true;
}

static bool take_container(void *arg, const struct nq_xml_place *place, const char *text,
                           struct nq_err *reterr)
{
    struct containers *containers = arg;
    (void)reterr;
    if (nq_xml_is(place, "container", "id")) {
        containers->ours = strcmp(text, containers->group) == 0;
    } else if (nq_xml_is(place, "container", "realized") ||
               nq_xml_is(place, "vmVnic", "realized")) {
        take_realized(containers, text);
    } else if (strcmp(nq_xml_name(place, 0), "container") == 0 && containers->ours) {
        if (nq_xml_in(place, "appliedTos")) {
            containers->holding.by_filter = containers->worst;
        } else {
            containers->holding.by_address = containers->worst;
        }
    }
    return true;
}

bool nq_xml_vm_containers(const char *body, size_t len, const char *group,
                          struct nq_vsphere_holding *ret_holding, struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {begin_container, take_container};
    struct containers containers = {.group = group};
    if (!nq_xml_walk(body, len, &handler, &containers, reterr)) {
        return false;
    }
    *ret_holding = containers.holding;
    return true;
}

/* The id comes from the configuration, which checks its form: nothing to escape. */
char *nq_xml_vm_containers_body(const char *group)
{
    return nq_sprintf("<vmContainerList><sourceOrDestList><container>"
                      "<name>%s</name><value>%s</value><type>SecurityGroup</type>"
                      "</container></sourceOrDestList><appliedToList><appliedTo>"
                      "<name>%s</name><value>%s</value><type>SecurityGroup</type>"
                      "</appliedTo></appliedToList></vmContainerList>",
                      group, group, group, group);
}
