/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: what a row says is done here, in one place for every generation. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *field(const struct sim_option *row, void *settings)
{
    return (char *)settings + row->offset;
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = sim_strdup(value);
}

static void set_texts(cJSON **list, cJSON *value)
{
    cJSON_Delete(*list);
    *list = value;
}

void sim_options_init(const struct sim_option *rows, size_t count, void *settings)
{
    for (size_t i = 0; i < count; i++) {
        const struct sim_option *row = &rows[i];

        switch (row->kind) {
        case SIM_OPTION_TEXT:
            set_text(field(row, settings), row->text);
            break;
        case SIM_OPTION_NUMBER:
            *(uint64_t *)field(row, settings) = row->number;
            break;
        case SIM_OPTION_FLAG:
        case SIM_OPTION_CHOICE:
            *(bool *)field(row, settings) = row->number != 0;
            break;
        case SIM_OPTION_WORD:
            *(unsigned *)field(row, settings) = (unsigned)row->number;
            break;
        case SIM_OPTION_TEXTS:
            set_texts(field(row, settings), cJSON_CreateArray());
            break;
        }
    }
}

void sim_options_done(const struct sim_option *rows, size_t count, void *settings)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == SIM_OPTION_TEXT) {
            set_text(field(&rows[i], settings), NULL);
        } else if (rows[i].kind == SIM_OPTION_TEXTS) {
            set_texts(field(&rows[i], settings), NULL);
        }
    }
}

static const struct sim_option *find_row(const struct sim_option *rows, size_t count,
                                         const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

bool sim_options_has(const struct sim_option *rows, size_t count, const char *name)
{
    return find_row(rows, count, name) != NULL;
}

/* The position of word, or that of the NULL at the end. */
static unsigned find_word(const char *const *words, const char *word)
{
    unsigned i = 0;

    while (words[i] != NULL && strcmp(words[i], word) != 0) {
        i++;
    }
    return i;
}

static bool check_word(const struct sim_option *row, const char *word,
                       struct sim_err *err)
{
    char list[200] = "";

    if (row->words[find_word(row->words, word)] != NULL) {
        return true;
    }
    if (row->kind == SIM_OPTION_CHOICE) {
        return sim_fail(err, "%s: must be \"%s\" or \"%s\"", row->name, row->words[0],
                        row->words[1]);
    }
    for (size_t i = 0; row->words[i] != NULL; i++) {
        size_t used = strlen(list);

        (void)snprintf(list + used, sizeof(list) - used, "%s\"%s\"", i == 0 ? "" : ", ",
                       row->words[i]);
    }
    return sim_fail(err, "%s: must be one of %s", row->name, list);
}

static bool check_value(const struct sim_option *row, const cJSON *value,
                        struct sim_err *err)
{
    static const enum sim_json_kind kinds[] = {
        [SIM_OPTION_TEXT] = SIM_JSON_STRING, [SIM_OPTION_NUMBER] = SIM_JSON_COUNT,
        [SIM_OPTION_FLAG] = SIM_JSON_BOOL,   [SIM_OPTION_CHOICE] = SIM_JSON_STRING,
        [SIM_OPTION_WORD] = SIM_JSON_STRING, [SIM_OPTION_TEXTS] = SIM_JSON_STRINGS};
    struct sim_json_member member = {row->name, kinds[row->kind], true};
    cJSON *object = cJSON_CreateObject();
    bool good;

    cJSON_AddItemReferenceToObject(object, row->name, (cJSON *)(uintptr_t)value);
    good = sim_json_check(object, &member, 1, "", err);
    cJSON_Delete(object);
    return good && (row->words == NULL || check_word(row, value->valuestring, err)) &&
           (row->check == NULL || row->check(value->valuestring, err));
}

static void set_value(const struct sim_option *row, void *settings, const cJSON *value)
{
    void *target = field(row, settings);

    switch (row->kind) {
    case SIM_OPTION_TEXT:
        set_text(target, value->valuestring);
        break;
    case SIM_OPTION_NUMBER:
        *(uint64_t *)target = (uint64_t)value->valuedouble;
        break;
    case SIM_OPTION_FLAG:
        *(bool *)target = cJSON_IsTrue(value);
        break;
    case SIM_OPTION_CHOICE:
        *(bool *)target = find_word(row->words, value->valuestring) != 0;
        break;
    case SIM_OPTION_WORD:
        *(unsigned *)target = find_word(row->words, value->valuestring);
        break;
    case SIM_OPTION_TEXTS:
        set_texts(target, cJSON_Duplicate(value, 1));
        break;
    }
}

bool sim_options_read(const struct sim_option *rows, size_t count, void *settings,
                      const cJSON *json, struct sim_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json)
    {
        const struct sim_option *row = find_row(rows, count, item->string);

        if (row == NULL) {
            return sim_fail(err, "%s: no such member", item->string);
        }
        if (!check_value(row, item, err)) {
            return false;
        }
    }
    cJSON_ArrayForEach(item, json)
    {
        set_value(find_row(rows, count, item->string), settings, item);
    }
    return true;
}

void sim_options_write(const struct sim_option *rows, size_t count, const void *settings,
                       cJSON *json)
{
    for (size_t i = 0; i < count; i++) {
        const struct sim_option *row = &rows[i];
        const void *value = (const char *)settings + row->offset;

        switch (row->kind) {
        case SIM_OPTION_TEXT:
            cJSON_AddStringToObject(json, row->name, *(char *const *)value);
            break;
        case SIM_OPTION_NUMBER:
            cJSON_AddNumberToObject(json, row->name, (double)*(const uint64_t *)value);
            break;
        case SIM_OPTION_FLAG:
            cJSON_AddBoolToObject(json, row->name, *(const bool *)value);
            break;
        case SIM_OPTION_CHOICE:
            cJSON_AddStringToObject(json, row->name, row->words[*(const bool *)value]);
            break;
        case SIM_OPTION_WORD:
            cJSON_AddStringToObject(json, row->name,
                                    row->words[*(const unsigned *)value]);
            break;
        case SIM_OPTION_TEXTS:
            cJSON_AddItemToObject(json, row->name,
                                  cJSON_Duplicate(*(cJSON *const *)value, 1));
            break;
        }
    }
}
