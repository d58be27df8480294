/* SPDX-License-Identifier: Apache-2.0 */
/* findings.c: see findings.h. */
#include "quarantine/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"

/* Owner of the tallies of one finding: "finding CHECK LENGTH:MANAGER OBJECT", where the
 * length is that of the manager's name. */
#define OWNER "finding "

/* A check and an object that was found wrong once, and is not known to be good since. */
struct nq_finding_entry {
    char *owner; /* of its tallies */
    enum nq_check check;
    struct nq_finding row;
    bool wrong;             /* by the newest verdict */
    unsigned agreed;        /* verdicts in a row that say so */
    int64_t agreed_mono_ms; /* the first of them */
    bool raised;            /* it has a row */
    bool left_out;          /* it should have one */
    bool told;              /* that it has one was announced */
    bool swept;             /* seen by the judgement of the configuration under way */
    UT_hash_handle hh;
};

/* ---- names --------------------------------------------------------------------------- */

static char *owner_of(const struct nq_findings *findings,
                      const struct nq_verdict *verdict)
{
    const char *manager = verdict->manager == NQ_NO_MANAGER
                              ? ""
                              : findings->conf->managers[verdict->manager].name;
    return nq_sprintf(OWNER "%s %zu:%s %s", nq_check_row(verdict->check)->name,
                      strlen(manager), manager, verdict->object);
}

static size_t manager_named(const struct nq_config *conf, const char *name, size_t len)
{
    for (size_t i = 0; i < conf->manager_count; i++) {
        const char *known = conf->managers[i].name;
        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            return i;
        }
    }
    return NQ_NO_MANAGER;
}

/* Takes an owner apart. false: it is none of a check that there is. */
static bool parse_owner(const struct nq_config *conf, const char *owner,
                        struct nq_verdict *ret_verdict)
{
    char *check = nq_strdup(owner + strlen(OWNER));
    const char *rest = owner + strlen(OWNER) + strcspn(check, " ");
    check[strcspn(check, " ")] = '\0';
    *ret_verdict = (struct nq_verdict){.check = nq_check_of(check), .wrong = true};
    free(check);
    char *end = NULL;
    const unsigned long len = *rest ? strtoul(rest + 1, &end, 10) : 0;
    if (ret_verdict->check == NQ_CHECK_COUNT || !end || *end != ':' ||
        strlen(end + 1) <= len || end[1 + len] != ' ') {
        return false;
    }
    ret_verdict->manager = manager_named(conf, end + 1, len);
    ret_verdict->object = end + 1 + len + 1;
    return true;
}

/* ---- entries ------------------------------------------------------------------------- */

static struct nq_finding_entry *find(const struct nq_findings *findings,
                                     const char *owner)
{
    struct nq_finding_entry *entry = NULL;
    HASH_FIND_STR(findings->entries, owner, entry);
    return entry;
}

/* owner moves into the entry. */
static struct nq_finding_entry *add(struct nq_findings *findings, char *owner,
                                    const struct nq_verdict *verdict)
{
    const struct nq_check_row *check = nq_check_row(verdict->check);
    struct nq_finding_entry *entry = nq_calloc(1, sizeof(*entry));
    entry->owner = owner;
    entry->check = verdict->check;
    entry->row.manager =
        verdict->manager == NQ_NO_MANAGER ? 0 : (uint32_t)verdict->manager + 1;
    entry->row.severity = check->severity;
    entry->row.check = check->name;
    nq_text_set(&entry->row.object, verdict->object);
    HASH_ADD_KEYPTR(hh, findings->entries, entry->owner, strlen(entry->owner), entry);
    return entry;
}

static void set_left_out(struct nq_findings *findings, struct nq_finding_entry *entry,
                         bool left_out)
{
    findings->left_out += left_out;
    findings->left_out -= entry->left_out;
    entry->left_out = left_out;
}

static void drop(struct nq_findings *findings, struct nq_finding_entry *entry)
{
    set_left_out(findings, entry, false);
    HASH_DEL(findings->entries, entry);
    free(entry->row.object);
    free(entry->row.text);
    free(entry->owner);
    free(entry);
}

/* ---- rows ---------------------------------------------------------------------------- */

/* Where the row stands, or would stand. */
static size_t place_of(const struct nq_findings *findings, uint32_t index)
{
    size_t low = 0;
    size_t high = findings->row_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (findings->rows[middle]->index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void put_row(struct nq_findings *findings, struct nq_finding *row)
{
    const size_t at = place_of(findings, row->index);
    memmove(&findings->rows[at + 1], &findings->rows[at],
            (findings->row_count++ - at) * sizeof(findings->rows[0]));
    findings->rows[at] = row;
}

static void take_row(struct nq_findings *findings, const struct nq_finding *row)
{
    const size_t at = place_of(findings, row->index);
    memmove(&findings->rows[at], &findings->rows[at + 1],
            (--findings->row_count - at) * sizeof(findings->rows[0]));
}

/* For good: whoever watches a finding by its index keeps watching that check and object.
 * 0: the tallies are full. */
static uint32_t number_of(struct nq_findings *findings,
                          const struct nq_finding_entry *entry)
{
    if (entry->check == NQ_CHECK_MORE) {
        return NQ_FINDING_LAST;
    }
    uint64_t number = nq_tally_get(findings->tallies, entry->owner, "number");
    if (number == 0) {
        number = nq_tally_add(findings->tallies, "findings", "numbers", 1);
        nq_tally_set(findings->tallies, entry->owner, "number", number);
    }
    return number < NQ_FINDING_LAST ? (uint32_t)number : 0;
}

/* The row that says that there are more has a place of its own. */
static bool has_room(const struct nq_findings *findings, enum nq_check check)
{
    const size_t count = findings->row_count;
    const bool more = count > 0 && findings->rows[count - 1]->index == NQ_FINDING_LAST;
    return check == NQ_CHECK_MORE || count - more < NQ_FINDINGS_MAX - 1;
}

/* ---- raising and clearing ------------------------------------------------------------ */

static void raise_entry(struct nq_findings *findings, struct nq_finding_entry *entry,
                        int64_t since_ms)
{
    entry->row.index = has_room(findings, entry->check) ? number_of(findings, entry) : 0;
    set_left_out(findings, entry, entry->row.index == 0);
    if (entry->left_out) {
        return;
    }
    entry->raised = true;
    entry->row.since_ms = since_ms;
    nq_tally_set(findings->tallies, entry->owner, "since", (uint64_t)since_ms);
    put_row(findings, &entry->row);
    findings->stirred = true;
}

/* The entry stays until that was announced. */
static void clear_entry(struct nq_findings *findings, struct nq_finding_entry *entry)
{
    entry->raised = false;
    nq_tally_set(findings->tallies, entry->owner, "since", 0);
    take_row(findings, &entry->row);
    findings->stirred = true;
}

/* The verdict has held long enough. */
static void settle(struct nq_findings *findings, struct nq_finding_entry *entry)
{
    if (entry->wrong && !entry->raised) {
        raise_entry(findings, entry, nq_wall_ms(findings->clock));
    } else if (!entry->wrong && entry->raised) {
        clear_entry(findings, entry);
    } else if (!entry->wrong && !entry->told) {
        drop(findings, entry);
    }
}

static bool has_settled(const struct nq_findings *findings,
                        const struct nq_finding_entry *entry)
{
    const int64_t age_ms = nq_mono_ms(findings->clock) - entry->agreed_mono_ms;
    return nq_check_row(entry->check)->about == NQ_ABOUT_SETTING ||
           (entry->agreed >= 2 && age_ms >= findings->conf->finding_delay_ms);
}

static void judge(struct nq_findings *findings, const struct nq_verdict *verdict)
{
    char *owner = owner_of(findings, verdict);
    struct nq_finding_entry *entry = find(findings, owner);
    if (entry || !verdict->wrong) {
        free(owner);
    } else {
        entry = add(findings, owner, verdict);
    }
    if (!entry) {
        return; /* good, and nobody ever said otherwise */
    }
    if (entry->agreed == 0 || entry->wrong != verdict->wrong) {
        entry->wrong = verdict->wrong;
        entry->agreed = 0;
        entry->agreed_mono_ms = nq_mono_ms(findings->clock);
    }
    entry->agreed++;
    entry->swept = true;
    if (verdict->wrong) {
        nq_verdict_set_text(&entry->row.text, verdict);
    }
    if (has_settled(findings, entry)) {
        settle(findings, entry);
    }
}

static void judge_list(struct nq_findings *findings)
{
    struct nq_verdict verdict = {.check = NQ_CHECK_MORE,
                                 .manager = NQ_NO_MANAGER,
                                 .object = "findings",
                                 .wrong = findings->left_out > 0};
    (void)snprintf(verdict.detail, sizeof(verdict.detail), "%zu", findings->left_out);
    judge(findings, &verdict);
}

void nq_findings_take(void *findings, const struct nq_verdict *verdict)
{
    judge(findings, verdict);
    judge_list(findings);
}

/* ---- what is configured -------------------------------------------------------------- */

void nq_findings_settings(struct nq_findings *findings, enum nq_mode mode)
{
    struct nq_finding_entry *entry = NULL;
    struct nq_finding_entry *next = NULL;
    HASH_ITER(hh, findings->entries, entry, next)
    {
        entry->swept = false;
    }
    nq_checks_of_settings(findings->conf, mode, nq_findings_take, findings);
    HASH_ITER(hh, findings->entries, entry, next)
    {
        if (nq_check_row(entry->check)->about == NQ_ABOUT_SETTING && !entry->swept) {
            entry->wrong = false;
            settle(findings, entry);
        }
    }
}

/* ---- over a restart ------------------------------------------------------------------ */

/* The checks that can clear the finding are still made. */
static bool is_looked_at(const struct nq_config *conf, const struct nq_verdict *verdict)
{
    const enum nq_check_about about = nq_check_row(verdict->check)->about;
    if (about == NQ_ABOUT_SETTING || about == NQ_ABOUT_LIST) {
        return true;
    }
    if (about == NQ_ABOUT_MANAGER || verdict->manager == NQ_NO_MANAGER) {
        return verdict->manager != NQ_NO_MANAGER;
    }
    for (size_t i = 0; i < conf->group_count; i++) {
        const struct nq_group_conf *group = &conf->groups[i];
        if (group->manager == verdict->manager &&
            strcmp(group->name, verdict->object) == 0) {
            return about == NQ_ABOUT_GROUP ||
                   (about == NQ_ABOUT_QUARANTINE) == (group->role == NQ_GROUP_QUARANTINE);
        }
    }
    return false;
}

static void load_one(void *arg, const char *owner, const char *name, uint64_t value)
{
    struct nq_findings *findings = arg;
    struct nq_verdict verdict;
    if (strcmp(name, "since") != 0 || value == 0 ||
        !parse_owner(findings->conf, owner, &verdict)) {
        return;
    }
    struct nq_finding_entry *entry = add(findings, nq_strdup(owner), &verdict);
    nq_verdict_set_text(&entry->row.text, &verdict);
    entry->wrong = is_looked_at(findings->conf, &verdict);
    raise_entry(findings, entry, (int64_t)value);
    entry->told = entry->raised;
}

void nq_findings_load(struct nq_findings *findings)
{
    nq_tallies_each(findings->tallies, OWNER, load_one, findings);
    struct nq_finding_entry *entry = NULL;
    struct nq_finding_entry *next = NULL;
    HASH_ITER(hh, findings->entries, entry, next)
    {
        if (!entry->wrong && entry->raised) {
            clear_entry(findings, entry);
        }
    }
}

/* ---- telling ------------------------------------------------------------------------- */

static void announce_one(struct nq_finding_entry *entry, nq_finding_fn *fn, void *arg)
{
    const struct nq_finding *row = &entry->row;
    entry->told = entry->raised;
    nq_log(entry->raised ? NQ_LOG_WARNING : NQ_LOG_NOTICE,
           "finding %s: check=%s object=%s severity=%s text=%s",
           entry->raised ? "raised" : "cleared", row->check, row->object,
           nq_severity_name(row->severity), row->text);
    if (fn) {
        fn(arg, entry->raised, row);
    }
}

void nq_findings_announce(struct nq_findings *findings, nq_finding_fn *fn, void *arg)
{
    struct nq_finding_entry *entry = NULL;
    struct nq_finding_entry *next = NULL;
    if (!findings->stirred) {
        return;
    }
    findings->stirred = false;
    HASH_ITER(hh, findings->entries, entry, next)
    {
        if (entry->told != entry->raised) {
            announce_one(entry, fn, arg);
        }
        if (!entry->raised && !entry->wrong) {
            drop(findings, entry);
        }
    }
}

/* ---- life ---------------------------------------------------------------------------- */

void nq_findings_init(struct nq_findings *findings, const struct nq_config *conf,
                      const struct nq_clock *clock, struct nq_tallies *tallies)
{
    *findings = (struct nq_findings){.conf = conf, .clock = clock, .tallies = tallies};
    findings->rows = nq_calloc(NQ_FINDINGS_MAX, sizeof(findings->rows[0]));
}

void nq_findings_done(struct nq_findings *findings)
{
    struct nq_finding_entry *entry = NULL;
    struct nq_finding_entry *next = NULL;
    HASH_ITER(hh, findings->entries, entry, next)
    {
        drop(findings, entry);
    }
    free(findings->rows);
    findings->rows = NULL;
}
