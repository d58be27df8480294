/* SPDX-License-Identifier: Apache-2.0 */
/* write.c: the two ways to write our tag. One VM: POST
 * /api/v1/fabric/virtual-machines?action=add_tags or remove_tags. Many: PUT
 * /policy/api/v1/infra/tags/tag-operations/{id}, which NSX works on after its answer, so its
 * status is asked for. Both are deltas: the calls that replace the list of tags
 * (update_tags) would undo what others wrote. */
#include "nsx/policy/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "nsx/http.h"
#include "nsx/policy/json.h"

#define OPERATIONS_PATH "/policy/api/v1/infra/tags/tag-operations/"

/* Operations in a row take much the same time. So the first look comes when the last one was
 * nearly done, unless that one was very slow; the next ones after a part of that time, which
 * doubles, up to what NSX's documentation shows for the longest. */
#define FIRST_POLL_MS    100
#define EXPECTED_MOST_MS 2000
#define POLL_MOST_MS     60000

/* How long NSX may work, in timeouts of one exchange: who raised that for a slow manager
 * has raised this as well. With the default it is some minutes. */
#define DEADLINE_TIMEOUTS 8

/* ---- one VM ------------------------------------------------------------------------ */

/* NSX answers 204. A 200 with a page in it comes from something else. */
static bool read_nothing(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    (void)arg;
    if (len > 0) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "%s where no body was expected",
                       *body == '<' ? "HTML or XML" : "a body");
    }
    return true;
}

struct nq_ask *nq_tag_single_start(struct nq_policy *policy, enum nq_tag_change change,
                                   const char *external_id, nq_ask_done_fn *done,
                                   void *arg)
{
    static const char *const paths[] = {
        [NQ_TAG_ADD] = "/api/v1/fabric/virtual-machines?action=add_tags",
        [NQ_TAG_REMOVE] = "/api/v1/fabric/virtual-machines?action=remove_tags",
    };
    const struct nq_config *conf = policy->conf;
    char *body = nq_json_tag_body(external_id, conf->tag_scope, conf->tag_value);
    const struct nq_question question = {
        .method = NQ_HTTP_POST, .path = paths[change], .body = body};
    struct nq_ask *ask = nq_ask_start(policy->asker, &question, read_nothing, done, arg);
    free(body);
    return ask;
}

/* ---- many -------------------------------------------------------------------------- */

struct place {
    const char *id;
    size_t index;
};

struct nq_tag_operation {
    struct nq_policy *policy;
    enum nq_tag_change change;
    const char *const *ids;
    size_t count;
    struct place *places; /* of the ids, sorted */
    struct nq_tag_outcome *outcomes;
    char *path; /* with the operation's id */
    struct nq_ask *ask;
    struct nq_timer timer;
    int64_t begun_ms;    /* mono: NSX has it */
    int64_t deadline_ms; /* mono */
    int64_t wait_ms;     /* before the next poll */
    bool putting;        /* the question under way is the PUT */
    bool withdrawn;      /* it is not put once more */
    bool renamed;        /* the second id is in use */
    bool lost;           /* the PUT was not answered: put_err says why */
    struct nq_err put_err;
    enum nq_operation_state state;
    nq_tag_operation_fn *done;
    void *arg;
};

static int by_id(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    return strcmp(left->id, right->id);
}

struct nq_tag_operation *nq_tag_operation_cancel(struct nq_tag_operation *operation)
{
    if (operation) {
        (void)nq_ask_cancel(operation->ask);
        nq_timer_clear(operation->policy->loop, &operation->timer);
        free(operation->places);
        free(operation->outcomes);
        free(operation->path);
        free(operation);
    }
    return NULL;
}

bool nq_tag_operation_withdraw(struct nq_tag_operation *operation)
{
    operation->withdrawn = true;
    return !operation->putting || nq_ask_withdraw(operation->ask);
}

static void finish(struct nq_tag_operation *operation, const struct nq_err *err,
                   bool taken)
{
    operation->done(operation->arg, err, taken, operation->outcomes);
}

/* ---- status ------------------------------------------------------------------------ */

static void keep_verdict(void *arg, const char *external_id, bool good,
                         const char *details)
{
    struct nq_tag_operation *operation = arg;
    const struct place wanted = {.id = external_id};
    const struct place *place = bsearch(&wanted, operation->places, operation->count,
                                        sizeof(operation->places[0]), by_id);
    if (place) {
        struct nq_tag_outcome *outcome = &operation->outcomes[place->index];
        outcome->verdict = good ? NQ_VERDICT_GOOD : NQ_VERDICT_REFUSED;
        (void)nq_text_escape(details, outcome->details, sizeof(outcome->details));
    }
}

static bool read_status(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_tag_operation *operation = arg;
    return nq_json_operation(body, len, keep_verdict, operation, &operation->state,
                             reterr);
}

static void poll_later(struct nq_tag_operation *operation);

/* What became of the VMs is unknown, which is no reason to stop: whatever the status call
 * says of itself, it says nothing about them. */
static void finish_unknown(struct nq_tag_operation *operation, const struct nq_err *err)
{
    struct nq_err unknown = *err;
    if (nq_err_fate(err) != NQ_FATE_RETRY) {
        (void)nq_fail(&unknown, NQ_NSX_TIMEOUT, "no status of the tag operation: %s",
                      err->detail);
    }
    finish(operation, &unknown, true);
}

static void on_status(void *arg, const struct nq_err *err)
{
    struct nq_tag_operation *operation = arg;
    operation->ask = NULL;
    if (err) {
        finish_unknown(operation, operation->lost ? &operation->put_err : err);
    } else if (operation->state > NQ_OPERATION_RUNNING) {
        operation->policy->operation_took_ms =
            nq_mono_ms(operation->policy->clock) - operation->begun_ms;
        finish(operation, NULL, true);
    } else if (nq_mono_ms(operation->policy->clock) >= operation->deadline_ms) {
        struct nq_err late;
        (void)nq_fail(&late, NQ_NSX_TIMEOUT, "NSX has not finished the tag operation %s",
                      strrchr(operation->path, '/') + 1);
        finish(operation, &late, true);
    } else {
        poll_later(operation);
    }
}

static void poll_now(void *arg)
{
    struct nq_tag_operation *operation = arg;
    char *path = nq_sprintf("%s/status", operation->path);
    const struct nq_question question = {.path = path, .urgent = true};
    operation->ask = nq_ask_start(operation->policy->asker, &question, read_status,
                                  on_status, operation);
    free(path);
}

static void poll_after(struct nq_tag_operation *operation, int64_t wait_ms)
{
    const int64_t left_ms = operation->deadline_ms - nq_mono_ms(operation->policy->clock);
    nq_timer_set(operation->policy->loop, &operation->timer,
                 MAX(0, MIN(wait_ms, left_ms)), poll_now, operation);
}

static void poll_later(struct nq_tag_operation *operation)
{
    poll_after(operation, operation->wait_ms);
    operation->wait_ms = MIN(2 * operation->wait_ms, POLL_MOST_MS);
}

static void poll_when_expected(struct nq_tag_operation *operation)
{
    const int64_t took_ms = operation->policy->operation_took_ms;
    const int64_t expected_ms = MAX(FIRST_POLL_MS, MIN(took_ms, EXPECTED_MOST_MS));
    operation->wait_ms = took_ms == 0 ? FIRST_POLL_MS : expected_ms / 4;
    if (took_ms == 0) {
        poll_later(operation);
    } else {
        poll_after(operation, expected_ms - operation->wait_ms);
    }
}

/* ---- PUT --------------------------------------------------------------------------- */

static void put(struct nq_tag_operation *operation);

/* Has NSX the operation, although there was no good answer? */
static bool may_be_taken(const struct nq_err *err)
{
    switch (err->code) {
    case NQ_NSX_UNREACHABLE:
    case NQ_NSX_TIMEOUT:
    case NQ_NSX_SERVER:
    case NQ_NSX_ANSWER:
        return true;
    default:
        return false;
    }
}

static void on_put(void *arg, const struct nq_err *err)
{
    struct nq_tag_operation *operation = arg;
    const bool id_in_use = err && (err->http == 409 || err->http == 412);
    operation->ask = NULL;
    operation->putting = false;
    operation->begun_ms = nq_mono_ms(operation->policy->clock);
    operation->deadline_ms =
        operation->begun_ms +
        DEADLINE_TIMEOUTS * operation->policy->conf->managers[operation->policy->manager]
                                .access.timeout_ms;
    if (!err) {
        poll_when_expected(operation);
    } else if (id_in_use && !operation->renamed && !operation->withdrawn) {
        operation->renamed = true;
        put(operation);
    } else if (may_be_taken(err) && !id_in_use) {
        operation->lost = true;
        operation->put_err = *err;
        operation->wait_ms = FIRST_POLL_MS;
        poll_now(operation);
    } else {
        finish(operation, err, false);
    }
}

static bool read_put(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    (void)arg;
    return nq_json_object(body, len, reterr);
}

/* A fresh id each time: NSX keeps operations for a time that it does not publish, and a
 * second PUT to one of them would be another thing. */
static char *new_path(void)
{
    struct nq_uuid uuid = {{0}};
    char text[NQ_UUID_TEXT];
    if (getrandom(uuid.bytes, sizeof(uuid.bytes), 0) != (ssize_t)sizeof(uuid.bytes)) {
        abort(); /* cannot be for so few bytes: getrandom(2) */
    }
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0F) | 0x40); /* RFC 4122, 4.4 */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3F) | 0x80);
    return nq_sprintf(OPERATIONS_PATH "nsx-quarantine-%s", nq_uuid_format(&uuid, text));
}

static void put(struct nq_tag_operation *operation)
{
    const struct nq_config *conf = operation->policy->conf;
    char *body = nq_json_operation_body(
        operation->change == NQ_TAG_ADD ? "apply_to" : "remove_from", conf->tag_scope,
        conf->tag_value, operation->ids, operation->count);
    operation->putting = true;
    free(operation->path);
    operation->path = new_path();
    const struct nq_question question = {
        .method = NQ_HTTP_PUT, .path = operation->path, .body = body};
    operation->ask =
        nq_ask_start(operation->policy->asker, &question, read_put, on_put, operation);
    free(body);
}

struct nq_tag_operation *nq_tag_operation_start(struct nq_policy *policy,
                                                enum nq_tag_change change,
                                                const char *const *ids, size_t count,
                                                nq_tag_operation_fn *done, void *arg)
{
    struct nq_tag_operation *operation = nq_calloc(1, sizeof(*operation));
    operation->policy = policy;
    operation->change = change;
    operation->ids = ids;
    operation->count = count;
    operation->done = done;
    operation->arg = arg;
    operation->places = nq_calloc(count, sizeof(operation->places[0]));
    operation->outcomes = nq_calloc(count, sizeof(operation->outcomes[0]));
    for (size_t i = 0; i < count; i++) {
        operation->places[i] = (struct place){.id = ids[i], .index = i};
    }
    qsort(operation->places, count, sizeof(operation->places[0]), by_id);
    put(operation);
    return operation;
}
