/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_nsx_json.c: whatever an NSX Manager answers in JSON, the readers stay in bounds and
 * keep the promises of their headers. The first byte chooses the reader.
 * test_fuzz_nsx_json.c replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/pager.h"
#include "nsx/policy/counters_json.h"
#include "nsx/policy/firewall_json.h"
#include "nsx/policy/group_json.h"
#include "nsx/policy/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nq_config conf = {
    .tag_scope = (char *)(uintptr_t) "nsx-quarantine",
    .tag_value = (char *)(uintptr_t) "isolated",
};

static const char *const group_list[] = {"/infra/domains/default/groups/quarantine",
                                         NULL};
static const struct nq_group_paths groups = {.paths = group_list, .count = 2};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* A reader that fails must say why. */
static void check_end(bool good, const struct nq_err *err)
{
    require(good || (err->code == NQ_NSX_ANSWER && err->detail[0] != '\0'));
}

/* A list that was read can be followed: the pager ends or names another page. */
static void check_page(bool good, const struct nq_page *page, const struct nq_err *err)
{
    check_end(good, err);
    if (good) {
        struct nq_pager pager;
        struct nq_err why = {0};
        bool more = false;
        require(page->result_count >= -1 && strlen(page->cursor) <= NQ_CURSOR_MAX);
        nq_pager_init(&pager, true);
        check_end(nq_pager_step(&pager, page, &more, &why), &why);
        require(!more || pager.cursor[0] != '\0');
    }
}

/* ---- VMs and their tags ------------------------------------------------------------ */

/* What is read goes where the client puts it, twice, as copies come. */
static void see_vm(void *arg, const struct nq_vm_facts *vm)
{
    struct nq_inventory *inventory = arg;
    struct nq_vm seen;
    require(vm->external_id[0] != '\0' && strlen(vm->external_id) <= NQ_EXTERNAL_ID_MAX);
    require(nq_inventory_add(inventory, vm) && nq_inventory_renew(inventory, vm, 1));
    require(nq_inventory_get(inventory, vm->external_id, &seen));
    require(strlen(seen.display_name) <= NQ_INVENTORY_NAME_MAX);
}

static void see_address(void *arg, const char *owner, const char *address)
{
    struct nq_inventory *inventory = arg;
    const struct nq_vm_facts vm = {owner, "", "", "", "", "", 0};
    require(owner[0] != '\0' && address != NULL);
    if (nq_inventory_add(inventory, &vm)) {
        (void)!nq_inventory_add_address(inventory, owner, address);
    }
}

static void read_vms(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_page page;
    struct nq_inventory *inventory = nq_inventory_new();
    check_page(nq_json_vms(body, len, &conf, see_vm, inventory, &page, &err), &page,
               &err);
    nq_inventory_free(inventory);
}

static void read_vifs(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_page page;
    struct nq_inventory *inventory = nq_inventory_new();
    check_page(nq_json_vifs(body, len, see_address, inventory, &page, &err), &page, &err);
    nq_inventory_free(inventory);
}

static void see_verdict(void *arg, const char *external_id, bool good,
                        const char *details)
{
    (void)arg;
    (void)good;
    require(external_id && details);
}

static void read_operation(const char *body, size_t len)
{
    struct nq_err err = {0};
    enum nq_operation_state state = NQ_OPERATION_PENDING;
    check_end(nq_json_operation(body, len, see_verdict, NULL, &state, &err), &err);
    require(state <= NQ_OPERATION_ERROR);
}

static void read_fault(const char *body, size_t len)
{
    struct nq_fault fault;
    if (nq_json_fault(body, len, &fault)) {
        require(fault.code != 0 || fault.message[0] != '\0');
        (void)nq_judge_policy(400, fault.code);
    }
}

static void read_node(const char *body, size_t len)
{
    char version[16];
    struct nq_err err = {0};
    if (nq_json_version(body, len, version, sizeof(version))) {
        require(version[0] != '\0' && memchr(version, '\0', sizeof(version)));
    }
    check_end(nq_json_object(body, len, &err), &err);
    (void)nq_json_health(body, len);
}

/* ---- groups and firewall ----------------------------------------------------------- */

static void see_text(void *arg, const char *text)
{
    (void)arg;
    require(text != NULL);
}

static void read_members(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_page page;
    check_page(nq_json_members(body, len, see_text, NULL, &page, &err), &page, &err);
    err = (struct nq_err){0};
    check_page(nq_json_associations(body, len, see_text, NULL, &page, &err), &page, &err);
    err = (struct nq_err){0};
    check_page(nq_json_excluded_vms(body, len, see_text, NULL, &page, &err), &page, &err);
    err = (struct nq_err){0};
    check_end(nq_json_compute_managers(body, len, see_text, NULL, &err), &err);
}

static void read_exclusion(const char *body, size_t len)
{
    struct nq_err err = {0};
    bool any = false;
    check_end(nq_json_exclude_list(body, len, see_text, NULL, &err), &err);
    err = (struct nq_err){0};
    check_end(nq_json_exclude_filter(body, len, &any, &err), &err);
    err = (struct nq_err){0};
    check_end(nq_json_firewall_enabled(body, len, &any, &err), &err);
}

static void read_definition(const char *body, size_t len)
{
    struct nq_err err = {0};
    enum nq_definition definition = NQ_DEFINITION_UNKNOWN;
    check_end(nq_json_definition(body, len, "scope", "isolated", &definition, &err),
              &err);
}

static void read_realized(const char *body, size_t len)
{
    struct nq_err err = {0};
    enum nq_realized realized = NQ_REALIZED_UNKNOWN;
    check_end(nq_json_realized(body, len, &realized, &err), &err);
    require(realized >= NQ_REALIZED_UNKNOWN && realized <= NQ_REALIZED_ERROR);
}

static void see_policy(void *arg, struct nq_security_policy *policy)
{
    (void)arg;
    nq_security_policy_done(policy);
}

static void see_rule(void *arg, struct nq_rule *rule)
{
    (void)arg;
    nq_rule_done(rule);
}

static void read_policies(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_page page;
    check_page(
        nq_json_security_policies(body, len, &groups, see_policy, NULL, &page, &err),
        &page, &err);
}

static void read_rules(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_page page;
    check_page(nq_json_rules(body, len, "/infra/domains/default/security-policies/p",
                             &groups, see_rule, NULL, &page, &err),
               &page, &err);
}

static void read_scheduler(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_window window;
    check_end(nq_json_scheduler(body, len, &window, &err), &err);
}

static void see_count(void *arg, const struct nq_rule_count *count)
{
    (void)arg;
    require(count->rule && count->key);
}

static void read_statistics(const char *body, size_t len)
{
    struct nq_err err = {0};
    check_end(nq_json_statistics(body, len, see_count, NULL, &err), &err);
}

static const struct {
    char letter;
    void (*read)(const char *body, size_t len);
} readers[] = {
    {'v', read_vms},        {'i', read_vifs},      {'o', read_operation},
    {'e', read_fault},      {'n', read_node},      {'m', read_members},
    {'x', read_exclusion},  {'z', read_realized},  {'p', read_policies},
    {'r', read_rules},      {'s', read_scheduler}, {'c', read_statistics},
    {'g', read_definition},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *body = nq_strndup((const char *)data + 1, size - 1); /* ends as http.h says */
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (readers[i].letter == (char)data[0]) {
            readers[i].read(body, size - 1);
        }
    }
    free(body);
    return 0;
}
