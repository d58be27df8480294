/* SPDX-License-Identifier: Apache-2.0 */
/* read_impl.h: what read.c (blocks and lists) and read_value.c (values) share. Nobody else
 * includes it. */
#ifndef NQ_CONFIG_READ_IMPL_H
#define NQ_CONFIG_READ_IMPL_H

#include "config/option.h"
#include "config/read.h"

struct nq_reader {
    struct nq_config *conf;
    struct nq_err *reterr;
};

/* An option of the file while it is read. */
struct nq_read_place {
    const config_setting_t *setting; /* where the line number comes from */
    char path[NQ_OPTION_PATH_MAX];   /* "managers[0].url" */
};

/* Each fills the reader's error and returns false; the first one prints any sentence. */
bool nq_read_says(const struct nq_reader *reader, const struct nq_read_place *place,
                  const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool nq_read_wrong_type(const struct nq_reader *reader, const struct nq_read_place *place,
                        const char *wanted);

/* Where the option is stored in the struct that its block fills. */
void *nq_read_field(const struct nq_option *option, void *target);

/* Stores a preset, which is text. */
bool nq_read_store(const struct nq_reader *reader, const struct nq_read_place *place,
                   const struct nq_option *option, const char *text, void *target);

/* Read the setting of the place: one value; NQ_OPTION_TEXTS; NQ_OPTION_NUMBERS. */
bool nq_read_value(const struct nq_reader *reader, const struct nq_read_place *place,
                   const struct nq_option *option, void *target);
bool nq_read_texts(const struct nq_reader *reader, const struct nq_read_place *place,
                   const struct nq_option *option, void *target);
bool nq_read_numbers(const struct nq_reader *reader, const struct nq_read_place *place,
                     const struct nq_option *option, void *target);

#endif
