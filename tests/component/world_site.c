/* SPDX-License-Identifier: Apache-2.0 */
/* world_site.c: see world_site.h. */
#include "world_site.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "nsx/policy/policy.h"
#include "nsx/tags.h"
#include "nsx/vsphere/vsphere.h"

#define TIMEOUT_MS    5000
#define SERVERS_MAX   1024
#define VSPHERE_WORLD "tests/data/sim/vdi-vsphere.json"

struct site site;

/* ---- the configuration ------------------------------------------------------------- */

static int64_t wall_ms(const struct nq_clock *clock)
{
    (void)clock;
    return nq_wall_ms(&nq_system_clock) + site.ahead_ms;
}

static int64_t mono_ms(const struct nq_clock *clock)
{
    (void)clock;
    return nq_mono_ms(&nq_system_clock) + site.ahead_ms;
}

static const struct nq_clock clock = {.wall_ms = wall_ms, .mono_ms = mono_ms};

void site_set_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
}

static void set_site(void)
{
    site_set_text(site.name, sizeof(site.name), "nsx-1");
    site_set_text(site.url, sizeof(site.url), manager_url(site.sim));
    site_set_text(site.user, sizeof(site.user), "admin");
    site_set_text(site.password_file, sizeof(site.password_file),
                  manager_file("password"));
    site_set_text(site.ca_file, sizeof(site.ca_file), manager_file(MANAGER_CA));
    site_set_text(site.scope, sizeof(site.scope), "nsx-quarantine");
    site_set_text(site.value, sizeof(site.value), "isolated");
    site_set_text(site.paths[0], sizeof(site.paths[0]), SITE_GROUPS "quarantine");
    site_set_text(site.paths[1], sizeof(site.paths[1]), SITE_GROUPS "vdi");
    site.urls[0] = site.url;
    site.manager = (struct nq_manager_conf){
        .access =
            {
                .urls = site.urls,
                .url_count = 1,
                .auth = NQ_AUTH_BASIC,
                .user = site.user,
                .password_file = site.password_file,
                .ca_file = site.ca_file,
                .connect_timeout_ms = TIMEOUT_MS,
                .timeout_ms = TIMEOUT_MS,
                .concurrency = 4,
                .requests_per_s = 100,
                .auth_pause_ms = 3600000,
            },
        .name = site.name,
        .type = NQ_MANAGER_POLICY,
        .inventory_interval_ms = 3600000,
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
        .statistics_interval_ms = 30000,
        .retry_first_ms = 3600000,
        .retry_most_ms = 3600000,
        .managers = &site.manager,
        .manager_count = 1,
        .groups = site.groups,
        .group_count = 2,
    };
}

void site_protect_group(const char *path)
{
    struct nq_protect_conf *protect = &site.conf.protect;
    protect->groups = site.protected_groups;
    site.protected_groups[protect->group_count++] =
        (struct nq_protected_group_conf){.path = (char *)(uintptr_t)path};
}

void site_protect_tag(const char *scope, const char *value)
{
    site.protected_tags[0] =
        (struct nq_tag_conf){(char *)(uintptr_t)scope, (char *)(uintptr_t)value};
    site.conf.protect.tags = site.protected_tags;
    site.conf.protect.tag_count = 1;
}

void site_watch_tag(const char *scope, const char *value)
{
    site.watched_tags[0] =
        (struct nq_tag_conf){(char *)(uintptr_t)scope, (char *)(uintptr_t)value};
    site.conf.watched_tags = site.watched_tags;
    site.conf.watched_tag_count = 1;
}

void site_open(void)
{
    struct nq_err err = {0};
    const bool vsphere = site.manager.type == NQ_MANAGER_VSPHERE;
    site.backend = (vsphere ? nq_vsphere_open : nq_policy_open)(
        &site.conf, 0, manager_loop(site.sim), &clock, &err);
    if (!site.backend) {
        fail_msg("%s", err.detail);
    }
}

int site_begin_with(const char *world)
{
    site.sim = manager_new(world);
    site.ahead_ms = 0;
    manager_write_file("password", "VMware1!VMware1!\n");
    set_site();
    return 0;
}

int site_begin(void **state)
{
    (void)state;
    return site_begin_with(NULL);
}

int site_begin_vsphere(void **state)
{
    (void)state;
    const int ret = site_begin_with(VSPHERE_WORLD);
    site.manager.type = NQ_MANAGER_VSPHERE;
    site_set_text(site.paths[0], sizeof(site.paths[0]), "securitygroup-10");
    site_set_text(site.paths[1], sizeof(site.paths[1]), "securitygroup-11");
    return ret;
}

void site_vsphere_settings(const char *settings)
{
    site.sim = manager_free(site.sim);
    site.sim = manager_new_with(VSPHERE_WORLD, settings);
    site_set_text(site.url, sizeof(site.url), manager_url(site.sim));
}

int site_end(void **state)
{
    (void)state;
    site.backend = nq_backend_close(site.backend);
    site.sim = manager_free(site.sim);
    return 0;
}

/* ---- calls ------------------------------------------------------------------------- */

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
    struct site_reply *seen = arg;
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
               vm->matched, vm->type, vm->tags & NQ_TAGS_OURS ? " tagged" : "",
               vm->regular ? " regular" : "");
        (void)snprintf(seen->addresses, sizeof(seen->addresses), "%s", vm->addresses);
        (void)snprintf(seen->uuids, sizeof(seen->uuids), "%s", vm->uuids);
        seen->tags = vm->tags;
    }
    seen->rungs = reply->rungs;
    seen->provable = reply->provable;
    (void)snprintf(seen->missing, sizeof(seen->missing), "%s", reply->missing);
    (void)snprintf(seen->protector, sizeof(seen->protector), "%s",
                   reply->protector ? reply->protector : "");
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
static struct nq_call *started(struct nq_call *call, const struct site_reply *seen)
{
    assert_non_null(call);
    assert_int_equal(seen->calls, 0);
    return call;
}

struct nq_call *site_start_query(const struct nq_vm_query *query, struct site_reply *seen)
{
    *seen = (struct site_reply){0};
    return started(site.backend->ops->find_vms(site.backend, query, on_reply, seen),
                   seen);
}

struct nq_call *site_start_find(const char *first, const char *second,
                                struct site_reply *seen)
{
    const struct nq_vm_query query = {.hint_count = second ? 2 : 1,
                                      .hints = {first, second}};
    return site_start_query(&query, seen);
}

struct nq_call *site_start_read(const char *id, struct site_reply *seen)
{
    const struct nq_vm_id vm = {0, id};
    *seen = (struct site_reply){0};
    return started(site.backend->ops->read_vm(site.backend, &vm, on_reply, seen), seen);
}

struct nq_call *site_start_change(enum nq_tag_change change, const char *id,
                                  struct site_reply *seen)
{
    const struct nq_vm_id vm = {0, id};
    *seen = (struct site_reply){0};
    return started(
        site.backend->ops->change_tag(site.backend, change, &vm, on_reply, seen), seen);
}

struct nq_call *site_start_prove(const char *id, struct site_reply *seen)
{
    const struct nq_vm_id vm = {0, id};
    *seen = (struct site_reply){0};
    return started(site.backend->ops->prove(site.backend, &vm, on_reply, seen), seen);
}

struct nq_call *site_start_groups(struct site_reply *seen)
{
    *seen = (struct site_reply){0};
    return started(site.backend->ops->read_groups(site.backend, 0, on_reply, seen), seen);
}

struct nq_call *site_start_tagged(struct site_reply *seen)
{
    *seen = (struct site_reply){0};
    return started(site.backend->ops->read_tagged(site.backend, 0, on_reply, seen), seen);
}

struct nq_call *site_start_protector(const char *id, struct site_reply *seen)
{
    const struct nq_vm_id vm = {0, id};
    *seen = (struct site_reply){0};
    return started(site.backend->ops->read_protector(site.backend, &vm, on_reply, seen),
                   seen);
}

static void add_server(void *arg, const char *host)
{
    char *text = arg;
    append(text, SERVERS_MAX, "%s;", host);
}

const char *site_servers(void)
{
    static char text[SERVERS_MAX];
    text[0] = '\0';
    site.backend->ops->each_server(site.backend, 0, add_server, text);
    return text;
}

void site_wait(struct site_reply *seen)
{
    manager_run_until(site.sim, &seen->over);
    assert_int_equal(seen->calls, 1);
}

void site_expect_good(struct site_reply *seen)
{
    site_wait(seen);
    if (seen->code != NQ_OK) {
        fail_msg("%s: %s", nq_code_name(seen->code), seen->detail);
    }
}

void site_expect_failure(struct site_reply *seen, enum nq_code code)
{
    site_wait(seen);
    if (seen->code != code) {
        fail_msg("%s instead of %s: %s", nq_code_name(seen->code), nq_code_name(code),
                 seen->detail);
    }
}

void site_find(const char *first, const char *second, struct site_reply *seen)
{
    (void)site_start_find(first, second, seen);
    site_expect_good(seen);
}

void site_change(enum nq_tag_change change_to, const char *id)
{
    struct site_reply seen;
    (void)site_start_change(change_to, id, &seen);
    site_expect_good(&seen);
}

struct rest {
    struct nq_timer timer;
    bool reached;
};

static void look_whether_it_rests(void *arg)
{
    struct rest *rest = arg;
    struct nq_manager_status status;
    site.backend->ops->status(site.backend, 0, &status);
    rest->reached = status.synced_ms > 0 && status.in_flight == 0 && status.queue == 0;
    if (!rest->reached) {
        nq_timer_set(manager_loop(site.sim), &rest->timer, 5, look_whether_it_rests,
                     rest);
    }
}

void site_rest(void)
{
    struct rest rest = {0};
    look_whether_it_rests(&rest);
    manager_run_until(site.sim, &rest.reached);
}

enum nq_manager_state site_state_of(const struct nq_backend *any)
{
    struct nq_manager_status status = {0};
    any->ops->status(any, 0, &status);
    return status.state;
}

void site_expect_state(enum nq_manager_state state, enum nq_code last)
{
    struct nq_manager_status status = {0};
    site.backend->ops->status(site.backend, 0, &status);
    assert_int_equal(status.state, state);
    assert_int_equal(status.last_error ? status.last_error->code : NQ_OK, last);
}
