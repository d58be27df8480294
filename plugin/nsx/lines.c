/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c: see lines.h. */
#include "nsx/lines.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/mem.h"

struct nq_line {
    UT_hash_handle hh;
    char *name;
    struct nq_place *first; /* there is one */
};

bool nq_lines_enter(struct nq_lines *lines, const char *name, struct nq_place *place)
{
    struct nq_line *line = NULL;
    HASH_FIND_STR(lines->first, name, line);
    if (!line) {
        line = nq_calloc(1, sizeof(*line));
        line->name = nq_strdup(name);
        HASH_ADD_KEYPTR(hh, lines->first, line->name, strlen(line->name), line);
    }
    place->line = line;
    DL_APPEND(line->first, place);
    return line->first == place;
}

struct nq_place *nq_lines_leave(struct nq_lines *lines, struct nq_place *place)
{
    struct nq_line *line = place->line;
    const bool had_turn = line->first == place;
    DL_DELETE(line->first, place);
    if (!line->first) {
        HASH_DEL(lines->first, line);
        free(line->name);
        free(line);
        return NULL;
    }
    return had_turn ? line->first : NULL;
}

const char *nq_place_name(const struct nq_place *place)
{
    return place->line->name;
}

struct nq_place *nq_lines_any(const struct nq_lines *lines)
{
    return lines->first ? lines->first->first : NULL;
}
