/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.c: see outbox.h. */
#include "mib/outbox.h"

#include <stdlib.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "base/log.h"
#include "base/mem.h"

struct nq_outbox_entry {
    netsnmp_variable_list *vars;
    struct nq_outbox_entry *next;
};

static netsnmp_variable_list *take_first(struct nq_outbox *outbox)
{
    struct nq_outbox_entry *entry = outbox->first;
    netsnmp_variable_list *vars = entry->vars;
    outbox->first = entry->next;
    if (!outbox->first) {
        outbox->tail = &outbox->first;
    }
    outbox->count--;
    free(entry);
    return vars;
}

static void append(struct nq_outbox *outbox, netsnmp_variable_list *vars)
{
    struct nq_outbox_entry *entry = nq_calloc(1, sizeof(*entry));
    entry->vars = vars;
    *(outbox->tail ? outbox->tail : &outbox->first) = entry;
    outbox->tail = &entry->next;
    outbox->count++;
}

static void send_some(struct nq_outbox *outbox, size_t most)
{
    while (outbox->first && outbox->sent < most &&
           (!outbox->may_send || outbox->may_send())) {
        netsnmp_variable_list *vars = take_first(outbox);
        send_v2trap(vars);
        snmp_free_varbind(vars);
        outbox->sent++;
    }
}

static void on_period(unsigned id, void *arg);

static void begin_period(struct nq_outbox *outbox)
{
    const struct timeval period = {.tv_usec = NQ_OUTBOX_PERIOD_MS * 1000};
    outbox->sent = 0;
    outbox->alarm = snmp_alarm_register_hr(period, 0, on_period, outbox);
}

static void say_lost(const struct nq_outbox *outbox, const char *why)
{
    nq_log(NQ_LOG_WARNING,
           "notifications were not sent, for %s: count=%llu: read nqVmTable", why,
           (unsigned long long)outbox->lost);
}

static void on_period(unsigned id, void *arg)
{
    (void)id;
    struct nq_outbox *outbox = arg;
    outbox->alarm = 0;
    if (outbox->first) {
        begin_period(outbox);
        send_some(outbox, NQ_OUTBOX_BATCH);
    } else if (outbox->lost > 0) {
        say_lost(outbox, "there were too many");
        outbox->lost = 0;
    }
}

bool nq_outbox_put(struct nq_outbox *outbox, netsnmp_variable_list *vars)
{
    if (outbox->count >= NQ_OUTBOX_MAX) {
        snmp_free_varbind(vars);
        outbox->lost++;
        return false;
    }
    append(outbox, vars);
    if (outbox->alarm == 0) {
        begin_period(outbox);
    }
    send_some(outbox, NQ_OUTBOX_BATCH);
    return true;
}

void nq_outbox_done(struct nq_outbox *outbox)
{
    if (outbox->alarm != 0) {
        snmp_alarm_unregister(outbox->alarm);
    }
    outbox->sent = 0;
    send_some(outbox, NQ_OUTBOX_BATCH);
    for (; outbox->first; outbox->lost++) {
        snmp_free_varbind(take_first(outbox));
    }
    if (outbox->lost > 0) {
        say_lost(outbox, "the agent stops and its host took no more");
    }
    *outbox = (struct nq_outbox){.may_send = outbox->may_send};
}
