/* SPDX-License-Identifier: Apache-2.0 */
/* row_status.h: the table of RowStatus (RFC 2579) for nqRequestTable, cell by cell, as the
 * tests expect it: of the pure function, and of SETs through the agent. */
#ifndef NQ_TESTS_ROW_STATUS_H
#define NQ_TESTS_ROW_STATUS_H

#include "quarantine/request.h"

/* The row as it is before the SET. */
enum row_before {
    ROW_ABSENT,
    ROW_NOT_READY,
    ROW_NOT_IN_SERVICE,
    ROW_ACTIVE,
    ROW_BEFORE_END
};

/* What the SET names besides the status. */
#define ROW_WITH_END 4
static const struct {
    const char *target;
    const char *comment;
} row_with[ROW_WITH_END] = {{NULL, NULL}, {"", NULL}, {"NOBODY-01", NULL}, {NULL, "x"}};

/* By the status that the SET names (0: none), the row before, and row_with. Capitals and -
 * are what the row is then: Active, notinService, Notready, none. Else the SET is refused:
 * s inconsistentValue and w wrongValue at the status, c inconsistentValue and n
 * inconsistentName at another column. A blank is no SET. */
static const char *const row_cells[NQ_ROW_STATUS_END][ROW_BEFORE_END] = {
    /*                         absent  notReady  notInService  active */
    [0] = {" nnn", " NSN", " NSS", " ccc"},
    [NQ_ROW_ACTIVE] = {"ssss", "ssAs", "AsAA", "Accc"},
    [NQ_ROW_NOT_IN_SERVICE] = {"ssss", "ssSs", "SsSS", "ssss"},
    [NQ_ROW_NOT_READY] = {"wwww", "wwww", "wwww", "wwww"},
    [NQ_ROW_CREATE_AND_GO] = {"ssAs", "ssss", "ssss", "ssss"},
    [NQ_ROW_CREATE_AND_WAIT] = {"NNSN", "ssss", "ssss", "ssss"},
    [NQ_ROW_DESTROY] = {"----", "----", "----", "----"},
};

#endif
