/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c: see scan.h. */
#include "quarantine/scan.h"

bool nq_scan_is_clean(int64_t since_detection_ms, int64_t longest_ms)
{
    return since_detection_ms > longest_ms;
}
