/* SPDX-License-Identifier: Apache-2.0 */
/* reception.c: see reception.h. */
#include "entry/reception.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "trap/listener.h"
#include "trap/sources.h"
#include "trap/spool.h"
#include "trap/text.h"
#include "trap/text_write.h"
#include "trap/usm.h"

struct nq_reception {
    struct nq_reception_setup setup;
    struct nq_usm *usm;
    struct nq_listener *listener;
};

/* A trap that the engine has not judged durably yet. */
struct visitor {
    struct nq_reception *reception;
    struct nq_trap trap;
    struct nq_inform *inform; /* NULL: nobody waits for an answer */
};

/* ---- traps -------------------------------------------------------------------------- */

static void free_visitor(struct visitor *visitor)
{
    nq_trap_done(&visitor->trap);
    free(visitor);
}

/* The text names one sender and what was proven about him: a forwarder's word is worth
 * nothing in a file. */
static bool spool(const struct nq_reception *reception, const struct nq_trap *trap,
                  struct nq_err *reterr)
{
    struct nq_standing standing;
    struct nq_trap known = *trap;
    struct nq_buf text;
    nq_sources_judge(reception->setup.sources, trap, &standing);
    if (standing.source) {
        known.source = (char *)(uintptr_t)standing.source;
    }
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    const bool done =
        nq_trap_to_text(&known, standing.proof, &text, reterr) &&
        nq_spool_put(reception->setup.conf->spool_directory, text.data, text.len, reterr);
    nq_buf_done(&text);
    return done;
}

static void spool_or_lose(const struct visitor *visitor)
{
    const struct nq_reception *reception = visitor->reception;
    struct nq_err err = {0};
    if (!spool(reception, &visitor->trap, &err)) {
        char text[NQ_LOG_LINE];
        nq_engine_no_trap(reception->setup.engine, true, visitor->trap.source,
                          nq_err_text(&err, text, sizeof(text)));
        nq_log(NQ_LOG_ERROR, "a trap is lost: it can be neither stored nor spooled: %s",
               text);
    }
}

static void on_verdict(void *arg, enum nq_intake verdict, const char *reason)
{
    (void)reason; /* the engine has counted and logged it */
    struct visitor *visitor = arg;
    struct nq_reception *reception = visitor->reception;
    if (visitor->inform) {
        nq_listener_answer(reception->listener, visitor->inform,
                           verdict != NQ_INTAKE_LATER);
    } else if (verdict == NQ_INTAKE_LATER) {
        spool_or_lose(visitor);
    }
    free_visitor(visitor);
}

static void on_trap(void *arg, struct nq_trap *trap, struct nq_inform *inform)
{
    struct nq_reception *reception = arg;
    struct visitor *visitor = nq_calloc(1, sizeof(*visitor));
    visitor->reception = reception;
    visitor->trap = *trap;
    *trap = (struct nq_trap){0};
    visitor->inform = inform;
    nq_engine_trap(reception->setup.engine, &visitor->trap, NQ_WAY_LISTENER, on_verdict,
                   visitor);
}

static void on_refused(void *arg, bool unauthentic, const char *source,
                       const char *reason)
{
    const struct nq_reception *reception = arg;
    nq_engine_no_trap(reception->setup.engine, unauthentic, source, reason);
}

static void on_drops(void *arg, const char *address, uint64_t cookie, uint64_t drops)
{
    const struct nq_reception *reception = arg;
    nq_engine_kernel_drops(reception->setup.engine, address, cookie, drops);
}

/* ---- life --------------------------------------------------------------------------- */

static bool open_users(struct nq_reception *reception, struct nq_err *reterr)
{
    const char *file = reception->setup.conf->listen.users_file;
    uint64_t number = 0;
    uint32_t boots = 0;
    if (!file) {
        return true;
    }
    if (reception->setup.is_snmp_engine) {
        nq_engine_snmp_identity(reception->setup.engine, &number, &boots);
        if (!nq_usm_set_engine(number, boots, reterr)) {
            return false;
        }
    }
    reception->usm = nq_usm_open(file, reterr);
    return reception->usm != NULL;
}

static bool open_listener(struct nq_reception *reception, struct nq_err *reterr)
{
    const struct nq_reception_setup *setup = &reception->setup;
    const struct nq_listener_user user = {
        .arg = reception,
        .on_trap = on_trap,
        .on_refused = on_refused,
        .on_drops = on_drops,
    };
    reception->listener =
        nq_listener_open(setup->conf, setup->loop, setup->clock, &user, reterr);
    return reception->listener != NULL;
}

struct nq_reception *nq_reception_open(const struct nq_reception_setup *setup,
                                       struct nq_err *reterr)
{
    struct nq_reception *reception = nq_calloc(1, sizeof(*reception));
    reception->setup = *setup;
    if (setup->conf->listen.address_count > 0 &&
        (!open_users(reception, reterr) || !open_listener(reception, reterr))) {
        return nq_reception_close(reception);
    }
    return reception;
}

struct nq_reception *nq_reception_close(struct nq_reception *reception)
{
    if (!reception) {
        return NULL;
    }
    /* What has come is stored or spooled, and every verdict is given. */
    nq_engine_settle(reception->setup.engine);
    reception->listener = nq_listener_close(reception->listener);
    reception->usm = nq_usm_close(reception->usm);
    free(reception);
    return NULL;
}
