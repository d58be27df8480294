/* SPDX-License-Identifier: Apache-2.0 */
/* Does NSX-QUARANTINE-MIB say what the code does? Every object of the file is compared with
 * the rows of mib/, and every row with the file. The modules are read by libsnmp's parser
 * from the directory NQ_MIBS, by default the one that `make mibs` fills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mib/tables.h"
#include "quarantine/checks.h"
#include "store/record.h"

#define MODULE  "NSX-QUARANTINE-MIB"
#define IN_TREE "../../../mibs" /* from BUILD/VARIANT/tests/unit to BUILD/mibs */

static struct tree *module;

static int read_modules(void **state)
{
    (void)state;
    char path[PATH_MAX];
    char directory[PATH_MAX + sizeof(IN_TREE) + 1];
    const char *given = getenv("NQ_MIBS");
    const ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len < 0) {
        return -1;
    }
    path[len] = '\0';
    (void)snprintf(directory, sizeof(directory), "%s/%s", dirname(path), IN_TREE);

    (void)setenv("MIBS", "", 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_set_mib_directory(given ? given : directory);
    init_snmp("test");
    if (!netsnmp_read_module(MODULE)) {
        return -1;
    }
    module = find_tree_node("nsxQuarantineMIB", -1);
    if (!module) {
        (void)fprintf(stderr, "no %s in %s: run `make mibs`\n", MODULE,
                      given ? given : directory);
    }
    return module ? 0 : -1;
}

static int forget_modules(void **state)
{
    (void)state;
    snmp_shutdown("test");
    return 0;
}

/* ---- the tree of the file ------------------------------------------------------------ */

static struct tree *child(const struct tree *node, oid number)
{
    for (struct tree *c = node->child_list; c; c = c->next_peer) {
        if (c->subid == number) {
            return c;
        }
    }
    return NULL;
}

static struct tree *must_have(const struct tree *node, oid number)
{
    struct tree *found = child(node, number);
    if (!found) {
        fail_msg("%s has nothing at %lu", node->label, number);
    }
    return found;
}

static const struct nq_table *table_at(oid branch)
{
    for (size_t i = 0; i < nq_mib_table_count; i++) {
        if (nq_mib_tables[i]->branch == branch) {
            return nq_mib_tables[i];
        }
    }
    return NULL;
}

/* The node whose children are the columns. */
static struct tree *columns_of(const struct nq_table *table)
{
    struct tree *node = must_have(must_have(module, NQ_ARC_OBJECTS), table->branch);
    assert_string_equal(node->label, table->name);
    return table->scalars ? node : must_have(node, NQ_ARC_ENTRY);
}

/* ---- comparing ----------------------------------------------------------------------- */

static int parser_type(const struct nq_column *column)
{
    switch (column->type) {
    case ASN_INTEGER:
        return TYPE_INTEGER;
    case ASN_UNSIGNED:
        return TYPE_UNSIGNED32;
    case ASN_COUNTER:
        return TYPE_COUNTER;
    case ASN_COUNTER64:
        return TYPE_COUNTER64;
    case ASN_TIMETICKS:
        return TYPE_TIMETICKS;
    default:
        return column->read == nq_value_bits ? TYPE_BITSTRING : TYPE_OCTETSTR;
    }
}

static bool is_same_type(const struct nq_column *column, const struct tree *node)
{
    /* ASN_GAUGE and ASN_UNSIGNED are one tag on the wire: the file may say either. */
    if (column->type == ASN_GAUGE) {
        return node->type == TYPE_GAUGE || node->type == TYPE_UNSIGNED32;
    }
    return node->type == parser_type(column);
}

static int parser_access(enum nq_access access)
{
    static const int accesses[] = {[NQ_NOT_ACCESSIBLE] = MIB_ACCESS_NOACCESS,
                                   [NQ_READ_ONLY] = MIB_ACCESS_READONLY,
                                   [NQ_READ_WRITE] = MIB_ACCESS_READWRITE,
                                   [NQ_READ_CREATE] = MIB_ACCESS_CREATE};
    return accesses[access];
}

static void every_row_of_the_code_is_an_object_of_the_file(void **state)
{
    (void)state;
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        const struct nq_table *table = nq_mib_tables[t];
        const struct tree *parent = columns_of(table);
        for (size_t c = 0; c < table->column_count; c++) {
            const struct nq_column *column = &table->columns[c];
            const struct tree *node = must_have(parent, column->number);
            assert_string_equal(node->label, column->name);
            if (!is_same_type(column, node)) {
                fail_msg("%s: type %d in the file, ASN.1 type 0x%x in the code",
                         column->name, node->type, column->type);
            }
            if (node->access != parser_access(column->access)) {
                fail_msg("%s: access %d in the file, %d in the code", column->name,
                         node->access, parser_access(column->access));
            }
        }
    }
}

static void every_object_of_the_file_is_a_row_of_the_code(void **state)
{
    (void)state;
    const struct tree *objects = must_have(module, NQ_ARC_OBJECTS);
    size_t seen = 0;
    for (const struct tree *b = objects->child_list; b; b = b->next_peer) {
        const struct nq_table *table = table_at(b->subid);
        if (!table) {
            fail_msg("%s is in the file only", b->label);
            return;
        }
        for (const struct tree *c = columns_of(table)->child_list; c; c = c->next_peer) {
            if (!nq_table_column(table, c->subid, true)) {
                fail_msg("%s is in the file only", c->label);
            }
            seen++;
        }
    }
    size_t known = 0;
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        known += nq_mib_tables[t]->column_count;
    }
    assert_int_equal(seen, known);
}

static void the_module_stands_at_the_root_of_the_build(void **state)
{
    (void)state;
    const struct tree *node = module;
    for (size_t i = nq_oid_root_len; i > 0; i--) {
        assert_non_null(node);
        assert_int_equal(node->subid, nq_oid_root[i - 1]);
        node = node->parent;
    }
    assert_null(node);
}

static bool is_index_before(const char *name, size_t end)
{
    for (size_t t = 0; t < end; t++) {
        if (strcmp(nq_mib_tables[t]->columns[0].name, name) == 0) {
            return nq_mib_tables[t]->columns[0].access == NQ_NOT_ACCESSIBLE;
        }
    }
    return false;
}

static void indexes_are_the_same_and_tables_are_in_order(void **state)
{
    (void)state;
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        const struct nq_table *table = nq_mib_tables[t];
        assert_true(t == 0 || nq_mib_tables[t - 1]->branch < table->branch);
        for (size_t c = 1; c < table->column_count; c++) {
            assert_true(table->columns[c - 1].number < table->columns[c].number);
        }
        if (table->scalars) {
            continue;
        }
        const struct index_list *index = columns_of(table)->indexes;
        size_t own = 0;
        for (size_t part = 0; part < table->index_count; part++) {
            assert_non_null(index);
            const struct nq_column *column = &table->columns[own];
            if (strcmp(index->ilabel, column->name) == 0) {
                assert_int_equal(column->access, NQ_NOT_ACCESSIBLE);
                assert_int_equal(column->offset, table->index_offsets[part]);
                own++;
            } else { /* the index of another table */
                assert_true(is_index_before(index->ilabel, t));
            }
            index = index->next;
        }
        assert_true(own > 0);
        assert_null(index);
    }
}

static void writers_take_exactly_the_enumeration_of_the_file(void **state)
{
    (void)state;
    size_t writable = 0;
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        const struct nq_table *table = nq_mib_tables[t];
        for (size_t c = 0; c < table->column_count; c++) {
            const struct nq_column *column = &table->columns[c];
            assert_int_equal(column->access >= NQ_READ_WRITE, column->writer != NULL);
            if (!column->writer || column->type != ASN_INTEGER) {
                continue;
            }
            writable++;
            long low = LONG_MAX;
            long high = LONG_MIN;
            long count = 0;
            const struct tree *node = must_have(columns_of(table), column->number);
            for (const struct enum_list *e = node->enums; e; e = e->next) {
                low = e->value < low ? e->value : low;
                high = e->value > high ? e->value : high;
                count++;
            }
            assert_int_equal(column->writer->low, low);
            assert_int_equal(column->writer->high, high);
            assert_int_equal(count, high - low + 1);
        }
    }
    assert_int_equal(writable, 6);
}

/* What set_rows.c takes for granted. */
static void tables_that_make_rows_have_the_form_for_it(void **state)
{
    (void)state;
    size_t makers = 0;
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        const struct nq_table *table = nq_mib_tables[t];
        makers += table->maker != NULL;
        assert_true(!table->maker || (table->index_count == 1 && !table->scalars));
        for (size_t c = 0; c < table->column_count; c++) {
            const struct nq_column *column = &table->columns[c];
            if (table->maker) {
                assert_int_not_equal(column->access, NQ_READ_WRITE);
                assert_true(column->number < NQ_MAKER_COLUMNS);
            } else {
                assert_int_not_equal(column->access, NQ_READ_CREATE);
            }
        }
    }
    assert_int_equal(makers, 1);
}

/* ---- names that the log and the MIB share -------------------------------------------- */

static const char *state_name(int value)
{
    return nq_case_state_name((enum nq_case_state)value);
}

static const char *reason_name(int value)
{
    return nq_reason_name((enum nq_reason)value);
}

static const char *mode_name(int value)
{
    return nq_mode_name((enum nq_mode)value);
}

static const char *governor_state_name(int value)
{
    return nq_governor_state_name((enum nq_governor_state)value);
}

static const char *severity_name(int value)
{
    return nq_severity_name((enum nq_severity)value);
}

static void log_and_mib_use_the_same_names(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        const char *(*name)(int value);
        int end;
    } shared[] = {
        {"nqVmOperState", state_name, NQ_CASE_STATE_END},
        {"nqVmReason", reason_name, NQ_REASON_END},
        {"nqEngineMode", mode_name, NQ_MODE_END},
        {"nqGovernorState", governor_state_name, NQ_GOVERNOR_STATE_END},
        {"nqFindingSeverity", severity_name, NQ_SEVERITY_END},
    };
    for (size_t i = 0; i < NQ_LENGTH(shared); i++) {
        const struct tree *node = find_tree_node(shared[i].object, -1);
        assert_non_null(node);
        int count = 0;
        for (const struct enum_list *e = node->enums; e; e = e->next) {
            assert_string_equal(e->label, shared[i].name(e->value));
            count++;
        }
        assert_int_equal(count, shared[i].end - 1);
    }
}

/* ---- notifications ------------------------------------------------------------------- */

static void notifications_are_the_same_with_the_same_objects(void **state)
{
    (void)state;
    const struct tree *parent = must_have(module, NQ_ARC_NOTIFICATIONS);
    for (size_t i = 0; i < nq_mib_notification_count; i++) {
        const struct nq_notification *what = &nq_mib_notifications[i];
        const struct tree *node = must_have(parent, what->number);
        assert_string_equal(node->label, what->name);
        const struct varbind_list *object = node->varbinds;
        for (size_t k = 0; k < what->column_count; k++) {
            const struct nq_column *column =
                nq_table_column(what->table, what->columns[k], false);
            assert_non_null(object);
            assert_non_null(column);
            assert_string_equal(object->vblabel, column->name);
            object = object->next;
        }
        assert_null(object);
    }
    size_t in_file = 0;
    for (const struct tree *n = parent->child_list; n; n = n->next_peer) {
        in_file++;
    }
    assert_int_equal(in_file, nq_mib_notification_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_module_stands_at_the_root_of_the_build),
        cmocka_unit_test(every_row_of_the_code_is_an_object_of_the_file),
        cmocka_unit_test(every_object_of_the_file_is_a_row_of_the_code),
        cmocka_unit_test(indexes_are_the_same_and_tables_are_in_order),
        cmocka_unit_test(writers_take_exactly_the_enumeration_of_the_file),
        cmocka_unit_test(tables_that_make_rows_have_the_form_for_it),
        cmocka_unit_test(log_and_mib_use_the_same_names),
        cmocka_unit_test(notifications_are_the_same_with_the_same_objects),
    };
    return cmocka_run_group_tests(tests, read_modules, forget_modules);
}
