/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: finds the subcommand in one table and runs it. */
#include <stdio.h>
#include <string.h>

#include "entry/command.h"

static const struct nq_command *const commands[] = {
    &nq_command_agent, &nq_command_check, &nq_command_try,
    &nq_command_learn, &nq_command_log,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int print_help(FILE *out)
{
    (void)fputs("Usage: nsx-quarantine COMMAND [OPTION]...\n"
                "Isolates VMs through NSX tags when an SNMP trap reports malware.\n\n",
                out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    }
    (void)fputs(
        "\n`nsx-quarantine COMMAND --help` tells more; --version prints the version.\n"
        "snmptrapd's traphandle program is nsx-quarantine-trap.\n",
        out);
    return NQ_EXIT_OK;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0) {
        return print_help(stdout);
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        return puts("nsx-quarantine " NQ_VERSION) < 0 ? NQ_EXIT_FAILED : NQ_EXIT_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, commands[i]->name) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    if (*word) {
        (void)fprintf(stderr, "nsx-quarantine: unknown command '%s'\n", word);
    }
    (void)fputs("Try: nsx-quarantine --help\n", stderr);
    return NQ_EXIT_USAGE;
}
