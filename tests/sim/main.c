/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: nsx-sim, an NSX Manager on the loopback address for tests and the demo. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

#define PEM_MAX ((size_t)1 << 20)

struct options {
    const char *world;
    const char *cert;
    const char *key;
    const char *port_file;
    const char *log;
    bool no_tls;
    unsigned port;
};

static const char help[] =
    "Usage: nsx-sim --world FILE --cert PEM --key PEM [--port N] [--port-file FILE]\n"
    "               [--log FILE]\n"
    "       nsx-sim --world FILE --no-tls ...\n"
    "\n"
    "An NSX Manager for tests: answers the NSX API on 127.0.0.1 from a world file.\n"
    "\n"
    "  --world FILE      VMs, groups and firewall as JSON\n"
    "  --cert PEM        certificate of the server\n"
    "  --key PEM         its private key\n"
    "  --no-tls          plain HTTP, for debugging\n"
    "  --port N          port to listen on; 0, the default, takes a free one\n"
    "  --port-file FILE  where to write the port when the server is ready\n"
    "  --log FILE        one line for each NSX request, appended\n"
    "  --help, --version\n"
    "\n"
    "Ends on SIGTERM or SIGINT. Exit status: 0 ended, 1 cannot run, 2 wrong usage.\n";

enum {
    OPTION_WORLD = 1000,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_NO_TLS,
    OPTION_PORT,
    OPTION_PORT_FILE,
    OPTION_LOG,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"world", required_argument, NULL, OPTION_WORLD},
    {"cert", required_argument, NULL, OPTION_CERT},
    {"key", required_argument, NULL, OPTION_KEY},
    {"no-tls", no_argument, NULL, OPTION_NO_TLS},
    {"port", required_argument, NULL, OPTION_PORT},
    {"port-file", required_argument, NULL, OPTION_PORT_FILE},
    {"log", required_argument, NULL, OPTION_LOG},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static int usage(const char *text)
{
    (void)fprintf(stderr, "nsx-sim: %s; try nsx-sim --help\n", text);
    return 2;
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
    uint64_t port = 0;
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_WORLD:
            options->world = optarg;
            break;
        case OPTION_CERT:
            options->cert = optarg;
            break;
        case OPTION_KEY:
            options->key = optarg;
            break;
        case OPTION_NO_TLS:
            options->no_tls = true;
            break;
        case OPTION_PORT:
            if (!sim_parse_number(optarg, 65535, &port)) {
                return usage("--port must be a number from 0 to 65535");
            }
            options->port = (unsigned)port;
            break;
        case OPTION_PORT_FILE:
            options->port_file = optarg;
            break;
        case OPTION_LOG:
            options->log = optarg;
            break;
        case OPTION_HELP:
            (void)fputs(help, stdout);
            return 0;
        case OPTION_VERSION:
            (void)printf("nsx-sim %s\n", NQ_VERSION);
            return 0;
        default:
            return 2; /* getopt_long has said why */
        }
    }
    if (optind < argc) {
        return usage("there are no arguments without an option");
    }
    if (options->world == NULL) {
        return usage("--world is missing");
    }
    if (options->no_tls != (options->cert == NULL && options->key == NULL) ||
        (options->cert == NULL) != (options->key == NULL)) {
        return usage("give --cert and --key, or --no-tls");
    }
    return -1;
}

static char *read_pem(const char *path, struct sim_err *err)
{
    FILE *file = fopen(path, "re");
    char *text;
    size_t length;

    if (file == NULL) {
        (void)sim_fail(err, "%s: %s", path, strerror(errno));
        return NULL;
    }
    text = sim_alloc(PEM_MAX, 1);
    length = fread(text, 1, PEM_MAX - 1, file);
    if (ferror(file) || length == PEM_MAX - 1) {
        (void)sim_fail(err, "%s: %s", path,
                       ferror(file) ? "cannot be read" : "too large");
        free(text);
        text = NULL;
    }
    (void)fclose(file);
    return text;
}

/* Written beside and renamed, so that who waits for the file never reads half of it. */
static bool write_port(const char *path, unsigned port, struct sim_err *err)
{
    char *draft = sim_format("%s.%ld", path, (long)getpid());
    FILE *file = fopen(draft, "we");
    bool good = file != NULL && fprintf(file, "%u\n", port) > 0;

    if (file != NULL && fclose(file) != 0) {
        good = false;
    }
    good = good && rename(draft, path) == 0;
    if (!good) {
        (void)sim_fail(err, "%s: %s", path, strerror(errno));
        (void)unlink(draft);
    }
    free(draft);
    return good;
}

static bool serve(struct sim *sim, const struct options *options, struct sim_err *err)
{
    char *cert = options->no_tls ? NULL : read_pem(options->cert, err);
    char *key = options->no_tls || cert == NULL ? NULL : read_pem(options->key, err);
    struct sim_server *server = NULL;
    bool good = options->no_tls || (cert != NULL && key != NULL);
    sigset_t ending;
    int number = 0;

    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &ending, NULL) != 0) {
        abort();
    }
    if (good) {
        server = sim_server_start(sim, cert, key, options->port, err);
        good = server != NULL;
    }
    if (good && options->port_file != NULL) {
        good = write_port(options->port_file, sim_server_port(server), err);
    }
    if (good) {
        (void)fprintf(stderr, "nsx-sim: listening on 127.0.0.1 port %u\n",
                      sim_server_port(server));
        (void)sigwait(&ending, &number);
    }
    if (server != NULL) {
        sim_server_stop(server);
    }
    free(cert);
    free(key);
    return good;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct sim sim;
    struct sim_err err;
    int status = parse_options(argc, argv, &options);
    bool good;

    if (status >= 0) {
        return status;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    sim_json_init();
    if (!sim_open(&sim, options.world, options.log, &err)) {
        (void)fprintf(stderr, "nsx-sim: %s: %s\n", options.world, err.text);
        return 1;
    }
    good = serve(&sim, &options, &err);
    sim_close(&sim);
    if (!good) {
        (void)fprintf(stderr, "nsx-sim: %s\n", err.text);
        return 1;
    }
    return 0;
}
