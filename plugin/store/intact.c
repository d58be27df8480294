/* SPDX-License-Identifier: Apache-2.0 */
/* intact.c: see intact.h. The form of the log: https://www.sqlite.org/fileformat2.html#walformat */
#include "store/intact.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

#define HEAD_SIZE    32 /* the last 8 octets are the checksum of those before */
#define HEAD_SUMMED  24
#define MAGIC        0x377f0682U /* and its last bit: the words summed are big-endian */
#define MAGIC_VARIES 1U

/* -1: there is none. */
static int64_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

static uint32_t word_at(const unsigned char *bytes, bool big_endian)
{
    uint32_t word = 0;
    for (size_t i = 0; i < sizeof(word); i++) {
        word = word << 8 | bytes[big_endian ? i : sizeof(word) - 1 - i];
    }
    return word;
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == 0) {
        size--;
    }
    return size == 0;
}

/* SQLite syncs the head before it writes anything behind it. One of zeros never reached the
 * disk. */
static bool is_head(const unsigned char head[HEAD_SIZE])
{
    const uint32_t magic = word_at(head, true);
    uint32_t sums[2] = {0};
    if (is_zero(head, HEAD_SIZE)) {
        return true;
    }
    for (size_t at = 0; at < HEAD_SUMMED; at += 8) {
        sums[0] += word_at(head + at, magic & MAGIC_VARIES) + sums[1];
        sums[1] += word_at(head + at + 4, magic & MAGIC_VARIES) + sums[0];
    }
    return (magic & ~MAGIC_VARIES) == MAGIC &&
           sums[0] == word_at(head + HEAD_SUMMED, true) &&
           sums[1] == word_at(head + HEAD_SUMMED + 4, true);
}

static bool log_is_good(const char *log)
{
    unsigned char head[HEAD_SIZE];
    FILE *file = fopen(log, "rbe");
    const bool whole = file && fread(head, sizeof(head), 1, file) == 1;
    if (file) {
        (void)fclose(file);
    }
    return !whole || is_head(head);
}

bool nq_store_intact(const char *path, bool *ret_missing, struct nq_err *reterr)
{
    char *log = nq_sprintf("%s-wal", path);
    const int64_t size = size_of(path);
    const int64_t log_size = size_of(log);
    bool good = true;
    *ret_missing = size < 0 && log_size <= 0;
    if (size <= 0 && log_size > 0) {
        good = nq_fail(reterr, NQ_STORE_CORRUPT, "%s %s, but its log %s is not", path,
                       size < 0 ? "is gone" : "is empty", log);
    } else if (size == 0) {
        good = nq_fail(reterr, NQ_STORE_CORRUPT, "%s is empty", path);
    } else if (!log_is_good(log)) {
        good = nq_fail(reterr, NQ_STORE_CORRUPT, "%s is not a log of SQLite", log);
    }
    free(log);
    return good;
}
