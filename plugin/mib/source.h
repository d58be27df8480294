/* SPDX-License-Identifier: Apache-2.0 */
/* source.h: where the rows of tables.c and scalars.c get their values: inside mib/ only.
 * Not for: callers of the MIB, who use mib.h.
 *
 * Owns    see struct nq_mib.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_MIB_SOURCE_H
#define NQ_MIB_SOURCE_H

#include <stdint.h>

#include "mib/mib.h"
#include "mib/outbox.h"
#include "mib/table.h"
#include "mib/timestamp.h"
#include "quarantine/engine.h"

/* A push-button: nqEngineReconcile, nqGovernorRearm. It reads idle. */
enum nq_push { NQ_PUSH_IDLE = 1, NQ_PUSH_NOW, NQ_PUSH_END };

/* The one row of the scalar branches. */
struct nq_scalars {
    uint32_t instance; /* 0, the index of every scalar */
    const char *version;
    enum nq_host host;
    struct nq_timestamp last_change;
    uint32_t idle;          /* NQ_PUSH_IDLE: what every push-button object reads */
    const char *summary_of; /* the name of view.summary_of */
    struct nq_engine_view view;
};

struct nq_mib {
    struct nq_face *faces;    /* one for each of nq_mib_tables */
    struct nq_engine *engine; /* borrowed; NULL: none is open */
    bool owns_state;          /* it is registered before those who do not */
    char *why_not;            /* health text while there is no engine */
    struct nq_outbox outbox;
    uint64_t rows_changed; /* of the view that scalars.last_change belongs to */
    struct nq_scalars scalars;
};

/* For nq_table.is_live. */
bool nq_mib_has_engine(void *source);

/* Brings mib->scalars up to date. */
void nq_mib_refresh(struct nq_mib *mib);

#endif
