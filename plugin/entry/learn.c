/* SPDX-License-Identifier: Apache-2.0 */
/* learn.c: `nsx-quarantine learn`: shows the traps that no trigger recognised, and makes of
 * one of them the beginning of a trigger. Reads the state beside a running engine. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/config.h"
#include "entry/beside.h"
#include "entry/command.h"
#include "store/store.h"
#include "trap/propose.h"
#include "trap/span.h"
#include "trap/text.h"
#include "trap/view.h"

#define SHOWN_TEXT_MAX 60
#define SHOWN_OCTETS   32
#define PROPOSAL_MAX   65536
#define LINE_MAX_SHOWN 4096

struct request {
    const char *config_file;
    uint32_t number; /* 0: the list */
    bool trap;       /* print the trap itself */
};

struct found {
    struct nq_unmatched list[NQ_UNMATCHED_MAX];
    size_t count;
};

static int complain(const char *text)
{
    return nq_beside_complain("learn", text);
}

static void keep(void *arg, const struct nq_unmatched *record)
{
    struct found *found = arg;
    if (found->count < NQ_UNMATCHED_MAX) {
        nq_unmatched_copy(record, &found->list[found->count++]);
    }
}

/* ---- the list ------------------------------------------------------------------------ */

static int newest_first(const void *a, const void *b)
{
    const struct nq_unmatched *one = a;
    const struct nq_unmatched *other = b;
    return (one->last_ms < other->last_ms) - (one->last_ms > other->last_ms);
}

/* The beginning of the first text in the trap. */
static void print_first_text(const struct nq_unmatched *record)
{
    struct nq_trap trap;
    if (!nq_trap_from_text(record->text, strlen(record->text), &trap, NULL)) {
        (void)fputs("(cannot be read)", stdout);
        return;
    }
    for (size_t i = 0; i < trap.varbind_count; i++) {
        size_t len = 0;
        if (nq_varbind_is_text(&trap.varbinds[i], &len)) {
            char shown[SHOWN_TEXT_MAX + 1];
            (void)fputs(nq_text_escape(trap.varbinds[i].value, shown, sizeof(shown)),
                        stdout);
            break;
        }
    }
    nq_trap_done(&trap);
}

static int print_list(struct found *found)
{
    if (found->count == 0) {
        (void)puts("Every trap so far was recognised by a trigger, or none came.");
        return NQ_EXIT_OK;
    }
    qsort(found->list, found->count, sizeof(found->list[0]), newest_first);
    (void)puts(
        "NUMBER  LAST                      COUNT  SOURCE           TRAP OID, FIRST "
        "TEXT");
    for (size_t i = 0; i < found->count; i++) {
        const struct nq_unmatched *record = &found->list[i];
        char when[32];
        (void)printf("%6u  %s %10llu  %-15s  %s\n        ", record->number,
                     nq_beside_time(record->last_ms, when),
                     (unsigned long long)record->count, record->source, record->trap_oid);
        print_first_text(record);
        (void)putchar('\n');
    }
    (void)puts(
        "\n`nsx-quarantine learn NUMBER` shows one of them and proposes a trigger.");
    return NQ_EXIT_OK;
}

/* ---- one trap ------------------------------------------------------------------------ */

static const char *type_name(const struct nq_varbind *varbind, bool text)
{
    static const char *const names[] = {
        [NQ_VALUE_OCTETS] = "octets", [NQ_VALUE_NUMBER] = "number",
        [NQ_VALUE_OID] = "OID",       [NQ_VALUE_ADDRESS] = "address",
        [NQ_VALUE_NULL] = "no value",
    };
    return text ? "text" : names[varbind->type];
}

/* Line by line as triggers see them, so that `Key: value` lines stand out. */
static void print_text(struct nq_span text)
{
    while (text.len > 0) {
        char shown[LINE_MAX_SHOWN + 1];
        struct nq_span line = nq_span_next_line(&text);
        while (line.len > 0 && line.text[line.len - 1] == '\r') {
            line.len--;
        }
        (void)printf("#         %s\n", nq_span_show(line, shown, sizeof(shown)));
    }
}

static void print_octets(const struct nq_varbind *varbind)
{
    (void)fputs("#         ", stdout);
    for (size_t i = 0; i < varbind->value_len && i < SHOWN_OCTETS; i++) {
        (void)printf("%02X ", (unsigned char)varbind->value[i]);
    }
    (void)puts(varbind->value_len > SHOWN_OCTETS ? "..." : "");
}

static void print_varbind(const struct nq_trap *trap, size_t index)
{
    const struct nq_varbind *varbind = &trap->varbinds[index];
    const size_t place = nq_view_place_of(trap, index);
    size_t len = 0;
    const bool text = nq_varbind_is_text(varbind, &len);
    char number[24] = "-";
    if (place > 0) {
        (void)snprintf(number, sizeof(number), "%zu", place);
    }
    (void)printf("# %5s  %s  %s\n", number, varbind->oid, type_name(varbind, text));
    if (text) {
        print_text((struct nq_span){varbind->value, len});
    } else if (varbind->type == NQ_VALUE_OCTETS) {
        print_octets(varbind);
    } else if (varbind->type != NQ_VALUE_NULL) {
        (void)printf("#         %s\n", varbind->value);
    }
}

static int print_trap(const struct nq_unmatched *record)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    struct nq_buf proposal;
    char name[32];
    char first[32];
    char last[32];
    if (!nq_trap_from_text(record->text, strlen(record->text), &trap, &err)) {
        return complain(err.detail);
    }
    (void)printf(
        "# Trap %u from %s: %llu times, first %s, last %s.\n# varbind, OID, type, "
        "and what it holds:\n",
        record->number, record->source, (unsigned long long)record->count,
        nq_beside_time(record->first_ms, first), nq_beside_time(record->last_ms, last));
    for (size_t i = 0; i < trap.varbind_count; i++) {
        print_varbind(&trap, i);
    }
    (void)snprintf(name, sizeof(name), "learned-%u", record->number);
    nq_buf_init(&proposal, PROPOSAL_MAX);
    const bool fits = nq_trap_propose(&trap, name, &proposal);
    nq_trap_done(&trap);
    if (fits) {
        (void)printf("#\n# For the parentheses of `triggers = ( ... );`.\n%s",
                     nq_buf_text(&proposal));
    }
    nq_buf_done(&proposal);
    return fits ? NQ_EXIT_OK : complain("the trigger would be larger than any real one");
}

static int print_one(const struct found *found, const struct request *request)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct nq_unmatched *record = &found->list[i];
        if (record->number == request->number) {
            if (request->trap) {
                (void)fputs(record->text, stdout);
                return NQ_EXIT_OK;
            }
            return print_trap(record);
        }
    }
    return complain("no trap has this number (any more); `nsx-quarantine learn` lists "
                    "those that are kept");
}

/* ---- the command --------------------------------------------------------------------- */

static bool read_unmatched(void *arg, const char *path, struct nq_err *reterr)
{
    return nq_store_sqlite_unmatched(path, keep, arg, reterr);
}

static int learn(const struct request *request)
{
    struct found *found = nq_calloc(1, sizeof(*found));
    int code = nq_beside("learn", request->config_file, read_unmatched, found);
    if (code == NQ_EXIT_OK) {
        code = request->number ? print_one(found, request) : print_list(found);
    }
    for (size_t i = 0; i < found->count; i++) {
        nq_unmatched_done(&found->list[i]);
    }
    free(found);
    return fflush(stdout) == 0 && !ferror(stdout) ? code : NQ_EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"trap", no_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static const char usage[] =
        "Usage: nsx-quarantine learn [-c CONFIG] [NUMBER [--trap]]\n"
        "Lists the last traps that no trigger recognised, the newest of each kind. With "
        "a\n"
        "number: every varbind of that trap, and a trigger that would recognise it, as "
        "a\n"
        "beginning. The engine may run meanwhile; it need not.\n\n"
        "  -c, --config CONFIG  default: " NQ_CONFIG_PATH "\n"
        "      --trap           print the trap itself, as a traphandle program gets it\n";
    struct request request = {.config_file = NQ_CONFIG_PATH};
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            request.config_file = optarg;
            break;
        case 't':
            request.trap = true;
            break;
        default:
            (void)fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? NQ_EXIT_OK : NQ_EXIT_USAGE;
        }
    }
    const int words = argc - optind;
    if (words > 1 || (words == 1 && !nq_beside_number(argv[optind], &request.number)) ||
        (request.trap && words == 0)) {
        (void)fputs(usage, stderr);
        return NQ_EXIT_USAGE;
    }
    return learn(&request);
}

const struct nq_command nq_command_learn = {
    .name = "learn",
    .summary = "show traps that no trigger recognised, and propose a trigger",
    .run = run,
};
