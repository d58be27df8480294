/* SPDX-License-Identifier: Apache-2.0 */
/* beside.c: finds the database of a configuration and says what is wrong with it. */
#include "entry/beside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "entry/command.h"

int nq_beside_complain(const char *command, const char *text)
{
    (void)fprintf(stderr, "nsx-quarantine %s: %s\n", command, text);
    return NQ_EXIT_FAILED;
}

static int read_state(const char *command, const char *path, nq_beside_fn *read,
                      void *arg)
{
    struct nq_err err = {0};
    char text[2 * NQ_ERR_DETAIL];
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        (void)snprintf(text, sizeof(text),
                       "%.256s is not there: start the engine, which makes it", path);
        return nq_beside_complain(command, text);
    }
    if (!read(arg, path, &err)) {
        (void)nq_beside_complain(command, nq_err_text(&err, text, sizeof(text)));
        if (access(path, R_OK) != 0) {
            (void)nq_beside_complain(command, "run it as root or as the user of the "
                                              "engine");
        }
        return NQ_EXIT_FAILED;
    }
    return NQ_EXIT_OK;
}

int nq_beside(const char *command, const char *config_file, nq_beside_fn *read, void *arg)
{
    struct nq_err err = {0};
    struct nq_config *conf = nq_config_load(config_file, &err);
    if (!conf) {
        char text[2 * NQ_ERR_DETAIL];
        (void)nq_beside_complain(command, nq_err_text(&err, text, sizeof(text)));
        return NQ_EXIT_CONFIG;
    }
    char *path = nq_sprintf("%s/state.db", conf->state_directory);
    const int code = read_state(command, path, read, arg);
    free(path);
    (void)nq_config_free(conf);
    return code;
}

const char *nq_beside_time(int64_t wall_ms, char out[32])
{
    const time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    if (!localtime_r(&seconds, &parts) ||
        strftime(out, 32, "%Y-%m-%d %H:%M:%S", &parts) == 0) {
        (void)snprintf(out, 32, "?");
    }
    return out;
}

bool nq_beside_number(const char *text, uint32_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    *ret_number = (uint32_t)number;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && number > 0 &&
           number <= UINT32_MAX;
}
