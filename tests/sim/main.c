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
    size_t port_count; /* 0: any free ones */
    unsigned ports[SIM_NODES_MAX];
    size_t nodes;
};

static const char help[] =
    "Usage: nsx-sim --world FILE --cert PEM --key PEM [--nodes N]\n"
    "               [--port N[,N]...] [--port-file FILE] [--log FILE]\n"
    "       nsx-sim --world FILE --no-tls ...\n"
    "\n"
    "An NSX Manager for tests: answers the NSX API on 127.0.0.1 from a world file.\n"
    "\n"
    "  --world FILE      VMs, groups and firewall as JSON\n"
    "  --cert PEM        certificate of the server\n"
    "  --key PEM         its private key\n"
    "  --no-tls          plain HTTP, for debugging\n"
    "  --nodes N         managers of the cluster, each with a port; 1 is the default\n"
    "  --port N[,N]...   ports of the nodes; 0, the default, takes a free one\n"
    "  --port-file FILE  where to write the ports, a line each, when they are open\n"
    "  --log FILE        one line for each NSX request, appended\n"
    "  --help, --version\n"
    "\n"
    "Ends on SIGTERM or SIGINT. Exit status: 0 ended, 1 cannot run, 2 wrong usage.\n";

enum {
    OPTION_WORLD = 1000,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_NO_TLS,
    OPTION_NODES,
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
    {"nodes", required_argument, NULL, OPTION_NODES},
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

/* Numbers with commas between. */
static bool parse_ports(const char *text, struct options *options)
{
    options->port_count = 0;
    for (;;) {
        size_t part = strcspn(text, ",");
        char *digits = sim_strndup(text, part);
        uint64_t port = 0;
        bool good =
            options->port_count < SIM_NODES_MAX && sim_parse_number(digits, 65535, &port);

        free(digits);
        if (!good) {
            return false;
        }
        options->ports[options->port_count++] = (unsigned)port;
        if (text[part] == '\0') {
            return true;
        }
        text += part + 1;
    }
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
    uint64_t number = 0;
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
        case OPTION_NODES:
            if (!sim_parse_number(optarg, SIM_NODES_MAX, &number) || number == 0) {
                return usage("--nodes must be a number from 1 to 8");
            }
            options->nodes = (size_t)number;
            break;
        case OPTION_PORT:
            if (!parse_ports(optarg, options)) {
                return usage("--port must be numbers from 0 to 65535, at most 8");
            }
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
static bool write_ports(const char *path, const struct sim *sim, struct sim_err *err)
{
    char *draft = sim_format("%s.%ld", path, (long)getpid());
    FILE *file = fopen(draft, "we");
    bool good = file != NULL;

    for (size_t i = 0; good && i < sim->node_count; i++) {
        good = fprintf(file, "%u\n", sim->nodes[i].port) > 0;
    }
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
        sim->node_count = options->nodes;
        for (size_t i = 0; i < options->port_count; i++) {
            sim->nodes[i].port = options->ports[i];
        }
        server = sim_server_start(sim, cert, key, err);
        good = server != NULL;
    }
    if (good && options->port_file != NULL) {
        good = write_ports(options->port_file, sim, err);
    }
    if (good) {
        for (size_t i = 0; i < sim->node_count; i++) {
            (void)fprintf(stderr, "nsx-sim: listening on 127.0.0.1 port %u\n",
                          sim->nodes[i].port);
        }
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
    struct options options = {.nodes = 1};
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
