/* SPDX-License-Identifier: Apache-2.0 */
/* Every column of the MIB, asked with names and values that it should not get. What is right
 * is computed from the rows of mib/ and from one walk, not from a list in here. */
#include "mib/tables.h"
#include "quarantine/request.h"
#include "mib_fixture.h"

/* All instances in the order of a walk. */
#define NAMES_MAX 4000
static struct name names[NAMES_MAX];
static size_t name_count;

static bool is_ours(const struct name *name)
{
    return name->len > nq_oid_root_len &&
           memcmp(name->arcs, nq_oid_root, nq_oid_root_len * sizeof(oid)) == 0;
}

static void walk(void)
{
    name_count = 0;
    struct name at = NAME(0L);
    for (at = next_of(at); is_ours(&at); at = next_of(at)) {
        assert_true(name_count < NAMES_MAX);
        names[name_count++] = at;
    }
}

static int open_mib(void **state)
{
    (void)state;
    if (open_mib_in(NQ_HOST_DLMOD) != 0) {
        return -1;
    }
    for (long index = 1; index < 4; index++) {
        assert_int_equal(set_number(NAME(REQUESTS, 1L, 8L, index * 1431655765),
                                    NQ_ROW_CREATE_AND_WAIT),
                         0);
    }
    world_settle(world);
    walk();
    return 0;
}

/* ---- names --------------------------------------------------------------------------- */

static int compare(const struct name *a, const struct name *b)
{
    return snmp_oid_compare(a->arcs, a->len, b->arcs, b->len);
}

/* The place in the walk at or behind a name. */
static size_t place_of(const struct name *name)
{
    size_t low = 0;
    size_t high = name_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&names[middle], name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_instance(const struct name *name)
{
    const size_t place = place_of(name);
    return place < name_count && compare(&names[place], name) == 0;
}

static struct name column_name(const struct nq_table *table,
                               const struct nq_column *column)
{
    return table->scalars
               ? NAME((long)table->branch, (long)column->number)
               : NAME((long)table->branch, (long)NQ_ARC_ENTRY, (long)column->number);
}

/* Calls fn with names below the column: indexes that are short, long and huge, beside each
 * real one and of none. */
static void each_odd_name(const struct nq_table *table, const struct nq_column *column,
                          void (*fn)(const struct nq_column *column, struct name name))
{
    static const oid parts[] = {0, 1, 2147483647, 2147483648, 4294967294, 4294967295};
    const struct name base = column_name(table, column);
    fn(column, base);
    for (size_t i = 0; i < NQ_LENGTH(parts); i++) {
        struct name name = base;
        name.arcs[name.len++] = parts[i];
        fn(column, name);
        for (size_t k = 0; k < NQ_LENGTH(parts); k++) {
            name.arcs[base.len + 1] = parts[k];
            name.len = base.len + 2;
            fn(column, name);
        }
        name.arcs[name.len++] = parts[i];
        fn(column, name);
    }
    struct name longest = base;
    while (longest.len < MAX_OID_LEN) {
        longest.arcs[longest.len++] = 4294967295;
    }
    fn(column, longest);
    /* Around the first real row of it. */
    const size_t place = place_of(&base);
    if (place < name_count && names[place].len > base.len &&
        memcmp(names[place].arcs, base.arcs, base.len * sizeof(oid)) == 0) {
        struct name name = names[place];
        fn(column, name);
        name.arcs[name.len++] = 0;
        fn(column, name);
        name.len -= 2;
        fn(column, name);
        name.arcs[name.len]++;
        name.len++;
        fn(column, name);
    }
}

static void each_column(void (*fn)(const struct nq_column *column, struct name name))
{
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        for (size_t c = 0; c < nq_mib_tables[t]->column_count; c++) {
            each_odd_name(nq_mib_tables[t], &nq_mib_tables[t]->columns[c], fn);
        }
    }
}

/* ---- GET and GETNEXT ----------------------------------------------------------------- */

static void assert_get(const struct nq_column *column, struct name name)
{
    const u_char expected = column->access == NQ_NOT_ACCESSIBLE ? SNMP_NOSUCHOBJECT
                            : is_instance(&name)                ? column->type
                                                                : SNMP_NOSUCHINSTANCE;
    const u_char is = get_type(name);
    if (is != expected) {
        fail_msg("GET of %s with %zu arcs, the last %lu: type %x, not %x", column->name,
                 name.len, name.arcs[name.len - 1], is, expected);
    }
}

static void assert_next(const struct nq_column *column, struct name name)
{
    size_t place = place_of(&name);
    if (place < name_count && compare(&names[place], &name) == 0) {
        place++;
    }
    const struct name next = next_of(name);
    const bool is_right =
        place < name_count ? compare(&next, &names[place]) == 0 : !is_ours(&next);
    if (!is_right) {
        fail_msg("GETNEXT of %s with %zu arcs, the last %lu", column->name, name.len,
                 name.arcs[name.len - 1]);
    }
}

static void a_get_of_any_name_is_the_value_or_the_right_exception(void **state)
{
    (void)state;
    each_column(assert_get);
}

static void a_getnext_of_any_name_is_the_next_of_the_walk(void **state)
{
    (void)state;
    each_column(assert_next);
}

static void a_getbulk_from_any_place_is_the_walk(void **state)
{
    (void)state;
    static const struct {
        long non_repeaters;
        long repetitions;
    } shapes[] = {{0, 1}, {0, 2}, {0, 13}, {1, 7}, {2, 3}, {3, 9}, {0, 0}, {9, 9}};
    for (size_t s = 0; s < NQ_LENGTH(shapes); s++) {
        for (size_t begin = 0; begin + 2 < name_count; begin += 37) {
            /* Three names from places far apart. */
            const size_t places[] = {begin, begin / 2, name_count - 1 - begin};
            netsnmp_pdu *pdu = request_of(SNMP_MSG_GETBULK);
            pdu->non_repeaters = shapes[s].non_repeaters;
            pdu->max_repetitions = shapes[s].repetitions;
            for (size_t i = 0; i < NQ_LENGTH(places); i++) {
                add(pdu, names[places[i]], ASN_NULL, NULL, 0);
            }
            netsnmp_pdu *response = ask(pdu);
            assert_int_equal(response->errstat, SNMP_ERR_NOERROR);
            const size_t single =
                shapes[s].non_repeaters < 3 ? (size_t)shapes[s].non_repeaters : 3;
            size_t at = 0;
            u_char last = 0;
            for (const netsnmp_variable_list *vb = response->variables; vb;
                 vb = vb->next_variable, at++) {
                last = vb->type;
                const size_t from =
                    at < single ? at : single + (at - single) % (3 - single);
                const size_t steps = 1 + (at < single ? 0 : (at - single) / (3 - single));
                const size_t place = places[from] + steps;
                struct name is = {.len = vb->name_length};
                memcpy(is.arcs, vb->name, vb->name_length * sizeof(oid));
                if (place < name_count) {
                    assert_name(is, names[place]);
                } else {
                    assert_true(vb->type == SNMP_ENDOFMIBVIEW || !is_ours(&is));
                }
            }
            /* It may stop where all repeaters have come to the end. */
            if (last != SNMP_ENDOFMIBVIEW) {
                assert_int_equal(at,
                                 single + (size_t)shapes[s].repetitions * (3 - single));
            }
            snmp_free_pdu(response);
        }
    }
}

/* ---- SET ----------------------------------------------------------------------------- */

/* A value of each type; of those that a column takes, one that no column takes. */
static const struct sample {
    u_char type;
    const void *value;
    size_t len;
} samples[] = {
    {ASN_INTEGER, (const long[]){-1}, sizeof(long)},
    {ASN_INTEGER, (const long[]){2147483647}, sizeof(long)},
    {ASN_OCTET_STR, "\xFF", 1},
    {ASN_OCTET_STR, "\x1B[2J", 4},
    {ASN_OCTET_STR, (const char[300]){"x"}, 300},
    {ASN_OBJECT_ID, (const oid[]){1, 3}, 2 * sizeof(oid)},
    {ASN_IPADDRESS, "\1\2\3\4", 4},
    {ASN_COUNTER, (const long[]){1}, sizeof(long)},
    {ASN_GAUGE, (const long[]){1}, sizeof(long)},
    {ASN_TIMETICKS, (const long[]){1}, sizeof(long)},
    {ASN_OPAQUE, "x", 1},
    {ASN_COUNTER64, (const struct counter64[]){{0, 1}}, sizeof(struct counter64)},
    {ASN_NULL, NULL, 0},
};

static int expected_error(const struct nq_column *column, const struct sample *sample)
{
    if (sample->type == ASN_NULL) {
        return SNMP_ERR_WRONGTYPE; /* by the agent library itself */
    }
    if (column->access < NQ_READ_WRITE) {
        return SNMP_ERR_NOTWRITABLE;
    }
    if (sample->type != column->type) {
        return SNMP_ERR_WRONGTYPE;
    }
    return sample->len > NQ_TEXT_MAX ? SNMP_ERR_WRONGLENGTH : SNMP_ERR_WRONGVALUE;
}

static void assert_refused(const struct nq_column *column, struct name name)
{
    for (size_t i = 0; i < NQ_LENGTH(samples); i++) {
        const int error =
            set_error(name, samples[i].type, samples[i].value, samples[i].len);
        if (error != expected_error(column, &samples[i])) {
            fail_msg("SET of %s, sample %zu: error %d, not %d", column->name, i, error,
                     expected_error(column, &samples[i]));
        }
    }
}

/* A good value for a row that is not there. */
static void assert_no_row(const struct nq_column *column, struct name name)
{
    if (is_instance(&name) || column->access < NQ_READ_WRITE) {
        return;
    }
    const int error = column->type == ASN_INTEGER ? set_number(name, column->writer->low)
                                                  : set_text(name, "x");
    /* Only nqRequestTable makes rows; its status wants the name to be possible. */
    const bool makes = column->access == NQ_READ_CREATE;
    const size_t index_at = nq_oid_root_len + 4;
    const bool possible = makes && name.len == index_at + 1 && name.arcs[index_at] != 0;
    const int expected = !possible                          ? SNMP_ERR_NOCREATION
                         : column->number == 8 /* active */ ? SNMP_ERR_INCONSISTENTVALUE
                                                            : SNMP_ERR_INCONSISTENTNAME;
    if (error != expected) {
        fail_msg("SET of %s with %zu arcs, the last %lu: error %d, not %d", column->name,
                 name.len, name.arcs[name.len - 1], error, expected);
    }
}

/* All values as one number. */
static uint64_t digest(void)
{
    uint64_t sum = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 0; i < name_count; i++) {
        netsnmp_pdu *response = ask_one(SNMP_MSG_GET, names[i]);
        const netsnmp_variable_list *vb = response->variables;
        for (size_t k = 0; k < vb->val_len; k++) {
            sum = (sum ^ vb->val.string[k]) * 1099511628211U;
        }
        sum = (sum ^ vb->type) * 1099511628211U;
        snmp_free_pdu(response);
    }
    return sum;
}

static void
a_set_of_a_wrong_value_or_name_gets_its_error_and_changes_nothing(void **state)
{
    (void)state;
    const uint64_t before = digest();
    const size_t count_before = name_count;
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        for (size_t c = 0; c < nq_mib_tables[t]->column_count; c++) {
            const struct nq_column *column = &nq_mib_tables[t]->columns[c];
            struct name name = column_name(nq_mib_tables[t], column);
            const size_t place = place_of(&name);
            if (column->access != NQ_NOT_ACCESSIBLE && place < name_count) {
                name = names[place];
            }
            assert_refused(column, name);
        }
    }
    each_column(assert_no_row);
    world_settle(world);
    walk();
    assert_int_equal(name_count, count_before);
    assert_true(digest() == before);
}

#define FUZZ_TEST(name) cmocka_unit_test_setup_teardown(name, open_mib, close_mib)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FUZZ_TEST(a_get_of_any_name_is_the_value_or_the_right_exception),
        FUZZ_TEST(a_getnext_of_any_name_is_the_next_of_the_walk),
        FUZZ_TEST(a_getbulk_from_any_place_is_the_walk),
        FUZZ_TEST(a_set_of_a_wrong_value_or_name_gets_its_error_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, open_agent, close_agent);
}
