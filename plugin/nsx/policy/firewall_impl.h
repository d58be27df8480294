/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_impl.h: what firewall.c and its steps share; nobody else includes
 * it.
 *
 * Owns    as firewall.h says.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_POLICY_FIREWALL_IMPL_H
#define NQ_NSX_POLICY_FIREWALL_IMPL_H

#include "nsx/policy/firewall.h"
#include "nsx/policy/firewall_json.h"
#include "nsx/policy/members.h"

/* Which facts a round reads. */
enum nq_firewall_part {
    NQ_PART_CONFIG = 1,  /* what people have configured */
    NQ_PART_STATUS = 2,  /* what NSX has made of it */
    NQ_PART_MEMBERS = 4, /* who is in the groups */
};

struct nq_firewall_policies {
    struct nq_security_policy *items;
    size_t count;
    size_t room;
};

struct nq_firewall_scheduler {
    char *path;
    struct nq_window window;
};

struct nq_firewall {
    struct nq_policy *policy;
    const char **group_paths; /* by index of the configuration; NULL: another manager's */
    struct nq_group_paths groups;
    char **domains; /* the folders of the groups, each once: /infra/domains/default */
    size_t domain_count;

    /* Who waits for the next round, and for the one under way. */
    struct nq_waits waits;
    struct nq_waits vm_waits;
    struct nq_waits served;
    struct nq_timer timer;

    /* The round under way. */
    bool reading;
    unsigned parts;
    int64_t round_ms; /* mono */
    size_t round_vms; /* of those served by it */
    bool paced;
    int64_t paced_ms; /* mono: of the first round for a VM in this second */
    unsigned paced_rounds;
    size_t step;
    size_t at; /* within the step */
    struct nq_ask *ask;
    struct nq_listing listing;
    struct nq_firewall_policies next_policies;
    struct nq_rule *next_rules;
    size_t next_rule_count;
    size_t kept_rules; /* of all policies */

    /* What is known. */
    bool config_known;
    bool status_known;
    int64_t config_ms; /* mono, when its round began; with the above */
    int64_t status_ms;
    bool enabled;
    struct nq_members excluded;        /* paths of groups */
    struct nq_members system_excluded; /* external ids */
    bool no_system_list;               /* this release does not have it */
    struct nq_firewall_policies policies;
    struct nq_firewall_scheduler *schedulers;
    size_t scheduler_count;
    struct nq_quarantine_fact *quarantines;
    size_t quarantine_count;
    struct nq_members *members; /* of the quarantine groups, then of the excluded ones */
    size_t members_count;
    bool members_known; /* for those who are told now */
    size_t singles;     /* VMs whose groups were asked for one by one since status_ms */
};

struct nq_firewall_step {
    unsigned part;
    /* Starts the next question of the step; false when there is none left. */
    bool (*begin)(struct nq_firewall *firewall);
    /* The end of a question. true: go on. */
    bool (*ended)(struct nq_firewall *firewall, const struct nq_err *err);
};

/* firewall_config.c */
extern const struct nq_firewall_step nq_firewall_read_settings;
extern const struct nq_firewall_step nq_firewall_read_exclude_list;
extern const struct nq_firewall_step nq_firewall_read_system_list;
extern const struct nq_firewall_step nq_firewall_read_policies;
extern const struct nq_firewall_step nq_firewall_read_rules;
extern const struct nq_firewall_step nq_firewall_read_schedulers;

/* firewall_status.c */
extern const struct nq_firewall_step nq_firewall_judge;
extern const struct nq_firewall_step nq_firewall_read_nested;
extern const struct nq_firewall_step nq_firewall_read_groups;
extern const struct nq_firewall_step nq_firewall_read_realized;
extern const struct nq_firewall_step nq_firewall_read_members;

#define NQ_POLICY_API "/policy/api/v1"

/* Start a question of a round. */
void nq_firewall_ask(struct nq_firewall *firewall, enum nq_http_method method,
                     const char *path, nq_ask_read_fn *read);
void nq_firewall_list(struct nq_firewall *firewall, const char *path,
                      nq_page_read_fn *read);

/* How questions end: with an answer; or without the object, which is an answer too. */
bool nq_firewall_good(struct nq_firewall *firewall, const struct nq_err *err);
bool nq_firewall_good_or_gone(struct nq_firewall *firewall, const struct nq_err *err);

/* The path of the group whose members stand at this index of members. */
const char *nq_firewall_listed_path(const struct nq_firewall *firewall, size_t index);

void nq_firewall_free_policies(struct nq_firewall_policies *policies);

/* NULL: not read, or not to be read. */
const struct nq_firewall_scheduler *
nq_firewall_find_scheduler(const struct nq_firewall *firewall, const char *path);

#endif
