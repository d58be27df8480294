/* SPDX-License-Identifier: Apache-2.0 */
/* test_case.c: the table of a case's life has no hole and no unsafe way through it.
 * Most of it walks every life that the table allows: a search over (state, what is under
 * way, where our tag may be) that asks for each answer NSX can give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine/case.h"

#define BIT(event) (UINT64_C(1) << NQ_EV_##event)

#define FIND_ANSWERS                                                                     \
    (BIT(FOUND) | BIT(NOT_YET) | BIT(UNKNOWN) | BIT(AMBIGUOUS) | BIT(PROTECTED) |        \
     BIT(MERGED) | BIT(CALL_RETRY) | BIT(CALL_STOP))
#define CALL_TROUBLE (BIT(GONE) | BIT(CALL_RETRY) | BIT(CALL_STOP))

static const enum nq_case_state states[] = {
    NQ_CASE_OBSERVED, NQ_CASE_HELD,     NQ_CASE_TAGGING,
    NQ_CASE_TAGGED,   NQ_CASE_ISOLATED, NQ_CASE_RELEASING,
    NQ_CASE_RELEASED, NQ_CASE_FAILED,   NQ_CASE_VANISHED};
#define STATES (sizeof(states) / sizeof(states[0]))

/* ---- single rows -------------------------------------------------------------------- */

typedef void row_fn(enum nq_case_state state, enum nq_case_event event,
                    const struct nq_case_step *step);

static void for_each_row(row_fn *check)
{
    size_t rows = 0;
    for (size_t s = 0; s < STATES; s++) {
        for (int event = 0; event < NQ_EV_END; event++) {
            struct nq_case_step step;
            if (nq_case_step(&nq_case_table, states[s], (enum nq_case_event)event,
                             &step)) {
                check(states[s], (enum nq_case_event)event, &step);
                rows++;
            }
        }
    }
    assert_true(rows > 50);
}

static void is_legal(enum nq_case_state state, enum nq_case_event event,
                     const struct nq_case_step *step)
{
    (void)state;
    assert_true(strlen(nq_case_state_name(step->to)) > 0);
    assert_in_range(step->effect, NQ_DO_NOTHING, NQ_DO_FORGET);
    assert_in_range(step->when, NQ_NOW, NQ_AT_INTERVAL);
    assert_true(step->reason == 0 || strlen(nq_reason_name(step->reason)) > 0);
    /* Only a person can want the quarantine back. */
    assert_true(step->wanted == 0 || step->wanted == NQ_WANT_RELEASE ||
                (step->wanted == NQ_WANT_QUARANTINE && event == NQ_EV_APPROVE));
    assert_in_range(step->notice, NQ_NOTICE_NONE, NQ_NOTICE_RUNG_LOST);
    if (step->when != NQ_NOW) {
        assert_int_not_equal(step->effect, NQ_DO_NOTHING);
    }
}

static void every_row_leads_to_a_legal_state(void **state)
{
    (void)state;
    for_each_row(is_legal);
}

static void what_is_not_in_the_table_changes_nothing(void **state)
{
    (void)state;
    struct nq_case_step step;
    struct nq_case_step before;
    memset(&before, 0x5A, sizeof(before));
    step = before;
    assert_false(nq_case_step(&nq_case_table, NQ_CASE_RELEASED, NQ_EV_FOUND, &step));
    assert_false(
        nq_case_step(&nq_case_table, (enum nq_case_state)0, NQ_EV_RESUMED, &step));
    assert_false(nq_case_step(&nq_case_table, NQ_CASE_STATE_END, NQ_EV_RESUMED, &step));
    assert_false(nq_case_step(&nq_case_table, NQ_CASE_TAGGED, NQ_EV_END, &step));
    assert_memory_equal(&step, &before, sizeof(step));
}

static void every_state_goes_on_after_a_restart_as_what_it_was(void **state)
{
    (void)state;
    for (size_t s = 0; s < STATES; s++) {
        struct nq_case_step step;
        assert_true(nq_case_step(&nq_case_table, states[s], NQ_EV_RESUMED, &step));
        assert_int_equal(step.to, states[s]);
        assert_int_equal(step.wanted, 0);
        assert_int_equal(step.notice, NQ_NOTICE_NONE);
        /* The outcome of an addition that was under way is unknown: look before it is
         * repeated. A removal may be repeated: twice removed is removed. */
        assert_int_not_equal(step.effect, NQ_DO_ADD);
    }
}

static void writes_what_it_wants(enum nq_case_state state, enum nq_case_event event,
                                 const struct nq_case_step *step)
{
    (void)state;
    (void)event;
    if (step->effect == NQ_DO_ADD) {
        assert_int_equal(step->to, NQ_CASE_TAGGING);
    }
    if (step->effect == NQ_DO_REMOVE) {
        assert_int_equal(step->to, NQ_CASE_RELEASING);
    }
}

static void only_tagging_adds_and_only_releasing_removes(void **state)
{
    (void)state;
    for_each_row(writes_what_it_wants);
}

static void stays_released(enum nq_case_state state, enum nq_case_event event,
                           const struct nq_case_step *step)
{
    if (state == NQ_CASE_RELEASED) {
        assert_int_equal(step->to, NQ_CASE_RELEASED);
        assert_true(event == NQ_EV_EXPIRED || event == NQ_EV_RESUMED);
        assert_int_equal(step->effect,
                         event == NQ_EV_EXPIRED ? NQ_DO_FORGET : NQ_DO_NOTHING);
    } else {
        assert_int_not_equal(step->effect, NQ_DO_FORGET);
    }
}

static void a_released_case_only_waits_to_be_forgotten(void **state)
{
    (void)state;
    for_each_row(stays_released);
}

static void tells_once(enum nq_case_state state, enum nq_case_event event,
                       const struct nq_case_step *step)
{
    static const enum nq_notice notices[NQ_CASE_STATE_END] = {
        [NQ_CASE_ISOLATED] = NQ_NOTICE_ISOLATED, [NQ_CASE_RELEASED] = NQ_NOTICE_RELEASED,
        [NQ_CASE_HELD] = NQ_NOTICE_HELD,         [NQ_CASE_FAILED] = NQ_NOTICE_FAILED,
        [NQ_CASE_TAGGING] = NQ_NOTICE_TAG_LOST,  [NQ_CASE_TAGGED] = NQ_NOTICE_RUNG_LOST,
    };
    if (step->notice != NQ_NOTICE_NONE) {
        assert_true(step->to != state || event == NQ_EV_OPENED || event == NQ_EV_LATE);
        assert_int_equal(step->notice, notices[step->to]);
    }
    /* These two are entered on the way up, too. */
    const bool is_lost = step->to == NQ_CASE_TAGGING || step->to == NQ_CASE_TAGGED;
    if (is_lost && state == NQ_CASE_ISOLATED) {
        assert_int_equal(step->notice, notices[step->to]);
    }
    /* Silent endings: nothing was cut off (observed), or another case has the VM. */
    if (step->to != state && !is_lost && notices[step->to] != NQ_NOTICE_NONE) {
        const bool silent = state == NQ_CASE_OBSERVED || event == NQ_EV_MERGED;
        assert_true(step->notice != NQ_NOTICE_NONE ||
                    (step->to == NQ_CASE_RELEASED && silent));
    }
}

static void a_notice_tells_of_the_state_that_was_entered(void **state)
{
    (void)state;
    for_each_row(tells_once);
}

static void every_way_to_release_says_that_release_is_wanted(void **state)
{
    (void)state;
    static const enum nq_case_event wishes[] = {NQ_EV_RELEASE, NQ_EV_DROP, NQ_EV_DISMISS};
    for (size_t s = 0; s < STATES; s++) {
        for (size_t w = 0; w < sizeof(wishes) / sizeof(wishes[0]); w++) {
            struct nq_case_step step;
            if (nq_case_step(&nq_case_table, states[s], wishes[w], &step)) {
                assert_int_equal(step.wanted, NQ_WANT_RELEASE);
            }
        }
    }
}

/* Rows that no search misses, because a life without them only waits for ever. */
static void what_begins_and_ends_a_case_is_there(void **state)
{
    (void)state;
    static const struct {
        enum nq_case_state from;
        enum nq_case_event event;
        enum nq_case_state to;
        enum nq_case_effect effect;
    } rows[] = {
        {NQ_CASE_OBSERVED, NQ_EV_OPENED, NQ_CASE_OBSERVED, NQ_DO_IDENTIFY},
        {NQ_CASE_TAGGING, NQ_EV_OPENED, NQ_CASE_TAGGING, NQ_DO_LOOK},
        {NQ_CASE_OBSERVED, NQ_EV_ARMED, NQ_CASE_TAGGING, NQ_DO_LOOK},
        {NQ_CASE_OBSERVED, NQ_EV_EXPIRED, NQ_CASE_RELEASED, NQ_DO_NOTHING},
        {NQ_CASE_OBSERVED, NQ_EV_RELEASE, NQ_CASE_RELEASING, NQ_DO_REMOVE},
        {NQ_CASE_VANISHED, NQ_EV_EXPIRED, NQ_CASE_RELEASED, NQ_DO_NOTHING},
        {NQ_CASE_RELEASING, NQ_EV_RESUMED, NQ_CASE_RELEASING, NQ_DO_REMOVE},
        {NQ_CASE_FAILED, NQ_EV_APPROVE, NQ_CASE_TAGGING, NQ_DO_LOOK},
        {NQ_CASE_RELEASED, NQ_EV_EXPIRED, NQ_CASE_RELEASED, NQ_DO_FORGET},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nq_case_step step;
        assert_true(nq_case_step(&nq_case_table, rows[i].from, rows[i].event, &step));
        assert_int_equal(step.to, rows[i].to);
        assert_int_equal(step.effect, rows[i].effect);
    }
}

/* ---- every life that the table allows ----------------------------------------------- */

/* Where our tag may be when the case closes. */
enum tag_place { NOWHERE, ON_A_GONE_VM, ON_THE_VM, TAG_PLACES };

/* A moment of a life. What the engine knows besides the record: see engine_internal.h. */
struct moment {
    enum nq_case_state state;
    enum nq_case_effect effect; /* planned, or under way */
    bool writing;               /* effect is a write under way: nothing cancels it */
    bool known;                 /* the VM is */
    bool written;               /* tag_writes of the record is not 0 */
    bool acknowledged;          /* a write was, and no read has shown it yet */
    bool refused;               /* the removal was, and no read has followed yet */
    bool release;               /* release is wanted */
    bool lagging;               /* an add was sent that no read has shown yet */
    enum tag_place tag;
};

#define MOMENTS (16U * 16U * 128U * TAG_PLACES)

static unsigned number_of(const struct moment *m)
{
    unsigned number = (unsigned)m->state * 16U + (unsigned)m->effect;
    number = number * 2U + m->writing;
    number = number * 2U + m->known;
    number = number * 2U + m->written;
    number = number * 2U + m->acknowledged;
    number = number * 2U + m->refused;
    number = number * 2U + m->release;
    number = number * 2U + m->lagging;
    return number * TAG_PLACES + (unsigned)m->tag;
}

static struct {
    bool seen[MOMENTS];
    struct moment queue[MOMENTS];
    size_t queued;
    bool used[NQ_CASE_STATE_END][NQ_EV_END];             /* rows that a life can pass */
    bool left[NQ_CASE_STATE_END][NQ_EV_END][TAG_PLACES]; /* closed with the tag there */
    unsigned holes;                                      /* answers that no row takes */
    unsigned undone; /* adds begun although release is wanted */
    unsigned blind;  /* effects on a VM that the case does not know */
    unsigned stuck;  /* open cases that a person cannot release */
} walk;

static void visit(const struct moment *m)
{
    const unsigned number = number_of(m);
    assert_true(number < MOMENTS);
    if (!walk.seen[number]) {
        walk.seen[number] = true;
        walk.queue[walk.queued++] = *m;
    }
}

/* What an event tells of the tag, and what the engine remembers of it. */
static void learn(struct moment *m, enum nq_case_event event)
{
    switch (event) {
    case NQ_EV_RESUMED: /* a new process: nothing is under way, nothing remembered */
        m->writing = false;
        m->acknowledged = false;
        m->refused = false;
        break;
    case NQ_EV_FOUND:
        m->known = true;
        break;
    case NQ_EV_ADDED:
        m->acknowledged = true;
        break;
    case NQ_EV_REMOVED: /* it undoes an add that no read has shown yet, too */
        m->acknowledged = true;
        m->lagging = false;
        break;
    case NQ_EV_REFUSED:
        m->acknowledged = false;
        m->refused = true;
        break;
    case NQ_EV_PRESENT: /* whoever put it there: release takes it off */
        m->acknowledged = false;
        m->lagging = false;
        m->written = true;
        m->tag = ON_THE_VM;
        break;
    case NQ_EV_ABSENT:
        m->acknowledged = false;
        m->tag = m->lagging ? m->tag : NOWHERE;
        break;
    case NQ_EV_UNCHANGED:
        m->acknowledged = false;
        m->refused = false;
        break;
    case NQ_EV_TAKEN_OFF:
        m->tag = NOWHERE;
        break;
    case NQ_EV_RECREATED: /* the tag went with the VM that is gone */
        m->written = false;
        m->lagging = false;
        m->tag = NOWHERE;
        break;
    case NQ_EV_GONE:
        m->acknowledged = false;
        m->lagging = false;
        m->tag = m->tag == NOWHERE ? NOWHERE : ON_A_GONE_VM;
        break;
    default:
        break;
    }
}

/* The engine's side of an event, then the table's. false: no row takes it. */
static bool happen(struct moment m, enum nq_case_event event, bool is_answer)
{
    struct nq_case_step step;
    if (!nq_case_step(&nq_case_table, m.state, event, &step)) {
        return false;
    }
    learn(&m, event);
    walk.used[m.state][event] = true;
    if (step.to == NQ_CASE_RELEASED && m.state != NQ_CASE_RELEASED) {
        /* Listed as REFUSED: the end after a removal that NSX did not carry out. */
        const bool unremoved = event == NQ_EV_ABSENT && m.refused;
        walk.left[m.state][unremoved ? NQ_EV_REFUSED : event][m.tag] = true;
    }
    m.state = step.to;
    if (step.wanted) {
        m.release = step.wanted == NQ_WANT_RELEASE;
        m.acknowledged = false;
        m.refused = false;
    }
    m.written = m.written || step.effect == NQ_DO_ADD;
    if (is_answer) {
        m.writing = false;
    }
    if (!m.writing) {
        m.effect = step.effect;
    }
    visit(&m);
    return true;
}

/* What a read can tell: the tag is there or not, and what that means now. */
static uint64_t read_answers(const struct moment *m)
{
    const uint64_t present = m->acknowledged && m->release ? BIT(UNCHANGED)
                             : m->refused                  ? BIT(CALL_STOP)
                                                           : BIT(PRESENT);
    const uint64_t absent = m->acknowledged && !m->release ? BIT(UNCHANGED) : BIT(ABSENT);
    return present | absent | CALL_TROUBLE;
}

/* What NSX can answer to the effect; 0: it is no call. */
static uint64_t answers_to(const struct moment *m)
{
    if (m->effect == NQ_DO_NOTHING || m->effect == NQ_DO_FORGET ||
        (m->effect == NQ_DO_IDENTIFY && m->known)) {
        return 0;
    }
    if (!m->known) {
        return FIND_ANSWERS;
    }
    switch (m->effect) {
    case NQ_DO_ADD:
        return BIT(ADDED) | CALL_TROUBLE;
    case NQ_DO_REMOVE: /* what would stop another call is a refusal here */
        return BIT(REMOVED) | BIT(REFUSED) | BIT(GONE) | BIT(CALL_RETRY);
    case NQ_DO_VET: /* where too little is known of the VM, it is read instead */
        return BIT(CLEARED) | BIT(PROTECTED) | BIT(GOVERNED) | read_answers(m);
    case NQ_DO_PROVE:
        return BIT(PROVEN) | BIT(NOT_PROVEN) | BIT(ABSENT) | BIT(TAKEN_OFF) |
               CALL_TROUBLE | (m->state == NQ_CASE_TAGGED ? BIT(LATE) : 0);
    case NQ_DO_SEEK:
        return BIT(RECREATED) | BIT(NOT_RECREATED) | BIT(CALL_RETRY) | BIT(CALL_STOP);
    default:
        return read_answers(m);
    }
}

static void answer(struct moment m)
{
    const uint64_t answers = answers_to(&m);
    for (int event = 0; event < NQ_EV_END; event++) {
        if (answers & UINT64_C(1) << event &&
            !happen(m, (enum nq_case_event)event, true)) {
            print_error("no row takes %s in state %s\n",
                        nq_case_event_name((enum nq_case_event)event),
                        nq_case_state_name(m.state));
            walk.holes++;
        }
    }
}

/* The effect begins. Observe mode may refuse to add; a write stays under way. */
static void begin(struct moment m)
{
    const bool call_writes =
        m.known && (m.effect == NQ_DO_ADD || m.effect == NQ_DO_REMOVE);
    if (m.effect == NQ_DO_REFIND && m.known) {
        m.known = false;
        m.written = false;
        visit(&m);
        return;
    }
    if (m.writing || !call_writes) {
        answer(m);
        return;
    }
    if (m.effect == NQ_DO_ADD) {
        walk.undone += m.release;
        walk.holes += !happen(m, NQ_EV_DISARMED, false);
        walk.holes += !happen(m, NQ_EV_PROTECTED, false);
        m.tag = ON_THE_VM;
        m.lagging = true;
    }
    m.writing = true;
    visit(&m);
}

/* Each command of a person, as the case understands it. */
static void command(struct moment m)
{
    static char id[] = "id-1";
    const struct nq_case record = {.state = m.state,
                                   .wanted =
                                       m.release ? NQ_WANT_RELEASE : NQ_WANT_QUARANTINE,
                                   .owner = NQ_OWNER_OURS,
                                   .external_id = m.known ? id : NULL,
                                   .tag_writes = m.written};
    for (int wanted = 1; wanted < NQ_WANT_END; wanted++) {
        enum nq_case_event event;
        const bool taken = nq_case_command_event(&nq_case_table, &record, NQ_MODE_ENFORCE,
                                                 (enum nq_wanted)wanted, &event);
        if (taken) {
            assert_true(happen(m, event, false));
        } else if (wanted == NQ_WANT_RELEASE && m.state != NQ_CASE_RELEASING &&
                   m.state != NQ_CASE_RELEASED) {
            print_error("a case in state %s cannot be released\n",
                        nq_case_state_name(m.state));
            walk.stuck++;
        }
    }
}

/* What may come at any time: a person, a timer, another mode, a restart. */
static void disturb(struct moment m)
{
    const bool cleans = m.state == NQ_CASE_OBSERVED && m.known && m.written;
    command(m);
    (void)happen(m, NQ_EV_RESUMED, false);
    (void)happen(m, NQ_EV_ARMED, false);
    (void)happen(m, NQ_EV_DOUBTED, false);
    if (m.known) {
        (void)happen(m, NQ_EV_REARMED, false);
    }
    if (!m.known && !m.written &&
        m.tag == NOWHERE) { /* as a case is that was opened without proof */
        (void)happen(m, NQ_EV_CONFIRMED, false);
        (void)happen(m, NQ_EV_WITNESSED, false);
    }
    if (!m.writing) { /* else the answer is waited for */
        (void)happen(m, cleans ? NQ_EV_RELEASE : NQ_EV_EXPIRED, false);
    }
}

static int walk_every_life(void **state)
{
    (void)state;
    static const enum nq_case_state first[] = {NQ_CASE_OBSERVED, NQ_CASE_TAGGING,
                                               NQ_CASE_HELD};
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        (void)happen((struct moment){.state = first[i]}, NQ_EV_OPENED, false);
    }
    for (size_t i = 0; i < walk.queued; i++) {
        const struct moment m = walk.queue[i];
        walk.blind += !m.known && (m.effect == NQ_DO_ADD || m.effect == NQ_DO_READ ||
                                   m.effect == NQ_DO_REMOVE || m.effect == NQ_DO_PROVE);
        begin(m);
        disturb(m);
    }
    return 0;
}

static void every_answer_has_a_row_in_every_state_it_can_meet(void **state)
{
    (void)state;
    assert_true(walk.queued > 50);
    assert_int_equal(walk.holes, 0);
}

static void every_row_can_happen(void **state)
{
    (void)state;
    unsigned dead = 0;
    for (size_t s = 0; s < STATES; s++) {
        for (int event = 0; event < NQ_EV_END; event++) {
            struct nq_case_step step;
            if (nq_case_step(&nq_case_table, states[s], (enum nq_case_event)event,
                             &step) &&
                !walk.used[states[s]][event]) {
                print_error("nothing brings %s to state %s\n",
                            nq_case_event_name((enum nq_case_event)event),
                            nq_case_state_name(states[s]));
                dead++;
            }
        }
    }
    assert_int_equal(dead, 0);
}

static void a_release_is_never_undone(void **state)
{
    (void)state;
    assert_int_equal(walk.undone, 0);
}

static void every_open_case_can_be_released(void **state)
{
    (void)state;
    assert_int_equal(walk.stuck, 0);
}

static void what_needs_the_vm_is_planned_only_when_it_is_known(void **state)
{
    (void)state;
    assert_int_equal(walk.blind, 0);
}

/* Every way in which a case closes while our tag may still be somewhere. A row that adds
 * a way must be defended here. */
static const struct {
    enum nq_case_state state;
    enum nq_case_event event;
    enum tag_place tag;
} ways_to_leave_a_tag[] = {
    /* NSX has no such VM, so there is nothing that a tag could isolate. */
    {NQ_CASE_HELD, NQ_EV_DROP, ON_A_GONE_VM},
    {NQ_CASE_TAGGING, NQ_EV_DROP, ON_A_GONE_VM},
    {NQ_CASE_TAGGING, NQ_EV_MERGED, ON_A_GONE_VM},
    {NQ_CASE_RELEASING, NQ_EV_GONE, ON_A_GONE_VM},
    {NQ_CASE_FAILED, NQ_EV_DROP, ON_A_GONE_VM},
    {NQ_CASE_FAILED, NQ_EV_DISMISS, ON_A_GONE_VM},
    {NQ_CASE_VANISHED, NQ_EV_EXPIRED, ON_A_GONE_VM},
    /* A person gives the case up although NSX refused to take the tag off. */
    {NQ_CASE_FAILED, NQ_EV_DISMISS, ON_THE_VM},
    /* NSX refuses a removal and shows no tag, so there was none to remove; and yet an add
     * whose answer was lost arrives even later. No read can exclude that. */
    {NQ_CASE_RELEASING, NQ_EV_REFUSED, ON_THE_VM},
};

static bool may_leave_a_tag(enum nq_case_state state, enum nq_case_event event,
                            enum tag_place tag)
{
    for (size_t i = 0; i < sizeof(ways_to_leave_a_tag) / sizeof(ways_to_leave_a_tag[0]);
         i++) {
        if (ways_to_leave_a_tag[i].state == state &&
            ways_to_leave_a_tag[i].event == event && ways_to_leave_a_tag[i].tag == tag) {
            return true;
        }
    }
    return false;
}

static void a_case_leaves_a_tag_behind_in_the_listed_ways_only(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t s = 0; s < STATES; s++) {
        for (int event = 0; event < NQ_EV_END; event++) {
            for (int tag = ON_A_GONE_VM; tag < TAG_PLACES; tag++) {
                const bool leaves = walk.left[states[s]][event][tag];
                if (leaves != may_leave_a_tag(states[s], (enum nq_case_event)event,
                                              (enum tag_place)tag)) {
                    print_error("state %s, event %s: %s a tag %s\n",
                                nq_case_state_name(states[s]),
                                nq_case_event_name((enum nq_case_event)event),
                                leaves ? "leaves" : "is listed but does not leave",
                                tag == ON_THE_VM ? "on the VM" : "on a VM that is gone");
                    wrong++;
                }
            }
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- commands ----------------------------------------------------------------------- */

#define NO NQ_EV_END
static const enum nq_wanted commands[] = {
    NQ_WANT_QUARANTINE, NQ_WANT_RELEASE, NQ_WANT_APPROVE, NQ_WANT_DISMISS, NQ_WANT_RETRY};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What each command is for a case of ours, in enforce mode. */
static const struct {
    bool written; /* an add was planned for the VM of the case */
    enum nq_case_state state;
    enum nq_wanted wanted;
    enum nq_case_event quarantine, release, approve, dismiss, retry;
} expectations[] = {
#define ROW(written, state, wanted, quarantine, release, approve, dismiss, retry)        \
    {                                                                                    \
        written, NQ_CASE_##state, NQ_WANT_##wanted, quarantine, release, approve,        \
            dismiss, retry                                                               \
    }
#define APPROVE       NQ_EV_APPROVE
#define RELEASE       NQ_EV_RELEASE
#define DROP          NQ_EV_DROP
#define DISMISS       NQ_EV_DISMISS
#define RETRY         NQ_EV_RETRY
#define RETRY_RELEASE NQ_EV_RETRY_RELEASE
    /*  written, state  wanted      quarantine release  approve  dismiss  retry */
    ROW(false, OBSERVED, QUARANTINE, NO, DROP, APPROVE, DROP, NO),
    ROW(true, OBSERVED, QUARANTINE, NO, RELEASE, APPROVE, RELEASE, NO),
    ROW(false, HELD, QUARANTINE, NO, DROP, APPROVE, DROP, RETRY),
    ROW(true, HELD, QUARANTINE, NO, RELEASE, APPROVE, RELEASE, RETRY),
    ROW(false, TAGGING, QUARANTINE, NO, DROP, NO, NO, NO),
    ROW(true, TAGGING, QUARANTINE, NO, RELEASE, NO, NO, NO),
    ROW(true, TAGGED, QUARANTINE, NO, RELEASE, NO, NO, NO),
    ROW(true, ISOLATED, QUARANTINE, NO, RELEASE, NO, NO, NO),
    ROW(true, RELEASING, RELEASE, NO, NO, NO, NO, RETRY_RELEASE),
    ROW(false, RELEASED, QUARANTINE, NO, NO, NO, NO, NO), /* closed by a merge */
    ROW(true, RELEASED, RELEASE, NO, NO, NO, NO, NO),
    ROW(false, FAILED, QUARANTINE, NO, DROP, APPROVE, DISMISS, RETRY),
    ROW(true, FAILED, QUARANTINE, NO, RELEASE, APPROVE, DISMISS, RETRY),
    ROW(true, FAILED, RELEASE, APPROVE, RELEASE, APPROVE, DISMISS, RETRY_RELEASE),
    ROW(true, VANISHED, QUARANTINE, NO, RELEASE, NO, NO, NO),
};
#define EXPECTATIONS (sizeof(expectations) / sizeof(expectations[0]))

static struct nq_case record_of(size_t row, enum nq_owner owner)
{
    static char id[] = "id-1";
    return (struct nq_case){.state = expectations[row].state,
                            .wanted = expectations[row].wanted,
                            .owner = owner,
                            .external_id = expectations[row].written ? id : NULL,
                            .tag_writes = expectations[row].written};
}

static enum nq_case_event expected_of(size_t row, enum nq_wanted command,
                                      enum nq_mode mode)
{
    const enum nq_case_event events[NQ_WANT_END] = {
        [NQ_WANT_QUARANTINE] = expectations[row].quarantine,
        [NQ_WANT_RELEASE] = expectations[row].release,
        [NQ_WANT_APPROVE] = expectations[row].approve,
        [NQ_WANT_DISMISS] = expectations[row].dismiss,
        [NQ_WANT_RETRY] = expectations[row].retry,
    };
    /* Only enforce mode may begin to tag; every way out is open in each mode. */
    const bool tags = events[command] == APPROVE || events[command] == RETRY;
    return tags && mode != NQ_MODE_ENFORCE ? NO : events[command];
}

static void each_command_is_what_the_table_of_expectations_says(void **state)
{
    (void)state;
    for (size_t row = 0; row < EXPECTATIONS; row++) {
        for (int mode = NQ_MODE_OBSERVE; mode < NQ_MODE_END; mode++) {
            for (size_t c = 0; c < COMMANDS; c++) {
                const struct nq_case record = record_of(row, NQ_OWNER_OURS);
                enum nq_case_event event = NO;
                const bool taken = nq_case_command_event(
                    &nq_case_table, &record, (enum nq_mode)mode, commands[c], &event);
                const enum nq_case_event expected =
                    expected_of(row, commands[c], (enum nq_mode)mode);
                if (event != expected || taken != (expected != NO)) {
                    fail_msg("state %s, mode %s, command %d gives \"%s\", not \"%s\"",
                             nq_case_state_name(record.state),
                             nq_mode_name((enum nq_mode)mode), (int)commands[c],
                             nq_case_event_name(event), nq_case_event_name(expected));
                }
            }
        }
    }
}

static void a_case_may_carry_the_tag_only_if_it_has_a_vm_that_was_written_to(void **state)
{
    (void)state;
    static char id[] = "id-1";
    assert_false(nq_case_may_carry_tag(&(struct nq_case){.tag_writes = 0}));
    assert_false(nq_case_may_carry_tag(&(struct nq_case){.tag_writes = 1}));
    assert_false(nq_case_may_carry_tag(&(struct nq_case){.external_id = id}));
    assert_true(
        nq_case_may_carry_tag(&(struct nq_case){.external_id = id, .tag_writes = 1}));
}

static void a_foreign_case_takes_no_command(void **state)
{
    (void)state;
    for (size_t row = 0; row < EXPECTATIONS; row++) {
        for (size_t c = 0; c < COMMANDS; c++) {
            const struct nq_case record = record_of(row, NQ_OWNER_FOREIGN);
            enum nq_case_event event = NO;
            assert_false(nq_case_command_event(&nq_case_table, &record, NQ_MODE_ENFORCE,
                                               commands[c], &event));
            assert_int_equal(event, NO);
        }
    }
}

static void a_number_that_is_no_command_is_refused(void **state)
{
    (void)state;
    static const int numbers[] = {0, -1, NQ_WANT_END, NQ_WANT_END + 1, INT32_MAX};
    for (size_t row = 0; row < EXPECTATIONS; row++) {
        for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
            const struct nq_case record = record_of(row, NQ_OWNER_OURS);
            enum nq_case_event event = NO;
            assert_false(nq_case_command_event(&nq_case_table, &record, NQ_MODE_ENFORCE,
                                               (enum nq_wanted)numbers[n], &event));
        }
    }
}

static void a_case_is_open_until_it_is_released(void **state)
{
    (void)state;
    for (size_t s = 0; s < STATES; s++) {
        struct nq_case record = {.state = states[s], .owner = NQ_OWNER_OURS};
        assert_int_equal(nq_case_is_open(&record), states[s] != NQ_CASE_RELEASED);
        record.owner = NQ_OWNER_FOREIGN;
        assert_false(nq_case_is_open(&record));
    }
}

static void every_event_has_its_own_name(void **state)
{
    (void)state;
    for (int event = 0; event < NQ_EV_END; event++) {
        const char *name = nq_case_event_name((enum nq_case_event)event);
        assert_non_null(name);
        assert_true(strlen(name) > 0);
        for (int other = 0; other < event; other++) {
            assert_string_not_equal(name, nq_case_event_name((enum nq_case_event)other));
        }
    }
    assert_string_equal(nq_case_event_name(NQ_EV_END), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_leads_to_a_legal_state),
        cmocka_unit_test(what_is_not_in_the_table_changes_nothing),
        cmocka_unit_test(every_state_goes_on_after_a_restart_as_what_it_was),
        cmocka_unit_test(only_tagging_adds_and_only_releasing_removes),
        cmocka_unit_test(a_released_case_only_waits_to_be_forgotten),
        cmocka_unit_test(a_notice_tells_of_the_state_that_was_entered),
        cmocka_unit_test(every_way_to_release_says_that_release_is_wanted),
        cmocka_unit_test(what_begins_and_ends_a_case_is_there),
        cmocka_unit_test(every_answer_has_a_row_in_every_state_it_can_meet),
        cmocka_unit_test(every_row_can_happen),
        cmocka_unit_test(a_release_is_never_undone),
        cmocka_unit_test(every_open_case_can_be_released),
        cmocka_unit_test(what_needs_the_vm_is_planned_only_when_it_is_known),
        cmocka_unit_test(a_case_leaves_a_tag_behind_in_the_listed_ways_only),
        cmocka_unit_test(each_command_is_what_the_table_of_expectations_says),
        cmocka_unit_test(
            a_case_may_carry_the_tag_only_if_it_has_a_vm_that_was_written_to),
        cmocka_unit_test(a_foreign_case_takes_no_command),
        cmocka_unit_test(a_number_that_is_no_command_is_refused),
        cmocka_unit_test(a_case_is_open_until_it_is_released),
        cmocka_unit_test(every_event_has_its_own_name),
    };
    return cmocka_run_group_tests_name("case", tests, walk_every_life, NULL);
}
