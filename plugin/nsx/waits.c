/* SPDX-License-Identifier: Apache-2.0 */
/* waits.c: see waits.h. */
#include "nsx/waits.h"

#include <stddef.h>
#include <utlist.h>

void nq_waits_add(struct nq_waits *waits, struct nq_wait *wait, nq_wait_fn *done,
                  void *arg)
{
    *wait = (struct nq_wait){.list = &waits->waiting, .done = done, .arg = arg};
    DL_APPEND(waits->waiting, wait);
}

void nq_wait_leave(struct nq_wait *wait)
{
    if (wait->list) {
        DL_DELETE(*wait->list, wait);
        wait->list = NULL;
    }
}

void nq_waits_tell(struct nq_waits *waits, const struct nq_err *err)
{
    struct nq_wait *wait;
    DL_FOREACH(waits->waiting, wait)
    {
        wait->list = &waits->serving;
    }
    DL_CONCAT(waits->serving, waits->waiting);
    waits->waiting = NULL;
    while (waits->serving) {
        wait = waits->serving;
        nq_wait_leave(wait);
        wait->done(wait->arg, err);
    }
}

void nq_waits_forget(struct nq_waits *waits)
{
    while (waits->waiting) {
        nq_wait_leave(waits->waiting);
    }
}

void nq_waits_move(struct nq_waits *from, struct nq_waits *to)
{
    while (from->waiting) {
        struct nq_wait *wait = from->waiting;
        nq_wait_leave(wait);
        nq_waits_add(to, wait, wait->done, wait->arg);
    }
}
