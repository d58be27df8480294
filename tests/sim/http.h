/* SPDX-License-Identifier: Apache-2.0 */
/* http.h: a request as the handlers see it, the reply they fill, and the route table.
 * Not for: sockets; server.c has them.
 *
 * Owns    a request owns its decoded texts, a reply its body and headers.
 * Blocks  never.
 * Thread  a request belongs to the thread of its connection.
 * Fails   sim_request_parse(): false and a sentence.
 * Limits  SIM_SEGMENTS_MAX path segments, SIM_PARAMS_MAX query parameters,
 *         SIM_BODY_MAX bytes of body.
 */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "json.h"

#define SIM_SEGMENTS_MAX 16
#define SIM_PARAMS_MAX   32
#define SIM_ARGS_MAX     4
#define SIM_HEADERS_MAX  16 /* of a reply */
#define SIM_FIELDS_MAX   64 /* headers of a request that are kept */
#define SIM_BODY_MAX     (16u * 1024 * 1024)
#define SIM_JSON_TYPE    "application/json;charset=UTF-8" /* unless a reply says other */

struct sim_param {
    char *name;
    char *value;
};

struct sim_request {
    unsigned node; /* that it came in on */
    int fd;        /* of the client */
    char *method;
    char *target; /* path and query as they were received */
    size_t segment_count;
    char *segments[SIM_SEGMENTS_MAX]; /* decoded */
    size_t param_count;
    struct sim_param params[SIM_PARAMS_MAX]; /* decoded */
    char *body;                              /* NUL at the end */
    size_t body_length;
    size_t field_count;
    struct sim_param fields[SIM_FIELDS_MAX]; /* headers as they were received */
    char *principal;                /* common name of the client's certificate, or NULL */
    uint64_t number;                /* in the journal; 0 for control calls */
    uint64_t now_ms;                /* when it is handled */
    bool changes_nothing;           /* judge and answer, but do not apply */
    const char *args[SIM_ARGS_MAX]; /* what the {} of the route stand for */
};

struct sim_reply {
    unsigned status;
    char *body; /* NULL: none */
    size_t length;
    char *content_type; /* NULL: SIM_JSON_TYPE */
    size_t header_count;
    struct sim_param headers[SIM_HEADERS_MAX];
};

/* Splits and decodes target. %2F inside a segment stays part of that segment. */
bool sim_request_parse(struct sim_request *request, struct sim_err *err)
    __attribute__((warn_unused_result));
void sim_request_done(struct sim_request *request);

/* The first parameter of that name, or NULL. */
const char *sim_request_param(const struct sim_request *request, const char *name);

/* Keeps a copy; more than SIM_FIELDS_MAX are dropped. */
void sim_request_add_header(struct sim_request *request, const char *name,
                            const char *value);
/* The first header of that name, upper and lower case alike, or NULL. */
const char *sim_request_header(const struct sim_request *request, const char *name);

/* Each replaces what the reply held before. json is taken. */
void sim_reply_json(struct sim_reply *reply, unsigned status, cJSON *json);
void sim_reply_text(struct sim_reply *reply, unsigned status, const char *content_type,
                    const char *text);
void sim_reply_empty(struct sim_reply *reply, unsigned status);
void sim_reply_header(struct sim_reply *reply, const char *name, const char *value);
void sim_reply_done(struct sim_reply *reply);

struct sim;
typedef void sim_handler_fn(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply);

/* path: segments separated by /, {} stands for any one segment. */
struct sim_route {
    const char *method;
    const char *path;
    sim_handler_fn *handle;
};

enum sim_match { SIM_MATCH_NONE, SIM_MATCH_OTHER_METHOD, SIM_MATCH_FOUND };

/* Routes that belong together: those of one file. */
struct sim_family {
    const struct sim_route *routes;
    size_t count;
};

/* Looks through all families; fills request->args and *ret_route when found. */
enum sim_match sim_family_find(const struct sim_family *const *families, size_t count,
                               struct sim_request *request,
                               const struct sim_route **ret_route);

#endif
