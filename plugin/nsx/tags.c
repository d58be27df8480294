/* SPDX-License-Identifier: Apache-2.0 */
/* tags.c: see tags.h. */
#include "nsx/tags.h"

#include <string.h>

_Static_assert(NQ_CONFIG_WATCHED_MAX < 31, "a set of tags is an unsigned");

unsigned nq_tags_of(const struct nq_config *conf, const char *scope, const char *value)
{
    unsigned tags = 0;
    if (strcmp(scope, conf->tag_scope) == 0 && strcmp(value, conf->tag_value) == 0) {
        tags |= NQ_TAGS_OURS;
    }
    for (size_t i = 0; i < conf->watched_tag_count; i++) {
        const struct nq_tag_conf *watched = &conf->watched_tags[i];
        if (strcmp(value, watched->value) == 0 &&
            (!watched->scope || strcmp(scope, watched->scope) == 0)) {
            tags |= NQ_TAGS_WATCHED(i);
        }
    }
    return tags;
}

unsigned nq_tags_of_name(const struct nq_config *conf, const char *name)
{
    unsigned tags = strcmp(name, conf->tag_value) == 0 ? NQ_TAGS_OURS : 0;
    for (size_t i = 0; i < conf->watched_tag_count; i++) {
        if (strcmp(name, conf->watched_tags[i].value) == 0) {
            tags |= NQ_TAGS_WATCHED(i);
        }
    }
    return tags;
}
