/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c: see scan.h. */
#include "quarantine/scan.h"

bool nq_scan_is_clean(int64_t last_detected_ms, int64_t finished_ms, int64_t longest_ms)
{
    return last_detected_ms < finished_ms - longest_ms;
}
