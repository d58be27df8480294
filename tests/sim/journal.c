/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c: two bounded lists that tests read to judge what a client did. */
#include "journal.h"

#include <stdlib.h>
#include <string.h>

static void request_done(struct sim_journal_request *entry)
{
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
        request_done(&journal->requests[i]);
    }
    journal->request_count -= half;
    journal->dropped += half;
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

uint64_t sim_journal_begin(struct sim_journal *journal, const char *method,
                           const char *target, const char *body, size_t length)
{
    struct sim_journal_request *entry;

    if (journal->request_count == SIM_JOURNAL_MAX) {
        drop_old_requests(journal);
    }
    journal->requests =
        sim_grow(journal->requests, journal->request_count + 1, sizeof(*entry));
    entry = &journal->requests[journal->request_count++];
    *entry = (struct sim_journal_request){
        .number = ++journal->last_request,
        .time_ms = sim_epoch_ms(),
        .method = sim_strdup(method),
        .target = sim_strdup(target),
        .body = sim_strndup(body, length < SIM_JOURNAL_BODY ? length : SIM_JOURNAL_BODY),
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

void sim_journal_answer(struct sim_journal *journal, uint64_t number, unsigned status,
                        bool answered)
{
    struct sim_journal_request *entry = find(journal, number);

    if (entry != NULL) {
        entry->status = status;
        entry->answered = answered;
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
        .time_ms = sim_epoch_ms(),
        .external_id = sim_strdup(change->external_id),
        .display_name = sim_strdup(change->display_name),
        .added = change->added,
        .scope = sim_strdup(change->tag->scope),
        .tag = sim_strdup(change->tag->tag),
    };
}

void sim_journal_clear(struct sim_journal *journal)
{
    for (size_t i = 0; i < journal->request_count; i++) {
        request_done(&journal->requests[i]);
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
}

static cJSON *request_json(const struct sim_journal_request *entry)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "number", (double)entry->number);
    cJSON_AddNumberToObject(json, "time_ms", (double)entry->time_ms);
    cJSON_AddStringToObject(json, "method", entry->method);
    cJSON_AddStringToObject(json, "path", entry->target);
    cJSON_AddStringToObject(json, "body", entry->body);
    cJSON_AddNumberToObject(json, "status", entry->status);
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
    cJSON_AddNumberToObject(json, "time_ms", (double)entry->time_ms);
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

bool sim_journal_has(const struct sim_journal *journal, uint64_t since, uint64_t requests,
                     uint64_t changes)
{
    for (size_t i = 0; i < journal->request_count && requests > 0; i++) {
        requests -= journal->requests[i].number > since;
    }
    for (size_t i = 0; i < journal->change_count && changes > 0; i++) {
        changes -= change_is_newer(&journal->changes[i], since);
    }
    return requests == 0 && changes == 0;
}

cJSON *sim_journal_json(const struct sim_journal *journal, uint64_t since)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(json, "requests");

    for (size_t i = 0; i < journal->request_count; i++) {
        if (journal->requests[i].number > since) {
            cJSON_AddItemToArray(list, request_json(&journal->requests[i]));
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
