/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: every option there is, as rows: reading, checking, freeing and the output of
 * `nsx-quarantine check --options` all follow these tables. The rows of NSX stand in
 * options_nsx.c, of triggers in options_trigger.c, of senders in options_intake.c. */
#include "config/option_rows.h"

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
    {.name = "log_max",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, log_max),
     .min = 1000,
     .max = 10000000,
     .preset = "100000",
     .help = "entries kept of the audit log; the oldest make room"},
};

static const struct nq_option tag_row_options[] = {
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

const struct nq_block nq_tag_row_block = {BLOCK(tag_row_options),
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
     .block = &nq_tag_row_block,
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
    {.name = "give_up_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, give_up_ms),
     .min = S / 10,
     .max = 365 * DAY,
     .preset = "86400",
     .help = "a tag that NSX has not added or removed after this is a failed case"},
    {.name = "finding_delay_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, finding_delay_ms),
     .min = 0,
     .max = DAY,
     .preset = "60",
     .help = "what is wrong with the design in NSX is a finding when two readings so far "
             "apart agree; the same for its end"},
};

/* ---- snmp --------------------------------------------------------------------------- */

/* A read-only build does not know the other word. */
static const struct nq_word writes[] = {{"none", 1},
#if !NQ_BUILT_READ_ONLY
                                        {"all", 0},
#endif
                                        {NULL, 0}};

static const struct nq_option snmp_options[] = {
    {.name = "write",
     .kind = NQ_OPTION_MODE,
     AT(nq_config, snmp_read_only),
     .words = writes,
     .preset = NQ_BUILT_READ_ONLY ? "none" : "all",
     .help = "which objects a SET may change, as far as snmpd lets it through; with none "
             "the mode of this file holds, not the one that was set before"},
};

/* ---- the file ----------------------------------------------------------------------- */

static const struct nq_block engine_block = {BLOCK(engine_options)};
static const struct nq_block tag_block = {BLOCK(tag_options)};
static const struct nq_block timing_block = {BLOCK(timing_options)};
static const struct nq_block snmp_block = {BLOCK(snmp_options)};

/* Managers stand before groups, which name them. */
static const struct nq_option root_options[] = {
    {.name = "engine", .kind = NQ_OPTION_BLOCK, .block = &engine_block},
    {.name = "tag", .kind = NQ_OPTION_BLOCK, .block = &tag_block},
    {.name = "timing", .kind = NQ_OPTION_BLOCK, .block = &timing_block},
    {.name = "snmp", .kind = NQ_OPTION_BLOCK, .block = &snmp_block},
    {.name = "managers",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, managers),
     .count_offset = offsetof(struct nq_config, manager_count),
     .min = 1,
     .max = NQ_CONFIG_MANAGERS_MAX,
     .block = &nq_manager_block,
     .required = true,
     .help = "NSX Managers"},
    {.name = "groups",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, groups),
     .count_offset = offsetof(struct nq_config, group_count),
     .min = 1,
     .max = NQ_CONFIG_GROUPS_MAX,
     .block = &nq_group_block,
     .required = true,
     .help = "NSX groups; at least one with the role quarantine"},
    {.name = "sources",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, sources),
     .count_offset = offsetof(struct nq_config, source_count),
     .min = 0,
     .max = NQ_CONFIG_SOURCES_MAX,
     .block = &nq_source_block,
     .help = "who may send traps; what comes from others is held at most"},
    {.name = "listen", .kind = NQ_OPTION_BLOCK, .block = &nq_listen_block},
    {.name = "limits", .kind = NQ_OPTION_BLOCK, .block = &nq_limits_block},
    {.name = "protect", .kind = NQ_OPTION_BLOCK, .block = &nq_protect_block},
    {.name = "governor", .kind = NQ_OPTION_BLOCK, .block = &nq_governor_block},
    {.name = "reconcile", .kind = NQ_OPTION_BLOCK, .block = &nq_reconcile_block},
    {.name = "release", .kind = NQ_OPTION_BLOCK, .block = &nq_release_block},
    {.name = "notifications", .kind = NQ_OPTION_BLOCK, .block = &nq_notify_block},
    {.name = "triggers",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, triggers),
     .count_offset = offsetof(struct nq_config, trigger_count),
     .min = 0,
     .max = NQ_CONFIG_TRIGGERS_MAX,
     .block = &nq_trigger_block,
     .help = "what traps mean; the first one that recognises a trap wins"},
};

const struct nq_block nq_config_root = {BLOCK(root_options),
                                        .size = sizeof(struct nq_config)};
