/* SPDX-License-Identifier: Apache-2.0 */
/* policy_prove.c: prove() of the policy backend: which rungs of isolation hold for a VM.
 * All questions are asked at once; the rungs are judged when all answers are there. */
#include "nsx/policy_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/policy_json.h"
#include "store/record.h"

#define MISSING_MAX 255

#define PROVABLE                                                                         \
    (NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) | NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER) |              \
     NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED) | NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED))

#define EXCLUDE_LIST_PATH "/policy/api/v1/infra/settings/firewall/security/exclude-list"
#define ASSOCIATIONS_PATH "/policy/api/v1/infra/virtual-machine-group-associations"

/* The exclude list holds at most 100 groups; a VM is in few more. */
#define PATHS_MAX 10000

struct paths {
    char **list;
    size_t count;
};

struct prove_call;

/* A quarantine group and how far NSX has come with it. */
struct quarantine {
    struct prove_call *prove;
    const char *path; /* of the configuration */
    struct nq_ask *ask;
    bool exists;
    enum nq_realized realized;
};

struct prove_call {
    struct nq_call call;
    size_t open; /* questions without an answer */
    struct nq_vm_reading vm;
    struct nq_listing associations;
    struct nq_ask *exclude_ask;
    struct paths groups;   /* that the VM belongs to */
    struct paths excluded; /* that the firewall leaves alone */
    struct quarantine *quarantines;
    size_t quarantine_count;
};

static void prove_drop(struct nq_call *call)
{
    struct prove_call *prove = (struct prove_call *)call;
    nq_vm_reading_done(&prove->vm);
    nq_listing_stop(&prove->associations);
    (void)nq_ask_cancel(prove->exclude_ask);
    for (size_t i = 0; i < prove->quarantine_count; i++) {
        (void)nq_ask_cancel(prove->quarantines[i].ask);
    }
    struct paths *both[] = {&prove->groups, &prove->excluded};
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        for (size_t k = 0; k < both[i]->count; k++) {
            free(both[i]->list[k]);
        }
        free(both[i]->list);
    }
    free(prove->quarantines);
    free(prove);
}

static void add_path(void *arg, const char *path)
{
    struct paths *paths = arg;
    if (paths->count < PATHS_MAX) {
        paths->list = nq_realloc(paths->list, paths->count + 1, sizeof(paths->list[0]));
        paths->list[paths->count++] = nq_strdup(path);
    }
}

static bool holds(const struct paths *paths, const char *path)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (strcmp(paths->list[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static bool few(const struct paths *paths, struct nq_err *reterr)
{
    return paths->count < PATHS_MAX ||
           nq_fail(reterr, NQ_NSX_ANSWER, "a list of %d groups or more", PATHS_MAX);
}

/* ---- judging -------------------------------------------------------------------------- */

static const char *realized_word(enum nq_realized realized)
{
    switch (realized) {
    case NQ_REALIZED_SUCCESS:
        return "realized";
    case NQ_REALIZED_IN_PROGRESS:
        return "not realized yet";
    case NQ_REALIZED_ERROR:
        return "not realized: NSX reports an error";
    case NQ_REALIZED_UNKNOWN:
        break;
    }
    return "of unknown realization";
}

/* The first rung that is missing gives the sentence: later ones build on it. */
static void say(char *missing, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char *missing, const char *fmt, ...)
{
    if (*missing == '\0') {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(missing, MISSING_MAX + 1, fmt, args);
        va_end(args);
    }
}

static unsigned judge_tag(const struct nq_vm *vm, char *missing)
{
    if (!vm->has_our_tag) {
        say(missing, "the VM does not carry our tag");
        return 0;
    }
    return NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT);
}

/* Being in one quarantine group is enough, and that one must be realized. */
static unsigned judge_groups(const struct prove_call *prove, char *missing)
{
    const struct quarantine *mine = NULL;
    for (size_t i = 0; i < prove->quarantine_count; i++) {
        const struct quarantine *quarantine = &prove->quarantines[i];
        if (quarantine->exists && holds(&prove->groups, quarantine->path) &&
            (!mine || quarantine->realized == NQ_REALIZED_SUCCESS)) {
            mine = quarantine;
        }
    }
    if (!mine) {
        if (prove->quarantine_count == 0) {
            say(missing, "no quarantine group is configured for this manager");
        } else if (!prove->quarantines[0].exists) {
            say(missing, "NSX does not know the group %s", prove->quarantines[0].path);
        } else {
            say(missing, "the VM is not in the group %s", prove->quarantines[0].path);
        }
        return 0;
    }
    unsigned rungs = NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER);
    if (mine->realized == NQ_REALIZED_SUCCESS) {
        rungs |= NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED);
    } else {
        say(missing, "the group %s is %s", mine->path, realized_word(mine->realized));
    }
    return rungs;
}

static unsigned judge_exclusion(const struct prove_call *prove, char *missing)
{
    for (size_t i = 0; i < prove->excluded.count; i++) {
        if (holds(&prove->groups, prove->excluded.list[i])) {
            say(missing, "the firewall's exclude list holds the VM's group %s",
                prove->excluded.list[i]);
            return 0;
        }
    }
    return NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED);
}

static void judge(struct prove_call *prove)
{
    char missing[MISSING_MAX + 1] = "";
    struct nq_vm vm;
    struct nq_reply reply = {.provable = PROVABLE, .missing = missing};
    if (nq_vm_reading_get(&prove->vm, &vm)) {
        reply.vms = &vm;
        reply.vm_count = 1;
        reply.rungs = judge_tag(&vm, missing);
        reply.rungs |= judge_groups(prove, missing);
        reply.rungs |= judge_exclusion(prove, missing);
    } else {
        say(missing, "NSX does not list the VM");
    }
    nq_call_reply(&prove->call, &reply);
}

/* ---- questions ------------------------------------------------------------------------ */

static void on_part(struct prove_call *prove, const struct nq_err *err)
{
    prove->open--;
    if (err) {
        nq_call_fail(&prove->call, err);
    } else if (prove->open == 0) {
        judge(prove);
    }
}

static void on_vm(void *arg, const struct nq_err *err)
{
    on_part(arg, err);
}

static bool read_associations(void *arg, const char *body, size_t len,
                              struct nq_page *ret_page, struct nq_err *reterr)
{
    struct prove_call *prove = arg;
    return nq_json_associations(body, len, add_path, &prove->groups, ret_page, reterr) &&
           few(&prove->groups, reterr);
}

static void on_associations(void *arg, const struct nq_err *err)
{
    on_part(arg, err);
}

static bool read_exclude_list(void *arg, const char *body, size_t len,
                              struct nq_err *reterr)
{
    struct prove_call *prove = arg;
    return nq_json_exclude_list(body, len, add_path, &prove->excluded, reterr) &&
           few(&prove->excluded, reterr);
}

static void on_exclude_list(void *arg, const struct nq_err *err)
{
    struct prove_call *prove = arg;
    prove->exclude_ask = NULL;
    on_part(prove, err);
}

static bool read_status(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct quarantine *quarantine = arg;
    quarantine->exists = true;
    return nq_json_realized(body, len, &quarantine->realized, reterr);
}

/* A group that NSX does not know is a missing rung with a name, not a failed call. */
static void on_status(void *arg, const struct nq_err *err)
{
    struct quarantine *quarantine = arg;
    quarantine->ask = NULL;
    on_part(quarantine->prove, err && err->code == NQ_NSX_NOT_FOUND ? NULL : err);
}

/* GET realized-state/status: NSX's own word on how far the intent has come. It does not
 * see the vNIC; traffic that is dropped is a rung of its own. */
char *nq_policy_status_path(const char *group_path)
{
    char *intent = nq_http_escape(group_path);
    char *path = nq_sprintf("/policy/api/v1/infra/realized-state/status"
                            "?intent_path=%s&include_enforced_status=true",
                            intent);
    free(intent);
    return path;
}

static void ask_statuses(struct prove_call *prove)
{
    const struct nq_policy *policy = prove->call.policy;
    prove->quarantines =
        nq_calloc(policy->conf->group_count, sizeof(prove->quarantines[0]));
    for (size_t i = 0; i < policy->conf->group_count; i++) {
        const struct nq_group_conf *group = &policy->conf->groups[i];
        if (group->manager != policy->manager || group->role != NQ_GROUP_QUARANTINE) {
            continue;
        }
        struct quarantine *quarantine = &prove->quarantines[prove->quarantine_count++];
        char *path = nq_policy_status_path(group->path);
        quarantine->prove = prove;
        quarantine->path = group->path;
        quarantine->ask =
            nq_ask_start(policy->asker, path, NULL, read_status, on_status, quarantine);
        free(path);
    }
}

struct nq_call *nq_policy_prove(struct nq_backend *backend, const char *external_id,
                                nq_reply_fn *done, void *arg)
{
    struct nq_policy *policy = (struct nq_policy *)backend;
    struct prove_call *prove = nq_calloc(1, sizeof(*prove));
    nq_call_open(&prove->call, policy, prove_drop, done, arg);

    nq_vm_reading_start(&prove->vm, policy, external_id, on_vm, prove);
    char *id = nq_http_escape(external_id);
    char *path = nq_sprintf(ASSOCIATIONS_PATH "?vm_external_id=%s", id);
    nq_listing_start(&prove->associations, policy->asker, path, false, read_associations,
                     on_associations, prove);
    free(path);
    free(id);
    prove->exclude_ask = nq_ask_start(policy->asker, EXCLUDE_LIST_PATH, NULL,
                                      read_exclude_list, on_exclude_list, prove);
    ask_statuses(prove);
    prove->open = 3 + prove->quarantine_count;
    return &prove->call;
}
