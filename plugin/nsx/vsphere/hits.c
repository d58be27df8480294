/* SPDX-License-Identifier: Apache-2.0 */
/* hits.c: how often rules were hit, in firewall.h. NSX answers for one rule
 * at a time (6.4.2 and later), so rules take turns: one question under way, some of them
 * in a round. */
#include "nsx/vsphere/firewall.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "nsx/http.h"

/* Collection can be switched off; then the numbers stand still. */
#define GLOBAL_PATH "/api/4.0/firewall/config/globalconfiguration"
#define STATS_PATH  "/api/4.0/firewall/stats/rules/"

/* A release without counters is asked again after this: it may have been upgraded. */
#define LACKS_REST_MS 600000

struct row {
    UT_hash_handle hh;
    char *rule_id;
    bool known;
    bool wanted; /* some rule of the firewall still names a group */
    uint64_t hits;
    int64_t asked_ms;
};

struct nq_vsphere_hits {
    struct nq_vsphere_firewall *firewall;
    struct row *rows; /* in the order in which they were added */
    struct row *at;   /* the row being asked for */
    struct row *last; /* the last of this round */
    size_t asked;     /* in this round */
    int64_t asked_ms; /* of the row being asked for */
    bool counts;      /* NSX says that it counts */
    bool lacks;       /* this release has no counters */
    bool under_way;
    bool began; /* a round, ever */
    int64_t began_ms;
    struct nq_ask *ask;
    struct nq_timer timer;
    struct nq_waits waits;
};

struct nq_vsphere_hits *nq_vsphere_hits_new(struct nq_vsphere_firewall *firewall)
{
    struct nq_vsphere_hits *hits = nq_calloc(1, sizeof(*hits));
    hits->firewall = firewall;
    return hits;
}

static void drop_row(struct nq_vsphere_hits *hits, struct row *row)
{
    HASH_DEL(hits->rows, row);
    free(row->rule_id);
    free(row);
}

struct nq_vsphere_hits *nq_vsphere_hits_free(struct nq_vsphere_hits *hits)
{
    if (!hits) {
        return NULL;
    }
    struct row *row;
    struct row *next;
    nq_timer_clear(hits->firewall->vsphere->loop, &hits->timer);
    (void)nq_ask_cancel(hits->ask);
    nq_waits_forget(&hits->waits);
    HASH_ITER(hh, hits->rows, row, next)
    {
        drop_row(hits, row);
    }
    free(hits);
    return NULL;
}

bool nq_vsphere_hits_get(const struct nq_vsphere_hits *hits, const char *rule_id,
                         uint64_t *ret_hits, int64_t *ret_asked_ms)
{
    struct row *row = NULL;
    HASH_FIND_STR(hits->rows, rule_id, row);
    if (!row || !row->known) {
        return false;
    }
    *ret_hits = row->hits;
    *ret_asked_ms = row->asked_ms;
    return true;
}

/* ---- a round ----------------------------------------------------------------------- */

static bool names_a_group(const struct nq_vsphere_firewall *firewall,
                          const struct nq_vsphere_rule *rule)
{
    for (size_t i = 0; i < firewall->group_count; i++) {
        if (nq_vsphere_rule_names(rule, firewall->groups[i].id)) {
            return true;
        }
    }
    return false;
}

/* Rows for the rules that there are now; those that were asked for stand last. */
static void choose_rows(struct nq_vsphere_hits *hits)
{
    const struct nq_vsphere_firewall *firewall = hits->firewall;
    struct row *row;
    struct row *next;
    HASH_ITER(hh, hits->rows, row, next)
    {
        row->wanted = false;
    }
    for (size_t i = 0; i < firewall->rule_count; i++) {
        const struct nq_vsphere_rule *rule = &firewall->rules[i];
        if (!names_a_group(firewall, rule)) {
            continue;
        }
        HASH_FIND_STR(hits->rows, rule->id, row);
        if (!row) {
            row = nq_calloc(1, sizeof(*row));
            row->rule_id = nq_strdup(rule->id);
            HASH_ADD_KEYPTR(hh, hits->rows, row->rule_id, strlen(row->rule_id), row);
        }
        row->wanted = true;
    }
    HASH_ITER(hh, hits->rows, row, next)
    {
        if (!row->wanted) {
            drop_row(hits, row);
        }
    }
}

static void forget_numbers(struct nq_vsphere_hits *hits)
{
    struct row *row;
    struct row *next;
    HASH_ITER(hh, hits->rows, row, next)
    {
        row->known = false;
    }
}

static void end_round(struct nq_vsphere_hits *hits)
{
    hits->under_way = false;
    hits->at = NULL;
    nq_waits_tell(&hits->waits, NULL);
}

static void ask_next(struct nq_vsphere_hits *hits);

static bool read_hits(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_hits *hits = arg;
    hits->at->known = nq_xml_rule_hits(body, len, &hits->at->hits, reterr);
    hits->at->asked_ms = hits->asked_ms;
    return hits->at->known;
}

/* A rule that NSX does not know has no number; trouble of the manager leaves the last one
 * and ends the round. */
static void on_hits(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_hits *hits = arg;
    hits->ask = NULL;
    if (err && nq_vsphere_lacks_call(err)) {
        hits->lacks = true;
        forget_numbers(hits);
        end_round(hits);
    } else if (err && nq_err_fate(err) == NQ_FATE_RETRY) {
        end_round(hits);
    } else {
        hits->at->known = !err;
        ask_next(hits);
    }
}

static void ask_next(struct nq_vsphere_hits *hits)
{
    struct row *row = hits->rows;
    if (!row || hits->at == hits->last || hits->asked == NQ_VSPHERE_STATS_MAX) {
        end_round(hits);
        return;
    }
    /* To the end: the next round begins with those that wait for the longest time. */
    HASH_DEL(hits->rows, row);
    HASH_ADD_KEYPTR(hh, hits->rows, row->rule_id, strlen(row->rule_id), row);
    hits->asked_ms = nq_mono_ms(hits->firewall->vsphere->clock);
    hits->at = row;
    hits->asked++;
    char *id = nq_http_escape(row->rule_id);
    char *path = nq_sprintf(STATS_PATH "%s", id);
    hits->ask =
        nq_ask_start(hits->firewall->vsphere->asker, &(struct nq_question){.path = path},
                     read_hits, on_hits, hits);
    free(path);
    free(id);
}

static bool read_counts(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_hits *hits = arg;
    return nq_xml_counts_hits(body, len, &hits->counts, reterr);
}

/* Where nobody may say whether hits are counted, the numbers themselves tell. */
static void on_counts(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_hits *hits = arg;
    hits->ask = NULL;
    if (err && nq_err_fate(err) == NQ_FATE_RETRY) {
        end_round(hits);
    } else if (!err && !hits->counts) {
        forget_numbers(hits);
        end_round(hits);
    } else {
        ask_next(hits);
    }
}

void nq_vsphere_hits_poll(struct nq_vsphere_hits *hits)
{
    const int64_t now = nq_mono_ms(hits->firewall->vsphere->clock);
    const int64_t interval_ms = hits->firewall->vsphere->conf->statistics_interval_ms;
    const int64_t rest = hits->lacks ? LACKS_REST_MS : interval_ms;
    if (hits->under_way || (hits->began && now - hits->began_ms < rest)) {
        return;
    }
    choose_rows(hits);
    if (!hits->rows) {
        return;
    }
    hits->under_way = hits->began = true;
    hits->lacks = false;
    hits->began_ms = now;
    hits->asked = 0;
    hits->at = NULL;
    hits->last = ELMT_FROM_HH(hits->rows->hh.tbl, hits->rows->hh.tbl->tail);
    hits->ask = nq_ask_start(hits->firewall->vsphere->asker,
                             &(struct nq_question){.path = GLOBAL_PATH}, read_counts,
                             on_counts, hits);
}

static void on_idle(void *arg)
{
    struct nq_vsphere_hits *hits = arg;
    if (!hits->under_way) {
        nq_waits_tell(&hits->waits, NULL);
    }
}

void nq_vsphere_hits_want(struct nq_vsphere_hits *hits, struct nq_wait *wait,
                          nq_wait_fn *done, void *arg)
{
    nq_waits_add(&hits->waits, wait, done, arg);
    nq_vsphere_hits_poll(hits);
    if (!hits->under_way) {
        nq_timer_set(hits->firewall->vsphere->loop, &hits->timer, 0, on_idle, hits);
    }
}
