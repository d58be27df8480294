/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h: does a finished malware scan show that a VM is clean? Pure.
 * Not for: whether a site believes in that (release.clean_scan of the configuration).
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none.
 *
 * The rule: the scan finished after the detection, and there was no detection since it
 * began. A trap tells when a scan finished, not when it began nor what it found, so it may
 * have begun up to longest_ms before.
 */
#ifndef NQ_QUARANTINE_SCAN_H
#define NQ_QUARANTINE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* since_detection_ms: the age of the newest detection when the scan finished. */
bool nq_scan_is_clean(int64_t since_detection_ms, int64_t longest_ms);

#endif
