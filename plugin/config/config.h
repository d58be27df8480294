/* SPDX-License-Identifier: Apache-2.0 */
/* config.h: the libconfig file as one struct that never changes after loading.
 * Every option is a row in config/options*.c: path, type, range, default, help.
 *
 * Owns    all its strings; nq_config_free() frees them.
 * Blocks  for reading one local file.
 * Thread  any.
 * Fails   with file, line, option and what is allowed; nothing is half loaded.
 * Limits  the NQ_CONFIG_* numbers below.
 */
#ifndef NQ_CONFIG_CONFIG_H
#define NQ_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define NQ_CONFIG_PATH "/etc/nsx-quarantine/nsx-quarantine.conf"

/* Defaults; also where a trap goes when the configuration cannot be read. */
#define NQ_CONFIG_STATE_DIRECTORY "/var/lib/nsx-quarantine"
#define NQ_CONFIG_INTAKE_SOCKET   "intake.sock" /* in the state directory */
#define NQ_CONFIG_SPOOL_DIRECTORY "spool"       /* in the state directory */

#define NQ_CONFIG_TRIGGERS_MAX   256
#define NQ_CONFIG_CONDITIONS_MAX 16
#define NQ_CONFIG_SPECIFICS_MAX  64
#define NQ_CONFIG_VALUES_MAX     64
#define NQ_CONFIG_GROUPS_MAX     256
#define NQ_CONFIG_MANAGERS_MAX   16
#define NQ_CONFIG_URLS_MAX       8
#define NQ_CONFIG_WATCHED_MAX    16
#define NQ_CONFIG_SOURCES_MAX    256
#define NQ_CONFIG_LISTEN_MAX     16
#define NQ_CONFIG_PROTECTED_MAX  256 /* of each kind */
#define NQ_CONFIG_PROTECTED_TAGS 12

/* Values as in nqTriggerAction. */
enum nq_trigger_action {
    NQ_ACTION_QUARANTINE = 1,
    NQ_ACTION_SCAN_FINISHED,
    NQ_ACTION_RELEASE,
    NQ_ACTION_NOTE,
    NQ_ACTION_IGNORE,
};

/* Values as in nqTriggerProof: how sure it is who sent a trap. */
enum nq_proof {
    NQ_PROOF_ANY = 1, /* nothing is known: a datagram with any address in it */
    NQ_PROOF_LISTED,  /* a row of sources fits */
    NQ_PROOF_V3,      /* a row of sources with an SNMPv3 user fits */
};

enum nq_condition_kind {
    NQ_CONDITION_EQUALS,
    NQ_CONDITION_CONTAINS,
    NQ_CONDITION_MATCHES
};

/* A condition on the text of a varbind, or of a `Key: value` line inside it. Exactly one
 * of oid, varbind and any_text says which varbind. */
struct nq_condition_conf {
    char *oid;       /* ".1.3....", exact */
    int64_t varbind; /* its place; 1 is the first one behind snmpTrapOID.0 */
    bool any_text;   /* any OCTET STRING */
    char *key;       /* NULL: the whole text */
    enum nq_condition_kind kind;
    char *operand; /* text, or a POSIX extended regular expression for MATCHES */
};

/* What a text is replaced by when it is exactly from. */
struct nq_value_conf {
    char *from;
    char *to;
};

/* What the text that names a computer must be. */
enum nq_computer_kind {
    NQ_COMPUTER_ANY = 1,
    NQ_COMPUTER_NAME, /* any text that is none of these: */
    NQ_COMPUTER_ADDRESS,
    NQ_COMPUTER_MAC,
    NQ_COMPUTER_UUID,
};

/* Where a field of the signal comes from: a varbind (as in a condition), then narrowed in
 * the order of the members below. nq_field_given() is false when it was left out. */
struct nq_field_conf {
    char *oid;
    int64_t varbind;
    bool any_text;
    char *key;       /* NULL: the whole text */
    char *delimiter; /* NULL: no narrowing; else the text is cut at each of them ... */
    int64_t item;    /* ... and this piece taken, from 1 */
    char *regex;     /* NULL: no narrowing */
    int64_t group;   /* 0..9, with regex; 0 is the whole match */
    struct nq_value_conf *values;
    size_t value_count;
    enum nq_computer_kind kind; /* of computer; else 0 */
};

struct nq_trigger_conf {
    char *name;
    enum nq_trigger_action action; /* also when action_by finds nothing */
    char *trap_oid;    /* ".1.3....": exact OID or prefix; NULL: enterprise is given */
    bool oid_prefix;   /* trap_oid is a prefix (whole arcs) */
    char *enterprise;  /* ".1.3....": ENTERPRISE.0.SPECIFIC and ENTERPRISE.SPECIFIC */
    int64_t *specific; /* the numbers that count */
    size_t specific_count; /* 0: any number */
    char *encoding;        /* of the trap's texts; NULL: their bytes as they are */
    struct nq_condition_conf *conditions;
    size_t condition_count;
    struct nq_field_conf computer;
    struct nq_field_conf cause;
    struct nq_field_conf severity;
    struct nq_field_conf action_by; /* its values lead to words of nq_config_action() */
    enum nq_proof proof;            /* a trap with less is held, not acted on */
    int64_t time_limit_s; /* the quarantine ends by itself after this; 0 = never */
};

/* Values as in SnmpSecurityLevel, RFC 3411 section 5. */
enum nq_security_level { NQ_LEVEL_NO_AUTH = 1, NQ_LEVEL_AUTH, NQ_LEVEL_PRIV };

/* A sender of traps. A trap is of this source when everything that is given fits. */
struct nq_source_conf {
    char *name;
    char *address;                /* an address, a prefix, or "unix"; NULL: any */
    char *community_file;         /* v1, v2c; see nq_secret_path(); NULL: any */
    char *user;                   /* v3 security name; NULL: any trap of any version */
    enum nq_security_level level; /* v3: at least this */
    bool forwarder; /* whoever it forwards is the sender, see nq_sources_judge() */
    bool protect;   /* with a single address: the VM that has it is never quarantined */
};

/* Where we listen for notifications ourselves. */
struct nq_listen_conf {
    char **addresses; /* "udp:127.0.0.1:10162", "unix:/run/...": see snmpcmd(1) */
    size_t address_count;
    char *users_file; /* createUser lines; see nq_secret_path(); NULL: no v3 users */
    int64_t receive_buffer; /* bytes */
    int64_t connections;    /* of stream sockets, at the same time */
};

/* What one sender may bring. */
struct nq_limits_conf {
    int64_t traps_per_s; /* of one listed source, on average */
    int64_t traps_burst;
    int64_t unlisted_per_s; /* of all other senders together */
    int64_t unlisted_burst;
    int64_t unproven_max; /* cases held for want of proof */
};

/* How we log in. */
enum nq_auth {
    NQ_AUTH_BASIC = 1,   /* user and password with every request */
    NQ_AUTH_SESSION,     /* log in once: cookie and XSRF token, or an NSX-V auth token */
    NQ_AUTH_CERTIFICATE, /* a TLS client certificate: an NSX principal identity */
    NQ_AUTH_TOKEN,       /* a bearer token that somebody else keeps fresh in a file */
};

/* How to reach one server, or one cluster of equal servers, and how to enter it. */
struct nq_access_conf {
    char **urls; /* each https://host[:port], no path; the nodes of one cluster */
    size_t url_count;
    enum nq_auth auth;
    char *user;             /* NULL: none */
    char *password_file;    /* this and the next three: see nq_secret_path() */
    char *token_file;       /* NQ_AUTH_TOKEN */
    char *certificate_file; /* NQ_AUTH_CERTIFICATE: PEM, the chain */
    char *key_file;         /* its private key, PEM */
    char *ca_file;          /* NULL: the system's certificates */
    char *pinned_key;       /* "sha256//BASE64" of the public key, or NULL */
    int64_t connect_timeout_ms;
    int64_t timeout_ms;  /* of one HTTP exchange, connecting included */
    int64_t concurrency; /* HTTP exchanges at the same time */
    int64_t requests_per_s;
    int64_t auth_pause_ms; /* no request after 401/403 for this long */
};

/* Values as in nqManagerType. */
enum nq_manager_type { NQ_MANAGER_POLICY = 1, NQ_MANAGER_VSPHERE };

struct nq_manager_conf {
    struct nq_access_conf access; /* first: its options stand in the manager's block */
    char *name;
    enum nq_manager_type type;
    int64_t inventory_interval_ms; /* between full syncs */
    /* NQ_MANAGER_VSPHERE only: the vCenter paired with it. url_count 0: none. */
    struct nq_access_conf vcenter;
};

/* A tag that somebody else sets and that we only look at. */
struct nq_tag_conf {
    char *scope; /* NULL: any; NSX for vSphere has none */
    char *value;
};

/* Values as in nqGroupRole. */
enum nq_group_role { NQ_GROUP_QUARANTINE = 1, NQ_GROUP_WATCHED = 2 };

struct nq_group_conf {
    char *name;
    size_t manager; /* index into managers */
    char *path;     /* /infra/domains/default/groups/...; vsphere: securitygroup-N */
    enum nq_group_role role;
};

/* A group of NSX whose members are never quarantined. */
struct nq_protected_group_conf {
    size_t manager; /* index into managers */
    char *path;     /* as in struct nq_group_conf */
};

/* VMs that no path may quarantine. A VM that any of this fits is protected. */
struct nq_protect_conf {
    char **uuids; /* external id, instance UUID or BIOS UUID */
    size_t uuid_count;
    char **names; /* patterns of fnmatch(3) for display name or guest host name */
    size_t name_count;
    char **addresses; /* addresses or prefixes */
    size_t address_count;
    struct nq_tag_conf *tags;
    size_t tag_count;
    struct nq_protected_group_conf *groups;
    size_t group_count;
    bool infrastructure; /* this machine, the managers, their vCenters, the senders */
};

/* How many VMs may be quarantined within a time; 0: no limit. */
struct nq_budget_conf {
    int64_t minute;
    int64_t hour;
    int64_t day;
};

struct nq_governor_conf {
    struct nq_budget_conf vms;
    struct nq_budget_conf percent; /* of the members of each watched group */
    int64_t same_cause;            /* VMs quarantined for one cause ... */
    int64_t same_cause_ms;         /* ... within this time; 0: no limit */
    int64_t warn_percent;          /* of any budget: the state becomes guarded */
};

/* What follows from a tag of ours that somebody took off an isolated VM. */
enum nq_removed_tag { NQ_REMOVED_RESTORE = 1, NQ_REMOVED_RELEASE };

/* What follows from a new VM with the name of one that left the inventory. */
enum nq_recreated_vm { NQ_RECREATED_LEAVE = 1, NQ_RECREATED_FOLLOW };

struct nq_reconcile_conf {
    int64_t interval_ms;
    enum nq_removed_tag removed_tag;
    enum nq_recreated_vm recreated_vm;
};

/* How many notifications of one kind leave within a time. */
struct nq_notify_conf {
    int64_t burst; /* 0: no limit */
    int64_t window_s;
};

struct nq_release_conf {
    bool clean_scan;         /* a finished scan without a new detection releases */
    int64_t scan_longest_ms; /* a scan may have begun so long before it finished */
};

struct nq_config {
    char *file;            /* where this was read from */
    char *state_directory; /* absolute */
    char *intake_socket;   /* absolute; default: intake.sock in the state directory */
    char *spool_directory; /* absolute; default: spool in the state directory */
    bool enforce;          /* initial mode, until a SET stored another; default observe */
    char *tag_scope;
    char *tag_value; /* NSX for vSphere has no scopes: there it is the tag's name */
    struct nq_tag_conf *watched_tags;
    size_t watched_tag_count;
    int64_t resolve_timeout_ms;     /* an unknown or ambiguous VM is held after this */
    int64_t prove_timeout_ms;       /* a tagged VM not isolated after this is reported */
    int64_t verify_interval_ms;     /* isolated VMs are looked at again so often */
    int64_t group_interval_ms;      /* groups are read so often */
    int64_t statistics_interval_ms; /* the counters of rules are read so often */
    int64_t retry_first_ms; /* back-off: first wait, doubled up to retry_most_ms */
    int64_t retry_most_ms;
    int64_t immunity_ms;      /* a released VM is not quarantined again for one cause */
    int64_t observed_keep_ms; /* an observed case stays so long */
    int64_t finding_delay_ms; /* so long something is wrong in NSX before it is told */
    int64_t give_up_ms;       /* a write that NSX does not carry out fails after this */
    int64_t cases_max;        /* rows; a trap above that is refused and said so */
    int64_t log_max;          /* entries kept of the audit log */
    struct nq_manager_conf *managers;
    size_t manager_count;
    struct nq_group_conf *groups;
    size_t group_count;
    struct nq_source_conf *sources;
    size_t source_count;
    struct nq_listen_conf listen;
    struct nq_limits_conf limits;
    struct nq_protect_conf protect;
    struct nq_governor_conf governor;
    struct nq_reconcile_conf reconcile;
    struct nq_release_conf release;
    bool snmp_read_only; /* no SET is taken; always so with NQ_BUILT_READ_ONLY */
    struct nq_notify_conf notifications;
    struct nq_trigger_conf *triggers;
    size_t trigger_count;
};

/* Reads and checks file. NULL and *reterr on the first mistake. */
struct nq_config *nq_config_load(const char *file, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Reads a file of triggers: what @include puts between the parentheses of `triggers =
 * ( ... );`. Only file, triggers and trigger_count of the result are set. */
struct nq_config *nq_config_load_triggers(const char *file, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The same for a text that is already in memory; file is what mistakes call it. */
struct nq_config *nq_config_read_triggers(const char *file, const char *text, size_t len,
                                          struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL. Always returns NULL. */
struct nq_config *nq_config_free(struct nq_config *conf);

/* Words of the configuration. word() is static storage, "" for an unknown value; action()
 * is false for an unknown word. */
const char *nq_config_action_word(enum nq_trigger_action action);
const char *nq_config_proof_word(enum nq_proof proof);
bool nq_config_action(const char *word, enum nq_trigger_action *ret_action);

/* Does the action concern one VM, so that the trap must name it? */
bool nq_config_names_vm(enum nq_trigger_action action);

/* Was the field configured at all? */
bool nq_field_given(const struct nq_field_conf *field);

/* Prints every option with type, range, default and help: `nsx-quarantine check
 * --options`. */
void nq_config_print_options(FILE *out);

#endif
