/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a SET, one by one, as an AgentX master asks for them: other events may come
 * between any two. Whatever comes when: nothing is done before COMMIT, a SET that cannot be
 * carried out any more is refused as a whole in ACTION, and COMMIT never fails. */
#include "mib/source.h"
#include "mib/tables.h"
#include "quarantine/requests.h"
#include "mib_fixture.h"

#define VMS       6L
#define COMMENT   25L
#define ADMIN     8L
#define VARBINDS  5
#define NEW_INDEX 77L

static int open_mib(void **state)
{
    (void)state;
    return open_mib_in(NQ_HOST_AGENTX);
}

/* ---- one SET over two tables and a scalar -------------------------------------------- */

struct set {
    netsnmp_agent_request_info info;
    netsnmp_variable_list *vars;
    netsnmp_request_info requests[VARBINDS];
};

static struct nq_face *face_of(oid branch)
{
    for (size_t i = 0; i < nq_mib_table_count; i++) {
        if (nq_mib_tables[i]->branch == branch) {
            return &mib->faces[i];
        }
    }
    fail_msg("no branch %lu", branch);
    return NULL;
}

static oid branch_of(const netsnmp_request_info *request)
{
    return request->requestvb->name[nq_oid_root_len + 1];
}

static void want(struct set *set, struct name name, u_char type, const void *value,
                 size_t len)
{
    assert_non_null(
        snmp_varlist_add_variable(&set->vars, name.arcs, name.len, type, value, len));
}

/* A comment and a release of the case, a new request, and the mode. */
static void begin(struct set *set)
{
    const long id = (long)world_case(world)->id;
    const long release = NQ_WANT_RELEASE;
    const long wait = NQ_ROW_CREATE_AND_WAIT;
    const long observe = NQ_MODE_OBSERVE;
    *set = (struct set){0};
    want(set, NAME(VMS, 1L, COMMENT, id), ASN_OCTET_STR, "new", 3);
    want(set, NAME(VMS, 1L, ADMIN, id), ASN_INTEGER, &release, sizeof(release));
    want(set, NAME(REQUESTS, 1L, 2L, NEW_INDEX), ASN_OCTET_STR, "VDI-02", 6);
    want(set, NAME(REQUESTS, 1L, 8L, NEW_INDEX), ASN_INTEGER, &wait, sizeof(wait));
    want(set, NAME(1L, 2L, 0L), ASN_INTEGER, &observe, sizeof(observe));
    netsnmp_variable_list *vb = set->vars;
    for (size_t i = 0; i < VARBINDS; i++, vb = vb->next_variable) {
        set->requests[i].requestvb = vb;
        set->requests[i].agent_req_info = &set->info;
    }
}

static void end(struct set *set)
{
    snmp_free_varbind(set->vars);
}

/* One phase, each branch with its own requests; the first error, as an agent has it. */
static int pass(struct set *set, int mode)
{
    set->info.mode = mode;
    int error = SNMP_ERR_NOERROR;
    for (size_t i = 0; i < VARBINDS;) {
        size_t behind = i + 1;
        while (behind < VARBINDS &&
               branch_of(&set->requests[behind]) == branch_of(&set->requests[i])) {
            set->requests[behind - 1].next = &set->requests[behind];
            behind++;
        }
        set->requests[behind - 1].next = NULL;
        assert_int_equal(
            netsnmp_call_handlers(face_of(branch_of(&set->requests[i]))->registration,
                                  &set->info, &set->requests[i]),
            SNMP_ERR_NOERROR);
        for (; i < behind; i++) {
            if (error == SNMP_ERR_NOERROR) {
                error = set->requests[i].status;
            }
            set->requests[i].processed = 0;
            set->requests[i].status = SNMP_ERR_NOERROR;
        }
    }
    return error;
}

/* ---- what comes between -------------------------------------------------------------- */

static void nothing(void)
{
}

static void engine_goes(void)
{
    nq_mib_serve(mib, NULL, "another engine owns the state");
}

/* The case is released and forgotten. */
static void row_goes(void)
{
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    world_advance(world, 365L * 24 * 3600 * 1000);
    world_run(world, 2000);
    size_t count;
    (void)nq_engine_cases(world_engine(world), &count);
    assert_int_equal(count, 0);
}

/* Somebody else made the row; it is active. */
static void index_is_taken(void)
{
    const struct nq_request_change change = {.index = NEW_INDEX,
                                             .target = "NOBODY-01",
                                             .action = NQ_REQUEST_RELEASE,
                                             .status = NQ_ROW_CREATE_AND_GO};
    nq_engine_request(world_engine(world), &change, "somebody");
}

static void table_fills(void)
{
    for (uint32_t i = 1; i <= NQ_REQUESTS_MAX; i++) {
        const struct nq_request_change change = {.index = 1000 + i,
                                                 .status = NQ_ROW_CREATE_AND_WAIT};
        nq_engine_request(world_engine(world), &change, "somebody");
    }
}

static void becomes_read_only(void)
{
    for (size_t i = 0; i < nq_mib_table_count; i++) {
        mib->faces[i].read_only = true;
    }
}

static const struct event {
    const char *name;
    void (*happen)(void);
    int refusal; /* before RESERVE */
} events[] = {
    {"nothing", nothing, SNMP_ERR_NOERROR},
    {"the engine goes", engine_goes, SNMP_ERR_RESOURCEUNAVAILABLE},
    {"the row goes", row_goes, SNMP_ERR_NOCREATION},
    {"the index is taken", index_is_taken, SNMP_ERR_INCONSISTENTVALUE},
    {"the table fills", table_fills, SNMP_ERR_RESOURCEUNAVAILABLE},
    {"it becomes read-only", becomes_read_only, SNMP_ERR_NOTWRITABLE},
};

/* ---- every order --------------------------------------------------------------------- */

/* What an agent asks for, and where another subagent may stop it. */
static const struct order {
    const char *name;
    int modes[5]; /* ends with -1 */
} orders[] = {
    {"refused by another in RESERVE1", {MODE_SET_RESERVE1, MODE_SET_FREE, -1}},
    {"refused by another in RESERVE2",
     {MODE_SET_RESERVE1, MODE_SET_RESERVE2, MODE_SET_FREE, -1}},
    {"failed at another in ACTION",
     {MODE_SET_RESERVE1, MODE_SET_RESERVE2, MODE_SET_ACTION, MODE_SET_UNDO, -1}},
    {"carried out",
     {MODE_SET_RESERVE1, MODE_SET_RESERVE2, MODE_SET_ACTION, MODE_SET_COMMIT, -1}},
    {"never reserved: FREE", {MODE_SET_FREE, -1}},
    {"never reserved: UNDO", {MODE_SET_UNDO, -1}},
};

static bool has_comment(void)
{
    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    return count > 0 && cases[0]->comment != NULL;
}

/* What is left of the SET. */
struct traces {
    bool comment;
    bool request;
    bool mode;
};

static struct traces traces(void)
{
    struct traces found = {.comment = has_comment()};
    size_t count;
    const struct nq_request *rows = nq_engine_requests(world_engine(world), &count);
    for (size_t i = 0; i < count; i++) {
        found.request |= rows[i].index == NEW_INDEX && rows[i].target &&
                         strcmp(rows[i].target, "VDI-02") == 0;
    }
    struct nq_engine_view view;
    nq_engine_view(world_engine(world), &view);
    found.mode = view.mode == NQ_MODE_OBSERVE;
    return found;
}

static void play(const struct order *order, const struct event *event, size_t place)
{
    struct set set;
    begin(&set);
    bool committed = false;
    bool has_event = false;
    for (size_t i = 0; order->modes[i] >= 0; i++) {
        int mode = order->modes[i];
        if (i == place) {
            event->happen();
            has_event = event->refusal != SNMP_ERR_NOERROR;
        }
        const int error = pass(&set, mode);
        const int expected = !has_event                  ? 0
                             : mode == MODE_SET_RESERVE1 ? event->refusal
                             : mode == MODE_SET_ACTION   ? SNMP_ERR_COMMITFAILED
                                                         : SNMP_ERR_NOERROR;
        if (error != expected) {
            fail_msg("%s, %s before step %zu: error %d, not %d", order->name, event->name,
                     place, error, expected);
        }
        if (error != SNMP_ERR_NOERROR) {
            mode = mode == MODE_SET_RESERVE1 ? MODE_SET_FREE : MODE_SET_UNDO;
            assert_int_equal(pass(&set, mode), SNMP_ERR_NOERROR);
            break;
        }
        committed |= mode == MODE_SET_COMMIT;
    }
    end(&set);
    const struct traces left = traces();
    if (!committed && (left.comment || left.request || left.mode)) {
        fail_msg("%s, %s before step %zu: something was done", order->name, event->name,
                 place);
    }
    if (committed && !has_event) {
        assert_true(left.comment && left.request && left.mode);
        assert_state(world, NQ_CASE_RELEASING);
    }
}

static void whatever_comes_between_the_phases_a_set_is_whole_or_nothing(void **state)
{
    for (size_t o = 0; o < NQ_LENGTH(orders); o++) {
        for (size_t e = 0; e < NQ_LENGTH(events); e++) {
            for (size_t place = 0; orders[o].modes[place] >= 0; place++) {
                play(&orders[o], &events[e], place);
                assert_int_equal(close_mib(state), 0);
                assert_int_equal(open_mib(state), 0);
            }
        }
    }
}

/* ---- the record ---------------------------------------------------------------------- */

static const struct nq_log_entry *entry_of(const char *event)
{
    size_t count;
    const struct nq_log_entry *const *log = nq_engine_log(world_engine(world), &count);
    for (size_t i = count; i > 0; i--) {
        if (strcmp(log[i - 1]->event, event) == 0) {
            return log[i - 1];
        }
    }
    return NULL;
}

static void a_set_is_an_entry_of_the_audit_log_with_who_and_how(void **state)
{
    (void)state;
    const uint32_t id = world_case(world)->id;
    assert_int_equal(set_text(NAME(VMS, 1L, COMMENT, (long)id), "a note"), 0);
    const struct nq_log_entry *entry = entry_of("set");
    assert_non_null(entry);
    assert_int_equal(entry->case_id, id);
    assert_string_equal(entry->actor, "snmp");
    char expected[NQ_TEXT_MAX];
    (void)snprintf(expected, sizeof(expected),
                   "nqVmComment.%u: level=noAuthNoPriv model=v2c from=\"", id);
    assert_memory_equal(entry->text, expected, strlen(expected));
    assert_non_null(strstr(entry->text, "old=\"\" new=\"a note\""));

    assert_int_equal(set_number(NAME(1L, 7L, 0L), 2), 0);
    entry = entry_of("set");
    assert_int_equal(entry->case_id, 0);
    assert_non_null(strstr(entry->text, "nqEngineReconcile.0: "));
    assert_non_null(strstr(entry->text, "old=1 new=2"));
}

static void
a_refused_set_is_logged_with_its_reason_and_no_entry_of_the_audit_log(void **state)
{
    (void)state;
    nq_log_to(keep_line, NULL);
    assert_int_equal(set_number(NAME(VMS, 1L, ADMIN, (long)world_case(world)->id), 9),
                     SNMP_ERR_WRONGVALUE);
    assert_non_null(strstr(log_line, "SET refused: object=nqVmAdminState instance=1 "
                                     "actor=snmp level=noAuthNoPriv model=v2c"));
    assert_non_null(strstr(log_line, "error=wrongValue"));
    assert_null(entry_of("set"));
}

static void keep_late_line(void *arg, enum nq_log_level level, const char *line)
{
    if (strstr(line, "too late")) {
        keep_line(arg, level, line);
    }
}

static void
a_command_that_its_neighbour_in_the_set_forbids_is_left_out_and_logged(void **state)
{
    (void)state;
    world_detect(world, "NOBODY-01", "Eicar");
    world_run(world, 120000);
    assert_state(world, NQ_CASE_HELD);
    log_line[0] = '\0';
    nq_log_to(keep_late_line, NULL);

    const long observe = NQ_MODE_OBSERVE;
    const long approve = NQ_WANT_APPROVE;
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    add(pdu, NAME(1L, 2L, 0L), ASN_INTEGER, &observe, sizeof(observe));
    add(pdu, NAME(VMS, 1L, ADMIN, (long)world_case(world)->id), ASN_INTEGER, &approve,
        sizeof(approve));
    netsnmp_pdu *response = ask(pdu);
    assert_int_equal(response->errstat, SNMP_ERR_NOERROR);
    snmp_free_pdu(response);

    nq_log_to(keep_line, NULL);
    assert_state(world, NQ_CASE_HELD);
    assert_non_null(strstr(log_line, "command too late"));
    assert_non_null(strstr(log_line, "state=held mode=observe"));
}

static unsigned refusals;

static void count_refusals(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    refusals += strstr(line, "SET refused") != NULL;
}

static void refused_sets_do_not_fill_the_log(void **state)
{
    (void)state;
    refusals = 0;
    nq_log_to(count_refusals, NULL);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(set_number(NAME(1L, 2L, 0L), 9), SNMP_ERR_WRONGVALUE);
    }
    nq_log_to(keep_line, NULL);
    /* Perhaps a new minute began meanwhile. */
    assert_true(refusals <= 2 * NQ_LOG_LIMIT_LINES);
}

#define PHASE_TEST(name) cmocka_unit_test_setup_teardown(name, open_mib, close_mib)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PHASE_TEST(a_set_is_an_entry_of_the_audit_log_with_who_and_how),
        PHASE_TEST(a_refused_set_is_logged_with_its_reason_and_no_entry_of_the_audit_log),
        PHASE_TEST(
            a_command_that_its_neighbour_in_the_set_forbids_is_left_out_and_logged),
        PHASE_TEST(refused_sets_do_not_fill_the_log),
        PHASE_TEST(whatever_comes_between_the_phases_a_set_is_whole_or_nothing),
    };
    return cmocka_run_group_tests(tests, open_agent, close_agent);
}
