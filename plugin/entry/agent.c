/* SPDX-License-Identifier: Apache-2.0 */
/* agent.c: `nsx-quarantine agent`: the engine in a process of its own, an AgentX subagent
 * that stops and reloads on signals. */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "entry/beside.h"
#include "entry/command.h"
#include "entry/guest.h"
#include "entry/hostlog.h"
#include "entry/subagent.h"
#include "entry/supervisor.h"

#define APP_NAME    "nsx-quarantine"
#define PING_S      15
#define PING_MOST_S 60

struct agent {
    const char *config_file;
    const char *master; /* NULL: the library's default */
    uint32_t ping_s;
    bool to_syslog;
    enum nq_log_level level;
    struct nq_guest *guest;
    struct nq_supervisor supervisor;
    bool stopping;
};

/* ---- signals ------------------------------------------------------------------------- */

static void reload(struct agent *agent)
{
    struct nq_err err;
    nq_log(NQ_LOG_INFO, "reading %s again", agent->config_file);
    if (!nq_guest_reload(agent->guest, &err)) {
        char text[NQ_LOG_LINE];
        nq_log(NQ_LOG_ERROR, "going on as before: %s",
               nq_err_text(&err, text, sizeof(text)));
    }
}

static void on_signal(void *arg, int number)
{
    struct agent *agent = arg;
    if (number == SIGHUP) {
        reload(agent);
    } else {
        agent->stopping = true;
    }
}

/* ---- life ---------------------------------------------------------------------------- */

static void open_log(const struct agent *agent)
{
    if (agent->to_syslog) {
        snmp_enable_syslog_ident(APP_NAME, LOG_DAEMON);
    } else {
        snmp_enable_stderrlog();
    }
    nq_log_level(agent->level);
    nq_hostlog_use();
}

static bool start(struct agent *agent, struct nq_err *reterr)
{
    open_log(agent);
    if (!nq_supervisor_open(&agent->supervisor, on_signal, agent, reterr)) {
        return false;
    }
    if (!nq_subagent_start(APP_NAME, agent->master, (int)agent->ping_s, reterr)) {
        return false;
    }
    agent->guest =
        nq_guest_start(NQ_HOST_AGENTX, nq_subagent_has_room, agent->config_file, reterr);
    /* Who owns the state is known before the MIB is registered anywhere. */
    const bool opened = agent->guest && nq_guest_open(agent->guest, reterr);
    if (!opened && (!agent->guest || reterr->code != NQ_STATE_LOCKED)) {
        return false;
    }
    nq_subagent_connect(APP_NAME);
    if (opened) {
        return nq_guest_listen(agent->guest, reterr);
    }
    nq_guest_open_soon(agent->guest); /* and until the other one ends */
    return true;
}

static void serve(struct agent *agent)
{
    nq_supervisor_ready();
    nq_log(NQ_LOG_INFO, "ready");
    while (!agent->stopping) {
        (void)agent_check_and_process(1);
    }
    nq_log(NQ_LOG_INFO, "stopping");
}

static int run_agent(struct agent *agent)
{
    struct nq_err err = {0};
    int code = NQ_EXIT_OK;
    if (start(agent, &err)) {
        serve(agent);
    } else {
        char text[NQ_LOG_LINE];
        nq_log(NQ_LOG_ERROR, "%s", nq_err_text(&err, text, sizeof(text)));
        code =
            nq_code_category(err.code) == NQ_CAT_CONFIG ? NQ_EXIT_CONFIG : NQ_EXIT_FAILED;
    }
    agent->guest = nq_guest_stop(agent->guest);
    nq_supervisor_close(&agent->supervisor);
    nq_subagent_stop(APP_NAME);
    return code;
}

/* ---- the command --------------------------------------------------------------------- */

static bool refuse(const char *option, const char *value, const char *allowed)
{
    (void)fprintf(stderr, "nsx-quarantine agent: %s: '%s' is none of: %s\n", option,
                  value, allowed);
    return false;
}

static bool read_level(const char *name, enum nq_log_level *ret_level)
{
    for (int level = NQ_LOG_ERROR; level <= NQ_LOG_DEBUG; level++) {
        if (strcmp(name, nq_log_level_name((enum nq_log_level)level)) == 0) {
            *ret_level = (enum nq_log_level)level;
            return true;
        }
    }
    return refuse("--level", name, "error, warning, notice, info, debug");
}

static bool read_ping(const char *text, uint32_t *ret_ping_s)
{
    return (nq_beside_number(text, ret_ping_s) && *ret_ping_s <= PING_MOST_S) ||
           refuse("--ping", text, "1 to 60");
}

static bool read_log(const char *name, bool *ret_syslog)
{
    *ret_syslog = strcmp(name, "syslog") == 0;
    return *ret_syslog || strcmp(name, "stderr") == 0 ||
           refuse("--log", name, "stderr, syslog");
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"master", required_argument, NULL, 'x'},
                                            {"ping", required_argument, NULL, 'p'},
                                            {"log", required_argument, NULL, 'l'},
                                            {"level", required_argument, NULL, 'L'},
                                            {"foreground", no_argument, NULL, 'f'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static const char usage[] =
        "Usage: nsx-quarantine agent [OPTION]...\n"
        "Runs the engine as an AgentX subagent of snmpd, in the foreground. SIGHUP "
        "reads\n"
        "the configuration again, SIGTERM stops. Exit code 78: the configuration is not\n"
        "valid, 1: something else is in the way.\n\n"
        "  -c, --config CONFIG   default: " NQ_CONFIG_PATH "\n"
        "  -x, --master ADDRESS  where snmpd listens for AgentX, as in its "
        "agentXSocket;\n"
        "                        default: unix:/var/agentx/master\n"
        "  -p, --ping SECONDS    how often it is looked at, or for; default: 15\n"
        "  -l, --log WHERE       stderr (default) or syslog\n"
        "  -L, --level LEVEL     error, warning, notice, info (default) or debug\n"
        "  -v, --verbose         the same as --level debug\n"
        "  -f, --foreground      stay in the foreground, as it does anyway\n";
    struct agent agent = {.config_file = NQ_CONFIG_PATH,
                          .ping_s = PING_S,
                          .level = NQ_LOG_INFO,
                          .supervisor.fd = -1};
    bool valid = true;
    for (int c; (c = getopt_long(argc, argv, "c:x:p:l:L:fvh", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            agent.config_file = optarg;
            break;
        case 'x':
            agent.master = optarg;
            break;
        case 'p':
            valid = valid && read_ping(optarg, &agent.ping_s);
            break;
        case 'l':
            valid = valid && read_log(optarg, &agent.to_syslog);
            break;
        case 'L':
            valid = valid && read_level(optarg, &agent.level);
            break;
        case 'f':
            break;
        case 'v':
            agent.level = NQ_LOG_DEBUG;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return NQ_EXIT_OK;
        default:
            valid = false;
        }
    }
    if (!valid || optind != argc) {
        (void)fputs(usage, stderr);
        return NQ_EXIT_USAGE;
    }
    return run_agent(&agent);
}

const struct nq_command nq_command_agent = {
    .name = "agent",
    .summary = "run the engine as an AgentX subagent of snmpd",
    .run = run,
};
