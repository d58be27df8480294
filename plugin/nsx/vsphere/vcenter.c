/* SPDX-License-Identifier: Apache-2.0 */
/* vcenter.c: see vcenter.h.
 *
 * A VM is GET /rest/vcenter/vm/{vm}, its guest GET .../guest/identity (6.7 and later). From
 * 7.0 on the same stands below /api; /rest is kept beside it, and is tried first. */
#include "nsx/vsphere/vcenter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/login.h"

struct nq_vcenter {
    struct nq_asker *asker;
    bool settled; /* it is known which form this vCenter has */
    bool bare;    /* that below /api */
};

/* ---- dialect ----------------------------------------------------------------------- */

/* The first row that fits counts. */
static const struct {
    int status_low;
    int status_high;
    int64_t fault_code; /* 0: any */
    enum nq_code code;
} by_status[] = {
    {200, 299, 0, NQ_OK},
    {401, 401, 0, NQ_NSX_AUTH},
    {403, 403, 0, NQ_NSX_FORBIDDEN},
    {404, 404, 0, NQ_NSX_NOT_FOUND},
    /* Not vCenter is busy: one VM has no VMware Tools that could say who it is. */
    {503, 503, NQ_VCENTER_UNAVAILABLE, NQ_NSX_NOT_FOUND},
    {429, 429, 0, NQ_NSX_BUSY},
    {503, 503, 0, NQ_NSX_BUSY},
    {408, 408, 0, NQ_NSX_TIMEOUT},
    {504, 504, 0, NQ_NSX_TIMEOUT},
    {400, 499, 0, NQ_NSX_REJECTED},
    {500, 599, 0, NQ_NSX_SERVER},
};

static enum nq_code judge(int status, int64_t fault_code)
{
    for (size_t i = 0; i < sizeof(by_status) / sizeof(by_status[0]); i++) {
        if (status >= by_status[i].status_low && status <= by_status[i].status_high &&
            (by_status[i].fault_code == 0 || by_status[i].fault_code == fault_code)) {
            return by_status[i].code;
        }
    }
    return NQ_NSX_ANSWER;
}

static const struct nq_login_way ways[] = {
    {.path = "/rest/com/vmware/cis/session", .basic = true},
    {.path = "/api/session", .basic = true},
};

static bool read_login(const struct nq_http_answer *answer,
                       struct nq_session *ret_session, struct nq_err *reterr)
{
    char *id = nq_vcenter_json_session(answer->body, answer->body_len, reterr);
    if (!id) {
        return false;
    }
    const bool good = nq_session_add(ret_session, "vmware-api-session-id", id, reterr);
    explicit_bzero(id, strlen(id));
    free(id);
    return good;
}

static const struct nq_login_kind login = {
    .ways = ways,
    .way_count = sizeof(ways) / sizeof(ways[0]),
    .read = read_login,
};

static const struct nq_dialect dialect = {
    .media_type = "application/json",
    .read_fault = nq_vcenter_json_fault,
    .judge = judge,
    .login = &login,
};

/* ---- one VM ------------------------------------------------------------------------ */

static void ask(struct nq_vcenter_reading *reading, const char *below,
                nq_ask_read_fn *read, nq_ask_done_fn *done)
{
    char *id = nq_http_escape(reading->moref);
    char *path =
        nq_sprintf("%s/vcenter/vm/%s%s", reading->bare ? "/api" : "/rest", id, below);
    reading->ask = nq_ask_start(reading->vcenter->asker,
                                &(struct nq_question){.path = path}, read, done, reading);
    free(path);
    free(id);
}

static bool read_guest(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vcenter_reading *reading = arg;
    return nq_vcenter_json_guest(body, len, &reading->facts, reterr);
}

/* 404: a release before 6.7. */
static void on_guest(void *arg, const struct nq_err *err)
{
    struct nq_vcenter_reading *reading = arg;
    reading->ask = NULL;
    reading->done(reading->arg, err && err->code != NQ_NSX_NOT_FOUND ? err : NULL);
}

static bool read_vm(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vcenter_reading *reading = arg;
    return nq_vcenter_json_vm(body, len, &reading->facts, reterr);
}

static void on_vm(void *arg, const struct nq_err *err)
{
    struct nq_vcenter_reading *reading = arg;
    struct nq_vcenter *vcenter = reading->vcenter;
    reading->ask = NULL;
    if (!err) {
        vcenter->settled = true;
        vcenter->bare = reading->bare;
        reading->found = true;
        ask(reading, "/guest/identity", read_guest, on_guest);
    } else if (err->http != 404) {
        reading->done(reading->arg, err);
    } else if (!vcenter->settled && !reading->bare) {
        reading->bare = true; /* no such VM, or no /rest any more */
        ask(reading, "", read_vm, on_vm);
    } else {
        reading->done(reading->arg, NULL);
    }
}

void nq_vcenter_reading_start(struct nq_vcenter_reading *reading,
                              struct nq_vcenter *vcenter, const char *moref,
                              nq_ask_done_fn *done, void *arg)
{
    *reading = (struct nq_vcenter_reading){.vcenter = vcenter,
                                           .moref = nq_strdup(moref),
                                           .bare = vcenter->bare,
                                           .done = done,
                                           .arg = arg};
    ask(reading, "", read_vm, on_vm);
}

void nq_vcenter_reading_stop(struct nq_vcenter_reading *reading)
{
    reading->ask = nq_ask_cancel(reading->ask);
    free(reading->moref);
    reading->moref = NULL;
}

/* ---- life -------------------------------------------------------------------------- */

struct nq_vcenter *nq_vcenter_open(const struct nq_access_conf *access, const char *name,
                                   struct nq_loop *loop, const struct nq_clock *clock,
                                   struct nq_err *reterr)
{
    struct nq_asker *asker = nq_asker_open(access, name, &dialect, loop, clock, reterr);
    if (!asker) {
        return NULL;
    }
    struct nq_vcenter *vcenter = nq_calloc(1, sizeof(*vcenter));
    vcenter->asker = asker;
    return vcenter;
}

void nq_vcenter_each_server(const struct nq_vcenter *vcenter, nq_server_fn *fn, void *arg)
{
    nq_asker_each_server(vcenter->asker, fn, arg);
}

struct nq_vcenter *nq_vcenter_close(struct nq_vcenter *vcenter)
{
    if (vcenter) {
        vcenter->asker = nq_asker_close(vcenter->asker);
        free(vcenter);
    }
    return NULL;
}
