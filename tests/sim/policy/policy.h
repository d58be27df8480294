/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h: an NSX-T manager: who may ask, which handler answers, and the lists they
 * answer.
 *
 * Owns    the manager: the world and what it keeps about its clients.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   in the reply, in the error form of NSX.
 * Limits  page_size up to page_size_max of the settings.
 */
#ifndef SIM_POLICY_H
#define SIM_POLICY_H

#include "api.h"
#include "login.h"
#include "world.h"

/* Numbers of the error catalogue of NSX that the handlers use. */
enum sim_nsx_error {
    SIM_NSX_NOT_FOUND = 600,
    SIM_NSX_BAD_JSON = 287,
    SIM_NSX_INVALID_PATH = 500012,
    SIM_NSX_CREDENTIALS = 403,
    SIM_NSX_SESSION = 98,
    SIM_NSX_REVISION = 500087,
    /* Not in the published list that this was built from; see README. */
    SIM_NSX_INVALID_ARGUMENT = 220,
    SIM_NSX_TAG_LIMIT = 610717,
    SIM_NSX_NO_METHOD = 405,
};

#define SIM_MODULE_COMMON    "common-services"
#define SIM_MODULE_POLICY    "policy"
#define SIM_MODULE_INVENTORY "inventory"

/* Logins and request rates; NSX keeps them by client, and there is one client address
 * here, so the user name is the key. */
struct sim_guard {
    uint64_t failures;
    uint64_t locked_until_ms;
    uint64_t window_ms; /* when the second began in which requests are counted */
    uint64_t in_window;
};

/* calls_firewall.c: the policy of the first argument, or NULL and the reply filled. */
const struct sim_policy *sim_named_policy(struct sim *sim,
                                          const struct sim_request *request,
                                          struct sim_reply *reply);
/* The rule of the second argument, in the same way. */
const struct sim_rule *sim_named_rule(struct sim *sim, const struct sim_request *request,
                                      struct sim_reply *reply);

/* A list on its way into a reply. */
struct sim_item {
    cJSON *json; /* borrowed when is_borrowed, else taken */
    bool is_borrowed;
    const char *id; /* borrowed, or a text inside json */
};

struct sim_list {
    bool is_inventory; /* the same list whatever tags do: but for the tags themselves */
    size_t count;
    struct sim_item *items;
};

enum sim_paging {
    SIM_PAGING_SPEC,  /* result_count on the first page, opaque cursor between pages */
    SIM_PAGING_QUIRK, /* neither; the cursor is an offset; no order unless asked for */
};

/* A list of several pages, in its order, kept for the next page. */
struct sim_kept_list {
    char *key;           /* the target without what differs between pages; NULL: free */
    uint64_t generation; /* of the world, or of its inventory */
    uint64_t used;
    enum sim_paging paging;
    const char *default_sort;
    struct sim_list list;
};

#define SIM_KEPT_LISTS 8

/* What sim->state is for this generation. */
struct sim_manager {
    struct sim_world *world;
    struct sim_guard guard;
    struct sim_sessions sessions;
    uint64_t lists; /* answered so far: seeds the next disorder */
    struct sim_kept_list kept[SIM_KEPT_LISTS];
};

static inline struct sim_manager *sim_manager_of(const struct sim *sim)
{
    return sim->state;
}

static inline struct sim_world *sim_world_of(const struct sim *sim)
{
    return sim_manager_of(sim)->world;
}

extern const struct sim_family sim_node_family;
extern const struct sim_family sim_fabric_family;
extern const struct sim_family sim_group_family;
extern const struct sim_family sim_firewall_family;
extern const struct sim_family sim_statistics_family;
extern const struct sim_family sim_tag_family;
/* control.c: the routes below /sim. */
extern const struct sim_family sim_policy_control_family;

/* gate.c: judges login and limits, then lets the handler answer. */
void sim_gate_answer(struct sim *sim, struct sim_request *request,
                     struct sim_reply *reply);

void sim_list_take(struct sim_list *list, cJSON *json, const char *id);
void sim_list_borrow(struct sim_list *list, const cJSON *json, const char *id);
/* Answers the page that the request asks for, and frees the list. default_sort is what
 * NSX sorts by unasked, or NULL. */
void sim_list_reply(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply, struct sim_list *list,
                    enum sim_paging paging, const char *default_sort);

/* cursor.c: the cursor of the page that begins at an item; the caller frees it. */
char *sim_cursor_of(const struct sim_list *list, size_t at);
/* Where the page of a cursor begins; false when it is no cursor of this list. */
bool sim_cursor_find(const struct sim_list *list, const char *cursor, size_t *ret_start);

/* Answers from the list that was kept for this request, if there is one and the world has
 * not changed since. */
bool sim_list_again(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply);
void sim_lists_done(struct sim_manager *manager);

/* The error form of NSX: httpStatus, error_code, module_name, error_message. */
void sim_reply_error(struct sim_reply *reply, unsigned status, int code,
                     const char *module, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The object that a path names does not exist. */
void sim_reply_missing(struct sim *sim, struct sim_reply *reply, const char *path);
/* A path given as an argument, or under which something is asked for. */
void sim_reply_invalid_path(struct sim_reply *reply, const char *path);

/* The body as a JSON object, or NULL and the reply filled. */
cJSON *sim_request_json(const struct sim_request *request, const char *module,
                        struct sim_reply *reply) __attribute__((warn_unused_result));

#endif
