/* SPDX-License-Identifier: Apache-2.0 */
/* api.c: the list of generations. */
#include "api.h"

#include <string.h>

static const struct sim_api *const apis[] = {
    &sim_policy_api,
    &sim_vsphere_api,
};

const struct sim_api *sim_api_find(const char *name)
{
    for (size_t i = 0; i < SIM_COUNT_OF(apis); i++) {
        if (strcmp(apis[i]->name, name) == 0) {
            return apis[i];
        }
    }
    return NULL;
}
