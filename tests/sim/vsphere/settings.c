/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: the settings as rows, so that file, PATCH and GET cannot disagree. */
#include "settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum kind { TEXT, NUMBER, FLAG, WORD };

static const char *const login_words[] = {"xml", "html", "empty", NULL};
static const char *const error_words[] = {"error", "errors", NULL};
static const char *const format_words[] = {"version", "xml", "json", NULL};
static const char *const conflict_words[] = {"error", "hibernate", NULL};
static const char *const order_words[] = {"mixed", "guide", "other", NULL};
static const char *const vcenter_words[] = {"6.7", "6.5", "7.0", NULL};
static const char *const roles[] = {
    "security_admin",    "super_user",       "vshield_admin",
    "enterprise_admin",  "auditor",          "none",
    "security_engineer", "network_engineer", NULL};
static const char *const states[] = {"forward",
                                     "backwardCompatible",
                                     "backwardCompatibleReadyForSwitch",
                                     "switchingToForward",
                                     "switchFailed",
                                     NULL};

static const struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *text; /* TEXT: default */
    uint64_t number;  /* NUMBER, FLAG: default */
    const char *const
        *words; /* WORD: what is allowed, the default first; TEXT: or NULL */
} rows[] = {
#define AT(member) offsetof(struct vs_settings, member)
    {"user", TEXT, AT(user), "admin", 0, NULL},
    {"password", TEXT, AT(password), "VMware1!VMware1!", 0, NULL},
    {"role", TEXT, AT(role), "security_admin", 0, roles},
    {"version", TEXT, AT(version), "6.4.6", 0, NULL},
    {"build", TEXT, AT(build), "14819921", 0, NULL},
    {"inventory_delay_ms", NUMBER, AT(delays.inventory_ms), NULL, 0, NULL},
    {"membership_delay_ms", NUMBER, AT(delays.membership_ms), NULL, 0, NULL},
    {"realization_delay_ms", NUMBER, AT(delays.realization_ms), NULL, 0, NULL},
    {"lockout_failures", NUMBER, AT(lockout_failures), NULL, 5, NULL},
    {"lockout_s", NUMBER, AT(lockout_s), NULL, 900, NULL},
    {"basic_login", FLAG, AT(basic_login), NULL, 1, NULL},
    {"token_minutes", NUMBER, AT(token_minutes), NULL, 90, NULL},
    {"token_wrapped", FLAG, AT(token_wrapped), NULL, 0, NULL},
    {"login_body", WORD, AT(login_body), NULL, 0, login_words},
    {"error_form", WORD, AT(error_form), NULL, 0, error_words},
    {"default_format", WORD, AT(default_format), NULL, 0, format_words},
    {"conflicts", NUMBER, AT(conflicts), NULL, 0, NULL},
    {"conflict_form", WORD, AT(conflict_form), NULL, 0, conflict_words},
    {"missing_status", NUMBER, AT(missing_status), NULL, 404, NULL},
    {"unknown_vm_status", NUMBER, AT(unknown_vm_status), NULL, 404, NULL},
    {"attach_again_fails", FLAG, AT(attach_again_fails), NULL, 0, NULL},
    {"detach_absent_fails", FLAG, AT(detach_absent_fails), NULL, 0, NULL},
    {"vm_tags_since_630", FLAG, AT(vm_tags_since_630), NULL, 0, NULL},
    {"create_says_xml", FLAG, AT(create_says_xml), NULL, 0, NULL},
    {"page_size_max", NUMBER, AT(page_size_max), NULL, 0, NULL},
    {"group_list_is_list", FLAG, AT(group_list_is_list), NULL, 1, NULL},
    {"empty_lookup_nested", FLAG, AT(empty_lookup_nested), NULL, 1, NULL},
    {"filtered_root", FLAG, AT(filtered_root), NULL, 1, NULL},
    {"rule_order", WORD, AT(rule_order), NULL, 0, order_words},
    {"upper_case_action", FLAG, AT(upper_case_action), NULL, 0, NULL},
    {"deny_as_block", FLAG, AT(deny_as_block), NULL, 0, NULL},
    {"upper_case_realized", FLAG, AT(upper_case_realized), NULL, 0, NULL},
    {"table_stats_names", FLAG, AT(table_stats_names), NULL, 0, NULL},
    {"rule_stats", FLAG, AT(rule_stats), NULL, 1, NULL},
    {"collect_flows", FLAG, AT(collect_flows), NULL, 1, NULL},
    {"objects_generation_moves", FLAG, AT(objects_generation_moves), NULL, 1, NULL},
    {"firewall_state", TEXT, AT(firewall_state), "forward", 0, states},
    {"vcenter_connected", FLAG, AT(vcenter_connected), NULL, 1, NULL},
    {"vcenter_user", TEXT, AT(vcenter_user), "nsx@vsphere.local", 0, NULL},
    {"vcenter_password", TEXT, AT(vcenter_password), "vCenter1!", 0, NULL},
    {"vcenter_form", WORD, AT(vcenter_form), NULL, 0, vcenter_words},
    {"vcenter_cap", NUMBER, AT(vcenter_cap), NULL, 0, NULL},
    {"vcenter_cap_status", NUMBER, AT(vcenter_cap_status), NULL, 500, NULL},
    {"vcenter_session_s", NUMBER, AT(vcenter_session_s), NULL, 300, NULL},
#undef AT
};

#define ROW_COUNT (SIM_COUNT_OF(rows))

static void *field(struct vs_settings *settings, const struct row *row)
{
    return (char *)settings + row->offset;
}

static void set_text(struct vs_settings *settings, const struct row *row,
                     const char *value)
{
    char **text = field(settings, row);

    free(*text);
    *text = sim_strdup(value);
}

void vs_settings_init(struct vs_settings *settings)
{
    *settings = (struct vs_settings){0};
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];

        switch (row->kind) {
        case TEXT:
            set_text(settings, row, row->text);
            break;
        case NUMBER:
            *(uint64_t *)field(settings, row) = row->number;
            break;
        case FLAG:
            *(bool *)field(settings, row) = row->number != 0;
            break;
        case WORD:
            *(unsigned *)field(settings, row) = 0;
            break;
        }
    }
}

void vs_settings_done(struct vs_settings *settings)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].kind == TEXT) {
            char **text = field(settings, &rows[i]);

            free(*text);
            *text = NULL;
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

/* The position of word, or that of the NULL at the end. */
static unsigned find_word(const char *const *words, const char *word)
{
    unsigned i = 0;

    while (words[i] != NULL && strcmp(words[i], word) != 0) {
        i++;
    }
    return i;
}

/* 0 when text is no version of NSX for vSphere that this simulator speaks. */
static unsigned read_version(const char *text)
{
    unsigned parts[3] = {0};

    for (size_t i = 0; i < 3; i++) {
        size_t length = strspn(text, "0123456789");
        char *part = sim_strndup(text, length);
        uint64_t number = 0;
        bool good = sim_parse_number(part, 99, &number);

        free(part);
        if (!good || text[length] != (i < 2 ? '.' : '\0')) {
            return 0;
        }
        parts[i] = (unsigned)number;
        text += length + 1;
    }
    return parts[0] == 6 && parts[1] >= 2 && parts[1] <= 4
               ? VS_VERSION(parts[0], parts[1], parts[2])
               : 0;
}

static bool check_word(const struct row *row, const char *word, struct sim_err *err)
{
    char list[200] = "";

    if (row->words[find_word(row->words, word)] != NULL) {
        return true;
    }
    for (size_t i = 0; row->words[i] != NULL; i++) {
        size_t used = strlen(list);

        (void)snprintf(list + used, sizeof(list) - used, "%s\"%s\"", i == 0 ? "" : ", ",
                       row->words[i]);
    }
    return sim_fail(err, "%s: must be one of %s", row->name, list);
}

static bool check_value(const struct row *row, const cJSON *value, struct sim_err *err)
{
    static const enum sim_json_kind kinds[] = {[TEXT] = SIM_JSON_STRING,
                                               [NUMBER] = SIM_JSON_COUNT,
                                               [FLAG] = SIM_JSON_BOOL,
                                               [WORD] = SIM_JSON_STRING};
    struct sim_json_member member = {row->name, kinds[row->kind], true};
    cJSON *object = cJSON_CreateObject();
    bool good;

    cJSON_AddItemReferenceToObject(object, row->name, (cJSON *)(uintptr_t)value);
    good = sim_json_check(object, &member, 1, "", err);
    cJSON_Delete(object);
    if (good && row->words != NULL) {
        good = check_word(row, value->valuestring, err);
    }
    if (good && strcmp(row->name, "version") == 0 &&
        read_version(value->valuestring) == 0) {
        good = sim_fail(err, "version: must be 6.2.0 to 6.4.99, as in 6.4.6");
    }
    return good;
}

bool vs_settings_is_member(const char *name)
{
    return find_row(name) != NULL;
}

bool vs_settings_read(struct vs_settings *settings, const cJSON *json,
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
    /* The firewall is never before the groups, so its delay alone is that of both. */
    if (sim_json_get(json, "realization_delay_ms") != NULL &&
        sim_json_get(json, "membership_delay_ms") == NULL) {
        settings->delays.membership_ms = sim_json_count(json, "realization_delay_ms", 0);
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
        case FLAG:
            *(bool *)field(settings, row) = cJSON_IsTrue(item);
            break;
        case WORD:
            *(unsigned *)field(settings, row) = find_word(row->words, item->valuestring);
            break;
        }
    }
    return true;
}

void vs_settings_write(const struct vs_settings *settings, cJSON *json)
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
        case FLAG:
            cJSON_AddBoolToObject(json, row->name, *(const bool *)value);
            break;
        case WORD:
            cJSON_AddStringToObject(json, row->name,
                                    row->words[*(const unsigned *)value]);
            break;
        }
    }
}

unsigned vs_settings_version(const struct vs_settings *settings)
{
    return read_version(settings->version);
}
