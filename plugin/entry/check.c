/* SPDX-License-Identifier: Apache-2.0 */
/* check.c: `nsx-quarantine check`: says whether a configuration is valid and what it
 * means, without starting anything. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "config/config.h"
#include "entry/check.h"
#include "entry/command.h"
#include "quarantine/checks.h"

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

/* The kernel cuts silently what is asked for; a socket of systemd is not cut. */
static void check_receive_buffer(const struct nq_config *conf)
{
    static const char limit[] = "/proc/sys/net/core/rmem_max";
    long long most = 0;
    FILE *file = fopen(limit, "re");
    const bool known = file && fscanf(file, "%lld", &most) == 1;
    if (file) {
        (void)fclose(file);
    }
    if (known && conf->listen.address_count > 0 && most < conf->listen.receive_buffer) {
        warn("receive_buffer", limit,
             "it is smaller: raise net.core.rmem_max, or let nsx-quarantine.socket make "
             "the sockets");
    }
}

/* What nqFindingTable would show of this configuration. */
static void print_finding(void *arg, const struct nq_verdict *verdict)
{
    const struct nq_check_row *row = nq_check_row(verdict->check);
    char *text = NULL;
    (void)arg;
    nq_verdict_set_text(&text, verdict);
    (void)printf("%s: %s: %s: %s\n", nq_severity_name(row->severity), row->name,
                 verdict->object, text);
    free(text);
}

static void print_warnings(const struct nq_config *conf)
{
    check_directory("state_directory", conf->state_directory);
    for (size_t i = 0; i < conf->manager_count; i++) {
        check_access(&conf->managers[i].access);
        check_access(&conf->managers[i].vcenter);
    }
    for (size_t i = 0; i < conf->source_count; i++) {
        check_secret_file("community_file", conf->sources[i].community_file);
    }
    check_secret_file("users_file", conf->listen.users_file);
    check_receive_buffer(conf);
    nq_checks_of_settings(conf, conf->enforce ? NQ_MODE_ENFORCE : NQ_MODE_OBSERVE,
                          print_finding, NULL);
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
    nq_check_print(conf);
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
