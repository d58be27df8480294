/* SPDX-License-Identifier: Apache-2.0 */
/* world_control.c: the simulator's own routes, by which tests break it and ask it what it
 * has seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "world_folder.h"
#include "world_manager.h"

struct control {
    bool over;
    int status;
    char *body;
};

static void on_control(void *arg, const struct nq_http_answer *answer)
{
    struct control *control = arg;
    control->over = true;
    control->status = answer->status;
    control->body =
        nq_strdup(answer->end == NQ_HTTP_ANSWERED ? answer->body : answer->reason);
}

static char *control(struct manager *manager, enum nq_http_method method,
                     const char *path, const char *json)
{
    struct control control = {0};
    const struct nq_http_request request = {
        .method = method,
        .path = path,
        .body = json,
        .content_type = "application/json",
    };
    (void)nq_http_start(manager_control(manager), &request, on_control, &control);
    manager_run_until(manager, &control.over);
    if (control.status < 200 || control.status > 299) {
        fail_msg("%s: HTTP %d %s", path, control.status, control.body);
    }
    return control.body;
}

char *manager_get(struct manager *manager, const char *path)
{
    return control(manager, NQ_HTTP_GET, path, NULL);
}

void manager_post(struct manager *manager, const char *path, const char *json)
{
    free(control(manager, NQ_HTTP_POST, path, json));
}

void manager_put(struct manager *manager, const char *path, const char *json)
{
    free(control(manager, NQ_HTTP_PUT, path, json));
}

void manager_delete(struct manager *manager, const char *path)
{
    free(control(manager, NQ_HTTP_DELETE, path, NULL));
}

void manager_fault(struct manager *manager, const char *json)
{
    manager_post(manager, "/sim/faults", json);
}

void manager_set_node(struct manager *manager, size_t node, const char *state)
{
    char path[32];
    char body[64];
    (void)snprintf(path, sizeof(path), "/sim/nodes/%zu", node);
    (void)snprintf(body, sizeof(body), "{\"state\":\"%s\"}", state);
    manager_post(manager, path, body);
}

void manager_set_certificate(struct manager *manager, const char *cert, const char *key)
{
    char *cert_text = folder_text(manager_file(cert));
    char *key_text = folder_text(manager_file(key));
    cJSON *json = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(json, "cert", cert_text);
    (void)cJSON_AddStringToObject(json, "key", key_text);
    char *text = cJSON_PrintUnformatted(json);
    manager_post(manager, "/sim/certificate", text);
    cJSON_free(text);
    cJSON_Delete(json);
    free(key_text);
    free(cert_text);
}

/* ---- the journal ---------------------------------------------------------------------- */

/* method NULL and status 0: any. */
static size_t count_requests(struct manager *manager, const char *method,
                             const char *target, int status)
{
    size_t count = 0;
    char *text = manager_get(manager, "/sim/journal");
    cJSON *journal = cJSON_Parse(text);
    const cJSON *entry = NULL;
    assert_non_null(journal);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(journal, "requests"))
    {
        const char *entry_method =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "method"));
        const char *path =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "path"));
        const cJSON *answered = cJSON_GetObjectItemCaseSensitive(entry, "status");
        assert_true(entry_method && path);
        count += (!method || strcmp(entry_method, method) == 0) &&
                 strncmp(path, target, strlen(target)) == 0 &&
                 (status == 0 || (int)cJSON_GetNumberValue(answered) == status);
    }
    cJSON_Delete(journal);
    free(text);
    return count;
}

size_t manager_requests(struct manager *manager, const char *method, const char *target)
{
    return count_requests(manager, method, target, 0);
}

size_t manager_answers(struct manager *manager, const char *target, int status)
{
    return count_requests(manager, NULL, target, status);
}

size_t manager_changes(struct manager *manager)
{
    char *text = manager_get(manager, "/sim/journal");
    cJSON *journal = cJSON_Parse(text);
    assert_non_null(journal);
    const int count =
        cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(journal, "changes"));
    cJSON_Delete(journal);
    free(text);
    return (size_t)count;
}

void manager_forget(struct manager *manager)
{
    manager_post(manager, "/sim/journal/clear", "{}");
}
