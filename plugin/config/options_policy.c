/* SPDX-License-Identifier: Apache-2.0 */
/* options_policy.c: the options of what the engine may do by itself, as rows: what it never
 * quarantines, how much it quarantines, what it puts back, what it releases, how much it
 * tells. */
#include "config/option_rows.h"

/* ---- protect ------------------------------------------------------------------------ */

static const struct nq_option protected_group_options[] = {
    {.name = "manager",
     .kind = NQ_OPTION_MANAGER,
     AT(nq_protected_group_conf, manager),
     .required = true,
     .help = "the name of its manager in this file"},
    {.name = "path",
     .kind = NQ_OPTION_GROUP_PATH,
     AT(nq_protected_group_conf, path),
     BYTES(1024),
     .required = true,
     .help = "as in groups: a policy path, or securitygroup-N for type vsphere"},
};

static const struct nq_block protected_group_block = {
    BLOCK(protected_group_options), .size = sizeof(struct nq_protected_group_conf)};

#define PROTECTED_TEXTS(kind_, member, count_member)                                     \
    .kind = NQ_OPTION_TEXTS, .element = (kind_), AT(nq_config, protect.member),          \
    .count_offset = offsetof(struct nq_config, protect.count_member), .min = 0,          \
    .max = NQ_CONFIG_PROTECTED_MAX

static const struct nq_option protect_options[] = {
    {.name = "uuids",
     PROTECTED_TEXTS(NQ_OPTION_UUID, uuids, uuid_count),
     .help = "VMs by external id, instance UUID or BIOS UUID"},
    {.name = "names",
     PROTECTED_TEXTS(NQ_OPTION_TEXT, names, name_count),
     .help = "VMs by display name or guest host name; * and ? stand for any text and "
             "any character, upper and lower case are the same"},
    {.name = "addresses",
     PROTECTED_TEXTS(NQ_OPTION_ADDRESS, addresses, address_count),
     .help = "VMs by address or prefix"},
    {.name = "tags",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, protect.tags),
     .count_offset = offsetof(struct nq_config, protect.tag_count),
     .min = 0,
     .max = NQ_CONFIG_PROTECTED_TAGS,
     .block = &nq_tag_row_block,
     .help = "VMs by a tag that they carry in NSX"},
    {.name = "groups",
     .kind = NQ_OPTION_LIST,
     AT(nq_config, protect.groups),
     .count_offset = offsetof(struct nq_config, protect.group_count),
     .min = 0,
     .max = NQ_CONFIG_PROTECTED_MAX,
     .block = &protected_group_block,
     .help = "VMs by a group of NSX that they are in"},
    {.name = "infrastructure",
     .kind = NQ_OPTION_FLAG,
     AT(nq_config, protect.infrastructure),
     .preset = "true",
     .help = "also this machine, the managers, their vCenters and the sources"},
};

const struct nq_block nq_protect_block = {BLOCK(protect_options)};

/* ---- governor ----------------------------------------------------------------------- */

#define BUDGET(name_, member, most, preset_, help_)                                      \
    {                                                                                    \
        .name = (name_), .kind = NQ_OPTION_NUMBER, AT(nq_config, governor.member),       \
        .min = 0, .max = (most), .preset = (preset_), .help = (help_)                    \
    }

static const struct nq_option governor_options[] = {
    BUDGET("per_minute", vms.minute, 1000000, "10",
           "VMs quarantined within a minute; above it new cases are held; 0: no limit"),
    BUDGET("per_hour", vms.hour, 1000000, "30", "the same within an hour"),
    BUDGET("per_day", vms.day, 1000000, "100", "the same within a day"),
    BUDGET("percent_per_minute", percent.minute, 100, "0",
           "of each watched group's members, at least 1 VM; 0: no limit"),
    BUDGET("percent_per_hour", percent.hour, 100, "20", "the same within an hour"),
    BUDGET("percent_per_day", percent.day, 100, "30", "the same within a day"),
    BUDGET("same_cause", same_cause, 1000000, "15",
           "VMs quarantined for one cause within same_cause_s: a bad pattern looks like "
           "that; 0: no limit"),
    {.name = "same_cause_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, governor.same_cause_ms),
     .min = S,
     .max = DAY,
     .preset = "3600",
     .help = "see same_cause"},
    {.name = "warn_percent",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, governor.warn_percent),
     .min = 1,
     .max = 100,
     .preset = "80",
     .help = "of a budget: nqGovernorState becomes guarded"},
};

const struct nq_block nq_governor_block = {BLOCK(governor_options)};

/* ---- reconcile, release ------------------------------------------------------------- */

static const struct nq_word removed_words[] = {
    {"restore", NQ_REMOVED_RESTORE}, {"release", NQ_REMOVED_RELEASE}, {NULL, 0}};
static const struct nq_word recreated_words[] = {
    {"leave", NQ_RECREATED_LEAVE}, {"follow", NQ_RECREATED_FOLLOW}, {NULL, 0}};

static const struct nq_option reconcile_options[] = {
    {.name = "interval_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, reconcile.interval_ms),
     .min = S / 10,
     .max = DAY,
     .preset = "60",
     .help = "what should be and what NSX shows are compared so often"},
    {.name = "removed_tag",
     .kind = NQ_OPTION_WORD,
     AT(nq_config, reconcile.removed_tag),
     .words = removed_words,
     .preset = "restore",
     .help = "a tag of ours that somebody took off: restore puts it back, release takes "
             "it as a release (needed by two engines side by side)"},
    {.name = "recreated_vm",
     .kind = NQ_OPTION_WORD,
     AT(nq_config, reconcile.recreated_vm),
     .words = recreated_words,
     .preset = "leave",
     .help = "a new VM with the name of an isolated one that is gone (instant clones): "
             "leave it alone, or follow it and isolate it too"},
};

const struct nq_block nq_reconcile_block = {BLOCK(reconcile_options)};

static const struct nq_option release_options[] = {
    {.name = "clean_scan",
     .kind = NQ_OPTION_FLAG,
     AT(nq_config, release.clean_scan),
     .preset = "false",
     .help =
         "a finished scan without a new detection since it began releases; traps tell "
         "that a scan finished, not that it found nothing"},
    {.name = "scan_longest_s",
     .kind = NQ_OPTION_SECONDS,
     AT(nq_config, release.scan_longest_ms),
     .min = S,
     .max = 7 * DAY,
     .preset = "86400",
     .help = "a scan began at most so long before it finished"},
};

const struct nq_block nq_release_block = {BLOCK(release_options)};

/* ---- notifications ------------------------------------------------------------------ */

static const struct nq_option notify_options[] = {
    {.name = "burst",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_config, notifications.burst),
     .min = 0,
     .max = 1000000,
     .preset = "30",
     .help = "notifications of one kind within window_s; one summary tells how many more "
             "there were; 0: no limit"},
    {.name = "window_s",
     .kind = NQ_OPTION_WHOLE_SECONDS,
     AT(nq_config, notifications.window_s),
     .min = 1,
     .max = HOUR / S,
     .preset = "60",
     .help = "see burst"},
};

const struct nq_block nq_notify_block = {BLOCK(notify_options)};
