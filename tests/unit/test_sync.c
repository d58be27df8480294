/* SPDX-License-Identifier: Apache-2.0 */
/* When an inventory is read, what a failure leaves, and what is noted in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "nsx/sync.h"
#include "nsx/tags.h"

#define INTERVAL_MS 60000
#define RETRY_MS    2000
#define MOST_MS     7000

static int64_t now_ms;

static int64_t fake_ms(const struct nq_clock *clock)
{
    (void)clock;
    return now_ms;
}

static const struct nq_clock fake_clock = {.wall_ms = fake_ms, .mono_ms = fake_ms};
static const struct nq_config conf = {.retry_first_ms = RETRY_MS,
                                      .retry_most_ms = MOST_MS};
static const struct nq_manager_conf manager = {.name = (char *)(uintptr_t) "nsx-1",
                                               .inventory_interval_ms = INTERVAL_MS};

static struct nq_loop *loop;
static struct nq_sync sync;
static struct nq_inventory *into; /* while a reading is under way */
static int starts, stops, ends;
static enum nq_code last;

static void start(void *arg, struct nq_inventory *inventory)
{
    (void)arg;
    starts++;
    into = inventory;
}

static void stop(void *arg)
{
    (void)arg;
    stops++;
    into = NULL;
}

static void ended(void *arg, const struct nq_err *err)
{
    (void)arg;
    ends++;
    last = err ? err->code : NQ_OK;
}

static int begin(void **state)
{
    (void)state;
    now_ms = 1000;
    starts = stops = ends = 0;
    loop = nq_loop_open(&fake_clock, NULL);
    const struct nq_sync_setup setup = {
        .conf = &conf,
        .manager = &manager,
        .reader = {.start = start, .stop = stop},
        .loop = loop,
        .clock = &fake_clock,
        .ended = ended,
    };
    nq_sync_init(&sync, &setup);
    return loop ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    nq_sync_done(&sync);
    loop = nq_loop_close(loop);
    return 0;
}

static int starts_after(int64_t ms)
{
    const int before = starts;
    now_ms += ms;
    nq_loop_turn(loop);
    return starts - before;
}

static void read_vm(const char *id, unsigned tags)
{
    const struct nq_vm_facts vm = {id, id, "", "REGULAR", "", "", tags};
    assert_true(nq_inventory_add(into, &vm));
}

static void finish(void)
{
    into = NULL;
    nq_sync_read(&sync, NULL);
}

static void fail_with(enum nq_code code)
{
    struct nq_err err;
    (void)nq_fail(&err, code, "a test");
    into = NULL;
    nq_sync_read(&sync, &err);
}

static unsigned tags_of(const char *id)
{
    struct nq_vm vm;
    assert_true(nq_inventory_get(sync.inventory, id, &vm));
    return vm.tags;
}

static void the_first_reading_starts_soon_and_the_next_by_time(void **state)
{
    (void)state;
    assert_int_equal(starts, 0);
    assert_int_equal(starts_after(0), 1);
    read_vm("a", 0);
    assert_null(sync.inventory);
    now_ms += 300;
    finish();
    assert_int_equal(nq_inventory_count(sync.inventory), 1);
    assert_int_equal(sync.synced_ms, now_ms);
    assert_int_equal(sync.listed_ms, now_ms - 300); /* as old as its oldest part */
    assert_int_equal(ends, 1);
    assert_int_equal(starts_after(INTERVAL_MS - 1), 0);
    assert_int_equal(starts_after(1), 1);
}

static void
a_failure_keeps_the_old_inventory_and_is_tried_again_later_each_time(void **state)
{
    (void)state;
    static const int64_t waits[] = {RETRY_MS, 2 * RETRY_MS, MOST_MS, MOST_MS};
    assert_int_equal(starts_after(0), 1);
    read_vm("a", 0);
    finish();
    const int64_t synced_ms = sync.synced_ms;
    assert_int_equal(starts_after(INTERVAL_MS), 1);
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        fail_with(NQ_NSX_BUSY);
        assert_int_equal(last, NQ_NSX_BUSY);
        assert_int_equal(nq_inventory_count(sync.inventory), 1);
        assert_int_equal(sync.synced_ms, synced_ms);
        assert_int_equal(starts_after(waits[i] - 1), 0);
        assert_int_equal(starts_after(1), 1);
    }
    finish();
    assert_int_equal(starts_after(INTERVAL_MS - 1), 0);
    assert_int_equal(starts_after(1), 1);
    fail_with(NQ_NSX_BUSY); /* and the waits begin anew */
    assert_int_equal(starts_after(RETRY_MS), 1);
}

static void a_reading_that_does_not_end_is_stopped(void **state)
{
    (void)state;
    assert_int_equal(starts_after(0), 1);
    assert_int_equal(starts_after(NQ_SYNC_LIMIT_MS - 1), 0);
    assert_int_equal(stops, 0);
    assert_int_equal(starts_after(1), 0);
    assert_int_equal(stops, 1);
    assert_int_equal(last, NQ_NSX_TIMEOUT);
    assert_int_equal(starts_after(RETRY_MS), 1);
}

static void who_wants_one_gets_it_at_most_once_a_second(void **state)
{
    (void)state;
    assert_int_equal(starts_after(0), 1);
    nq_sync_want(&sync); /* it is under way */
    finish();
    assert_int_equal(starts_after(0), 0);
    nq_sync_want(&sync);
    assert_int_equal(starts_after(NQ_SYNC_REST_MS - 1), 0);
    nq_sync_want(&sync);
    assert_int_equal(starts_after(1), 1);
    finish();
    now_ms += NQ_SYNC_REST_MS;
    nq_sync_want(&sync);
    assert_int_equal(starts_after(0), 1);
}

static void what_is_noted_meanwhile_stays(void **state)
{
    (void)state;
    assert_int_equal(starts_after(0), 1);
    read_vm("a", NQ_TAGS_WATCHED(0));
    nq_sync_note_our_tag(&sync, "a", true); /* into the one being read */
    nq_sync_note_our_tag(&sync, "unknown", true);
    finish();
    assert_int_equal(tags_of("a"), NQ_TAGS_OURS | NQ_TAGS_WATCHED(0));
    nq_sync_note_our_tag(&sync, "a", false);
    assert_int_equal(tags_of("a"), NQ_TAGS_WATCHED(0));
    nq_sync_note_tags(&sync, "a", NQ_TAGS_OURS);
    assert_int_equal(tags_of("a"), NQ_TAGS_OURS);
}

static void a_later_list_adds_to_the_inventory_and_makes_it_younger(void **state)
{
    (void)state;
    const struct nq_vm_facts vm = {"b", "b", "", "REGULAR", "", "", NQ_TAGS_OURS};
    nq_sync_note_vm(&sync, &vm, 1); /* there is none yet */
    assert_int_equal(starts_after(0), 1);
    finish();
    nq_sync_note_vm(&sync, &vm, 1);
    assert_int_equal(tags_of("b"), NQ_TAGS_OURS);
    const int64_t listed_ms = sync.listed_ms;
    nq_sync_note_list(&sync, listed_ms + 10);
    nq_sync_note_list(&sync, listed_ms + 5); /* it was begun before */
    assert_int_equal(sync.listed_ms, listed_ms + 10);
}

#define SYNC_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYNC_TEST(the_first_reading_starts_soon_and_the_next_by_time),
        SYNC_TEST(a_failure_keeps_the_old_inventory_and_is_tried_again_later_each_time),
        SYNC_TEST(a_reading_that_does_not_end_is_stopped),
        SYNC_TEST(who_wants_one_gets_it_at_most_once_a_second),
        SYNC_TEST(what_is_noted_meanwhile_stays),
        SYNC_TEST(a_later_list_adds_to_the_inventory_and_makes_it_younger),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
