/* SPDX-License-Identifier: Apache-2.0 */
/* option.h: what an option is. The rows are in options*.c, single values are read in
 * option.c, blocks and lists in read.c. Private to config/.
 * Not for: anybody who only wants a value; that is config.h.
 *
 * Owns    nothing: rows are constant.
 * Blocks  never.
 * Thread  any.
 * Fails   a value that is not allowed is answered with what is.
 * Limits  NQ_OPTION_PATH_MAX bytes in the path of an option.
 */
#ifndef NQ_CONFIG_OPTION_H
#define NQ_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define NQ_OPTION_PATH_MAX 128

enum nq_option_kind {
    NQ_OPTION_TEXT,       /* char *, min to max bytes */
    NQ_OPTION_TAG,        /* the same without the separator | */
    NQ_OPTION_PATH,       /* char *, an absolute path */
    NQ_OPTION_SECRET,     /* char *, an absolute path or a systemd credential */
    NQ_OPTION_PIN,        /* char *, sha256//BASE64 of a public key */
    NQ_OPTION_URL,        /* char *, https://HOST[:PORT] */
    NQ_OPTION_TRANSPORT,  /* char *, where to listen: udp:ADDRESS:PORT, unix:/PATH, ... */
    NQ_OPTION_SOURCE,     /* char *, an address, a prefix or "unix" */
    NQ_OPTION_ADDRESS,    /* char *, an address or a prefix */
    NQ_OPTION_UUID,       /* char *, a UUID */
    NQ_OPTION_TEXTS,      /* char ** and count: one text of kind element, or an array */
    NQ_OPTION_GROUP_PATH, /* char *, /infra/... or securitygroup-N */
    NQ_OPTION_OID,        /* char *, gets a leading dot */
    NQ_OPTION_REGEX,      /* char *, a POSIX extended regular expression */
    NQ_OPTION_OCTETS,     /* char *, min to max bytes of any kind */
    NQ_OPTION_ENCODING,   /* char *, a name that iconv(3) knows */
    NQ_OPTION_OPERAND,    /* char *: one of several that share offset; see operand */
    NQ_OPTION_OPERAND_REGEX, /* the same for an expression */
    NQ_OPTION_NUMBER,        /* int64_t, min to max */
    NQ_OPTION_NUMBERS,       /* int64_t * and count: one number or an array */
    NQ_OPTION_SECONDS,       /* int64_t in milliseconds, min to max; may be 0.5 */
    NQ_OPTION_WHOLE_SECONDS, /* int64_t in seconds, min to max */
    NQ_OPTION_FLAG,          /* bool: true or false */
    NQ_OPTION_WORD,          /* an enum: one of words */
    NQ_OPTION_MODE,          /* bool: one of words, 0 or 1 */
    NQ_OPTION_MANAGER,       /* size_t: the name of a manager becomes its index */
    NQ_OPTION_BLOCK,         /* { ... }, stored in place */
    NQ_OPTION_LIST,          /* ( { ... }, ... ), stored as array and count */
    NQ_OPTION_KIND_COUNT
};

/* Ends with a row whose text is NULL. */
struct nq_word {
    const char *text;
    int value;
};

struct nq_block;

struct nq_option {
    const char *name;
    enum nq_option_kind kind;
    size_t offset; /* of the value in the struct that the block fills */
    int64_t min;
    int64_t max;
    const char *preset; /* as one would write it, without quotes; NULL: none */
    bool required;
    const struct nq_word *words;
    const struct nq_block *block;   /* BLOCK and LIST */
    enum nq_option_kind element;    /* TEXTS: the kind of each */
    size_t count_offset;            /* LIST, TEXTS, NUMBERS: of its size_t count */
    size_t count_max;               /* NUMBERS: so many, each from min to max */
    size_t operand_offset;          /* OPERAND: of its enum nq_condition_kind ... */
    enum nq_condition_kind operand; /* ... which becomes this */
    const char *help;
};

struct nq_block {
    const struct nq_option *options;
    size_t option_count;
    size_t size;   /* of the struct it fills; 0: a part of its parent's */
    bool optional; /* BLOCK: nothing is set or required when it is left out */
    size_t choice; /* exactly one of the first so many options must be there */
};

/* The whole file. Fills a struct nq_config. */
extern const struct nq_block nq_config_root;

/* The option with this name, or NULL; *ret_near is then a name that may have been meant,
 * or NULL. */
const struct nq_option *nq_option_find(const struct nq_block *block, const char *name,
                                       const char **ret_near);

/* "text", "seconds", "one of observe, enforce" ...: what a person has to write. Writes at
 * most size bytes, always NUL-terminated; returns out. */
const char *nq_option_describe(const struct nq_option *option, char *out, size_t size);

/* Does the field hold a char * that nq_config_free() frees? */
bool nq_option_is_text(const struct nq_option *option);

/* Single values. Each returns NULL when the value was stored at *field, else what is
 * allowed, as the end of the sentence "... is not allowed: ". Static storage, or in
 * reason, which has room for NQ_OPTION_REASON bytes. */
#define NQ_OPTION_REASON 160

const char *nq_option_text(const struct nq_option *option, const char *text, char **field,
                           char *reason);
const char *nq_option_regex(const char *text, char *reason);
/* One of the texts of an option of kind TEXTS. */
const char *nq_option_element(const struct nq_option *option, const char *text,
                              char **ret_text, char *reason);
const char *nq_option_number(const struct nq_option *option, double number,
                             int64_t *field, char *reason);
const char *nq_option_word(const struct nq_option *option, const char *text, int *field,
                           char *reason);

#endif
