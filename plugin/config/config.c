/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: opens and parses the file; the life of struct nq_config. */
#include "config/config.h"

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "config/option.h"
#include "config/read.h"
#include "config/rules.h"

#define FILE_MAX (1024 * 1024)

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash) {
        return nq_strdup(".");
    }
    return slash == file ? nq_strdup("/") : nq_strndup(file, (size_t)(slash - file));
}

static FILE *open_file(const char *file, struct nq_err *reterr)
{
    struct stat info;
    FILE *stream = fopen(file, "re");
    if (!stream || fstat(fileno(stream), &info) != 0) {
        nq_fail_errno(reterr, NQ_CONFIG_FILE, "%s", file);
    } else if (!S_ISREG(info.st_mode) || info.st_size > FILE_MAX) {
        nq_fail(reterr, NQ_CONFIG_FILE, "%s: not a regular file of at most %d bytes",
                file, FILE_MAX);
    } else {
        return stream;
    }
    if (stream) {
        (void)fclose(stream);
    }
    return NULL;
}

static bool parse(config_t *lib, const char *file, struct nq_err *reterr)
{
    FILE *stream = open_file(file, reterr);
    if (!stream) {
        return false;
    }
    char *folder = folder_of(file);
    config_set_include_dir(lib, folder);
    free(folder);
    const bool parsed = config_read(lib, stream);
    (void)fclose(stream);
    if (!parsed) {
        const char *where = config_error_file(lib);
        return nq_fail(reterr, NQ_CONFIG_VALUE, "%s:%d: %s", where ? where : file,
                       config_error_line(lib), config_error_text(lib));
    }
    return true;
}

/* NSX for vSphere takes minutes where its successors take seconds. */
#define TIMEOUT_POLICY_MS  INT64_C(15000)
#define TIMEOUT_VSPHERE_MS INT64_C(60000)

static void fill_timeouts(struct nq_manager_conf *manager)
{
    struct nq_access_conf *const both[] = {&manager->access, &manager->vcenter};
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        if (both[i]->timeout_ms == 0) {
            both[i]->timeout_ms = manager->type == NQ_MANAGER_VSPHERE ? TIMEOUT_VSPHERE_MS
                                                                      : TIMEOUT_POLICY_MS;
        }
    }
}

/* Defaults that depend on other options. */
static void fill_defaults(struct nq_config *conf)
{
    for (size_t i = 0; i < conf->manager_count; i++) {
        fill_timeouts(&conf->managers[i]);
    }
    if (!conf->intake_socket) {
        conf->intake_socket =
            nq_sprintf("%s/%s", conf->state_directory, NQ_CONFIG_INTAKE_SOCKET);
    }
    if (!conf->spool_directory) {
        conf->spool_directory =
            nq_sprintf("%s/%s", conf->state_directory, NQ_CONFIG_SPOOL_DIRECTORY);
    }
}

/* "groups[1].path" is "groups.[1].path" for libconfig. */
static void to_lookup_path(const char *path, char *out, size_t size)
{
    size_t used = 0;
    for (; *path && used + 2 < size; path++) {
        if (*path == '[') {
            out[used++] = '.';
        }
        out[used++] = *path;
    }
    out[used] = '\0';
}

/* The line is that of the option or, when it was left out, of the nearest block around. */
static bool report_rule(const config_t *lib, const char *file,
                        const struct nq_rule_break *broken, struct nq_err *reterr)
{
    char path[2 * NQ_OPTION_PATH_MAX];
    to_lookup_path(broken->path, path, sizeof(path));
    const config_setting_t *setting = config_lookup(lib, path);
    for (char *dot; !setting && (dot = strrchr(path, '.'));) {
        *dot = '\0';
        setting = config_lookup(lib, path);
    }
    return nq_read_mistake(file, setting ? setting : config_root_setting(lib),
                           broken->path, broken->text, reterr);
}

struct nq_config *nq_config_load(const char *file, struct nq_err *reterr)
{
    struct nq_config *conf = nq_calloc(1, sizeof(*conf));
    struct nq_rule_break broken;
    config_t lib;
    config_init(&lib);
    conf->file = nq_strdup(file);
    bool done = parse(&lib, file, reterr) && nq_read_settings(&lib, conf, reterr);
    if (done) {
        fill_defaults(conf);
        done = nq_rules_hold(conf, &broken) || report_rule(&lib, file, &broken, reterr);
    }
    config_destroy(&lib);
    return done ? conf : nq_config_free(conf);
}

/* ---- a file of triggers ------------------------------------------------------------- */

#define TRIGGERS_BEFORE "triggers = ( " /* on the line of the first trigger */
#define TRIGGERS_BEHIND "\n);\n"

/* A mistake at the parenthesis that we add belongs to the last line of the file. */
static int line_of(const config_t *lib, const char *text)
{
    int lines = 1;
    for (const char *c = text; *c; c++) {
        lines += c[0] == '\n' && c[1] != '\0';
    }
    const int line = config_error_line(lib);
    return line < lines ? line : lines;
}

static bool parse_triggers(config_t *lib, const char *file, const char *text,
                           struct nq_err *reterr)
{
    char *folder = folder_of(file);
    char *whole = nq_sprintf("%s%s%s", TRIGGERS_BEFORE, text, TRIGGERS_BEHIND);
    config_set_include_dir(lib, folder);
    const bool parsed = config_read_string(lib, whole);
    free(whole);
    free(folder);
    if (!parsed) {
        const char *where = config_error_file(lib);
        return nq_fail(reterr, NQ_CONFIG_VALUE, "%s:%d: %s", where ? where : file,
                       where ? config_error_line(lib) : line_of(lib, text),
                       config_error_text(lib));
    }
    return true;
}

struct nq_config *nq_config_read_triggers(const char *file, const char *text, size_t len,
                                          struct nq_err *reterr)
{
    if (len > FILE_MAX || (len > 0 && memchr(text, '\0', len))) {
        nq_fail(reterr, NQ_CONFIG_FILE, "%s: not a text of at most %d bytes", file,
                FILE_MAX);
        return NULL;
    }
    struct nq_config *conf = nq_calloc(1, sizeof(*conf));
    struct nq_rule_break broken;
    char *copy = nq_strndup(text, len);
    config_t lib;
    config_init(&lib);
    conf->file = nq_strdup(file);
    const bool done = parse_triggers(&lib, file, copy, reterr) &&
                      nq_read_triggers(&lib, conf, reterr) &&
                      (nq_rules_triggers_hold(conf, &broken) ||
                       report_rule(&lib, file, &broken, reterr));
    config_destroy(&lib);
    free(copy);
    return done ? conf : nq_config_free(conf);
}

struct nq_config *nq_config_load_triggers(const char *file, struct nq_err *reterr)
{
    FILE *stream = open_file(file, reterr);
    if (!stream) {
        return NULL;
    }
    char *text = nq_calloc(FILE_MAX + 1, 1);
    const size_t len = fread(text, 1, FILE_MAX + 1, stream);
    struct nq_config *conf = NULL;
    if (ferror(stream)) {
        nq_fail_errno(reterr, NQ_CONFIG_FILE, "%s", file);
    } else {
        conf = nq_config_read_triggers(file, text, len, reterr);
    }
    (void)fclose(stream);
    free(text);
    return conf;
}

/* ---- freeing ------------------------------------------------------------------------ */

static void *field_of(const struct nq_option *option, void *target)
{
    return (char *)target + option->offset;
}

static void free_block(const struct nq_block *block, void *target)
{
    for (size_t i = 0; i < block->option_count; i++) {
        const struct nq_option *option = &block->options[i];
        if (option->kind == NQ_OPTION_BLOCK) {
            free_block(option->block, field_of(option, target));
        } else if (option->kind == NQ_OPTION_LIST) {
            char *elements = *(void **)field_of(option, target);
            const size_t count =
                *(size_t *)(void *)((char *)target + option->count_offset);
            for (size_t k = 0; k < count; k++) {
                free_block(option->block, elements + k * option->block->size);
            }
            free(elements);
        } else if (option->kind == NQ_OPTION_NUMBERS) {
            free(*(int64_t **)field_of(option, target));
        } else if (option->kind == NQ_OPTION_TEXTS) {
            char **texts = *(char ***)field_of(option, target);
            const size_t count =
                *(size_t *)(void *)((char *)target + option->count_offset);
            for (size_t k = 0; k < count; k++) {
                free(texts[k]);
            }
            free(texts);
        } else if (nq_option_is_text(option)) {
            char **field = field_of(option, target);
            free(*field);
            *field = NULL; /* operands share a field */
        }
    }
}

struct nq_config *nq_config_free(struct nq_config *conf)
{
    if (conf) {
        free_block(&nq_config_root, conf);
        free(conf->file);
        free(conf);
    }
    return NULL;
}
