/* SPDX-License-Identifier: Apache-2.0 */
/* client.c: bench-client, an SNMPv2c client that is much faster than what it measures.
 *
 *   bench-client walk PORT OID REPETITIONS [FILE]
 *       GETBULK after GETBULK from OID until an answer leaves it. Prints varbinds, requests,
 *       seconds, seconds of its own CPU, and a number that is the same for the same values of
 *       the same rows. FILE: writes the rows of a table down (rows.h).
 *   bench-client get PORT OID COUNT [ROWS]
 *       GET after GET of one instance, or of column OID in rows 1 to ROWS here and there.
 *       Prints mean, p50, p99 and maximum in microseconds.
 *
 * It asks 127.0.0.1 with the community "public"; a request without an answer for
 * TIMEOUT_S ends it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "bare/rows.h"
#include "ber.h"

#define COMMUNITY "public"
#define TIMEOUT_S 30
#define US_PER_S  1000000.0
#define STRIDE    7919 /* from one row to the next; a prime, so that all are asked for */

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / US_PER_S;
}

static int open_socket(const char *port)
{
    const struct timeval limit = {.tv_sec = TIMEOUT_S};
    const struct sockaddr_in agent = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, (const struct sockaddr *)&agent, sizeof(agent)) != 0) {
        fail("socket");
    }
    return fd;
}

/* One exchange; the varbinds are in a buffer that the next one uses again. */
static struct ber_in ask(int fd, uint8_t pdu, int32_t repetitions,
                         const struct ber_name *name)
{
    static struct ber_out out;
    static uint8_t answer[BER_MESSAGE_MAX];
    static int32_t id;
    struct ber_in varbinds;
    ber_request(&out, COMMUNITY, pdu, ++id, 0, repetitions, name);
    if (send(fd, out.bytes + out.at, sizeof(out.bytes) - out.at, 0) < 0) {
        fail("send");
    }
    const ssize_t len = recv(fd, answer, sizeof(answer), 0);
    if (len < 0) {
        fail("no answer");
    }
    if (!ber_response(answer, (size_t)len, id, &varbinds)) {
        (void)fprintf(stderr, "an answer that is none\n");
        exit(EXIT_FAILURE);
    }
    return varbinds;
}

static struct ber_name read_name(const char *text)
{
    struct ber_name name = {.len = 0};
    const char *p = text + (*text == '.');
    uint32_t arcs[2] = {0};
    for (size_t i = 0; *p && i < BER_ARCS_MAX; i++) {
        char *end;
        const uint32_t arc = (uint32_t)strtoul(p, &end, 10);
        p = *end == '.' ? end + 1 : end;
        if (i < 2) {
            arcs[i] = arc;
            if (i == 1) { /* the first two share a byte */
                ber_add_arc(&name, 40 * arcs[0] + arcs[1]);
            }
        } else {
            ber_add_arc(&name, arc);
        }
    }
    return name;
}

/* ---- walk ----------------------------------------------------------------------------- */

struct walk {
    size_t varbinds;
    size_t requests;
    uint32_t sum; /* of all varbinds, without what stands before the row's index */
    FILE *rows;   /* NULL: not written down */
};

/* FNV-1a */
static uint32_t add_to_sum(uint32_t sum, const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++) {
        sum = (sum ^ *at) * 16777619U;
    }
    return sum;
}

static void write_down(FILE *file, struct ber_in below, uint8_t tag, struct ber_in value)
{
    (void)ber_arc(&below); /* the entry */
    struct bench_record record = {.type = tag, .len = (uint32_t)ber_len(value)};
    record.column = ber_arc(&below);
    record.index = ber_arc(&below);
    if (fwrite(&record, sizeof(record), 1, file) != 1 ||
        fwrite(value.at, 1, record.len, file) != record.len) {
        fail("rows");
    }
}

/* Takes in one answer; false: it ends the walk. *name becomes the last name of it. */
static bool take(struct walk *walk, struct ber_in varbinds, const struct ber_name *top,
                 struct ber_name *name)
{
    struct ber_in pair;
    struct ber_in found = {0};
    while (ber_expect(&varbinds, BER_SEQUENCE, &pair)) {
        struct ber_in value;
        uint8_t tag;
        if (!ber_expect(&pair, BER_OID, &found) || !ber_next(&pair, &tag, &value) ||
            ber_len(found) <= top->len || memcmp(found.at, top->bytes, top->len) != 0 ||
            tag == BER_END_OF_MIB) {
            return false;
        }
        const struct ber_in below = {found.at + top->len, found.end};
        walk->varbinds++;
        walk->sum = add_to_sum(walk->sum, below.at, below.end);
        walk->sum = add_to_sum(walk->sum ^ tag, value.at, value.end);
        if (walk->rows) {
            write_down(walk->rows, below, tag, value);
        }
    }
    name->len = ber_len(found);
    if (name->len == 0) {
        (void)fprintf(stderr, "an answer without varbinds\n");
        exit(EXIT_FAILURE);
    }
    memcpy(name->bytes, found.at, name->len);
    return true;
}

static void run_walk(int fd, const char *oid, int32_t repetitions, const char *path)
{
    const struct ber_name top = read_name(oid);
    struct ber_name name = top;
    struct walk walk = {.rows = path ? fopen(path, "we") : NULL};
    if (path && !walk.rows) {
        fail(path);
    }
    const double begin = now_s();
    const double cpu = cpu_s();
    bool goes_on = true;
    while (goes_on) {
        goes_on = take(&walk, ask(fd, BER_GETBULK, repetitions, &name), &top, &name);
        walk.requests++;
    }
    (void)printf("%zu %zu %.6f %.6f %u\n", walk.varbinds, walk.requests, now_s() - begin,
                 cpu_s() - cpu, walk.sum);
    if (walk.rows && fclose(walk.rows) != 0) {
        fail(path);
    }
}

/* ---- get ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void run_get(int fd, const char *oid, size_t count, size_t rows)
{
    const struct ber_name column = read_name(oid);
    double *us = calloc(count, sizeof(*us));
    if (!us || count == 0) {
        fail("COUNT");
    }
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct ber_name name = column;
        if (rows > 0) {
            ber_add_arc(&name, (uint32_t)(i * STRIDE % rows) + 1);
        }
        const double begin = now_s();
        (void)ask(fd, BER_GET, 0, &name);
        us[i] = (now_s() - begin) * US_PER_S;
        sum += us[i];
    }
    qsort(us, count, sizeof(*us), compare);
    (void)printf("%.2f %.2f %.2f %.2f\n", sum / (double)count, us[count / 2],
                 us[count * 99 / 100], us[count - 1]);
    free(us);
}

int main(int argc, char **argv)
{
    if ((argc == 5 || argc == 6) && strcmp(argv[1], "get") == 0) {
        run_get(open_socket(argv[2]), argv[3], strtoul(argv[4], NULL, 10),
                argc == 6 ? strtoul(argv[5], NULL, 10) : 0);
    } else if ((argc == 5 || argc == 6) && strcmp(argv[1], "walk") == 0) {
        run_walk(open_socket(argv[2]), argv[3], (int32_t)strtol(argv[4], NULL, 10),
                 argc == 6 ? argv[5] : NULL);
    } else {
        (void)fprintf(stderr, "usage: bench-client walk PORT OID REPETITIONS [FILE]\n"
                              "       bench-client get PORT OID COUNT [ROWS]\n");
        return 64;
    }
    return EXIT_SUCCESS;
}
