/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c: two bounded lists that tests read to judge what a client did. */
#include "journal.h"

#include <stdlib.h>
#include <string.h>

static void let_answer_go(struct sim_journal *journal, struct sim_journal_request *entry)
{
    if (entry->answer != NULL) {
        journal->answer_bytes -= entry->answer_length;
        free(entry->answer);
        entry->answer = NULL;
    }
}

static void request_done(struct sim_journal *journal, struct sim_journal_request *entry)
{
    let_answer_go(journal, entry);
    free(entry->answer_type);
    cJSON_Delete(entry->headers);
    free(entry->method);
    free(entry->target);
    free(entry->body);
}

static void change_done(struct sim_journal_change *entry)
{
    free(entry->external_id);
    free(entry->display_name);
    free(entry->scope);
    free(entry->tag);
}

/* Half at once, so that a full journal does not move on every request. */
static void drop_old_requests(struct sim_journal *journal)
{
    size_t half = SIM_JOURNAL_MAX / 2;

    for (size_t i = 0; i < half; i++) {
        request_done(journal, &journal->requests[i]);
    }
    journal->request_count -= half;
    journal->dropped += half;
    journal->answers_gone -= journal->answers_gone < half ? journal->answers_gone : half;
    memmove(journal->requests, journal->requests + half,
            journal->request_count * sizeof(*journal->requests));
}

static void drop_old_changes(struct sim_journal *journal)
{
    size_t half = SIM_JOURNAL_MAX / 2;

    for (size_t i = 0; i < half; i++) {
        change_done(&journal->changes[i]);
    }
    journal->change_count -= half;
    journal->dropped += half;
    memmove(journal->changes, journal->changes + half,
            journal->change_count * sizeof(*journal->changes));
}

static void add_presence(cJSON *json, const struct sim_request *request, const char *name)
{
    cJSON_AddBoolToObject(json, name, sim_request_header(request, name) != NULL);
}

static void add_text(cJSON *json, const struct sim_request *request, const char *name)
{
    const char *value = sim_request_header(request, name);

    cJSON_AddItemToObject(json, name,
                          value == NULL ? cJSON_CreateNull() : cJSON_CreateString(value));
}

/* Secrets stay out: of Authorization the scheme, of cookie and token that they are there. */
static cJSON *pick_headers(const struct sim_request *request)
{
    const char *authorization = sim_request_header(request, "Authorization");
    cJSON *json = cJSON_CreateObject();

    if (authorization == NULL) {
        cJSON_AddNullToObject(json, "Authorization");
    } else {
        char *scheme = sim_strndup(authorization, strcspn(authorization, " "));

        cJSON_AddStringToObject(json, "Authorization", scheme);
        free(scheme);
    }
    add_presence(json, request, "Cookie");
    add_presence(json, request, "X-XSRF-TOKEN");
    add_text(json, request, "Content-Type");
    add_text(json, request, "Accept");
    add_text(json, request, "If-Match");
    return json;
}

uint64_t sim_journal_begin(struct sim_journal *journal, const struct sim_request *request)
{
    size_t length = request->body_length;
    struct sim_journal_request *entry;

    if (journal->request_count == SIM_JOURNAL_MAX) {
        drop_old_requests(journal);
    }
    journal->requests =
        sim_grow(journal->requests, journal->request_count + 1, sizeof(*entry));
    entry = &journal->requests[journal->request_count++];
    *entry = (struct sim_journal_request){
        .number = ++journal->last_request,
        .time_us = sim_epoch_us(),
        .method = sim_strdup(request->method),
        .target = sim_strdup(request->target),
        .body = sim_strndup(request->body,
                            length < SIM_JOURNAL_BODY ? length : SIM_JOURNAL_BODY),
        .node = request->node,
        .headers = pick_headers(request),
    };
    return entry->number;
}

static struct sim_journal_request *find(struct sim_journal *journal, uint64_t number)
{
    for (size_t i = journal->request_count; i > 0; i--) {
        if (journal->requests[i - 1].number == number) {
            return &journal->requests[i - 1];
        }
    }
    return NULL;
}

void sim_journal_fault(struct sim_journal *journal, uint64_t number, const char *fault)
{
    struct sim_journal_request *entry = find(journal, number);

    if (entry != NULL) {
        entry->fault = fault;
    }
}

static void keep_answer(struct sim_journal *journal, struct sim_journal_request *entry,
                        const struct sim_reply *reply)
{
    size_t length =
        reply->length < SIM_JOURNAL_ANSWER ? reply->length : SIM_JOURNAL_ANSWER;

    entry->answer_type = sim_strdup(reply->content_type == NULL && reply->body != NULL
                                        ? SIM_JSON_TYPE
                                        : reply->content_type);
    entry->answer = sim_strndup(reply->body, length);
    entry->answer_length = length;
    journal->answer_bytes += length;
    while (journal->answer_bytes > SIM_JOURNAL_ANSWERS &&
           journal->answers_gone < journal->request_count) {
        let_answer_go(journal, &journal->requests[journal->answers_gone++]);
    }
}

void sim_journal_answer(struct sim_journal *journal, uint64_t number, unsigned status,
                        const struct sim_reply *reply, bool answered)
{
    struct sim_journal_request *entry = find(journal, number);

    if (entry != NULL) {
        entry->status = status;
        entry->answered = answered;
        if (status != 0) {
            keep_answer(journal, entry, reply);
        }
    }
}

void sim_journal_lost(struct sim_journal *journal, uint64_t number)
{
    struct sim_journal_request *entry = find(journal, number);

    if (entry != NULL) {
        entry->answered = false;
    }
}

void sim_journal_change(struct sim_journal *journal, const struct sim_change *change)
{
    struct sim_journal_change *entry;

    if (journal->change_count == SIM_JOURNAL_MAX) {
        drop_old_changes(journal);
    }
    journal->changes =
        sim_grow(journal->changes, journal->change_count + 1, sizeof(*entry));
    entry = &journal->changes[journal->change_count++];
    *entry = (struct sim_journal_change){
        .number = ++journal->last_change,
        .request = change->request,
        .time_us = sim_epoch_us(),
        .external_id = sim_strdup(change->external_id),
        .display_name = sim_strdup(change->display_name),
        .added = change->added,
        .scope = sim_strdup(change->scope),
        .tag = sim_strdup(change->tag),
    };
}

void sim_journal_clear(struct sim_journal *journal)
{
    for (size_t i = 0; i < journal->request_count; i++) {
        request_done(journal, &journal->requests[i]);
    }
    for (size_t i = 0; i < journal->change_count; i++) {
        change_done(&journal->changes[i]);
    }
    free(journal->requests);
    free(journal->changes);
    journal->requests = NULL;
    journal->request_count = 0;
    journal->changes = NULL;
    journal->change_count = 0;
    journal->dropped = 0;
    journal->answers_gone = 0;
}

static cJSON *answer_json(const struct sim_journal_request *entry)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "status", entry->status);
    cJSON_AddStringToObject(json, "content_type",
                            entry->answer_type == NULL ? "" : entry->answer_type);
    cJSON_AddStringToObject(json, "body", entry->answer == NULL ? "" : entry->answer);
    return json;
}

static cJSON *request_json(const struct sim_journal_request *entry, bool bodies)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "number", (double)entry->number);
    cJSON_AddNumberToObject(json, "time_ms", (double)entry->time_us / 1000);
    cJSON_AddStringToObject(json, "method", entry->method);
    cJSON_AddStringToObject(json, "path", entry->target);
    cJSON_AddStringToObject(json, "body", entry->body);
    cJSON_AddNumberToObject(json, "node", entry->node);
    cJSON_AddItemToObject(json, "headers", cJSON_Duplicate(entry->headers, 1));
    cJSON_AddNumberToObject(json, "status", entry->status);
    if (bodies && entry->status != 0) {
        cJSON_AddItemToObject(json, "answer", answer_json(entry));
    }
    cJSON_AddBoolToObject(json, "answered", entry->answered);
    if (entry->fault != NULL) {
        cJSON_AddStringToObject(json, "fault", entry->fault);
    }
    return json;
}

static cJSON *change_json(const struct sim_journal_change *entry)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "number", (double)entry->number);
    if (entry->request == 0) {
        cJSON_AddNullToObject(json, "request");
    } else {
        cJSON_AddNumberToObject(json, "request", (double)entry->request);
    }
    cJSON_AddNumberToObject(json, "time_ms", (double)entry->time_us / 1000);
    cJSON_AddStringToObject(json, "external_id", entry->external_id);
    cJSON_AddStringToObject(json, "display_name", entry->display_name);
    cJSON_AddStringToObject(json, "change", entry->added ? "added" : "removed");
    cJSON_AddStringToObject(json, "scope", entry->scope);
    cJSON_AddStringToObject(json, "tag", entry->tag);
    return json;
}

/* Changes by control calls belong to no request: they show only in the whole journal. */
static bool change_is_newer(const struct sim_journal_change *entry, uint64_t since)
{
    return since == 0 || entry->request > since;
}

cJSON *sim_journal_json(const struct sim_journal *journal, uint64_t since, bool bodies)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(json, "requests");

    for (size_t i = 0; i < journal->request_count; i++) {
        if (journal->requests[i].number > since) {
            cJSON_AddItemToArray(list, request_json(&journal->requests[i], bodies));
        }
    }
    list = cJSON_AddArrayToObject(json, "changes");
    for (size_t i = 0; i < journal->change_count; i++) {
        if (change_is_newer(&journal->changes[i], since)) {
            cJSON_AddItemToArray(list, change_json(&journal->changes[i]));
        }
    }
    cJSON_AddNumberToObject(json, "last_request", (double)journal->last_request);
    cJSON_AddNumberToObject(json, "last_change", (double)journal->last_change);
    cJSON_AddNumberToObject(json, "dropped", (double)journal->dropped);
    return json;
}
