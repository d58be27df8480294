/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_json.c: see firewall_json.h. */
#include "nsx/policy/firewall_json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/inventory.h"

/* ---- groups ------------------------------------------------------------------------ */

struct text_reader {
    const char *name;
    size_t most;
    nq_text_fn *each;
    void *arg;
};

static bool read_text(const cJSON *item, void *arg)
{
    const struct text_reader *reader = arg;
    const char *value = nq_json_text(item, reader->name);
    if (*value == '\0' || strlen(value) > reader->most) {
        return false;
    }
    reader->each(reader->arg, value);
    return true;
}

bool nq_json_members(const char *body, size_t len, nq_text_fn *each, void *arg,
                     struct nq_page *ret_page, struct nq_err *reterr)
{
    struct text_reader reader = {"id", NQ_EXTERNAL_ID_MAX, each, arg};
    return nq_json_list(body, len, (struct nq_item_kind){read_text, reader.name}, &reader,
                        ret_page, reterr);
}

bool nq_json_associations(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_page *ret_page, struct nq_err *reterr)
{
    struct text_reader reader = {"path", NQ_PATH_MAX, each, arg};
    return nq_json_list(body, len, (struct nq_item_kind){read_text, reader.name}, &reader,
                        ret_page, reterr);
}

bool nq_json_realized(const char *body, size_t len, enum nq_realized *ret_realized,
                      struct nq_err *reterr)
{
    static const struct {
        const char *word;
        enum nq_realized realized;
    } words[] = {
        {"SUCCESS", NQ_REALIZED_SUCCESS},       {"IN_PROGRESS", NQ_REALIZED_IN_PROGRESS},
        {"ERROR", NQ_REALIZED_ERROR},           {"UNKNOWN", NQ_REALIZED_UNKNOWN},
        {"UNINITIALIZED", NQ_REALIZED_UNKNOWN},
    };
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    const char *word =
        nq_json_text(nq_json_member(root, "consolidated_status"), "consolidated_status");
    const char *publish = nq_json_text(root, "publish_status");
    bool good = false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, word) == 0) {
            *ret_realized = words[i].realized;
            good = true;
        }
    }
    if (!good) {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "consolidated_status is \"%.40s\"", word);
    } else if (strcmp(publish, "ERROR") == 0) {
        *ret_realized = NQ_REALIZED_ERROR;
    } else if (*ret_realized == NQ_REALIZED_SUCCESS && *publish &&
               strcmp(publish, "REALIZED") != 0) {
        *ret_realized = NQ_REALIZED_IN_PROGRESS;
    }
    cJSON_Delete(root);
    return good;
}

/* ---- what the firewall leaves alone ------------------------------------------------ */

bool nq_json_firewall_enabled(const char *body, size_t len, bool *ret_enabled,
                              struct nq_err *reterr)
{
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    const cJSON *enabled = nq_json_member(root, "enable_firewall");
    const bool good =
        cJSON_IsBool(enabled) ||
        nq_fail(reterr, NQ_NSX_ANSWER, "the firewall's settings lack enable_firewall");
    *ret_enabled = cJSON_IsTrue(enabled);
    cJSON_Delete(root);
    return good;
}

bool nq_json_exclude_list(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_err *reterr)
{
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    /* Its absence must not pass for "nothing is excluded". */
    const cJSON *members = nq_json_member(root, "members");
    bool good = cJSON_IsArray(members) ||
                nq_fail(reterr, NQ_NSX_ANSWER, "the exclude list has no members");
    const cJSON *item = good ? members->child : NULL;
    for (; item && good; item = item->next) {
        if (cJSON_IsString(item)) {
            each(arg, item->valuestring);
        } else {
            good =
                nq_fail(reterr, NQ_NSX_ANSWER, "a member of the exclude list is no path");
        }
    }
    cJSON_Delete(root);
    return good;
}

bool nq_json_exclude_filter(const char *body, size_t len, bool *ret_excluded,
                            struct nq_err *reterr)
{
    *ret_excluded = false;
    if (len == 0) {
        return true;
    }
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    *ret_excluded = *nq_json_text(root, "path") || *nq_json_text(root, "target_id");
    cJSON_Delete(root);
    return true;
}

bool nq_json_excluded_vms(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_page *ret_page, struct nq_err *reterr)
{
    struct text_reader reader = {"external_id", NQ_EXTERNAL_ID_MAX, each, arg};
    return nq_json_list(body, len, (struct nq_item_kind){read_text, reader.name}, &reader,
                        ret_page, reterr);
}

/* ---- policies and rules ------------------------------------------------------------ */

struct word {
    const char *text;
    unsigned value;
};

/* The value of a word in a table that ends with NULL, absent when NSX leaves it out, 0
 * when it is another. */
static unsigned word_of(const cJSON *object, const char *name, const struct word *words,
                        unsigned absent)
{
    const cJSON *item = nq_json_member(object, name);
    const char *text = cJSON_GetStringValue(item);
    for (; item && text && words->text; words++) {
        if (strcmp(words->text, text) == 0) {
            return words->value;
        }
    }
    return item ? 0 : absent;
}

static bool is_set(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(nq_json_member(object, name));
}

/* Numbers beyond the type stay in their order as its largest value. */
static uint32_t sequence_of(const cJSON *object)
{
    const int64_t number = nq_json_number(nq_json_member(object, "sequence_number"));
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static bool says_any(const cJSON *list)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (nq_text_same(cJSON_GetStringValue(item), "ANY")) {
            return true;
        }
    }
    return false;
}

/* What NSX leaves out is ANY; an empty list names nothing. */
static struct nq_rule_end read_end(const cJSON *object, const char *name, bool excluded,
                                   const struct nq_group_paths *groups)
{
    const cJSON *list = nq_json_member(object, name);
    struct nq_rule_end end = {.excluded = excluded};
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        const char *path = nq_text_or_empty(cJSON_GetStringValue(item));
        for (size_t i = 0; i < groups->count; i++) {
            if (groups->paths[i] && strcmp(groups->paths[i], path) == 0) {
                nq_group_set_add(&end.groups, i);
            }
        }
    }
    end.any = (!list || says_any(list)) && !excluded;
    return end;
}

struct policy_reader {
    const struct nq_group_paths *groups;
    const char *policy_path;
    nq_security_policy_fn *each_policy;
    nq_rule_fn *each_rule;
    void *arg;
};

static int64_t number_or(const cJSON *object, const char *name, int64_t absent)
{
    const cJSON *item = nq_json_member(object, name);
    return cJSON_IsNumber(item) ? nq_json_number(item) : absent;
}

static bool read_policy(const cJSON *item, void *arg)
{
    static const struct word categories[] = {
        {"Ethernet", NQ_CATEGORY_ETHERNET},
        {"Emergency", NQ_CATEGORY_EMERGENCY},
        {"Infrastructure", NQ_CATEGORY_INFRASTRUCTURE},
        {"Environment", NQ_CATEGORY_ENVIRONMENT},
        {"Application", NQ_CATEGORY_APPLICATION},
        {NULL, 0},
    };
    const struct policy_reader *reader = arg;
    const char *path = nq_json_text(item, "path");
    const char *slash = strrchr(path, '/');
    const char *scheduler = nq_json_text(item, "scheduler_path");
    const unsigned category =
        word_of(item, "category", categories, NQ_CATEGORY_APPLICATION);
    if (!slash || strlen(path) > NQ_PATH_MAX || strlen(scheduler) > NQ_PATH_MAX) {
        return false;
    }
    struct nq_security_policy policy = {
        .id = nq_strdup(slash + 1),
        .path = nq_strdup(path),
        .scheduler_path = *scheduler ? nq_strdup(scheduler) : NULL,
        .category = category ? category : NQ_CATEGORY_OTHER,
        .sequence = sequence_of(item),
        .enabled = !is_set(item, "disabled") && !is_set(item, "marked_for_delete"),
        .scope = read_end(item, "scope", false, reader->groups),
        .realized = NQ_REALIZED_UNKNOWN,
        .revision = number_or(item, "_revision", -1),
        .told_rules = number_or(item, "rule_count", -1),
    };
    reader->each_policy(reader->arg, &policy);
    return true;
}

bool nq_json_security_policies(const char *body, size_t len,
                               const struct nq_group_paths *groups,
                               nq_security_policy_fn *each, void *arg,
                               struct nq_page *ret_page, struct nq_err *reterr)
{
    struct policy_reader reader = {.groups = groups, .each_policy = each, .arg = arg};
    return nq_json_list(body, len, (struct nq_item_kind){read_policy, "path"}, &reader,
                        ret_page, reterr);
}

/* A list of services or profiles that leaves nothing out. */
static bool is_wide(const cJSON *rule, const char *name)
{
    const cJSON *list = nq_json_member(rule, name);
    return !list || says_any(list);
}

static bool read_rule(const cJSON *item, void *arg)
{
    static const struct word actions[] = {
        {"ALLOW", NQ_RULE_ALLOW},
        {"DROP", NQ_RULE_DROP},
        {"REJECT", NQ_RULE_REJECT},
        {"JUMP_TO_APPLICATION", NQ_RULE_JUMP},
        {NULL, 0},
    };
    static const struct word directions[] = {
        {"IN", NQ_RULE_IN}, {"OUT", NQ_RULE_OUT}, {"IN_OUT", NQ_RULE_IN_OUT}, {NULL, 0}};
    static const struct word families[] = {
        {"IPV4", NQ_FAMILY_IPV4},
        {"IPV6", NQ_FAMILY_IPV6},
        {"IPV4_IPV6", NQ_FAMILY_IPV4 | NQ_FAMILY_IPV6},
        {NULL, 0},
    };
    const struct policy_reader *reader = arg;
    const char *id = nq_json_text(item, "id");
    const char *name = nq_json_text(item, "display_name");
    const unsigned action = word_of(item, "action", actions, 0);
    const unsigned direction = word_of(item, "direction", directions, NQ_RULE_IN_OUT);
    if (*id == '\0' || strlen(id) > NQ_PATH_MAX) {
        return false;
    }
    if (action == 0 || direction == 0) {
        return true;
    }
    struct nq_rule rule = {
        .id = nq_strdup(id),
        .path = nq_sprintf("%s/rules/%s", reader->policy_path, id),
        .name = nq_strdup(*name ? name : id),
        .action = action,
        .direction = direction,
        .families =
            word_of(item, "ip_protocol", families, NQ_FAMILY_IPV4 | NQ_FAMILY_IPV6),
        .enabled = !is_set(item, "disabled") && !is_set(item, "marked_for_delete"),
        .all_traffic = is_wide(item, "services") && is_wide(item, "profiles") &&
                       cJSON_GetArraySize(nq_json_member(item, "service_entries")) == 0,
        .sequence = sequence_of(item),
        .source = read_end(item, "source_groups", is_set(item, "sources_excluded"),
                           reader->groups),
        .destination = read_end(item, "destination_groups",
                                is_set(item, "destinations_excluded"), reader->groups),
        .scope = read_end(item, "scope", false, reader->groups),
    };
    reader->each_rule(reader->arg, &rule);
    return true;
}

bool nq_json_rules(const char *body, size_t len, const char *policy_path,
                   const struct nq_group_paths *groups, nq_rule_fn *each, void *arg,
                   struct nq_page *ret_page, struct nq_err *reterr)
{
    struct policy_reader reader = {
        .groups = groups, .policy_path = policy_path, .each_rule = each, .arg = arg};
    return nq_json_list(body, len, (struct nq_item_kind){read_rule, "id"}, &reader,
                        ret_page, reterr);
}

/* More days or intervals than there can be make the window one that cannot be judged. */
bool nq_json_scheduler(const char *body, size_t len, struct nq_window *ret_window,
                       struct nq_err *reterr)
{
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    struct nq_scheduler scheduler = {
        .timezone = nq_json_text(root, "timezone"),
        .start_date = nq_json_text(root, "start_date"),
        .end_date = nq_json_text(root, "end_date"),
        .recurring = is_set(root, "recurring"),
        .start_time = nq_json_text(root, "start_time"),
        .end_time = nq_json_text(root, "end_time"),
    };
    bool fits = cJSON_IsBool(nq_json_member(root, "recurring"));
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, nq_json_member(root, "days"))
    {
        fits = fits && scheduler.day_count < NQ_WINDOW_DAYS_MAX;
        if (fits) {
            scheduler.days[scheduler.day_count++] =
                nq_text_or_empty(cJSON_GetStringValue(item));
        }
    }
    cJSON_ArrayForEach(item, nq_json_member(root, "time_interval"))
    {
        fits = fits && scheduler.interval_count < NQ_WINDOW_INTERVALS_MAX;
        if (fits) {
            scheduler.intervals[scheduler.interval_count++] = (struct nq_interval_text){
                nq_json_text(item, "start_interval"), nq_json_text(item, "end_interval")};
        }
    }
    *ret_window = fits ? nq_window_read(&scheduler) : (struct nq_window){0};
    cJSON_Delete(root);
    return true;
}
