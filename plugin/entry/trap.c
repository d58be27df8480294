/* SPDX-License-Identifier: Apache-2.0 */
/* trap.c: `nsx-quarantine-trap`, the traphandle program of snmptrapd: hands one trap to
 * the engine, or spools it. snmptrapd waits for us and takes no other trap meanwhile, so
 * every step has a deadline; NSX, DNS and passwords are the engine's business. A program of
 * its own, because it starts for each trap: the libraries of the other commands would take
 * ten times as long to load as everything it does. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "entry/command.h"
#include "entry/handoff.h"
#include "trap/spool.h"
#include "trap/text.h"

#define INPUT_DEADLINE_MS 5000

/* Where a trap goes. */
struct way {
    char *intake_socket;
    char *spool_directory;
};

/* ---- what people read --------------------------------------------------------------- */

/* Whether anybody sees what a traphandle program prints depends on how snmptrapd was
 * started, so what somebody must act on also goes to syslog. */
static void to_stderr_and_syslog(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)fprintf(stderr, "nsx-quarantine-trap: %s\n", line);
    if (level <= NQ_LOG_WARNING) {
        syslog(level == NQ_LOG_ERROR ? LOG_ERR : LOG_WARNING, "%s", line);
    }
}

static void log_error(const struct nq_err *err)
{
    char text[2 * NQ_ERR_DETAIL];
    nq_log(NQ_LOG_ERROR, "%s", nq_err_text(err, text, sizeof(text)));
}

/* ---- input -------------------------------------------------------------------------- */

/* Milliseconds from now to deadline, at least 0. */
static int left_ms(int64_t deadline)
{
    const int64_t left = deadline - nq_mono_ms(&nq_system_clock);
    return left > 0 ? (int)left : 0;
}

/* Reads standard input to its end even when it is too large: a writer that finds the pipe
 * closed could die of it. */
static bool read_input(struct nq_buf *text, struct nq_err *reterr)
{
    const int64_t deadline = nq_mono_ms(&nq_system_clock) + INPUT_DEADLINE_MS;
    bool fits = true;
    for (;;) {
        char piece[16384];
        struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
        const int ready = poll(&wait, 1, left_ms(deadline));
        if (ready == 0) {
            return nq_fail(reterr, NQ_TRAP_FORMAT, "standard input does not end");
        }
        const ssize_t got = ready < 0 ? -1 : read(STDIN_FILENO, piece, sizeof(piece));
        if (got < 0 && errno != EINTR) {
            return nq_fail_errno(reterr, NQ_TRAP_FORMAT, "standard input");
        }
        if (got == 0) {
            break;
        }
        fits = fits && (got < 0 || nq_buf_add(text, piece, (size_t)got));
    }
    return fits || nq_fail(reterr, NQ_TRAP_TOO_LARGE, "at most %d bytes are taken",
                           NQ_TRAP_TEXT_MAX);
}

/* ---- the command -------------------------------------------------------------------- */

/* The engine believes the first line of what its own user spooled (text.h), and that may be
 * the user who runs us; here that line is a host's name. */
static void disown(struct nq_buf *text)
{
    const size_t head = sizeof(NQ_TEXT_OWN) - 1;
    if (text->len >= head && memcmp(text->data, NQ_TEXT_OWN, head) == 0) {
        text->data[0] = '-';
    }
}

/* A broken configuration must not lose a trap: the usual places are better than none. */
static struct way find_way(const char *config_file)
{
    struct nq_err err;
    struct nq_config *conf = nq_config_load(config_file, &err);
    struct way way;
    if (conf) {
        way.intake_socket = nq_strdup(conf->intake_socket);
        way.spool_directory = nq_strdup(conf->spool_directory);
    } else {
        log_error(&err);
        nq_log(NQ_LOG_WARNING, "the trap goes the default way dir=%s",
               NQ_CONFIG_STATE_DIRECTORY);
        way.intake_socket =
            nq_strdup(NQ_CONFIG_STATE_DIRECTORY "/" NQ_CONFIG_INTAKE_SOCKET);
        way.spool_directory =
            nq_strdup(NQ_CONFIG_STATE_DIRECTORY "/" NQ_CONFIG_SPOOL_DIRECTORY);
    }
    (void)nq_config_free(conf);
    return way;
}

static int spool(const struct way *way, const struct nq_buf *text)
{
    struct nq_err err;
    bool stored = nq_spool_put(way->spool_directory, text->data, text->len, &err);
    if (!stored && err.os_errno == ENOENT) {
        stored = nq_spool_prepare(way->spool_directory, &err) &&
                 nq_spool_put(way->spool_directory, text->data, text->len, &err);
    }
    if (!stored) {
        log_error(&err);
        nq_log(NQ_LOG_ERROR, "a trap is lost bytes=%zu", text->len);
        return NQ_EXIT_FAILED;
    }
    nq_log(NQ_LOG_NOTICE, "the engine did not take the trap, it is spooled dir=%s",
           way->spool_directory);
    return NQ_EXIT_OK;
}

static int deliver(const struct way *way, const struct nq_buf *text)
{
    char answer[NQ_HANDOFF_ANSWER_MAX];
    if (!nq_handoff_ask(way->intake_socket, text, answer)) {
        return spool(way, text);
    }
    if (strcmp(answer, "stored") == 0) {
        return NQ_EXIT_OK;
    }
    if (strncmp(answer, "refused ", 8) == 0) {
        /* The engine has counted and logged it. */
        nq_log(NQ_LOG_NOTICE, "the engine refuses the trap reason=%s", answer + 8);
        return NQ_EXIT_FAILED;
    }
    return spool(way, text);
}

static int hand_over(const char *config_file)
{
    struct nq_buf text;
    struct nq_err err;
    int code = NQ_EXIT_FAILED;
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    if (!read_input(&text, &err)) {
        log_error(&err);
    } else if (text.len == 0) {
        nq_log(NQ_LOG_ERROR, "standard input is empty: snmptrapd starts this program");
    } else {
        struct way way = find_way(config_file);
        disown(&text);
        code = deliver(&way, &text);
        free(way.intake_socket);
        free(way.spool_directory);
    }
    nq_buf_done(&text);
    return code;
}

/* snmptrapd 5.9 leaves us its sockets: while we have them, no other snmptrapd can open the
 * port, and we may have to wait for the engine. Linux before 5.9 cannot do this. */
static void let_go_of_inherited(void)
{
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    static const char usage[] =
        "Usage: nsx-quarantine-trap [-c CONFIG] < TRAP\n"
        "Hands one trap to the engine, or spools it while the engine is away.\n"
        "For snmptrapd.conf:  traphandle default exec /usr/bin/nsx-quarantine-trap\n"
        "snmptrapd must run with -Onxet -n.\n\n"
        "  -c, --config CONFIG  default: " NQ_CONFIG_PATH "\n"
        "  -V, --version        print the version\n";
    const char *config_file = NQ_CONFIG_PATH;
    for (int c; (c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            config_file = optarg;
            break;
        case 'V':
            return puts("nsx-quarantine " NQ_VERSION) < 0 ? NQ_EXIT_FAILED : NQ_EXIT_OK;
        default:
            (void)fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? NQ_EXIT_OK : NQ_EXIT_USAGE;
        }
    }
    if (optind != argc) {
        (void)fputs(usage, stderr);
        return NQ_EXIT_USAGE;
    }
    let_go_of_inherited();
    openlog("nsx-quarantine", LOG_PID, LOG_DAEMON);
    nq_log_to(to_stderr_and_syslog, NULL);
    return hand_over(config_file);
}
