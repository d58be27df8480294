/* SPDX-License-Identifier: Apache-2.0 */
/* counters_json.c: see counters_json.h. */
#include "nsx/policy/counters_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/read_json.h"

/* NSX counts in 64 bits with a sign. cJSON keeps doubles, so above 2^53 the last digits of a
 * count are lost; 9 petabytes of a busy rule are a number all the same. */
#define COUNT_MAX 9223372036854774784.0

struct count_reader {
    nq_rule_count_fn *each;
    void *arg;
    struct nq_err *reterr;
};

static bool read_count(const cJSON *statistics, const char *name, uint64_t *ret_count,
                       struct nq_err *reterr)
{
    const cJSON *item = nq_json_member(statistics, name);
    *ret_count = 0;
    if (!item) {
        return true;
    }
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        item->valuedouble > COUNT_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "%s of a rule is no count", name);
    }
    *ret_count = (uint64_t)item->valuedouble;
    return (double)*ret_count == item->valuedouble ||
           nq_fail(reterr, NQ_NSX_ANSWER, "%s of a rule is no whole number", name);
}

/* One rule at one place. Without its name it cannot be given to any rule: passed over. */
static bool read_statistics(const cJSON *statistics, const cJSON *place,
                            const struct count_reader *reader)
{
    static const char *const names[] = {
        [NQ_TRAFFIC_PACKETS] = "packet_count",
        [NQ_TRAFFIC_BYTES] = "byte_count",
        [NQ_TRAFFIC_SESSIONS] = "session_count",
        [NQ_TRAFFIC_HITS] = "hit_count",
    };
    const cJSON *internal = nq_json_member(statistics, "internal_rule_id");
    struct nq_rule_count count = {.rule = nq_json_text(statistics, "rule")};
    if (*count.rule == '\0') {
        return true;
    }
    for (size_t i = 0; i < NQ_TRAFFIC_COUNT; i++) {
        if (!read_count(statistics, names[i], &count.counts[i], reader->reterr)) {
            return false;
        }
    }
    char *key = cJSON_IsNumber(internal)
                    ? nq_sprintf("%s|%s|%lld", nq_json_text(place, "enforcement_point"),
                                 nq_json_text(place, "container_cluster_path"),
                                 (long long)nq_json_number(internal))
                    : nq_sprintf("%s|%s|%s", nq_json_text(place, "enforcement_point"),
                                 nq_json_text(place, "container_cluster_path"),
                                 nq_text_or_empty(cJSON_GetStringValue(internal)));
    count.key = key;
    reader->each(reader->arg, &count);
    free(key);
    return true;
}

/* A place with the rules that it counts for, or, in the flat form, one rule. */
static bool read_place(const cJSON *item, const struct count_reader *reader)
{
    const cJSON *statistics = nq_json_member(item, "statistics");
    if (!statistics) {
        return read_statistics(item, NULL, reader);
    }
    bool good = true;
    const cJSON *rule = nq_json_member(statistics, "results");
    for (rule = rule ? rule->child : NULL; rule && good; rule = rule->next) {
        good = read_statistics(rule, item, reader);
    }
    return good;
}

bool nq_json_statistics(const char *body, size_t len, nq_rule_count_fn *each, void *arg,
                        struct nq_err *reterr)
{
    const struct count_reader reader = {each, arg, reterr};
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    const cJSON *results = nq_json_member(root, "results");
    bool good = cJSON_IsArray(results) ||
                nq_fail(reterr, NQ_NSX_ANSWER, "the statistics have no results");
    const cJSON *item = good ? results->child : NULL;
    for (; item && good; item = item->next) {
        good = read_place(item, &reader);
    }
    cJSON_Delete(root);
    return good;
}
