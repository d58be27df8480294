/* SPDX-License-Identifier: Apache-2.0 */
/* test_fleet.c: several managers behind one backend, with members that answer when told. */
#include "nsx/fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "nsx/call.h"

#define MEMBERS 3

/* A member keeps one call of each kind open. */
struct member {
    struct nq_backend base;
    struct nq_calls calls;
    struct nq_call *find;
    struct nq_vm_query query;
    struct nq_call *routed;
    char seen[64]; /* what was asked last */
    size_t finds;
    size_t cancelled;
    bool closed;
};

struct plain_call {
    struct nq_call call;
    struct member *member;
};

static struct member members[MEMBERS];
static struct nq_loop *loop;
static struct nq_backend *fleet;

/* What the engine was told. */
static struct {
    size_t calls;
    enum nq_code code;
    size_t vm_count;
    struct nq_vm vms[4];
    char text[256];
    char uuids[64]; /* of the last VM */
} told;

static void drop(struct nq_call *call)
{
    struct plain_call *plain = (struct plain_call *)call;
    if (plain->member->find == call) {
        plain->member->find = NULL;
    }
    if (plain->member->routed == call) {
        plain->member->routed = NULL;
    }
    plain->member->cancelled++;
    free(plain);
}

static struct nq_call *open_call(struct nq_backend *backend, nq_reply_fn *done, void *arg)
{
    struct member *member = (struct member *)backend;
    struct plain_call *plain = nq_calloc(1, sizeof(*plain));
    plain->member = member;
    nq_call_open(&plain->call, &member->calls, drop, done, arg);
    return &plain->call;
}

static struct nq_call *member_find(struct nq_backend *backend,
                                   const struct nq_vm_query *query, nq_reply_fn *done,
                                   void *arg)
{
    struct member *member = (struct member *)backend;
    member->query = *query;
    member->finds++;
    return member->find = open_call(backend, done, arg);
}

static struct nq_call *route(struct nq_backend *backend, const char *what,
                             const struct nq_vm_id *vm, nq_reply_fn *done, void *arg)
{
    struct member *member = (struct member *)backend;
    (void)snprintf(member->seen, sizeof(member->seen), "%s %s", what,
                   vm ? vm->external_id : "");
    return member->routed = open_call(backend, done, arg);
}

static struct nq_call *member_read(struct nq_backend *backend, const struct nq_vm_id *vm,
                                   nq_reply_fn *done, void *arg)
{
    return route(backend, "read", vm, done, arg);
}

static struct nq_call *member_change(struct nq_backend *backend,
                                     enum nq_tag_change change, const struct nq_vm_id *vm,
                                     nq_reply_fn *done, void *arg)
{
    return route(backend, change == NQ_TAG_ADD ? "add" : "remove", vm, done, arg);
}

static struct nq_call *member_prove(struct nq_backend *backend, const struct nq_vm_id *vm,
                                    nq_reply_fn *done, void *arg)
{
    return route(backend, "prove", vm, done, arg);
}

static struct nq_call *member_groups(struct nq_backend *backend, size_t manager,
                                     nq_reply_fn *done, void *arg)
{
    (void)manager;
    return route(backend, "groups", NULL, done, arg);
}

static struct nq_call *member_tagged(struct nq_backend *backend, size_t manager,
                                     nq_reply_fn *done, void *arg)
{
    (void)manager;
    return route(backend, "tagged", NULL, done, arg);
}

static struct nq_call *member_protector(struct nq_backend *backend,
                                        const struct nq_vm_id *vm, nq_reply_fn *done,
                                        void *arg)
{
    return route(backend, "protector", vm, done, arg);
}

static void member_servers(const struct nq_backend *backend, size_t manager,
                           nq_server_fn *fn, void *arg)
{
    (void)backend;
    fn(arg, manager == 1 ? "nsx-2.corp.example" : "other");
}

static void member_cancel(struct nq_backend *backend, struct nq_call *call)
{
    (void)backend;
    nq_call_cancel(call);
}

static void member_status(const struct nq_backend *backend, size_t manager,
                          struct nq_manager_status *ret_status)
{
    (void)manager;
    ret_status->vms = (size_t)((const struct member *)backend - members) + 10;
}

static void member_close(struct nq_backend *backend)
{
    ((struct member *)backend)->closed = true;
}

static const struct nq_backend_ops member_ops = {
    .find_vms = member_find,
    .read_vm = member_read,
    .change_tag = member_change,
    .prove = member_prove,
    .read_groups = member_groups,
    .read_tagged = member_tagged,
    .read_protector = member_protector,
    .each_server = member_servers,
    .cancel = member_cancel,
    .status = member_status,
    .close = member_close,
};

static int set_up(void **state)
{
    (void)state;
    struct nq_err err;
    struct nq_backend *list[MEMBERS];
    memset(members, 0, sizeof(members));
    memset(&told, 0, sizeof(told));
    for (size_t i = 0; i < MEMBERS; i++) {
        members[i].base.ops = &member_ops;
        list[i] = &members[i].base;
    }
    loop = nq_loop_open(&nq_system_clock, &err);
    fleet = nq_fleet_new(list, MEMBERS, loop);
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fleet = nq_backend_close(fleet);
    loop = nq_loop_close(loop);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_true(members[i].closed);
        assert_null(members[i].calls.first);
    }
    return 0;
}

static void on_reply(void *arg, const struct nq_reply *reply)
{
    (void)arg;
    told.calls++;
    told.code = reply->err ? reply->err->code : NQ_OK;
    told.vm_count = reply->vm_count;
    told.text[0] = '\0';
    for (size_t i = 0; i < reply->vm_count && i < 4; i++) {
        const size_t used = strlen(told.text);
        (void)snprintf(told.text + used, sizeof(told.text) - used, "%zu/%s/%s;",
                       reply->vms[i].manager, reply->vms[i].external_id,
                       reply->vms[i].display_name);
        (void)snprintf(told.uuids, sizeof(told.uuids), "%s",
                       reply->vms[i].uuids ? reply->vms[i].uuids : "");
    }
}

/* The question that the test asked last. */
static struct nq_call *asked;

static void find(bool fresh)
{
    static struct nq_vm_query query = {.hint_count = 1, .hints = {"VDI-01"}};
    query.fresh = fresh;
    asked = fleet->ops->find_vms(fleet, &query, on_reply, NULL);
}

static void answer_none(size_t member)
{
    nq_call_reply(members[member].find, &(struct nq_reply){.missing = ""});
}

/* The texts live only as long as the answer does. */
static void answer_vm(size_t member, const char *id)
{
    char copy[16];
    char uuids[] = "uuid-1,uuid-2";
    (void)snprintf(copy, sizeof(copy), "%s", id);
    const struct nq_vm vm = {.manager = member,
                             .external_id = copy,
                             .display_name = "VDI-01",
                             .host_name = "",
                             .addresses = "",
                             .uuids = uuids,
                             .type = "REGULAR",
                             .regular = true,
                             .matched = 1};
    nq_call_reply(members[member].find,
                  &(struct nq_reply){.vms = &vm, .vm_count = 1, .missing = ""});
    memset(copy, 'x', sizeof(copy) - 1);
    memset(uuids, 'x', sizeof(uuids) - 1);
}

static void answer_error(size_t member)
{
    const struct nq_err err = {.code = NQ_NSX_UNREACHABLE};
    nq_call_fail(members[member].find, &err);
}

static void a_vm_that_one_manager_knows_is_found_without_asking_the_others_anew(void **s)
{
    (void)s;
    find(false);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_true(members[i].query.known_only);
    }
    answer_none(0);
    answer_vm(1, "id-1");
    assert_int_equal(told.calls, 0);
    answer_none(2);
    assert_int_equal(told.calls, 1);
    assert_string_equal(told.text, "1/id-1/VDI-01;");
    assert_string_equal(told.uuids, "uuid-1,uuid-2");
    assert_int_equal(members[0].finds, 1);
}

static void a_vm_that_nobody_knows_is_asked_of_all(void **state)
{
    (void)state;
    find(false);
    for (size_t i = 0; i < MEMBERS; i++) {
        answer_none(i);
    }
    assert_int_equal(told.calls, 0);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_int_equal(members[i].finds, 2);
        assert_false(members[i].query.known_only);
        assert_string_equal(members[i].query.hints[0], "VDI-01");
        answer_none(i);
    }
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.code, NQ_OK);
    assert_int_equal(told.vm_count, 0);
}

static void the_same_name_at_two_managers_gives_two_candidates(void **state)
{
    (void)state;
    find(false);
    answer_vm(2, "vm-7");
    answer_vm(0, "vm-7");
    answer_none(1);
    assert_string_equal(told.text, "2/vm-7/VDI-01;0/vm-7/VDI-01;");
}

static void a_fresh_look_asks_all_at_once(void **state)
{
    (void)state;
    find(true);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_true(members[i].query.fresh);
        assert_false(members[i].query.known_only);
        answer_none(i);
    }
    assert_int_equal(told.calls, 1);
}

static void a_manager_that_fails_does_not_hide_the_vm_of_another(void **state)
{
    (void)state;
    find(true);
    answer_error(0);
    answer_vm(1, "id-1");
    answer_error(2);
    assert_int_equal(told.code, NQ_OK);
    assert_string_equal(told.text, "1/id-1/VDI-01;");
}

static void when_nobody_finds_it_the_error_is_the_answer(void **state)
{
    (void)state;
    find(true);
    answer_none(0);
    answer_error(1);
    answer_none(2);
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.code, NQ_NSX_UNREACHABLE);
}

static void a_cancelled_question_is_cancelled_everywhere(void **state)
{
    (void)state;
    find(true);
    answer_none(1);
    fleet->ops->cancel(fleet, asked);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_null(members[i].calls.first);
        assert_int_equal(members[i].cancelled, 1);
    }
    assert_int_equal(told.calls, 0);
}

static void a_call_about_a_vm_goes_to_its_manager(void **state)
{
    (void)state;
    const struct nq_vm_id vm = {2, "vm-7"};
    (void)fleet->ops->read_vm(fleet, &vm, on_reply, NULL);
    assert_string_equal(members[2].seen, "read vm-7");
    nq_call_reply(members[2].routed, &(struct nq_reply){.missing = ""});
    assert_int_equal(told.calls, 1);
    (void)fleet->ops->change_tag(fleet, NQ_TAG_REMOVE, &vm, on_reply, NULL);
    assert_string_equal(members[2].seen, "remove vm-7");
    nq_call_reply(members[2].routed, &(struct nq_reply){.missing = ""});
    struct nq_call *call = fleet->ops->prove(fleet, &vm, on_reply, NULL);
    assert_string_equal(members[2].seen, "prove vm-7");
    fleet->ops->cancel(fleet, call);
    assert_null(members[2].routed);
    assert_int_equal(told.calls, 2);
    (void)fleet->ops->read_groups(fleet, 1, on_reply, NULL);
    assert_string_equal(members[1].seen, "groups ");
    struct nq_manager_status status = {0};
    fleet->ops->status(fleet, 1, &status);
    assert_int_equal(status.vms, 11);
}

static void see_server(void *arg, const char *host)
{
    (void)snprintf(arg, sizeof(told.text), "%s", host);
}

static void what_protects_and_what_is_tagged_is_asked_of_one_manager(void **state)
{
    (void)state;
    const struct nq_vm_id vm = {1, "vm-7"};
    (void)fleet->ops->read_protector(fleet, &vm, on_reply, NULL);
    assert_string_equal(members[1].seen, "protector vm-7");
    nq_call_reply(members[1].routed, &(struct nq_reply){.missing = ""});
    (void)fleet->ops->read_tagged(fleet, 2, on_reply, NULL);
    assert_string_equal(members[2].seen, "tagged ");
    nq_call_reply(members[2].routed, &(struct nq_reply){.missing = ""});
    assert_int_equal(told.calls, 2);
    fleet->ops->each_server(fleet, 1, see_server, told.text);
    assert_string_equal(told.text, "nsx-2.corp.example");
    fleet->ops->each_server(fleet, MEMBERS, see_server, told.text); /* nobody's */
    assert_string_equal(told.text, "nsx-2.corp.example");
    (void)fleet->ops->read_tagged(fleet, MEMBERS, on_reply, NULL);
    while (told.calls == 2) {
        nq_loop_turn(loop);
    }
    assert_int_equal(told.code, NQ_NSX_NOT_FOUND);
}

static void a_vm_of_a_manager_that_is_gone_fails_after_the_start(void **state)
{
    (void)state;
    const struct nq_vm_id vm = {SIZE_MAX, "vm-7"};
    (void)fleet->ops->change_tag(fleet, NQ_TAG_ADD, &vm, on_reply, NULL);
    struct nq_call *call = fleet->ops->read_vm(fleet, &vm, on_reply, NULL);
    fleet->ops->cancel(fleet, call);
    assert_int_equal(told.calls, 0);
    while (told.calls == 0) {
        nq_loop_turn(loop);
    }
    nq_loop_turn(loop);
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.code, NQ_NSX_NOT_FOUND);
}

static void what_is_open_ends_with_the_fleet(void **state)
{
    (void)state;
    const struct nq_vm_id vm = {0, "id"};
    find(true);
    (void)fleet->ops->read_vm(fleet, &vm, on_reply, NULL);
    (void)fleet->ops->read_vm(fleet, &(struct nq_vm_id){9, "id"}, on_reply, NULL);
    /* tear_down() closes it and looks */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_vm_that_one_manager_knows_is_found_without_asking_the_others_anew),
        TEST(a_vm_that_nobody_knows_is_asked_of_all),
        TEST(the_same_name_at_two_managers_gives_two_candidates),
        TEST(a_fresh_look_asks_all_at_once),
        TEST(a_manager_that_fails_does_not_hide_the_vm_of_another),
        TEST(when_nobody_finds_it_the_error_is_the_answer),
        TEST(a_cancelled_question_is_cancelled_everywhere),
        TEST(a_call_about_a_vm_goes_to_its_manager),
        TEST(what_protects_and_what_is_tagged_is_asked_of_one_manager),
        TEST(a_vm_of_a_manager_that_is_gone_fails_after_the_start),
        TEST(what_is_open_ends_with_the_fleet),
    };
    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
