/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: the settings of this generation and their defaults. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"

/* The first word of each is the default, but for roles and states. */
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

static bool check_version(const char *text, struct sim_err *err)
{
    return read_version(text) != 0 ||
           sim_fail(err, "version: must be 6.2.0 to 6.4.99, as in 6.4.6");
}

static const struct sim_option rows[] = {
#define AT(member) offsetof(struct vs_settings, member)
    SIM_TEXT("user", AT(user), "admin"),
    SIM_TEXT("password", AT(password), "VMware1!VMware1!"),
    {.name = "role",
     .kind = SIM_OPTION_TEXT,
     .offset = AT(role),
     .text = "security_admin",
     .words = roles},
    {.name = "version",
     .kind = SIM_OPTION_TEXT,
     .offset = AT(version),
     .text = "6.4.6",
     .check = check_version},
    SIM_TEXT("build", AT(build), "14819921"),
    SIM_NUMBER("inventory_delay_ms", AT(delays.inventory_ms), 0),
    SIM_NUMBER("membership_delay_ms", AT(delays.membership_ms), 0),
    SIM_NUMBER("realization_delay_ms", AT(delays.realization_ms), 0),
    SIM_NUMBER("lockout_failures", AT(lockout_failures), 5),
    SIM_NUMBER("lockout_s", AT(lockout_s), 900),
    SIM_FLAG("basic_login", AT(basic_login), true),
    SIM_NUMBER("token_minutes", AT(token_minutes), 90),
    SIM_FLAG("token_wrapped", AT(token_wrapped), false),
    SIM_WORD("login_body", AT(login_body), login_words),
    SIM_WORD("error_form", AT(error_form), error_words),
    SIM_WORD("default_format", AT(default_format), format_words),
    SIM_NUMBER("conflicts", AT(conflicts), 0),
    SIM_WORD("conflict_form", AT(conflict_form), conflict_words),
    SIM_NUMBER("missing_status", AT(missing_status), 404),
    SIM_NUMBER("unknown_vm_status", AT(unknown_vm_status), 404),
    SIM_FLAG("attach_again_fails", AT(attach_again_fails), false),
    SIM_FLAG("detach_absent_fails", AT(detach_absent_fails), false),
    SIM_FLAG("vm_tags_since_630", AT(vm_tags_since_630), false),
    SIM_FLAG("create_says_xml", AT(create_says_xml), false),
    SIM_NUMBER("page_size_max", AT(page_size_max), 0),
    SIM_FLAG("group_list_is_list", AT(group_list_is_list), true),
    SIM_FLAG("empty_lookup_nested", AT(empty_lookup_nested), true),
    SIM_FLAG("filtered_root", AT(filtered_root), true),
    SIM_WORD("rule_order", AT(rule_order), order_words),
    SIM_FLAG("upper_case_action", AT(upper_case_action), false),
    SIM_FLAG("deny_as_block", AT(deny_as_block), false),
    SIM_FLAG("upper_case_realized", AT(upper_case_realized), false),
    SIM_FLAG("table_stats_names", AT(table_stats_names), false),
    SIM_FLAG("rule_stats", AT(rule_stats), true),
    SIM_FLAG("collect_flows", AT(collect_flows), true),
    SIM_FLAG("objects_generation_moves", AT(objects_generation_moves), true),
    {.name = "firewall_state",
     .kind = SIM_OPTION_TEXT,
     .offset = AT(firewall_state),
     .text = "forward",
     .words = states},
    SIM_FLAG("vcenter_connected", AT(vcenter_connected), true),
    SIM_TEXT("vcenter_user", AT(vcenter_user), "nsx@vsphere.local"),
    SIM_TEXT("vcenter_password", AT(vcenter_password), "vCenter1!"),
    SIM_WORD("vcenter_form", AT(vcenter_form), vcenter_words),
    SIM_NUMBER("vcenter_cap", AT(vcenter_cap), 0),
    SIM_NUMBER("vcenter_cap_status", AT(vcenter_cap_status), 500),
    SIM_NUMBER("vcenter_session_s", AT(vcenter_session_s), 300),
#undef AT
};

void vs_settings_init(struct vs_settings *settings)
{
    *settings = (struct vs_settings){0};
    sim_options_init(rows, SIM_COUNT_OF(rows), settings);
}

void vs_settings_done(struct vs_settings *settings)
{
    sim_options_done(rows, SIM_COUNT_OF(rows), settings);
}

bool vs_settings_is_member(const char *name)
{
    return sim_options_has(rows, SIM_COUNT_OF(rows), name);
}

bool vs_settings_read(struct vs_settings *settings, const cJSON *json,
                      struct sim_err *err)
{
    if (!sim_options_read(rows, SIM_COUNT_OF(rows), settings, json, err)) {
        return false;
    }
    /* The firewall is never before the groups, so its delay alone is that of both. */
    if (sim_json_get(json, "realization_delay_ms") != NULL &&
        sim_json_get(json, "membership_delay_ms") == NULL) {
        settings->delays.membership_ms = sim_json_count(json, "realization_delay_ms", 0);
    }
    return true;
}

void vs_settings_write(const struct vs_settings *settings, cJSON *json)
{
    sim_options_write(rows, SIM_COUNT_OF(rows), settings, json);
}

unsigned vs_settings_version(const struct vs_settings *settings)
{
    return read_version(settings->version);
}
