/* SPDX-License-Identifier: Apache-2.0 */
/* decisions.c: see decisions.h. */
#include "quarantine/arrival.h"

const struct nq_decisions nq_decisions = {
    .table = &nq_case_table,
    .checks = {nq_check_mode, nq_check_guard, nq_check_governor},
    .check_count = 3,
    .acts = nq_acts,
};
