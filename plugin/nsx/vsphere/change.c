/* SPDX-License-Identifier: Apache-2.0 */
/* change.c: our tag is put on a VM or taken from it, by PUT or DELETE of
 * /api/2.0/services/securitytags/tag/{tag}/vm/{vm}, one VM at a time. The calls that set
 * all tags of a VM would undo what other products did.
 *
 * NSX for vSphere answers writes that meet each other with errors, so there is one at a
 * time. A tag is named by its id, which is looked up by name, and made when there is none.
 *
 * What NSX answers when nothing needs to change is not documented, so after a refusal the VM
 * is looked at. A VM that was made a moment ago is refused with error 202 until NSX has taken
 * it over from vCenter, which clients in the field have seen take five minutes. Such a VM
 * waits, beside the queue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/tags.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/judge.h"
#include "nsx/vsphere/manager_xml.h"

#define TAGS_PATH     "/api/2.0/services/securitytags/tag"
#define TRIES_MAX     14 /* 287 s together */
#define WAIT_FIRST_MS 1000
#define WAIT_MOST_MS  32000

enum stage {
    QUEUED, /* for its turn to write */
    WRITING,
    PAUSED, /* until NSX knows the VM */
};

struct change_call {
    struct nq_call call;
    struct nq_vsphere *vsphere;
    enum nq_tag_change change;
    char *external_id;
    enum stage stage;
    bool listed;   /* the ids of tags were read for this call */
    bool exists;   /* NSX refused to make the tag: there is one of the name */
    bool given_up; /* nobody waits for its end any more */
    unsigned tries;
    struct nq_ask *ask;
    struct nq_tag_listing listing;
    struct nq_vm_tags_reading reading; /* what became of a refused change */
    struct nq_err refusal;
    struct nq_timer timer;
    char new_id[NQ_OBJECT_ID_MAX + 1];
};

static void work(struct change_call *change);

/* ---- one at a time ----------------------------------------------------------------- */

static void change_drop(struct nq_call *call);

static void next_write(void *arg)
{
    struct nq_vsphere *vsphere = arg;
    struct nq_call *call = NULL;
    DL_FOREACH(vsphere->calls.first, call)
    {
        struct change_call *change = (struct change_call *)call;
        if (!vsphere->writing && call->drop == change_drop && change->stage == QUEUED) {
            vsphere->writing = call;
            change->stage = WRITING;
            work(change);
        }
    }
}

/* By a timer, because a call may end inside of anything. */
static void let_next_write(struct nq_vsphere *vsphere)
{
    nq_timer_set(vsphere->loop, &vsphere->next_write, 0, next_write, vsphere);
}

static void leave(struct change_call *change)
{
    if (change->vsphere->writing == &change->call) {
        change->vsphere->writing = NULL;
        let_next_write(change->vsphere);
    }
}

static void queue(void *arg)
{
    struct change_call *change = arg;
    change->stage = QUEUED;
    let_next_write(change->vsphere);
}

static void end(struct change_call *change)
{
    leave(change);
    nq_timer_clear(change->vsphere->loop, &change->timer);
    (void)nq_ask_cancel(change->ask);
    nq_tag_listing_stop(&change->listing);
    nq_vm_tags_reading_done(&change->reading);
    free(change->external_id);
    free(change);
}

/* What may have left for NSX goes on and keeps its turn: the next change must not overtake
 * it. But it is not sent once more. */
static void change_drop(struct nq_call *call)
{
    struct change_call *change = (struct change_call *)call;
    change->given_up = true;
    if (!change->ask || !nq_ask_withdraw(change->ask)) {
        end(change);
    }
}

void nq_vsphere_changes_done(struct nq_vsphere *vsphere)
{
    if (vsphere->writing) {
        end((struct change_call *)vsphere->writing);
    }
    nq_timer_clear(vsphere->loop, &vsphere->next_write);
}

static void note(const struct change_call *change)
{
    nq_sync_note_our_tag(&change->vsphere->sync, change->external_id,
                         change->change == NQ_TAG_ADD);
}

static void succeed(struct change_call *change)
{
    note(change);
    nq_call_reply(&change->call, &(struct nq_reply){.missing = ""});
}

/* ---- the VM and the tag ------------------------------------------------------------ */

/* What a good answer holds is not documented. A page for people is none. */
static bool read_any_but_html(void *arg, const char *body, size_t len,
                              struct nq_err *reterr)
{
    (void)arg;
    (void)len;
    body += strspn(body, " \t\r\n");
    if (strncasecmp(body, "<html", 5) == 0 || strncasecmp(body, "<!doctype", 9) == 0) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "HTML where NSX has nothing to say");
    }
    return true;
}

/* NSX has the VM, and yet refuses it as unknown. */
static void wait_for_vm(struct change_call *change)
{
    change->tries++;
    if (change->tries >= TRIES_MAX) {
        nq_call_fail(&change->call, &change->refusal);
        return;
    }
    int64_t wait_ms = WAIT_FIRST_MS;
    for (unsigned i = 1; i < change->tries && wait_ms < WAIT_MOST_MS; i++) {
        wait_ms *= 2;
    }
    change->stage = PAUSED;
    nq_timer_set(change->vsphere->loop, &change->timer, wait_ms, queue, change);
    leave(change);
}

static void on_looked(void *arg, const struct nq_err *err)
{
    struct change_call *change = arg;
    struct nq_vm vm;
    const bool found = !err && nq_vm_tags_reading_get(&change->reading, &vm);
    const bool tagged = found && (vm.tags & NQ_TAGS_OURS) != 0;
    nq_vm_tags_reading_done(&change->reading);
    if (found && tagged == (change->change == NQ_TAG_ADD)) {
        succeed(change);
    } else if (found && change->change == NQ_TAG_ADD &&
               change->refusal.code == NQ_NSX_NOT_FOUND) {
        wait_for_vm(change);
    } else {
        nq_call_fail(&change->call, &change->refusal);
    }
}

static void on_written(void *arg, const struct nq_err *err)
{
    struct change_call *change = arg;
    change->ask = NULL;
    if (change->given_up) {
        if (!err) {
            note(change);
        }
        end(change);
        return;
    }
    if (!err) {
        succeed(change);
        return;
    }
    change->refusal = *err;
    if (err->code == NQ_NSX_NOT_FOUND && !change->listed) {
        change->vsphere->tag_ids.known = false; /* is it the tag that is gone? */
        work(change);
    } else if (err->code == NQ_NSX_NOT_FOUND || err->code == NQ_NSX_REJECTED) {
        nq_vm_tags_reading_start(&change->reading, change->vsphere, change->external_id,
                                 on_looked, change);
    } else {
        nq_call_fail(&change->call, err);
    }
}

static void write_tag(struct change_call *change)
{
    static const enum nq_http_method methods[] = {
        [NQ_TAG_ADD] = NQ_HTTP_PUT,
        [NQ_TAG_REMOVE] = NQ_HTTP_DELETE,
    };
    char *vm = nq_http_escape(change->external_id);
    char *path =
        nq_sprintf("%s/%s/vm/%s", TAGS_PATH, nq_vsphere_our_tag(change->vsphere), vm);
    const struct nq_question question = {.method = methods[change->change], .path = path};
    change->ask = nq_ask_start(change->vsphere->asker, &question, read_any_but_html,
                               on_written, change);
    free(path);
    free(vm);
}

/* ---- the tag itself ---------------------------------------------------------------- */

static bool read_new_id(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct change_call *change = arg;
    return nq_xml_new_id(body, len, change->new_id, reterr);
}

static void on_made(void *arg, const struct nq_err *err)
{
    struct change_call *change = arg;
    struct nq_tag_ids *ids = &change->vsphere->tag_ids;
    change->ask = NULL;
    if (!err) {
        nq_vsphere_keep_our_tag(change->vsphere, change->new_id);
    } else {
        ids->known = false; /* made or not, and by whom: the list tells */
    }
    if (change->given_up) {
        end(change);
        return;
    }
    if (!err) {
        work(change);
        return;
    }
    if (err->fault != NQ_VSPHERE_NAME_USED) {
        nq_call_fail(&change->call, err);
        return;
    }
    change->refusal = *err;
    change->exists = true;
    work(change);
}

static void make_tag(struct change_call *change)
{
    char *body = nq_xml_tag_body(change->vsphere->conf->tag_value);
    const struct nq_question question = {
        .method = NQ_HTTP_POST, .path = TAGS_PATH, .body = body};
    change->ask =
        nq_ask_start(change->vsphere->asker, &question, read_new_id, on_made, change);
    free(body);
}

static void on_listed(void *arg, const struct nq_err *err)
{
    struct change_call *change = arg;
    if (err) {
        nq_call_fail(&change->call, err);
        return;
    }
    change->listed = true;
    work(change);
}

/* The next thing to be done for the change that has its turn. */
static void work(struct change_call *change)
{
    const struct nq_vsphere *vsphere = change->vsphere;
    const bool known = nq_vsphere_our_tag(vsphere)[0] != '\0';
    if (!vsphere->tag_ids.known || (!known && !change->listed)) {
        nq_tag_listing_start(&change->listing, change->vsphere, on_listed, change);
    } else if (known) {
        write_tag(change);
    } else if (change->change == NQ_TAG_REMOVE) {
        succeed(change); /* without a tag there is no VM that carries it */
    } else if (change->exists) {
        nq_call_fail(&change->call, &change->refusal);
    } else {
        make_tag(change);
    }
}

struct nq_call *nq_vsphere_change_tag(struct nq_backend *backend,
                                      enum nq_tag_change change,
                                      const struct nq_vm_id *vm, nq_reply_fn *done,
                                      void *arg)
{
    struct nq_vsphere *vsphere = (struct nq_vsphere *)backend;
    struct change_call *call = nq_calloc(1, sizeof(*call));
    call->vsphere = vsphere;
    call->change = change;
    call->external_id = nq_strdup(vm->external_id);
    nq_call_open(&call->call, &vsphere->calls, change_drop, done, arg);
    queue(call);
    return &call->call;
}
