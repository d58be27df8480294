/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: every option there is, as rows: reading, checking, freeing and the output of
 * `nsx-quarantine check --options` all follow these tables. */
#include "config/option.h"

#include <string.h>
#include <sys/param.h>

#define COUNT(array)     (sizeof(array) / sizeof((array)[0]))
#define BLOCK(rows)      .options = (rows), .option_count = COUNT(rows)
#define AT(type, member) .offset = offsetof(struct type, member)
#define BYTES(most)      .min = 1, .max = (most)
#define S                INT64_C(1000) /* the milliseconds of a second */
#define HOUR             (3600 * S)
#define DAY              (24 * HOUR)

#define PATH_BYTES 4095
#define TEXT_BYTES 255

/* ---- engine, tag, timing ------------------------------------------------------------ */

static const struct nq_word modes[] = {{"observe", 0}, {"enforce", 1}, {NULL, 0}};

static const struct nq_option engine_options[] = {
    {.name = "mode",
     .kind = NQ_OPTION_MODE,
     AT(nq_config, enforce),
     .words = modes,
     .preset = "observe",
     .help = "observe only records what would have happened; enforce tags VMs"},
    {.name = "state_directory",
     .kind = NQ_OPTION_PATH,
     AT(nq_config, state_directory),
     BYTES(PATH_BYTES),
     .preset = NQ_CONFIG_STATE_DIRECTORY,
     .help = "where the engine keeps its database; one engine owns it"},
    {.name = "intake_socket",
     .kind = NQ_OPTION_PATH,
     AT(nq_config, intake_socket),
     BYTES(107), /* sun_path of unix(7) */
     .help = "where the engine takes traps; default: intake.sock in state_directory"},
    {.name = "spool_directory",
     .kind = NQ_OPTION_PATH,
     AT(nq_config, spool_directory),
     BYTES(PATH_BYTES),
     .help = "where traps wait while the engine is away; default: spool in "
             "state_directory"},
    {.name = "cases_max",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, cases_max),
     .min = 1,
     .max = 1000000,
     .preset = "100000",
     .help = "rows kept; a trap that would need one more is refused and counted"},
};

static const struct nq_option watched_options[] = {
    {.name = "scope",
     .kind = NQ_OPTION_TAG,
     AT(nq_tag_conf, scope),
     .min = 0,
     .max = 128,
     .help = "its scope; default: any"},
    {.name = "value",
     .kind = NQ_OPTION_TAG,
     AT(nq_tag_conf, value),
     BYTES(256),
     .required = true,
     .help = "its value; for type vsphere its name"},
};

static const struct nq_block watched_block = {BLOCK(watched_options),
                                              .size = sizeof(struct nq_tag_conf)};

static const struct nq_option tag_options[] = {
    {.name = "scope",
     .kind = NQ_OPTION_TAG,
     AT(nq_config, tag_scope),
     .min = 0,
     .max = 128,
     .preset = "nsx-quarantine",
     .help = "scope of the NSX tag that isolates; no other tag is ever written"},
    {.name = "value",
     .kind = NQ_OPTION_TAG,
     AT(nq_config, tag_value),
     BYTES(256),
     .preset = "isolated",
     .help = "value of the NSX tag that isolates; for type vsphere its name"},
    {.name = "watched",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, watched_tags),
     .count_offset = offsetof(struct nq_config, watched_tag_count),
     .min = 0,
     .max = NQ_CONFIG_WATCHED_MAX,
     .block = &watched_block,
     .help =
         "tags of other products that also mean quarantine: looked at, never written"},
};

static const struct nq_option timing_options[] = {
    {.name = "resolve_timeout_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, resolve_timeout_ms),
     .min = S / 10,
     .max = DAY,
     .preset = "60",
     .help = "a VM still unknown or ambiguous after this is held for a person"},
    {.name = "prove_timeout_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, prove_timeout_ms),
     .min = S / 10,
     .max = DAY,
     .preset = "120",
     .help = "a tagged VM not proven isolated after this is reported"},
    {.name = "verify_interval_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, verify_interval_ms),
     .min = S / 10,
     .max = DAY,
     .preset = "60",
     .help = "an isolated VM is looked at again so often"},
    {.name = "group_interval_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, group_interval_ms),
     .min = S / 10,
     .max = DAY,
     .preset = "30",
     .help = "members of the configured groups are read so often"},
    {.name = "statistics_interval_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, statistics_interval_ms),
     .min = S / 10,
     .max = DAY,
     .preset = "30",
     .help = "the counters of firewall rules are read so often"},
    {.name = "retry_first_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, retry_first_ms),
     .min = S / 100,
     .max = HOUR,
     .preset = "1",
     .help = "first wait before a failed step is repeated; doubled each time"},
    {.name = "retry_most_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, retry_most_ms),
     .min = S / 100,
     .max = DAY,
     .preset = "60",
     .help = "longest wait before a failed step is repeated"},
    {.name = "immunity_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, immunity_ms),
     .min = 0,
     .max = 365 * DAY,
     .preset = "7200",
     .help = "a released VM is not quarantined again for the same cause so long"},
    {.name = "observed_keep_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, observed_keep_ms),
     .min = S / 10,
     .max = 365 * DAY,
     .preset = "86400",
     .help = "what observe mode recorded is shown so long"},
};

/* ---- managers, groups --------------------------------------------------------------- */

static const struct nq_word manager_types[] = {
    {"policy", NQ_MANAGER_POLICY}, {"vsphere", NQ_MANAGER_VSPHERE}, {NULL, 0}};

static const struct nq_word manager_auths[] = {{"basic", NQ_AUTH_BASIC},
                                               {"session", NQ_AUTH_SESSION},
                                               {"certificate", NQ_AUTH_CERTIFICATE},
                                               {"token", NQ_AUTH_TOKEN},
                                               {NULL, 0}};

static const struct nq_word vcenter_auths[] = {{"session", NQ_AUTH_SESSION}, {NULL, 0}};

/* Rows that the blocks of a manager and of a vCenter share: the access is the first member
 * of a manager, so its offsets fit both. */
#define ACCOUNT_ROWS                                                                     \
    {.name = "user",                                                                     \
     .kind = NQ_OPTION_TEXT,                                                             \
     AT(nq_access_conf, user),                                                           \
     BYTES(TEXT_BYTES),                                                                  \
     .help = "an account with no more rights than the README names; needed by auth "     \
             "basic and session"},                                                       \
    {                                                                                    \
        .name = "password_file", .kind = NQ_OPTION_SECRET,                               \
        AT(nq_access_conf, password_file), BYTES(PATH_BYTES),                            \
        .help = "holds the password and nothing else; mode 0600"                         \
    }

#define TRUST_ROWS                                                                       \
    {.name = "ca_file",                                                                  \
     .kind = NQ_OPTION_PATH,                                                             \
     AT(nq_access_conf, ca_file),                                                        \
     BYTES(PATH_BYTES),                                                                  \
     .help = "PEM file that the server's certificate is checked with; default: the "     \
             "certificates of the system"},                                              \
    {                                                                                    \
        .name = "pinned_key", .kind = NQ_OPTION_PIN, AT(nq_access_conf, pinned_key),     \
        BYTES(TEXT_BYTES),                                                               \
        .help = "the server must have exactly this public key; without ca_file it "      \
                "takes the place of a CA"                                                \
    }

#define PACE_ROWS                                                                        \
    {.name = "connect_timeout_s",                                                        \
     .kind = NQ_OPTION_SECONDS,                                                          \
     AT(nq_access_conf, connect_timeout_ms),                                             \
     .min = S / 10,                                                                      \
     .max = HOUR,                                                                        \
     .preset = "5",                                                                      \
     .help = "limit for TCP and TLS"},                                                   \
        {.name = "timeout_s",                                                            \
         .kind = NQ_OPTION_SECONDS,                                                      \
         AT(nq_access_conf, timeout_ms),                                                 \
         .min = S / 10,                                                                  \
         .max = HOUR,                                                                    \
         .help = "limit for one whole exchange; default 15, for type vsphere 60"},       \
        {.name = "concurrency",                                                          \
         .kind = NQ_OPTION_NUMBER,                                                       \
         AT(nq_access_conf, concurrency),                                                \
         .min = 1,                                                                       \
         .max = CONCURRENCY_MAX,                                                         \
         .preset = "4",                                                                  \
         .help = "exchanges at the same time"},                                          \
        {.name = "requests_per_s",                                                       \
         .kind = NQ_OPTION_NUMBER,                                                       \
         AT(nq_access_conf, requests_per_s),                                             \
         .min = 1,                                                                       \
         .max = 100,                                                                     \
         .preset = "50",                                                                 \
         .help = "requests in a second; NSX refuses a client above 100"},                \
    {                                                                                    \
        .name = "auth_pause_s", .kind = NQ_OPTION_SECONDS,                               \
        AT(nq_access_conf, auth_pause_ms), .min = S / 10, .max = DAY, .preset = "300",   \
        .help = "no request for so long after the account was refused, lest it is "      \
                "locked"                                                                 \
    }

/* NSX locks an account after five refused logins, so fewer may be under way. */
#define CONCURRENCY_MAX 4

static const struct nq_option vcenter_options[] = {
    {.name = "url",
     .kind = NQ_OPTION_URLS,
     AT(nq_access_conf, urls),
     .count_offset = offsetof(struct nq_access_conf, url_count),
     .min = 1,
     .max = 1,
     .required = true,
     .help = "the vCenter that the NSX Manager is paired with"},
    {.name = "auth",
     .kind = NQ_OPTION_WORD,
     AT(nq_access_conf, auth),
     .words = vcenter_auths,
     .preset = "session",
     .help = "vCenter's REST API knows sessions only"},
    ACCOUNT_ROWS,
    TRUST_ROWS,
    PACE_ROWS,
};

static const struct nq_block vcenter_block = {BLOCK(vcenter_options), .optional = true};

static const struct nq_option manager_options[] = {
    {.name = "name",
     .kind = NQ_OPTION_TEXT,
     AT(nq_manager_conf, name),
     BYTES(TEXT_BYTES),
     .required = true,
     .help = "what this file and the MIB call it"},
    {.name = "type",
     .kind = NQ_OPTION_WORD,
     AT(nq_manager_conf, type),
     .words = manager_types,
     .preset = "policy",
     .help = "policy: NSX-T 3 and later, NSX; vsphere: NSX for vSphere 6.2 to 6.4"},
    {.name = "url",
     .kind = NQ_OPTION_URLS,
     AT(nq_access_conf, urls),
     .count_offset = offsetof(struct nq_access_conf, url_count),
     .min = 1,
     .max = NQ_CONFIG_URLS_MAX,
     .required = true,
     .help = "the manager, without a path: the virtual address, or all nodes of the "
             "cluster"},
    {.name = "auth",
     .kind = NQ_OPTION_WORD,
     AT(nq_access_conf, auth),
     .words = manager_auths,
     .preset = "basic",
     .help = "basic: user and password each time; session: log in once; certificate: a "
             "principal identity; token: a bearer token"},
    ACCOUNT_ROWS,
    {.name = "token_file",
     .kind = NQ_OPTION_SECRET,
     AT(nq_access_conf, token_file),
     BYTES(PATH_BYTES),
     .help = "with auth token: holds the bearer token; read again when NSX refuses it"},
    {.name = "certificate_file",
     .kind = NQ_OPTION_SECRET,
     AT(nq_access_conf, certificate_file),
     BYTES(PATH_BYTES),
     .help = "with auth certificate: the principal identity's certificate, PEM"},
    {.name = "key_file",
     .kind = NQ_OPTION_SECRET,
     AT(nq_access_conf, key_file),
     BYTES(PATH_BYTES),
     .help = "its private key, PEM without a passphrase; mode 0600"},
    TRUST_ROWS,
    PACE_ROWS,
    {.name = "inventory_interval_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_manager_conf, inventory_interval_ms),
     .min = S / 10,
     .max = DAY,
     .preset = "300",
     .help = "the list of all VMs is read so often"},
    {.name = "vcenter",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_manager_conf, vcenter),
     .block = &vcenter_block,
     .help = "type vsphere only: finds VMs by address, host name and UUID"},
};

static const struct nq_word group_roles[] = {
    {"quarantine", NQ_GROUP_QUARANTINE}, {"watched", NQ_GROUP_WATCHED}, {NULL, 0}};

static const struct nq_option group_options[] = {
    {.name = "name",
     .kind = NQ_OPTION_TEXT,
     AT(nq_group_conf, name),
     BYTES(TEXT_BYTES),
     .required = true,
     .help = "what the MIB calls it"},
    {.name = "manager",
     .kind = NQ_OPTION_MANAGER,
     AT(nq_group_conf, manager),
     .required = true,
     .help = "the name of its manager in this file"},
    {.name = "path",
     .kind = NQ_OPTION_GROUP_PATH,
     AT(nq_group_conf, path),
     BYTES(1024),
     .required = true,
     .help = "policy path, such as /infra/domains/default/groups/quarantine; for type "
             "vsphere the id, such as securitygroup-10"},
    {.name = "role",
     .kind = NQ_OPTION_WORD,
     AT(nq_group_conf, role),
     .words = group_roles,
     .required = true,
     .help = "quarantine: its members are the isolated VMs; watched: a group that must "
             "exclude them"},
};

/* ---- triggers ----------------------------------------------------------------------- */

#define OPERAND(nq_kind)                                                                 \
    AT(nq_condition_conf, operand),                                                      \
        .operand = (nq_kind), .operand_offset = offsetof(struct nq_condition_conf, kind)

static const struct nq_option condition_options[] = {
    {.name = "oid",
     .kind = NQ_OPTION_OID,
     AT(nq_condition_conf, oid),
     .required = true,
     .help = "of the varbind, instance included"},
    {.name = "key",
     .kind = NQ_OPTION_TEXT,
     AT(nq_condition_conf, key),
     BYTES(64),
     .help = "look at the value of its line `key: value`; default: the whole text"},
    {.name = "equals",
     .kind = NQ_OPTION_OPERAND,
     OPERAND(NQ_CONDITION_EQUALS),
     .min = 0,
     .max = TEXT_BYTES,
     .help = "its whole text; one of equals, contains and matches is needed"},
    {.name = "contains",
     .kind = NQ_OPTION_OPERAND,
     OPERAND(NQ_CONDITION_CONTAINS),
     .min = 0,
     .max = TEXT_BYTES,
     .help = "a part of its text; \"\" asks only whether the varbind is there"},
    {.name = "matches",
     .kind = NQ_OPTION_OPERAND_REGEX,
     OPERAND(NQ_CONDITION_MATCHES),
     BYTES(TEXT_BYTES),
     .help = "an expression that its text matches somewhere"},
};

static const struct nq_option field_options[] = {
    {.name = "oid",
     .kind = NQ_OPTION_OID,
     AT(nq_field_conf, oid),
     .required = true,
     .help = "of the varbind that holds it, instance included"},
    {.name = "key",
     .kind = NQ_OPTION_TEXT,
     AT(nq_field_conf, key),
     BYTES(64),
     .help = "take the value of its line `key: value`; default: the whole text"},
    {.name = "regex",
     .kind = NQ_OPTION_REGEX,
     AT(nq_field_conf, regex),
     BYTES(TEXT_BYTES),
     .help = "take what a group of this expression matches"},
    {.name = "group",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_field_conf, group),
     .min = 0,
     .max = 9,
     .preset = "0",
     .help = "which one, with regex; 0 is the whole match"},
};

static const struct nq_block condition_block = {BLOCK(condition_options),
                                                .size = sizeof(struct nq_condition_conf)};
static const struct nq_block field_block = {BLOCK(field_options), .optional = true};

static const struct nq_word trigger_actions[] = {
    {"quarantine", NQ_ACTION_QUARANTINE}, {"ignore", NQ_ACTION_IGNORE}, {NULL, 0}};

static const struct nq_option trigger_options[] = {
    {.name = "name",
     .kind = NQ_OPTION_TEXT,
     AT(nq_trigger_conf, name),
     BYTES(TEXT_BYTES),
     .required = true,
     .help = "what logs and the MIB call it"},
    {.name = "trap_oid",
     .kind = NQ_OPTION_OID,
     AT(nq_trigger_conf, trap_oid),
     .required = true,
     .help = "value of snmpTrapOID.0; a v1 trap has ENTERPRISE.0.SPECIFIC"},
    {.name = "prefix",
     .kind = NQ_OPTION_FLAG,
     AT(nq_trigger_conf, oid_prefix),
     .preset = "false",
     .help = "true: trap_oid and all below it"},
    {.name = "action",
     .kind = NQ_OPTION_WORD,
     AT(nq_trigger_conf, action),
     .words = trigger_actions,
     .preset = "quarantine",
     .help = "ignore: such a trap is counted and nothing else"},
    {.name = "time_limit_s",
     .kind = NQ_OPTION_WHOLE_SECONDS,
     AT(nq_trigger_conf, time_limit_s),
     .min = 0,
     .max = 365 * DAY / S,
     .preset = "0",
     .help = "the quarantine ends by itself after this; 0 = never"},
    {.name = "conditions",
     .kind = NQ_OPTION_LIST,
     AT(nq_trigger_conf, conditions),
     .count_offset = offsetof(struct nq_trigger_conf, condition_count),
     .min = 0,
     .max = NQ_CONFIG_CONDITIONS_MAX,
     .block = &condition_block,
     .help = "on varbinds; all of them must hold"},
    {.name = "computer",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_trigger_conf, computer),
     .block = &field_block,
     .help = "whom the trap names: a name, an address or a UUID"},
    {.name = "cause",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_trigger_conf, cause),
     .block = &field_block,
     .help = "what happened, for people"},
    {.name = "severity",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_trigger_conf, severity),
     .block = &field_block,
     .help = "how bad the sender finds it, for people"},
};

/* ---- the file ----------------------------------------------------------------------- */

static const struct nq_block engine_block = {BLOCK(engine_options)};
static const struct nq_block tag_block = {BLOCK(tag_options)};
static const struct nq_block timing_block = {BLOCK(timing_options)};
static const struct nq_block manager_block = {BLOCK(manager_options),
                                              .size = sizeof(struct nq_manager_conf)};
static const struct nq_block group_block = {BLOCK(group_options),
                                            .size = sizeof(struct nq_group_conf)};
static const struct nq_block trigger_block = {BLOCK(trigger_options),
                                              .size = sizeof(struct nq_trigger_conf)};

/* Managers stand before groups, which name them. */
static const struct nq_option root_options[] = {
    {.name = "engine", .kind = NQ_OPTION_BLOCK, .block = &engine_block},
    {.name = "tag", .kind = NQ_OPTION_BLOCK, .block = &tag_block},
    {.name = "timing", .kind = NQ_OPTION_BLOCK, .block = &timing_block},
    {.name = "managers",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, managers),
     .count_offset = offsetof(struct nq_config, manager_count),
     .min = 1,
     .max = NQ_CONFIG_MANAGERS_MAX,
     .block = &manager_block,
     .required = true,
     .help = "NSX Managers"},
    {.name = "groups",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, groups),
     .count_offset = offsetof(struct nq_config, group_count),
     .min = 1,
     .max = NQ_CONFIG_GROUPS_MAX,
     .block = &group_block,
     .required = true,
     .help = "NSX groups; at least one with the role quarantine"},
    {.name = "triggers",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, triggers),
     .count_offset = offsetof(struct nq_config, trigger_count),
     .min = 0,
     .max = NQ_CONFIG_TRIGGERS_MAX,
     .block = &trigger_block,
     .help = "what traps mean; the first one that recognises a trap wins"},
};

const struct nq_block nq_config_root = {BLOCK(root_options),
                                        .size = sizeof(struct nq_config)};
