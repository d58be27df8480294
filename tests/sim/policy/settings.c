/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: the settings of this generation and their defaults. */
#include "settings.h"

#include "options.h"

/* The first word of a choice is false in struct sim_settings, the second is true. */
static const char *const paging_words[] = {"spec", "quirk", NULL};
static const char *const statistics_words[] = {"nested", "flat", NULL};
static const char *const missing_words[] = {"404", "400", NULL};
static const char *const overload_words[] = {"429", "503", NULL};
static const char *const session_words[] = {"401", "403", NULL};

static const struct sim_option rows[] = {
#define AT(member) offsetof(struct sim_settings, member)
    SIM_TEXT("user", AT(user), "admin"),
    SIM_TEXT("password", AT(password), "VMware1!VMware1!"),
    SIM_TEXT("product_version", AT(product_version), "4.1.2.0.0.22589037"),
    SIM_TEXT("node_version", AT(node_version), "4.1.2.0.0.22589037"),
    SIM_NUMBER("membership_delay_ms", AT(delays.membership_ms), 0),
    SIM_NUMBER("realization_delay_ms", AT(delays.realization_ms), 0),
    SIM_NUMBER("stale_inventory_ms", AT(stale_inventory_ms), 0),
    SIM_NUMBER("tag_operation_delay_ms", AT(tag_operation_delay_ms), 200),
    SIM_FLAG("tag_operations", AT(tag_operations), true),
    SIM_FLAG("add_remove_tags", AT(add_remove_tags), true),
    SIM_CHOICE("vm_paging", AT(vm_paging_quirk), paging_words, 1),
    SIM_CHOICE("statistics", AT(flat_statistics), statistics_words, 0),
    SIM_CHOICE("missing_policy_object", AT(missing_is_400), missing_words, 0),
    SIM_NUMBER("enforcement_points", AT(enforcement_points), 1),
    SIM_NUMBER("realized_rules", AT(realized_rules), 1),
    SIM_TEXTS("uncounted_rules", AT(uncounted_rules)),
    SIM_NUMBER("page_size_max", AT(page_size_max), 1000),
    SIM_FLAG("unstable_order", AT(unstable_order), false),
    SIM_FLAG("repeat_cursor", AT(repeat_cursor), false),
    SIM_FLAG("omit_cursor", AT(omit_cursor), false),
    SIM_FLAG("omit_result_count", AT(omit_result_count), false),
    SIM_NUMBER("requests_per_second", AT(requests_per_s), 100),
    SIM_NUMBER("concurrent_requests", AT(concurrent), 40),
    SIM_CHOICE("overload_status", AT(overload_is_503), overload_words, 0),
    SIM_FLAG("basic_login", AT(basic_login), true),
    SIM_FLAG("cookie_login", AT(cookie_login), true),
    SIM_NUMBER("session_idle_ms", AT(session_idle_ms), 1800000),
    SIM_CHOICE("unknown_session", AT(unknown_session_is_403), session_words, 0),
    SIM_TEXTS("bearer_tokens", AT(bearer_tokens)),
    SIM_TEXTS("principals", AT(principals)),
    SIM_NUMBER("lockout_failures", AT(lockout_failures), 5),
    SIM_NUMBER("lockout_s", AT(lockout_s), 900),
#undef AT
};

void sim_settings_init(struct sim_settings *settings)
{
    *settings = (struct sim_settings){0};
    sim_options_init(rows, SIM_COUNT_OF(rows), settings);
}

void sim_settings_done(struct sim_settings *settings)
{
    sim_options_done(rows, SIM_COUNT_OF(rows), settings);
}

bool sim_settings_is_member(const char *name)
{
    return sim_options_has(rows, SIM_COUNT_OF(rows), name);
}

bool sim_settings_read(struct sim_settings *settings, const cJSON *json,
                       struct sim_err *err)
{
    return sim_options_read(rows, SIM_COUNT_OF(rows), settings, json, err);
}

void sim_settings_write(const struct sim_settings *settings, cJSON *json)
{
    sim_options_write(rows, SIM_COUNT_OF(rows), settings, json);
}
