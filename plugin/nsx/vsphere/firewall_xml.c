/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_xml.c: see firewall_xml.h. Rules have a file of their
 * own. */
#include "nsx/vsphere/firewall_xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/walk_xml.h"

#define FIREWALL_FEATURE "com.vmware.vshield.firewall"

/* Digits only: NSX gives counts and milliseconds. */
static bool number_of(const char *text, int64_t *ret_number)
{
    errno = 0;
    const long long number = strtoll(text, NULL, 10);
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0' || errno != 0) {
        return false;
    }
    *ret_number = number;
    return true;
}

static bool is_true(const char *text)
{
    return nq_text_same(text, "true");
}

/* ---- the exclude list -------------------------------------------------------------- */

struct excluded {
    nq_vsphere_id_fn *each;
    void *arg;
    bool system_only;
    char id[64]; /* of the member that is open; "" for none that could be a MoRef */
    bool is_system;
};

static bool take_excluded(void *arg, const struct nq_xml_place *place, const char *text,
                          struct nq_err *reterr)
{
    struct excluded *excluded = arg;
    (void)reterr;
    if (nq_xml_is(place, "member", "objectId")) {
        const int len = snprintf(excluded->id, sizeof(excluded->id), "%s", text);
        excluded->id[0] = (size_t)len < sizeof(excluded->id) ? excluded->id[0] : '\0';
    } else if (nq_xml_is(place, "excludeMember", "systemResource")) {
        excluded->is_system = is_true(text);
    } else if (strcmp(nq_xml_name(place, 0), "excludeMember") == 0) {
        if (excluded->id[0] && (excluded->is_system || !excluded->system_only)) {
            excluded->each(excluded->arg, excluded->id);
        }
        excluded->id[0] = '\0';
        excluded->is_system = false;
    }
    return true;
}

static bool read_excluded(const char *body, size_t len, bool system_only,
                          nq_vsphere_id_fn *each, void *arg, struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = take_excluded};
    struct excluded excluded = {.each = each, .arg = arg, .system_only = system_only};
    return nq_xml_walk(body, len, &handler, &excluded, reterr);
}

bool nq_xml_exclude_list(const char *body, size_t len, nq_vsphere_id_fn *each, void *arg,
                         struct nq_err *reterr)
{
    return read_excluded(body, len, false, each, arg, reterr);
}

bool nq_xml_system_vms(const char *body, size_t len, nq_vsphere_id_fn *each, void *arg,
                       struct nq_err *reterr)
{
    return read_excluded(body, len, true, each, arg, reterr);
}

/* ---- publication ------------------------------------------------------------------- */

struct status {
    nq_vsphere_publication_fn *each;
    void *arg;
    struct nq_vsphere_publication whole;
    struct nq_vsphere_publication cluster; /* the one that is open */
    bool seen;
};

static enum nq_realized realized_of(const char *word)
{
    return nq_text_same(word, "published")    ? NQ_REALIZED_SUCCESS
           : nq_text_same(word, "inprogress") ? NQ_REALIZED_IN_PROGRESS
                                              : NQ_REALIZED_UNKNOWN;
}

static void take_field(struct nq_vsphere_publication *publication, const char *name,
                       const char *text)
{
    if (strcmp(name, "status") == 0) {
        publication->realized = realized_of(text);
    } else if (strcmp(name, "generationNumber") == 0) {
        (void)number_of(text, &publication->generation);
    } else if (strcmp(name, "generationNumberObjects") == 0) {
        (void)number_of(text, &publication->generation_obj);
    } else if (strcmp(name, "clusterId") == 0) {
        (void)snprintf(publication->cluster, sizeof(publication->cluster), "%s", text);
    }
}

static bool begin_status(void *arg, const struct nq_xml_place *place,
                         struct nq_err *reterr)
{
    struct status *status = arg;
    (void)reterr;
    if (strcmp(nq_xml_name(place, 0), "clusterStatus") == 0) {
        status->cluster =
            (struct nq_vsphere_publication){.realized = NQ_REALIZED_UNKNOWN};
    }
    return true;
}

static bool take_status(void *arg, const struct nq_xml_place *place, const char *text,
                        struct nq_err *reterr)
{
    struct status *status = arg;
    const char *name = nq_xml_name(place, 0);
    int64_t error = 0;
    (void)reterr;
    if (nq_xml_is(place, "hostStatus", "errorCode")) {
        if (number_of(text, &error) && error != 0) {
            status->cluster.host_error = status->whole.host_error = true;
        }
    } else if (strcmp(nq_xml_name(place, 1), "clusterStatus") == 0) {
        take_field(&status->cluster, name, text);
    } else if (strcmp(name, "clusterStatus") == 0) {
        status->each(status->arg, &status->cluster);
    } else if (nq_xml_is(place, "firewallStatus", name)) {
        status->seen |= strcmp(name, "status") == 0;
        take_field(&status->whole, name, text);
    }
    return true;
}

bool nq_xml_firewall_status(const char *body, size_t len, nq_vsphere_publication_fn *each,
                            void *arg, struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {begin_status, take_status};
    struct status status = {
        .each = each, .arg = arg, .whole.realized = NQ_REALIZED_UNKNOWN};
    if (!nq_xml_walk(body, len, &handler, &status, reterr)) {
        return false;
    }
    if (!status.seen) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "a firewall status without <status>");
    }
    each(arg, &status.whole);
    return true;
}

/* ---- state of the firewall --------------------------------------------------------- */

struct state {
    bool seen;
    bool forward;
};

static void take_word(struct state *state, const char *word)
{
    static const char *const others[] = {"backwardCompatible",
                                         "backwardCompatibleReadyForSwitch",
                                         "switchingToForward", "switchFailed"};
    state->forward |= nq_text_same(word, "forward");
    state->seen |= state->forward;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        state->seen |= nq_text_same(word, others[i]);
    }
}

static bool take_state(void *arg, const struct nq_xml_place *place, const char *text,
                       struct nq_err *reterr)
{
    (void)place;
    (void)reterr;
    take_word(arg, text);
    return true;
}

bool nq_xml_firewall_state(const char *body, size_t len, bool *ret_forward,
                           struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = take_state};
    struct state state = {0};
    if (len > 0 && *body != '<') {
        char *word = nq_strndup(body, len);
        word[strcspn(word, " \t\r\n")] = '\0';
        take_word(&state, word);
        free(word);
    } else if (!nq_xml_walk(body, len, &handler, &state, reterr)) {
        return false;
    }
    *ret_forward = state.forward;
    return state.seen || nq_fail(reterr, NQ_NSX_ANSWER, "no state of the firewall");
}

/* ---- a cluster's firewall ---------------------------------------------------------- */

struct feature {
    struct nq_vsphere_feature open;
    struct nq_vsphere_feature firewall;
};

static bool take_feature(void *arg, const struct nq_xml_place *place, const char *text,
                         struct nq_err *reterr)
{
    struct feature *feature = arg;
    (void)reterr;
    if (nq_xml_is(place, "nwFabricFeatureStatus", "featureId")) {
        feature->open.found = strcmp(text, FIREWALL_FEATURE) == 0;
    } else if (nq_xml_is(place, "nwFabricFeatureStatus", "installed")) {
        feature->open.installed = is_true(text);
    } else if (nq_xml_is(place, "nwFabricFeatureStatus", "status")) {
        (void)nq_text_escape(text, feature->open.status, sizeof(feature->open.status));
    } else if (strcmp(nq_xml_name(place, 0), "nwFabricFeatureStatus") == 0) {
        if (feature->open.found) {
            feature->firewall = feature->open;
        }
        feature->open = (struct nq_vsphere_feature){0};
    }
    return true;
}

bool nq_xml_firewall_feature(const char *body, size_t len,
                             struct nq_vsphere_feature *ret_feature,
                             struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = take_feature};
    struct feature feature = {0};
    if (!nq_xml_walk(body, len, &handler, &feature, reterr)) {
        return false;
    }
    *ret_feature = feature.firewall;
    return true;
}

/* ---- hits -------------------------------------------------------------------------- */

/* The API guide writes hitcount in its table and hitCount in its example. */
static bool take_hits(void *arg, const struct nq_xml_place *place, const char *text,
                      struct nq_err *reterr)
{
    int64_t *hits = arg;
    if (!nq_text_same(nq_xml_name(place, 0), "hitCount") || number_of(text, hits)) {
        return true;
    }
    return nq_fail(reterr, NQ_NSX_ANSWER, "a hit count that is no number");
}

bool nq_xml_rule_hits(const char *body, size_t len, uint64_t *ret_hits,
                      struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = take_hits};
    int64_t hits = -1;
    if (!nq_xml_walk(body, len, &handler, &hits, reterr)) {
        return false;
    }
    *ret_hits = (uint64_t)hits;
    return hits >= 0 || nq_fail(reterr, NQ_NSX_ANSWER, "rule statistics without hits");
}

static bool take_disabled(void *arg, const struct nq_xml_place *place, const char *text,
                          struct nq_err *reterr)
{
    bool *counts = arg;
    (void)reterr;
    if (strcmp(nq_xml_name(place, 0), "ruleStatsDisabled") == 0) {
        *counts = !is_true(text);
    }
    return true;
}

bool nq_xml_counts_hits(const char *body, size_t len, bool *ret_counts,
                        struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = take_disabled};
    *ret_counts = true;
    return nq_xml_walk(body, len, &handler, ret_counts, reterr);
}
