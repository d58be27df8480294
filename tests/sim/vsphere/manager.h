/* SPDX-License-Identifier: Apache-2.0 */
/* manager.h: an NSX Manager for vSphere and its vCenter: who may ask, which handler
 * answers, and in which form.
 *
 * Owns    the manager: the world and what it keeps about its clients.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   in the reply, in the error form of NSX or of vCenter.
 * Limits  VS_KEYS_MAX tokens and as many vCenter sessions; a new one takes the place of
 *         the oldest.
 */
#ifndef VS_MANAGER_H
#define VS_MANAGER_H

#include "api.h"
#include "world.h"

#define VS_KEYS_MAX 100
#define VS_KEY_TEXT 160

/* Numbers that clients have seen in errorCode. */
enum vs_code {
    VS_CODE_NOT_FOUND = 202,
    VS_CODE_PRESENT = 203,
    VS_CODE_FORBIDDEN = 204,
    VS_CODE_IN_USE = 209,
    VS_CODE_SAME_NAME = 210,
    VS_CODE_BAD_REQUEST = 226, /* assumed */
    VS_CODE_CONFLICT = 289,    /* assumed: the sources give only the text */
    VS_CODE_NO_RULE = 100046,
    VS_CODE_NO_SECTION = 100089,
};

/* The one call that needs no login: it carries the credentials in its body. */
#define VS_CREDENTIALS_PATH "/api/3.0/services/auth/token"

#define VS_MODULE          "core-services"
#define VS_MODULE_FIREWALL "vShield App"

/* A token of NSX or a session of vCenter. */
struct vs_issued {
    char text[VS_KEY_TEXT];
    uint64_t until_ms;
};

struct vs_ring {
    size_t next;
    struct vs_issued items[VS_KEYS_MAX];
};

struct vs_manager {
    struct vs_world *world;
    uint64_t failures; /* wrong passwords in a row */
    uint64_t locked_until_ms;
    struct vs_ring tokens;
    struct vs_ring sessions;
};

static inline struct vs_manager *vs_manager_of(const struct sim *sim)
{
    return sim->state;
}

static inline struct vs_world *vs_world_of(const struct sim *sim)
{
    return vs_manager_of(sim)->world;
}

/* A call of the NSX API: it exists from a version on. */
struct vs_call {
    struct sim_route route;
    unsigned since; /* VS_VERSION(); 0: always */
    bool writes;    /* changes something: needs more than the role auditor */
};

struct vs_family {
    const struct vs_call *calls;
    size_t count;
};

extern const struct vs_family vs_token_family;
extern const struct vs_family vs_node_family;
extern const struct vs_family vs_tag_family;
extern const struct vs_family vs_attach_family;
extern const struct vs_family vs_group_family;
extern const struct vs_family vs_member_family;
extern const struct vs_family vs_rule_family;
extern const struct vs_family vs_publish_family;
extern const struct vs_family vs_address_family;
/* control.c: the routes below /sim. */
extern const struct sim_family vs_control_family;

/* gate.c: judges login, form, version and role, then lets the handler answer. */
void vs_gate_answer(struct sim *sim, struct sim_request *request,
                    struct sim_reply *reply);

/* login.c: false, and the reply says why. */
bool vs_login_check(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply);
bool vs_login_password(struct sim *sim, const struct sim_request *request,
                       const char *user, const char *password, struct sim_reply *reply);
/* User and password of a Basic login; false when there is none. Both to be freed. */
bool vs_login_basic(const struct sim_request *request, char **ret_user,
                    char **ret_password);
/* A new secret that is good until then. */
const char *vs_ring_issue(struct vs_ring *ring, const char *prefix, uint64_t until_ms);
struct vs_issued *vs_ring_find(struct vs_ring *ring, const char *text, uint64_t now_ms);

/* vcenter.c: the REST API of vCenter, which shares the port. */
bool vs_vcenter_is(const struct sim_request *request);
void vs_vcenter_answer(struct sim *sim, struct sim_request *request,
                       struct sim_reply *reply);

/* reply.c: false when nothing that the client accepts can be answered; then 406. */
bool vs_reply_is_possible(const struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply);
/* Takes the document, and answers it as XML or JSON as the client accepts. */
void vs_reply_document(const struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply, xmlNode *root);
/* 201 and the bare id of a new object. */
void vs_reply_created(const struct sim *sim, struct sim_reply *reply, const char *id);
void vs_refuse(const struct sim *sim, const struct sim_request *request,
               struct sim_reply *reply, unsigned status, unsigned code, const char *fmt,
               ...) __attribute__((format(printf, 6, 7)));
/* The object of that id is not there. */
void vs_refuse_missing(const struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply, const char *id);
void vs_refuse_unauthorized(const struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply, unsigned status, const char *text);

/* The body, which must be XML with this root, or NULL and the reply filled. */
xmlNode *vs_request_document(const struct sim *sim, const struct sim_request *request,
                             const char *root, struct sim_reply *reply)
    __attribute__((warn_unused_result));
/* A number in the query; false and the reply filled when it is none. */
bool vs_request_number(const struct sim *sim, const struct sim_request *request,
                       const char *name, uint64_t fallback, uint64_t max,
                       uint64_t *ret_number, struct sim_reply *reply)
    __attribute__((warn_unused_result));
/* A true or false in the query. */
bool vs_request_flag(const struct sim_request *request, const char *name, bool fallback);

/* The VM of that MoRef or instance UUID, or NULL and the reply filled with status. */
struct vs_vm *vs_request_vm(const struct sim *sim, const struct sim_request *request,
                            const char *id, uint64_t status, struct sim_reply *reply)
    __attribute__((warn_unused_result));
/* The tag of an id as securitytag-12, or NULL and the reply filled. */
struct vs_tag *vs_request_tag(const struct sim *sim, const struct sim_request *request,
                              const char *id, struct sim_reply *reply)
    __attribute__((warn_unused_result));

/* <basicinfo> of an object, as lists of objects have it. */
void vs_write_basicinfo(xmlNode *parent, const struct vs_world *world, const char *id);
/* Fills a <securitygroup>. */
void vs_write_group(xmlNode *node, const struct vs_world *world,
                    const struct vs_group *group, bool members);
/* Fills a <rule>. */
void vs_write_rule(xmlNode *node, const struct vs_world *world,
                   const struct vs_section *section, const struct vs_rule *rule);
/* <name> for each address that NSX knows of this network interface. */
void vs_write_addresses(xmlNode *parent, const char *name, const struct vs_vm *vm,
                        const cJSON *vnic);

#endif
