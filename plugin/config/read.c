/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: walks the settings of a file and the tables of options*.c side by side. */
#include "config/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/option.h"

struct reader {
    struct nq_config *conf;
    struct nq_err *reterr;
};

/* An option of the file while it is read. */
struct place {
    const config_setting_t *setting; /* where the line number comes from */
    char path[NQ_OPTION_PATH_MAX];   /* "managers[0].url" */
};

/* ---- mistakes ----------------------------------------------------------------------- */

bool nq_read_mistake(const char *file, const config_setting_t *setting, const char *path,
                     const char *text, struct nq_err *reterr)
{
    const char *included = config_setting_source_file(setting);
    const unsigned line = config_setting_source_line(setting); /* 0: the whole file */
    return nq_fail(reterr, NQ_CONFIG_VALUE, "%s:%u: option '%s': %s",
                   included ? included : file, line > 0 ? line : 1, path, text);
}

static bool mistake(const struct reader *reader, const struct place *place,
                    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static bool mistake(const struct reader *reader, const struct place *place,
                    const char *fmt, ...)
{
    char text[NQ_ERR_DETAIL];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return nq_read_mistake(reader->conf->file, place->setting, place->path, text,
                           reader->reterr);
}

static bool not_allowed(const struct reader *reader, const struct place *place,
                        const char *value, const char *allowed)
{
    char shown[64];
    return mistake(reader, place, "'%s' is not allowed: %s",
                   nq_text_escape(value, shown, sizeof(shown)), allowed);
}

static bool wrong_type(const struct reader *reader, const struct place *place,
                       const char *wanted)
{
    return mistake(reader, place, "it must be %s", wanted);
}

/* ---- one value ---------------------------------------------------------------------- */

static void *field_of(const struct nq_option *option, void *target)
{
    return (char *)target + option->offset;
}

static bool store_text(const struct reader *reader, const struct place *place,
                       const struct nq_option *option, const char *text, void *target)
{
    char reason[NQ_OPTION_REASON];
    char **field = field_of(option, target);
    if (*field) {
        return mistake(reader, place, "only one of its kind is allowed here");
    }
    const char *allowed = nq_option_text(option, text, field, reason);
    if (allowed) {
        return not_allowed(reader, place, text, allowed);
    }
    if (option->kind == NQ_OPTION_OPERAND || option->kind == NQ_OPTION_OPERAND_REGEX) {
        *(enum nq_condition_kind *)(void *)((char *)target + option->operand_offset) =
            option->operand;
    }
    return true;
}

static bool store_number(const struct reader *reader, const struct place *place,
                         const struct nq_option *option, double number, void *target)
{
    char reason[NQ_OPTION_REASON];
    const char *allowed =
        nq_option_number(option, number, field_of(option, target), reason);
    if (allowed) {
        return mistake(reader, place, "%g is not allowed: %s", number, allowed);
    }
    return true;
}

/* Enumerations of config.h are stored through an int. */
_Static_assert(sizeof(enum nq_group_role) == sizeof(int) &&
                   sizeof(enum nq_trigger_action) == sizeof(int),
               "an enumeration is as wide as an int");

static bool store_word(const struct reader *reader, const struct place *place,
                       const struct nq_option *option, const char *text, void *target)
{
    char reason[NQ_OPTION_REASON];
    int value = 0;
    const char *allowed = nq_option_word(option, text, &value, reason);
    if (allowed) {
        return not_allowed(reader, place, text, allowed);
    }
    if (option->kind == NQ_OPTION_MODE) {
        *(bool *)field_of(option, target) = value != 0;
    } else {
        memcpy(field_of(option, target), &value, sizeof(value));
    }
    return true;
}

static bool store_manager(const struct reader *reader, const struct place *place,
                          const struct nq_option *option, const char *name, void *target)
{
    for (size_t i = 0; i < reader->conf->manager_count; i++) {
        if (strcmp(reader->conf->managers[i].name, name) == 0) {
            *(size_t *)field_of(option, target) = i;
            return true;
        }
    }
    return not_allowed(reader, place, name, "use the name of a manager of this file");
}

/* What the file must hold for a kind, and how a preset, which is text, is stored. */
static bool store(const struct reader *reader, const struct place *place,
                  const struct nq_option *option, const char *text, void *target)
{
    switch (option->kind) {
    case NQ_OPTION_WORD:
    case NQ_OPTION_MODE:
        return store_word(reader, place, option, text, target);
    case NQ_OPTION_MANAGER:
        return store_manager(reader, place, option, text, target);
    case NQ_OPTION_FLAG:
        *(bool *)field_of(option, target) = strcmp(text, "true") == 0;
        return true;
    case NQ_OPTION_NUMBER:
    case NQ_OPTION_SECONDS:
    case NQ_OPTION_WHOLE_SECONDS:
        return store_number(reader, place, option, strtod(text, NULL), target);
    default:
        return store_text(reader, place, option, text, target);
    }
}

static bool read_value(const struct reader *reader, const struct place *place,
                       const struct nq_option *option, void *target)
{
    const config_setting_t *setting = place->setting;
    const int type = config_setting_type(setting);
    const bool whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
    switch (option->kind) {
    case NQ_OPTION_FLAG:
        if (type != CONFIG_TYPE_BOOL) {
            return wrong_type(reader, place, "true or false, without quotes");
        }
        *(bool *)field_of(option, target) = config_setting_get_bool(setting);
        return true;
    case NQ_OPTION_SECONDS:
        if (type == CONFIG_TYPE_FLOAT) {
            return store_number(reader, place, option, config_setting_get_float(setting),
                                target);
        }
        if (!whole) {
            return wrong_type(reader, place, "a number of seconds, without quotes");
        }
        break;
    case NQ_OPTION_NUMBER:
    case NQ_OPTION_WHOLE_SECONDS:
        if (!whole) {
            return wrong_type(reader, place, "a whole number, without quotes");
        }
        break;
    default:
        if (type != CONFIG_TYPE_STRING) {
            return wrong_type(reader, place, "a text in quotes");
        }
        return store(reader, place, option, config_setting_get_string(setting), target);
    }
    return store_number(reader, place, option, (double)config_setting_get_int64(setting),
                        target);
}

static bool read_element(const struct reader *reader, const struct place *place,
                         const struct nq_option *option, char **field)
{
    char reason[NQ_OPTION_REASON];
    const char *text = config_setting_get_string(place->setting);
    if (!text) {
        return wrong_type(reader, place, "a text in quotes, or an array of such texts");
    }
    const char *allowed = nq_option_element(option, text, field, reason);
    return !allowed || not_allowed(reader, place, text, allowed);
}

/* One text, or an array of texts. */
static bool read_texts(const struct reader *reader, const struct place *place,
                       const struct nq_option *option, void *target)
{
    const bool several = config_setting_is_array(place->setting);
    const int length = several ? config_setting_length(place->setting) : 1;
    if (length < option->min || length > option->max) {
        return mistake(reader, place, "it has %d entries: use %lld to %lld", length,
                       (long long)option->min, (long long)option->max);
    }
    char **texts = nq_calloc((size_t)length, sizeof(*texts));
    *(char ***)field_of(option, target) = texts;
    *(size_t *)(void *)((char *)target + option->count_offset) = (size_t)length;
    for (int i = 0; i < length; i++) {
        struct place one = *place;
        if (several) {
            one.setting = config_setting_get_elem(place->setting, (unsigned)i);
        }
        if (!read_element(reader, &one, option, &texts[i])) {
            return false;
        }
    }
    return true;
}

/* One whole number, or an array of them. */
static bool read_numbers(const struct reader *reader, const struct place *place,
                         const struct nq_option *option, void *target)
{
    const bool several = config_setting_is_array(place->setting);
    const int length = several ? config_setting_length(place->setting) : 1;
    const int most = (int)option->count_max;
    if (length < 1 || length > most) {
        return mistake(reader, place, "it has %d entries: use 1 to %d", length, most);
    }
    int64_t *numbers = nq_calloc((size_t)length, sizeof(*numbers));
    *(int64_t **)field_of(option, target) = numbers;
    *(size_t *)(void *)((char *)target + option->count_offset) = (size_t)length;
    for (int i = 0; i < length; i++) {
        struct place one = *place;
        if (several) {
            one.setting = config_setting_get_elem(place->setting, (unsigned)i);
        }
        const int type = config_setting_type(one.setting);
        if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
            return wrong_type(reader, &one,
                              "a whole number without quotes, or an array of them");
        }
        const double number = (double)config_setting_get_int64(one.setting);
        char reason[NQ_OPTION_REASON];
        const char *allowed = nq_option_number(option, number, &numbers[i], reason);
        if (allowed) {
            return mistake(reader, &one, "%.0f is not allowed: %s", number, allowed);
        }
    }
    return true;
}

/* ---- blocks and lists --------------------------------------------------------------- */

static bool read_block(const struct reader *reader, const struct place *place,
                       const struct nq_block *block, bool present, void *target);

static bool same_name(const struct reader *reader, const struct place *place,
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
            mistake(reader, place, "the name '%s' is used twice", last);
            return true;
        }
    }
    return false;
}

static bool read_list(const struct reader *reader, const struct place *place,
                      const struct nq_option *option, void *target)
{
    if (!config_setting_is_list(place->setting)) {
        return wrong_type(reader, place, "a list: ( { ... }, { ... } )");
    }
    const int length = config_setting_length(place->setting);
    if (length < option->min || length > option->max) {
        return mistake(reader, place, "it has %d entries: %s %lld", length,
                       length < option->min ? "use at least" : "use at most",
                       (long long)(length < option->min ? option->min : option->max));
    }
    const size_t count = (size_t)length;
    char *elements = nq_calloc(count, option->block->size);
    *(void **)field_of(option, target) = elements;
    *(size_t *)(void *)((char *)target + option->count_offset) = count;
    for (size_t i = 0; i < count; i++) {
        struct place element = {.setting =
                                    config_setting_get_elem(place->setting, (unsigned)i)};
        (void)snprintf(element.path, sizeof(element.path), "%.*s[%zu]",
                       NQ_OPTION_PATH_MAX - 24, place->path, i);
        if (!config_setting_is_group(element.setting)) {
            return wrong_type(reader, &element, "a block: { ... }");
        }
        if (!read_block(reader, &element, option->block, true,
                        elements + i * option->block->size) ||
            same_name(reader, &element, option->block, elements, i)) {
            return false;
        }
    }
    return true;
}

static bool read_option(const struct reader *reader, const struct place *parent,
                        const struct nq_option *option, bool parent_present, void *target)
{
    struct place place = {.setting = parent->setting};
    (void)snprintf(place.path, sizeof(place.path), "%.*s%s%s", NQ_OPTION_PATH_MAX / 2,
                   parent->path, parent->path[0] ? "." : "", option->name);
    const config_setting_t *found =
        parent_present ? config_setting_get_member(parent->setting, option->name) : NULL;
    if (found) {
        place.setting = found;
    }
    if (option->kind == NQ_OPTION_BLOCK) {
        if (found && !config_setting_is_group(found)) {
            return wrong_type(reader, &place, "a block: { ... }");
        }
        return read_block(reader, &place, option->block, found, field_of(option, target));
    }
    if (!found) {
        if (option->required) {
            return mistake(reader, &place, "it is missing");
        }
        return !option->preset || store(reader, &place, option, option->preset, target);
    }
    switch (option->kind) {
    case NQ_OPTION_LIST:
        return read_list(reader, &place, option, target);
    case NQ_OPTION_TEXTS:
        return read_texts(reader, &place, option, target);
    case NQ_OPTION_NUMBERS:
        return read_numbers(reader, &place, option, target);
    default:
        return read_value(reader, &place, option, target);
    }
}

/* A misspelt option would silently be its default. */
static bool check_names(const struct reader *reader, const struct place *place,
                        const struct nq_block *block)
{
    const int length = config_setting_length(place->setting);
    for (int i = 0; i < length; i++) {
        struct place member = {.setting =
                                   config_setting_get_elem(place->setting, (unsigned)i)};
        const char *name = config_setting_name(member.setting);
        const char *near = NULL;
        (void)snprintf(member.path, sizeof(member.path), "%.*s%s%.40s",
                       NQ_OPTION_PATH_MAX / 2, place->path, place->path[0] ? "." : "",
                       name);
        if (nq_option_find(block, name, &near)) {
            continue;
        }
        return near ? mistake(reader, &member, "unknown; did you mean '%s'?", near)
                    : mistake(reader, &member,
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

static bool check_choice(const struct reader *reader, const struct place *place,
                         const struct nq_block *block)
{
    size_t given = 0;
    for (size_t i = 0; i < block->choice; i++) {
        const char *name = block->options[i].name;
        const config_setting_t *found = config_setting_get_member(place->setting, name);
        given += found != NULL;
        if (found && config_setting_type(found) == CONFIG_TYPE_BOOL &&
            !config_setting_get_bool(found)) {
            return mistake(reader, place, "%s is true, or left out", name);
        }
    }
    if (block->choice == 0 || given == 1) {
        return true;
    }
    struct nq_buf names;
    nq_buf_init(&names, NQ_OPTION_REASON);
    list_choice(block, &names);
    if (given == 0) {
        mistake(reader, place, "add one of %s", nq_buf_text(&names));
    } else {
        mistake(reader, place, "use only one of %s", nq_buf_text(&names));
    }
    nq_buf_done(&names);
    return false;
}

static bool read_block(const struct reader *reader, const struct place *place,
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
    const struct reader reader = {.conf = conf, .reterr = reterr};
    const struct place root = {.setting = config_root_setting(lib)};
    return read_block(&reader, &root, &nq_config_root, true, conf);
}

bool nq_read_triggers(const config_t *lib, struct nq_config *conf, struct nq_err *reterr)
{
    const struct reader reader = {.conf = conf, .reterr = reterr};
    const struct place root = {.setting = config_root_setting(lib)};
    const char *near = NULL;
    const struct nq_block block = {
        .options = nq_option_find(&nq_config_root, "triggers", &near), .option_count = 1};
    return read_block(&reader, &root, &block, true, conf);
}
