/* SPDX-License-Identifier: Apache-2.0 */
/* login.h: the ways into the manager: Basic, session, bearer token, client certificate.
 *
 * Owns    the sessions.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   false, and the reply says why in the error form of NSX.
 * Limits  SIM_SESSIONS_MAX sessions; a new one takes the place of the one unused longest.
 */
#ifndef SIM_LOGIN_H
#define SIM_LOGIN_H

#include "json.h"

#define SIM_SESSIONS_MAX 1000

struct sim;
struct sim_request;
struct sim_reply;

struct sim_session {
    char id[33];
    char xsrf[33];
    unsigned node; /* the only one that knows it */
    uint64_t used_ms;
};

struct sim_sessions {
    size_t count;
    struct sim_session items[SIM_SESSIONS_MAX];
};

/* May this request be answered? A Basic login also starts a session, as in NSX. */
bool sim_login_check(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply);

/* session.c: POST /api/session/create and /api/session/destroy. */
extern const struct sim_family sim_session_family;
/* The one call that needs no login. */
bool sim_session_is_create(const struct sim_request *request);

/* login.c: judges a password, with the lock-out. */
bool sim_login_password(struct sim *sim, const struct sim_request *request, bool correct,
                        struct sim_reply *reply);

/* session.c: the session that the cookie of the request names on this node, or NULL; a
 * session found is used. */
struct sim_session *sim_session_find(struct sim *sim, const struct sim_request *request);
/* Whether the request carries the cookie of a session, known or not. */
bool sim_session_is_named(const struct sim_request *request);
/* Starts a session and sets its cookie. */
const struct sim_session *sim_session_start(struct sim *sim,
                                            const struct sim_request *request,
                                            struct sim_reply *reply);

#endif
