/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard.c: which VMs are protected, by what, and which are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nsx/tags.h"
#include "quarantine/guard.h"

#define TEXT(value) (char *)(uintptr_t)(value)

static char *const uuids[] = {TEXT("502e71fa-1a00-759b-e40f-ce778e915f16")};
static char *const names[] = {TEXT("dc-*"), TEXT("DNS-??"), TEXT("[ab]dmin")};
static char *const addresses[] = {TEXT("192.0.2.0/28"), TEXT("2001:db8::53")};
static struct nq_tag_conf tags[] = {{.scope = TEXT("tier"), .value = TEXT("core")},
                                    {.value = TEXT("never")}};

static const struct nq_config conf = {
    .protect = {.uuids = (char **)(uintptr_t)uuids,
                .uuid_count = 1,
                .names = (char **)(uintptr_t)names,
                .name_count = 3,
                .addresses = (char **)(uintptr_t)addresses,
                .address_count = 2,
                .tags = tags,
                .tag_count = 2},
};

/* A VM that nothing protects. */
static const struct nq_guard_vm desktop = {
    .display_name = "VDI-01",
    .host_name = "vdi-01.corp.example",
    .addresses = "10.20.1.11, 2001:db8::11",
    .uuids = "11111111-1111-1111-1111-111111111111",
    .external_id = "id-1",
    .type = "REGULAR",
    .regular = true,
};

static bool is_protected(const struct nq_guard_vm *vm, char why[256])
{
    return nq_guard_protects(&conf, vm, why, 256);
}

#define assert_protected(member, value, kind)                                            \
    do {                                                                                 \
        struct nq_guard_vm vm = desktop;                                                 \
        char why[256] = "";                                                              \
        vm.member = (value);                                                             \
        assert_true(is_protected(&vm, why));                                             \
        assert_non_null(strstr(why, kind));                                              \
        assert_non_null(strstr(why, vm.display_name));                                   \
    } while (0)

#define assert_free(member, value)                                                       \
    do {                                                                                 \
        struct nq_guard_vm vm = desktop;                                                 \
        char why[256] = "";                                                              \
        vm.member = (value);                                                             \
        assert_false(is_protected(&vm, why));                                            \
    } while (0)

static void a_desktop_is_not_protected(void **state)
{
    (void)state;
    assert_free(display_name, "VDI-01");
    assert_free(tags, NQ_TAGS_OURS | NQ_TAGS_WATCHED(0) | NQ_TAGS_WATCHED(15));
}

static void a_name_protects_by_pattern_in_any_case(void **state)
{
    (void)state;
    assert_protected(display_name, "DC-01", "name: dc-*");
    assert_protected(host_name, "dc-01.corp.example", "name: dc-*");
    assert_protected(display_name, "dns-01", "name: DNS-??");
    assert_protected(display_name, "admin", "name: [ab]dmin");
    assert_protected(host_name, "dns-02.corp.example", "name"); /* by its first label */
    assert_free(display_name, "dns-1");
    assert_free(display_name, "a dc-01");
    assert_free(display_name, "cdmin");
}

static void an_address_protects_whichever_of_the_vm_s_it_is(void **state)
{
    (void)state;
    assert_protected(addresses, "192.0.2.1", "address: 192.0.2.0/28");
    assert_protected(addresses, "10.1.1.1,192.0.2.15", "address");
    assert_protected(addresses, "10.1.1.1, 2001:DB8:0::53", "address: 2001:db8::53");
    assert_protected(addresses, "::ffff:192.0.2.3", "address");
    assert_free(addresses, "192.0.2.16");
    assert_free(addresses, "");
    assert_free(addresses, "no address, 192.0.2.999");
}

static void a_uuid_protects_whichever_of_the_vm_s_it_is(void **state)
{
    (void)state;
    assert_protected(external_id, "502E71FA-1A00-759B-E40F-CE778E915F16", "UUID");
    assert_protected(uuids,
                     "11111111-1111-1111-1111-111111111111, "
                     "502e71fa-1a00-759b-e40f-ce778e915f16",
                     "UUID");
    assert_free(uuids, "");
}

static void a_tag_of_nsx_protects(void **state)
{
    (void)state;
    assert_protected(tags, NQ_TAGS_PROTECTED(0), "tag: core");
    assert_protected(tags, NQ_TAGS_PROTECTED(1) | NQ_TAGS_OURS, "tag: never");
}

static void only_regular_vms_are_quarantined(void **state)
{
    (void)state;
    struct nq_guard_vm vm = desktop;
    char why[256] = "";
    vm.regular = false;
    vm.type = "EDGE";
    assert_true(is_protected(&vm, why));
    assert_non_null(strstr(why, "EDGE"));
}

static void a_list_longer_than_any_item_protects_by_what_can_be_read(void **state)
{
    (void)state;
    char list[600];
    memset(list, 'x', sizeof(list));
    memcpy(list + 400, ",192.0.2.1", sizeof(",192.0.2.1"));
    assert_protected(addresses, list, "address");
}

static void a_host_is_a_vm_by_its_address_or_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool is_vm;
    } rows[] = {
        {"10.20.1.11", true},
        {"2001:db8:0::11", true},
        {"10.20.1.12", false},
        {"vdi-01.corp.example", true},
        {"VDI-01.CORP.EXAMPLE", true},
        {"vdi-01", true},
        {"vdi-01.other.example", true}, /* the display name is its first label */
        {"vdi-02", false},
        {"", false},
        {".", false},
        {"10.20.1", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (nq_guard_is_host(&desktop, rows[i].host) != rows[i].is_vm) {
            fail_msg("\"%s\" should %sbe the VM", rows[i].host,
                     rows[i].is_vm ? "" : "not ");
        }
    }
}

static void a_vm_without_names_is_no_host(void **state)
{
    (void)state;
    struct nq_guard_vm vm = desktop;
    vm.display_name = "";
    vm.host_name = "";
    vm.addresses = "";
    assert_false(nq_guard_is_host(&vm, ""));
    assert_false(nq_guard_is_host(&vm, "."));
    assert_false(nq_guard_is_host(&vm, "nsx.example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_desktop_is_not_protected),
        cmocka_unit_test(a_name_protects_by_pattern_in_any_case),
        cmocka_unit_test(an_address_protects_whichever_of_the_vm_s_it_is),
        cmocka_unit_test(a_uuid_protects_whichever_of_the_vm_s_it_is),
        cmocka_unit_test(a_tag_of_nsx_protects),
        cmocka_unit_test(only_regular_vms_are_quarantined),
        cmocka_unit_test(a_list_longer_than_any_item_protects_by_what_can_be_read),
        cmocka_unit_test(a_host_is_a_vm_by_its_address_or_its_name),
        cmocka_unit_test(a_vm_without_names_is_no_host),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
