/* SPDX-License-Identifier: Apache-2.0 */
/* command.h: a subcommand of the program nsx-quarantine: one file and one row in main.c.
 * Not for: what a subcommand does; that stands in its file.
 *
 * Owns    nothing: commands are constant.
 * Blocks  run() as long as the command takes.
 * Thread  the only one.
 * Fails   run() answers with an exit code.
 * Limits  none.
 */
#ifndef NQ_ENTRY_COMMAND_H
#define NQ_ENTRY_COMMAND_H

/* Exit codes of every command. */
enum nq_exit {
    NQ_EXIT_OK = 0,
    NQ_EXIT_FAILED = 1,
    NQ_EXIT_USAGE = 2,
    NQ_EXIT_CONFIG = 78, /* EX_CONFIG of sysexits.h: a restart is useless */
};

struct nq_command {
    const char *name;
    const char *summary; /* one line of `nsx-quarantine --help` */
    /* argv[0] is the name of the command. Handles its own --help. */
    int (*run)(int argc, char **argv);
};

extern const struct nq_command nq_command_agent; /* agent.c */
extern const struct nq_command nq_command_check; /* check.c */
extern const struct nq_command nq_command_try;   /* try.c */
extern const struct nq_command nq_command_learn; /* learn.c */
extern const struct nq_command nq_command_log;   /* log.c */

#endif
