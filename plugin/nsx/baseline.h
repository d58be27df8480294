/* SPDX-License-Identifier: Apache-2.0 */
/* baseline.h: has a rule dropped something since a VM was tagged? Pure but for the
 * memory of what the counters showed then.
 * The counters are those of rules, which all quarantined VMs share: a rise shows that the
 * cut-off works since then, not whose traffic it was.
 *
 * Owns    one entry for each VM that was proven lately. Embedded; zeroed is empty.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: a VM that was forgotten starts anew.
 * Limits  NQ_BASELINES_MAX VMs, the one not looked at for longest goes first; an entry not
 *         looked at for NQ_BASELINE_KEEP_MS is forgotten.
 */
#ifndef NQ_NSX_BASELINE_H
#define NQ_NSX_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NQ_BASELINES_MAX    20000
#define NQ_BASELINE_KEEP_MS 86400000

struct nq_baseline;

struct nq_baselines {
    struct nq_baseline *entries; /* the one not looked at for longest first */
};

/* What the rules that cut a VM off have counted together. */
struct nq_drops {
    bool known;
    int64_t read_ms; /* mono, when that reading began */
    uint64_t hits;
    uint64_t packets;
};

/* true: a rise was seen since the first call for this VM. Numbers read before that call
 * are not looked at; smaller ones than before were reset and are the new beginning. */
bool nq_baseline_rose(struct nq_baselines *baselines, const char *external_id,
                      const struct nq_drops *drops, int64_t now_ms);

/* The VM is not tagged any more. */
void nq_baseline_forget(struct nq_baselines *baselines, const char *external_id);

void nq_baselines_done(struct nq_baselines *baselines);

#endif
