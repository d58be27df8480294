/* SPDX-License-Identifier: Apache-2.0 */
/* world_internal.h: what the files of the fake world share: world.c (the world and its
 * engine), world_store.c (the fake store), world_nsx.c (the fake NSX). */
#ifndef NQ_TESTS_WORLD_INTERNAL_H
#define NQ_TESTS_WORLD_INTERNAL_H

#include "store/store.h"
#include "world.h"

#define CASES_MAX      64
#define TALLIES_MAX    256
#define ADMISSIONS_MAX 256
#define LOG_MAX        64

struct kept_tally {
    char owner[128];
    char name[16];
    uint64_t value;
};

struct kept {
    struct nq_case cases[CASES_MAX];
    size_t case_count;
    uint64_t counters[NQ_COUNTER_COUNT];
    struct kept_tally tallies[TALLIES_MAX];
    size_t tally_count;
    enum nq_mode mode;
    uint32_t last_case;
    struct nq_unmatched unmatched[NQ_UNMATCHED_MAX]; /* by slot; without text: none */
    struct nq_admission admissions[ADMISSIONS_MAX];
    size_t admission_count;
    struct nq_governor_record governor; /* state 0: none was put */
    struct nq_log_entry log[LOG_MAX];   /* the newest ones */
    size_t log_count;
};

struct fake_store {
    struct nq_store base;
    struct kept committed;
    struct kept pending;
    struct world *world;
    bool broken;
    bool dead;     /* the process has died: nothing reaches the disk any more */
    bool forgets;  /* on purpose: new cases are not kept */
    size_t missed; /* tries to commit that failed since the last one that did not */
    size_t commits;
    size_t unmatched_puts;
    size_t case_puts;
};

struct waiting_call {
    uint64_t number; /* what the engine holds as struct nq_call pointer */
    bool unsent;     /* the process was dead by then: it never reached NSX */
    enum world_call_kind kind;
    size_t manager;
    char external_id[64];
    char hints[NQ_HINTS_MAX][256];
    size_t hint_count;
    nq_reply_fn *done;
    void *arg;
};

struct fake_backend {
    struct nq_backend base;
    struct world *world;
    struct waiting_call calls[WORLD_CALLS_MAX];
    size_t call_count;
    uint64_t next_number;
    size_t started[CALL_KIND_END];
    size_t added;
    size_t removed;
    struct nq_manager_status status;
};

/* Who wants to see what leaves the engine, at the moment it does. Not told of what a dead
 * process does. Each may let it die, by setting store.dead; NULL: of no interest. */
struct world_watch {
    void *arg;
    void (*on_start)(void *arg, const struct waiting_call *call);
    void (*before_commit)(void *arg, const struct kept *before, const struct kept *after);
    void (*after_commit)(void *arg);
    void (*on_notice)(void *arg, enum nq_notice notice, const void *row);
    void (*on_answer)(void *arg, enum nq_intake verdict);
    void (*on_cancel)(void *arg, const struct waiting_call *call);
};

struct world {
    struct nq_clock clock;
    int64_t now_ms;                  /* mono */
    int64_t wall_ms;                 /* how far the wall clock is ahead of it */
    const struct world_watch *watch; /* NULL: nobody */
    struct nq_config conf;
    struct nq_manager_conf managers[2];
    struct nq_group_conf groups[2];
    struct nq_trigger_conf triggers_conf[2];
    struct nq_source_conf sources_conf[2];
    struct world_vm vms[WORLD_VMS_MAX];
    size_t vm_count;
    struct fake_store store;
    struct fake_backend backend;
    const struct nq_decisions *decisions;               /* NULL: the product's */
    void (*each_own_host)(nq_server_fn *fn, void *arg); /* NULL: none is known */
    uint32_t (*random)(void);                           /* NULL: the kernel's */
    struct nq_loop *loop;
    struct nq_triggers *triggers;
    struct nq_sources *sources;
    struct nq_engine *engine;
    size_t answers[NQ_INTAKE_LATER + 1];
    size_t notices[NQ_NOTICE_END];
    const char *server; /* a host at which NSX is reached; NULL: none */
};

extern const struct nq_store_ops world_store_ops;
extern const struct nq_backend_ops world_backend_ops;

/* Deep copy over what *to holds. */
void world_copy_kept(struct kept *to, const struct kept *from);

/* The engine asks by itself, at intervals: groups, tagged VMs. */
bool world_is_background(enum world_call_kind kind);
/* Takes the oldest waiting call off the list, of those that are not background, or of one
 * kind. false: none. */
bool world_take_oldest(struct world *world, struct waiting_call *ret_call);
bool world_take(struct world *world, enum world_call_kind kind,
                struct waiting_call *ret_call);
/* Or the one at this place of the list, which is there. */
void world_take_at(struct world *world, size_t at, struct waiting_call *ret_call);
/* The VM that a call is about; NULL: none, or it is gone. */
struct world_vm *world_vm_of(struct world *world, const struct waiting_call *call);
/* What NSX does for a write, without an answer; and its true answer. */
void world_apply_write(struct world *world, const struct waiting_call *call);
void world_answer_truly(struct world *world, const struct waiting_call *call);

#endif
