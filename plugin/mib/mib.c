/* SPDX-License-Identifier: Apache-2.0 */
/* mib.c: registers every branch with the host, and says which engine answers. */
#include "mib/mib.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "mib/source.h"
#include "mib/tables.h"
#include "quarantine/request.h"

/* The MIB's numbers are the enums of the code. */
_Static_assert(NQ_CASE_STATE_END == 10 && NQ_WANT_END == 6 && NQ_REASON_END == 13 &&
                   NQ_MODE_END == 4 && NQ_GOVERNOR_STATE_END == 4 &&
                   NQ_SEVERITY_END == 4 && NQ_REQUEST_RESULT_END == 5 &&
                   NQ_REQUEST_ACTION_END == 3,
               "an enum grew: add its value to NSX-QUARANTINE-MIB");

/* Rows of cases have the number of their case as index. */
static void keep_set(void *source, const struct nq_set_done *done)
{
    const struct nq_mib *mib = source;
    if (mib->engine) {
        nq_engine_note_set(mib->engine, done->table == &nq_table_vms ? done->instance : 0,
                           done->actor, done->column->name, done->instance, done->text);
    }
}

/* Of the hosts that own no state each has a place of its own, else the second one at a master
 * would be refused, also when the first one just registers anew. */
static bool register_all(struct nq_mib *mib, bool owns_state, struct nq_err *reterr)
{
    const int behind = owns_state ? 0 : (int)mib->scalars.host;
    mib->owns_state = owns_state;
    for (size_t i = 0; i < nq_mib_table_count; i++) {
        if (!nq_face_rank(&mib->faces[i], DEFAULT_MIB_PRIORITY + behind, reterr)) {
            return false;
        }
    }
    return true;
}

bool nq_mib_rank(struct nq_mib *mib, bool owns_state, struct nq_err *reterr)
{
    if (mib->owns_state == owns_state) {
        return true;
    }
    if (register_all(mib, owns_state, reterr)) {
        return true;
    }
    (void)register_all(mib, false, NULL);
    return false;
}

struct nq_mib *nq_mib_start(enum nq_host host, nq_outbox_fn *may_notify,
                            struct nq_err *reterr)
{
    struct nq_mib *mib = nq_calloc(1, sizeof(*mib));
    mib->faces = nq_calloc(nq_mib_table_count, sizeof(*mib->faces));
    mib->scalars.version = NQ_VERSION;
    mib->scalars.host = host;
    mib->scalars.idle = NQ_PUSH_IDLE;
    mib->outbox.may_send = may_notify;
    nq_mib_serve(mib, NULL, "starting");
    for (size_t i = 0; i < nq_mib_table_count; i++) {
        mib->faces[i] = (struct nq_face){
            .table = nq_mib_tables[i], .source = mib, .on_set = keep_set};
    }
    return register_all(mib, false, reterr) ? mib : nq_mib_stop(mib);
}

struct nq_mib *nq_mib_stop(struct nq_mib *mib)
{
    if (!mib) {
        return NULL;
    }
    for (size_t i = nq_mib_table_count; i > 0; i--) {
        nq_face_close(&mib->faces[i - 1]);
    }
    nq_outbox_done(&mib->outbox);
    free(mib->faces);
    free(mib->why_not);
    free(mib);
    return NULL;
}

static void note_change(struct nq_mib *mib)
{
    nq_timestamp_set(&mib->scalars.last_change, nq_mono_ms(&nq_system_clock),
                     (uint32_t)netsnmp_get_agent_uptime());
}

void nq_mib_serve(struct nq_mib *mib, struct nq_engine *engine, const char *why_not)
{
    mib->engine = engine;
    nq_text_set(&mib->why_not, engine ? NULL : why_not);
    note_change(mib);
    if (engine) {
        nq_engine_view(engine, &mib->scalars.view);
        mib->rows_changed = mib->scalars.view.rows_changed;
        for (size_t i = 0; i < nq_mib_table_count; i++) {
            mib->faces[i].read_only = mib->scalars.view.read_only;
        }
    }
}

/* Zeros would say that all is well with the cases of another engine. */
bool nq_mib_has_engine(void *source)
{
    const struct nq_mib *mib = source;
    return mib->engine != NULL;
}

void nq_mib_refresh(struct nq_mib *mib)
{
    struct nq_engine_view *view = &mib->scalars.view;
    mib->scalars.summary_of = "";
    nq_timestamp_follow(&mib->scalars.last_change, nq_mono_ms(&nq_system_clock),
                        (uint32_t)netsnmp_get_agent_uptime());
    if (!mib->engine) {
        *view = (struct nq_engine_view){
            .mode = NQ_MODE_STOPPED,
            .health = NQ_HEALTH_FAILED,
            .health_text = nq_text_or_empty(mib->why_not),
            .governor_state = NQ_GOVERNOR_NORMAL,
        };
        return;
    }
    nq_engine_view(mib->engine, view);
    mib->scalars.summary_of = nq_mib_notification_name(view->summary_of);
    if (view->rows_changed != mib->rows_changed) {
        mib->rows_changed = view->rows_changed;
        note_change(mib);
    }
}

void nq_mib_note_changes(struct nq_mib *mib)
{
    if (mib->engine) {
        nq_mib_refresh(mib);
    }
}
