/* SPDX-License-Identifier: Apache-2.0 */
/* mem.c: allocation that ends the process instead of failing. */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(void)
{
    (void)fputs("nsx-quarantine: error: out of memory, stopping\n", stderr);
    abort();
}

void *nq_calloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) {
        out_of_memory();
    }
    return memory;
}

void *nq_realloc(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size ? size : 1);
    if (!memory) {
        out_of_memory();
    }
    return memory;
}

/* glibc keeps it for the next call, and what it keeps looks used from outside. */
void nq_mem_give_back(void)
{
    (void)malloc_trim(0);
}

char *nq_strdup(const char *text)
{
    return text ? nq_strndup(text, strlen(text)) : NULL;
}

char *nq_strndup(const char *text, size_t len)
{
    if (len == SIZE_MAX) {
        out_of_memory();
    }
    char *copy = nq_calloc(len + 1, 1);
    memcpy(copy, text, len);
    return copy;
}

char *nq_sprintf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    const int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0 || !text) {
        out_of_memory();
    }
    return text;
}
