/* SPDX-License-Identifier: Apache-2.0 */
/* protector.h: read_protector() of every backend: the members of all protected groups of
 * one manager, read in one round for all who ask at about the same time.
 * Not for: how a generation of NSX lists the members of a group.
 *
 * Owns    the members of the last round and of the one under way. Embedded.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   a round with the error of the first group that could not be read, NSX_NOT_FOUND for
 *         one that NSX does not know: then nobody is told that a VM is not protected.
 * Limits  NQ_CONFIG_PROTECTED_MAX groups, NQ_INVENTORY_VMS_MAX members of one. One round at
 *         a time, of one list after the other: with policy a request for each 1,000 members
 *         of each group, with vsphere one for each group, however many VMs are asked about.
 *
 * A round serves whoever asked before it began, and for NQ_PROTECTOR_FRESH_MS from its
 * beginning whoever asks later.
 */
#ifndef NQ_NSX_PROTECTOR_H
#define NQ_NSX_PROTECTOR_H

#include "base/clock.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/call.h"
#include "nsx/idset.h"
#include "nsx/waits.h"

/* How the members of one group are read. */
struct nq_protector_reader {
    void *arg;
    /* Calls nq_protector_add() for all effective VM members of the group, then
     * nq_protector_read() once, never before it returns. */
    void (*start)(void *arg, const char *path);
    /* After this nq_protector_read() is not called. */
    void (*stop)(void *arg);
};

struct nq_protector_setup {
    const struct nq_config *conf; /* outlives the protector */
    size_t manager;               /* index into conf->managers */
    struct nq_protector_reader reader;
    struct nq_calls *calls;
    struct nq_loop *loop;
    const struct nq_clock *clock;
};

struct nq_protected_group {
    const char *path;
    struct nq_idset members;
};

/* Embedded; fields are for protector.c. */
struct nq_protector {
    struct nq_protector_setup setup;
    struct nq_protected_group *groups;
    size_t count;
    bool known;       /* the members of all */
    int64_t read_ms;  /* mono, when the round of that began; with known */
    bool reading;     /* a round is under way */
    int64_t began_ms; /* mono, with reading */
    size_t at;        /* the group being read */
    struct nq_idset next;
    bool overflow;          /* of next */
    struct nq_waits waits;  /* since the round began */
    struct nq_waits served; /* by the round under way */
    struct nq_timer timer;
};

void nq_protector_init(struct nq_protector *protector,
                       const struct nq_protector_setup *setup);

/* After the last call. Takes a zeroed one, too. */
void nq_protector_done(struct nq_protector *protector);

struct nq_call *nq_protector_start(struct nq_protector *protector,
                                   const char *external_id, nq_reply_fn *done, void *arg);

/* A member of the group that is being read; protector is a struct nq_protector: readers of
 * lists call this for each. What does not fit fails the round. */
void nq_protector_add(void *protector, const char *external_id);

/* The end of what reader.start() began. */
void nq_protector_read(struct nq_protector *protector, const struct nq_err *err);

#endif
