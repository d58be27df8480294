/* SPDX-License-Identifier: Apache-2.0 */
/* test_ownhosts.c: what this machine says of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

enum { AS_PROMISED = 0, NOT_TOLD = 1, NOT_QUIET = 2, NO_NETWORK_OF_OUR_OWN = 77 };

/* The loopback device of a network that nobody else sees gets an address. */
static bool change_addresses(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(0xC0000201)};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    memcpy(&request.ifr_addr, &address, sizeof(address));
    const bool changed = fd >= 0 && ioctl(fd, SIOCSIFADDR, &request) == 0;
    (void)close(fd);
    return changed;
}

static int look_at_a_change(void)
{
    struct nq_err err;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return NO_NETWORK_OF_OUR_OWN;
    }
    const int watch = nq_own_hosts_watch(&err);
    const bool quiet = watch >= 0 && !nq_own_hosts_changed(watch);
    if (!change_addresses()) {
        return NO_NETWORK_OF_OUR_OWN;
    }
    const bool told = nq_own_hosts_changed(watch);
    const bool told_again = nq_own_hosts_changed(watch);
    return !quiet || told_again ? NOT_QUIET : told ? AS_PROMISED : NOT_TOLD;
}

static void a_change_of_the_addresses_is_told_once(void **state)
{
    (void)state;
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        _exit(look_at_a_change());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_NETWORK_OF_OUR_OWN) {
        skip(); /* in a container that may not make one */
    }
    assert_int_equal(WEXITSTATUS(status), AS_PROMISED);
}

static void without_a_watch_the_addresses_may_always_have_changed(void **state)
{
    (void)state;
    assert_true(nq_own_hosts_changed(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_the_addresses_is_told_once),
        cmocka_unit_test(without_a_watch_the_addresses_may_always_have_changed),
        cmocka_unit_test(this_machine_is_known_by_its_name_and_no_loopback_address),
    };
    return cmocka_run_group_tests_name("ownhosts", tests, NULL, NULL);
}
