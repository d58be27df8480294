/* SPDX-License-Identifier: Apache-2.0 */
/* governor.c: see governor.h. A budget is a row: of what, within which time, how many. */
#include "quarantine/governor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

struct nq_admitted {
    struct nq_admission record;
    int64_t mono_ms; /* -1: in an earlier process */
};

/* What a budget counts of the admissions in its window. */
enum measure { ALL, PERCENT_OF_GROUP, SAME_CAUSE };

struct budget {
    enum measure measure;
    int64_t window_ms; /* 0: same_cause_ms of the configuration */
    size_t limit_offset;
    const char *option;
    const char *within;
};

#define LIMIT(member) offsetof(struct nq_governor_conf, member)

static const struct budget budgets[] = {
    {ALL, MINUTE_MS, LIMIT(vms.minute), "per_minute", "a minute"},
    {ALL, HOUR_MS, LIMIT(vms.hour), "per_hour", "an hour"},
    {ALL, DAY_MS, LIMIT(vms.day), "per_day", "a day"},
    {PERCENT_OF_GROUP, MINUTE_MS, LIMIT(percent.minute), "percent_per_minute",
     "a minute"},
    {PERCENT_OF_GROUP, HOUR_MS, LIMIT(percent.hour), "percent_per_hour", "an hour"},
    {PERCENT_OF_GROUP, DAY_MS, LIMIT(percent.day), "percent_per_day", "a day"},
    {SAME_CAUSE, 0, LIMIT(same_cause), "same_cause", "same_cause_s"},
};

#define BUDGETS (sizeof(budgets) / sizeof(budgets[0]))

static int64_t limit_of(const struct nq_governor *governor, const struct budget *budget)
{
    int64_t limit;
    memcpy(&limit, (const char *)governor->conf + budget->limit_offset, sizeof(limit));
    return limit;
}

static int64_t window_of(const struct nq_governor *governor, const struct budget *budget)
{
    return budget->window_ms ? budget->window_ms : governor->conf->same_cause_ms;
}

/* ---- counting ------------------------------------------------------------------------ */

struct moment {
    int64_t wall_ms;
    int64_t mono_ms;
};

static struct moment now_of(const struct nq_governor *governor)
{
    return (struct moment){nq_wall_ms(governor->clock), nq_mono_ms(governor->clock)};
}

static bool is_within(const struct nq_admitted *entry, const struct moment *now,
                      int64_t window_ms)
{
    return now->wall_ms - entry->record.at_ms < window_ms ||
           (entry->mono_ms >= 0 && now->mono_ms - entry->mono_ms < window_ms);
}

/* groups of an admission: "MEMBERS OWNER\n" for each. false: the owner is not in it. */
static bool find_group(const char *groups, const char *owner, size_t *ret_members)
{
    const size_t len = strlen(owner);
    for (const char *line = groups; line && *line;) {
        char *name = NULL;
        const unsigned long long members = strtoull(line, &name, 10);
        const size_t name_len = strcspn(name, "\n");
        if (name_len == len + 1 && strncmp(name + 1, owner, len) == 0) {
            *ret_members = (size_t)members;
            return true;
        }
        line = name + name_len + (name[name_len] == '\n');
    }
    return false;
}

static bool has_same_cause(const struct nq_admitted *entry, const char *cause)
{
    return cause && *cause && entry->record.cause &&
           strcmp(entry->record.cause, cause) == 0;
}

/* What a budget has used up for one candidate, or for one of its groups. */
struct use {
    int64_t count;
    int64_t limit; /* 0: there is none */
};

/* The VMs of a group leave it when they are quarantined, so its size is the largest that was
 * seen in the window. */
static struct use use_of(const struct nq_governor *governor, const struct budget *budget,
                         bool rehearsal, const char *cause,
                         const struct nq_governed_group *group)
{
    const struct moment now = now_of(governor);
    struct use use = {.limit = limit_of(governor, budget)};
    size_t size = group ? group->members : 0;
    for (size_t i = governor->count; use.limit > 0 && i-- > 0;) {
        const struct nq_admitted *entry = &governor->entries[i];
        size_t members = 0;
        if (!is_within(entry, &now, window_of(governor, budget)) ||
            (entry->record.rehearsed && !rehearsal) ||
            (budget->measure == SAME_CAUSE && !has_same_cause(entry, cause)) ||
            (group && !find_group(entry->record.groups, group->owner, &members))) {
            continue;
        }
        use.count++;
        size = members > size ? members : size;
    }
    if (group && use.limit > 0) {
        const int64_t part = use.limit * (int64_t)size / 100;
        use.limit = part > 0 ? part : 1;
    }
    return use;
}

/* Calls fn for each budget that the candidate would use, until it returns false. */
typedef bool use_fn(void *arg, const struct budget *budget, const struct use *use,
                    const struct nq_governed_group *group);

static bool each_use(const struct nq_governor *governor,
                     const struct nq_candidate *candidate, use_fn *fn, void *arg)
{
    for (size_t i = 0; i < BUDGETS; i++) {
        const bool of_groups = budgets[i].measure == PERCENT_OF_GROUP;
        const bool no_cause =
            budgets[i].measure == SAME_CAUSE && !(candidate->cause && *candidate->cause);
        const size_t rounds = of_groups ? candidate->group_count : no_cause ? 0 : 1;
        for (size_t k = 0; k < rounds; k++) {
            const struct nq_governed_group *group =
                of_groups ? &candidate->groups[k] : NULL;
            const struct use use = use_of(governor, &budgets[i], candidate->rehearsal,
                                          candidate->cause, group);
            if (use.limit > 0 && !fn(arg, &budgets[i], &use, group)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- deciding ------------------------------------------------------------------------ */

static void set_state(struct nq_governor *governor, enum nq_governor_state state,
                      const char *reason)
{
    governor->record.state = state;
    governor->record.changed_ms = nq_wall_ms(governor->clock);
    nq_text_set(&governor->record.reason, reason);
    governor->record_dirty = true;
}

struct asked {
    struct nq_governor *governor;
    const struct nq_candidate *candidate;
};

static bool has_room(void *arg, const struct budget *budget, const struct use *use,
                     const struct nq_governed_group *group)
{
    const struct asked *asked = arg;
    if (use->count < use->limit) {
        return true;
    }
    char text[2 * NQ_TEXT_MAX];
    const char *cause = budget->measure == SAME_CAUSE ? asked->candidate->cause : NULL;
    (void)snprintf(text, sizeof(text),
                   "%" PRId64 " VMs%s%s were quarantined%s%s within %s (governor.%s)",
                   use->count, group ? " of " : "", group ? group->owner : "",
                   cause ? " for " : "", nq_text_or_empty(cause), budget->within,
                   budget->option);
    set_state(asked->governor, NQ_GOVERNOR_TRIPPED, text);
    return false;
}

bool nq_governor_allows(struct nq_governor *governor,
                        const struct nq_candidate *candidate)
{
    struct asked asked = {governor, candidate};
    return governor->record.state != NQ_GOVERNOR_TRIPPED &&
           each_use(governor, candidate, has_room, &asked);
}

static char *list_groups(const struct nq_candidate *candidate)
{
    char *list = NULL;
    for (size_t i = 0; i < candidate->group_count; i++) {
        char *more = nq_sprintf("%s%zu %s\n", nq_text_or_empty(list),
                                candidate->groups[i].members, candidate->groups[i].owner);
        free(list);
        list = more;
    }
    return list;
}

/* The oldest ones: too old for every window, or too many. */
static void drop_oldest(struct nq_governor *governor, size_t count)
{
    if (count == 0) { /* there may be no entries at all */
        return;
    }
    for (size_t i = 0; i < count; i++) {
        nq_admission_done(&governor->entries[i].record);
    }
    governor->count -= count;
    governor->stored -= count < governor->stored ? count : governor->stored;
    memmove(governor->entries, governor->entries + count,
            governor->count * sizeof(*governor->entries));
}

static void make_room(struct nq_governor *governor)
{
    const struct moment now = now_of(governor);
    size_t old = 0;
    while (old < governor->count && !is_within(&governor->entries[old], &now, DAY_MS)) {
        old++;
    }
    if (governor->count - old == NQ_ADMISSIONS_MAX) {
        old += NQ_ADMISSIONS_MAX / 10;
    }
    drop_oldest(governor, old);
    if (governor->count == governor->room) {
        governor->room = governor->room ? 2 * governor->room : 64;
        governor->entries =
            nq_realloc(governor->entries, governor->room, sizeof(*governor->entries));
    }
}

void nq_governor_admit(struct nq_governor *governor, const struct nq_candidate *candidate)
{
    make_room(governor);
    struct nq_admitted *entry = &governor->entries[governor->count++];
    *entry = (struct nq_admitted){
        .record = {.case_id = candidate->case_id,
                   .rehearsed = candidate->rehearsal,
                   .at_ms = nq_wall_ms(governor->clock),
                   .cause = nq_strdup(candidate->cause),
                   .groups = list_groups(candidate)},
        .mono_ms = nq_mono_ms(governor->clock),
    };
}

void nq_governor_rearm(struct nq_governor *governor)
{
    drop_oldest(governor, governor->count);
    governor->cleared = true;
    governor->record.rearmed_ms = nq_wall_ms(governor->clock);
    set_state(governor, NQ_GOVERNOR_NORMAL, NULL);
}

/* ---- what is shown ------------------------------------------------------------------- */

struct warning {
    const struct nq_governor *governor;
    char *text;
    size_t size;
};

static bool is_far_from(void *arg, const struct budget *budget, const struct use *use,
                        const struct nq_governed_group *group)
{
    const struct warning *warning = arg;
    (void)group;
    if (use->count * 100 < use->limit * warning->governor->conf->warn_percent) {
        return true;
    }
    (void)snprintf(warning->text, warning->size,
                   "%" PRId64 " of %" PRId64 " VMs within %s: governor.%s", use->count,
                   use->limit, budget->within, budget->option);
    return false;
}

/* The newest admission stands for its cause and groups: they are the ones that grow. */
static bool warns(const struct nq_governor *governor, bool rehearsal, char *text,
                  size_t size)
{
    struct warning warning = {governor, text, size};
    struct nq_candidate newest = {.rehearsal = rehearsal};
    struct nq_governed_group groups[NQ_CONFIG_GROUPS_MAX];
    char *lines = NULL;
    if (governor->count > 0) {
        const struct nq_admission *record =
            &governor->entries[governor->count - 1].record;
        newest.cause = record->cause;
        lines = nq_strdup(record->groups);
    }
    char *rest = lines;
    for (char *line; rest && newest.group_count < NQ_CONFIG_GROUPS_MAX &&
                     *(line = strsep(&rest, "\n"));) {
        char *owner = NULL;
        groups[newest.group_count].members = (size_t)strtoull(line, &owner, 10);
        groups[newest.group_count++].owner = owner + (*owner == ' ');
    }
    newest.groups = groups;
    const bool found = !each_use(governor, &newest, is_far_from, &warning);
    free(lines);
    return found;
}

enum nq_governor_state nq_governor_state(const struct nq_governor *governor,
                                         bool rehearsal, uint32_t *ret_hour_count,
                                         char *ret_reason, size_t size)
{
    const struct moment now = now_of(governor);
    uint32_t count = 0;
    for (size_t i = governor->count; i-- > 0;) {
        const struct nq_admitted *entry = &governor->entries[i];
        count +=
            is_within(entry, &now, HOUR_MS) && (rehearsal || !entry->record.rehearsed);
    }
    *ret_hour_count = count;
    if (governor->record.state == NQ_GOVERNOR_TRIPPED) {
        (void)snprintf(ret_reason, size, "%s", nq_text_or_empty(governor->record.reason));
        return NQ_GOVERNOR_TRIPPED;
    }
    ret_reason[0] = '\0';
    return warns(governor, rehearsal, ret_reason, size) ? NQ_GOVERNOR_GUARDED
                                                        : NQ_GOVERNOR_NORMAL;
}

bool nq_governor_began_to_warn(struct nq_governor *governor, bool rehearsal)
{
    char text[NQ_TEXT_MAX];
    const bool before = governor->was_guarded;
    governor->was_guarded = warns(governor, rehearsal, text, sizeof(text));
    return governor->was_guarded && !before;
}

/* ---- keeping ------------------------------------------------------------------------- */

void nq_governor_init(struct nq_governor *governor, const struct nq_governor_conf *conf,
                      const struct nq_clock *clock)
{
    *governor = (struct nq_governor){
        .conf = conf, .clock = clock, .record = {.state = NQ_GOVERNOR_NORMAL}};
}

void nq_governor_done(struct nq_governor *governor)
{
    drop_oldest(governor, governor->count);
    free(governor->entries);
    free(governor->record.reason);
    *governor = (struct nq_governor){0};
}

void nq_governor_load(struct nq_governor *governor, const struct nq_admission *record)
{
    make_room(governor);
    struct nq_admitted *entry = &governor->entries[governor->count++];
    nq_admission_copy(record, &entry->record);
    entry->mono_ms = -1;
    governor->stored = governor->count;
}

void nq_governor_load_record(struct nq_governor *governor,
                             const struct nq_governor_record *record)
{
    free(governor->record.reason);
    governor->record = *record;
    governor->record.reason = nq_strdup(record->reason);
}

bool nq_governor_put(struct nq_governor *governor, struct nq_store *store,
                     struct nq_err *reterr)
{
    const int64_t old_ms = nq_wall_ms(governor->clock) - DAY_MS;
    if (governor->record_dirty &&
        !store->ops->put_governor(store, &governor->record, reterr)) {
        return false;
    }
    if ((governor->cleared || governor->stored < governor->count) &&
        !store->ops->forget_admissions(store, governor->cleared ? INT64_MAX : old_ms,
                                       reterr)) {
        return false;
    }
    for (size_t i = governor->stored; i < governor->count; i++) {
        if (!store->ops->put_admission(store, &governor->entries[i].record, reterr)) {
            return false;
        }
    }
    return true;
}

void nq_governor_clean(struct nq_governor *governor)
{
    governor->record_dirty = false;
    governor->cleared = false;
    governor->stored = governor->count;
}
