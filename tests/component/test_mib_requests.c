/* SPDX-License-Identifier: Apache-2.0 */
/* SETs that make rows, and those of the engine's push-buttons, asked of the real MIB in front
 * of the real engine through the agent library itself: see agent_fixture.h. */
#include "../unit/row_status.h"
#include "quarantine/requests.h"
#include "mib_fixture.h"

enum column {
    COLUMN_TARGET = 2,
    COLUMN_ACTION = 3,
    COLUMN_COMMENT = 4,
    COLUMN_CASE = 5,
    COLUMN_RESULT = 6,
    COLUMN_RESULT_TEXT = 7,
    COLUMN_STATUS = 8,
};
#define CELL(column, index) NAME(REQUESTS, 1L, (long)(column), (long)(index))

static int open_mib(void **state)
{
    (void)state;
    return open_mib_in(NQ_HOST_DLMOD);
}

/* ---- SETs of several varbinds -------------------------------------------------------- */

static void put_text(netsnmp_pdu *pdu, struct name name, const char *text)
{
    add(pdu, name, ASN_OCTET_STR, text, strlen(text));
}

static void put_number(netsnmp_pdu *pdu, struct name name, long number)
{
    add(pdu, name, ASN_INTEGER, &number, sizeof(number));
}

static void assert_refused_at(netsnmp_pdu *pdu, int error, long place)
{
    netsnmp_pdu *response = ask(pdu);
    assert_int_equal(response->errstat, error);
    assert_int_equal(response->errindex, place);
    snmp_free_pdu(response);
}

static void assert_accepted(netsnmp_pdu *pdu)
{
    assert_refused_at(pdu, SNMP_ERR_NOERROR, 0);
}

static long number_at(enum column column, long index)
{
    netsnmp_pdu *response = ask_one(SNMP_MSG_GET, CELL(column, index));
    assert_int_not_equal(response->variables->type, SNMP_NOSUCHINSTANCE);
    const long number = *response->variables->val.integer;
    snmp_free_pdu(response);
    return number;
}

static const char *text_at(enum column column, long index)
{
    static char text[NQ_TEXT_MAX + 1];
    netsnmp_pdu *response = ask_one(SNMP_MSG_GET, CELL(column, index));
    assert_int_equal(response->variables->type, ASN_OCTET_STR);
    memcpy(text, response->variables->val.string, response->variables->val_len);
    text[response->variables->val_len] = '\0';
    snmp_free_pdu(response);
    return text;
}

static bool is_there(long index)
{
    return get_type(CELL(COLUMN_STATUS, index)) != SNMP_NOSUCHINSTANCE;
}

static size_t row_count(void)
{
    size_t count;
    (void)nq_engine_requests(world_engine(world), &count);
    return count;
}

/* A whole request in one SET, its status at the place that the test wants. */
static netsnmp_pdu *whole(long index, const char *target, long action, bool status_first)
{
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    if (status_first) {
        put_number(pdu, CELL(COLUMN_STATUS, index), NQ_ROW_CREATE_AND_GO);
    }
    put_text(pdu, CELL(COLUMN_TARGET, index), target);
    put_number(pdu, CELL(COLUMN_ACTION, index), action);
    if (!status_first) {
        put_number(pdu, CELL(COLUMN_STATUS, index), NQ_ROW_CREATE_AND_GO);
    }
    return pdu;
}

/* ---- what a request does ------------------------------------------------------------- */

static void a_release_by_name_is_carried_out_and_followed(void **state)
{
    (void)state;
    for (int status_first = 0; status_first < 2; status_first++) {
        const long index = 4294967295 - status_first;
        assert_accepted(whole(index, "vdi-01", NQ_REQUEST_RELEASE, status_first));
        assert_int_equal(number_at(COLUMN_STATUS, index), NQ_ROW_ACTIVE);
        assert_int_equal(number_at(COLUMN_CASE, index), world_case(world)->id);
        assert_int_equal(number_at(COLUMN_RESULT, index), NQ_REQUEST_PENDING);
        assert_state(world, NQ_CASE_RELEASING);
    }
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_false(world_vm(world, "VDI-01")->tagged);
    assert_string_equal(world_case(world)->changed_by, "snmp");
    assert_int_equal(number_at(COLUMN_RESULT, 4294967295), NQ_REQUEST_DONE);
    assert_int_equal(number_at(COLUMN_RESULT, 4294967294), NQ_REQUEST_DONE);
    assert_string_equal(text_at(COLUMN_RESULT_TEXT, 4294967295), "released");
}

static void a_quarantine_by_name_isolates_the_vm(void **state)
{
    (void)state;
    netsnmp_pdu *pdu = whole(5, "VDI-02", NQ_REQUEST_QUARANTINE, true);
    put_text(pdu, CELL(COLUMN_COMMENT, 5), "ticket 4711");
    assert_accepted(pdu);
    assert_int_equal(number_at(COLUMN_RESULT, 5), NQ_REQUEST_PENDING);
    assert_int_equal(world_case_count(world), 2);
    world_run(world, 2000);
    assert_true(world_vm(world, "VDI-02")->tagged);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->comment, "ticket 4711");
    assert_int_equal(number_at(COLUMN_CASE, 5), world_case(world)->id);
    assert_int_equal(number_at(COLUMN_RESULT, 5), NQ_REQUEST_DONE);
}

static void a_quarantine_of_an_isolated_vm_joins_its_case(void **state)
{
    (void)state;
    assert_accepted(whole(5, "VDI-01", NQ_REQUEST_QUARANTINE, false));
    assert_accepted(whole(6, "10.20.1.11", NQ_REQUEST_QUARANTINE, false));
    world_run(world, 2000);
    const long first = number_at(COLUMN_CASE, 5);
    assert_int_equal(number_at(COLUMN_RESULT, 5), NQ_REQUEST_DONE);
    assert_int_equal(number_at(COLUMN_CASE, 6), first);
    assert_int_equal(number_at(COLUMN_RESULT, 6), NQ_REQUEST_DONE);
    assert_int_equal(world_added(world), 1);
}

static void a_request_follows_the_case_that_turns_out_to_have_its_vm(void **state)
{
    (void)state;
    const uint32_t first = world_case(world)->id;
    assert_accepted(whole(5, "VDI-01 (10.20.1.11)", NQ_REQUEST_QUARANTINE, false));
    assert_int_not_equal(number_at(COLUMN_CASE, 5), first);
    assert_int_equal(number_at(COLUMN_RESULT, 5), NQ_REQUEST_PENDING);
    world_run(world, 2000);
    assert_int_equal(number_at(COLUMN_CASE, 5), first);
    assert_int_equal(number_at(COLUMN_RESULT, 5), NQ_REQUEST_DONE);
    assert_int_equal(world_added(world), 1);
}

static void a_quarantine_of_an_unknown_vm_is_held_like_its_case(void **state)
{
    (void)state;
    assert_accepted(whole(5, "NOBODY-01", NQ_REQUEST_QUARANTINE, false));
    world_run(world, 120000);
    assert_state(world, NQ_CASE_HELD);
    assert_int_equal(number_at(COLUMN_RESULT, 5), NQ_REQUEST_HELD);
    assert_string_equal(text_at(COLUMN_RESULT_TEXT, 5), world_case(world)->reason_text);
}

static void a_request_isolates_a_vm_that_was_released_a_moment_ago(void **state)
{
    (void)state;
    for (long index = 1; index < 7; index += 2) {
        assert_accepted(whole(index, "VDI-01", NQ_REQUEST_RELEASE, false));
        world_run(world, 2000);
        assert_int_equal(number_at(COLUMN_RESULT, index), NQ_REQUEST_DONE);
        assert_accepted(whole(index + 1, "VDI-01", NQ_REQUEST_QUARANTINE, false));
        world_run(world, 2000);
        assert_int_equal(number_at(COLUMN_RESULT, index + 1), NQ_REQUEST_DONE);
        assert_int_not_equal(number_at(COLUMN_CASE, index),
                             number_at(COLUMN_CASE, index + 1));
        assert_true(world_vm(world, "VDI-01")->tagged);
    }
}

static void a_release_of_what_no_case_has_failed(void **state)
{
    (void)state;
    assert_accepted(whole(5, "VDI-02", NQ_REQUEST_RELEASE, false));
    assert_int_equal(number_at(COLUMN_RESULT, 5), NQ_REQUEST_FAILED);
    assert_int_equal(number_at(COLUMN_CASE, 5), 0);
    assert_non_null(strstr(text_at(COLUMN_RESULT_TEXT, 5), "no open case"));
    assert_state(world, NQ_CASE_ISOLATED);
}

static void a_row_that_waits_does_nothing_until_it_is_active(void **state)
{
    (void)state;
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 7), NQ_ROW_CREATE_AND_WAIT), 0);
    assert_int_equal(number_at(COLUMN_STATUS, 7), NQ_ROW_NOT_READY);
    assert_int_equal(number_at(COLUMN_ACTION, 7), NQ_REQUEST_QUARANTINE);
    assert_string_equal(text_at(COLUMN_TARGET, 7), "");
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 7), NQ_ROW_ACTIVE),
                     SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(set_number(CELL(COLUMN_ACTION, 7), NQ_REQUEST_RELEASE), 0);
    assert_int_equal(number_at(COLUMN_STATUS, 7), NQ_ROW_NOT_READY);
    assert_int_equal(set_text(CELL(COLUMN_TARGET, 7), "VDI-01"), 0);
    assert_int_equal(number_at(COLUMN_STATUS, 7), NQ_ROW_NOT_IN_SERVICE);
    assert_int_equal(number_at(COLUMN_RESULT, 7), NQ_REQUEST_PENDING);
    assert_state(world, NQ_CASE_ISOLATED);

    assert_int_equal(set_number(CELL(COLUMN_STATUS, 7), NQ_ROW_ACTIVE), 0);
    assert_state(world, NQ_CASE_RELEASING);
    /* Once only. */
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 7), NQ_ROW_ACTIVE), 0);
    world_run(world, 2000);
    assert_int_equal(world_removed(world), 1);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 7), NQ_ROW_ACTIVE), 0);
    assert_int_equal(number_at(COLUMN_RESULT, 7), NQ_REQUEST_DONE);
    assert_int_equal(number_at(COLUMN_CASE, 7), world_case(world)->id);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 7), NQ_ROW_DESTROY), 0);
    assert_false(is_there(7));
}

/* ---- RowStatus, cell by cell --------------------------------------------------------- */

static void bring_row_to(enum row_before before, long index)
{
    static const long statuses[ROW_BEFORE_END] = {
        [ROW_NOT_READY] = NQ_ROW_CREATE_AND_WAIT,
        [ROW_NOT_IN_SERVICE] = NQ_ROW_CREATE_AND_WAIT,
        [ROW_ACTIVE] = NQ_ROW_CREATE_AND_GO,
    };
    if (before == ROW_ABSENT) {
        return;
    }
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    if (before != ROW_NOT_READY) {
        put_text(pdu, CELL(COLUMN_TARGET, index), "NOBODY-02");
        put_number(pdu, CELL(COLUMN_ACTION, index), NQ_REQUEST_RELEASE);
    }
    put_number(pdu, CELL(COLUMN_STATUS, index), statuses[before]);
    assert_accepted(pdu);
}

/* What the row is, as one text: "" for none. */
static void read_row(long index, char *ret, size_t room)
{
    ret[0] = '\0';
    if (is_there(index)) {
        char target[NQ_TEXT_MAX + 1];
        (void)snprintf(target, sizeof(target), "%s", text_at(COLUMN_TARGET, index));
        (void)snprintf(ret, room, "%ld %ld %s %s", number_at(COLUMN_STATUS, index),
                       number_at(COLUMN_ACTION, index), target,
                       text_at(COLUMN_COMMENT, index));
    }
}

/* The letter of row_status.h for what became of the SET. */
static char judge_set(netsnmp_pdu *pdu, long index, long status_place)
{
    netsnmp_pdu *response = ask(pdu);
    const long error = response->errstat;
    const bool about_status = response->errindex == status_place;
    snmp_free_pdu(response);
    switch (error) {
    case SNMP_ERR_NOERROR:
        return is_there(index) ? "?ASN"[number_at(COLUMN_STATUS, index)] : '-';
    case SNMP_ERR_INCONSISTENTVALUE:
        return about_status ? 's' : 'c';
    case SNMP_ERR_WRONGVALUE:
        return about_status ? 'w' : '?';
    case SNMP_ERR_INCONSISTENTNAME:
        return about_status ? '?' : 'n';
    default:
        return '?';
    }
}

static void every_cell_of_row_status_holds_through_the_agent(void **state)
{
    (void)state;
    for (size_t status = 0; status < NQ_ROW_STATUS_END; status++) {
        for (enum row_before before = ROW_ABSENT; before < ROW_BEFORE_END; before++) {
            for (size_t with = 0; with < ROW_WITH_END; with++) {
                const char expected = row_cells[status][before][with];
                if (expected == ' ') {
                    continue;
                }
                const long index = 7;
                char row[2][3 * NQ_TEXT_MAX];
                bring_row_to(before, index);
                read_row(index, row[0], sizeof(row[0]));

                netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
                long status_place = 0;
                if (row_with[with].target) {
                    put_text(pdu, CELL(COLUMN_TARGET, index), row_with[with].target);
                }
                if (row_with[with].comment) {
                    put_text(pdu, CELL(COLUMN_COMMENT, index), row_with[with].comment);
                }
                if (status) {
                    put_number(pdu, CELL(COLUMN_STATUS, index), (long)status);
                    status_place = with == 0 ? 1 : 2;
                }
                const char is = judge_set(pdu, index, status_place);
                if (is != expected) {
                    fail_msg("status %zu in state %d with columns %zu: %c, not %c",
                             status, before, with, is, expected);
                }
                read_row(index, row[1], sizeof(row[1]));
                if (strchr("swcn", expected)) {
                    assert_string_equal(row[1], row[0]);
                }
                assert_int_equal(set_number(CELL(COLUMN_STATUS, index), NQ_ROW_DESTROY),
                                 0);
                assert_int_equal(row_count(), 0);
            }
        }
    }
}

/* ---- precise errors ------------------------------------------------------------------ */

static void values_that_no_row_can_have_get_their_own_error(void **state)
{
    (void)state;
    const long number = 1;
    char text[300];
    memset(text, 'x', sizeof(text));
    assert_int_equal(set_text(CELL(COLUMN_STATUS, 1), "4"), SNMP_ERR_WRONGTYPE);
    assert_int_equal(set_number(CELL(COLUMN_TARGET, 1), 4), SNMP_ERR_WRONGTYPE);
    assert_int_equal(
        set_error(CELL(COLUMN_ACTION, 1), ASN_UNSIGNED, &number, sizeof(number)),
        SNMP_ERR_WRONGTYPE);
    assert_int_equal(set_error(CELL(COLUMN_TARGET, 1), ASN_OCTET_STR, text, 256),
                     SNMP_ERR_WRONGLENGTH);
    assert_int_equal(set_text(CELL(COLUMN_TARGET, 1), "a\nb"), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_text(CELL(COLUMN_COMMENT, 1), "\xFF"), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(CELL(COLUMN_ACTION, 1), 0), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(CELL(COLUMN_ACTION, 1), 3), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), 0), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_NOT_READY),
                     SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), 7), SNMP_ERR_WRONGVALUE);
    assert_int_equal(row_count(), 0);
}

static void names_that_no_row_can_have_get_their_own_error(void **state)
{
    (void)state;
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 0), NQ_ROW_CREATE_AND_WAIT),
                     SNMP_ERR_NOCREATION);
    assert_int_equal(set_number(NAME(REQUESTS, 1L, (long)COLUMN_STATUS, 1L, 1L),
                                NQ_ROW_CREATE_AND_WAIT),
                     SNMP_ERR_NOCREATION);
    assert_int_equal(
        set_number(NAME(REQUESTS, 1L, (long)COLUMN_STATUS), NQ_ROW_CREATE_AND_WAIT),
        SNMP_ERR_NOCREATION);
    static const long columns[] = {0, 1,  COLUMN_CASE, COLUMN_RESULT, COLUMN_RESULT_TEXT,
                                   9, 16, 4294967295};
    for (size_t i = 0; i < NQ_LENGTH(columns); i++) {
        assert_int_equal(set_number(CELL(columns[i], 1), 1), SNMP_ERR_NOTWRITABLE);
    }
    assert_int_equal(set_text(CELL(COLUMN_TARGET, 1), "VDI-01"),
                     SNMP_ERR_INCONSISTENTNAME);
    assert_int_equal(set_number(CELL(COLUMN_ACTION, 1), 1), SNMP_ERR_INCONSISTENTNAME);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_CREATE_AND_GO),
                     SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_ACTIVE),
                     SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_NOT_IN_SERVICE),
                     SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_DESTROY),
                     SNMP_ERR_NOERROR);
    assert_int_equal(row_count(), 0);
}

static void an_error_is_told_at_the_varbind_that_has_it(void **state)
{
    (void)state;
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    put_text(pdu, CELL(COLUMN_COMMENT, 1), "no target");
    put_number(pdu, CELL(COLUMN_STATUS, 1), NQ_ROW_CREATE_AND_GO);
    assert_refused_at(pdu, SNMP_ERR_INCONSISTENTVALUE, 2);

    pdu = whole(1, "VDI-02", NQ_REQUEST_QUARANTINE, false);
    put_text(pdu, CELL(COLUMN_COMMENT, 2), "no status");
    put_number(pdu, CELL(COLUMN_ACTION, 2), 1);
    assert_refused_at(pdu, SNMP_ERR_INCONSISTENTNAME, 5);

    assert_accepted(whole(1, "NOBODY", NQ_REQUEST_RELEASE, false));
    pdu = request_of(SNMP_MSG_SET);
    put_number(pdu, CELL(COLUMN_STATUS, 1), NQ_ROW_ACTIVE);
    put_text(pdu, CELL(COLUMN_COMMENT, 1), "too late");
    assert_refused_at(pdu, SNMP_ERR_INCONSISTENTVALUE, 2);
}

static void of_two_varbinds_for_one_column_the_later_counts(void **state)
{
    (void)state;
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    put_text(pdu, CELL(COLUMN_TARGET, 1), "VDI-02");
    put_number(pdu, CELL(COLUMN_STATUS, 1), NQ_ROW_CREATE_AND_WAIT);
    put_text(pdu, CELL(COLUMN_TARGET, 1), "VDI-01");
    assert_accepted(pdu);
    assert_string_equal(text_at(COLUMN_TARGET, 1), "VDI-01");
}

static void a_set_of_too_many_varbinds_is_refused(void **state)
{
    (void)state;
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    for (long i = 1; i <= NQ_SET_MAX + 1; i++) {
        put_number(pdu, CELL(COLUMN_STATUS, i), NQ_ROW_DESTROY);
    }
    assert_refused_at(pdu, SNMP_ERR_RESOURCEUNAVAILABLE, NQ_SET_MAX + 1);
}

/* ---- as a whole or not at all -------------------------------------------------------- */

static void a_set_of_many_rows_happens_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    for (int good = 0; good < 2; good++) {
        netsnmp_pdu *pdu = whole(1, "VDI-01", NQ_REQUEST_RELEASE, true);
        put_number(pdu, CELL(COLUMN_STATUS, 3), NQ_ROW_CREATE_AND_WAIT);
        put_text(pdu, NAME(6L, 1L, 25L, (long)world_case(world)->id), "a comment");
        put_number(pdu, CELL(COLUMN_STATUS, 2),
                   good ? NQ_ROW_CREATE_AND_WAIT : NQ_ROW_CREATE_AND_GO);
        if (good) {
            assert_accepted(pdu);
            assert_state(world, NQ_CASE_RELEASING);
            assert_string_equal(world_case(world)->comment, "a comment");
            assert_int_equal(row_count(), 3);
        } else {
            assert_refused_at(pdu, SNMP_ERR_INCONSISTENTVALUE, 6);
            assert_state(world, NQ_CASE_ISOLATED);
            assert_null(world_case(world)->comment);
            assert_int_equal(row_count(), 0);
        }
    }
}

static void an_error_in_another_table_leaves_no_row_behind(void **state)
{
    (void)state;
    netsnmp_pdu *pdu = whole(1, "VDI-01", NQ_REQUEST_RELEASE, true);
    put_number(pdu, NAME(6L, 1L, 8L, (long)world_case(world)->id), NQ_WANT_APPROVE);
    assert_refused_at(pdu, SNMP_ERR_INCONSISTENTVALUE, 4);
    assert_int_equal(row_count(), 0);
    assert_state(world, NQ_CASE_ISOLATED);
}

static void there_are_never_more_rows_than_the_limit(void **state)
{
    (void)state;
    for (long i = 1; i < NQ_REQUESTS_MAX; i++) {
        /* Not in their order. */
        const long index = 1 + i * 7919 % NQ_REQUESTS_MAX;
        assert_int_equal(set_number(CELL(COLUMN_STATUS, index), NQ_ROW_CREATE_AND_WAIT),
                         0);
    }
    assert_int_equal(row_count(), NQ_REQUESTS_MAX - 1);
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    put_number(pdu, CELL(COLUMN_STATUS, 5001), NQ_ROW_CREATE_AND_WAIT);
    put_number(pdu, CELL(COLUMN_STATUS, 5002), NQ_ROW_CREATE_AND_WAIT);
    assert_refused_at(pdu, SNMP_ERR_RESOURCEUNAVAILABLE, 2);
    assert_int_equal(row_count(), NQ_REQUESTS_MAX - 1);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 5001), NQ_ROW_CREATE_AND_WAIT), 0);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 5002), NQ_ROW_CREATE_AND_WAIT),
                     SNMP_ERR_RESOURCEUNAVAILABLE);
    /* What is there goes on. */
    assert_int_equal(set_text(CELL(COLUMN_COMMENT, 5001), "x"), 0);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 5001), NQ_ROW_DESTROY), 0);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 5002), NQ_ROW_CREATE_AND_WAIT), 0);
}

static void rows_are_walked_in_the_order_of_their_index(void **state)
{
    (void)state;
    static const long indexes[] = {30, 4294967295, 1, 2, 1000};
    static const long sorted[] = {1, 2, 30, 1000, 4294967295};
    for (size_t i = 0; i < NQ_LENGTH(indexes); i++) {
        assert_int_equal(
            set_number(CELL(COLUMN_STATUS, indexes[i]), NQ_ROW_CREATE_AND_WAIT), 0);
    }
    struct name at = NAME(REQUESTS);
    for (long column = COLUMN_TARGET; column <= COLUMN_STATUS; column++) {
        for (size_t i = 0; i < NQ_LENGTH(sorted); i++) {
            at = next_of(at);
            assert_name(at, CELL(column, sorted[i]));
        }
    }
}

/* ---- age ----------------------------------------------------------------------------- */

static void a_row_that_nobody_completes_goes_after_five_minutes(void **state)
{
    (void)state;
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_CREATE_AND_WAIT), 0);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 2), NQ_ROW_CREATE_AND_WAIT), 0);
    world_advance(world, NQ_REQUEST_UNUSED_MS - 1000);
    assert_int_equal(set_text(CELL(COLUMN_TARGET, 2), "VDI-01"), 0);
    assert_true(is_there(1));
    world_advance(world, 1000);
    assert_false(is_there(1));
    assert_true(is_there(2)); /* its last SET was later */
    world_advance(world, NQ_REQUEST_UNUSED_MS);
    assert_false(is_there(2));
}

/* Under AgentX time passes between the two. */
static void a_row_that_passed_reserve_is_there_at_commit(void **state)
{
    (void)state;
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_CREATE_AND_WAIT), 0);
    world_advance(world, NQ_REQUEST_UNUSED_MS - 1);
    const struct nq_request_change change = {.index = 1,
                                             .target = "VDI-01",
                                             .action = NQ_REQUEST_RELEASE,
                                             .status = NQ_ROW_ACTIVE};
    assert_int_equal(nq_engine_may_request(world_engine(world), &change, 0).fault,
                     NQ_REQUEST_OK);
    world_advance(world, 1000);
    nq_engine_request(world_engine(world), &change, "operator");
    assert_int_equal(number_at(COLUMN_STATUS, 1), NQ_ROW_ACTIVE);
    assert_state(world, NQ_CASE_RELEASING);
}

static void a_finished_request_goes_after_an_hour_and_a_pending_one_stays(void **state)
{
    (void)state;
    assert_accepted(whole(1, "VDI-01", NQ_REQUEST_RELEASE, false));
    assert_accepted(whole(2, "NOBODY", NQ_REQUEST_RELEASE, false));
    world_advance(world, NQ_REQUEST_FINISHED_MS - 1);
    assert_true(is_there(2));
    world_advance(world, 1);
    assert_false(is_there(2));
    assert_int_equal(number_at(COLUMN_RESULT, 1),
                     NQ_REQUEST_PENDING); /* NSX does not answer */
    world_run(world, 2000);
    assert_int_equal(number_at(COLUMN_RESULT, 1), NQ_REQUEST_DONE);
    world_advance(world, NQ_REQUEST_FINISHED_MS);
    assert_false(is_there(1));
}

static void a_row_made_in_steps_stays_while_its_work_goes_on(void **state)
{
    (void)state;
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_CREATE_AND_WAIT), 0);
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    put_text(pdu, CELL(COLUMN_TARGET, 1), "VDI-01");
    put_number(pdu, CELL(COLUMN_ACTION, 1), NQ_REQUEST_RELEASE);
    put_number(pdu, CELL(COLUMN_STATUS, 1), NQ_ROW_ACTIVE);
    assert_accepted(pdu);
    world_advance(world, 2 * NQ_REQUEST_FINISHED_MS); /* NSX does not answer */
    assert_true(is_there(1));
    assert_int_equal(number_at(COLUMN_RESULT, 1), NQ_REQUEST_PENDING);
}

static void a_held_request_that_goes_on_stays_until_it_is_done(void **state)
{
    (void)state;
    assert_accepted(whole(1, "VDI-09", NQ_REQUEST_QUARANTINE, false));
    world_run(world, 120000);
    assert_int_equal(number_at(COLUMN_RESULT, 1), NQ_REQUEST_HELD);
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-9",
                                                 .name = "VDI-09",
                                                 .host_name = "",
                                                 .address = "10.20.1.19",
                                                 .type = "REGULAR"});
    command(world, NQ_WANT_RETRY);
    assert_int_equal(number_at(COLUMN_RESULT, 1), NQ_REQUEST_PENDING);
    world_advance(world, 2 * NQ_REQUEST_FINISHED_MS); /* NSX does not answer */
    assert_true(is_there(1));
    world_run(world, 2000);
    assert_int_equal(number_at(COLUMN_RESULT, 1), NQ_REQUEST_DONE);
    world_advance(world, NQ_REQUEST_FINISHED_MS);
    assert_false(is_there(1));
}

static void a_restart_forgets_requests_and_keeps_their_cases(void **state)
{
    (void)state;
    assert_accepted(whole(1, "VDI-01", NQ_REQUEST_RELEASE, false));
    world_settle(world);
    nq_mib_serve(mib, NULL, "restarting");
    assert_false(is_there(1));
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 1), NQ_ROW_DESTROY),
                     SNMP_ERR_RESOURCEUNAVAILABLE);
    world_restart(world);
    nq_mib_serve(mib, world_engine(world), NULL);
    assert_int_equal(row_count(), 0);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
}

static void a_reload_keeps_requests_and_they_follow_their_cases(void **state)
{
    (void)state;
    assert_accepted(whole(1, "VDI-01", NQ_REQUEST_RELEASE, false));
    assert_accepted(whole(2, "no-such-vm", NQ_REQUEST_RELEASE, false));
    assert_int_equal(number_at(COLUMN_RESULT, 1), NQ_REQUEST_PENDING);
    assert_int_equal(number_at(COLUMN_RESULT, 2), NQ_REQUEST_FAILED);
    world_settle(world);
    struct nq_requests kept = nq_engine_take_requests(world_engine(world));
    nq_mib_serve(mib, NULL, "reading the configuration again");
    assert_false(is_there(1));
    world_restart(world);
    nq_engine_give_requests(world_engine(world), &kept);
    nq_mib_serve(mib, world_engine(world), NULL);
    assert_int_equal(row_count(), 2);
    world_run(world, 2000);
    assert_int_equal(number_at(COLUMN_RESULT, 1), NQ_REQUEST_DONE);
    assert_state(world, NQ_CASE_RELEASED);
    world_advance(world, NQ_REQUEST_FINISHED_MS);
    assert_int_equal(row_count(), 0);
}

/* ---- push-buttons, and rows of others ------------------------------------------------ */

static void a_push_button_reads_idle_and_takes_both_values(void **state)
{
    (void)state;
    const struct name buttons[] = {NAME(1L, 7L, 0L), NAME(5L, 3L, 0L)};
    for (size_t i = 0; i < NQ_LENGTH(buttons); i++) {
        assert_int_equal(set_number(buttons[i], 1), SNMP_ERR_NOERROR);
        assert_int_equal(set_number(buttons[i], 2), SNMP_ERR_NOERROR);
        assert_int_equal(set_number(buttons[i], 0), SNMP_ERR_WRONGVALUE);
        assert_int_equal(set_number(buttons[i], 3), SNMP_ERR_WRONGVALUE);
        assert_int_equal(set_text(buttons[i], "x"), SNMP_ERR_WRONGTYPE);
        netsnmp_pdu *response = ask_one(SNMP_MSG_GET, buttons[i]);
        assert_int_equal(*response->variables->val.integer, 1);
        snmp_free_pdu(response);
    }
    nq_mib_serve(mib, NULL, "no engine");
    assert_int_equal(set_number(buttons[0], 2), SNMP_ERR_RESOURCEUNAVAILABLE);
    assert_int_equal(set_number(buttons[1], 2), SNMP_ERR_RESOURCEUNAVAILABLE);
}

static void of_a_foreign_row_only_the_comment_can_be_set(void **state)
{
    (void)state;
    struct nq_case *record = (struct nq_case *)(uintptr_t)world_case(world);
    record->owner = NQ_OWNER_FOREIGN;
    for (long wanted = NQ_WANT_QUARANTINE; wanted < NQ_WANT_END; wanted++) {
        assert_int_equal(set_number(NAME(6L, 1L, 8L, (long)record->id), wanted),
                         SNMP_ERR_INCONSISTENTVALUE);
    }
    assert_int_equal(set_text(NAME(6L, 1L, 25L, (long)record->id), "not ours"), 0);
    assert_string_equal(record->comment, "not ours");
    record->owner = NQ_OWNER_OURS;
}

static void a_set_that_makes_a_row_is_logged(void **state)
{
    (void)state;
    nq_log_to(keep_line, NULL);
    assert_int_equal(set_number(CELL(COLUMN_STATUS, 9), NQ_ROW_CREATE_AND_WAIT), 0);
    assert_non_null(strstr(log_line, "SET nqRequestRowStatus.9: actor=snmp"));
    assert_non_null(strstr(log_line, "old=0 new=5"));
    assert_int_equal(set_text(CELL(COLUMN_TARGET, 9), "VDI-01"), 0);
    assert_non_null(strstr(log_line, "old=\"\" new=\"VDI-01\""));
}

#define REQUEST_TEST(name) cmocka_unit_test_setup_teardown(name, open_mib, close_mib)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REQUEST_TEST(a_release_by_name_is_carried_out_and_followed),
        REQUEST_TEST(a_quarantine_by_name_isolates_the_vm),
        REQUEST_TEST(a_quarantine_of_an_isolated_vm_joins_its_case),
        REQUEST_TEST(a_request_follows_the_case_that_turns_out_to_have_its_vm),
        REQUEST_TEST(a_quarantine_of_an_unknown_vm_is_held_like_its_case),
        REQUEST_TEST(a_request_isolates_a_vm_that_was_released_a_moment_ago),
        REQUEST_TEST(a_release_of_what_no_case_has_failed),
        REQUEST_TEST(a_row_that_waits_does_nothing_until_it_is_active),
        REQUEST_TEST(every_cell_of_row_status_holds_through_the_agent),
        REQUEST_TEST(values_that_no_row_can_have_get_their_own_error),
        REQUEST_TEST(names_that_no_row_can_have_get_their_own_error),
        REQUEST_TEST(an_error_is_told_at_the_varbind_that_has_it),
        REQUEST_TEST(of_two_varbinds_for_one_column_the_later_counts),
        REQUEST_TEST(a_set_of_too_many_varbinds_is_refused),
        REQUEST_TEST(a_set_of_many_rows_happens_as_a_whole_or_not_at_all),
        REQUEST_TEST(an_error_in_another_table_leaves_no_row_behind),
        REQUEST_TEST(there_are_never_more_rows_than_the_limit),
        REQUEST_TEST(rows_are_walked_in_the_order_of_their_index),
        REQUEST_TEST(a_row_that_nobody_completes_goes_after_five_minutes),
        REQUEST_TEST(a_row_that_passed_reserve_is_there_at_commit),
        REQUEST_TEST(a_finished_request_goes_after_an_hour_and_a_pending_one_stays),
        REQUEST_TEST(a_row_made_in_steps_stays_while_its_work_goes_on),
        REQUEST_TEST(a_held_request_that_goes_on_stays_until_it_is_done),
        REQUEST_TEST(a_restart_forgets_requests_and_keeps_their_cases),
        REQUEST_TEST(a_reload_keeps_requests_and_they_follow_their_cases),
        REQUEST_TEST(a_push_button_reads_idle_and_takes_both_values),
        REQUEST_TEST(of_a_foreign_row_only_the_comment_can_be_set),
        REQUEST_TEST(a_set_that_makes_a_row_is_logged),
    };
    return cmocka_run_group_tests(tests, open_agent, close_agent);
}
