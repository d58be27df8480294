/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c: see requests.h. */
#include "quarantine/requests.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "quarantine/engine_internal.h"

#define NOT_ACTIVE "waits for its nqRequestRowStatus to become active"

/* ---- the rows ------------------------------------------------------------------------ */

static int64_t now_of(const struct nq_engine *engine)
{
    return nq_mono_ms(engine->setup.clock);
}

/* The first row at or behind the index. */
static size_t place_of(const struct nq_requests *requests, uint32_t index)
{
    size_t low = 0;
    size_t high = requests->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (requests->rows[middle].index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct nq_request *find(struct nq_requests *requests, uint32_t index)
{
    const size_t at = place_of(requests, index);
    return at < requests->count && requests->rows[at].index == index ? &requests->rows[at]
                                                                     : NULL;
}

static struct nq_request *insert(struct nq_requests *requests, uint32_t index)
{
    if (requests->count == requests->room) {
        requests->room = requests->room ? 2 * requests->room : 8;
        requests->rows =
            nq_realloc(requests->rows, requests->room, sizeof(*requests->rows));
    }
    const size_t at = place_of(requests, index);
    struct nq_request *row = &requests->rows[at];
    memmove(row + 1, row, (requests->count - at) * sizeof(*row));
    requests->count++;
    *row = (struct nq_request){
        .index = index,
        .action = NQ_REQUEST_QUARANTINE,
        .result = NQ_REQUEST_PENDING,
    };
    nq_text_set(&row->result_text, NOT_ACTIVE);
    return row;
}

static void free_row(struct nq_request *row)
{
    free(row->target);
    free(row->comment);
    free(row->result_text);
}

static void erase(struct nq_requests *requests, struct nq_request *row)
{
    const size_t behind = (size_t)(requests->rows + requests->count - (row + 1));
    free_row(row);
    memmove(row, row + 1, behind * sizeof(*row));
    requests->count--;
}

void nq_requests_free(struct nq_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        free_row(&requests->rows[i]);
    }
    free(requests->rows);
    *requests = (struct nq_requests){0};
}

void nq_requests_done(struct nq_engine *engine)
{
    nq_timer_clear(engine->setup.loop, &engine->requests.timer);
    nq_requests_free(&engine->requests);
}

const struct nq_request *nq_engine_requests(const struct nq_engine *engine,
                                            size_t *ret_count)
{
    *ret_count = engine->requests.count;
    return engine->requests.rows;
}

/* ---- age ----------------------------------------------------------------------------- */

static void on_due(void *arg);

static void await_next(struct nq_engine *engine)
{
    const struct nq_requests *requests = &engine->requests;
    int64_t next_ms = 0;
    for (size_t i = 0; i < requests->count; i++) {
        const int64_t due_ms = requests->rows[i].due_ms;
        if (due_ms > 0 && (next_ms == 0 || due_ms < next_ms)) {
            next_ms = due_ms;
        }
    }
    nq_timer_clear(engine->setup.loop, &engine->requests.timer);
    if (next_ms > 0) {
        const int64_t wait_ms = next_ms - now_of(engine);
        nq_timer_set(engine->setup.loop, &engine->requests.timer,
                     wait_ms > 0 ? wait_ms : 0, on_due, engine);
    }
}

static void on_due(void *arg)
{
    struct nq_engine *engine = arg;
    const int64_t now = now_of(engine);
    for (size_t i = engine->requests.count; i > 0; i--) {
        struct nq_request *row = &engine->requests.rows[i - 1];
        if (row->due_ms > 0 && row->due_ms <= now) {
            erase(&engine->requests, row);
        }
    }
    await_next(engine);
}

static void set_due(struct nq_engine *engine, struct nq_request *row, int64_t ms)
{
    row->due_ms = ms > 0 ? now_of(engine) + ms : 0;
    await_next(engine);
}

/* ---- what becomes of them ------------------------------------------------------------ */

static void conclude(struct nq_engine *engine, struct nq_request *row,
                     struct nq_request_outcome outcome)
{
    nq_text_set(&row->result_text, outcome.text);
    row->settled = outcome.settled;
    if (outcome.result != row->result) {
        row->result = outcome.result;
        set_due(engine, row,
                outcome.result == NQ_REQUEST_PENDING ? 0 : NQ_REQUEST_FINISHED_MS);
    }
}

static void follow(struct nq_engine *engine, struct nq_request *row,
                   const struct nq_case *record)
{
    conclude(engine, row, nq_request_judge(row->action, record));
}

struct nq_requests nq_engine_take_requests(struct nq_engine *engine)
{
    nq_timer_clear(engine->setup.loop, &engine->requests.timer);
    const struct nq_requests taken = engine->requests;
    engine->requests = (struct nq_requests){0};
    return taken;
}

void nq_engine_give_requests(struct nq_engine *engine, struct nq_requests *requests)
{
    engine->requests = *requests;
    *requests = (struct nq_requests){0};
    for (size_t i = 0; i < engine->requests.count; i++) {
        struct nq_request *row = &engine->requests.rows[i];
        const struct nq_episode *episode =
            row->settled ? NULL : nq_episode_of(engine, row->case_id);
        if (episode) {
            follow(engine, row, &episode->record);
        }
    }
    await_next(engine);
}

void nq_requests_on_case(struct nq_engine *engine, const struct nq_case *record)
{
    struct nq_requests *requests = &engine->requests;
    for (size_t i = 0; i < requests->count; i++) {
        struct nq_request *row = &requests->rows[i];
        if (row->case_id == record->id && !row->settled) {
            follow(engine, row, record);
        }
    }
}

bool nq_requests_want(const struct nq_engine *engine, uint32_t case_id)
{
    const struct nq_requests *requests = &engine->requests;
    for (size_t i = 0; i < requests->count; i++) {
        if (requests->rows[i].case_id == case_id && !requests->rows[i].settled) {
            return true;
        }
    }
    return false;
}

void nq_requests_move(struct nq_engine *engine, uint32_t from_case,
                      const struct nq_case *to)
{
    struct nq_requests *requests = &engine->requests;
    for (size_t i = 0; i < requests->count; i++) {
        struct nq_request *row = &requests->rows[i];
        if (row->case_id == from_case && !row->settled) {
            row->case_id = to->id;
            follow(engine, row, to);
        }
    }
}

static uint32_t begin_release(struct nq_engine *engine, const struct nq_request *row,
                              const char *actor)
{
    const uint32_t id = nq_engine_case_named(engine, row->target);
    if (id != 0) {
        nq_engine_command(engine, id, NQ_WANT_RELEASE, actor);
    }
    return id;
}

static uint32_t begin_quarantine(struct nq_engine *engine, const struct nq_request *row,
                                 const char *actor)
{
    /* No cause: many requests for one reason are no outbreak. */
    return nq_engine_quarantine(engine, row->target, NULL, actor);
}

static const struct {
    uint32_t (*begin)(struct nq_engine *engine, const struct nq_request *row,
                      const char *actor);
    const char *no_case;
} actions[NQ_REQUEST_ACTION_END] = {
    [NQ_REQUEST_QUARANTINE] = {begin_quarantine,
                               "there are as many cases as cases_max allows"},
    [NQ_REQUEST_RELEASE] = {begin_release,
                            "no open case has a VM of that name, or several have"},
};

/* The engine tells of the case while it begins, and the row follows when it has begun. */
static void carry_out(struct nq_engine *engine, uint32_t index, const char *actor)
{
    struct nq_request *row = find(&engine->requests, index);
    const uint32_t id = actions[row->action].begin(engine, row, actor);
    const struct nq_episode *episode = nq_episode_of(engine, id);
    row->case_id = id;
    if (!episode) {
        conclude(engine, row,
                 (struct nq_request_outcome){NQ_REQUEST_FAILED, true,
                                             actions[row->action].no_case});
        return;
    }
    if (nq_text_or_empty(row->comment)[0] != '\0') {
        nq_engine_comment(engine, id, row->comment, actor);
    }
    set_due(engine, row, 0);
    follow(engine, row, &episode->record);
}

/* ---- a SET --------------------------------------------------------------------------- */

static struct nq_request_step judge_change(struct nq_engine *engine,
                                           const struct nq_request *before,
                                           const struct nq_request_change *change,
                                           size_t others)
{
    struct nq_request_step step = nq_request_step(before, change);
    if (step.fault == NQ_REQUEST_OK && !before && step.after != NQ_ROW_DESTROY &&
        engine->requests.count + others >= NQ_REQUESTS_MAX) {
        step =
            (struct nq_request_step){.fault = NQ_REQUEST_TOO_MANY, .about_status = true};
    }
    return step;
}

struct nq_request_step nq_engine_may_request(struct nq_engine *engine,
                                             const struct nq_request_change *change,
                                             size_t others)
{
    struct nq_request *row = find(&engine->requests, change->index);
    const struct nq_request_step step = judge_change(engine, row, change, others);
    if (step.fault == NQ_REQUEST_OK && row && row->status != NQ_ROW_ACTIVE) {
        set_due(engine, row, NQ_REQUEST_UNUSED_MS);
    }
    return step;
}

void nq_engine_request(struct nq_engine *engine, const struct nq_request_change *change,
                       const char *actor)
{
    struct nq_request *row = find(&engine->requests, change->index);
    const struct nq_request_step step = judge_change(engine, row, change, 0);
    if (step.fault != NQ_REQUEST_OK) {
        return;
    }
    if (step.after == NQ_ROW_DESTROY) {
        if (row) {
            erase(&engine->requests, row);
        }
        return;
    }
    const bool was_active = row && row->status == NQ_ROW_ACTIVE;
    if (!row) {
        row = insert(&engine->requests, change->index);
    }
    if (change->target) {
        nq_text_set(&row->target, change->target);
    }
    if (change->comment) {
        nq_text_set(&row->comment, change->comment);
    }
    if (change->action) {
        row->action = change->action;
    }
    row->status = step.after;
    if (step.after != NQ_ROW_ACTIVE) {
        set_due(engine, row, NQ_REQUEST_UNUSED_MS);
    } else if (!was_active) {
        carry_out(engine, change->index, actor);
    }
}
