/* SPDX-License-Identifier: Apache-2.0 */
/* test_sources.c: who sent a trap, and what that proves, as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "trap/sources.h"

static char community_file[] = "/tmp/nq-community-XXXXXX";

static struct nq_source_conf rows[] = {
    {.name = "address", .address = "192.0.2.0/24"},
    {.name = "community", .address = "198.51.100.1", .community_file = community_file},
    {.name = "user", .user = "dsm", .level = NQ_LEVEL_PRIV},
    {.name = "weak user", .user = "weak", .level = NQ_LEVEL_AUTH, .address = "192.0.2.7"},
    {.name = "local", .address = "unix"},
    {.name = "forwarder", .address = "127.0.0.1", .forwarder = true},
};

static const struct nq_config conf = {.sources = rows,
                                      .source_count = sizeof(rows) / sizeof(rows[0])};

static int make_community(void **state)
{
    struct nq_err err = {0};
    const int fd = mkstemp(community_file); /* mode 0600 */
    if (fd < 0 || write(fd, "s3cret\n", 7) != 7) {
        return -1;
    }
    (void)close(fd);
    *state = nq_sources_new(&conf, &err);
    return *state ? 0 : -1;
}

static int remove_community(void **state)
{
    *state = nq_sources_free(*state);
    return unlink(community_file);
}

static void a_trap_proves_what_its_sender_shows(void **state)
{
    static const struct {
        struct nq_trap trap;
        enum nq_proof proof;
        const char *row;
        const char *source;
    } cases[] = {
        {{.source = "192.0.2.5", .version = NQ_SNMP_V2C},
         NQ_PROOF_LISTED,
         "address",
         "192.0.2.5"},
        {{.source = "192.0.2.5"}, NQ_PROOF_LISTED, "address", "192.0.2.5"},
        {{.source = "192.0.3.5", .version = NQ_SNMP_V2C},
         NQ_PROOF_ANY,
         NULL,
         "192.0.3.5"},
        /* A community counts when it is known and right, and with its address only. */
        {{.source = "198.51.100.1", .version = NQ_SNMP_V2C, .community = "s3cret"},
         NQ_PROOF_LISTED,
         "community",
         "198.51.100.1"},
        {{.source = "198.51.100.1", .version = NQ_SNMP_V2C, .community = "public"},
         NQ_PROOF_ANY,
         NULL,
         "198.51.100.1"},
        {{.source = "198.51.100.1"}, NQ_PROOF_ANY, NULL, "198.51.100.1"},
        {{.source = "198.51.100.2", .version = NQ_SNMP_V2C, .community = "s3cret"},
         NQ_PROOF_ANY,
         NULL,
         "198.51.100.2"},
        /* A user counts from anywhere, at his level. */
        {{.source = "203.0.113.1",
          .version = NQ_SNMP_V3,
          .user = "dsm",
          .level = NQ_LEVEL_PRIV},
         NQ_PROOF_V3,
         "user",
         "203.0.113.1"},
        {{.source = "203.0.113.1",
          .version = NQ_SNMP_V3,
          .user = "dsm",
          .level = NQ_LEVEL_AUTH},
         NQ_PROOF_ANY,
         NULL,
         "203.0.113.1"},
        {{.source = "203.0.113.1",
          .version = NQ_SNMP_V3,
          .user = "other",
          .level = NQ_LEVEL_PRIV},
         NQ_PROOF_ANY,
         NULL,
         "203.0.113.1"},
        {{.source = "203.0.113.1",
          .version = NQ_SNMP_V2C,
          .user = "dsm",
          .level = NQ_LEVEL_PRIV},
         NQ_PROOF_ANY,
         NULL,
         "203.0.113.1"},
        /* The row that proves most wins. */
        {{.source = "192.0.2.7",
          .version = NQ_SNMP_V3,
          .user = "weak",
          .level = NQ_LEVEL_AUTH},
         NQ_PROOF_V3,
         "weak user",
         "192.0.2.7"},
        {{.source = "192.0.2.8",
          .version = NQ_SNMP_V3,
          .user = "weak",
          .level = NQ_LEVEL_AUTH},
         NQ_PROOF_LISTED,
         "address",
         "192.0.2.8"},
        {{.source = "unix", .version = NQ_SNMP_V2C}, NQ_PROOF_LISTED, "local", "unix"},
        /* Forwarded: the forwarder's word counts, and nobody else's. */
        {{.source = "127.0.0.1", .forwarded_for = "192.0.2.5"},
         NQ_PROOF_LISTED,
         "address",
         "192.0.2.5"},
        {{.source = "127.0.0.1",
          .forwarded_for = "203.0.113.1",
          .version = NQ_SNMP_V3,
          .user = "dsm",
          .level = NQ_LEVEL_PRIV},
         NQ_PROOF_V3,
         "user",
         "203.0.113.1"},
        {{.source = "127.0.0.1", .forwarded_for = "203.0.113.1"},
         NQ_PROOF_ANY,
         NULL,
         "203.0.113.1"},
        {{.source = "127.0.0.1"}, NQ_PROOF_ANY, NULL, NULL},
        {{.source = "203.0.113.1", .forwarded_for = "192.0.2.5"},
         NQ_PROOF_ANY,
         NULL,
         "203.0.113.1"},
        {{.source = "192.0.2.5", .forwarded_for = "203.0.113.1"},
         NQ_PROOF_LISTED,
         "address",
         "192.0.2.5"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nq_standing standing;
        nq_sources_judge(*state, &cases[i].trap, &standing);
        const char *row = standing.row ? standing.row->name : NULL;
        if (standing.proof != cases[i].proof || (row == NULL) != (cases[i].row == NULL) ||
            (row && strcmp(row, cases[i].row) != 0) ||
            (standing.source == NULL) != (cases[i].source == NULL) ||
            (standing.source && strcmp(standing.source, cases[i].source) != 0)) {
            fail_msg("case %zu: proof %d by row %s, sender %s", i, (int)standing.proof,
                     row ? row : "none", standing.source ? standing.source : "none");
        }
    }
}

static void a_sender_is_described_with_his_way_and_user(void **state)
{
    const struct nq_trap trap = {.source = "127.0.0.1",
                                 .forwarded_for = "203.0.113.1",
                                 .version = NQ_SNMP_V3,
                                 .user = "dsm",
                                 .level = NQ_LEVEL_AUTH};
    struct nq_standing standing;
    char text[100];
    nq_sources_judge(*state, &trap, &standing);
    assert_string_equal(nq_standing_text(&standing, &trap, text, sizeof(text)),
                        "203.0.113.1 by way of 127.0.0.1, SNMPv3 user dsm");
    const struct nq_trap nameless = {.source = "127.0.0.1", .version = NQ_SNMP_V1};
    nq_sources_judge(*state, &nameless, &standing);
    assert_string_equal(
        nq_standing_text(&standing, &nameless, text, sizeof(text)),
        "somebody that the forwarder does not name by way of 127.0.0.1, SNMPv1");
}

static void a_community_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    struct nq_err err = {0};
    assert_int_equal(chmod(community_file, 0644), 0);
    assert_null(nq_sources_new(&conf, &err));
    assert_int_equal(err.code, NQ_SECRET_FILE);
    assert_int_equal(chmod(community_file, 0600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trap_proves_what_its_sender_shows),
        cmocka_unit_test(a_sender_is_described_with_his_way_and_user),
        cmocka_unit_test(a_community_file_that_others_may_read_is_refused),
    };
    return cmocka_run_group_tests(tests, make_community, remove_community);
}
