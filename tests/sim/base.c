/* SPDX-License-Identifier: Apache-2.0 */
/* base.c: the few things every part of the simulator needs. */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

bool sim_fail(struct sim_err *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    return false;
}

static void *check(void *memory)
{
    if (memory == NULL) {
        (void)fputs("nsx-sim: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *sim_alloc(size_t count, size_t size)
{
    return check(calloc(count == 0 ? 1 : count, size));
}

void *sim_grow(void *array, size_t count, size_t size)
{
    return check(reallocarray(array, count == 0 ? 1 : count, size));
}

char *sim_strdup(const char *text)
{
    return text == NULL ? NULL : check(strdup(text));
}

char *sim_strndup(const char *text, size_t length)
{
    char *copy = sim_alloc(length + 1, 1);

    if (length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

char *sim_format(const char *fmt, ...)
{
    va_list args;
    char *text = NULL;
    int length;

    va_start(args, fmt);
    length = vasprintf(&text, fmt, args);
    va_end(args);
    return check(length < 0 ? NULL : text);
}

static uint64_t clock_us(clockid_t id)
{
    struct timespec now;

    if (clock_gettime(id, &now) != 0) {
        abort();
    }
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t sim_now_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t sim_epoch_ms(void)
{
    return sim_epoch_us() / 1000;
}

int64_t sim_epoch_us(void)
{
    return (int64_t)clock_us(CLOCK_REALTIME);
}

bool sim_same_text(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool sim_parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(unsigned char)*text - '0';

        if (digit > 9 || digit > max || number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}
