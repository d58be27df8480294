/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: the settings as rows, so that file, PATCH and GET cannot disagree. */
#include "settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, CHOICE, FLAG, TEXTS };

static const struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *text;  /* TEXT: default; CHOICE: the word for false, the default first */
    const char *other; /* CHOICE: the word for true */
    uint64_t number;   /* NUMBER, FLAG: default; CHOICE: 1 when `other` is the default */
} rows[] = {
#define AT(member) offsetof(struct sim_settings, member)
    {"user", TEXT, AT(user), "admin", NULL, 0},
    {"password", TEXT, AT(password), "VMware1!VMware1!", NULL, 0},
    {"product_version", TEXT, AT(product_version), "4.1.2.0.0.22589037", NULL, 0},
    {"node_version", TEXT, AT(node_version), "4.1.2.0.0.22589037", NULL, 0},
    {"membership_delay_ms", NUMBER, AT(delays.membership_ms), NULL, NULL, 0},
    {"realization_delay_ms", NUMBER, AT(delays.realization_ms), NULL, NULL, 0},
    {"stale_inventory_ms", NUMBER, AT(stale_inventory_ms), NULL, NULL, 0},
    {"tag_operation_delay_ms", NUMBER, AT(tag_operation_delay_ms), NULL, NULL, 200},
    {"tag_operations", FLAG, AT(tag_operations), NULL, NULL, 1},
    {"add_remove_tags", FLAG, AT(add_remove_tags), NULL, NULL, 1},
    {"vm_paging", CHOICE, AT(vm_paging_quirk), "spec", "quirk", 1},
    {"statistics", CHOICE, AT(flat_statistics), "nested", "flat", 0},
    {"missing_policy_object", CHOICE, AT(missing_is_400), "404", "400", 0},
    {"enforcement_points", NUMBER, AT(enforcement_points), NULL, NULL, 1},
    {"realized_rules", NUMBER, AT(realized_rules), NULL, NULL, 1},
    {"uncounted_rules", TEXTS, AT(uncounted_rules), NULL, NULL, 0},
    {"page_size_max", NUMBER, AT(page_size_max), NULL, NULL, 1000},
    {"unstable_order", FLAG, AT(unstable_order), NULL, NULL, 0},
    {"repeat_cursor", FLAG, AT(repeat_cursor), NULL, NULL, 0},
    {"omit_cursor", FLAG, AT(omit_cursor), NULL, NULL, 0},
    {"omit_result_count", FLAG, AT(omit_result_count), NULL, NULL, 0},
    {"requests_per_second", NUMBER, AT(requests_per_s), NULL, NULL, 100},
    {"concurrent_requests", NUMBER, AT(concurrent), NULL, NULL, 40},
    {"overload_status", CHOICE, AT(overload_is_503), "429", "503", 0},
    {"basic_login", FLAG, AT(basic_login), NULL, NULL, 1},
    {"cookie_login", FLAG, AT(cookie_login), NULL, NULL, 1},
    {"session_idle_ms", NUMBER, AT(session_idle_ms), NULL, NULL, 1800000},
    {"unknown_session", CHOICE, AT(unknown_session_is_403), "401", "403", 0},
    {"bearer_tokens", TEXTS, AT(bearer_tokens), NULL, NULL, 0},
    {"principals", TEXTS, AT(principals), NULL, NULL, 0},
    {"lockout_failures", NUMBER, AT(lockout_failures), NULL, NULL, 5},
    {"lockout_s", NUMBER, AT(lockout_s), NULL, NULL, 900},
#undef AT
};

#define ROW_COUNT (SIM_COUNT_OF(rows))

static void *field(struct sim_settings *settings, const struct row *row)
{
    return (char *)settings + row->offset;
}

static void set_text(struct sim_settings *settings, const struct row *row,
                     const char *value)
{
    char **text = field(settings, row);

    free(*text);
    *text = sim_strdup(value);
}

void sim_settings_init(struct sim_settings *settings)
{
    *settings = (struct sim_settings){0};
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];

        switch (row->kind) {
        case TEXT:
            set_text(settings, row, row->text);
            break;
        case NUMBER:
            *(uint64_t *)field(settings, row) = row->number;
            break;
        case CHOICE:
        case FLAG:
            *(bool *)field(settings, row) = row->number != 0;
            break;
        case TEXTS:
            *(cJSON **)field(settings, row) = cJSON_CreateArray();
            break;
        }
    }
}

void sim_settings_done(struct sim_settings *settings)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].kind == TEXT) {
            char **text = field(settings, &rows[i]);

            free(*text);
            *text = NULL;
        } else if (rows[i].kind == TEXTS) {
            cJSON **list = field(settings, &rows[i]);

            cJSON_Delete(*list);
            *list = NULL;
        }
    }
}

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool check_value(const struct row *row, const cJSON *value, struct sim_err *err)
{
    static const enum sim_json_kind kinds[] = {[TEXT] = SIM_JSON_STRING,
                                               [NUMBER] = SIM_JSON_COUNT,
                                               [CHOICE] = SIM_JSON_STRING,
                                               [FLAG] = SIM_JSON_BOOL,
                                               [TEXTS] = SIM_JSON_STRINGS};
    struct sim_json_member member = {row->name, kinds[row->kind], true};
    cJSON *object = cJSON_CreateObject();
    bool good;

    cJSON_AddItemReferenceToObject(object, row->name, (cJSON *)(uintptr_t)value);
    good = sim_json_check(object, &member, 1, "", err);
    cJSON_Delete(object);
    if (good && row->kind == CHOICE && strcmp(value->valuestring, row->text) != 0 &&
        strcmp(value->valuestring, row->other) != 0) {
        return sim_fail(err, "%s: must be \"%s\" or \"%s\"", row->name, row->text,
                        row->other);
    }
    return good;
}

bool sim_settings_is_member(const char *name)
{
    return find_row(name) != NULL;
}

bool sim_settings_read(struct sim_settings *settings, const cJSON *json,
                       struct sim_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json)
    {
        const struct row *row = find_row(item->string);

        if (row == NULL) {
            return sim_fail(err, "%s: no such member", item->string);
        }
        if (!check_value(row, item, err)) {
            return false;
        }
    }
    cJSON_ArrayForEach(item, json)
    {
        const struct row *row = find_row(item->string);

        switch (row->kind) {
        case TEXT:
            set_text(settings, row, item->valuestring);
            break;
        case NUMBER:
            *(uint64_t *)field(settings, row) = (uint64_t)item->valuedouble;
            break;
        case CHOICE:
            *(bool *)field(settings, row) = strcmp(item->valuestring, row->other) == 0;
            break;
        case FLAG:
            *(bool *)field(settings, row) = cJSON_IsTrue(item);
            break;
        case TEXTS: {
            cJSON **list = field(settings, row);

            cJSON_Delete(*list);
            *list = cJSON_Duplicate(item, 1);
            break;
        }
        }
    }
    return true;
}

void sim_settings_write(const struct sim_settings *settings, cJSON *json)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        const void *value = (const char *)settings + row->offset;

        switch (row->kind) {
        case TEXT:
            cJSON_AddStringToObject(json, row->name, *(char *const *)value);
            break;
        case NUMBER:
            cJSON_AddNumberToObject(json, row->name, (double)*(const uint64_t *)value);
            break;
        case CHOICE:
            cJSON_AddStringToObject(json, row->name,
                                    *(const bool *)value ? row->other : row->text);
            break;
        case FLAG:
            cJSON_AddBoolToObject(json, row->name, *(const bool *)value);
            break;
        case TEXTS:
            cJSON_AddItemToObject(json, row->name,
                                  cJSON_Duplicate(*(cJSON *const *)value, 1));
            break;
        }
    }
}
