/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c: see judge.h. */
#include "nsx/vsphere/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/login.h"
#include "nsx/vsphere/json.h"
#include "nsx/vsphere/manager_xml.h"

/* ---- the table --------------------------------------------------------------------- */

/* Whatever the status, unless it is one of success. */
static const struct {
    int64_t fault_code;
    enum nq_code code;
} by_fault[] = {
    {NQ_VSPHERE_CONFLICT, NQ_NSX_SERVER},
    {NQ_VSPHERE_NOT_KNOWN, NQ_NSX_NOT_FOUND},
    {203, NQ_NSX_REJECTED},  /* present already */
    {204, NQ_NSX_FORBIDDEN}, /* operation not permitted */
    {209, NQ_NSX_REJECTED},  /* in use */
    {NQ_VSPHERE_NAME_USED, NQ_NSX_REJECTED},
    {275, NQ_NSX_REJECTED},     /* in use by a policy object */
    {276, NQ_NSX_REJECTED},     /* in use by a service profile of a partner */
    {300, NQ_NSX_NOT_FOUND},    /* what was to become a member */
    {100029, NQ_NSX_NOT_FOUND}, /* a rule that is gone */
    {100046, NQ_NSX_NOT_FOUND}, /* a section that is gone */
    {100089, NQ_NSX_NOT_FOUND}, /* no id of a section */
    {100092, NQ_NSX_REJECTED},  /* the section's name is used */
    {110510, NQ_NSX_REJECTED},  /* in use by a firewall rule */
};

/* The first row that fits counts. */
static const struct {
    int status_low;
    int status_high;
    enum nq_code code;
} by_status[] = {
    {200, 299, NQ_OK},
    {401, 401, NQ_NSX_AUTH},
    {403, 403, NQ_NSX_FORBIDDEN}, /* an account without a role, too */
    {404, 404, NQ_NSX_NOT_FOUND},
    {408, 408, NQ_NSX_TIMEOUT},
    {504, 504, NQ_NSX_TIMEOUT},
    {409, 409, NQ_NSX_SERVER}, /* another writer was faster */
    {412, 412, NQ_NSX_SERVER},
    {429, 429, NQ_NSX_BUSY},
    {503, 503, NQ_NSX_BUSY},
    {400, 499, NQ_NSX_REJECTED},
    {500, 599, NQ_NSX_SERVER},
};

enum nq_code nq_judge_vsphere(int status, int64_t fault_code)
{
    const bool success = status >= 200 && status <= 299;
    for (size_t i = 0; !success && i < sizeof(by_fault) / sizeof(by_fault[0]); i++) {
        if (by_fault[i].fault_code == fault_code) {
            return by_fault[i].code;
        }
    }
    for (size_t i = 0; i < sizeof(by_status) / sizeof(by_status[0]); i++) {
        if (status >= by_status[i].status_low && status <= by_status[i].status_high) {
            return by_status[i].code;
        }
    }
    return NQ_NSX_ANSWER; /* redirects, 303 among them, and what is no HTTP status */
}

/* ---- errors ------------------------------------------------------------------------ */

/* The words by which clients in the field tell that two writers met. */
static const char *const conflict_words[] = {
    "Concurrent object access error",
    "javax.persistence.OptimisticLockException",
    "org.hibernate.StaleObjectStateException",
};

static bool tells_of_conflict(const char *body, size_t len)
{
    for (size_t i = 0; i < sizeof(conflict_words) / sizeof(conflict_words[0]); i++) {
        if (memmem(body, len, conflict_words[i], strlen(conflict_words[i]))) {
            return true;
        }
    }
    return false;
}

bool nq_vsphere_fault(const char *body, size_t len, struct nq_fault *ret_fault)
{
    const bool known =
        nq_xml_fault(body, len, ret_fault) || nq_vsphere_json_fault(body, len, ret_fault);
    if (tells_of_conflict(body, len)) {
        ret_fault->code = NQ_VSPHERE_CONFLICT;
        if (!ret_fault->message[0]) {
            (void)snprintf(ret_fault->message, sizeof(ret_fault->message),
                           "another writer was faster");
        }
        return true;
    }
    return known;
}

static bool read_version(const char *body, size_t len, char *out, size_t size)
{
    return nq_xml_version(body, len, out, size) ||
           nq_vsphere_json_version(body, len, out, size);
}

/* ---- login ------------------------------------------------------------------------- */

/* The first way exists since 6.4.2, where Basic can be switched off, and looks at its body
 * only; the second one is for 6.4.0 and 6.4.1, which want to know who asks before they
 * say that they lack the first. Older releases have none. */
static const struct nq_login_way ways[] = {
    {.path = "/api/3.0/services/auth/token",
     .basic = true,
     .content_type = "application/xml",
     .body = nq_xml_credentials},
    {.path = "/api/2.0/services/auth/token", .basic = true},
};

static bool read_login(const struct nq_http_answer *answer,
                       struct nq_session *ret_session, struct nq_err *reterr)
{
    char *token = nq_xml_auth_token(answer->body, answer->body_len, reterr);
    if (!token) {
        return false;
    }
    char *value = nq_sprintf("AUTHTOKEN %s", token);
    /* How long it lives is the site's setting, which the answer does not show: it is used
     * until it is refused. */
    const bool good = nq_session_add(ret_session, "Authorization", value, reterr);
    explicit_bzero(value, strlen(value));
    explicit_bzero(token, strlen(token));
    free(value);
    free(token);
    return good;
}

static const struct nq_login_kind login = {
    .ways = ways,
    .way_count = sizeof(ways) / sizeof(ways[0]),
    .read = read_login,
};

/* Without an Accept some releases answer in JSON, and "application/<any>+xml" gets 406.
 * The list of features needs no special right, so it shows whether a node is well; the
 * version may be asked for by some roles only, by the first path or by the second. */
const struct nq_dialect nq_vsphere_dialect = {
    .media_type = "application/xml",
    .read_fault = nq_vsphere_fault,
    .judge = nq_judge_vsphere,
    .login = &login,
    .probe_paths = {"/api/2.0/nwfabric/features"},
    .version_paths = {"/api/1.0/appliance-management/global/info",
                      "/api/2.0/services/vsmconfig"},
    .read_version = read_version,
};
