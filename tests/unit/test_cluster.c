/* SPDX-License-Identifier: Apache-2.0 */
/* At which addresses the nodes of a manager are known to be. What becomes of nodes that fail
 * is shown with a real server, in test_asker_cluster.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "nsx/cluster.h"

static struct nq_cluster cluster;
static char text[1024];

static int begin(void **state)
{
    (void)state;
    cluster = (struct nq_cluster){.count = 2};
    cluster.nodes[0].url = "https://nsx-1.corp.example";
    cluster.nodes[1].url = "https://[2001:db8::2]:8443";
    for (size_t i = 0; i < 2; i++) {
        cluster.nodes[i].cluster = &cluster;
    }
    return 0;
}

static void hear(size_t node, enum nq_http_end end, const char *address)
{
    const struct nq_http_answer answer = {
        .end = end, .status = 200, .address = address, .reason = ""};
    nq_node_hear(&cluster.nodes[node], &answer, false);
}

static void add(void *arg, const char *host)
{
    const size_t used = strlen(text);
    (void)arg;
    (void)snprintf(text + used, sizeof(text) - used, "%s;", host);
}

static const char *servers(void)
{
    text[0] = '\0';
    nq_cluster_each_server(&cluster, add, NULL);
    return text;
}

static void a_node_is_where_it_answered(void **state)
{
    (void)state;
    assert_string_equal(servers(), "nsx-1.corp.example;2001:db8::2;");
    hear(0, NQ_HTTP_ANSWERED, "192.0.2.1");
    hear(0, NQ_HTTP_ANSWERED, "192.0.2.1");
    hear(0, NQ_HTTP_TOO_LARGE, "192.0.2.8"); /* no answer of NSX */
    hear(0, NQ_HTTP_ANSWERED, "");
    hear(1, NQ_HTTP_ANSWERED, "2001:db8::2");
    assert_string_equal(servers(),
                        "nsx-1.corp.example;192.0.2.1;2001:db8::2;2001:db8::2;");
}

static void the_last_addresses_of_a_name_are_kept(void **state)
{
    (void)state;
    char address[32];
    for (int i = 0; i < NQ_NODE_ADDRESSES + 1; i++) {
        (void)snprintf(address, sizeof(address), "192.0.2.%d", i);
        hear(0, NQ_HTTP_ANSWERED, address);
    }
    (void)servers();
    assert_null(strstr(text, ";192.0.2.0;"));
    for (int i = 1; i < NQ_NODE_ADDRESSES + 1; i++) {
        (void)snprintf(address, sizeof(address), ";192.0.2.%d;", i);
        assert_non_null(strstr(text, address));
    }
}

#define TEST(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_node_is_where_it_answered),
        TEST(the_last_addresses_of_a_name_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
