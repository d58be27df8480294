/* SPDX-License-Identifier: Apache-2.0 */
/* timestamp.h: a TimeStamp (RFC 2579): the sysUpTime at which something happened.
 * Not for: knowing what happened, or asking for sysUpTime.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none.
 *
 * sysUpTime belongs to the SNMP master, which may be another process and begin anew while we
 * live on: so the moment itself is kept beside the value. The value stays the same between
 * two events, for pollers compare it, although sysUpTime reaches us with some jitter.
 */
#ifndef NQ_MIB_TIMESTAMP_H
#define NQ_MIB_TIMESTAMP_H

#include <stdint.h>

/* What sysUpTime and our clock may differ by meanwhile without meaning anything. */
#define NQ_TIMESTAMP_JITTER_TICKS 100

struct nq_timestamp {
    int64_t mono_ms; /* when it happened */
    uint32_t ticks;  /* what is shown: hundredths of a second */
};

/* It happens now. uptime: sysUpTime, here and below. */
void nq_timestamp_set(struct nq_timestamp *stamp, int64_t mono_ms, uint32_t uptime);

/* Brings the value in line with a sysUpTime that began anew, or wrapped around, since: 0 when
 * it happened before that. */
void nq_timestamp_follow(struct nq_timestamp *stamp, int64_t mono_ms, uint32_t uptime);

#endif
