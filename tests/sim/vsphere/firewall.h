/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.h: layer 3 sections and their rules, in the order of evaluation.
 *
 * Owns    a section owns its document, its rules and their counters.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   vs_section_new(): NULL and a sentence that names the member.
 * Limits  none of its own.
 */
#ifndef VS_FIREWALL_H
#define VS_FIREWALL_H

#include "settings.h"

enum vs_action { VS_ACTION_ALLOW, VS_ACTION_DENY, VS_ACTION_REJECT };

struct vs_hits {
    uint64_t count;
    int64_t first_ms; /* wall clock; 0: never */
    int64_t last_ms;
};

struct vs_rule {
    uint64_t id;
    cJSON *doc; /* complete: every member has its default */
    enum vs_action action;
    bool is_default; /* the last rule of the default section */
    struct vs_hits hits;
};

struct vs_section {
    uint64_t id;
    cJSON *doc; /* without the rules */
    bool is_default;
    uint64_t generation; /* wall clock of the last change, in milliseconds */
    size_t rule_count;
    struct vs_rule *rules;
};

/* next_id numbers the rules and sections that name no id, and is moved on. */
struct vs_section *vs_section_new(const cJSON *json, uint64_t *next_id, const char *where,
                                  struct sim_err *err)
    __attribute__((warn_unused_result));
struct vs_section *vs_section_free(struct vs_section *section); /* takes, returns NULL */
/* As the world file writes it. */
cJSON *vs_section_json(const struct vs_section *section);

struct vs_rule *vs_section_rule(const struct vs_section *section, uint64_t id);

/* An Application document of the world file, or a service of a rule. */
bool vs_service_check(const cJSON *service, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));
/* The IP protocol of tcp, udp, icmp; 0 for anything else. */
unsigned vs_protocol_number(const char *name);

#endif
