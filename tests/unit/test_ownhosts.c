/* SPDX-License-Identifier: Apache-2.0 */
/* test_ownhosts.c: what this machine says of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/netaddr.h"
#include "base/ownhosts.h"

struct seen {
    size_t count;
    bool name;
    bool loopback;
    bool link_local;
};

static void see(void *arg, const char *host)
{
    struct seen *seen = arg;
    char name[256] = "";
    (void)gethostname(name, sizeof(name) - 1);
    seen->count++;
    seen->name |= strcmp(host, name) == 0;
    seen->loopback |= strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
    seen->link_local |= strncmp(host, "fe80:", 5) == 0;
}

static void this_machine_is_known_by_its_name_and_no_loopback_address(void **state)
{
    (void)state;
    struct seen seen = {0};
    nq_own_hosts(see, &seen);
    assert_true(seen.count > 0);
    assert_true(seen.name);
    assert_false(seen.loopback);
    assert_false(seen.link_local);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_is_known_by_its_name_and_no_loopback_address),
    };
    return cmocka_run_group_tests_name("ownhosts", tests, NULL, NULL);
}
