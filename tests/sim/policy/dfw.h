/* SPDX-License-Identifier: Apache-2.0 */
/* dfw.h: the data plane: may this flow pass, and which rule says so.
 * Pure but for the counters of the rules it meets.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   never; an unknown end of a flow is the caller's to refuse.
 * Limits  two judgements for a flow: the sender's port and the receiver's.
 */
#ifndef SIM_DFW_H
#define SIM_DFW_H

#include "firewall.h"
#include "vm.h"

/* What the firewall acts on. */
struct sim_dfw {
    bool enabled;
    const struct sim_groups *groups;
    const struct sim_policies *policies;
    const cJSON *services;
    const cJSON *exclude_list;    /* of group paths */
    const cJSON *system_excluded; /* of external ids */
    const cJSON *schedulers;
    const cJSON *realization; /* by path: what somebody asked to fail */
    int64_t epoch_ms;         /* what schedulers go by */
};

struct sim_flow_end {
    const struct sim_vm *vm; /* NULL: an address outside */
    const char *address;     /* NULL: any address of the VM */
};

struct sim_flow {
    struct sim_flow_end from;
    struct sim_flow_end to;
    const char *protocol; /* tcp, udp, icmp */
    bool has_port;
    unsigned port; /* destination */
};

/* One port's judgement. */
struct sim_judgement {
    enum sim_direction direction;
    bool applies; /* false: no firewall on this port; why says it */
    const char *why;
    bool allowed;
    const struct sim_policy *policy; /* NULL: no rule matched */
    const struct sim_rule *rule;
};

struct sim_verdict {
    bool allowed;
    size_t count;
    struct sim_judgement judgements[2]; /* in the order in which they were made */
};

/* Both ports must allow. Counts into the rules that decided. */
struct sim_verdict sim_dfw_judge(const struct sim_dfw *dfw, const struct sim_flow *flow);

#endif
