/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h: how this NSX Manager behaves: version, accounts, delays, and a choice for
 * everything that the published sources leave open. Every member has the same name in
 * the world file and in PATCH /sim/settings.
 *
 * Owns    the texts of the settings.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   vs_settings_read(): false and a sentence; then nothing was changed.
 * Limits  none of its own.
 */
#ifndef VS_SETTINGS_H
#define VS_SETTINGS_H

#include "json.h"

/* 6.4.13 is 60413. */
#define VS_VERSION(major, minor, patch) ((major)*10000u + (minor)*100u + (patch))

/* The first word of each choice is the default. */
enum vs_login_body { VS_LOGIN_XML, VS_LOGIN_HTML, VS_LOGIN_EMPTY };
enum vs_error_form { VS_ERROR_SINGLE, VS_ERROR_LIST };
enum vs_conflict_form { VS_CONFLICT_ERROR, VS_CONFLICT_HIBERNATE };
enum vs_default_format { VS_FORMAT_BY_VERSION, VS_FORMAT_XML, VS_FORMAT_JSON };
enum vs_rule_order { VS_ORDER_MIXED, VS_ORDER_GUIDE, VS_ORDER_OTHER };
enum vs_vcenter_form { VS_VCENTER_67, VS_VCENTER_65, VS_VCENTER_70 };

struct vs_delays {
    uint64_t inventory_ms;   /* until NSX knows a VM that vCenter has */
    uint64_t membership_ms;  /* until groups know a change of a VM */
    uint64_t realization_ms; /* until the firewall does */
};

struct vs_settings {
    char *user;
    char *password;
    char *role; /* "none": may log in and may do nothing */
    char *version;
    char *build;
    struct vs_delays delays;
    uint64_t lockout_failures; /* 0: never */
    uint64_t lockout_s;
    bool basic_login;
    uint64_t token_minutes;
    bool token_wrapped; /* as the API guide prints it: with line breaks inside */
    unsigned login_body;
    unsigned error_form;
    unsigned default_format;
    uint64_t conflicts; /* so many of the next writes meet another one */
    unsigned conflict_form;
    uint64_t missing_status;    /* with error code 202 */
    uint64_t unknown_vm_status; /* the same, when a tag is put on an unknown VM */
    bool attach_again_fails;    /* attaching a tag that is attached */
    bool detach_absent_fails;   /* detaching one that is not */
    bool vm_tags_since_630;     /* GET securitytags/vm/{} is not there before 6.3.0 */
    bool create_says_xml;       /* the bare id of a new object is labelled as XML */
    uint64_t page_size_max;     /* of the tag list; 0: as the client asks */
    bool group_list_is_list;    /* root <list>, else <securityGroups> */
    bool empty_lookup_nested;   /* no groups: two nested elements, else one */
    bool filtered_root;         /* <filteredfirewallConfiguration> */
    unsigned rule_order;
    bool upper_case_action;
    bool deny_as_block; /* "block" where others say "deny" */
    bool upper_case_realized;
    bool table_stats_names; /* hitcount, firstHitTime, lastHitTime */
    bool rule_stats;
    bool collect_flows;
    bool objects_generation_moves; /* with a change of tags only */
    char *firewall_state;
    bool vcenter_connected;
    char *vcenter_user;
    char *vcenter_password;
    unsigned vcenter_form;
    uint64_t vcenter_cap; /* 0: what the version has */
    uint64_t vcenter_cap_status;
    uint64_t vcenter_session_s;
};

void vs_settings_init(struct vs_settings *settings);
void vs_settings_done(struct vs_settings *settings);

bool vs_settings_is_member(const char *name);
bool vs_settings_read(struct vs_settings *settings, const cJSON *json,
                      struct sim_err *err) __attribute__((warn_unused_result));
void vs_settings_write(const struct vs_settings *settings, cJSON *json);

/* The version as VS_VERSION() makes it. */
unsigned vs_settings_version(const struct vs_settings *settings);

#endif
