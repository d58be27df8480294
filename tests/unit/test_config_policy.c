/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_policy.c: what the engine may do by itself: defaults, values and mistakes of
 * protect, governor, reconcile and release. */
#include "config_fixture.h"

#define SITE_OF(more) MANAGER GROUP("") more

static void it_is_careful_by_default(void **state)
{
    struct nq_config *conf = load(*state, SITE_OF(""));
    assert_true(conf->protect.infrastructure);
    assert_int_equal(conf->protect.name_count, 0);
    assert_int_equal(conf->governor.vms.minute, 10);
    assert_int_equal(conf->governor.vms.hour, 30);
    assert_int_equal(conf->governor.vms.day, 100);
    assert_int_equal(conf->governor.percent.minute, 0);
    assert_int_equal(conf->governor.percent.hour, 20);
    assert_int_equal(conf->governor.percent.day, 30);
    assert_int_equal(conf->governor.same_cause, 15);
    assert_int_equal(conf->governor.same_cause_ms, 3600000);
    assert_int_equal(conf->governor.warn_percent, 80);
    assert_int_equal(conf->reconcile.interval_ms, 60000);
    assert_int_equal(conf->reconcile.removed_tag, NQ_REMOVED_RESTORE);
    assert_int_equal(conf->reconcile.recreated_vm, NQ_RECREATED_LEAVE);
    assert_false(conf->release.clean_scan);
    assert_int_equal(conf->release.scan_longest_ms, 86400000);
    assert_int_equal(conf->give_up_ms, 86400000);
    assert_int_equal(conf->log_max, 100000);
    nq_config_free(conf);
}

static void every_kind_of_protection_is_read(void **state)
{
    struct nq_config *conf = load(
        *state,
        SITE_OF(
            "protect = { names = [ \"dc-*\", \"dns-??\" ];"
            " addresses = [ \"192.0.2.0/28\", \"2001:db8::53\" ];"
            " uuids = \"502e71fa-1a00-759b-e40f-ce778e915f16\";"
            " tags = ( { scope = \"tier\"; value = \"core\"; }, { value = \"never\"; } );"
            " groups = ( { manager = \"nsx\"; path = \"/infra/dc\"; } );"
            " infrastructure = false; };"
            "sources = ( { name = \"a\"; address = \"192.0.2.1\"; protect = false; },"
            " { name = \"b\"; address = \"192.0.2.2\"; } );"));
    const struct nq_protect_conf *protect = &conf->protect;
    assert_int_equal(protect->name_count, 2);
    assert_string_equal(protect->names[1], "dns-??");
    assert_int_equal(protect->address_count, 2);
    assert_int_equal(protect->uuid_count, 1);
    assert_int_equal(protect->tag_count, 2);
    assert_string_equal(protect->tags[0].scope, "tier");
    assert_null(protect->tags[1].scope);
    assert_int_equal(protect->group_count, 1);
    assert_string_equal(protect->groups[0].path, "/infra/dc");
    assert_false(protect->infrastructure);
    assert_false(conf->sources[0].protect);
    assert_true(conf->sources[1].protect);
    nq_config_free(conf);
}

static void every_mistake_is_named(void **state)
{
    static const struct {
        const char *text;
        const char *detail;
    } cases[] = {
        {SITE_OF("protect = { addresses = \"192.0.2.1/24\"; };"),
         ":3: option 'protect.addresses': '192.0.2.1/24' is not allowed: use an address"},
        {SITE_OF("protect = { addresses = \"unix\"; };"),
         ":3: option 'protect.addresses': 'unix' is not allowed: use an address"},
        {SITE_OF("protect = { uuids = [ \"VDI-01\" ]; };"),
         ":3: option 'protect.uuids': 'VDI-01' is not allowed: use a UUID"},
        {SITE_OF("protect = { groups = ( { manager = \"nsx\";"
                 " path = \"securitygroup-1\"; } ); };"),
         ":3: option 'protect.groups[0].path': a manager of type policy calls it"},
        {SITE_OF("protect = { groups = ( { manager = \"other\";"
                 " path = \"/infra/dc\"; } ); };"),
         ":3: option 'protect.groups[0].manager': 'other' is not allowed"},
        {SITE_OF("protect = { tags = ( { value = \"isolated\"; } ); };"),
         ":3: option 'protect.tags[0].value': tag.value or a watched tag has the same"},
        {SITE_OF("tag = { watched = ( { value = \"av\"; } ); };\n"
                 "protect = { tags = ( { value = \"av\"; } ); };"),
         ":4: option 'protect.tags[0].value': tag.value or a watched tag has the same"},
        {SITE_OF("governor = { percent_per_hour = 101; };"),
         ":3: option 'governor.percent_per_hour': 101 is not allowed: use 0 to 100"},
        {SITE_OF("governor = { per_minute = -1; };"),
         ":3: option 'governor.per_minute': -1 is not allowed: use 0 to 1000000"},
        {SITE_OF("governor = { warn_percent = 0; };"),
         ":3: option 'governor.warn_percent': 0 is not allowed: use 1 to 100"},
        {SITE_OF("reconcile = { removed_tag = \"ignore\"; };"),
         ":3: option 'reconcile.removed_tag': 'ignore' is not allowed: use restore or "
         "release"},
        {SITE_OF("reconcile = { recreated_vm = \"kill\"; };"),
         ":3: option 'reconcile.recreated_vm': 'kill' is not allowed: use leave or "
         "follow"},
        {SITE_OF("release = { clean_scan = 1; };"),
         ":3: option 'release.clean_scan': it must be true or false"},
        {SITE_OF("engine = { log_max = 10; };"),
         ":3: option 'engine.log_max': 10 is not allowed: use 1000 to 10000000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_mistake(*state, cases[i].text, cases[i].detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_careful_by_default, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_kind_of_protection_is_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_mistake_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("config_policy", tests, NULL, NULL);
}
