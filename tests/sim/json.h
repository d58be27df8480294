/* SPDX-License-Identifier: Apache-2.0 */
/* json.h: checks a JSON object against a list of members, and reads it afterwards.
 * Every message names the member that is wrong, as in `vms[2].vifs[0].mac_address`.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   sim_json_check(): false and a sentence. The getters never fail: they answer
 *         the fallback when the member is absent or of another type.
 * Limits  none of its own.
 */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <cjson/cJSON.h>

#include "base.h"

enum sim_json_kind {
    SIM_JSON_ANY,
    SIM_JSON_STRING,
    SIM_JSON_STRINGS, /* array of strings */
    SIM_JSON_COUNT,   /* whole number, 0 or more */
    SIM_JSON_BOOL,
    SIM_JSON_OBJECT,
    SIM_JSON_OBJECTS, /* array of objects */
};

struct sim_json_member {
    const char *name;
    enum sim_json_kind kind;
    bool required;
};

/* What every object of the Policy API may carry besides its own members. */
#define SIM_POLICY_OBJECT_MEMBERS                                                        \
    {"path", SIM_JSON_STRING, false}, {"parent_path", SIM_JSON_STRING, false},           \
        {"relative_path", SIM_JSON_STRING, false},                                       \
        {"unique_id", SIM_JSON_STRING, false},                                           \
        {"marked_for_delete", SIM_JSON_BOOL, false},                                     \
        {"overridden", SIM_JSON_BOOL, false}, {"_create_time", SIM_JSON_COUNT, false},   \
        {"_create_user", SIM_JSON_STRING, false},                                        \
        {"_last_modified_time", SIM_JSON_COUNT, false},                                  \
        {"_last_modified_user", SIM_JSON_STRING, false},                                 \
        {"_system_owned", SIM_JSON_BOOL, false},                                         \
        {"_protection", SIM_JSON_STRING, false},                                         \
    {                                                                                    \
        "_revision", SIM_JSON_COUNT, false                                               \
    }

/* Makes cJSON end the process on memory failure, as everything here does. Call once. */
void sim_json_init(void);

/* A text that is one JSON value and nothing else; NULL and the byte offset in err when
 * it is not. */
cJSON *sim_json_parse(const char *text, size_t length, struct sim_err *err)
    __attribute__((warn_unused_result));

/* object is an object, has the required members, each of its kind, and no others. */
bool sim_json_check(const cJSON *object, const struct sim_json_member *members,
                    size_t count, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));

#define SIM_JSON_CHECK(object, members, where, err)                                      \
    sim_json_check((object), (members), sizeof(members) / sizeof((members)[0]), (where), \
                   (err))

/* Borrowed from object. */
const char *sim_json_text(const cJSON *object, const char *name, const char *fallback);
uint64_t sim_json_count(const cJSON *object, const char *name, uint64_t fallback);
bool sim_json_bool(const cJSON *object, const char *name, bool fallback);
const cJSON *sim_json_get(const cJSON *object, const char *name);

/* Adds name with value unless the object already has that member. */
void sim_json_default_text(cJSON *object, const char *name, const char *value);

/* Members of patch replace those of object; null removes one (RFC 7396, top level only:
 * NSX replaces lists and nested values as a whole). */
void sim_json_merge(cJSON *object, const cJSON *patch);

#endif
