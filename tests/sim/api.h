/* SPDX-License-Identifier: Apache-2.0 */
/* api.h: the NSX side: who may ask, which handler answers, and the lists they answer.
 *
 * Owns    nothing that outlives a request.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   in the reply, in the error form of NSX.
 * Limits  page_size up to page_size_max of the settings.
 */
#ifndef SIM_API_H
#define SIM_API_H

#include "sim.h"

/* Numbers of the error catalogue of NSX that the handlers use. */
enum sim_nsx_error {
    SIM_NSX_NOT_FOUND = 600,
    SIM_NSX_BAD_JSON = 287,
    SIM_NSX_INVALID_PATH = 500012,
    SIM_NSX_CREDENTIALS = 403,
    /* Not in the published list that this was built from; see README. */
    SIM_NSX_INVALID_ARGUMENT = 220,
    SIM_NSX_TAG_LIMIT = 610717,
    SIM_NSX_NO_METHOD = 405,
};

#define SIM_MODULE_COMMON    "common-services"
#define SIM_MODULE_POLICY    "policy"
#define SIM_MODULE_INVENTORY "inventory"

extern const struct sim_family sim_node_family;
extern const struct sim_family sim_fabric_family;
extern const struct sim_family sim_group_family;
extern const struct sim_family sim_firewall_family;
extern const struct sim_family sim_tag_family;

/* Judges login and limits, then lets the handler answer. authorization is the header or
 * NULL. */
void sim_api_answer(struct sim *sim, struct sim_request *request,
                    const char *authorization, struct sim_reply *reply);

/* A list on its way into a reply. */
struct sim_item {
    cJSON *json; /* borrowed when is_borrowed, else taken */
    bool is_borrowed;
    const char *id; /* borrowed, or a text inside json */
};

struct sim_list {
    size_t count;
    struct sim_item *items;
};

enum sim_paging {
    SIM_PAGING_SPEC,  /* result_count on the first page, opaque cursor between pages */
    SIM_PAGING_QUIRK, /* neither; the cursor is an offset; no order unless asked for */
};

void sim_list_take(struct sim_list *list, cJSON *json, const char *id);
void sim_list_borrow(struct sim_list *list, const cJSON *json, const char *id);
/* Answers the page that the request asks for, and frees the list. default_sort is what
 * NSX sorts by unasked, or NULL. */
void sim_list_reply(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply, struct sim_list *list,
                    enum sim_paging paging, const char *default_sort);

/* The object that a path names does not exist. */
void sim_reply_missing(struct sim *sim, struct sim_reply *reply, const char *path);
/* A path given as an argument, or under which something is asked for. */
void sim_reply_invalid_path(struct sim_reply *reply, const char *path);

/* The body as a JSON object, or NULL and the reply filled. */
cJSON *sim_request_json(const struct sim_request *request, const char *module,
                        struct sim_reply *reply) __attribute__((warn_unused_result));

#endif
