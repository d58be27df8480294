/* SPDX-License-Identifier: Apache-2.0 */
/* world.h: a deterministic world for the real engine: fake clock, fake store, fake NSX.
 * A test is a script of events; time passes and NSX answers only when the test says so. */
#ifndef NQ_TESTS_WORLD_H
#define NQ_TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quarantine/engine.h"

#define WORLD_VMS_MAX   16
#define WORLD_CALLS_MAX 64

/* Who is listed, and what the two triggers recognise: one quarantines, the other one does
 * what world_conf() says, at first it releases. */
#define WORLD_SENDER    "10.1.1.1"
#define WORLD_FORWARDER "127.0.0.1"
#define WORLD_STRANGER  "192.0.2.66"
#define WORLD_DETECTION ".1.3.6.1.4.1.32473.1"
#define WORLD_OTHER     ".1.3.6.1.4.1.32473.4"

/* What NSX knows about one VM. */
struct world_vm {
    const char *external_id;
    const char *name;
    const char *host_name;
    const char *address;
    const char *type;
    bool tagged;
    bool gone;
    bool member; /* of the quarantine group, once the fake NSX has caught up */
    size_t manager;
    const char *uuids;     /* NULL: none */
    unsigned more_tags;    /* besides ours: set of nsx/tags.h */
    const char *protector; /* a protected group that has it as a member; NULL: none */
    bool not_in_inventory; /* NSX shows it, and not all that the inventory would */
};

enum world_call_kind {
    CALL_FIND,
    CALL_READ,
    CALL_ADD,
    CALL_REMOVE,
    CALL_PROVE,
    CALL_PROTECTOR,
    CALL_GROUPS,
    CALL_TAGGED,
    CALL_KIND_END
};

struct world;

/* Starts with the VMs VDI-01, VDI-02 and an EDGE, and an engine in enforce mode. */
struct world *world_new(void);
/* A second world function for tests that want another start. */
struct world *world_new_in_mode(enum nq_mode mode);
/* And one whose engine is not open yet: change world_conf(), then world_start(). */
struct world *world_new_closed(void);
void world_free(struct world *world);

struct nq_engine *world_engine(struct world *world);
struct nq_config *world_conf(struct world *world); /* change it before world_restart() */
struct world_vm *world_vm(struct world *world, const char *name); /* by display name */
struct world_vm *world_add_vm(struct world *world, const struct world_vm *vm);

/* ---- input -------------------------------------------------------------------------- */

/* Hands a detection for computer to the engine, as the text of a real trap from
 * WORLD_SENDER; or any trap from any source. */
void world_detect(struct world *world, const char *computer, const char *cause);
void world_send(struct world *world, const char *source, const char *oid,
                const char *computer, const char *cause);
void world_trap(struct world *world, const struct nq_trap *trap);
void world_trap_text(struct world *world, const char *text);

/* ---- time --------------------------------------------------------------------------- */

/* Turns the loop until nothing is due; time does not pass. */
void world_settle(struct world *world);
void world_advance(struct world *world, int64_t ms);
/* Somebody sets the wall clock: it jumps by so much, time goes on as before. */
void world_jump(struct world *world, int64_t ms);

/* ---- NSX ---------------------------------------------------------------------------- */

/* Calls that wait for an answer, groups and lists of tagged VMs not counted. */
size_t world_waiting(const struct world *world);
bool world_is_waiting(const struct world *world, enum world_call_kind kind);
/* Answers the oldest waiting call truthfully, then settles. false: none waits. */
bool world_answer(struct world *world);
/* Answers everything, and lets time pass, until the engine is quiet or ms have passed. */
void world_run(struct world *world, int64_t ms);
/* Answers the oldest waiting call with an error; applied: NSX did it all the same. */
void world_fail(struct world *world, enum nq_code code, bool applied);
/* Answers the reading of groups that waits: groups of the configuration, in its order. */
void world_answer_groups(struct world *world, const struct nq_group_view *groups,
                         size_t count);
/* The same with all that a reply may hold, or an error. */
void world_answer_reading(struct world *world, const struct nq_reply *reply);
/* Answers the oldest list of tagged VMs truthfully; false: none waits. */
bool world_answer_tagged(struct world *world);
void world_fail_tagged(struct world *world, enum nq_code code);
/* Where NSX is reached: a host name or an address. */
void world_set_server(struct world *world, const char *server);
/* What this machine is called; before world_start(). */
void world_set_own_hosts(struct world *world, void (*each)(nq_server_fn *fn, void *arg));
/* What the manager says about itself from now on. */
void world_set_status(struct world *world, const struct nq_manager_status *status);
/* Answers the oldest waiting write with success without doing it. */
void world_lie(struct world *world);
/* Tags that NSX really added and removed so far. */
size_t world_added(const struct world *world);
size_t world_removed(const struct world *world);
/* Calls started so far. */
size_t world_calls(const struct world *world, enum world_call_kind kind);

/* ---- store and crashes -------------------------------------------------------------- */

void world_break_store(struct world *world, bool broken);
size_t world_commits(const struct world *world);
/* An unmatched trap as it was committed; NULL: none in this slot. */
const struct nq_unmatched *world_unmatched(const struct world *world, uint32_t slot);
size_t world_unmatched_puts(const struct world *world);
/* The process dies now: what was not committed is lost; calls under way may still be
 * carried out by NSX (applied). Then the engine starts again. */
void world_crash(struct world *world, bool applied);
/* A clean stop and start with the present configuration. */
void world_restart(struct world *world);
/* The two halves of it, around a change of what an engine must not see change. */
void world_stop(struct world *world);
void world_start(struct world *world);

/* ---- what came out ------------------------------------------------------------------ */

size_t world_stored(const struct world *world); /* answers to senders of traps */
size_t world_refused(const struct world *world);
size_t world_put_off(const struct world *world);
size_t world_notices(const struct world *world, enum nq_notice notice);

/* The only case, or the newest one; NULL when there is none. */
const struct nq_case *world_case(const struct world *world);
size_t world_case_count(const struct world *world);
uint64_t world_counter(const struct world *world, enum nq_counter counter);

#endif
