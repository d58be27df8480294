/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c: see guest.h. */
#include "entry/guest.h"

#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "entry/service.h"
#include "loop/netsnmp.h"
#include "quarantine/requests.h"

#define FIRST_TRY_US 1000 /* an alarm of zero would never ring */

struct nq_guest {
    enum nq_host host;
    char *config_file;
    struct nq_mib *mib;
    struct nq_service *service; /* NULL while it is not open */
    unsigned alarm;             /* 0: none is set */
    char *complaint;            /* the last failure that was logged */
};

/* ---- the service --------------------------------------------------------------------- */

/* Inside snmpd a reload ends one guest and begins another, so this outlives them. */
static struct {
    struct nq_state_id state; /* that the requests belong to */
    struct nq_requests requests;
} kept;

static void keep_requests(const struct nq_guest *guest)
{
    nq_requests_free(&kept.requests);
    kept.requests = nq_engine_take_requests(nq_service_engine(guest->service));
}

static void give_requests(const struct nq_guest *guest)
{
    const struct nq_state_id state = nq_service_state(guest->service);
    if (state.device == kept.state.device && state.inode == kept.state.inode) {
        nq_engine_give_requests(nq_service_engine(guest->service), &kept.requests);
    } else {
        nq_requests_free(&kept.requests);
    }
    kept.state = state;
}

static void close_service(struct nq_guest *guest, const char *why)
{
    nq_mib_serve(guest->mib, NULL, why);
    if (guest->service) {
        keep_requests(guest);
        nq_netsnmp_unwatch(nq_service_fd(guest->service));
        guest->service = nq_service_stop(guest->service);
    }
}

static void turn(int fd, void *arg);

static bool try_open(struct nq_guest *guest, struct nq_err *reterr)
{
    const struct nq_observer observer = {.arg = guest->mib, .on_notice = nq_mib_notice};
    guest->service = nq_service_start(guest->config_file, guest->host == NQ_HOST_AGENTX,
                                      observer, reterr);
    if (!guest->service) {
        return false;
    }
    if (!nq_mib_rank(guest->mib, true, reterr) ||
        !nq_netsnmp_watch(nq_service_fd(guest->service), turn, guest, reterr)) {
        guest->service = nq_service_stop(guest->service);
        return false;
    }
    give_requests(guest);
    nq_mib_serve(guest->mib, nq_service_engine(guest->service), NULL);
    return true;
}

/* The MIB says why nothing is served, unless the rows of who owns the state stand before it. */
static bool give_up(struct nq_guest *guest, const struct nq_err *err)
{
    char text[NQ_LOG_LINE];
    close_service(guest, nq_err_text(err, text, sizeof(text)));
    struct nq_err reason;
    if (!nq_mib_rank(guest->mib, false, &reason)) {
        nq_log(NQ_LOG_ERROR, "%s", nq_err_text(&reason, text, sizeof(text)));
    }
    return false;
}

bool nq_guest_open(struct nq_guest *guest, struct nq_err *reterr)
{
    return guest->service || try_open(guest, reterr) || give_up(guest, reterr);
}

bool nq_guest_listen(struct nq_guest *guest, struct nq_err *reterr)
{
    return nq_service_listen(guest->service, reterr) || give_up(guest, reterr);
}

static void turn(int fd, void *arg)
{
    (void)fd;
    struct nq_guest *guest = arg;
    nq_service_turn(guest->service);
    nq_mib_note_changes(guest->mib);
    if (nq_service_is_lost(guest->service)) {
        close_service(guest, "another engine took the state");
        nq_guest_open_soon(guest);
    }
}

/* ---- trying again -------------------------------------------------------------------- */

static void set_alarm(struct nq_guest *guest, struct timeval delay);

static void complain_once(struct nq_guest *guest, const struct nq_err *err)
{
    char text[NQ_LOG_LINE];
    nq_err_text(err, text, sizeof(text));
    if (!guest->complaint || strcmp(guest->complaint, text) != 0) {
        nq_log(NQ_LOG_ERROR, "not serving, next try every %d s: %s", NQ_GUEST_RETRY_S,
               text);
        free(guest->complaint);
        guest->complaint = nq_strdup(text);
    }
}

static void open_or_retry(struct nq_guest *guest)
{
    struct nq_err err;
    if (nq_guest_open(guest, &err) && nq_guest_listen(guest, &err)) {
        free(guest->complaint);
        guest->complaint = NULL;
        nq_log(NQ_LOG_INFO, "ready");
        return;
    }
    complain_once(guest, &err);
    set_alarm(guest, (struct timeval){.tv_sec = NQ_GUEST_RETRY_S});
}

static void on_alarm(unsigned id, void *arg)
{
    (void)id;
    struct nq_guest *guest = arg;
    guest->alarm = 0;
    open_or_retry(guest);
}

static void clear_alarm(struct nq_guest *guest)
{
    if (guest->alarm != 0) {
        snmp_alarm_unregister(guest->alarm);
        guest->alarm = 0;
    }
}

static void set_alarm(struct nq_guest *guest, struct timeval delay)
{
    clear_alarm(guest);
    guest->alarm = snmp_alarm_register_hr(delay, 0, on_alarm, guest);
    if (guest->alarm == 0) {
        nq_log(NQ_LOG_ERROR, "the host gives no alarm, so nothing is tried again");
    }
}

void nq_guest_open_soon(struct nq_guest *guest)
{
    set_alarm(guest, (struct timeval){.tv_usec = FIRST_TRY_US});
}

bool nq_guest_reload(struct nq_guest *guest, struct nq_err *reterr)
{
    struct nq_config *conf = nq_config_load(guest->config_file, reterr);
    if (!conf) {
        return false;
    }
    (void)nq_config_free(conf);
    close_service(guest, "reading the configuration again");
    open_or_retry(guest);
    return true;
}

/* ---- life ---------------------------------------------------------------------------- */

struct nq_guest *nq_guest_start(enum nq_host host, nq_outbox_fn *may_notify,
                                const char *config_file, struct nq_err *reterr)
{
    struct nq_guest *guest = nq_calloc(1, sizeof(*guest));
    guest->host = host;
    guest->config_file = nq_strdup(config_file);
    guest->mib = nq_mib_start(host, may_notify, reterr);
    return guest->mib ? guest : nq_guest_stop(guest);
}

struct nq_guest *nq_guest_stop(struct nq_guest *guest)
{
    if (!guest) {
        return NULL;
    }
    clear_alarm(guest);
    if (guest->mib) {
        close_service(guest, "stopping");
        guest->mib = nq_mib_stop(guest->mib);
    }
    free(guest->complaint);
    free(guest->config_file);
    free(guest);
    return NULL;
}

void nq_guest_configure(struct nq_guest *guest, const char *config_file)
{
    free(guest->config_file);
    guest->config_file = nq_strdup(config_file);
}
