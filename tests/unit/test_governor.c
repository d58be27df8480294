/* SPDX-License-Identifier: Apache-2.0 */
/* test_governor.c: budgets in count, in percent of a group and for one cause; tripping,
 * rearming, restarts, clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine/governor.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static int64_t wall;
static int64_t mono;

static int64_t wall_time(const struct nq_clock *clock)
{
    (void)clock;
    return wall;
}

static int64_t mono_time(const struct nq_clock *clock)
{
    (void)clock;
    return mono;
}

static const struct nq_clock test_clock = {.wall_ms = wall_time, .mono_ms = mono_time};

static void pass(int64_t ms)
{
    wall += ms;
    mono += ms;
}

static struct nq_governor governor;

static void begin(const struct nq_governor_conf *conf)
{
    wall = 1000 * DAY;
    mono = 5 * MINUTE;
    nq_governor_init(&governor, conf, &test_clock);
}

static bool want(const struct nq_candidate *candidate)
{
    if (!nq_governor_allows(&governor, candidate)) {
        return false;
    }
    nq_governor_admit(&governor, candidate);
    return true;
}

static bool want_one(void)
{
    static uint32_t id;
    return want(&(struct nq_candidate){.case_id = ++id});
}

static enum nq_governor_state state_now(char reason[NQ_TEXT_MAX + 1])
{
    uint32_t count;
    return nq_governor_state(&governor, false, &count, reason, NQ_TEXT_MAX + 1);
}

static uint32_t hour_count(void)
{
    char reason[NQ_TEXT_MAX + 1];
    uint32_t count;
    (void)nq_governor_state(&governor, false, &count, reason, sizeof(reason));
    return count;
}

/* ---- count ---------------------------------------------------------------------------- */

static void without_limits_everything_passes(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.warn_percent = 80};
    char reason[NQ_TEXT_MAX + 1];
    begin(&conf);
    for (int i = 0; i < 5000; i++) {
        assert_true(want_one());
    }
    assert_int_equal(state_now(reason), NQ_GOVERNOR_NORMAL);
    assert_string_equal(reason, "");
    assert_int_equal(hour_count(), 5000);
    nq_governor_done(&governor);
}

static void each_window_has_its_own_budget(void **state)
{
    (void)state;
    static const struct {
        struct nq_governor_conf conf;
        int64_t window_ms;
        const char *option;
    } rows[] = {
        {{.vms = {.minute = 3}, .warn_percent = 100}, MINUTE, "governor.per_minute"},
        {{.vms = {.hour = 3}, .warn_percent = 100}, HOUR, "governor.per_hour"},
        {{.vms = {.day = 3}, .warn_percent = 100}, DAY, "governor.per_day"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char reason[NQ_TEXT_MAX + 1];
        begin(&rows[i].conf);
        assert_true(want_one());
        pass(rows[i].window_ms / 2);
        assert_true(want_one());
        assert_true(want_one());
        pass(rows[i].window_ms / 2); /* the first one is over */
        assert_true(want_one());
        assert_false(want_one());
        assert_int_equal(state_now(reason), NQ_GOVERNOR_TRIPPED);
        assert_non_null(strstr(reason, rows[i].option));
        nq_governor_done(&governor);
    }
}

static void tripped_lasts_until_it_is_rearmed(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.vms = {.minute = 1}, .warn_percent = 100};
    char reason[NQ_TEXT_MAX + 1];
    begin(&conf);
    assert_true(want_one());
    assert_false(want_one());
    pass(2 * DAY);
    assert_false(want_one());
    assert_int_equal(state_now(reason), NQ_GOVERNOR_TRIPPED);
    nq_governor_rearm(&governor);
    assert_int_equal(state_now(reason), NQ_GOVERNOR_NORMAL);
    assert_true(want_one());
    assert_false(want_one());
    nq_governor_done(&governor);
}

static void a_rearmed_budget_begins_anew(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.vms = {.hour = 2}, .warn_percent = 100};
    begin(&conf);
    assert_true(want_one());
    assert_true(want_one());
    assert_false(want_one());
    nq_governor_rearm(&governor);
    assert_int_equal(hour_count(), 0);
    assert_true(want_one());
    assert_true(want_one());
    assert_false(want_one());
    nq_governor_done(&governor);
}

static void at_four_fifths_of_a_budget_it_is_guarded(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.vms = {.minute = 10}, .warn_percent = 80};
    char reason[NQ_TEXT_MAX + 1];
    begin(&conf);
    for (int i = 0; i < 7; i++) {
        assert_true(want_one());
        assert_false(nq_governor_began_to_warn(&governor, false));
    }
    assert_int_equal(state_now(reason), NQ_GOVERNOR_NORMAL);
    assert_true(want_one());
    assert_int_equal(state_now(reason), NQ_GOVERNOR_GUARDED);
    assert_non_null(strstr(reason, "8 of 10"));
    assert_true(nq_governor_began_to_warn(&governor, false));
    assert_false(nq_governor_began_to_warn(&governor, false)); /* it is said once */
    pass(MINUTE);
    assert_int_equal(state_now(reason), NQ_GOVERNOR_NORMAL);
    nq_governor_done(&governor);
}

/* ---- percent of a group --------------------------------------------------------------- */

static bool want_of(const char *owner, size_t members)
{
    const struct nq_governed_group group = {.owner = owner, .members = members};
    return want(&(struct nq_candidate){.case_id = 1, .groups = &group, .group_count = 1});
}

static void a_part_of_a_group_may_be_quarantined(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.percent = {.hour = 20}, .warn_percent = 100};
    char reason[NQ_TEXT_MAX + 1];
    begin(&conf);
    size_t members = 50;
    for (int i = 0; i < 10; i++) {
        assert_true(want_of("group nsx /infra/vdi", members));
        members--; /* what is quarantined leaves the group */
        assert_true(want_of("group nsx /infra/vdi 2", 1000));
        assert_true(want_one()); /* of no group */
    }
    assert_false(want_of("group nsx /infra/vdi", members));
    assert_int_equal(state_now(reason), NQ_GOVERNOR_TRIPPED);
    assert_non_null(strstr(reason, "10 VMs of group nsx /infra/vdi were"));
    nq_governor_done(&governor);
}

static void one_vm_of_a_small_group_is_always_possible(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.percent = {.day = 10}, .warn_percent = 100};
    begin(&conf);
    assert_true(want_of("group a", 3));
    assert_false(want_of("group a", 2));
    nq_governor_done(&governor);
}

static void a_vm_of_several_groups_needs_room_in_each(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.percent = {.hour = 50}, .warn_percent = 100};
    const struct nq_governed_group both[] = {{"group a", 2}, {"group b", 100}};
    begin(&conf);
    assert_true(want_of("group a", 2));
    assert_false(
        want(&(struct nq_candidate){.case_id = 2, .groups = both, .group_count = 2}));
    nq_governor_done(&governor);
}

/* ---- one cause ------------------------------------------------------------------------ */

static bool want_for(const char *cause)
{
    return want(&(struct nq_candidate){.case_id = 1, .cause = cause});
}

static void one_cause_on_many_vms_trips(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {
        .same_cause = 3, .same_cause_ms = HOUR, .warn_percent = 100};
    char reason[NQ_TEXT_MAX + 1];
    begin(&conf);
    for (int i = 0; i < 3; i++) {
        assert_true(want_for("Eicar"));
        assert_true(want_for(NULL));
        assert_true(want_for("")); /* nobody can say that these are the same */
    }
    assert_true(want_for("Wannacry"));
    assert_false(want_for("Eicar"));
    (void)state_now(reason);
    assert_non_null(strstr(reason, "3 VMs were quarantined for Eicar"));
    assert_non_null(strstr(reason, "governor.same_cause"));
    nq_governor_done(&governor);
}

static void the_same_cause_later_is_another_matter(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {
        .same_cause = 1, .same_cause_ms = HOUR, .warn_percent = 100};
    begin(&conf);
    assert_true(want_for("Eicar"));
    pass(HOUR);
    assert_true(want_for("Eicar"));
    assert_false(want_for("Eicar"));
    nq_governor_done(&governor);
}

/* ---- rehearsals ----------------------------------------------------------------------- */

static void rehearsals_use_up_nothing_of_the_real_budget(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.vms = {.hour = 2}, .warn_percent = 100};
    begin(&conf);
    assert_true(want(&(struct nq_candidate){.case_id = 1, .rehearsal = true}));
    assert_true(want_one());
    assert_true(want_one());
    assert_false(want_one());
    nq_governor_done(&governor);
}

static void what_is_real_counts_for_a_rehearsal(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.vms = {.hour = 2}, .warn_percent = 100};
    begin(&conf);
    assert_true(want_one());
    assert_true(want(&(struct nq_candidate){.case_id = 1, .rehearsal = true}));
    assert_false(want(&(struct nq_candidate){.case_id = 2, .rehearsal = true}));
    nq_governor_done(&governor);
}

/* ---- clocks and restarts -------------------------------------------------------------- */

static void a_wall_clock_that_is_set_gives_no_budget_back(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.vms = {.hour = 2}, .warn_percent = 100};
    static const int64_t jumps[] = {10 * DAY, -10 * DAY, 2 * HOUR, -2 * HOUR};
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        begin(&conf);
        assert_true(want_one());
        assert_true(want_one());
        wall += jumps[i];
        assert_false(want_one());
        nq_governor_done(&governor);
    }
}

/* What was put, as the store would hand it over again. */
static struct {
    struct nq_admission rows[16];
    size_t count;
    struct nq_governor_record record;
} kept;

static bool keep_admission(struct nq_store *store, const struct nq_admission *record,
                           struct nq_err *reterr)
{
    (void)store;
    (void)reterr;
    nq_admission_copy(record, &kept.rows[kept.count++]);
    return true;
}

static bool forget_kept(struct nq_store *store, int64_t at_ms, struct nq_err *reterr)
{
    (void)store;
    (void)reterr;
    for (size_t i = 0; at_ms == INT64_MAX && i < kept.count; i++) {
        nq_admission_done(&kept.rows[i]);
    }
    kept.count = at_ms == INT64_MAX ? 0 : kept.count;
    return true;
}

static bool keep_record(struct nq_store *store, const struct nq_governor_record *record,
                        struct nq_err *reterr)
{
    (void)store;
    (void)reterr;
    free(kept.record.reason);
    kept.record = *record;
    kept.record.reason = record->reason ? strdup(record->reason) : NULL;
    return true;
}

static const struct nq_store_ops ops = {.put_admission = keep_admission,
                                        .forget_admissions = forget_kept,
                                        .put_governor = keep_record};
static struct nq_store store = {.ops = &ops};

static void restart(const struct nq_governor_conf *conf)
{
    assert_true(nq_governor_put(&governor, &store, NULL));
    nq_governor_clean(&governor);
    nq_governor_done(&governor);
    mono = 1;
    nq_governor_init(&governor, conf, &test_clock);
    for (size_t i = 0; i < kept.count; i++) {
        nq_governor_load(&governor, &kept.rows[i]);
    }
    if (kept.record.state) {
        nq_governor_load_record(&governor, &kept.record);
    }
}

static void a_restart_gives_no_budget_back(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.vms = {.hour = 2}, .warn_percent = 100};
    char reason[NQ_TEXT_MAX + 1];
    begin(&conf);
    assert_true(want_one());
    restart(&conf);
    assert_true(want_one());
    restart(&conf);
    assert_false(want_one());
    restart(&conf);
    assert_int_equal(state_now(reason), NQ_GOVERNOR_TRIPPED);
    assert_non_null(strstr(reason, "governor.per_hour"));
    nq_governor_rearm(&governor);
    restart(&conf);
    assert_int_equal(state_now(reason), NQ_GOVERNOR_NORMAL);
    assert_true(want_one());
    restart(&conf);
    pass(2 * HOUR);
    assert_true(want_one());
    assert_true(want_one());
    nq_governor_done(&governor);
    (void)forget_kept(NULL, INT64_MAX, NULL);
    free(kept.record.reason);
    kept.record = (struct nq_governor_record){0};
}

static void a_group_s_size_and_the_cause_survive_a_restart(void **state)
{
    (void)state;
    const struct nq_governor_conf conf = {.percent = {.hour = 50},
                                          .same_cause = 2,
                                          .same_cause_ms = HOUR,
                                          .warn_percent = 100};
    const struct nq_governed_group group = {"group a b", 4};
    const struct nq_candidate first = {
        .case_id = 1, .cause = "Eicar", .groups = &group, .group_count = 1};
    begin(&conf);
    assert_true(want(&first));
    restart(&conf);
    assert_true(want_of("group a b", 3));
    assert_false(want_of("group a b", 2));
    nq_governor_rearm(&governor);
    restart(&conf);
    assert_true(want(&first));
    restart(&conf);
    assert_true(want_for("Eicar"));
    assert_false(want_for("Eicar"));
    nq_governor_done(&governor);
    (void)forget_kept(NULL, INT64_MAX, NULL);
    free(kept.record.reason);
    kept.record = (struct nq_governor_record){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_everything_passes),
        cmocka_unit_test(each_window_has_its_own_budget),
        cmocka_unit_test(tripped_lasts_until_it_is_rearmed),
        cmocka_unit_test(a_rearmed_budget_begins_anew),
        cmocka_unit_test(at_four_fifths_of_a_budget_it_is_guarded),
        cmocka_unit_test(a_part_of_a_group_may_be_quarantined),
        cmocka_unit_test(one_vm_of_a_small_group_is_always_possible),
        cmocka_unit_test(a_vm_of_several_groups_needs_room_in_each),
        cmocka_unit_test(one_cause_on_many_vms_trips),
        cmocka_unit_test(the_same_cause_later_is_another_matter),
        cmocka_unit_test(rehearsals_use_up_nothing_of_the_real_budget),
        cmocka_unit_test(what_is_real_counts_for_a_rehearsal),
        cmocka_unit_test(a_wall_clock_that_is_set_gives_no_budget_back),
        cmocka_unit_test(a_restart_gives_no_budget_back),
        cmocka_unit_test(a_group_s_size_and_the_cause_survive_a_restart),
    };
    return cmocka_run_group_tests_name("governor", tests, NULL, NULL);
}
