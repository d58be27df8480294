/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_kinds.c: what can happen, as rows, and the words it is written with. The first
 * word of each argument is the plainest: shrinking goes there. */
#include "nemesis_internal.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define WORDS(list)                                                                      \
    {                                                                                    \
        (list), COUNT(list)                                                              \
    }

/* Names of VMs, other names of the same VMs, and one that nobody has. */
const char *const nemesis_computers[] = {
    "VDI-01",     "VDI-02", "VDI-03", "vdi-01.corp.example",
    "10.20.1.11", "edge-1", "DB-01",  "DC-01",
    "APP-01",     "WEB-01", "nobody"};
/* The VMs of the site, in their order there. */
static const char *const vms[] = {"vdi1", "vdi2", "vdi3", "edge", "db",
                                  "dc",   "app",  "web",  "8",    "9"};
const char *const nemesis_causes[] = {"Eicar", "Worm"};
static const char *const senders[] = {"listed", "stranger"};
static const char *const cases[] = {"newest", "second", "third", "fourth"};
static const char *const commands[] = {"release", "approve", "dismiss", "retry",
                                       "quarantine"};
const enum nq_wanted nemesis_commands[] = {
    NQ_WANT_RELEASE, NQ_WANT_APPROVE, NQ_WANT_DISMISS, NQ_WANT_RETRY, NQ_WANT_QUARANTINE};
static const char *const modes[] = {"enforce", "observe", "stopped"};
const enum nq_mode nemesis_modes[] = {NQ_MODE_ENFORCE, NQ_MODE_OBSERVE, NQ_MODE_STOPPED};
static const char *const spans[] = {"1s", "200ms", "6s", "11s", "31s", "2min", "20min"};
const int64_t nemesis_spans_ms[] = {1000, 200, 6000, 11000, 31000, 120000, 1200000};
static const char *const jumps[] = {"1min", "-1min", "1h", "-1h", "1day", "-10min"};
const int64_t nemesis_jumps_ms[] = {60000, -60000, 3600000, -3600000, 86400000, -600000};
static const char *const places[] = {"0", "1", "2", "3", "4", "5"};
static const char *const fates[] = {"lost", "applied", "late"};
static const char *const codes[] = {"timeout",   "unreachable", "busy",   "server",
                                    "forbidden", "rejected",    "answer", "auth"};
const enum nq_code nemesis_codes[] = {NQ_NSX_TIMEOUT, NQ_NSX_UNREACHABLE, NQ_NSX_BUSY,
                                      NQ_NSX_SERVER,  NQ_NSX_FORBIDDEN,   NQ_NSX_REJECTED,
                                      NQ_NSX_ANSWER,  NQ_NSX_AUTH};
static const char *const switches[] = {"on", "off"};
static const char *const disks[] = {"full", "free"};
static const char *const moments[] = {"before-commit", "after-commit", "call"};
static const char *const counts[] = {"1st", "2nd", "3rd"};
const char *const nemesis_new_names[] = {"VDI-01", "OTHER", "DB-02", "VDI-02"};
static const char *const profiles[] = {"plain",  "observing", "tight", "causes",
                                       "timely", "scans",     "small"};

const struct nemesis_kind nemesis_kinds[] = {
    /* What comes in; the turn ends later. */
    {"detect",
     16,
     true,
     false,
     nemesis_do_detect,
     {WORDS(nemesis_computers), WORDS(nemesis_causes), WORDS(senders)}},
    {"release",
     3,
     false,
     false,
     nemesis_do_release,
     {WORDS(nemesis_computers), WORDS(senders)}},
    {"scan",
     3,
     false,
     false,
     nemesis_do_scan,
     {WORDS(nemesis_computers), WORDS(senders)}},
    {"stray", 1, false, false, nemesis_do_stray, {WORDS(senders)}},
    {"garble", 1, false, false, nemesis_do_garble, {{0}}},
    {"command", 10, false, false, nemesis_do_command, {WORDS(cases), WORDS(commands)}},
    {"comment", 1, false, false, nemesis_do_comment, {WORDS(cases)}},
    {"mode", 3, false, false, nemesis_do_mode, {WORDS(modes)}},
    {"rearm", 2, false, false, nemesis_do_rearm, {{0}}},
    {"reconcile", 1, false, false, nemesis_do_reconcile, {{0}}},
    {"request",
     2,
     false,
     false,
     nemesis_do_request,
     {WORDS(nemesis_computers), WORDS(nemesis_causes)}},

    /* What goes on. */
    {"turn", 8, true, true, nemesis_do_turn, {{0}}},
    {"go", 12, true, true, nemesis_do_go, {WORDS(spans)}},
    {"advance", 5, false, true, nemesis_do_advance, {WORDS(spans)}},
    {"jump", 2, false, true, nemesis_do_jump, {WORDS(jumps)}},
    {"answer", 24, true, true, nemesis_do_answer, {WORDS(places)}},

    /* What goes wrong. */
    {"fail",
     8,
     false,
     true,
     nemesis_do_fail,
     {WORDS(places), WORDS(codes), WORDS(fates)}},
    {"lie", 5, false, true, nemesis_do_lie, {WORDS(places), WORDS(fates)}},
    {"late", 2, false, true, nemesis_do_late, {WORDS(places)}},
    {"disk", 3, false, true, nemesis_do_disk, {WORDS(disks)}},
    {"fuse",
     4,
     false,
     false,
     nemesis_do_fuse,
     {WORDS(moments), WORDS(counts), WORDS(fates)}},
    {"crash", 3, false, true, nemesis_do_crash, {WORDS(fates)}},
    {"restart", 2, false, true, nemesis_do_restart, {WORDS(profiles)}},

    /* What others do in NSX. */
    {"hand", 4, false, true, nemesis_do_hand, {WORDS(vms), WORDS(switches)}},
    {"foreign", 2, false, true, nemesis_do_foreign, {WORDS(vms), WORDS(switches)}},
    {"tag-protect",
     2,
     false,
     true,
     nemesis_do_tag_protect,
     {WORDS(vms), WORDS(switches)}},
    {"protector", 2, false, true, nemesis_do_protector, {WORDS(vms), WORDS(switches)}},
    {"lag", 3, false, true, nemesis_do_lag, {WORDS(switches)}},
    {"member", 2, false, true, nemesis_do_member, {WORDS(vms), WORDS(switches)}},
    {"vanish", 3, false, true, nemesis_do_vanish, {WORDS(vms)}},
    {"return", 3, false, true, nemesis_do_return, {WORDS(vms)}},
    {"recreate", 2, false, true, nemesis_do_recreate, {WORDS(vms)}},
    {"rename", 1, false, true, nemesis_do_rename, {WORDS(vms), WORDS(nemesis_new_names)}},
};
const size_t nemesis_kind_count = COUNT(nemesis_kinds);
