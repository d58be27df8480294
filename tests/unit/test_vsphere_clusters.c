/* SPDX-License-Identifier: Apache-2.0 */
/* Which cluster a VM is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "nsx/vsphere/clusters.h"

static void each_vm_is_in_its_cluster(void **state)
{
    struct nq_clusters clusters;
    char moref[16];
    char cluster[16];
    (void)state;
    nq_clusters_init(&clusters);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(moref, sizeof(moref), "vm-%d", i);
        (void)snprintf(cluster, sizeof(cluster), "domain-c%d", i % 7);
        nq_clusters_put(&clusters, moref, cluster);
    }
    assert_int_equal(clusters.count, 7);
    assert_string_equal(nq_clusters_get(&clusters, "vm-0"), "domain-c0");
    assert_string_equal(nq_clusters_get(&clusters, "vm-999"), "domain-c5");
    assert_string_equal(nq_clusters_get(&clusters, "vm-1000"), "");
    nq_clusters_done(&clusters);
}

static void a_vm_that_has_moved_is_where_it_was_seen_last(void **state)
{
    struct nq_clusters clusters;
    (void)state;
    nq_clusters_init(&clusters);
    nq_clusters_put(&clusters, "vm-1", "domain-c1");
    nq_clusters_put(&clusters, "vm-1", "domain-c2");
    assert_string_equal(nq_clusters_get(&clusters, "vm-1"), "domain-c2");
    nq_clusters_done(&clusters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_vm_is_in_its_cluster),
        cmocka_unit_test(a_vm_that_has_moved_is_where_it_was_seen_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
