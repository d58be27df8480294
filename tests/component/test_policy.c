/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of nsx/backend.h, kept by the policy backend against the simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "nsx/policy.h"
#include "store/record.h"
#include "world_manager.h"

#define VDI_01     "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"
#define VDI_02     "50221a4c-7f10-4b6e-8a02-5d2c9e7b0a02"
#define VDI_03     "50221a4c-7f10-4b6e-8a03-5d2c9e7b0a03"
#define EDGE       "50221a4c-7f10-4b6e-8a90-5d2c9e7b0a90"
#define NO_VM      "00000000-0000-0000-0000-000000000000"
#define VMS        "/api/v1/fabric/virtual-machines"
#define ALL_VMS    VMS "?sort_by"
#define VIFS       "/api/v1/fabric/vifs"
#define MEMBERS    "/policy/api/v1/infra/domains/default/groups/"
#define STATUS     "/policy/api/v1/infra/realized-state/status"
#define EXCLUDED   "/policy/api/v1/infra/settings/firewall/security/exclude-list"
#define GROUPS     "/infra/domains/default/groups/"
#define TAG        NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT)
#define MEMBER     NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER)
#define REALIZED   NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED)
#define NOT_OUT    NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED)
#define ALL_RUNGS  (TAG | MEMBER | REALIZED | NOT_OUT)
#define TIMEOUT_MS 5000

/* A configuration as the file would give it; the tests change it before they open. */
static struct {
    struct nq_config conf;
    struct nq_manager_conf manager;
    struct nq_group_conf groups[2];
    char name[16], url[64], user[16], password_file[64], ca_file[64], scope[32],
        value[32];
    char names[2][16], paths[2][64];
} site;

static struct manager *manager;
static struct nq_backend *backend;

static void set_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
}

static void set_site(void)
{
    set_text(site.name, sizeof(site.name), "nsx-1");
    set_text(site.url, sizeof(site.url), manager_url(manager));
    set_text(site.user, sizeof(site.user), "admin");
    set_text(site.password_file, sizeof(site.password_file), manager_file("password"));
    set_text(site.ca_file, sizeof(site.ca_file), manager_file(MANAGER_CA));
    set_text(site.scope, sizeof(site.scope), "nsx-quarantine");
    set_text(site.value, sizeof(site.value), "isolated");
    set_text(site.paths[0], sizeof(site.paths[0]), GROUPS "quarantine");
    set_text(site.paths[1], sizeof(site.paths[1]), GROUPS "vdi");
    site.manager = (struct nq_manager_conf){
        .name = site.name,
        .url = site.url,
        .user = site.user,
        .password_file = site.password_file,
        .ca_file = site.ca_file,
        .connect_timeout_ms = TIMEOUT_MS,
        .timeout_ms = TIMEOUT_MS,
        .concurrency = 4,
        .inventory_interval_ms = 3600000,
        .auth_pause_ms = 3600000,
    };
    for (size_t i = 0; i < 2; i++) {
        site.groups[i] = (struct nq_group_conf){
            .name = site.names[i],
            .path = site.paths[i],
            .role = i == 0 ? NQ_GROUP_QUARANTINE : NQ_GROUP_WATCHED,
        };
    }
    site.conf = (struct nq_config){
        .tag_scope = site.scope,
        .tag_value = site.value,
        .retry_first_ms = 3600000,
        .retry_most_ms = 3600000,
        .managers = &site.manager,
        .manager_count = 1,
        .groups = site.groups,
        .group_count = 2,
    };
}

static void open_backend(void)
{
    struct nq_err err;
    backend =
        nq_policy_open(&site.conf, 0, manager_loop(manager), &nq_system_clock, &err);
    if (!backend) {
        fail_msg("%s", err.detail);
    }
}

static int begin_with(const char *world)
{
    manager = manager_new(world);
    manager_write_file("password", "VMware1!VMware1!\n");
    set_site();
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(NULL);
}

static int end(void **state)
{
    (void)state;
    backend = nq_backend_close(backend);
    manager = manager_free(manager);
    return 0;
}

/* ---- calls ------------------------------------------------------------------------------ */

/* A reply, copied. */
struct reply {
    bool over;
    int calls;
    enum nq_code code;
    char detail[NQ_ERR_DETAIL];
    size_t vm_count;
    char vms[2048]; /* "id matched type tagged regular" of each, with ; */
    char addresses[256];
    unsigned rungs;
    unsigned provable;
    char missing[256];
    size_t group_count;
    char groups[2048]; /* "members tagged realized first last" of each, with ; */
};

static void append(char *text, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *fmt, ...)
{
    const size_t used = strlen(text);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text + used, size - used, fmt, args);
    va_end(args);
}

static void on_reply(void *arg, const struct nq_reply *reply)
{
    struct reply *seen = arg;
    seen->over = true;
    seen->calls++;
    assert_non_null(reply->missing);
    if (reply->err) {
        seen->code = reply->err->code;
        (void)snprintf(seen->detail, sizeof(seen->detail), "%s", reply->err->detail);
        return;
    }
    seen->vm_count = reply->vm_count;
    for (size_t i = 0; i < reply->vm_count; i++) {
        const struct nq_vm *vm = &reply->vms[i];
        append(seen->vms, sizeof(seen->vms), "%s %u %s%s%s;", vm->external_id,
               vm->matched, vm->type, vm->has_our_tag ? " tagged" : "",
               vm->regular ? " regular" : "");
        (void)snprintf(seen->addresses, sizeof(seen->addresses), "%s", vm->addresses);
    }
    seen->rungs = reply->rungs;
    seen->provable = reply->provable;
    (void)snprintf(seen->missing, sizeof(seen->missing), "%s", reply->missing);
    seen->group_count = reply->group_count;
    for (size_t i = 0; i < reply->group_count; i++) {
        const struct nq_group_view *group = &reply->groups[i];
        if (!group->known) {
            append(seen->groups, sizeof(seen->groups), "unknown;");
            continue;
        }
        append(seen->groups, sizeof(seen->groups), "%zu %zu %d", group->member_count,
               group->tagged_count, (int)group->realized);
        for (size_t k = 0; k < group->member_count; k++) {
            append(seen->groups, sizeof(seen->groups), " %.23s", group->external_ids[k]);
        }
        append(seen->groups, sizeof(seen->groups), ";");
    }
}

/* Every start is checked not to call back before it returns. */
static struct nq_call *started(struct nq_call *call, const struct reply *seen)
{
    assert_non_null(call);
    assert_int_equal(seen->calls, 0);
    return call;
}

static struct nq_call *start_find(const char *first, const char *second,
                                  struct reply *seen)
{
    const struct nq_vm_query query = {.hint_count = second ? 2 : 1,
                                      .hints = {first, second}};
    *seen = (struct reply){0};
    return started(backend->ops->find_vms(backend, &query, on_reply, seen), seen);
}

static struct nq_call *start_read(const char *id, struct reply *seen)
{
    *seen = (struct reply){0};
    return started(backend->ops->read_vm(backend, id, on_reply, seen), seen);
}

static struct nq_call *start_change(enum nq_tag_change change, const char *id,
                                    struct reply *seen)
{
    *seen = (struct reply){0};
    return started(backend->ops->change_tag(backend, change, id, on_reply, seen), seen);
}

static struct nq_call *start_prove(const char *id, struct reply *seen)
{
    *seen = (struct reply){0};
    return started(backend->ops->prove(backend, id, on_reply, seen), seen);
}

static struct nq_call *start_groups(struct reply *seen)
{
    *seen = (struct reply){0};
    return started(backend->ops->read_groups(backend, on_reply, seen), seen);
}

static void wait(struct reply *seen)
{
    manager_run_until(manager, &seen->over);
    assert_int_equal(seen->calls, 1);
}

static void expect_good(struct reply *seen)
{
    wait(seen);
    if (seen->code != NQ_OK) {
        fail_msg("%s: %s", nq_code_name(seen->code), seen->detail);
    }
}

static void expect_failure(struct reply *seen, enum nq_code code)
{
    wait(seen);
    if (seen->code != code) {
        fail_msg("%s instead of %s: %s", nq_code_name(seen->code), nq_code_name(code),
                 seen->detail);
    }
}

static void find(const char *first, const char *second, struct reply *seen)
{
    (void)start_find(first, second, seen);
    expect_good(seen);
}

static void change(enum nq_tag_change change_to, const char *id)
{
    struct reply seen;
    (void)start_change(change_to, id, &seen);
    expect_good(&seen);
}

static void expect_state(enum nq_manager_state state, enum nq_code last)
{
    const struct nq_manager_status status = backend->ops->status(backend);
    assert_int_equal(status.state, state);
    assert_int_equal(status.last_error ? status.last_error->code : NQ_OK, last);
}

/* ---- finding ---------------------------------------------------------------------------- */

static void finds_a_vm_by_name_host_name_address_and_uuid(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    expect_state(NQ_MANAGER_DEGRADED, NQ_OK);
    find("vdi-01", NULL, &seen);
    assert_string_equal(seen.vms, VDI_01 " 1 REGULAR regular;");
    assert_string_equal(seen.addresses, "192.0.2.11,2001:db8:10::11");
    expect_state(NQ_MANAGER_UP, NQ_OK);
    find("VDI-02.corp.example", NULL, &seen);
    assert_string_equal(seen.vms, VDI_02 " 1 REGULAR regular;");
    find("2001:DB8:10:0::13", NULL, &seen);
    assert_string_equal(seen.vms, VDI_03 " 1 REGULAR regular;");
    find("42221A4C-7F10-4B6E-8A01-5D2C9E7B0A01", VDI_01,
         &seen); /* BIOS and external id */
    assert_string_equal(seen.vms, VDI_01 " 3 REGULAR regular;");
    find("edge-01", NULL, &seen);
    assert_string_equal(seen.vms, EDGE " 1 EDGE;");
    find("VDI-01", "192.0.2.12", &seen);
    assert_string_equal(seen.vms,
                        VDI_01 " 1 REGULAR regular;" VDI_02 " 2 REGULAR regular;");
    assert_int_equal(manager_requests(manager, "GET", ALL_VMS), 1);
}

static void many_who_wait_share_one_sync(void **state)
{
    (void)state;
    struct reply seen[20];
    open_backend();
    for (size_t i = 0; i < 20; i++) {
        (void)start_find(i % 2 ? "vdi-01" : "nobody", NULL, &seen[i]);
    }
    for (size_t i = 0; i < 20; i++) {
        expect_good(&seen[i]);
        assert_int_equal(seen[i].vm_count, i % 2);
    }
    assert_int_equal(manager_requests(manager, "GET", ALL_VMS), 1);
    assert_int_equal(manager_requests(manager, "GET", VIFS), 1);
}

static void an_unknown_vm_costs_at_most_one_sync_a_second(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    find("vdi-01", NULL, &seen);
    const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
    for (int i = 0; i < 2; i++) {
        find("nobody", NULL, &seen);
        assert_int_equal(seen.vm_count, 0);
    }
    assert_int_equal(manager_requests(manager, "GET", ALL_VMS), 3);
    assert_true(nq_mono_ms(&nq_system_clock) - begin_ms >= 1000);
}

static void a_vm_that_is_new_is_found_by_a_fresh_sync(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    find("vdi-01", NULL, &seen);
    manager_post(manager, "/sim/vms",
                 "{\"external_id\":\"new-1\",\"display_name\":\"VDI-99\"}");
    find("vdi-99", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    assert_memory_equal(seen.vms, "new-1 1 ", 8);
}

static void what_the_inventory_knows_is_asked_again_on_demand(void **state)
{
    (void)state;
    struct reply seen;
    const struct nq_vm_query again = {
        .fresh = true, .hint_count = 1, .hints = {"VDI-01"}};
    open_backend();
    find("VDI-01", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    manager_post(manager, "/sim/vms", /* its clone takes the name over */
                 "{\"external_id\":\"new-1\",\"display_name\":\"VDI-01\"}");
    find("VDI-01", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    seen = (struct reply){0};
    (void)started(backend->ops->find_vms(backend, &again, on_reply, &seen), &seen);
    expect_good(&seen);
    assert_int_equal(seen.vm_count, 2);
    assert_int_equal(manager_requests(manager, "GET", ALL_VMS), 2);
}

static void a_failed_sync_keeps_the_old_inventory_and_says_why(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    find("vdi-01", NULL, &seen);
    manager_fault(manager, "{\"path\":\"" VIFS "\",\"status\":503,\"times\":1}");
    (void)start_find("nobody", NULL, &seen);
    expect_failure(&seen, NQ_NSX_BUSY);
    expect_state(NQ_MANAGER_DEGRADED, NQ_NSX_BUSY);
    find("192.0.2.11", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    find("nobody", NULL, &seen);
    assert_int_equal(seen.vm_count, 0);
    expect_state(NQ_MANAGER_UP, NQ_NSX_BUSY);
}

static void the_inventory_is_read_again_by_time(void **state)
{
    (void)state;
    struct reply seen;
    site.manager.inventory_interval_ms = 50;
    open_backend();
    find("vdi-01", NULL, &seen);
    char *text = manager_get(manager, "/sim/journal?min_requests=6");
    free(text);
    assert_true(manager_requests(manager, "GET", ALL_VMS) >= 3);
}

/* ---- paging ------------------------------------------------------------------------------ */

/* A world of 2,500 VMs, each in the quarantine group and with one address. */
static int begin_large(void **state)
{
    (void)state;
    struct nq_buf world;
    nq_buf_init(&world, (size_t)8 << 20);
    assert_true(nq_buf_addf(&world,
                            "{\"user\":\"admin\",\"password\":\"VMware1!VMware1!\","
                            "\"virtual_machines\":["));
    for (int i = 0; i < 2500; i++) {
        assert_true(nq_buf_addf(
            &world,
            "%s{\"external_id\":\"vm-%04d\",\"display_name\":\"VDI-%04d\",\"vifs\":[{"
            "\"mac_address\":\"00:50:56:00:00:01\",\"device_key\":\"4000\","
            "\"ip_address_info\":[{\"ip_addresses\":[\"10.0.%d.%d\"]}]}],"
            "\"tags\":[{\"scope\":\"nsx-quarantine\",\"tag\":\"isolated\"}]}",
            i ? "," : "", i, i, i / 250, i % 250));
    }
    assert_true(nq_buf_addf(
        &world, "],\"groups\":[{\"id\":\"quarantine\",\"expression\":[{\"resource_type\":"
                "\"Condition\",\"member_type\":\"VirtualMachine\",\"key\":\"Tag\","
                "\"operator\":\"EQUALS\",\"value\":\"nsx-quarantine|isolated\"}]}]}"));
    manager_write_file("large.json", nq_buf_text(&world));
    nq_buf_done(&world);
    return begin_with(manager_file("large.json"));
}

static void lists_of_several_pages_are_read_to_their_end(void **state)
{
    (void)state;
    struct reply seen;
    site.conf.group_count = 1;
    open_backend();
    find("vdi-2499", "10.0.9.249", &seen);
    assert_int_equal(seen.vm_count, 1);
    assert_memory_equal(seen.vms, "vm-2499 3 ", 10);
    find("vdi-0000", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    (void)start_groups(&seen);
    expect_good(&seen);
    assert_memory_equal(seen.groups, "2500 2500 3 vm-0000 vm-0001", 27);
    assert_int_equal(manager_requests(manager, "GET", ALL_VMS), 3);
    assert_int_equal(manager_requests(manager, "GET", VIFS), 3);
    assert_int_equal(manager_requests(manager, "GET", MEMBERS), 3);
}

/* Neither cursor nor result_count, and a number of items as cursor. */
static void
lists_that_page_by_offset_without_saying_so_are_read_to_their_end(void **state)
{
    (void)state;
    struct reply seen;
    manager_fault(
        manager,
        "[{\"path\":\"" ALL_VMS "\",\"query\":\"cursor=2\",\"status\":200,\"body\":"
        "{\"results\":[{\"external_id\":\"c\",\"display_name\":\"third\"}]},\"times\":1},"
        "{\"path\":\"" ALL_VMS "\",\"query\":\"cursor=3\",\"status\":200,\"body\":"
        "{\"results\":[]},\"times\":1},"
        "{\"path\":\"" ALL_VMS "\",\"status\":200,\"body\":{\"results\":["
        "{\"external_id\":\"a\"},{\"external_id\":\"b\"}]},\"times\":1}]");
    open_backend();
    find("third", NULL, &seen);
    assert_memory_equal(seen.vms, "c 1 ", 4);
    assert_int_equal(manager_requests(manager, "GET", ALL_VMS), 3);
}

static void a_list_that_repeats_itself_is_an_error(void **state)
{
    (void)state;
    struct reply seen;
    manager_fault(manager, "{\"path\":\"" ALL_VMS "\",\"status\":200,\"body\":"
                           "{\"results\":[{\"external_id\":\"a\"}]}}");
    open_backend();
    (void)start_find("vdi-01", NULL, &seen);
    expect_failure(&seen, NQ_NSX_ANSWER);
    assert_non_null(strstr(seen.detail, "repeats"));
    assert_int_equal(manager_requests(manager, "GET", ALL_VMS), 2);
}

/* ---- one VM ------------------------------------------------------------------------------ */

static void the_tag_is_added_and_removed_as_a_delta(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    for (int i = 0; i < 2; i++) { /* twice is once */
        change(NQ_TAG_ADD, VDI_01);
    }
    (void)start_read(VDI_01, &seen);
    expect_good(&seen);
    assert_string_equal(seen.vms, VDI_01 " 0 REGULAR tagged regular;");
    find("vdi-01", NULL, &seen); /* the inventory knows without another sync */
    assert_string_equal(seen.vms, VDI_01 " 1 REGULAR tagged regular;");
    for (int i = 0; i < 2; i++) {
        change(NQ_TAG_REMOVE, VDI_01);
    }
    (void)start_read(VDI_01, &seen);
    expect_good(&seen);
    assert_string_equal(seen.vms, VDI_01 " 0 REGULAR regular;");
    assert_string_equal(seen.addresses, "192.0.2.11,2001:db8:10::11");
    assert_int_equal(manager_requests(manager, "POST", VMS "?action=add_tags"), 2);
    assert_int_equal(manager_requests(manager, "POST", VMS "?action=remove_tags"), 2);
    assert_int_equal(manager_requests(manager, "POST", ""), 4);
}

static void a_vm_that_nsx_does_not_have_is_told_apart(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    (void)start_read(NO_VM, &seen);
    expect_good(&seen);
    assert_int_equal(seen.vm_count, 0);
    (void)start_change(NQ_TAG_ADD, NO_VM, &seen);
    expect_failure(&seen, NQ_NSX_NOT_FOUND);
    assert_non_null(strstr(seen.detail, "HTTP 404"));
    (void)start_read("a&external_id=" VDI_01, &seen); /* encoded, so no second filter */
    expect_good(&seen);
    assert_int_equal(seen.vm_count, 0);
    expect_state(NQ_MANAGER_UP, NQ_NSX_NOT_FOUND);
}

static void a_write_whose_answer_is_lost_is_settled_by_reading(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    find("vdi-01", NULL, &seen);
    manager_fault(manager, "{\"method\":\"POST\",\"path\":\"" VMS "\","
                           "\"drop_after_apply\":true,\"times\":1}");
    (void)start_change(NQ_TAG_ADD, VDI_01, &seen);
    expect_failure(&seen, NQ_NSX_UNREACHABLE);
    expect_state(NQ_MANAGER_DOWN, NQ_NSX_UNREACHABLE);
    (void)start_read(VDI_01, &seen);
    expect_good(&seen);
    assert_string_equal(seen.vms, VDI_01 " 0 REGULAR tagged regular;");
    assert_int_equal(manager_requests(manager, "POST", VMS), 1);
    expect_state(NQ_MANAGER_UP, NQ_NSX_UNREACHABLE);
}

/* ---- proof ------------------------------------------------------------------------------- */

static void expect_rungs(const char *id, unsigned rungs, const char *missing)
{
    struct reply seen;
    (void)start_prove(id, &seen);
    expect_good(&seen);
    assert_int_equal(seen.provable, ALL_RUNGS);
    assert_int_equal(seen.vm_count, strcmp(id, NO_VM) != 0);
    assert_string_equal(seen.missing, missing);
    assert_int_equal(seen.rungs, rungs);
}

static void the_rungs_are_proven_one_by_one(void **state)
{
    (void)state;
    open_backend();
    expect_rungs(NO_VM, 0, "NSX does not list the VM");
    expect_rungs(VDI_01, NOT_OUT, "the VM does not carry our tag");
    manager_post(manager, "/sim/realization", "{\"membership_delay_ms\":3600000}");
    change(NQ_TAG_ADD, VDI_01);
    expect_rungs(VDI_01, TAG | NOT_OUT,
                 "the VM is not in the group " GROUPS "quarantine");
    manager_post(manager, "/sim/realization",
                 "{\"membership_delay_ms\":0,\"realization_delay_ms\":3600000}");
    change(NQ_TAG_ADD, VDI_02);
    expect_rungs(VDI_02, TAG | MEMBER | NOT_OUT,
                 "the group " GROUPS "quarantine is not realized yet");
}

static void an_isolated_vm_has_all_rungs(void **state)
{
    (void)state;
    open_backend();
    change(NQ_TAG_ADD, VDI_01);
    expect_rungs(VDI_01, ALL_RUNGS, "");
    manager_fault(manager,
                  "{\"path\":\"" EXCLUDED "\",\"times\":1,\"status\":200,\"body\":"
                  "{\"members\":[\"" GROUPS "vdi\"]}}");
    expect_rungs(VDI_01, ALL_RUNGS, ""); /* it is in that group no more */
    manager_fault(manager,
                  "{\"path\":\"" EXCLUDED "\",\"times\":1,\"status\":200,\"body\":"
                  "{\"members\":[\"/infra/x\",\"" GROUPS "quarantine\"]}}");
    expect_rungs(VDI_01, TAG | MEMBER | REALIZED,
                 "the firewall's exclude list holds the VM's group " GROUPS "quarantine");
}

static void a_quarantine_group_that_does_not_exist_is_named(void **state)
{
    (void)state;
    set_text(site.paths[0], sizeof(site.paths[0]), GROUPS "no such group");
    open_backend();
    change(NQ_TAG_ADD, VDI_01);
    expect_rungs(VDI_01, TAG | NOT_OUT,
                 "NSX does not know the group " GROUPS "no such group");
    site.groups[0].role = NQ_GROUP_WATCHED;
    expect_rungs(VDI_01, TAG | NOT_OUT,
                 "no quarantine group is configured for this manager");
}

static void a_proof_with_a_question_unanswered_is_no_proof(void **state)
{
    (void)state;
    static const char *const paths[] = {
        VMS "?external_id", "/policy/api/v1/infra/virtual-machine-group-associations",
        EXCLUDED, STATUS};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char fault[256];
        struct reply seen;
        open_backend();
        change(NQ_TAG_ADD, VDI_01);
        (void)snprintf(fault, sizeof(fault), "{\"path\":\"%s\",\"status\":500}",
                       paths[i]);
        manager_fault(manager, fault);
        (void)start_prove(VDI_01, &seen);
        expect_failure(&seen, NQ_NSX_SERVER);
        assert_int_equal(seen.rungs, 0);
        assert_int_equal(end(state) + begin(state), 0); /* what was cancelled is over */
    }
}

/* ---- groups ------------------------------------------------------------------------------ */

static void groups_show_members_tags_and_realization(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    find("vdi-01", NULL, &seen);
    change(NQ_TAG_ADD, VDI_02);
    change(NQ_TAG_ADD, VDI_01);
    (void)start_groups(&seen);
    expect_good(&seen);
    assert_int_equal(seen.group_count, 2);
    assert_string_equal(seen.groups,
                        "2 2 3 50221a4c-7f10-4b6e-8a01 50221a4c-7f10-4b6e-8a02;"
                        "1 0 3 50221a4c-7f10-4b6e-8a03;");
}

static void a_group_that_does_not_exist_leaves_the_others_readable(void **state)
{
    (void)state;
    struct reply seen;
    set_text(site.paths[0], sizeof(site.paths[0]), GROUPS "none");
    open_backend();
    (void)start_groups(&seen);
    expect_good(&seen);
    assert_int_equal(seen.group_count, 2);
    assert_memory_equal(seen.groups, "unknown;3 0 3 ", 14);

    manager_fault(manager, "{\"path\":\"" MEMBERS "vdi\",\"status\":429,\"times\":1}");
    (void)start_groups(&seen);
    expect_failure(&seen, NQ_NSX_BUSY);
}

static void no_group_is_an_answer_too(void **state)
{
    (void)state;
    struct reply seen;
    site.conf.group_count = 0;
    open_backend();
    (void)start_groups(&seen);
    expect_good(&seen);
    assert_int_equal(seen.group_count, 0);
}

/* ---- refusals and faults ------------------------------------------------------------------ */

static void a_wrong_password_costs_one_request(void **state)
{
    (void)state;
    struct reply seen[6];
    manager_write_file("password", "wrong\n");
    open_backend();
    (void)start_find("vdi-01", NULL, &seen[0]);
    (void)start_read(VDI_01, &seen[1]);
    (void)start_change(NQ_TAG_ADD, VDI_01, &seen[2]);
    (void)start_prove(VDI_01, &seen[3]);
    (void)start_groups(&seen[4]);
    for (size_t i = 0; i < 5; i++) {
        expect_failure(&seen[i], NQ_NSX_AUTH);
    }
    (void)start_change(NQ_TAG_ADD, VDI_01, &seen[5]);
    expect_failure(&seen[5], NQ_NSX_AUTH);
    assert_non_null(strstr(seen[5].detail, "no request until 20"));
    assert_non_null(strstr(seen[5].detail, "HTTP 401"));
    assert_int_equal(
        manager_requests(manager, "GET", "") + manager_requests(manager, "POST", ""), 1);
    expect_state(NQ_MANAGER_AUTH_FAILED, NQ_NSX_AUTH);
}

static void after_the_pause_one_request_tries_again(void **state)
{
    (void)state;
    struct reply seen[5];
    site.manager.auth_pause_ms = 1;
    manager_fault(manager, "{\"status\":401,\"times\":1}");
    open_backend();
    (void)start_find("vdi-01", NULL, &seen[0]);
    expect_failure(&seen[0], NQ_NSX_AUTH);
    manager_fault(manager,
                  "{\"path\":\"" VMS "?external_id\",\"hold\":true,\"times\":1}");
    const int64_t shut_ms = nq_mono_ms(&nq_system_clock);
    while (nq_mono_ms(&nq_system_clock) <= shut_ms + 1) {
    }
    for (size_t i = 1; i < 5; i++) {
        (void)start_read(VDI_01, &seen[i]);
    }
    free(manager_get(manager, "/sim/held?count=1"));
    assert_int_equal(manager_requests(manager, "GET", VMS "?external_id"), 1);
    manager_post(manager, "/sim/release", "{}");
    for (size_t i = 1; i < 5; i++) {
        expect_good(&seen[i]);
    }
    assert_int_equal(manager_requests(manager, "GET", VMS "?external_id"), 4);
}

static void a_refusal_recalls_what_was_not_sent_yet(void **state)
{
    (void)state;
    struct reply seen[8];
    site.manager.concurrency = 2;
    open_backend();
    find("vdi-01", NULL, &seen[0]);
    manager_forget(manager);
    manager_fault(manager, "{\"path\":\"" VMS "?external_id\",\"status\":401}");
    for (size_t i = 0; i < 8; i++) {
        (void)start_read(VDI_01, &seen[i]);
    }
    for (size_t i = 0; i < 8; i++) {
        expect_failure(&seen[i], NQ_NSX_AUTH);
    }
    assert_in_range(manager_requests(manager, "GET", VMS), 1, 2);
}

static void trouble_on_the_way_to_the_login_is_shared_by_who_wait(void **state)
{
    (void)state;
    struct reply seen[5];
    manager_fault(manager, "{\"status\":503}");
    open_backend();
    (void)start_find("vdi-01", NULL, &seen[0]);
    for (size_t i = 1; i < 5; i++) {
        (void)start_read(VDI_01, &seen[i]);
    }
    for (size_t i = 0; i < 5; i++) {
        expect_failure(&seen[i], NQ_NSX_BUSY);
    }
    assert_in_range(manager_requests(manager, "GET", ""), 1, 2);
}

static void every_fault_has_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum nq_code code;
        enum nq_manager_state state;
        const char *detail;
    } rows[] = {
        {"\"status\":403,\"body\":{\"error_code\":505,\"error_message\":\"licence\"}",
         NQ_NSX_FORBIDDEN, NQ_MANAGER_DEGRADED, "licence"},
        {"\"status\":403", NQ_NSX_FORBIDDEN, NQ_MANAGER_DEGRADED, "HTTP 403"},
        {"\"status\":404,\"body\":{\"error_code\":600}", NQ_NSX_NOT_FOUND, NQ_MANAGER_UP,
         "error 600"},
        {"\"status\":400,\"body\":{\"error_code\":500012}", NQ_NSX_NOT_FOUND,
         NQ_MANAGER_UP, "error 500012"},
        {"\"status\":400,\"body\":{\"error_code\":287,\"error_message\":\"bad\\nbody\"}",
         NQ_NSX_REJECTED, NQ_MANAGER_UP, "bad\\nbody"},
        {"\"status\":429,\"body\":{\"error_code\":\"102\",\"module_name\":"
         "\"common-services\",\"error_message\":\"rate\"}",
         NQ_NSX_BUSY, NQ_MANAGER_DEGRADED, "error 102 of common-services"},
        {"\"status\":500,\"body\":{\"error_code\":607}", NQ_NSX_SERVER,
         NQ_MANAGER_DEGRADED, "error 607"},
        {"\"status\":503,\"body\":\"<html>busy</html>\",\"content_type\":\"text/html\"",
         NQ_NSX_BUSY, NQ_MANAGER_DEGRADED, "HTTP 503"},
        {"\"status\":504", NQ_NSX_TIMEOUT, NQ_MANAGER_DOWN, "HTTP 504"},
        {"\"html\":true", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, "HTML"},
        {"\"truncate\":20", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, ""},
        {"\"status\":200,\"body\":\"{\\\"results\\\":[{\"", NQ_NSX_ANSWER,
         NQ_MANAGER_DEGRADED, "broken JSON"},
        {"\"status\":200,\"body\":{\"results\":[{}]}", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED,
         "no usable external_id"},
        {"\"status\":204", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, "empty"},
        {"\"status\":302", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, "HTTP 302"},
        {"\"reset\":true", NQ_NSX_UNREACHABLE, NQ_MANAGER_DOWN, ""},
        {"\"drop_after_apply\":true", NQ_NSX_UNREACHABLE, NQ_MANAGER_DOWN, ""},
    };
    struct reply seen;
    open_backend();
    find("vdi-01", NULL, &seen);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char fault[512];
        /* Twice: libcurl repeats a GET once when a kept connection dies under it. */
        (void)snprintf(fault, sizeof(fault),
                       "{\"method\":\"GET\",\"path\":\"" VMS "?external_id=row-%zu&\","
                       "\"times\":2,%s}",
                       i, rows[i].fault);
        manager_fault(manager, fault);
        char id[16];
        (void)snprintf(id, sizeof(id), "row-%zu", i);
        (void)start_read(id, &seen);
        wait(&seen);
        if (seen.code != rows[i].code || !strstr(seen.detail, rows[i].detail) ||
            backend->ops->status(backend).state != rows[i].state) {
            fail_msg("%s: %s, %s", rows[i].fault, nq_code_name(seen.code), seen.detail);
        }
        (void)start_read(VDI_01, &seen); /* and it is over with the fault */
        expect_good(&seen);
    }
}

static void both_refusals_of_the_login_shut_the_gate(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"error_code\":403}",
                                         "{\"error_code\":\"98\"}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        char fault[128];
        struct reply seen;
        (void)snprintf(fault, sizeof(fault), "{\"status\":403,\"times\":1,\"body\":%s}",
                       bodies[i]);
        manager_fault(manager, fault);
        manager_forget(manager);
        open_backend();
        (void)start_find("vdi-01", NULL, &seen);
        expect_failure(&seen, NQ_NSX_AUTH);
        (void)start_read(VDI_01, &seen);
        expect_failure(&seen, NQ_NSX_AUTH);
        assert_int_equal(manager_requests(manager, "GET", ""), 1);
        backend = nq_backend_close(backend);
    }
}

static void a_page_where_an_empty_answer_belongs_is_no_acknowledgement(void **state)
{
    (void)state;
    struct reply seen;
    open_backend();
    find("vdi-01", NULL, &seen);
    manager_fault(manager, "{\"method\":\"POST\",\"html\":true,\"times\":1}");
    (void)start_change(NQ_TAG_ADD, VDI_01, &seen);
    expect_failure(&seen, NQ_NSX_ANSWER);
    find("vdi-01", NULL, &seen);
    assert_string_equal(seen.vms, VDI_01 " 1 REGULAR regular;");
}

static void a_manager_that_hangs_ends_each_call_at_its_deadline(void **state)
{
    (void)state;
    struct reply seen[5];
    site.manager.timeout_ms = 1000;
    site.manager.concurrency = 16;
    open_backend();
    find("vdi-01", NULL, &seen[0]);
    manager_fault(manager, "[{\"path\":\"/api\",\"hang\":true},"
                           "{\"path\":\"/policy\",\"hang\":true}]");
    const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
    (void)start_find("nobody", NULL, &seen[0]);
    (void)start_read(VDI_01, &seen[1]);
    (void)start_change(NQ_TAG_ADD, VDI_01, &seen[2]);
    (void)start_prove(VDI_01, &seen[3]);
    (void)start_groups(&seen[4]);
    for (size_t i = 0; i < 5; i++) {
        expect_failure(&seen[i], NQ_NSX_TIMEOUT);
    }
    assert_true(nq_mono_ms(&nq_system_clock) - begin_ms >= 1000);
    expect_state(NQ_MANAGER_DOWN, NQ_NSX_TIMEOUT);
}

static void a_manager_that_cannot_prove_itself_gets_no_password(void **state)
{
    (void)state;
    struct reply seen;
    set_text(site.ca_file, sizeof(site.ca_file), manager_file(MANAGER_OTHER_CA));
    open_backend();
    (void)start_find("vdi-01", NULL, &seen);
    expect_failure(&seen, NQ_NSX_TLS);
    expect_state(NQ_MANAGER_DOWN, NQ_NSX_TLS);
    assert_int_equal(manager_requests(manager, "GET", ""), 0);
}

/* ---- cancel and close --------------------------------------------------------------------- */

static void start_one_of_each(struct reply seen[5], struct nq_call *calls[5])
{
    calls[0] = start_find("nobody", NULL, &seen[0]);
    calls[1] = start_read(VDI_01, &seen[1]);
    calls[2] = start_change(NQ_TAG_ADD, VDI_01, &seen[2]);
    calls[3] = start_prove(VDI_01, &seen[3]);
    calls[4] = start_groups(&seen[4]);
}

static void nothing_is_heard_after_a_cancel(void **state)
{
    (void)state;
    struct reply seen[5];
    struct reply other;
    struct nq_call *calls[5];
    site.manager.concurrency = 16;
    open_backend();
    find("vdi-01", NULL, &other);
    start_one_of_each(seen, calls);
    for (size_t i = 0; i < 5; i++) { /* before anything was sent */
        backend->ops->cancel(backend, calls[i]);
    }
    manager_fault(manager, "[{\"path\":\"/api\",\"hold\":true},"
                           "{\"path\":\"/policy\",\"hold\":true}]");
    start_one_of_each(seen, calls);
    free(manager_get(manager, "/sim/held?count=8"));
    for (size_t i = 0; i < 5; i++) { /* in flight */
        backend->ops->cancel(backend, calls[i]);
    }
    manager_post(manager, "/sim/release", "{}");
    (void)start_find("vdi-01", NULL, &other);
    wait(&other);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
}

static void a_trial_that_is_cancelled_lets_the_next_one_try(void **state)
{
    (void)state;
    struct reply seen[3];
    struct nq_call *calls[2];
    manager_fault(manager, "{\"path\":\"" VMS "\",\"hold\":true,\"times\":2}");
    open_backend(); /* its first sync is a timer away: the first read is on trial */
    calls[0] = start_read(VDI_01, &seen[0]);
    calls[1] = start_read(VDI_02, &seen[1]);
    (void)start_read(VDI_03, &seen[2]);
    free(manager_get(manager, "/sim/held?count=1"));
    backend->ops->cancel(backend, calls[0]);
    free(manager_get(manager, "/sim/journal?min_requests=2"));
    backend->ops->cancel(backend, calls[1]);
    expect_good(&seen[2]);
    assert_int_equal(seen[0].calls + seen[1].calls, 0);
}

static void nothing_is_heard_after_close(void **state)
{
    (void)state;
    struct reply seen[5];
    struct nq_call *calls[5];
    manager_fault(manager, "[{\"path\":\"/api\",\"hold\":true},"
                           "{\"path\":\"/policy\",\"hold\":true}]");
    open_backend();
    start_one_of_each(seen, calls);
    free(manager_get(manager, "/sim/held?count=1"));
    backend = nq_backend_close(backend);
    manager_post(manager, "/sim/release", "{}");
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
    assert_null(nq_backend_close(NULL));
}

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *list = opendir("/proc/self/fd");
    assert_non_null(list);
    while (readdir(list)) {
        count++;
    }
    (void)closedir(list);
    return count;
}

static void a_thousand_opens_and_closes_leak_no_descriptor(void **state)
{
    (void)state;
    struct reply seen;
    const size_t before = descriptors();
    for (int i = 0; i < 1000; i++) {
        open_backend();
        (void)start_find("vdi-01", NULL, &seen);
        if (i % 100 == 0) { /* some with connections made, most in the middle of it */
            wait(&seen);
        } else {
            nq_loop_turn(manager_loop(manager));
        }
        backend = nq_backend_close(backend);
    }
    assert_int_equal(descriptors(), before);
}

static void what_cannot_be_opened_is_named(void **state)
{
    (void)state;
    struct nq_err err;
    const char *password = manager_file("password");
    struct nq_loop *loop = manager_loop(manager);
    assert_int_equal(chmod(password, 0644), 0);
    assert_null(nq_policy_open(&site.conf, 0, loop, &nq_system_clock, &err));
    assert_int_equal(err.code, NQ_SECRET_FILE);
    assert_int_equal(chmod(password, 0600), 0);

    set_text(site.ca_file, sizeof(site.ca_file), manager_file("none.pem"));
    assert_null(nq_policy_open(&site.conf, 0, loop, &nq_system_clock, &err));
    assert_int_equal(err.code, NQ_CONFIG_VALUE);
    assert_non_null(strstr(err.detail, "none.pem"));

    set_text(site.ca_file, sizeof(site.ca_file), manager_file("server.cnf"));
    assert_null(nq_policy_open(&site.conf, 0, loop, &nq_system_clock, &err));
    assert_non_null(strstr(err.detail, "no certificates"));
}

#define CONTRACT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT(finds_a_vm_by_name_host_name_address_and_uuid),
        CONTRACT(many_who_wait_share_one_sync),
        CONTRACT(an_unknown_vm_costs_at_most_one_sync_a_second),
        CONTRACT(a_vm_that_is_new_is_found_by_a_fresh_sync),
        CONTRACT(what_the_inventory_knows_is_asked_again_on_demand),
        CONTRACT(a_failed_sync_keeps_the_old_inventory_and_says_why),
        CONTRACT(the_inventory_is_read_again_by_time),
        cmocka_unit_test_setup_teardown(lists_of_several_pages_are_read_to_their_end,
                                        begin_large, end),
        CONTRACT(lists_that_page_by_offset_without_saying_so_are_read_to_their_end),
        CONTRACT(a_list_that_repeats_itself_is_an_error),
        CONTRACT(the_tag_is_added_and_removed_as_a_delta),
        CONTRACT(a_vm_that_nsx_does_not_have_is_told_apart),
        CONTRACT(a_write_whose_answer_is_lost_is_settled_by_reading),
        CONTRACT(the_rungs_are_proven_one_by_one),
        CONTRACT(an_isolated_vm_has_all_rungs),
        CONTRACT(a_quarantine_group_that_does_not_exist_is_named),
        CONTRACT(a_proof_with_a_question_unanswered_is_no_proof),
        CONTRACT(groups_show_members_tags_and_realization),
        CONTRACT(a_group_that_does_not_exist_leaves_the_others_readable),
        CONTRACT(no_group_is_an_answer_too),
        CONTRACT(a_wrong_password_costs_one_request),
        CONTRACT(after_the_pause_one_request_tries_again),
        CONTRACT(a_refusal_recalls_what_was_not_sent_yet),
        CONTRACT(trouble_on_the_way_to_the_login_is_shared_by_who_wait),
        CONTRACT(every_fault_has_its_code),
        CONTRACT(both_refusals_of_the_login_shut_the_gate),
        CONTRACT(a_page_where_an_empty_answer_belongs_is_no_acknowledgement),
        CONTRACT(a_manager_that_hangs_ends_each_call_at_its_deadline),
        CONTRACT(a_manager_that_cannot_prove_itself_gets_no_password),
        CONTRACT(nothing_is_heard_after_a_cancel),
        CONTRACT(a_trial_that_is_cancelled_lets_the_next_one_try),
        CONTRACT(nothing_is_heard_after_close),
        CONTRACT(a_thousand_opens_and_closes_leak_no_descriptor),
        CONTRACT(what_cannot_be_opened_is_named),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
