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
static void check_password_file(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        warn("password_file", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        warn("password_file", path, "not a regular file");
    } else if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        warn("password_file", path, "others may use it: chmod 0600");
    }
}

static void check_readable(const char *option, const char *path)
{
    if (path && access(path, R_OK) != 0) {
        warn(option, path, strerror(errno));
    }
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
        check_password_file(conf->managers[i].password_file);
        check_readable("ca_file", conf->managers[i].ca_file);
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

static const char *action_text(enum nq_trigger_action action)
{
    return action == NQ_ACTION_QUARANTINE ? "quarantine" : "ignore";
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
        (void)printf("manager   %s  %s  as %s\n", manager->name, manager->url,
                     manager->user);
    }
    for (size_t i = 0; i < conf->group_count; i++) {
        const struct nq_group_conf *group = &conf->groups[i];
        (void)printf("group     %s  %s  %s\n", group->name, role_text(group->role),
                     group->path);
    }
    for (size_t i = 0; i < conf->trigger_count; i++) {
        const struct nq_trigger_conf *trigger = &conf->triggers[i];
        (void)printf("trigger   %s  %s  %s%s  %zu condition%s\n", trigger->name,
                     action_text(trigger->action), trigger->trap_oid,
                     trigger->oid_prefix ? ".*" : "", trigger->condition_count,
                     trigger->condition_count == 1 ? "" : "s");
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
