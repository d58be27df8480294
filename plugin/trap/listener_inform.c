/* SPDX-License-Identifier: Apache-2.0 */
/* listener_inform.c: informs: each is handed on once and answered as often as it comes. A
 * sender that got no answer in time repeats its message with the same request id. */
#include "trap/listener_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* Longer than any sender repeats. */
#define REMEMBERED_MS (10 * 60 * 1000)

/* Zeroed before it is filled: it is hashed with its padding. */
struct key {
    uint64_t digest; /* of the sender's address and port, and of all varbinds */
    long reqid;
};

/* An answer that waits, with the message id of the repetition it belongs to. */
struct answer {
    const struct nq_endpoint *endpoint;
    netsnmp_pdu *pdu;
    struct answer *next;
};

struct nq_inform {
    struct key key;
    int64_t seen_ms;
    bool taken; /* its repetitions are answered at once */
    struct answer *answers;
    UT_hash_handle hh;
};

/* ---- keys --------------------------------------------------------------------------- */

/* A collision would have to come from the same request id, and would only spare its sender a
 * row. */
static struct key key_of(const netsnmp_pdu *pdu, const struct nq_trap *trap,
                         const char *peer)
{
    struct key key;
    memset(&key, 0, sizeof(key));
    key.digest = nq_hash_add(NQ_HASH_START, peer, strlen(peer) + 1);
    key.reqid = pdu->reqid;
    for (size_t i = 0; i < trap->varbind_count; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        key.digest = nq_hash_add(key.digest, varbind->oid, strlen(varbind->oid) + 1);
        key.digest = nq_hash_add(key.digest, varbind->value, varbind->value_len);
    }
    return key;
}

/* ---- answers ------------------------------------------------------------------------ */

static netsnmp_pdu *make_answer(netsnmp_pdu *pdu)
{
    netsnmp_pdu *answer = snmp_clone_pdu(pdu);
    if (answer) {
        answer->command = SNMP_MSG_RESPONSE;
        answer->errstat = 0;
        answer->errindex = 0;
    }
    return answer;
}

/* The library frees what it could send. */
static void send_answer(const struct nq_endpoint *endpoint, netsnmp_pdu *answer)
{
    if (answer && !snmp_sess_send(endpoint->session, answer)) {
        snmp_free_pdu(answer); /* the sender repeats its inform */
    }
}

static void keep_answer(struct nq_inform *inform, const struct nq_endpoint *endpoint,
                        netsnmp_pdu *pdu)
{
    netsnmp_pdu *cloned = make_answer(pdu);
    if (cloned) {
        struct answer *answer = nq_calloc(1, sizeof(*answer));
        answer->endpoint = endpoint;
        answer->pdu = cloned;
        answer->next = inform->answers;
        inform->answers = answer;
    }
}

/* Sends or drops all that wait. */
static void settle(struct nq_inform *inform, bool send)
{
    struct answer *answer = inform->answers;
    inform->answers = NULL;
    while (answer) {
        struct answer *next = answer->next;
        if (send && answer->endpoint) {
            send_answer(answer->endpoint, answer->pdu);
        } else {
            snmp_free_pdu(answer->pdu);
        }
        free(answer);
        answer = next;
    }
}

static void forget(struct nq_listener *listener, struct nq_inform *inform)
{
    settle(inform, false);
    HASH_DEL(listener->informs, inform);
    listener->inform_count--;
    free(inform);
}

/* Only those that were answered: the others belong to the caller until then. */
static void make_room(struct nq_listener *listener, int64_t now_ms)
{
    struct nq_inform *inform = NULL;
    struct nq_inform *next = NULL;
    HASH_ITER(hh, listener->informs, inform, next)
    {
        const bool old = now_ms - inform->seen_ms > REMEMBERED_MS;
        if (!old && listener->inform_count < NQ_LISTENER_INFORMS) {
            return;
        }
        if (inform->taken) {
            forget(listener, inform);
        }
    }
}

/* ---- the way of an inform ----------------------------------------------------------- */

bool nq_inform_take(struct nq_endpoint *endpoint, netsnmp_pdu *pdu,
                    const struct nq_trap *trap, const char *peer,
                    struct nq_inform **ret_inform)
{
    struct nq_listener *listener = endpoint->listener;
    const struct key key = key_of(pdu, trap, peer);
    struct nq_inform *inform = NULL;
    HASH_FIND(hh, listener->informs, &key, sizeof(key), inform);
    if (inform && inform->taken) {
        send_answer(endpoint, make_answer(pdu));
        return false;
    }
    if (inform) {
        keep_answer(inform, endpoint, pdu);
        return false;
    }
    const int64_t now_ms = nq_mono_ms(listener->clock);
    make_room(listener, now_ms);
    inform = nq_calloc(1, sizeof(*inform));
    inform->key = key;
    inform->seen_ms = now_ms;
    HASH_ADD(hh, listener->informs, key, sizeof(inform->key), inform);
    listener->inform_count++;
    keep_answer(inform, endpoint, pdu);
    *ret_inform = inform;
    return true;
}

void nq_listener_answer(struct nq_listener *listener, struct nq_inform *inform,
                        bool taken)
{
    settle(inform, taken);
    inform->taken = taken;
    if (!taken) {
        forget(listener, inform);
    }
}

void nq_informs_forget_endpoint(struct nq_listener *listener,
                                const struct nq_endpoint *endpoint)
{
    for (struct nq_inform *inform = listener->informs; inform; inform = inform->hh.next) {
        for (struct answer *answer = inform->answers; answer; answer = answer->next) {
            answer->endpoint = answer->endpoint == endpoint ? NULL : answer->endpoint;
        }
    }
}

void nq_informs_done(struct nq_listener *listener)
{
    struct nq_inform *inform = NULL;
    struct nq_inform *next = NULL;
    HASH_ITER(hh, listener->informs, inform, next)
    {
        forget(listener, inform);
    }
}
