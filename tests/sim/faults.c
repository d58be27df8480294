/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c: reads faults, and finds the one for a request. */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

static const struct sim_json_member fault_members[] = {
    {"node", SIM_JSON_COUNT, false},
    {"method", SIM_JSON_STRING, false},
    {"path", SIM_JSON_STRING, false},
    {"query", SIM_JSON_STRING, false},
    {"after", SIM_JSON_COUNT, false},
    {"times", SIM_JSON_COUNT, false},
    {"delay_ms", SIM_JSON_COUNT, false},
    {"hang", SIM_JSON_BOOL, false},
    {"hold", SIM_JSON_BOOL, false},
    {"hold_after", SIM_JSON_BOOL, false},
    {"status", SIM_JSON_COUNT, false},
    {"body", SIM_JSON_ANY, false},
    {"headers", SIM_JSON_OBJECT, false},
    {"content_type", SIM_JSON_STRING, false},
    {"retry_after", SIM_JSON_COUNT, false},
    {"html", SIM_JSON_BOOL, false},
    {"truncate", SIM_JSON_COUNT, false},
    {"half", SIM_JSON_BOOL, false},
    {"pad", SIM_JSON_COUNT, false},
    {"slow", SIM_JSON_COUNT, false},
    {"chunked", SIM_JSON_BOOL, false},
    {"reset", SIM_JSON_BOOL, false},
    {"drop_after_apply", SIM_JSON_BOOL, false},
    {"ignore", SIM_JSON_BOOL, false},
};

/* The members that say what goes wrong. The last ones may accompany any other. */
static const struct {
    const char *member;
    enum sim_fault_kind kind;
    bool accompanies;
} kinds[] = {
    {"hang", SIM_FAULT_HANG, false},
    {"hold", SIM_FAULT_HOLD, false},
    {"hold_after", SIM_FAULT_HOLD_AFTER, false},
    {"status", SIM_FAULT_STATUS, false},
    {"html", SIM_FAULT_HTML, false},
    {"truncate", SIM_FAULT_TRUNCATE, false},
    {"half", SIM_FAULT_HALF, false},
    {"reset", SIM_FAULT_RESET, false},
    {"drop_after_apply", SIM_FAULT_DROP_AFTER_APPLY, false},
    {"ignore", SIM_FAULT_IGNORE, false},
    {"pad", SIM_FAULT_PAD, true},
    {"slow", SIM_FAULT_SLOW, true},
    {"chunked", SIM_FAULT_CHUNKED, true},
    {"delay_ms", SIM_FAULT_DELAY, true},
};

#define KIND_COUNT (SIM_COUNT_OF(kinds))

static const char proxy_page[] =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    "<body><h1>Proxy</h1><p>Please sign in to continue.</p></body></html>\n";

const char *sim_fault_name(enum sim_fault_kind kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].member;
        }
    }
    return NULL;
}

static bool read_kind(const cJSON *doc, const char *where, enum sim_fault_kind *ret_kind,
                      struct sim_err *err)
{
    enum sim_fault_kind kind = SIM_FAULT_NONE;

    for (size_t i = 0; i < KIND_COUNT; i++) {
        const cJSON *item = sim_json_get(doc, kinds[i].member);

        if (item == NULL || cJSON_IsFalse(item)) {
            continue;
        }
        if (kind != SIM_FAULT_NONE && !kinds[i].accompanies) {
            return sim_fail(err, "%s.%s: another member already says what goes wrong",
                            where, kinds[i].member);
        }
        if (kind == SIM_FAULT_NONE) {
            kind = kinds[i].kind;
        }
    }
    if (kind == SIM_FAULT_NONE) {
        return sim_fail(err, "%s: no member says what goes wrong", where);
    }
    *ret_kind = kind;
    return true;
}

static bool check_answer(const cJSON *doc, const char *where, struct sim_err *err)
{
    uint64_t status = sim_json_count(doc, "status", 200);
    const cJSON *header;

    if (status < 200 || status > 599) {
        return sim_fail(err, "%s.status: must be 200 to 599", where);
    }
    if (sim_json_get(doc, "retry_after") != NULL && sim_json_get(doc, "status") == NULL) {
        return sim_fail(err, "%s.retry_after: goes with status", where);
    }
    if (sim_json_count(doc, "pad", 0) > SIM_PAD_MAX) {
        return sim_fail(err, "%s.pad: more than %u", where, SIM_PAD_MAX);
    }
    if (sim_json_get(doc, "slow") != NULL && sim_json_count(doc, "slow", 0) == 0) {
        return sim_fail(err, "%s.slow: must be 1 byte in a second or more", where);
    }
    if (cJSON_GetArraySize(sim_json_get(doc, "headers")) > SIM_HEADERS_MAX) {
        return sim_fail(err, "%s.headers: more than %d", where, SIM_HEADERS_MAX);
    }
    cJSON_ArrayForEach(header, sim_json_get(doc, "headers"))
    {
        if (!cJSON_IsString(header)) {
            return sim_fail(err, "%s.headers.%s: must be a string", where,
                            header->string);
        }
    }
    return true;
}

static bool read_fault(const cJSON *doc, const char *where, struct sim_fault *fault,
                       struct sim_err *err)
{
    if (!SIM_JSON_CHECK(doc, fault_members, where, err) ||
        !read_kind(doc, where, &fault->kind, err) || !check_answer(doc, where, err)) {
        return false;
    }
    fault->doc = cJSON_Duplicate(doc, 1);
    return true;
}

bool sim_faults_add(struct sim_faults *faults, const cJSON *list, struct sim_err *err)
{
    size_t before = faults->count;
    bool single = !cJSON_IsArray(list);
    int count = single ? 1 : cJSON_GetArraySize(list);
    bool good = true;

    for (int i = 0; good && i < count; i++) {
        char *at = sim_format("[%d]", i);
        struct sim_fault fault = {0};

        good = read_fault(single ? list : cJSON_GetArrayItem(list, i), at, &fault, err);
        if (good && faults->count == SIM_FAULTS_MAX) {
            cJSON_Delete(fault.doc);
            good = sim_fail(err, "%s: more than %d faults", at, SIM_FAULTS_MAX);
        } else if (good) {
            faults->items = sim_grow(faults->items, faults->count + 1, sizeof(fault));
            faults->items[faults->count++] = fault;
        }
        free(at);
    }
    while (!good && faults->count > before) {
        cJSON_Delete(faults->items[--faults->count].doc);
    }
    return good;
}

void sim_faults_clear(struct sim_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        cJSON_Delete(faults->items[i].doc);
    }
    free(faults->items);
    *faults = (struct sim_faults){0};
}

cJSON *sim_faults_json(const struct sim_faults *faults)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < faults->count; i++) {
        cJSON *json = cJSON_Duplicate(faults->items[i].doc, 1);

        cJSON_AddNumberToObject(json, "matched", (double)faults->items[i].matched);
        cJSON_AddNumberToObject(json, "applied", (double)faults->items[i].applied);
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static bool fits(const cJSON *doc, const struct sim_request *request)
{
    const char *method = sim_json_text(doc, "method", request->method);
    const char *path = sim_json_text(doc, "path", "");
    const char *query = sim_json_text(doc, "query", "");
    const char *mark = strchr(request->target, '?');

    return sim_json_count(doc, "node", request->node) == request->node &&
           strcmp(method, request->method) == 0 &&
           strncmp(request->target, path, strlen(path)) == 0 &&
           strstr(mark == NULL ? "" : mark + 1, query) != NULL;
}

static void plan_answer(struct sim_plan *plan, const cJSON *doc)
{
    const cJSON *body = sim_json_get(doc, "body");
    const char *type = sim_json_text(doc, "content_type", NULL);
    const cJSON *header;

    if (plan->kind == SIM_FAULT_HTML) {
        sim_reply_text(&plan->reply, 200, "text/html; charset=utf-8", proxy_page);
        return;
    }
    if (cJSON_IsString(body)) {
        sim_reply_text(&plan->reply, (unsigned)sim_json_count(doc, "status", 200), type,
                       body->valuestring);
    } else if (body != NULL) {
        char *text = cJSON_PrintUnformatted(body);

        sim_reply_text(&plan->reply, (unsigned)sim_json_count(doc, "status", 200), type,
                       text);
        free(text);
    } else {
        sim_reply_empty(&plan->reply, (unsigned)sim_json_count(doc, "status", 200));
    }
    if (sim_json_get(doc, "retry_after") != NULL) {
        char *seconds =
            sim_format("%llu", (unsigned long long)sim_json_count(doc, "retry_after", 0));

        sim_reply_header(&plan->reply, "Retry-After", seconds);
        free(seconds);
    }
    cJSON_ArrayForEach(header, sim_json_get(doc, "headers"))
    {
        sim_reply_header(&plan->reply, header->string, header->valuestring);
    }
}

struct sim_plan sim_faults_take(struct sim_faults *faults,
                                const struct sim_request *request)
{
    struct sim_plan plan = {.kind = SIM_FAULT_NONE};

    for (size_t i = 0; i < faults->count; i++) {
        struct sim_fault *fault = &faults->items[i];
        uint64_t after = sim_json_count(fault->doc, "after", 0);
        uint64_t times = sim_json_count(fault->doc, "times", 0);

        if (!fits(fault->doc, request) || (times > 0 && fault->applied >= times)) {
            continue;
        }
        fault->matched++;
        if (fault->matched <= after) {
            continue;
        }
        fault->applied++;
        plan.kind = fault->kind;
        plan.delay_ms = sim_json_count(fault->doc, "delay_ms", 0);
        plan.truncate = sim_json_count(fault->doc, "truncate", 0);
        plan.pad_to = sim_json_count(fault->doc, "pad", 0);
        plan.bytes_per_s = sim_json_count(fault->doc, "slow", 0);
        plan.chunked = sim_json_bool(fault->doc, "chunked", false);
        if (plan.kind == SIM_FAULT_STATUS || plan.kind == SIM_FAULT_HTML) {
            plan_answer(&plan, fault->doc);
        }
        break;
    }
    return plan;
}

void sim_plan_done(struct sim_plan *plan)
{
    sim_reply_done(&plan->reply);
}
