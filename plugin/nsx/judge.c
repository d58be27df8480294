/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c: see judge.h. */
#include "nsx/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define ANY_CODE (-1)

/* How an exchange that brought no answer is judged. */
static const enum nq_code by_end[NQ_HTTP_END_COUNT] = {
    [NQ_HTTP_ANSWERED] = NQ_OK,
    [NQ_HTTP_UNREACHABLE] = NQ_NSX_UNREACHABLE,
    [NQ_HTTP_TIMEOUT] = NQ_NSX_TIMEOUT,
    [NQ_HTTP_TLS] = NQ_NSX_TLS,
    [NQ_HTTP_CUT] = NQ_NSX_ANSWER,
    [NQ_HTTP_TOO_LARGE] = NQ_NSX_ANSWER,
    [NQ_HTTP_FAILED] = NQ_NSX_UNREACHABLE,
};

/* The first row that fits counts. */
static const struct {
    int status_low;
    int status_high;
    int64_t fault_code;
    enum nq_code code;
} by_status[] = {
    {200, 299, ANY_CODE, NQ_OK},

    {401, 401, ANY_CODE, NQ_NSX_AUTH},
    {403, 403, 98, NQ_NSX_AUTH},  /* session or token not accepted */
    {403, 403, 403, NQ_NSX_AUTH}, /* password wrong or account locked */
    {403, 403, ANY_CODE, NQ_NSX_FORBIDDEN},

    {400, 400, 500012, NQ_NSX_NOT_FOUND}, /* a policy path that leads nowhere */
    {404, 404, 500090, NQ_NSX_SERVER},    /* another writer was faster */
    {404, 404, ANY_CODE, NQ_NSX_NOT_FOUND},

    {429, 429, ANY_CODE, NQ_NSX_BUSY},
    {503, 503, ANY_CODE, NQ_NSX_BUSY},
    {400, 400, 60508, NQ_NSX_BUSY}, /* its search index is being rebuilt */
    {400, 400, 60514, NQ_NSX_BUSY},
    {400, 400, 60515, NQ_NSX_BUSY},

    {408, 408, ANY_CODE, NQ_NSX_TIMEOUT},
    {504, 504, ANY_CODE, NQ_NSX_TIMEOUT},

    {409, 409, ANY_CODE, NQ_NSX_SERVER}, /* another writer was faster */
    {412, 412, ANY_CODE, NQ_NSX_SERVER},
    {400, 400, 500087, NQ_NSX_SERVER},
    {400, 400, 500232, NQ_NSX_SERVER},
    {400, 400, 100148, NQ_NSX_SERVER},
    {400, 400, 500045, NQ_NSX_SERVER}, /* a deletion is under way */
    {500, 500, 99, NQ_NSX_AUTH},       /* client certificate not trusted */
    {500, 599, ANY_CODE, NQ_NSX_SERVER},

    {400, 499, ANY_CODE, NQ_NSX_REJECTED},
    {0, 999, ANY_CODE, NQ_NSX_ANSWER}, /* redirects and what is no HTTP status */
};

enum nq_code nq_judge_policy(int status, int64_t fault_code)
{
    for (size_t i = 0; i < sizeof(by_status) / sizeof(by_status[0]); i++) {
        if (status >= by_status[i].status_low && status <= by_status[i].status_high &&
            (by_status[i].fault_code == ANY_CODE ||
             by_status[i].fault_code == fault_code)) {
            return by_status[i].code;
        }
    }
    return NQ_NSX_ANSWER;
}

bool nq_judge_is_stale(int status, int64_t fault_code)
{
    return status == 401 || (status == 403 && fault_code == 98);
}

bool nq_judge_is_sick(int status, int64_t fault_code)
{
    return (status >= 502 && status <= 504) || (status == 500 && fault_code == 98);
}

/* What people search for comes first: a long message is cut, the numbers are not. */
static void fill(const struct nq_http_answer *answer, const struct nq_fault *fault,
                 const char *message, enum nq_code code, struct nq_err *reterr)
{
    char safe[NQ_ERR_DETAIL];
    char numbers[160] = "";
    int used = 0;
    if (answer->status > 0) {
        used = snprintf(numbers, sizeof(numbers), "HTTP %d", answer->status);
        if (fault && fault->code != 0) {
            used += snprintf(numbers + used, sizeof(numbers) - (size_t)used,
                             ", error %lld", (long long)fault->code);
            if (fault->module[0]) {
                used += snprintf(numbers + used, sizeof(numbers) - (size_t)used, " of %s",
                                 nq_text_escape(fault->module, safe, 33));
            }
        }
        if (answer->request_id[0]) {
            (void)snprintf(numbers + used, sizeof(numbers) - (size_t)used, ", request %s",
                           nq_text_escape(answer->request_id, safe, 65));
        }
    }
    (void)nq_text_escape(message, safe, sizeof(safe));
    (void)nq_fail(reterr, code, "%s%s%s", numbers, numbers[0] && safe[0] ? ": " : "",
                  safe);
    if (reterr) {
        reterr->http = answer->status;
        reterr->fault = fault ? fault->code : 0;
    }
}

bool nq_judge(const struct nq_http_answer *answer, nq_judge_status_fn *judge_status,
              const struct nq_fault *fault, const char *garbled, struct nq_err *reterr)
{
    if (answer->end != NQ_HTTP_ANSWERED) {
        fill(answer, NULL, answer->reason, by_end[answer->end], reterr);
        return false;
    }
    const enum nq_code code = judge_status(answer->status, fault ? fault->code : 0);
    if (code == NQ_OK) {
        if (garbled) {
            fill(answer, NULL, garbled, NQ_NSX_ANSWER, reterr);
        }
        return garbled == NULL;
    }
    fill(answer, fault, fault ? fault->message : "", code, reterr);
    return false;
}
