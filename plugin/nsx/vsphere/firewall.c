/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.c: see firewall.h. */
#include "nsx/vsphere/firewall.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "nsx/http.h"

/* The whole configuration: filters need a rule type, which some releases answer with
 * another root and others with all types. */
#define CONFIG_PATH "/api/4.0/firewall/globalroot-0/config"
#define STATUS_PATH "/api/4.0/firewall/globalroot-0/status"
#define STATE_PATH  "/api/4.0/firewall/globalroot-0/state"

/* NSX's own VMs are listed only when asked for (6.4.0 and later). */
#define EXCLUDE_PATH     "/api/2.1/app/excludelist"
#define EXCLUDE_ALL_PATH EXCLUDE_PATH "?listSystemResources=true"

/* How old an answer may be that serves another proof. What an administrator changes less
 * often may be older. */
#define MEMBERS_FRESH_MS    1000 /* they move with every tag of ours */
#define FACTS_FRESH_MS      5000
#define FEATURE_FRESH_MS    30000
#define SAME_RULES_FRESH_MS 60000 /* while their generation is the same */
#define DEFINITION_FRESH_MS 30000

struct nq_vsphere_cluster {
    UT_hash_handle hh;
    char *id;
    struct nq_shared shared;
    struct nq_vsphere_feature feature;
};

bool nq_vsphere_of_one_object(const struct nq_err *err)
{
    return err->code == NQ_NSX_NOT_FOUND || err->code == NQ_NSX_FORBIDDEN ||
           err->code == NQ_NSX_REJECTED;
}

/* ---- rules ------------------------------------------------------------------------- */

struct rule_list {
    struct nq_vsphere_firewall *firewall;
    struct nq_vsphere_rule *rules;
    size_t count;
};

static void free_rules(struct nq_vsphere_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nq_vsphere_rule_done(&rules[i]);
    }
    free(rules);
}

static void keep_rule(void *arg, const struct nq_vsphere_rule *rule)
{
    struct rule_list *list = arg;
    const struct nq_vsphere_firewall *firewall = list->firewall;
    bool wanted = nq_vsphere_rule_matters(rule);
    for (size_t i = 0; i < firewall->group_count; i++) {
        wanted = wanted || nq_vsphere_rule_names(rule, firewall->groups[i].id);
    }
    if (!wanted) {
        return;
    }
    if ((list->count & (list->count - 1)) == 0) {
        list->rules = nq_realloc(list->rules, list->count ? list->count * 2 : 1,
                                 sizeof(list->rules[0]));
    }
    nq_vsphere_rule_copy(rule, &list->rules[list->count++]);
}

static bool read_config(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_firewall *firewall = arg;
    struct rule_list list = {.firewall = firewall};
    if (!nq_xml_rules(body, len, keep_rule, &list, reterr)) {
        free_rules(list.rules, list.count);
        return false;
    }
    free_rules(firewall->rules, firewall->rule_count);
    firewall->rules = list.rules;
    firewall->rule_count = list.count;
    firewall->config_generation = firewall->asking_generation;
    return true;
}

void nq_vsphere_rules_want(struct nq_vsphere_firewall *firewall, struct nq_wait *wait,
                           nq_wait_fn *done, void *arg)
{
    const int64_t generation = firewall->published.generation;
    firewall->config.setup.fresh_ms = generation == 0 ? FACTS_FRESH_MS
                                      : generation == firewall->config_generation
                                          ? SAME_RULES_FRESH_MS
                                          : 0;
    if (!firewall->config.ask) {
        firewall->asking_generation = generation;
    }
    nq_shared_want(&firewall->config, wait, done, arg);
}

/* ---- publication and state --------------------------------------------------------- */

struct publications {
    struct nq_vsphere_publication whole;
    struct nq_vsphere_publication *clusters;
    size_t count;
};

static void keep_publication(void *arg, const struct nq_vsphere_publication *publication)
{
    struct publications *list = arg;
    if (publication->cluster[0] == '\0') {
        list->whole = *publication;
    } else if (list->count <= NQ_VSPHERE_CLUSTERS_MAX) {
        list->clusters =
            nq_realloc(list->clusters, list->count + 1, sizeof(list->clusters[0]));
        list->clusters[list->count++] = *publication;
    }
}

static bool read_status(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_firewall *firewall = arg;
    struct publications list = {0};
    bool ok = nq_xml_firewall_status(body, len, keep_publication, &list, reterr);
    if (ok && list.count > NQ_VSPHERE_CLUSTERS_MAX) {
        ok = nq_fail(reterr, NQ_NSX_ANSWER, "more than %d clusters",
                     NQ_VSPHERE_CLUSTERS_MAX);
    }
    if (!ok) {
        free(list.clusters);
        return false;
    }
    free(firewall->clusters);
    firewall->clusters = list.clusters;
    firewall->cluster_count = list.count;
    firewall->published = list.whole;
    return true;
}

const struct nq_vsphere_publication *
nq_vsphere_published(const struct nq_vsphere_firewall *firewall, const char *cluster)
{
    for (size_t i = 0; i < firewall->cluster_count; i++) {
        if (strcmp(firewall->clusters[i].cluster, cluster) == 0) {
            return &firewall->clusters[i];
        }
    }
    return NULL;
}

static bool read_state(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_firewall *firewall = arg;
    return nq_xml_firewall_state(body, len, &firewall->forward, reterr);
}

/* ---- sets of VMs ------------------------------------------------------------------- */

static void keep_id(void *arg, const char *id)
{
    struct nq_idset *set = arg;
    if (!nq_idset_full(set)) {
        nq_idset_add(set, id);
    }
}

typedef bool read_ids_fn(const char *body, size_t len, nq_vsphere_id_fn *each, void *arg,
                         struct nq_err *reterr);

static bool read_ids(read_ids_fn *read, const char *body, size_t len,
                     struct nq_idset *set, struct nq_err *reterr)
{
    struct nq_idset next = {0};
    bool ok = read(body, len, keep_id, &next, reterr);
    if (ok && nq_idset_full(&next)) {
        ok = nq_fail(reterr, NQ_NSX_ANSWER, "too many VMs");
    }
    if (!ok) {
        nq_idset_done(&next);
        return false;
    }
    nq_idset_close(&next);
    nq_idset_done(set);
    *set = next;
    return true;
}

static bool read_excluded(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_firewall *firewall = arg;
    return read_ids(nq_xml_exclude_list, body, len, &firewall->excluded, reterr);
}

/* What an older release makes of a parameter that it does not know is not documented: a
 * refusal of any kind is taken for that, once. */
static bool mend_excluded(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_firewall *firewall = arg;
    if (strcmp(firewall->exclude_list.path, EXCLUDE_PATH) == 0 ||
        (err->code != NQ_NSX_REJECTED && err->code != NQ_NSX_NOT_FOUND)) {
        return false;
    }
    nq_shared_set_path(&firewall->exclude_list, EXCLUDE_PATH);
    return true;
}

static bool read_members(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_group *group = arg;
    return read_ids(nq_xml_vm_nodes, body, len, &group->member_ids, reterr);
}

/* ---- definitions of groups --------------------------------------------------------- */

struct mention {
    const struct nq_vsphere *vsphere;
    enum nq_vsphere_mention mention;
    bool unclear;
};

static void take_part(void *arg, const struct nq_vsphere_part *part)
{
    struct mention *mention = arg;
    mention->mention =
        nq_vsphere_mention(mention->mention, part, nq_vsphere_our_tag(mention->vsphere),
                           mention->vsphere->conf->tag_value);
    mention->unclear = mention->unclear || nq_vsphere_part_is_unclear(part);
}

static bool read_definition(void *arg, const char *body, size_t len,
                            struct nq_err *reterr)
{
    struct nq_vsphere_group *group = arg;
    struct mention mention = {.vsphere = group->firewall->vsphere};
    mention.unclear = *nq_vsphere_our_tag(mention.vsphere) == '\0';
    if (!nq_xml_group_definition(body, len, take_part, &mention, reterr)) {
        return false;
    }
    group->mention = mention.mention;
    group->unclear = mention.unclear;
    return true;
}

/* ---- clusters ---------------------------------------------------------------------- */

static bool read_feature(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_cluster *cluster = arg;
    return nq_xml_firewall_feature(body, len, &cluster->feature, reterr);
}

static struct nq_shared_setup setup_of(const struct nq_vsphere_firewall *firewall,
                                       int64_t fresh_ms, nq_ask_read_fn *read, void *arg)
{
    return (struct nq_shared_setup){
        .asker = firewall->vsphere->asker,
        .loop = firewall->vsphere->loop,
        .clock = firewall->vsphere->clock,
        .fresh_ms = fresh_ms,
        .read = read,
        .arg = arg,
    };
}

struct nq_shared *nq_vsphere_cluster(struct nq_vsphere_firewall *firewall,
                                     const char *cluster,
                                     const struct nq_vsphere_feature **ret_feature)
{
    struct nq_vsphere_cluster *row = NULL;
    HASH_FIND_STR(firewall->features, cluster, row);
    if (!row && HASH_COUNT(firewall->features) >= NQ_VSPHERE_CLUSTERS_MAX) {
        return NULL;
    }
    if (!row) {
        char *id = nq_http_escape(cluster);
        char *path = nq_sprintf("/api/2.0/nwfabric/status?resource=%s", id);
        row = nq_calloc(1, sizeof(*row));
        row->id = nq_strdup(cluster);
        const struct nq_shared_setup setup =
            setup_of(firewall, FEATURE_FRESH_MS, read_feature, row);
        nq_shared_init(&row->shared, &setup, path);
        HASH_ADD_KEYPTR(hh, firewall->features, row->id, strlen(row->id), row);
        free(path);
        free(id);
    }
    *ret_feature = &row->feature;
    return &row->shared;
}

/* ---- life -------------------------------------------------------------------------- */

static void init_group(struct nq_vsphere_firewall *firewall, size_t index)
{
    const struct nq_group_conf *conf = &firewall->vsphere->conf->groups[index];
    struct nq_vsphere_group *group = &firewall->groups[firewall->group_count++];
    const struct nq_shared_setup members =
        setup_of(firewall, MEMBERS_FRESH_MS, read_members, group);
    const struct nq_shared_setup definition =
        setup_of(firewall, DEFINITION_FRESH_MS, read_definition, group);
    char *id = nq_http_escape(conf->path);
    char *path = nq_sprintf("/api/2.0/services/securitygroup/%s", id);
    char *members_path = nq_sprintf("%s/translation/virtualmachines", path);
    group->firewall = firewall;
    group->group = index;
    group->id = conf->path;
    group->quarantine = conf->role == NQ_GROUP_QUARANTINE;
    nq_shared_init(&group->members, &members, members_path);
    nq_shared_init(&group->definition, &definition, path);
    free(members_path);
    free(path);
    free(id);
}

struct nq_vsphere_firewall *nq_vsphere_firewall_new(struct nq_vsphere *vsphere)
{
    struct nq_vsphere_firewall *firewall = nq_calloc(1, sizeof(*firewall));
    firewall->vsphere = vsphere;
    const struct {
        struct nq_shared *shared;
        const char *path;
        nq_ask_read_fn *read;
    } facts[] = {
        {&firewall->config, CONFIG_PATH, read_config},
        {&firewall->status, STATUS_PATH, read_status},
        {&firewall->state, STATE_PATH, read_state},
        {&firewall->exclude_list, EXCLUDE_ALL_PATH, read_excluded},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const struct nq_shared_setup setup =
            setup_of(firewall, FACTS_FRESH_MS, facts[i].read, firewall);
        nq_shared_init(facts[i].shared, &setup, facts[i].path);
    }
    firewall->exclude_list.setup.mend = mend_excluded;

    const size_t most = vsphere->conf->group_count;
    firewall->groups = nq_calloc(most, sizeof(firewall->groups[0]));
    for (size_t i = 0; i < most; i++) {
        if (vsphere->conf->groups[i].manager == vsphere->manager) {
            init_group(firewall, i);
        }
    }
    firewall->hits = nq_vsphere_hits_new(firewall);
    return firewall;
}

struct nq_vsphere_firewall *nq_vsphere_firewall_free(struct nq_vsphere_firewall *firewall)
{
    if (!firewall) {
        return NULL;
    }
    struct nq_vsphere_cluster *row;
    struct nq_vsphere_cluster *next;
    firewall->hits = nq_vsphere_hits_free(firewall->hits);
    nq_baselines_done(&firewall->baselines);
    for (size_t i = 0; i < firewall->group_count; i++) {
        nq_shared_done(&firewall->groups[i].members);
        nq_shared_done(&firewall->groups[i].definition);
        nq_idset_done(&firewall->groups[i].member_ids);
    }
    HASH_ITER(hh, firewall->features, row, next)
    {
        HASH_DEL(firewall->features, row);
        nq_shared_done(&row->shared);
        free(row->id);
        free(row);
    }
    nq_shared_done(&firewall->exclude_list);
    nq_shared_done(&firewall->state);
    nq_shared_done(&firewall->status);
    nq_shared_done(&firewall->config);
    nq_idset_done(&firewall->excluded);
    free(firewall->clusters);
    free_rules(firewall->rules, firewall->rule_count);
    free(firewall->groups);
    free(firewall);
    return NULL;
}
