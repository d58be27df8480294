/* SPDX-License-Identifier: Apache-2.0 */
/* counters.c: see counters.h. */
#include "nsx/policy/counters.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/policy/counters_json.h"

/* The places of one rule. */
struct counted {
    UT_hash_handle hh;
    char *path;
    size_t count;
    struct nq_rule_series *series;
};

/* The numbers of one reading. */
struct numbers {
    struct counted *rules; /* by path */
    size_t series;         /* of all of them */
};

struct nq_counters {
    struct nq_policy *policy;
    const struct nq_firewall *firewall;
    struct nq_waits waits;
    struct nq_timer timer;
    bool reading;
    int64_t round_ms; /* mono, when the last round began; with began */
    bool began;
    char **policies; /* paths of those to ask, with the one at `at` being asked */
    size_t policy_count;
    size_t at;
    struct nq_ask *ask;
    struct numbers next;
    struct numbers now;
    int64_t read_ms; /* of now; with known */
    bool known;
};

static void drop_rule(struct numbers *numbers, struct counted *rule)
{
    HASH_DEL(numbers->rules, rule);
    for (size_t i = 0; i < rule->count; i++) {
        free((char *)(uintptr_t)rule->series[i].key);
    }
    free(rule->series);
    free(rule->path);
    free(rule);
}

static void drop_numbers(struct numbers *numbers)
{
    struct counted *rule = NULL;
    struct counted *next = NULL;
    HASH_ITER(hh, numbers->rules, rule, next)
    {
        drop_rule(numbers, rule);
    }
    numbers->series = 0;
}

static void drop_policies(struct nq_counters *counters)
{
    for (size_t i = 0; i < counters->policy_count; i++) {
        free(counters->policies[i]);
    }
    free(counters->policies);
    counters->policies = NULL;
    counters->policy_count = 0;
}

/* ---- taking numbers ---------------------------------------------------------------- */

static struct counted *rule_of(struct numbers *numbers, const char *path)
{
    struct counted *rule = NULL;
    HASH_FIND_STR(numbers->rules, path, rule);
    if (!rule) {
        rule = nq_calloc(1, sizeof(*rule));
        rule->path = nq_strdup(path);
        HASH_ADD_KEYPTR(hh, numbers->rules, rule->path, strlen(rule->path), rule);
    }
    return rule;
}

/* What one place tells twice is of two parts of it. */
static void take(void *arg, const struct nq_rule_count *count)
{
    struct nq_counters *counters = arg;
    struct numbers *numbers = &counters->next;
    char *path =
        *count->rule == '/'
            ? nq_strdup(count->rule)
            : nq_sprintf("%s/rules/%s", counters->policies[counters->at], count->rule);
    struct counted *rule = rule_of(numbers, path);
    struct nq_rule_series *series = NULL;
    for (size_t i = 0; i < rule->count && !series; i++) {
        series = strcmp(rule->series[i].key, count->key) == 0 ? &rule->series[i] : NULL;
    }
    if (!series && numbers->series < NQ_SERIES_MAX) {
        rule->series = nq_realloc(rule->series, rule->count + 1, sizeof(rule->series[0]));
        series = &rule->series[rule->count++];
        *series = (struct nq_rule_series){.key = nq_strdup(count->key)};
        numbers->series++;
    }
    for (size_t i = 0; series && i < NQ_TRAFFIC_COUNT; i++) {
        series->counts[i] += count->counts[i];
    }
    free(path);
}

static bool read_statistics(void *arg, const char *body, size_t len,
                            struct nq_err *reterr)
{
    return nq_json_statistics(body, len, take, arg, reterr);
}

/* ---- rounds ------------------------------------------------------------------------ */

static void ask_next(struct nq_counters *counters);

/* Half an answer is none: what it told about the policy's rules is forgotten. */
static void forget_policy(struct nq_counters *counters)
{
    const char *policy = counters->policies[counters->at];
    const size_t length = strlen(policy);
    struct counted *rule = NULL;
    struct counted *next = NULL;
    HASH_ITER(hh, counters->next.rules, rule, next)
    {
        if (strncmp(rule->path, policy, length) == 0 && rule->path[length] == '/') {
            counters->next.series -= rule->count;
            drop_rule(&counters->next, rule);
        }
    }
}

static void on_answer(void *arg, const struct nq_err *err)
{
    struct nq_counters *counters = arg;
    counters->ask = NULL;
    if (err) {
        forget_policy(counters);
    }
    counters->at++;
    ask_next(counters);
}

static void end_round(struct nq_counters *counters)
{
    counters->reading = false;
    drop_policies(counters);
    drop_numbers(&counters->now);
    counters->now = counters->next;
    counters->next = (struct numbers){0};
    counters->read_ms = counters->round_ms;
    counters->known = true;
    nq_waits_tell(&counters->waits, NULL);
}

static void ask_next(struct nq_counters *counters)
{
    if (counters->at == counters->policy_count) {
        end_round(counters);
        return;
    }
    char *policy = nq_http_escape_path(counters->policies[counters->at]);
    char *path = nq_sprintf("/policy/api/v1%s/statistics", policy);
    counters->ask =
        nq_ask_start(counters->policy->asker, &(struct nq_question){.path = path},
                     read_statistics, on_answer, counters);
    free(path);
    free(policy);
}

static bool concerns_groups(const struct nq_security_policy *policy, size_t group_count)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        for (size_t group = 0; group < group_count; group++) {
            if (nq_rule_names(policy, &policy->rules[i], group)) {
                return true;
            }
        }
    }
    return false;
}

static void begin_round(void *arg)
{
    struct nq_counters *counters = arg;
    size_t count = 0;
    const struct nq_security_policy *policies =
        nq_firewall_policies(counters->firewall, &count);
    counters->policies = nq_calloc(count, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        if (concerns_groups(&policies[i], counters->policy->conf->group_count)) {
            counters->policies[counters->policy_count++] = nq_strdup(policies[i].path);
        }
    }
    counters->at = 0;
    ask_next(counters);
}

static bool rested(const struct nq_counters *counters)
{
    const struct nq_policy *policy = counters->policy;
    return !counters->began || nq_mono_ms(policy->clock) - counters->round_ms >=
                                   policy->conf->statistics_interval_ms;
}

void nq_counters_renew(struct nq_counters *counters)
{
    if (!counters->reading && rested(counters)) {
        counters->reading = true;
        counters->began = true;
        counters->round_ms = nq_mono_ms(counters->policy->clock);
        nq_timer_set(counters->policy->loop, &counters->timer, 0, begin_round, counters);
    }
}

static void tell(void *arg)
{
    struct nq_counters *counters = arg;
    nq_waits_tell(&counters->waits, NULL);
}

void nq_counters_want(struct nq_counters *counters, struct nq_wait *wait,
                      nq_wait_fn *done, void *arg)
{
    nq_waits_add(&counters->waits, wait, done, arg);
    nq_counters_renew(counters);
    if (!counters->reading) {
        nq_timer_set(counters->policy->loop, &counters->timer, 0, tell, counters);
    }
}

/* ---- what is known ----------------------------------------------------------------- */

bool nq_counters_read_ms(const struct nq_counters *counters, int64_t *ret_ms)
{
    *ret_ms = counters->read_ms;
    return counters->known;
}

const struct nq_rule_series *nq_counters_get(const struct nq_counters *counters,
                                             const char *rule_path, size_t *ret_count)
{
    const struct counted *rule = NULL;
    HASH_FIND_STR(counters->now.rules, rule_path, rule);
    *ret_count = rule ? rule->count : 0;
    return rule ? rule->series : NULL;
}

/* ---- life -------------------------------------------------------------------------- */

struct nq_counters *nq_counters_open(struct nq_policy *policy,
                                     const struct nq_firewall *firewall)
{
    struct nq_counters *counters = nq_calloc(1, sizeof(*counters));
    counters->policy = policy;
    counters->firewall = firewall;
    return counters;
}

struct nq_counters *nq_counters_close(struct nq_counters *counters)
{
    if (counters) {
        nq_timer_clear(counters->policy->loop, &counters->timer);
        (void)nq_ask_cancel(counters->ask);
        drop_policies(counters);
        drop_numbers(&counters->next);
        drop_numbers(&counters->now);
        free(counters);
    }
    return NULL;
}
