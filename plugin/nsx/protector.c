/* SPDX-License-Identifier: Apache-2.0 */
/* protector.c: see protector.h. */
#include "nsx/protector.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nsx/inventory.h"

struct protector_call {
    struct nq_call call;
    struct nq_protector *protector;
    char *external_id;
    struct nq_wait wait;
};

/* ---- rounds ------------------------------------------------------------------------ */

static void read_group(struct nq_protector *protector)
{
    const struct nq_protector_reader *reader = &protector->setup.reader;
    protector->overflow = false;
    reader->start(reader->arg, protector->groups[protector->at].path);
}

static bool is_fresh(const struct nq_protector *protector)
{
    return protector->count == 0 ||
           (protector->known && nq_mono_ms(protector->setup.clock) - protector->read_ms <
                                    NQ_PROTECTOR_FRESH_MS);
}

static void turn(void *arg)
{
    struct nq_protector *protector = arg;
    if (!protector->waits.waiting) {
        return; /* they gave up */
    }
    nq_waits_move(&protector->waits, &protector->served);
    if (is_fresh(protector)) {
        nq_waits_tell(&protector->served, NULL);
        return;
    }
    protector->reading = true;
    protector->began_ms = nq_mono_ms(protector->setup.clock);
    protector->at = 0;
    read_group(protector);
}

/* By the timer: those who ask in one turn of the loop share a round. */
static void turn_soon(struct nq_protector *protector)
{
    if (!protector->reading && !protector->timer.armed && protector->waits.waiting) {
        nq_timer_set(protector->setup.loop, &protector->timer, 0, turn, protector);
    }
}

/* Who came while it was read is served as well, as long as it is young enough. After a
 * failure nobody is to learn one by one that the manager is away. */
static void end_round(struct nq_protector *protector, const struct nq_err *err)
{
    protector->reading = false;
    protector->known = err == NULL;
    protector->read_ms = protector->began_ms;
    if (err || is_fresh(protector)) {
        nq_waits_move(&protector->waits, &protector->served);
    }
    nq_waits_tell(&protector->served, err);
    turn_soon(protector);
}

void nq_protector_add(void *arg, const char *external_id)
{
    struct nq_protector *protector = arg;
    if (nq_idset_full(&protector->next)) {
        protector->overflow = true;
    } else {
        nq_idset_add(&protector->next, external_id);
    }
}

void nq_protector_read(struct nq_protector *protector, const struct nq_err *err)
{
    struct nq_protected_group *group = &protector->groups[protector->at];
    struct nq_err too_many;
    if (!err && protector->overflow) {
        (void)nq_fail(&too_many, NQ_NSX_ANSWER, "more than %d members",
                      NQ_INVENTORY_VMS_MAX);
        err = &too_many;
    }
    if (err) {
        struct nq_err of_group;
        nq_idset_done(&protector->next);
        (void)nq_fail(&of_group, err->code, "the protected group %s: %s", group->path,
                      err->detail);
        of_group.http = err->http;
        of_group.fault = err->fault;
        end_round(protector, &of_group);
        return;
    }
    nq_idset_close(&protector->next);
    nq_idset_done(&group->members);
    group->members = protector->next;
    protector->next = (struct nq_idset){0};
    protector->at++;
    if (protector->at < protector->count) {
        read_group(protector);
    } else {
        end_round(protector, NULL);
    }
}

/* ---- calls ------------------------------------------------------------------------- */

static void protector_drop(struct nq_call *call)
{
    struct protector_call *mine = (struct protector_call *)call;
    nq_wait_leave(&mine->wait);
    free(mine->external_id);
    free(mine);
}

static void on_round(void *arg, const struct nq_err *err)
{
    struct protector_call *mine = arg;
    const struct nq_protector *protector = mine->protector;
    struct nq_reply reply = {.err = err, .missing = ""};
    for (size_t i = 0; !err && !reply.protector && i < protector->count; i++) {
        if (nq_idset_has(&protector->groups[i].members, mine->external_id)) {
            reply.protector = protector->groups[i].path;
        }
    }
    nq_call_reply(&mine->call, &reply);
}

struct nq_call *nq_protector_start(struct nq_protector *protector,
                                   const char *external_id, nq_reply_fn *done, void *arg)
{
    struct protector_call *mine = nq_calloc(1, sizeof(*mine));
    mine->protector = protector;
    mine->external_id = nq_strdup(external_id);
    nq_call_open(&mine->call, protector->setup.calls, protector_drop, done, arg);
    nq_waits_add(&protector->waits, &mine->wait, on_round, mine);
    turn_soon(protector);
    return &mine->call;
}

/* ---- life -------------------------------------------------------------------------- */

void nq_protector_init(struct nq_protector *protector,
                       const struct nq_protector_setup *setup)
{
    const struct nq_protect_conf *conf = &setup->conf->protect;
    *protector = (struct nq_protector){.setup = *setup};
    protector->groups = nq_calloc(conf->group_count, sizeof(protector->groups[0]));
    for (size_t i = 0; i < conf->group_count; i++) {
        if (conf->groups[i].manager == setup->manager) {
            protector->groups[protector->count++].path = conf->groups[i].path;
        }
    }
}

void nq_protector_done(struct nq_protector *protector)
{
    if (protector->reading) {
        protector->setup.reader.stop(protector->setup.reader.arg);
    }
    if (protector->setup.loop) {
        nq_timer_clear(protector->setup.loop, &protector->timer);
    }
    for (size_t i = 0; i < protector->count; i++) {
        nq_idset_done(&protector->groups[i].members);
    }
    nq_idset_done(&protector->next);
    free(protector->groups);
    *protector = (struct nq_protector){0};
}
