/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: `nsx-quarantine log`: prints the audit log, or judges whether it is whole. Reads the
 * state beside a running engine. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/config.h"
#include "entry/beside.h"
#include "entry/command.h"
#include "entry/log_json.h"
#include "store/log_reader.h"

struct request {
    const char *config_file;
    struct nq_log_query query;
    const char *head; /* a hash that was noted before; NULL: none */
    bool json;
    bool verify;
};

/* ---- the list ------------------------------------------------------------------------- */

static void print_text(const char *before, const char *text, size_t size)
{
    char shown[NQ_EVIDENCE_MAX + 1];
    (void)printf("%s%s", before, nq_text_escape(text, shown, size));
}

static bool print_row(void *arg, const struct nq_log_row *row)
{
    const struct request *request = arg;
    const struct nq_log_entry *entry = &row->entry;
    char when[32];
    if (request->json) {
        return nq_log_json_print(stdout, row);
    }
    (void)printf("%s %u ", nq_beside_time(entry->at_ms, when), entry->number);
    print_text("", entry->event, NQ_TEXT_MAX + 1);
    print_text(": ", entry->text, NQ_TEXT_MAX + 1);
    if (entry->case_id) {
        (void)printf(" case=%u", entry->case_id);
    }
    print_text(" by=", entry->actor, NQ_TEXT_MAX + 1);
    if (entry->evidence) {
        print_text(" evidence=", entry->evidence, NQ_EVIDENCE_MAX + 1);
    }
    return putchar('\n') != EOF;
}

static bool read_log(void *arg, const char *path, struct nq_err *reterr)
{
    const struct request *request = arg;
    return nq_store_sqlite_log(path, &request->query, print_row, arg, reterr);
}

/* ---- the judgement -------------------------------------------------------------------- */

struct judged {
    const char *head;
    struct nq_chain_check check;
};

static bool judge(void *arg, const char *path, struct nq_err *reterr)
{
    struct judged *judged = arg;
    return nq_store_sqlite_verify(path, judged->head, &judged->check, reterr);
}

static int verify(const struct request *request)
{
    struct judged judged = {.head = request->head};
    const struct nq_chain_check *check = &judged.check;
    const int code = nq_beside("log", request->config_file, judge, &judged);
    if (code != NQ_EXIT_OK) {
        return code;
    }
    if (check->pruned) {
        (void)printf("pruned 1 to %u, which made room\n", check->pruned);
    }
    (void)printf("first  %u\nlast   %u\nhead   %s\n", check->first,
                 check->first ? check->last : 0, *check->head ? check->head : "-");
    if (*check->broken) {
        (void)printf("BROKEN: %s\n", check->broken);
        return NQ_EXIT_FAILED;
    }
    (void)puts("OK");
    return NQ_EXIT_OK;
}

/* ---- the command ---------------------------------------------------------------------- */

/* "90s", "30m", "2h", "7d": so long ago. */
static bool read_ago(const char *text, int64_t *ret_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    char number[12];
    uint32_t count = 0;
    const size_t len = strlen(text);
    if (len < 2 || len > sizeof(number)) {
        return false;
    }
    (void)snprintf(number, sizeof(number), "%.*s", (int)len - 1, text);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text[len - 1] == units[i].unit && nq_beside_number(number, &count)) {
            *ret_ms = nq_wall_ms(&nq_system_clock) - count * units[i].ms;
            return true;
        }
    }
    return false;
}

static bool read_time(const char *text, int64_t *ret_ms)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
                                        "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm parts = {.tm_isdst = -1};
        const char *end = strptime(text, forms[i], &parts);
        if (end && *end == '\0') {
            *ret_ms = (int64_t)mktime(&parts) * 1000;
            return true;
        }
    }
    return read_ago(text, ret_ms);
}

static bool is_hash(const char *text)
{
    return strlen(text) == NQ_HASH_TEXT - 1 &&
           strspn(text, "0123456789abcdefABCDEF") == NQ_HASH_TEXT - 1;
}

static const char usage[] =
    "Usage: nsx-quarantine log [-c CONFIG] [--json] [--case N] [--since TIME] [--last "
    "N]\n"
    "       nsx-quarantine log [-c CONFIG] --verify [--head HASH]\n"
    "Prints the audit log: every decision, who made it and on what evidence, one entry "
    "a\n"
    "line, the oldest first. The engine may run meanwhile; it need not.\n\n"
    "  -c, --config CONFIG  default: " NQ_CONFIG_PATH "\n"
    "      --case N         entries about this case only\n"
    "      --since TIME     entries from then on: 2026-11-28, \"2026-11-28 13:34:34\"\n"
    "                       (local time), or 90s, 30m, 2h, 7d ago\n"
    "      --last N         the newest N of them\n"
    "      --json           JSON, one object a line, with everything that a hash is made "
    "of\n"
    "      --verify         judge whether entries were changed, removed, inserted or "
    "moved;\n"
    "                       print the first and last entry, the hash of the last one "
    "(head)\n"
    "                       and OK, or BROKEN and the first thing that is wrong\n"
    "      --head HASH      with --verify: one of the entries must have this hash, which "
    "was\n"
    "                       noted before (--verify, nqEngineLogHead): whoever may write "
    "the\n"
    "                       database could have made a whole new log\n\n"
    "The hash of an entry is the SHA-256, in lower case hex, of these members, one "
    "behind\n"
    "the other: the hash of the entry before (empty for entry 1), number, at_ms, "
    "case_id,\n"
    "kept_from, event, actor, text, evidence (empty for none). Each is written as its\n"
    "length in octets in decimal, a colon, its octets and a comma: \"17\" is 2:17, and "
    "an\n"
    "empty one 0:, . kept_from is the oldest entry that was kept when this one was "
    "written.\n\n"
    "Exit codes: 0 printed, or the log is whole; 1 it is broken or cannot be read; 2 "
    "wrong\n"
    "words; 78 the configuration is not valid.\n";

enum { OPTION_CASE = 256, OPTION_SINCE, OPTION_LAST, OPTION_HEAD };

/* false: the words make no sense. */
static bool take_option(struct request *request, int option)
{
    switch (option) {
    case 'c':
        request->config_file = optarg;
        return true;
    case 'j':
        request->json = true;
        return true;
    case 'v':
        request->verify = true;
        return true;
    case OPTION_CASE:
        return nq_beside_number(optarg, &request->query.case_id);
    case OPTION_LAST:
        return nq_beside_number(optarg, &request->query.last);
    case OPTION_SINCE:
        return read_time(optarg, &request->query.since_ms);
    case OPTION_HEAD:
        request->head = optarg;
        return is_hash(optarg);
    default:
        return false;
    }
}

static bool agrees(const struct request *request)
{
    const struct nq_log_query *query = &request->query;
    const bool chosen = request->json || query->case_id || query->last || query->since_ms;
    return request->verify ? !chosen : !request->head;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {"verify", no_argument, NULL, 'v'},
        {"case", required_argument, NULL, OPTION_CASE},
        {"since", required_argument, NULL, OPTION_SINCE},
        {"last", required_argument, NULL, OPTION_LAST},
        {"head", required_argument, NULL, OPTION_HEAD},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    struct request request = {.config_file = NQ_CONFIG_PATH};
    bool good = true;
    for (int c; good && (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        if (c == 'h') {
            return fputs(usage, stdout) < 0 ? NQ_EXIT_FAILED : NQ_EXIT_OK;
        }
        good = take_option(&request, c);
    }
    if (!good || optind < argc || !agrees(&request)) {
        (void)fputs(usage, stderr);
        return NQ_EXIT_USAGE;
    }
    const int code = request.verify
                         ? verify(&request)
                         : nq_beside("log", request.config_file, read_log, &request);
    return fflush(stdout) == 0 && !ferror(stdout) ? code : NQ_EXIT_FAILED;
}

const struct nq_command nq_command_log = {
    .name = "log",
    .summary = "print the audit log, or judge whether it is whole",
    .run = run,
};
