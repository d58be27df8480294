/* SPDX-License-Identifier: Apache-2.0 */
/* help.c: what a person is told about options: the name that was meant, what an option
 * takes, and the whole list. */
#include "config/option.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN  40 /* longer than any option's name */
#define NEAR_DISTANCE 2

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance, kept as one row of the usual table. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1];
    const size_t a_len = strlen(a);
    const size_t b_len = strlen(b);
    if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN) {
        return NAME_MAX_LEN;
    }
    for (size_t k = 0; k <= b_len; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b_len; k++) {
            const size_t replaced = diagonal + (a[i - 1] != b[k - 1]);
            diagonal = row[k];
            row[k] = least(replaced, least(row[k], row[k - 1]) + 1);
        }
    }
    return row[b_len];
}

const struct nq_option *nq_option_find(const struct nq_block *block, const char *name,
                                       const char **ret_near)
{
    size_t nearest = NEAR_DISTANCE + 1;
    *ret_near = NULL;
    for (size_t i = 0; i < block->option_count; i++) {
        const size_t distance = edit_distance(name, block->options[i].name);
        if (distance == 0) {
            return &block->options[i];
        }
        if (distance < nearest) {
            nearest = distance;
            *ret_near = block->options[i].name;
        }
    }
    return NULL;
}

/* ---- what an option takes ----------------------------------------------------------- */

/* The range behind the word, in the unit that the file uses: bytes, or the value. */
static const struct {
    const char *what;
    bool has_range;
} kinds[NQ_OPTION_KIND_COUNT] = {
    [NQ_OPTION_TEXT] = {"text", false},
    [NQ_OPTION_TAG] = {"text without |", false},
    [NQ_OPTION_PATH] = {"absolute path", false},
    [NQ_OPTION_SECRET] = {"absolute path, or the name of a systemd credential", false},
    [NQ_OPTION_PIN] = {"sha256//BASE64", false},
    [NQ_OPTION_URL] = {"https://HOST[:PORT]", false},
    [NQ_OPTION_TRANSPORT] = {"udp|udp6|tcp|tcp6:ADDRESS:PORT or unix:/PATH", false},
    [NQ_OPTION_SOURCE] = {"address, ADDRESS/LENGTH or unix", false},
    [NQ_OPTION_TEXTS] = {"", false}, /* the element says it */
    [NQ_OPTION_GROUP_PATH] = {"policy path or securitygroup-N", false},
    [NQ_OPTION_OID] = {"numeric OID", false},
    [NQ_OPTION_REGEX] = {"regular expression", false},
    [NQ_OPTION_OCTETS] = {"text", false},
    [NQ_OPTION_ENCODING] = {"name of an encoding", false},
    [NQ_OPTION_OPERAND] = {"text", false},
    [NQ_OPTION_OPERAND_REGEX] = {"regular expression", false},
    [NQ_OPTION_NUMBER] = {"number", true},
    [NQ_OPTION_NUMBERS] = {"number, or [ several of them ]", true},
    [NQ_OPTION_SECONDS] = {"seconds", true},
    [NQ_OPTION_WHOLE_SECONDS] = {"whole seconds", true},
    [NQ_OPTION_FLAG] = {"true or false", false},
    [NQ_OPTION_WORD] = {"", false}, /* the words say it */
    [NQ_OPTION_MODE] = {"", false},
    [NQ_OPTION_MANAGER] = {"name of a manager", false},
    [NQ_OPTION_BLOCK] = {"{ ... }", false},
    [NQ_OPTION_LIST] = {"( { ... }, ... )", true},
};

const char *nq_option_describe(const struct nq_option *option, char *out, size_t size)
{
    const double scale = option->kind == NQ_OPTION_SECONDS ? 1000.0 : 1.0;
    const bool several = option->kind == NQ_OPTION_TEXTS;
    (void)snprintf(out, size, "%s%s",
                   kinds[several ? option->element : option->kind].what,
                   several ? ", or [ several of them ]" : "");
    for (const struct nq_word *word = option->words; word && word->text; word++) {
        const size_t used = strlen(out);
        (void)snprintf(out + used, size - used, "%s%s", used > 0 ? " or " : "",
                       word->text);
    }
    if (kinds[option->kind].has_range) {
        const size_t used = strlen(out);
        (void)snprintf(out + used, size - used, ", %g to %.0f",
                       (double)option->min / scale, (double)option->max / scale);
    }
    return out;
}

/* ---- the list ----------------------------------------------------------------------- */

static void print_block(FILE *out, const struct nq_block *block, const char *path)
{
    for (size_t i = 0; i < block->option_count; i++) {
        const struct nq_option *option = &block->options[i];
        const bool list = option->kind == NQ_OPTION_LIST;
        char name[NQ_OPTION_PATH_MAX];
        (void)snprintf(name, sizeof(name), "%s%s%s%s", path, *path ? "." : "",
                       option->name, list ? "[]" : "");
        if (option->help) {
            char takes[NQ_OPTION_REASON];
            (void)fprintf(out, "%s: %s%s%s%s\n    %s\n", name,
                          nq_option_describe(option, takes, sizeof(takes)),
                          option->required ? "; required" : "",
                          option->preset ? "; default " : "",
                          option->preset ? option->preset : "", option->help);
        }
        if (option->block) {
            print_block(out, option->block, name);
        }
    }
}

void nq_config_print_options(FILE *out)
{
    print_block(out, &nq_config_root, "");
}
