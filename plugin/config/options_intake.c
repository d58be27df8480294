/* SPDX-License-Identifier: Apache-2.0 */
/* options_intake.c: the options of who may send traps, where we listen for them, and how
 * many of them one sender may bring, as rows. */
#include "config/option_rows.h"

/* ---- sources ------------------------------------------------------------------------ */

static const struct nq_word levels[] = {
    {"authNoPriv", NQ_LEVEL_AUTH}, {"authPriv", NQ_LEVEL_PRIV}, {NULL, 0}};

static const struct nq_option source_options[] = {
    {.name = "name",
     .kind = NQ_OPTION_TEXT,
     AT(nq_source_conf, name),
     BYTES(TEXT_BYTES),
     .required = true,
     .help = "what logs call it"},
    {.name = "address",
     .kind = NQ_OPTION_SOURCE,
     AT(nq_source_conf, address),
     .min = 1,
     .help = "where it sends from; unix: through a unix socket of ours"},
    {.name = "community_file",
     .kind = NQ_OPTION_SECRET,
     AT(nq_source_conf, community_file),
     BYTES(PATH_BYTES),
     .help = "holds its v1 or v2c community and nothing else; mode 0600"},
    {.name = "user",
     .kind = NQ_OPTION_TEXT,
     AT(nq_source_conf, user),
     BYTES(32), /* snmpAdminString of usmUserName, RFC 3414 */
     .help = "its SNMPv3 user; only such a row proves v3"},
    {.name = "level",
     .kind = NQ_OPTION_WORD,
     AT(nq_source_conf, level),
     .words = levels,
     .preset = "authPriv",
     .help = "with user: the least security level"},
    {.name = "forwarder",
     .kind = NQ_OPTION_FLAG,
     AT(nq_source_conf, forwarder),
     .preset = "false",
     .help =
         "true: a snmptrapd with addForwarderInfo, whose word about the sender counts"},
    {.name = "protect",
     .kind = NQ_OPTION_FLAG,
     AT(nq_source_conf, protect),
     .preset = "true",
     .help = "with a single address: the VM that has it is never quarantined; false "
             "where VMs report about themselves"},
};

const struct nq_block nq_source_block = {BLOCK(source_options),
                                         .size = sizeof(struct nq_source_conf)};

/* ---- listen ------------------------------------------------------------------------- */

static const struct nq_option listen_options[] = {
    {.name = "addresses",
     .kind = NQ_OPTION_TEXTS,
     .element = NQ_OPTION_TRANSPORT,
     AT(nq_config, listen.addresses),
     .count_offset = offsetof(struct nq_config, listen.address_count),
     .min = 0,
     .max = NQ_CONFIG_LISTEN_MAX,
     .help = "where the engine itself takes traps and informs; default: nowhere"},
    {.name = "users_file",
     .kind = NQ_OPTION_SECRET,
     AT(nq_config, listen.users_file),
     BYTES(PATH_BYTES),
     .help = "SNMPv3 users as createUser lines of snmptrapd.conf(5); mode 0600"},
    {.name = "receive_buffer",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, listen.receive_buffer),
     .min = 65536,
     .max = 1073741824,
     .preset = "4194304",
     .help = "bytes that wait in the kernel; net.core.rmem_max must allow it"},
    {.name = "connections",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, listen.connections),
     .min = 1,
     .max = 1024,
     .preset = "64",
     .help = "of tcp and unix at the same time; an idle one makes room for the next"},
};

const struct nq_block nq_listen_block = {BLOCK(listen_options)};

/* ---- limits ------------------------------------------------------------------------- */

static const struct nq_option limits_options[] = {
    {.name = "traps_per_s",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, limits.traps_per_s),
     .min = 1,
     .max = 1000000,
     .preset = "200",
     .help = "of one listed source on average; what is above is refused and counted"},
    {.name = "traps_burst",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, limits.traps_burst),
     .min = 1,
     .max = 1000000,
     .preset = "10000",
     .help = "of one listed source at once"},
    {.name = "unlisted_per_s",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, limits.unlisted_per_s),
     .min = 1,
     .max = 1000000,
     .preset = "10",
     .help = "of all senders together that no row of sources lists"},
    {.name = "unlisted_burst",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, limits.unlisted_burst),
     .min = 1,
     .max = 1000000,
     .preset = "1000",
     .help = "of those at once"},
    {.name = "unproven_max",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, limits.unproven_max),
     .min = 0,
     .max = 1000000,
     .preset = "1000",
     .help = "cases held because nothing proves their sender; 0: such traps are refused"},
};

const struct nq_block nq_limits_block = {BLOCK(limits_options)};
