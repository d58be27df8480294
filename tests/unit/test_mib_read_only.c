/* SPDX-License-Identifier: Apache-2.0 */
/* A build with READ_ONLY=1: the two files that know of it are compiled in here once more, and
 * the linker then takes none of the library's. */
#undef NQ_BUILT_READ_ONLY
#define NQ_BUILT_READ_ONLY 1

#include "agent_fixture.h"

#include "config/options.c"
#include "mib/set.c"

#include "config_fixture.h"
#include "mib/mib.h"
#include "mib/tables.h"

static void every_object_answers_not_writable(void **state)
{
    (void)state;
    struct nq_mib *mib = nq_mib_start(NQ_HOST_DLMOD, NULL, NULL);
    assert_non_null(mib);
    size_t asked = 0;
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        const struct nq_table *table = nq_mib_tables[t];
        for (size_t c = 0; c < table->column_count; c++) {
            const struct nq_column *column = &table->columns[c];
            const long branch = (long)table->branch;
            const long number = (long)column->number;
            const struct name name = table->scalars ? NAME(branch, number, 0L)
                                                    : NAME(branch, 1L, number, 1L, 1L);
            assert_int_equal(set_number(name, 1), SNMP_ERR_NOTWRITABLE);
            assert_int_equal(set_text(name, "x"), SNMP_ERR_NOTWRITABLE);
            asked++;
        }
    }
    assert_true(asked > 60);
    /* Reading goes on. */
    assert_int_equal(get_type(NAME(1L, 2L, 0L)), ASN_INTEGER);
    assert_null(nq_mib_stop(mib));
}

static void the_configuration_cannot_allow_what_was_not_built(void **state)
{
    struct nq_config *conf = load(*state, MANAGER GROUP(""));
    assert_true(conf->snmp_read_only);
    (void)nq_config_free(conf);
    conf = load(*state, "snmp = { write = \"none\"; };" MANAGER GROUP(""));
    assert_true(conf->snmp_read_only);
    (void)nq_config_free(conf);
    assert_mistake(*state, "snmp = { write = \"all\"; };" MANAGER GROUP(""),
                   ":1: option 'snmp.write'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_answers_not_writable),
        cmocka_unit_test_setup_teardown(the_configuration_cannot_allow_what_was_not_built,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, open_agent, close_agent);
}
