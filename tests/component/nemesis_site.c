/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_site.c: the VMs of the nemesis, its configurations, and which VMs must never be
 * tagged: judged here by what the site is like, not by the engine's own means. */
#include <strings.h>
#include <string.h>

#include "base/mem.h"
#include "nemesis_internal.h"
#include "nsx/tags.h"

#define TEXT(value) (char *)(uintptr_t)(value) /* the configuration owns its texts */

#define PROTECTED_PREFIX "10.30."
#define PROTECTED_GROUP  "/infra/domains/default/groups/dc"

static const struct world_vm site_vms[] = {
    {.external_id = "id-1",
     .name = "VDI-01",
     .host_name = "vdi-01.corp.example",
     .address = "10.20.1.11",
     .type = "REGULAR"},
    {.external_id = "id-2",
     .name = "VDI-02",
     .host_name = "vdi-02.corp.example",
     .address = "10.20.1.12",
     .type = "REGULAR"},
    {.external_id = "id-3",
     .name = "VDI-03",
     .host_name = "vdi-03.corp.example",
     .address = "10.20.1.13",
     .type = "REGULAR"},
    {.external_id = "id-4",
     .name = "edge-1",
     .host_name = "",
     .address = "10.20.0.1",
     .type = "EDGE"},
    {.external_id = "id-5",
     .name = "DB-01",
     .host_name = "",
     .address = "10.20.2.1",
     .type = "REGULAR"},
    {.external_id = "id-6",
     .name = "DC-01",
     .host_name = "",
     .address = "10.20.2.2",
     .type = "REGULAR",
     .protector = PROTECTED_GROUP},
    {.external_id = "id-7",
     .name = "APP-01",
     .host_name = "",
     .address = "10.20.2.3",
     .type = "REGULAR",
     .more_tags = NQ_TAGS_PROTECTED(0)},
    {.external_id = "id-8",
     .name = "WEB-01",
     .host_name = "",
     .address = PROTECTED_PREFIX "0.7",
     .type = "REGULAR"},
};

static char *const protected_names[] = {TEXT("db-*")};
static char *const protected_addresses[] = {TEXT("10.30.0.0/16")};
static const struct nq_tag_conf protected_tags[] = {{NULL, TEXT("never")}};
static const struct nq_protected_group_conf protected_groups[] = {
    {0, TEXT(PROTECTED_GROUP)}};
static const struct nq_tag_conf watched_tags[] = {{NULL, TEXT("ANTI_VIRUS.high")}};

/* What differs between configurations, by the words of "restart". */
struct profile {
    bool observing;
    bool clean_scan;
    enum nq_removed_tag removed_tag;
    enum nq_recreated_vm recreated_vm;
    int64_t minute, hour, same_cause;
    int64_t time_limit_s;
    int64_t cases_max;
};

static const struct profile profiles[] = {
    {.cases_max = 30},
    {.cases_max = 30, .observing = true, .hour = 2},
    {.cases_max = 30, .minute = 1, .hour = 3},
    {.cases_max = 30, .same_cause = 1},
    {.cases_max = 30, .time_limit_s = 60, .removed_tag = NQ_REMOVED_RELEASE},
    {.cases_max = 30, .clean_scan = true, .recreated_vm = NQ_RECREATED_FOLLOW},
    {.cases_max = 3, .hour = 2, .minute = 2},
};

void nemesis_site_fill(struct nemesis_run *run)
{
    struct world *world = run->world;
    memcpy(world->vms, site_vms, sizeof(site_vms));
    world->vm_count = sizeof(site_vms) / sizeof(site_vms[0]);
    for (size_t i = 0; i < world->vm_count; i++) {
        run->vms[i].more_tags = world->vms[i].more_tags;
    }
}

static void configure_triggers(struct nemesis_run *run, const struct profile *profile)
{
    static const struct {
        const char *name;
        const char *oid;
        enum nq_trigger_action action;
    } rows[SITE_TRIGGERS] = {
        {"malware", WORLD_DETECTION, NQ_ACTION_QUARANTINE},
        {"release", WORLD_OTHER, NQ_ACTION_RELEASE},
        {"scan", SITE_SCAN, NQ_ACTION_SCAN_FINISHED},
    };
    for (size_t i = 0; i < SITE_TRIGGERS; i++) {
        run->triggers[i] = (struct nq_trigger_conf){
            .name = TEXT(rows[i].name),
            .action = rows[i].action,
            .trap_oid = TEXT(rows[i].oid),
            .computer = {.oid = TEXT(".1.3.6.1.4.1.32473.2")},
            .cause = {.oid = TEXT(".1.3.6.1.4.1.32473.3")},
            .proof = NQ_PROOF_LISTED,
            .time_limit_s =
                rows[i].action == NQ_ACTION_QUARANTINE ? profile->time_limit_s : 0,
        };
    }
}

void nemesis_site_configure(struct nemesis_run *run, size_t number)
{
    const struct profile *profile = &profiles[number];
    struct nq_config *conf = &run->world->conf;
    run->profile = number;
    configure_triggers(run, profile);
    conf->triggers = run->triggers;
    conf->trigger_count = SITE_TRIGGERS;
    conf->enforce = !profile->observing;
    conf->cases_max = profile->cases_max;
    conf->resolve_timeout_ms = 5000;
    conf->prove_timeout_ms = 20000;
    conf->verify_interval_ms = 10000;
    conf->group_interval_ms = 60000;
    conf->immunity_ms = 600000;
    conf->observed_keep_ms = 900000;
    conf->give_up_ms = 3600000;
    conf->watched_tags = (struct nq_tag_conf *)(uintptr_t)watched_tags;
    conf->watched_tag_count = 1;
    conf->protect = (struct nq_protect_conf){
        .names = (char **)(uintptr_t)protected_names,
        .name_count = 1,
        .addresses = (char **)(uintptr_t)protected_addresses,
        .address_count = 1,
        .tags = (struct nq_tag_conf *)(uintptr_t)protected_tags,
        .tag_count = 1,
        .groups = (struct nq_protected_group_conf *)(uintptr_t)protected_groups,
        .group_count = 1,
    };
    conf->governor = (struct nq_governor_conf){
        .vms = {.minute = profile->minute, .hour = profile->hour},
        .same_cause = profile->same_cause,
        .same_cause_ms = 1800000,
        .warn_percent = 80,
    };
    conf->reconcile = (struct nq_reconcile_conf){
        .interval_ms = 30000,
        .removed_tag = profile->removed_tag ? profile->removed_tag : NQ_REMOVED_RESTORE,
        .recreated_vm =
            profile->recreated_vm ? profile->recreated_vm : NQ_RECREATED_LEAVE,
    };
    conf->release = (struct nq_release_conf){.clean_scan = profile->clean_scan,
                                             .scan_longest_ms = 60000};
}

unsigned nemesis_site_protects(const struct nemesis_run *run, const struct world_vm *vm)
{
    (void)run;
    const bool visibly =
        strcmp(vm->type, "REGULAR") != 0 || strncasecmp(vm->name, "db-", 3) == 0 ||
        strncasecmp(vm->host_name, "db-", 3) == 0 ||
        strncmp(vm->address, PROTECTED_PREFIX, strlen(PROTECTED_PREFIX)) == 0 ||
        (vm->more_tags & NQ_TAGS_PROTECTED(0));
    return (visibly ? PROTECTED_VISIBLY : 0U) | (vm->protector ? PROTECTED_BY_GROUP : 0U);
}

static bool same(const char *text, const char *other)
{
    return text && strcasecmp(text, other) == 0;
}

bool nemesis_site_names(const struct nq_case *record, const char *computer)
{
    return same(record->identity, computer) || same(record->name, computer) ||
           same(record->host_name, computer) || same(record->addresses, computer);
}
