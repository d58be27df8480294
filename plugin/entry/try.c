/* SPDX-License-Identifier: Apache-2.0 */
/* try.c: `nsx-quarantine try`: what a trap would mean, which trigger says so and why the
 * others do not. Touches neither the engine nor NSX. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "config/config.h"
#include "entry/command.h"
#include "trap/computer.h"
#include "trap/text.h"
#include "trap/trigger.h"

static int fail(const struct nq_err *err, int code)
{
    char text[2 * NQ_ERR_DETAIL];
    (void)fprintf(stderr, "nsx-quarantine try: %s\n",
                  nq_err_text(err, text, sizeof(text)));
    return code;
}

/* ---- input -------------------------------------------------------------------------- */

static bool read_trap(struct nq_trap *ret_trap, struct nq_err *reterr)
{
    struct nq_buf text;
    char piece[16384];
    bool fits = true;
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    for (size_t got; fits && (got = fread(piece, 1, sizeof(piece), stdin)) > 0;) {
        fits = nq_buf_add(&text, piece, got);
    }
    bool done = false;
    if (ferror(stdin)) {
        nq_fail_errno(reterr, NQ_TRAP_FORMAT, "standard input");
    } else if (!fits) {
        nq_fail(reterr, NQ_TRAP_TOO_LARGE, "at most %d bytes are taken",
                NQ_TRAP_TEXT_MAX);
    } else {
        done = nq_trap_from_text(nq_buf_text(&text), text.len, ret_trap, reterr);
    }
    nq_buf_done(&text);
    return done;
}

/* ---- output ------------------------------------------------------------------------- */

static void print_fact(void *arg, const struct nq_trigger_conf *trigger,
                       const char *sentence)
{
    (void)arg;
    (void)printf("%s: %s\n", trigger->name, sentence);
}

static void print_row(const char *name, const char *text)
{
    (void)printf("%-9s %s\n", name, text);
}

static void print_trap(const struct nq_trap *trap)
{
    char source[64];
    (void)printf("trap %s from %s with %zu varbinds\n\n", trap->trap_oid,
                 nq_text_escape(trap->source, source, sizeof(source)),
                 trap->varbind_count);
}

static void print_result(const struct nq_trigger_result *result)
{
    (void)putchar('\n');
    print_row("trigger", result->trigger->name);
    print_row("action", nq_config_action_word(result->action));
    if (result->computer) {
        (void)printf("%-9s %s (%s)\n", "computer", result->computer,
                     nq_computer_kind_text(nq_computer_kind_of(result->computer)));
    } else {
        print_row("computer", "-");
    }
    print_row("cause", result->cause ? result->cause : "-");
    print_row("severity", result->severity ? result->severity : "-");
    print_row("proof", nq_config_proof_word(result->trigger->proof));
}

/* Says what becomes of the trap; true when something does. */
static bool conclude(const struct nq_trigger_result *result)
{
    if (!result->trigger) {
        (void)puts("\nNo trigger recognises the trap: it would be counted and ignored.");
        return false;
    }
    print_result(result);
    if (result->action == NQ_ACTION_IGNORE) {
        (void)puts("\nThe trap would be counted and ignored.");
        return false;
    }
    if (nq_config_names_vm(result->action) && !result->computer) {
        (void)puts("\nThe trap would be refused: it names no computer.");
        return false;
    }
    return true;
}

/* ---- the command -------------------------------------------------------------------- */

static int explain(const struct nq_config *conf, const struct nq_trap *trap)
{
    struct nq_err err;
    struct nq_trigger_result result;
    struct nq_triggers *triggers = nq_triggers_new(conf, &err);
    if (!triggers) {
        return fail(&err, NQ_EXIT_CONFIG);
    }
    print_trap(trap);
    nq_triggers_explain(triggers, trap, print_fact, NULL);
    nq_triggers_match(triggers, trap, &result);
    const bool acts = conclude(&result);
    nq_trigger_result_done(&result);
    (void)nq_triggers_free(triggers);
    return fflush(stdout) == 0 && acts ? NQ_EXIT_OK : NQ_EXIT_FAILED;
}

static int try(const char *config_file, const char *trigger_file)
{
    struct nq_err err;
    struct nq_trap trap = {0};
    struct nq_config *conf = config_file ? nq_config_load(config_file, &err)
                                         : nq_config_load_triggers(trigger_file, &err);
    if (!conf) {
        return fail(&err, NQ_EXIT_CONFIG);
    }
    int code = NQ_EXIT_FAILED;
    if (read_trap(&trap, &err)) {
        code = explain(conf, &trap);
        nq_trap_done(&trap);
    } else {
        (void)fail(&err, code);
    }
    (void)nq_config_free(conf);
    return code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static const char usage[] =
        "Usage: nsx-quarantine try TRIGGERFILE < TRAP\n"
        "       nsx-quarantine try -c CONFIG < TRAP\n"
        "Prints what a trap would mean: which trigger recognises it, what it takes out "
        "of\n"
        "it, and why the ones before do not. TRIGGERFILE is one that @include puts into\n"
        "`triggers = ( ... );`; TRAP is what snmptrapd with -Onxet -n hands to a\n"
        "traphandle program. Nothing is stored, sent or changed.\n\n"
        "  -c, --config CONFIG  take the triggers of a whole configuration\n\n"
        "Exit code: 0 something would be done; 1 the trap would be ignored or refused;\n"
        "2 wrong use; 78 the file is not valid.\n";
    const char *config_file = NULL;
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        if (c == 'c') {
            config_file = optarg;
        } else {
            (void)fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? NQ_EXIT_OK : NQ_EXIT_USAGE;
        }
    }
    if (argc - optind != (config_file ? 0 : 1)) {
        (void)fputs(usage, stderr);
        return NQ_EXIT_USAGE;
    }
    return try(config_file, argv[optind]);
}

const struct nq_command nq_command_try = {
    .name = "try",
    .summary = "show what a trap would mean, and why",
    .run = run,
};
