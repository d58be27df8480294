/* SPDX-License-Identifier: Apache-2.0 */
/* options_nsx.c: the options of managers and groups, as rows. */
#include "config/option_rows.h"

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
     .kind = NQ_OPTION_TEXTS,
     .element = NQ_OPTION_URL,
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
     .kind = NQ_OPTION_TEXTS,
     .element = NQ_OPTION_URL,
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

const struct nq_block nq_manager_block = {BLOCK(manager_options),
                                          .size = sizeof(struct nq_manager_conf)};
const struct nq_block nq_group_block = {BLOCK(group_options),
                                        .size = sizeof(struct nq_group_conf)};
