/* SPDX-License-Identifier: Apache-2.0 */
/* tags.c: see tags.h. */
#include "nsx/tags.h"

#include <string.h>

_Static_assert(1 + NQ_CONFIG_WATCHED_MAX + NQ_CONFIG_PROTECTED_TAGS <= 32,
               "a set of tags is an unsigned");

/* scope NULL: the tag has none, as in NSX for vSphere. */
static bool is_tag(const struct nq_tag_conf *row, const char *scope, const char *value)
{
    return strcmp(value, row->value) == 0 &&
           (!scope || !row->scope || strcmp(scope, row->scope) == 0);
}

unsigned nq_tags_of(const struct nq_config *conf, const char *scope, const char *value)
{
    const struct nq_tag_conf ours = {.scope = conf->tag_scope, .value = conf->tag_value};
    unsigned tags = is_tag(&ours, scope, value) ? NQ_TAGS_OURS : 0;
    for (size_t i = 0; i < conf->watched_tag_count; i++) {
        tags |= is_tag(&conf->watched_tags[i], scope, value) ? NQ_TAGS_WATCHED(i) : 0;
    }
    for (size_t i = 0; i < conf->protect.tag_count; i++) {
        tags |= is_tag(&conf->protect.tags[i], scope, value) ? NQ_TAGS_PROTECTED(i) : 0;
    }
    return tags;
}

unsigned nq_tags_of_name(const struct nq_config *conf, const char *name)
{
    return nq_tags_of(conf, NULL, name);
}
