/* SPDX-License-Identifier: Apache-2.0 */
/* check_print.c: see check.h. */
#include "entry/check.h"

#include <stdio.h>

static const char *role_text(enum nq_group_role role)
{
    return role == NQ_GROUP_QUARANTINE ? "quarantine" : "watched";
}

static const char *type_text(enum nq_manager_type type)
{
    return type == NQ_MANAGER_VSPHERE ? "vsphere" : "policy";
}

static const char *account_text(const struct nq_access_conf *access)
{
    switch (access->auth) {
    case NQ_AUTH_CERTIFICATE:
        return "by certificate";
    case NQ_AUTH_TOKEN:
        return "by token";
    case NQ_AUTH_BASIC:
    case NQ_AUTH_SESSION:
        break;
    }
    return access->user;
}

static void print_senders(const struct nq_config *conf)
{
    for (size_t i = 0; i < conf->listen.address_count; i++) {
        (void)printf("listen    %s\n", conf->listen.addresses[i]);
    }
    for (size_t i = 0; i < conf->source_count; i++) {
        const struct nq_source_conf *source = &conf->sources[i];
        (void)printf("source    %s  %s%s%s%s%s\n", source->name,
                     source->address ? source->address : "any address",
                     source->community_file ? "  by community" : "",
                     source->user ? "  SNMPv3 user " : "",
                     source->user ? source->user : "",
                     source->forwarder ? "  forwards for others" : "");
    }
}

static void print_policy(const struct nq_config *conf)
{
    const struct nq_protect_conf *protect = &conf->protect;
    const struct nq_budget_conf *vms = &conf->governor.vms;
    (void)printf(
        "protect   %zu names, %zu addresses, %zu UUIDs, %zu tags, %zu groups%s\n",
        protect->name_count, protect->address_count, protect->uuid_count,
        protect->tag_count, protect->group_count,
        protect->infrastructure ? ", and what the engine depends on" : "");
    (void)printf("governor  %lld VMs a minute, %lld an hour, %lld a day, %lld for one "
                 "cause; 0: no limit\n",
                 (long long)vms->minute, (long long)vms->hour, (long long)vms->day,
                 (long long)conf->governor.same_cause);
}

void nq_check_print(const struct nq_config *conf)
{
    (void)printf("%s is valid\n", conf->file);
    (void)printf("mode      %s\n", conf->enforce ? "enforce: VMs will be isolated"
                                                 : "observe: nothing will be isolated");
    (void)printf("snmp      %s\n", conf->snmp_read_only
                                       ? "read-only: no SET is taken"
                                       : "SETs are taken, as far as snmpd "
                                         "lets them through");
    (void)printf("tag       %s|%s\n", conf->tag_scope, conf->tag_value);
    (void)printf("state     %s\nintake    %s\nspool     %s\n", conf->state_directory,
                 conf->intake_socket, conf->spool_directory);
    for (size_t i = 0; i < conf->manager_count; i++) {
        const struct nq_manager_conf *manager = &conf->managers[i];
        (void)printf("manager   %s  %s ", manager->name, type_text(manager->type));
        for (size_t k = 0; k < manager->access.url_count; k++) {
            (void)printf(" %s", manager->access.urls[k]);
        }
        (void)printf("  %s\n", account_text(&manager->access));
        if (manager->vcenter.url_count > 0) {
            (void)printf("vcenter   %s  %s  %s\n", manager->name,
                         manager->vcenter.urls[0], account_text(&manager->vcenter));
        }
    }
    for (size_t i = 0; i < conf->group_count; i++) {
        const struct nq_group_conf *group = &conf->groups[i];
        (void)printf("group     %s  %s  %s  %s\n", conf->managers[group->manager].name,
                     group->name, role_text(group->role), group->path);
    }
    print_policy(conf);
    print_senders(conf);
    for (size_t i = 0; i < conf->trigger_count; i++) {
        const struct nq_trigger_conf *trigger = &conf->triggers[i];
        (void)printf("trigger   %s  %s%s  %s%s  %zu condition%s\n", trigger->name,
                     nq_config_action_word(trigger->action),
                     trigger->action_by.value_count > 0 ? " or by its text" : "",
                     trigger->trap_oid ? trigger->trap_oid : trigger->enterprise,
                     trigger->enterprise   ? ".0.*"
                     : trigger->oid_prefix ? ".*"
                                           : "",
                     trigger->condition_count, trigger->condition_count == 1 ? "" : "s");
    }
}
