/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h: what the engine asks of NSX, whichever generation it is: of one manager, or of
 * all of them (fleet.h), which answer alike.
 * Not for: deciding what to do with an answer, or how often to ask.
 *
 * Owns    the implementation owns its calls; the engine holds a call only to cancel it.
 * Blocks  never, name resolution included.
 * Thread  loop thread only.
 * Fails   through nq_reply.err. A start function never calls back before it returns, calls
 *         back exactly once, and never after cancel().
 * Limits  timeout_ms of the configuration for each HTTP exchange of a call. find_vms() may
 *         wait for a whole inventory sync, at most NQ_SYNC_LIMIT_MS (sync.h).
 */
#ifndef NQ_NSX_BACKEND_H
#define NQ_NSX_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A trap names a computer by one text, which may stand for two: `name (other name)`. */
#define NQ_HINTS_MAX 3

struct nq_vm_query {
    bool fresh;      /* ask NSX even if the inventory has an answer: it was of no use */
    bool known_only; /* do not wait for a whole sync when the inventory knows none */
    size_t hint_count;
    const char *hints[NQ_HINTS_MAX]; /* each a UUID, an IPv4 or IPv6 address, or a name */
};

/* What names a VM for good. The id is unique within one manager only: with NSX for vSphere
 * it is vCenter's MoRef. */
struct nq_vm_id {
    size_t manager; /* index into the managers of the configuration */
    const char *external_id;
};

/* A VM of the inventory. Strings are borrowed until the callback returns, never NULL. */
struct nq_vm {
    size_t manager;
    const char *external_id;
    const char *display_name;
    const char *host_name;
    const char *addresses; /* comma list */
    const char *uuids;     /* comma list, lower case: external, instance and BIOS UUID */
    const char *type;      /* REGULAR, EDGE, SERVICE, MP, ...; "" when NSX gives none */
    bool regular;          /* may be quarantined at all */
    bool complete;    /* the inventory has it, too: nothing above is only not known */
    unsigned tags;    /* those that mean something to us: set of tags.h */
    unsigned matched; /* find_vms: set of 1 << index of the hints that lead to it */
};

enum nq_realized {
    NQ_REALIZED_UNKNOWN = 1,
    NQ_REALIZED_IN_PROGRESS,
    NQ_REALIZED_SUCCESS,
    NQ_REALIZED_ERROR
};

/* nqRuleAction, nqRuleDirection */
enum nq_rule_action { NQ_RULE_ALLOW = 1, NQ_RULE_DROP, NQ_RULE_REJECT, NQ_RULE_JUMP };
enum nq_rule_direction { NQ_RULE_IN = 1, NQ_RULE_OUT, NQ_RULE_IN_OUT };

/* What a rule counts, as NSX shows it now. */
enum nq_traffic {
    NQ_TRAFFIC_PACKETS,
    NQ_TRAFFIC_BYTES,
    NQ_TRAFFIC_SESSIONS,
    NQ_TRAFFIC_HITS,
    NQ_TRAFFIC_COUNT
};

/* One of the places that count for a rule: NSX may realize one rule as several, at several
 * enforcement points. A number that is smaller than the last time was reset in between. */
struct nq_rule_series {
    const char *key; /* the same each time, and no other of this rule has it */
    uint64_t counts[NQ_TRAFFIC_COUNT]; /* 0 for what this generation does not count */
};

/* A DFW rule that names a group as source, destination or scope. */
struct nq_rule_view {
    const char *path; /* policy path, or SECTION/RULE: the same rule for several groups */
    const char *name;
    enum nq_rule_action action;
    enum nq_rule_direction direction;
    bool enabled; /* it and what it stands in */
    uint32_t sequence;
    const struct nq_rule_series
        *series; /* none: NSX gave no numbers, which is not zero */
    size_t series_count;
};

/* What the rules do to the members of a quarantine group, whoever they are. */
enum nq_cut_state {
    NQ_CUT_UNKNOWN,
    NQ_CUT_HOLDS,      /* all their traffic is dropped, in both directions */
    NQ_CUT_BY_ADDRESS, /* the same, for members whose address NSX knows */
    NQ_CUT_OPEN        /* some of it is certainly not; cut_why says what to do */
};

/* What the definition of a group says about our tag. */
enum nq_definition {
    NQ_DEFINITION_UNKNOWN, /* it was not read, or cannot be judged */
    NQ_DEFINITION_IGNORES, /* certainly nothing */
    NQ_DEFINITION_TAKES_IN,
    NQ_DEFINITION_KEEPS_OUT
};

/* A group of the configuration, in configured order. */
struct nq_group_view {
    size_t group;         /* index into the groups of the configuration */
    bool known;           /* NSX answered for it; else the rest is void, but for: */
    enum nq_code trouble; /* why it is not known; NQ_OK: that is not known either */
    const char *const *external_ids; /* its effective VM members, sorted, no duplicates */
    size_t member_count;
    size_t tagged_count; /* members with our tag or a watched one, as far as is known */
    enum nq_realized realized;
    bool rules_known; /* NSX answered for its rules; else the two below are void */
    const struct nq_rule_view *rules; /* in the order in which they are evaluated */
    size_t rule_count;
    enum nq_cut_state cut; /* of a quarantine group, with rules_known */
    const char *cut_why;
    enum nq_definition definition;
    bool exclusion_known;        /* NSX told of the firewall's exclude list; else: void */
    bool excluded;               /* the list holds the group */
    size_t excluded_members;     /* regular ones that are on that list, as far as known */
    const char *excluded_member; /* the display name of one of them */
};

/* The firewall of a manager as a whole. */
struct nq_firewall_view {
    bool known;           /* NSX answered for it; else the rest is void, but for: */
    enum nq_code trouble; /* why it is not known */
    bool enabled;
};

struct nq_reply {
    const struct nq_err *err; /* NULL: the call succeeded and the fields below count */
    const struct nq_vm *vms;  /* find_vms: candidates; read_vm, prove: one or none */
    size_t vm_count;
    unsigned rungs;      /* prove: set of NQ_RUNG_BIT() that hold now */
    unsigned provable;   /* prove: set that this manager can prove at all. Dropped traffic
                          * is in it once it was seen: a silent VM proves nothing. */
    const char *missing; /* prove: what is missing, one sentence, "" when nothing is */
    const struct nq_group_view *groups; /* read_groups */
    size_t group_count;
    const struct nq_firewall_view *firewall; /* read_groups; NULL: nothing about it */
    const char *protector; /* read_protector: path of the group, or NULL */
};

typedef void nq_reply_fn(void *arg, const struct nq_reply *reply);

enum nq_tag_change { NQ_TAG_ADD, NQ_TAG_REMOVE };

enum nq_manager_state {
    NQ_MANAGER_UP = 1,
    NQ_MANAGER_DEGRADED,
    NQ_MANAGER_DOWN,
    NQ_MANAGER_AUTH_FAILED
};

/* What one manager looks like from here: the columns of nqManagerTable. */
struct nq_manager_status {
    enum nq_manager_state state;
    const char *url;     /* the node in use; borrowed */
    const char *version; /* "" until it is known; borrowed */
    uint64_t requests;   /* HTTP requests sent since open */
    uint64_t errors;     /* of them without a good answer */
    uint64_t retries;    /* sent again: to another node, or after a new login */
    size_t in_flight;
    size_t queue;            /* questions that wait to be sent */
    uint32_t latency_ms;     /* smoothed */
    int64_t last_ok_ms;      /* wall; 0: never */
    size_t vms;              /* in the inventory */
    int64_t synced_ms;       /* wall, of the inventory; 0: never */
    bool inventory_full;     /* the last sync met a limit */
    size_t shared_names;     /* regular VMs whose display name another one has, too */
    const char *shared_name; /* one of these names; borrowed; NULL: none */
    int64_t tls_expires_ms;  /* wall, end of the server's certificate; 0: not known */
    const struct nq_err *last_error; /* NULL while there was none; borrowed */
};

struct nq_backend;
struct nq_call;

#define NQ_PROTECTOR_FRESH_MS 5000

typedef void nq_server_fn(void *arg, const char *host);

struct nq_backend_ops {
    /* VMs that any hint leads to; an inventory that knows none is refreshed first. */
    struct nq_call *(*find_vms)(struct nq_backend *backend,
                                const struct nq_vm_query *query, nq_reply_fn *done,
                                void *arg);

    /* One VM with its tags, read from NSX now; vm_count 0 when NSX has no such VM. */
    struct nq_call *(*read_vm)(struct nq_backend *backend, const struct nq_vm_id *vm,
                               nq_reply_fn *done, void *arg);

    /* Adds or removes our tag as a delta. Success means NSX acknowledged it. A timeout or
     * a broken connection leaves the outcome unknown: read_vm() tells. Changes of one VM
     * are made in their order, one at a time. In a storm a change waits for the others
     * that NSX works on at once, for some times timeout_ms at most. */
    struct nq_call *(*change_tag)(struct nq_backend *backend, enum nq_tag_change change,
                                  const struct nq_vm_id *vm, nq_reply_fn *done,
                                  void *arg);

    /* Climbs the rungs for one VM that carries our tag; vm_count 0 when NSX has no such
     * VM, else 1. */
    struct nq_call *(*prove)(struct nq_backend *backend, const struct nq_vm_id *vm,
                             nq_reply_fn *done, void *arg);

    /* All groups of the configuration that belong to the manager, their rules, and what the
     * firewall does to them. */
    struct nq_call *(*read_groups)(struct nq_backend *backend, size_t manager,
                                   nq_reply_fn *done, void *arg);

    /* vms: all VMs of the manager that carry our tag or a watched one, read from NSX now. */
    struct nq_call *(*read_tagged)(struct nq_backend *backend, size_t manager,
                                   nq_reply_fn *done, void *arg);

    /* protector: a protected group of the configuration that has the VM as an effective
     * member, as NSX showed it at most NQ_PROTECTOR_FRESH_MS ago, or after the question when
     * the lists take longer; NULL: none has. A group that NSX does not know is an error:
     * nobody can tell whom it should protect. */
    struct nq_call *(*read_protector)(struct nq_backend *backend,
                                      const struct nq_vm_id *vm, nq_reply_fn *done,
                                      void *arg);

    /* Calls fn for each host name and each address at which the manager and the vCenters
     * behind it are known to be reached; at least for those of the configuration, and maybe
     * more than once. Texts are borrowed for the call. */
    void (*each_server)(const struct nq_backend *backend, size_t manager,
                        nq_server_fn *fn, void *arg);

    void (*cancel)(struct nq_backend *backend, struct nq_call *call);
    void (*status)(const struct nq_backend *backend, size_t manager,
                   struct nq_manager_status *ret_status);
    void (*close)(struct nq_backend *backend);
};

/* Implementations embed this as their first member. */
struct nq_backend {
    const struct nq_backend_ops *ops;
};

/* Takes NULL; cancels what is under way. Always returns NULL. */
struct nq_backend *nq_backend_close(struct nq_backend *backend);

#endif
