/* SPDX-License-Identifier: Apache-2.0 */
/* view.h: what a group can see of a VM at one moment: names, tags, identity.
 * A view never changes, so "the VM as the firewall still knows it" is just an older view.
 *
 * Owns    its strings; shared by counting (sim_view_ref, sim_view_free).
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_tags_read(): false and a sentence.
 * Limits  SIM_TAGS_MAX tags on a VM, SIM_SCOPE_MAX and SIM_TAG_MAX characters.
 */
#ifndef SIM_VIEW_H
#define SIM_VIEW_H

#include "json.h"

#define SIM_TAGS_MAX  30  /* NSX-T 2.5.1 API: 25 of users and 5 of the system */
#define SIM_SCOPE_MAX 128 /* schema of Tag */
#define SIM_TAG_MAX   256 /* description of Tag */

struct sim_tag {
    char *scope; /* never NULL, "" by default */
    char *tag;
};

struct sim_tags {
    size_t count;
    struct sim_tag *items;
};

struct sim_view {
    unsigned refs;
    char *external_id;
    char *display_name;
    char *os_name;       /* "" without VMware Tools */
    char *computer_name; /* "" without VMware Tools */
    struct sim_tags tags;
};

/* From an NSX VirtualMachine document whose tags were read with sim_tags_read(). */
struct sim_view *sim_view_new(const cJSON *vm, const struct sim_tags *tags);
struct sim_view *sim_view_ref(struct sim_view *view);  /* NULL stays NULL */
struct sim_view *sim_view_free(struct sim_view *view); /* takes NULL, returns NULL */

/* Reads a list of Tag objects; the same pair twice counts once. tags must be freed. */
bool sim_tags_read(const cJSON *list, const char *where, struct sim_tags *tags,
                   struct sim_err *err) __attribute__((warn_unused_result));
void sim_tags_copy(struct sim_tags *to, const struct sim_tags *from);
void sim_tags_done(struct sim_tags *tags);

/* Tags are objects: they are equal when both texts are, upper and lower case included. */
bool sim_tags_has(const struct sim_tags *tags, const struct sim_tag *tag);
/* False when nothing changed. */
bool sim_tags_add(struct sim_tags *tags, const struct sim_tag *tag);
bool sim_tags_remove(struct sim_tags *tags, const struct sim_tag *tag);
bool sim_tags_same(const struct sim_tags *a, const struct sim_tags *b);
cJSON *sim_tags_json(const struct sim_tags *tags);

#endif
