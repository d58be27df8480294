/* SPDX-License-Identifier: Apache-2.0 */
/* dfw.h: the data plane: may this flow pass, and which rule says so.
 * Pure but for the hit counters of the rules it meets.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   never; an unknown end of a flow is the caller's to refuse.
 * Limits  two judgements for a flow: the sender's vNIC and the receiver's.
 */
#ifndef VS_DFW_H
#define VS_DFW_H

#include "world.h"

struct vs_flow_end {
    const struct vs_vm *vm; /* NULL: an address outside */
    const char *address;    /* NULL: any address of the VM */
};

struct vs_flow {
    struct vs_flow_end from;
    struct vs_flow_end to;
    unsigned protocol; /* IP protocol number */
    bool has_port;
    unsigned port; /* destination */
};

/* What the filter of one vNIC says. */
struct vs_judgement {
    bool is_outgoing;
    bool applies; /* false: there is no filter; why says it */
    const char *why;
    bool allowed;
    const struct vs_rule *rule; /* NULL: none matched */
};

struct vs_verdict {
    bool allowed;
    size_t count;
    struct vs_judgement judgements[2]; /* in the order in which they were made */
};

/* Both filters must allow. Counts into the rules that decided. */
struct vs_verdict vs_dfw_judge(struct vs_world *world, const struct vs_flow *flow);

/* Why no rule is looked at on the vNICs of this VM, or NULL. */
const char *vs_dfw_unprotected(const struct vs_world *world, const struct vs_vm *vm);

#endif
