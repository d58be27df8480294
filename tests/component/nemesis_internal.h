/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_internal.h: what the files of the nemesis share: nemesis_kinds.c (what can
 * happen, as rows), nemesis_history.c (invents, writes, reads), nemesis_site.c (VMs and
 * configurations), nemesis_do*.c (makes it happen), nemesis_watch.c (calls to NSX),
 * nemesis_facts.c (what becomes durable), nemesis_checks.c (what must hold between
 * operations and at the end), nemesis_play.c (one run) and nemesis_shrink.c. */
#ifndef NQ_TESTS_NEMESIS_INTERNAL_H
#define NQ_TESTS_NEMESIS_INTERNAL_H

#include "nemesis.h"
#include "quarantine/case.h"
#include "world_internal.h"

#define SITE_SCAN     ".1.3.6.1.4.1.32473.5"
#define SITE_TRIGGERS 3

#define MODEL_CASES_MAX 1024
#define MODEL_TRAPS_MAX 128
#define MODEL_LATE_MAX  32

/* What we know about a VM of the world, by its place there. */
struct model_vm {
    bool unseen; /* an addition began, and no look at the VM was answered since */
    bool shown;  /* the last look showed our tag, and no write began since */
    bool shown_protected; /* the last look that could show it, showed it as protected */
    bool group_checked; /* its protected groups were looked up since the last addition */
    bool ours;          /* the tag that it carries was added by the engine */
    bool by_hand;       /* somebody put it there or took it off */
    bool abandoned;     /* its case was closed by hand, and nobody looked at the tag */
    bool was_gone;
    unsigned more_tags; /* that it must have besides ours */
    size_t guarded_at;  /* the operation that made it protected; 0: it always was */
    size_t looked_at;   /* the operation that answered the last look at its tags */
};

/* What we know about a case, by its number. */
struct model_case {
    bool may_close;      /* somebody asked for its release, or its time could be over */
    int64_t detected_ms; /* wall: a detection named it last, since it was opened */
    bool may_reopen;     /* a person approved it */
    size_t order;        /* of its admission; 0: not yet */
    size_t budget;       /* that it was admitted in */
    bool counted;        /* among the admissions: its addition began */
    enum nq_notice due;  /* its state changed: this must be announced */
};

struct model_trap {
    bool detection;
    bool proven;   /* its sender is listed */
    int64_t at_ms; /* wall */
    const char *computer;
};

struct model_admission {
    size_t order;  /* rises with each admission */
    int64_t at_ms; /* wall */
    char cause[32];
};

struct nemesis_run {
    struct world *world;
    struct world_watch watch;
    const struct nemesis_rules *rules;
    struct nemesis_verdict *verdict;
    struct nq_trigger_conf triggers[SITE_TRIGGERS];
    struct nq_protect_conf protect;
    size_t profile;
    size_t op;         /* the number of the operation, from 1 */
    bool lagging;      /* groups do not follow tags */
    bool closing;      /* the process ends: what becomes of its calls is settled */
    bool inside;       /* the engine is inside a call that must not reach NSX */
    bool settled;      /* nothing is left to do in this turn */
    enum nq_mode mode; /* as it was set last */
    int fuse;          /* so many more effects of this kind until the process dies */
    int fuse_kind;
    uint8_t fate; /* of calls under way when it dies: an index into fates */
    struct waiting_call late[MODEL_LATE_MAX]; /* NSX still carries these out */
    size_t late_count;
    struct model_vm vms[WORLD_VMS_MAX];
    struct model_case cases[MODEL_CASES_MAX];
    struct model_trap traps[MODEL_TRAPS_MAX]; /* not yet answered, in their order */
    size_t trap_count;
    struct model_admission admissions[MODEL_CASES_MAX];
    size_t admission_count; /* since the governor was rearmed, or configured anew */
    size_t admission_order; /* the highest one */
    size_t budget;          /* rises when it begins anew */
};

/* ---- nemesis_kinds.c ----------------------------------------------------------------- */

typedef void nemesis_do_fn(struct nemesis_run *run, const uint8_t *args);

struct nemesis_words {
    const char *const *words;
    size_t count;
};

struct nemesis_kind {
    const char *name;
    unsigned weight; /* how often it happens, beside the others */
    bool always;     /* in every history: nothing goes on without it */
    bool settles;    /* the turn ends with it */
    nemesis_do_fn *act;
    struct nemesis_words args[NEMESIS_ARGS_MAX];
};

extern const struct nemesis_kind nemesis_kinds[];
extern const size_t nemesis_kind_count;

/* The words, and what they stand for, in the same order. */
extern const char *const nemesis_computers[];
extern const char *const nemesis_causes[];
extern const char *const nemesis_new_names[];
extern const int64_t nemesis_spans_ms[];
extern const int64_t nemesis_jumps_ms[];
extern const enum nq_code nemesis_codes[];
extern const enum nq_wanted nemesis_commands[];
extern const enum nq_mode nemesis_modes[];

enum { FATE_LOST, FATE_APPLIED, FATE_LATE };
enum { FUSE_NONE, FUSE_BEFORE_COMMIT, FUSE_AFTER_COMMIT, FUSE_CALL };

/* ---- nemesis_do.c, nemesis_do_nsx.c -------------------------------------------------- */

nemesis_do_fn nemesis_do_detect, nemesis_do_release, nemesis_do_scan, nemesis_do_stray,
    nemesis_do_garble, nemesis_do_command, nemesis_do_comment, nemesis_do_mode,
    nemesis_do_rearm, nemesis_do_reconcile, nemesis_do_request, nemesis_do_turn,
    nemesis_do_advance, nemesis_do_jump, nemesis_do_disk, nemesis_do_fuse,
    nemesis_do_crash, nemesis_do_restart;
nemesis_do_fn nemesis_do_answer, nemesis_do_go, nemesis_do_fail, nemesis_do_lie,
    nemesis_do_late, nemesis_do_hand, nemesis_do_foreign, nemesis_do_tag_protect,
    nemesis_do_protector, nemesis_do_vanish, nemesis_do_return, nemesis_do_recreate,
    nemesis_do_rename, nemesis_do_member, nemesis_do_lag;

/* Ends a process that died, and starts the next one. */
void nemesis_bury(struct nemesis_run *run);
/* Answers truly whatever waits, until nothing does. */
void nemesis_answer_all(struct nemesis_run *run);
/* NSX still has this write and carries it out some time. */
void nemesis_keep_late(struct nemesis_run *run, const struct waiting_call *call);
/* NSX carries out what it still has of the VM of this call; NULL: of all. */
void nemesis_catch_up(struct nemesis_run *run, const struct waiting_call *call);

/* ---- nemesis_site.c ------------------------------------------------------------------ */

/* The VMs, and the configuration of a profile. */
void nemesis_site_fill(struct nemesis_run *run);
void nemesis_site_configure(struct nemesis_run *run, size_t profile);
/* Why the VM must not be tagged now; NULL: it may. Set of PROTECTED_*. */
enum { PROTECTED_VISIBLY = 1, PROTECTED_BY_GROUP = 2 };
unsigned nemesis_site_protects(const struct nemesis_run *run, const struct world_vm *vm);
/* This text is one of the names of that case, or of its VM. */
bool nemesis_site_names(const struct nq_case *record, const char *computer);

/* ---- nemesis_watch.c ----------------------------------------------------------------- */

void nemesis_watch_open(struct nemesis_run *run);
/* The process dies at the n-th effect of a kind. */
void nemesis_burn(struct nemesis_run *run, int kind);
/* The governor let it pass. */
void nemesis_admit(struct nemesis_run *run, struct model_case *known);
/* NSX is about to answer this call truly. */
void nemesis_watch_look(struct nemesis_run *run, const struct waiting_call *call);
struct model_case *nemesis_model_case(struct nemesis_run *run, uint32_t id);
/* vm_count of the world: there is none with this id. */
size_t nemesis_place_of_id(const struct nemesis_run *run, const char *external_id);
size_t nemesis_place_of(const struct nemesis_run *run, const struct world_vm *vm);

/* ---- nemesis_facts.c ----------------------------------------------------------------- */

void nemesis_before_commit(void *arg, const struct kept *before,
                           const struct kept *after);
void nemesis_after_commit(void *arg);
void nemesis_on_notice(void *arg, enum nq_notice notice, const void *row);
void nemesis_on_answer(void *arg, enum nq_intake verdict);

/* ---- nemesis_checks.c ---------------------------------------------------------------- */

/* The first one counts. */
void nemesis_break(struct nemesis_run *run, enum nemesis_promise promise, const char *fmt,
                   ...) __attribute__((format(printf, 3, 4)));
/* A promise is broken, or the process is dead: nothing more to do in this operation. */
bool nemesis_is_over(const struct nemesis_run *run);
void nemesis_check_quiet(struct nemesis_run *run);
void nemesis_check_end(struct nemesis_run *run);
void nemesis_check_released(struct nemesis_run *run);

#endif
