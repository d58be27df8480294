/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c: the rules between options, one function for each part of the file. */
#include "config/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SOCKET_PATH_MAX 107 /* sun_path of unix(7) without its NUL */

bool nq_rules_broken(struct nq_rule_break *ret_broken, const char *path, const char *fmt,
                     ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(ret_broken->text, sizeof(ret_broken->text), fmt, args);
    va_end(args);
    (void)snprintf(ret_broken->path, sizeof(ret_broken->path), "%s", path);
    return false;
}

static bool engine_holds(const struct nq_config *conf, struct nq_rule_break *ret_broken)
{
    if (strlen(conf->intake_socket) > SOCKET_PATH_MAX) {
        return nq_rules_broken(
            ret_broken, "engine.intake_socket",
            "the path of a socket has at most %d bytes: set a shorter one",
            SOCKET_PATH_MAX);
    }
    if (conf->retry_first_ms > conf->retry_most_ms) {
        return nq_rules_broken(ret_broken, "timing.retry_first_s",
                               "it may not be above retry_most_s");
    }
    return true;
}

/* A path says which generation of NSX it is of. */
static bool path_holds(const struct nq_config *conf, size_t manager, const char *group,
                       const char *where, size_t index, struct nq_rule_break *ret_broken)
{
    const bool vsphere = conf->managers[manager].type == NQ_MANAGER_VSPHERE;
    if (vsphere != (group[0] == '/')) {
        return true;
    }
    char path[NQ_OPTION_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s[%zu].path", where, index);
    return nq_rules_broken(ret_broken, path,
                           vsphere ? "a manager of type vsphere calls it securitygroup-N"
                                   : "a manager of type policy calls it /infra/...");
}

/* A tag that means quarantine would protect every VM that is quarantined. */
static bool protected_tag_holds(const struct nq_config *conf, size_t index,
                                struct nq_rule_break *ret_broken)
{
    const struct nq_tag_conf *tag = &conf->protect.tags[index];
    bool quarantine = strcmp(tag->value, conf->tag_value) == 0;
    for (size_t i = 0; i < conf->watched_tag_count; i++) {
        quarantine = quarantine || strcmp(tag->value, conf->watched_tags[i].value) == 0;
    }
    if (!quarantine) {
        return true;
    }
    char path[NQ_OPTION_PATH_MAX];
    (void)snprintf(path, sizeof(path), "protect.tags[%zu].value", index);
    return nq_rules_broken(ret_broken, path,
                           "tag.value or a watched tag has the same value, which means "
                           "quarantine: use another");
}

static bool protect_holds(const struct nq_config *conf, struct nq_rule_break *ret_broken)
{
    for (size_t i = 0; i < conf->protect.tag_count; i++) {
        if (!protected_tag_holds(conf, i, ret_broken)) {
            return false;
        }
    }
    for (size_t i = 0; i < conf->protect.group_count; i++) {
        const struct nq_protected_group_conf *group = &conf->protect.groups[i];
        if (!path_holds(conf, group->manager, group->path, "protect.groups", i,
                        ret_broken)) {
            return false;
        }
    }
    return true;
}

static bool groups_hold(const struct nq_config *conf, struct nq_rule_break *ret_broken)
{
    bool quarantine = false;
    for (size_t i = 0; i < conf->group_count; i++) {
        const struct nq_group_conf *group = &conf->groups[i];
        quarantine = quarantine || group->role == NQ_GROUP_QUARANTINE;
        if (!path_holds(conf, group->manager, group->path, "groups", i, ret_broken)) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (conf->groups[k].manager == group->manager &&
                strcmp(conf->groups[k].path, group->path) == 0) {
                char path[NQ_OPTION_PATH_MAX];
                (void)snprintf(path, sizeof(path), "groups[%zu].path", i);
                return nq_rules_broken(ret_broken, path,
                                       "group '%.80s' has the same path",
                                       conf->groups[k].name);
            }
        }
    }
    return quarantine ||
           nq_rules_broken(ret_broken, "groups",
                           "no group has the role quarantine: add the one whose "
                           "members are the isolated VMs");
}

static bool source_holds(const struct nq_source_conf *source, size_t index,
                         struct nq_rule_break *ret_broken)
{
    char path[NQ_OPTION_PATH_MAX];
    (void)snprintf(path, sizeof(path), "sources[%zu]", index);
    if (!source->address && !source->community_file && !source->user) {
        return nq_rules_broken(ret_broken, path,
                               "it fits everybody: add address, community_file or user");
    }
    if (source->user && source->community_file) {
        return nq_rules_broken(
            ret_broken, path,
            "no trap has both a community and a user: make two sources of it");
    }
    if (source->forwarder && (!source->address || source->user)) {
        return nq_rules_broken(
            ret_broken, path,
            "a forwarder is known by its address alone: give that and no user");
    }
    return true;
}

/* What an auth needs; the rest would be ignored silently. */
static bool access_holds(const struct nq_access_conf *access, const char *where,
                         struct nq_rule_break *ret_broken)
{
    const struct {
        const char *name;
        bool given;
        unsigned needed_by; /* set of 1 << enum nq_auth */
    } rows[] = {
        {"user", access->user, 1U << NQ_AUTH_BASIC | 1U << NQ_AUTH_SESSION},
        {"password_file", access->password_file,
         1U << NQ_AUTH_BASIC | 1U << NQ_AUTH_SESSION},
        {"certificate_file", access->certificate_file, 1U << NQ_AUTH_CERTIFICATE},
        {"key_file", access->key_file, 1U << NQ_AUTH_CERTIFICATE},
        {"token_file", access->token_file, 1U << NQ_AUTH_TOKEN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bool needed = (rows[i].needed_by & 1U << access->auth) != 0;
        if (needed != rows[i].given) {
            char path[NQ_OPTION_PATH_MAX];
            (void)snprintf(path, sizeof(path), "%.100s.%s", where, rows[i].name);
            return nq_rules_broken(
                ret_broken, path,
                needed ? "it is missing; the auth of this block needs it"
                       : "the auth of this block does not use it: remove one");
        }
    }
    return true;
}

static bool manager_holds(const struct nq_manager_conf *manager, size_t index,
                          struct nq_rule_break *ret_broken)
{
    char path[NQ_OPTION_PATH_MAX];
    const bool vsphere = manager->type == NQ_MANAGER_VSPHERE;
    const enum nq_auth auth = manager->access.auth;
    (void)snprintf(path, sizeof(path), "managers[%zu].auth", index);
    if (vsphere && auth != NQ_AUTH_BASIC && auth != NQ_AUTH_SESSION) {
        return nq_rules_broken(ret_broken, path,
                               "type vsphere knows basic and session only");
    }
    (void)snprintf(path, sizeof(path), "managers[%zu].url", index);
    if (vsphere && manager->access.url_count > 1) {
        return nq_rules_broken(ret_broken, path,
                               "NSX for vSphere is one manager: use one url");
    }
    (void)snprintf(path, sizeof(path), "managers[%zu].vcenter", index);
    if (!vsphere && manager->vcenter.url_count > 0) {
        return nq_rules_broken(ret_broken, path, "only type vsphere uses it: remove it");
    }
    if (manager->vcenter.url_count > 0 &&
        !access_holds(&manager->vcenter, path, ret_broken)) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "managers[%zu]", index);
    return access_holds(&manager->access, path, ret_broken);
}

bool nq_rules_hold(const struct nq_config *conf, struct nq_rule_break *ret_broken)
{
    if (!engine_holds(conf, ret_broken)) {
        return false;
    }
    for (size_t i = 0; i < conf->manager_count; i++) {
        if (!manager_holds(&conf->managers[i], i, ret_broken)) {
            return false;
        }
    }
    if (!groups_hold(conf, ret_broken) || !protect_holds(conf, ret_broken)) {
        return false;
    }
    for (size_t i = 0; i < conf->source_count; i++) {
        if (!source_holds(&conf->sources[i], i, ret_broken)) {
            return false;
        }
    }
    return nq_rules_triggers_hold(conf, ret_broken);
}
