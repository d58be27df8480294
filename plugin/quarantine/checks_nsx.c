/* SPDX-License-Identifier: Apache-2.0 */
/* checks_nsx.c: the checks of what NSX shows: the manager as a whole, and each group. */
#include "quarantine/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS              (INT64_C(24) * 60 * 60 * 1000)
#define CERTIFICATE_MOST_MS (30 * DAY_MS)

/* Where verdicts about one object go. */
struct judge {
    size_t manager;
    const char *object;
    nq_verdict_fn *each;
    void *arg;
};

static void say(const struct judge *judge, enum nq_check check, bool wrong,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void say(const struct judge *judge, enum nq_check check, bool wrong,
                const char *fmt, ...)
{
    struct nq_verdict verdict = {.check = check,
                                 .manager = judge->manager,
                                 .object = judge->object,
                                 .wrong = wrong};
    if (wrong) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(verdict.detail, sizeof(verdict.detail), fmt, args);
        va_end(args);
    }
    judge->each(judge->arg, &verdict);
}

/* ---- the manager --------------------------------------------------------------------- */

/* The releases that this client was written for, as major * 100 + minor. */
static bool is_supported(enum nq_manager_type type, const char *version)
{
    static const struct {
        long low;
        long high;
    } known[] = {[NQ_MANAGER_POLICY] = {300, 999}, [NQ_MANAGER_VSPHERE] = {602, 604}};
    char *end = NULL;
    const long major = strtol(version, &end, 10);
    const long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    const long release = major * 100 + minor;
    return minor < 0 || minor > 99 ||
           (release >= known[type].low && release <= known[type].high);
}

static void judge_version(const struct judge *judge, const struct nq_manager_facts *facts)
{
    const struct nq_manager_status *status = facts->status;
    const enum nq_manager_type type = facts->conf->managers[facts->manager].type;
    if (status->last_ok_ms > 0) {
        say(judge, NQ_CHECK_VERSION_UNKNOWN, *status->version == '\0', "%s", "");
    }
    if (*status->version) {
        say(judge, NQ_CHECK_VERSION_UNSUPPORTED, !is_supported(type, status->version),
            "%.60s", status->version);
    }
}

static void judge_certificate(const struct judge *judge,
                              const struct nq_manager_facts *facts)
{
    const int64_t ends_ms = facts->status->tls_expires_ms;
    const time_t ends = (time_t)(ends_ms / 1000);
    char date[sizeof("9999-12-31")] = "";
    struct tm parts;
    if (ends_ms == 0) {
        return;
    }
    if (gmtime_r(&ends, &parts)) {
        (void)strftime(date, sizeof(date), "%Y-%m-%d", &parts);
    }
    say(judge, NQ_CHECK_CERTIFICATE_ENDS, ends_ms - facts->now_ms < CERTIFICATE_MOST_MS,
        "on %s", date);
}

static void judge_inventory(const struct judge *judge,
                            const struct nq_manager_status *status)
{
    if (status->synced_ms > 0 || status->inventory_full) {
        say(judge, NQ_CHECK_INVENTORY_FULL, status->inventory_full, "%s", "");
    }
    if (status->synced_ms > 0) {
        say(judge, NQ_CHECK_NAMES_SHARED, status->shared_names > 0, "%zu, one is %.80s",
            status->shared_names, nq_text_or_empty(status->shared_name));
    }
}

static void judge_firewall(const struct judge *judge,
                           const struct nq_firewall_view *firewall)
{
    if (firewall->known) {
        say(judge, NQ_CHECK_FIREWALL_OFF, !firewall->enabled, "%s", "");
    }
    if (firewall->known || firewall->trouble == NQ_NSX_FORBIDDEN) {
        say(judge, NQ_CHECK_FIREWALL_UNREADABLE, !firewall->known, "%s", "");
    }
}

void nq_checks_of_manager(const struct nq_manager_facts *facts, nq_verdict_fn *each,
                          void *arg)
{
    const struct judge judge = {.manager = facts->manager,
                                .object = facts->conf->managers[facts->manager].name,
                                .each = each,
                                .arg = arg};
    judge_version(&judge, facts);
    judge_certificate(&judge, facts);
    judge_inventory(&judge, facts->status);
    if (facts->firewall) {
        judge_firewall(&judge, facts->firewall);
    }
}

/* ---- groups -------------------------------------------------------------------------- */

static void judge_access(const struct judge *judge, const struct nq_group_view *view,
                         enum nq_check missing)
{
    const bool refused = view->trouble == NQ_NSX_FORBIDDEN;
    if (view->known || view->trouble == NQ_NSX_NOT_FOUND) {
        say(judge, missing, !view->known, "%s", "");
    }
    if (view->known || refused) {
        say(judge, NQ_CHECK_GROUP_UNREADABLE, !view->known, "%s", "");
    }
}

static void judge_realized(const struct judge *judge, enum nq_realized realized)
{
    if (realized != NQ_REALIZED_UNKNOWN) {
        say(judge, NQ_CHECK_QUARANTINE_UNREALIZED, realized != NQ_REALIZED_SUCCESS, "%s",
            realized == NQ_REALIZED_ERROR ? "it reports an error" : "it is still at it");
    }
}

static bool drops(const struct nq_rule_view *rule)
{
    return rule->action == NQ_RULE_DROP || rule->action == NQ_RULE_REJECT;
}

/* Each of these includes the next, so only the first is wrong at a time. */
static void judge_rules(const struct judge *judge, const struct nq_group_view *view)
{
    size_t dropping = 0;
    size_t enabled = 0;
    for (size_t i = 0; i < view->rule_count; i++) {
        dropping += drops(&view->rules[i]);
        enabled += drops(&view->rules[i]) && view->rules[i].enabled;
    }
    say(judge, NQ_CHECK_QUARANTINE_UNUSED, view->rule_count == 0, "%s", "");
    say(judge, NQ_CHECK_QUARANTINE_ALLOWS, view->rule_count > 0 && dropping == 0,
        "%zu rules", view->rule_count);
    say(judge, NQ_CHECK_QUARANTINE_DISABLED, dropping > 0 && enabled == 0, "%zu rules",
        dropping);
    if (enabled == 0) {
        say(judge, NQ_CHECK_QUARANTINE_LEAKS, false, "%s", "");
    } else if (view->cut != NQ_CUT_UNKNOWN) {
        say(judge, NQ_CHECK_QUARANTINE_LEAKS, view->cut == NQ_CUT_OPEN, "%s",
            nq_text_or_empty(view->cut_why));
    }
    if (view->cut == NQ_CUT_HOLDS || view->cut == NQ_CUT_BY_ADDRESS) {
        say(judge, NQ_CHECK_QUARANTINE_BY_ADDRESS, view->cut == NQ_CUT_BY_ADDRESS, "%s",
            "");
    }
}

static void judge_quarantine(const struct judge *judge,
                             const struct nq_group_facts *facts)
{
    const struct nq_group_view *view = facts->view;
    judge_realized(judge, view->realized);
    if (view->rules_known) {
        judge_rules(judge, view);
    }
    say(judge, NQ_CHECK_QUARANTINE_MISSES_TAG, facts->tagged > 0 && facts->inside == 0,
        "%zu VMs", facts->tagged);
    if (view->definition != NQ_DEFINITION_UNKNOWN) {
        say(judge, NQ_CHECK_QUARANTINE_IGNORES_TAG,
            view->definition != NQ_DEFINITION_TAKES_IN, "%s", "");
    }
}

static void judge_watched(const struct judge *judge, const struct nq_group_facts *facts)
{
    const struct nq_group_view *view = facts->view;
    if (facts->tags_known) {
        say(judge, NQ_CHECK_WATCHED_HOLDS_TAGGED, view->tagged_count > 0, "%zu VMs",
            view->tagged_count);
    }
    if (view->definition != NQ_DEFINITION_UNKNOWN) {
        say(judge, NQ_CHECK_WATCHED_KEEPS_TAGGED,
            view->definition != NQ_DEFINITION_KEEPS_OUT, "%s", "");
    }
    if (view->exclusion_known && facts->tags_known) {
        say(judge, NQ_CHECK_MEMBERS_EXCLUDED, view->excluded_members > 0,
            "%zu, one is %.80s", view->excluded_members,
            nq_text_or_empty(view->excluded_member));
    }
}

void nq_checks_of_group(const struct nq_group_facts *facts, nq_verdict_fn *each,
                        void *arg)
{
    const struct nq_group_view *view = facts->view;
    const struct nq_group_conf *conf = &facts->conf->groups[view->group];
    const struct judge judge = {
        .manager = conf->manager, .object = conf->name, .each = each, .arg = arg};
    const bool quarantine = conf->role == NQ_GROUP_QUARANTINE;
    judge_access(&judge, view,
                 quarantine ? NQ_CHECK_QUARANTINE_MISSING : NQ_CHECK_WATCHED_MISSING);
    if (!view->known) {
        return;
    }
    if (view->exclusion_known) {
        say(&judge, NQ_CHECK_GROUP_EXCLUDED, view->excluded, "%s", "");
    }
    if (quarantine) {
        judge_quarantine(&judge, facts);
    } else {
        judge_watched(&judge, facts);
    }
}
