/* SPDX-License-Identifier: Apache-2.0 */
/* options.h: settings as rows of a table, so that file, PATCH and GET cannot disagree.
 * A generation has a struct of settings and one row for each of its members.
 *
 * Owns    the texts and lists inside the settings, from sim_options_init() to
 *         sim_options_done().
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_options_read(): false and a sentence; then nothing was changed.
 * Limits  none of its own.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "json.h"

/* The type of the member of the settings is in parentheses. */
enum sim_option_kind {
    SIM_OPTION_TEXT,   /* a string (char *) */
    SIM_OPTION_NUMBER, /* a whole number (uint64_t) */
    SIM_OPTION_FLAG,   /* true or false (bool) */
    SIM_OPTION_CHOICE, /* one of two words (bool: the second) */
    SIM_OPTION_WORD,   /* one of some words (unsigned: which) */
    SIM_OPTION_TEXTS,  /* a list of strings, empty by default (cJSON *) */
};

struct sim_option {
    const char *name;
    enum sim_option_kind kind;
    size_t offset;            /* of the member in the settings */
    const char *text;         /* TEXT: default */
    uint64_t number;          /* others: default; that of CHOICE and WORD is a position */
    const char *const *words; /* CHOICE, WORD: what is allowed; TEXT: or NULL for any */
    /* TEXT: what words cannot say, or NULL. */
    bool (*check)(const char *text, struct sim_err *err);
};

/* One row each; a TEXT with words or check is written out. `at` is the offset. */
#define SIM_TEXT(called, at, value)                                                      \
    {                                                                                    \
        .name = (called), .kind = SIM_OPTION_TEXT, .offset = (at), .text = (value)       \
    }
#define SIM_NUMBER(called, at, value)                                                    \
    {                                                                                    \
        .name = (called), .kind = SIM_OPTION_NUMBER, .offset = (at), .number = (value)   \
    }
#define SIM_FLAG(called, at, value)                                                      \
    {                                                                                    \
        .name = (called), .kind = SIM_OPTION_FLAG, .offset = (at), .number = (value)     \
    }
#define SIM_CHOICE(called, at, pair, value)                                              \
    {                                                                                    \
        .name = (called), .kind = SIM_OPTION_CHOICE, .offset = (at), .words = (pair),    \
        .number = (value)                                                                \
    }
#define SIM_WORD(called, at, list)                                                       \
    {                                                                                    \
        .name = (called), .kind = SIM_OPTION_WORD, .offset = (at), .words = (list)       \
    }
#define SIM_TEXTS(called, at)                                                            \
    {                                                                                    \
        .name = (called), .kind = SIM_OPTION_TEXTS, .offset = (at)                       \
    }

/* settings is zeroed before. */
void sim_options_init(const struct sim_option *rows, size_t count, void *settings);
void sim_options_done(const struct sim_option *rows, size_t count, void *settings);

bool sim_options_has(const struct sim_option *rows, size_t count, const char *name);
/* Every member of json has a row; the settings it does not name stay as they are. */
bool sim_options_read(const struct sim_option *rows, size_t count, void *settings,
                      const cJSON *json, struct sim_err *err)
    __attribute__((warn_unused_result));
void sim_options_write(const struct sim_option *rows, size_t count, const void *settings,
                       cJSON *json);

#endif
