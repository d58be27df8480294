/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: walks the settings of a file and the tables of options*.c side by side. */
#include "config/read_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

static bool read_block(const struct nq_reader *reader, const struct nq_read_place *place,
                       const struct nq_block *block, bool present, void *target);

static bool same_name(const struct nq_reader *reader, const struct nq_read_place *place,
                      const struct nq_block *block, const char *elements, size_t count)
{
    const struct nq_option *name = &block->options[0];
    if (strcmp(name->name, "name") != 0) {
        return false;
    }
    const char *last =
        *(char *const *)(const void *)(elements + count * block->size + name->offset);
    for (size_t i = 0; i < count; i++) {
        const char *other =
            *(char *const *)(const void *)(elements + i * block->size + name->offset);
        if (nq_text_same(last, other)) {
            nq_read_says(reader, place, "the name '%s' is used twice", last);
            return true;
        }
    }
    return false;
}

static bool read_list(const struct nq_reader *reader, const struct nq_read_place *place,
                      const struct nq_option *option, void *target)
{
    if (!config_setting_is_list(place->setting)) {
        return nq_read_wrong_type(reader, place, "a list: ( { ... }, { ... } )");
    }
    const int length = config_setting_length(place->setting);
    if (length < option->min || length > option->max) {
        return nq_read_says(
            reader, place, "it has %d entries: %s %lld", length,
            length < option->min ? "use at least" : "use at most",
            (long long)(length < option->min ? option->min : option->max));
    }
    const size_t count = (size_t)length;
    char *elements = nq_calloc(count, option->block->size);
    *(void **)nq_read_field(option, target) = elements;
    *(size_t *)(void *)((char *)target + option->count_offset) = count;
    for (size_t i = 0; i < count; i++) {
        struct nq_read_place element = {
            .setting = config_setting_get_elem(place->setting, (unsigned)i)};
        (void)snprintf(element.path, sizeof(element.path), "%.*s[%zu]",
                       NQ_OPTION_PATH_MAX - 24, place->path, i);
        if (!config_setting_is_group(element.setting)) {
            return nq_read_wrong_type(reader, &element, "a block: { ... }");
        }
        if (!read_block(reader, &element, option->block, true,
                        elements + i * option->block->size) ||
            same_name(reader, &element, option->block, elements, i)) {
            return false;
        }
    }
    return true;
}

static bool read_option(const struct nq_reader *reader,
                        const struct nq_read_place *parent,
                        const struct nq_option *option, bool parent_present, void *target)
{
    struct nq_read_place place = {.setting = parent->setting};
    (void)snprintf(place.path, sizeof(place.path), "%.*s%s%s", NQ_OPTION_PATH_MAX / 2,
                   parent->path, parent->path[0] ? "." : "", option->name);
    const config_setting_t *found =
        parent_present ? config_setting_get_member(parent->setting, option->name) : NULL;
    if (found) {
        place.setting = found;
    }
    if (option->kind == NQ_OPTION_BLOCK) {
        if (found && !config_setting_is_group(found)) {
            return nq_read_wrong_type(reader, &place, "a block: { ... }");
        }
        return read_block(reader, &place, option->block, found,
                          nq_read_field(option, target));
    }
    if (!found) {
        if (option->required) {
            return nq_read_says(reader, &place, "it is missing");
        }
        return !option->preset ||
               nq_read_store(reader, &place, option, option->preset, target);
    }
    switch (option->kind) {
    case NQ_OPTION_LIST:
        return read_list(reader, &place, option, target);
    case NQ_OPTION_TEXTS:
        return nq_read_texts(reader, &place, option, target);
    case NQ_OPTION_NUMBERS:
        return nq_read_numbers(reader, &place, option, target);
    default:
        return nq_read_value(reader, &place, option, target);
    }
}

/* A misspelt option would silently be its default. */
static bool check_names(const struct nq_reader *reader, const struct nq_read_place *place,
                        const struct nq_block *block)
{
    const int length = config_setting_length(place->setting);
    for (int i = 0; i < length; i++) {
        struct nq_read_place member = {
            .setting = config_setting_get_elem(place->setting, (unsigned)i)};
        const char *name = config_setting_name(member.setting);
        const char *near = NULL;
        (void)snprintf(member.path, sizeof(member.path), "%.*s%s%.40s",
                       NQ_OPTION_PATH_MAX / 2, place->path, place->path[0] ? "." : "",
                       name);
        if (nq_option_find(block, name, &near)) {
            continue;
        }
        return near ? nq_read_says(reader, &member, "unknown; did you mean '%s'?", near)
                    : nq_read_says(reader, &member,
                                   "unknown; see: nsx-quarantine check "
                                   "--options");
    }
    return true;
}

/* "oid, varbind and any_text" */
static void list_choice(const struct nq_block *block, struct nq_buf *out)
{
    for (size_t i = 0; i < block->choice; i++) {
        const char *mark = i == 0 ? "" : i + 1 < block->choice ? ", " : " and ";
        if (!nq_buf_addf(out, "%s%s", mark, block->options[i].name)) {
            return;
        }
    }
}

static bool check_choice(const struct nq_reader *reader,
                         const struct nq_read_place *place, const struct nq_block *block)
{
    size_t given = 0;
    for (size_t i = 0; i < block->choice; i++) {
        const char *name = block->options[i].name;
        const config_setting_t *found = config_setting_get_member(place->setting, name);
        given += found != NULL;
        if (found && config_setting_type(found) == CONFIG_TYPE_BOOL &&
            !config_setting_get_bool(found)) {
            return nq_read_says(reader, place, "%s is true, or left out", name);
        }
    }
    if (block->choice == 0 || given == 1) {
        return true;
    }
    struct nq_buf names;
    nq_buf_init(&names, NQ_OPTION_REASON);
    list_choice(block, &names);
    if (given == 0) {
        nq_read_says(reader, place, "add one of %s", nq_buf_text(&names));
    } else {
        nq_read_says(reader, place, "use only one of %s", nq_buf_text(&names));
    }
    nq_buf_done(&names);
    return false;
}

static bool read_block(const struct nq_reader *reader, const struct nq_read_place *place,
                       const struct nq_block *block, bool present, void *target)
{
    if (!present && block->optional) {
        return true;
    }
    if (present &&
        (!check_names(reader, place, block) || !check_choice(reader, place, block))) {
        return false;
    }
    for (size_t i = 0; i < block->option_count; i++) {
        if (!read_option(reader, place, &block->options[i], present, target)) {
            return false;
        }
    }
    return true;
}

bool nq_read_settings(const config_t *lib, struct nq_config *conf, struct nq_err *reterr)
{
    const struct nq_reader reader = {.conf = conf, .reterr = reterr};
    const struct nq_read_place root = {.setting = config_root_setting(lib)};
    return read_block(&reader, &root, &nq_config_root, true, conf);
}

bool nq_read_triggers(const config_t *lib, struct nq_config *conf, struct nq_err *reterr)
{
    const struct nq_reader reader = {.conf = conf, .reterr = reterr};
    const struct nq_read_place root = {.setting = config_root_setting(lib)};
    const char *near = NULL;
    const struct nq_block block = {
        .options = nq_option_find(&nq_config_root, "triggers", &near), .option_count = 1};
    return read_block(&reader, &root, &block, true, conf);
}
