/* SPDX-License-Identifier: Apache-2.0 */
/* config_fixture.h: a configuration file for one test, and what is expected of it. Included
 * by the test programs only. */
#ifndef NQ_TESTS_CONFIG_FIXTURE_H
#define NQ_TESTS_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

/* Two lines that every file needs. */
#define MANAGER                                                                          \
    "managers = ({ name = \"nsx\"; url = \"https://nsx\"; user = \"u\";"                 \
    " password_file = \"/p\"; });\n"
#define GROUP(more)                                                                      \
    "groups = ({ name = \"q\"; manager = \"nsx\"; role = \"quarantine\";"                \
    " path = \"/infra/q\"; }" more ");\n"

struct fixture {
    char dir[64];
    char file[96];
};

static inline int set_up(void **state)
{
    struct fixture *fixture = nq_calloc(1, sizeof(*fixture));
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/nq-config-XXXXXX");
    if (!mkdtemp(fixture->dir)) {
        return -1;
    }
    (void)snprintf(fixture->file, sizeof(fixture->file), "%s/c", fixture->dir);
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char *included = nq_sprintf("%s/more", fixture->dir);
    (void)unlink(fixture->file);
    (void)unlink(included);
    (void)rmdir(fixture->dir);
    free(included);
    free(fixture);
    return 0;
}

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline struct nq_config *load(const struct fixture *fixture, const char *text)
{
    struct nq_err err = {0};
    write_text(fixture->file, text);
    struct nq_config *conf = nq_config_load(fixture->file, &err);
    if (!conf) {
        fail_msg("%s", err.detail);
    }
    return conf;
}

static inline void assert_mistake(const struct fixture *fixture, const char *text,
                                  const char *detail)
{
    struct nq_err err = {0};
    write_text(fixture->file, text);
    struct nq_config *conf = nq_config_load(fixture->file, &err);
    if (conf) {
        fail_msg("accepted, but expected: %s", detail);
    }
    assert_int_equal(err.code, NQ_CONFIG_VALUE);
    char *wanted = nq_sprintf("%s%s", fixture->file, detail);
    if (strncmp(err.detail, wanted, strlen(wanted)) != 0) {
        fail_msg("'%s' is not '%s'", err.detail, wanted);
    }
    free(wanted);
}

#endif
