/* SPDX-License-Identifier: Apache-2.0 */
/* read_json.c: see read_json.h. */
#include "nsx/read_json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- reading values ------------------------------------------------------------------- */

const cJSON *nq_json_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *nq_json_text(const cJSON *object, const char *name)
{
    return nq_text_or_empty(cJSON_GetStringValue(nq_json_member(object, name)));
}

int64_t nq_json_number(const cJSON *item)
{
    if (cJSON_IsNumber(item)) {
        /* Values outside cannot be converted; none of NSX's codes is near. */
        return item->valuedouble > -1e15 && item->valuedouble < 1e15
                   ? (int64_t)item->valuedouble
                   : 0;
    }
    const char *digits = cJSON_GetStringValue(item);
    char *end = NULL;
    errno = 0;
    const long long value = digits ? strtoll(digits, &end, 10) : 0;
    return digits && end != digits && *end == '\0' && errno == 0 ? value : 0;
}

static bool only_space(const char *from, const char *end)
{
    for (; from < end; from++) {
        if (!strchr(" \t\r\n", *from) || *from == '\0') {
            return false;
        }
    }
    return true;
}

cJSON *nq_json_parse(const char *body, size_t len, struct nq_err *reterr)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(body, len, &end, false);
    if (!root) {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "%s",
                      len == 0       ? "the body is empty"
                      : *body == '<' ? "the body is HTML or XML, not JSON"
                      : *body == '{' ? "the body is broken JSON"
                                     : "the body is not JSON");
        return NULL;
    }
    if (!cJSON_IsObject(root) || !only_space(end, body + len)) {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "the body is not one JSON object");
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

/* ---- lists ---------------------------------------------------------------------------- */

/* FNV-1a, gone on with. */
static uint32_t mark_with(uint32_t mark, const char *id)
{
    do {
        mark = (mark ^ (unsigned char)*id) * 16777619U;
    } while (*id++);
    return mark;
}

static bool is_zero(const cJSON *item)
{
    return cJSON_IsNumber(item)
               ? item->valuedouble >= 0 && item->valuedouble < 1
               : strcmp(cJSON_IsString(item) ? item->valuestring : "", "0") == 0;
}

/* Both members are absent more often than not, and each has been seen as a number and as
 * text. */
static bool read_page(const cJSON *root, struct nq_page *page, struct nq_err *reterr)
{
    *page = (struct nq_page){.result_count = -1};
    const cJSON *count = nq_json_member(root, "result_count");
    if (count) {
        page->result_count = nq_json_number(count);
        if (page->result_count < 0 || page->result_count > 1000000000000 ||
            (page->result_count == 0 && !is_zero(count))) {
            return nq_fail(reterr, NQ_NSX_ANSWER, "result_count is no count");
        }
    }
    const cJSON *cursor = nq_json_member(root, "cursor");
    if (cJSON_IsNumber(cursor)) {
        (void)snprintf(page->cursor, sizeof(page->cursor), "%lld",
                       (long long)nq_json_number(cursor));
        return true;
    }
    const char *text = nq_json_text(root, "cursor");
    if (strlen(text) > NQ_CURSOR_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "the cursor is longer than %d bytes",
                       NQ_CURSOR_MAX);
    }
    (void)snprintf(page->cursor, sizeof(page->cursor), "%s", text);
    return true;
}

bool nq_json_list(const char *body, size_t len, struct nq_item_kind kind, void *arg,
                  struct nq_page *ret_page, struct nq_err *reterr)
{
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    bool good = read_page(root, ret_page, reterr);
    const cJSON *results = nq_json_member(root, "results");
    if (good && !cJSON_IsArray(results)) {
        good = nq_fail(reterr, NQ_NSX_ANSWER, "the list has no results");
    }
    if (good) {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, results)
        {
            if (!cJSON_IsObject(item) || !kind.read(item, arg)) {
                good = nq_fail(reterr, NQ_NSX_ANSWER,
                               "item %zu of the list has no usable %s",
                               ret_page->items + 1, kind.id);
                break;
            }
            ret_page->items++;
            ret_page->mark = mark_with(ret_page->mark, nq_json_text(item, kind.id));
        }
    }
    cJSON_Delete(root);
    return good;
}
