/* SPDX-License-Identifier: Apache-2.0 */
/* read_value.c: one value of a file becomes one field of the configuration, or a mistake
 * with its line. */
#include "config/read_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* ---- mistakes ----------------------------------------------------------------------- */

bool nq_read_mistake(const char *file, const config_setting_t *setting, const char *path,
                     const char *text, struct nq_err *reterr)
{
    const char *included = config_setting_source_file(setting);
    const unsigned line = config_setting_source_line(setting); /* 0: the whole file */
    return nq_fail(reterr, NQ_CONFIG_VALUE, "%s:%u: option '%s': %s",
                   included ? included : file, line > 0 ? line : 1, path, text);
}

bool nq_read_says(const struct nq_reader *reader, const struct nq_read_place *place,
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

static bool not_allowed(const struct nq_reader *reader, const struct nq_read_place *place,
                        const char *value, const char *allowed)
{
    char shown[64];
    return nq_read_says(reader, place, "'%s' is not allowed: %s",
                        nq_text_escape(value, shown, sizeof(shown)), allowed);
}

bool nq_read_wrong_type(const struct nq_reader *reader, const struct nq_read_place *place,
                        const char *wanted)
{
    return nq_read_says(reader, place, "it must be %s", wanted);
}

/* ---- one value ---------------------------------------------------------------------- */

void *nq_read_field(const struct nq_option *option, void *target)
{
    return (char *)target + option->offset;
}

static bool store_text(const struct nq_reader *reader, const struct nq_read_place *place,
                       const struct nq_option *option, const char *text, void *target)
{
    char reason[NQ_OPTION_REASON];
    char **field = nq_read_field(option, target);
    if (*field) {
        return nq_read_says(reader, place, "only one of its kind is allowed here");
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

static bool store_number(const struct nq_reader *reader,
                         const struct nq_read_place *place,
                         const struct nq_option *option, double number, void *target)
{
    char reason[NQ_OPTION_REASON];
    const char *allowed =
        nq_option_number(option, number, nq_read_field(option, target), reason);
    if (allowed) {
        return nq_read_says(reader, place, "%g is not allowed: %s", number, allowed);
    }
    return true;
}

/* Enumerations of config.h are stored through an int. */
_Static_assert(sizeof(enum nq_group_role) == sizeof(int) &&
                   sizeof(enum nq_trigger_action) == sizeof(int),
               "an enumeration is as wide as an int");

static bool store_word(const struct nq_reader *reader, const struct nq_read_place *place,
                       const struct nq_option *option, const char *text, void *target)
{
    char reason[NQ_OPTION_REASON];
    int value = 0;
    const char *allowed = nq_option_word(option, text, &value, reason);
    if (allowed) {
        return not_allowed(reader, place, text, allowed);
    }
    if (option->kind == NQ_OPTION_MODE) {
        *(bool *)nq_read_field(option, target) = value != 0;
    } else {
        memcpy(nq_read_field(option, target), &value, sizeof(value));
    }
    return true;
}

static bool store_manager(const struct nq_reader *reader,
                          const struct nq_read_place *place,
                          const struct nq_option *option, const char *name, void *target)
{
    for (size_t i = 0; i < reader->conf->manager_count; i++) {
        if (strcmp(reader->conf->managers[i].name, name) == 0) {
            *(size_t *)nq_read_field(option, target) = i;
            return true;
        }
    }
    return not_allowed(reader, place, name, "use the name of a manager of this file");
}

/* What the file must hold for a kind, and how a preset, which is text, is stored. */
bool nq_read_store(const struct nq_reader *reader, const struct nq_read_place *place,
                   const struct nq_option *option, const char *text, void *target)
{
    switch (option->kind) {
    case NQ_OPTION_WORD:
    case NQ_OPTION_MODE:
        return store_word(reader, place, option, text, target);
    case NQ_OPTION_MANAGER:
        return store_manager(reader, place, option, text, target);
    case NQ_OPTION_FLAG:
        *(bool *)nq_read_field(option, target) = strcmp(text, "true") == 0;
        return true;
    case NQ_OPTION_NUMBER:
    case NQ_OPTION_SECONDS:
    case NQ_OPTION_WHOLE_SECONDS:
        return store_number(reader, place, option, strtod(text, NULL), target);
    default:
        return store_text(reader, place, option, text, target);
    }
}

bool nq_read_value(const struct nq_reader *reader, const struct nq_read_place *place,
                   const struct nq_option *option, void *target)
{
    const config_setting_t *setting = place->setting;
    const int type = config_setting_type(setting);
    const bool whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
    switch (option->kind) {
    case NQ_OPTION_FLAG:
        if (type != CONFIG_TYPE_BOOL) {
            return nq_read_wrong_type(reader, place, "true or false, without quotes");
        }
        *(bool *)nq_read_field(option, target) = config_setting_get_bool(setting);
        return true;
    case NQ_OPTION_SECONDS:
        if (type == CONFIG_TYPE_FLOAT) {
            return store_number(reader, place, option, config_setting_get_float(setting),
                                target);
        }
        if (!whole) {
            return nq_read_wrong_type(reader, place,
                                      "a number of seconds, without quotes");
        }
        break;
    case NQ_OPTION_NUMBER:
    case NQ_OPTION_WHOLE_SECONDS:
        if (!whole) {
            return nq_read_wrong_type(reader, place, "a whole number, without quotes");
        }
        break;
    default:
        if (type != CONFIG_TYPE_STRING) {
            return nq_read_wrong_type(reader, place, "a text in quotes");
        }
        return nq_read_store(reader, place, option, config_setting_get_string(setting),
                             target);
    }
    return store_number(reader, place, option, (double)config_setting_get_int64(setting),
                        target);
}

static bool read_element(const struct nq_reader *reader,
                         const struct nq_read_place *place,
                         const struct nq_option *option, char **field)
{
    char reason[NQ_OPTION_REASON];
    const char *text = config_setting_get_string(place->setting);
    if (!text) {
        return nq_read_wrong_type(reader, place,
                                  "a text in quotes, or an array of such texts");
    }
    const char *allowed = nq_option_element(option, text, field, reason);
    return !allowed || not_allowed(reader, place, text, allowed);
}

/* One text, or an array of texts. */
bool nq_read_texts(const struct nq_reader *reader, const struct nq_read_place *place,
                   const struct nq_option *option, void *target)
{
    const bool several = config_setting_is_array(place->setting);
    const int length = several ? config_setting_length(place->setting) : 1;
    if (length < option->min || length > option->max) {
        return nq_read_says(reader, place, "it has %d entries: use %lld to %lld", length,
                            (long long)option->min, (long long)option->max);
    }
    char **texts = nq_calloc((size_t)length, sizeof(*texts));
    *(char ***)nq_read_field(option, target) = texts;
    *(size_t *)(void *)((char *)target + option->count_offset) = (size_t)length;
    for (int i = 0; i < length; i++) {
        struct nq_read_place one = *place;
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
bool nq_read_numbers(const struct nq_reader *reader, const struct nq_read_place *place,
                     const struct nq_option *option, void *target)
{
    const bool several = config_setting_is_array(place->setting);
    const int length = several ? config_setting_length(place->setting) : 1;
    const int most = (int)option->count_max;
    if (length < 1 || length > most) {
        return nq_read_says(reader, place, "it has %d entries: use 1 to %d", length,
                            most);
    }
    int64_t *numbers = nq_calloc((size_t)length, sizeof(*numbers));
    *(int64_t **)nq_read_field(option, target) = numbers;
    *(size_t *)(void *)((char *)target + option->count_offset) = (size_t)length;
    for (int i = 0; i < length; i++) {
        struct nq_read_place one = *place;
        if (several) {
            one.setting = config_setting_get_elem(place->setting, (unsigned)i);
        }
        const int type = config_setting_type(one.setting);
        if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
            return nq_read_wrong_type(
                reader, &one, "a whole number without quotes, or an array of them");
        }
        const double number = (double)config_setting_get_int64(one.setting);
        char reason[NQ_OPTION_REASON];
        const char *allowed = nq_option_number(option, number, &numbers[i], reason);
        if (allowed) {
            return nq_read_says(reader, &one, "%.0f is not allowed: %s", number, allowed);
        }
    }
    return true;
}
