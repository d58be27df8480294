/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: see call.h. */
#include "nsx/call.h"

#include <utlist.h>

void nq_call_open(struct nq_call *call, struct nq_calls *calls,
                  void (*drop)(struct nq_call *call), nq_reply_fn *done, void *arg)
{
    call->calls = calls;
    call->drop = drop;
    call->done = done;
    call->arg = arg;
    DL_APPEND(calls->first, call);
}

void nq_call_reply(struct nq_call *call, const struct nq_reply *reply)
{
    DL_DELETE(call->calls->first, call);
    call->done(call->arg, reply);
    call->drop(call);
}

void nq_call_fail(struct nq_call *call, const struct nq_err *err)
{
    nq_call_reply(call, &(struct nq_reply){.err = err, .missing = ""});
}

void nq_call_reply_vm(struct nq_call *call, const struct nq_vm *vm)
{
    nq_call_reply(call,
                  &(struct nq_reply){.vms = vm, .vm_count = vm ? 1 : 0, .missing = ""});
}

void nq_call_cancel(struct nq_call *call)
{
    DL_DELETE(call->calls->first, call);
    call->drop(call);
}

void nq_call_cancel_op(struct nq_backend *backend, struct nq_call *call)
{
    (void)backend;
    nq_call_cancel(call);
}

void nq_calls_cancel_all(struct nq_calls *calls)
{
    while (calls->first) {
        nq_call_cancel(calls->first);
    }
}
