/* SPDX-License-Identifier: Apache-2.0 */
/* check.c: `nsx-quarantine check`: says whether a configuration is valid and what it
 * means, without starting anything. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "config/config.h"
#include "entry/command.h"

/* ---- warnings: right as text, but it will not work like this ------------------------- */

static void warn(const char *option, const char *path, const char *text)
{
    (void)printf("warning: %s: %s: %s\n", option, path, text);
}

/* Whoever runs the check may not be the one who runs the engine, so only what every user
 * can see is said. */
static void check_secret_file(const char *option, const char *path)
{
    struct stat info;
    if (!path || path[0] != '/') {
        return; /* a systemd credential exists only while the service runs */
    }
    if (stat(path, &info) != 0) {
        warn(option, path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        warn(option, path, "not a regular file");
    } else if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        warn(option, path, "others may use it: chmod 0600");
    }
}

static void check_readable(const char *option, const char *path)
{
    if (path && access(path, R_OK) != 0) {
        warn(option, path, strerror(errno));
    }
}

static void check_access(const struct nq_access_conf *access)
{
    check_secret_file("password_file", access->password_file);
    check_secret_file("token_file", access->token_file);
    check_secret_file("key_file", access->key_file);
    if (access->certificate_file && access->certificate_file[0] == '/') {
        check_readable("certificate_file", access->certificate_file);
    }
    check_readable("ca_file", access->ca_file);
}

static void check_directory(const char *option, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        warn(option, path, strerror(errno));
    } else if (!S_ISDIR(info.st_mode)) {
        warn(option, path, "not a directory");
    } else if (info.st_mode & S_IWOTH) {
        warn(option, path, "everybody may write into it");
    }
}

static void print_warnings(const struct nq_config *conf)
{
    check_directory("state_directory", conf->state_directory);
    for (size_t i = 0; i < conf->manager_count; i++) {
        check_access(&conf->managers[i].access);
        check_access(&conf->managers[i].vcenter);
    }
    if (conf->trigger_count == 0) {
        warn("triggers", conf->file, "there are none, so every trap is ignored");
    }
}

/* ---- summary ------------------------------------------------------------------------ */

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

static void print_summary(const struct nq_config *conf)
{
    (void)printf("%s is valid\n", conf->file);
    (void)printf("mode      %s\n", conf->enforce ? "enforce: VMs will be isolated"
                                                 : "observe: nothing will be isolated");
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

/* ---- the command -------------------------------------------------------------------- */

static int check(const char *file)
{
    struct nq_err err;
    struct nq_config *conf = nq_config_load(file, &err);
    if (!conf) {
        char text[2 * NQ_ERR_DETAIL];
        (void)fprintf(stderr, "nsx-quarantine check: %s\n",
                      nq_err_text(&err, text, sizeof(text)));
        return NQ_EXIT_CONFIG;
    }
    print_summary(conf);
    print_warnings(conf);
    (void)nq_config_free(conf);
    return fflush(stdout) == 0 ? NQ_EXIT_OK : NQ_EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"options", no_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static const char usage[] =
        "Usage: nsx-quarantine check [-c CONFIG] [--options]\n"
        "Checks a configuration and prints what it means; exit code 78 when it is not\n"
        "valid. What is valid but will not work on this machine is a warning.\n\n"
        "  -c, --config CONFIG  default: " NQ_CONFIG_PATH "\n"
        "      --options        print every option with range, default and help\n";
    const char *file = NQ_CONFIG_PATH;
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            file = optarg;
            break;
        case 'o':
            nq_config_print_options(stdout);
            return NQ_EXIT_OK;
        default:
            (void)fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? NQ_EXIT_OK : NQ_EXIT_USAGE;
        }
    }
    if (optind != argc) {
        (void)fputs(usage, stderr);
        return NQ_EXIT_USAGE;
    }
    return check(file);
}

const struct nq_command nq_command_check = {
    .name = "check",
    .summary = "check a configuration and print what it means",
    .run = run,
};
