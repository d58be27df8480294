/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c: bench-rows ROWS: what it costs the engine, its store left out, to add so many rows
 * and to remove them. Prints microseconds for each row: added, removed from the oldest on,
 * removed here and there, and the bytes of memory that one took. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "quarantine/engine_internal.h"

#define STRIDE 7919 /* as in client.c */

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The texts of a case that waits for a person (support/filled_store.py). */
static void add(struct nq_engine *engine, uint32_t id)
{
    struct nq_case record = {.id = id,
                             .state = NQ_CASE_HELD,
                             .wanted = NQ_WANT_QUARANTINE,
                             .reason = NQ_REASON_UNKNOWN_VM,
                             .owner = NQ_OWNER_OURS,
                             .manager = 1};
    nq_text_setf(&record.identity, "VDI-%06u", id);
    nq_text_set(&record.name, record.identity);
    nq_text_set(&record.manager_name, "lab");
    nq_text_setf(&record.external_id, "%08x-1a00-759b-e40f-ce778e915f16", id);
    nq_text_setf(&record.host_name, "vdi-%06u.example.com", id);
    nq_text_setf(&record.addresses, "10.9.%u.%u,2001:db8:10::%x", id >> 8, id & 255, id);
    nq_text_setf(&record.reason_text, "no VM has the name 'VDI-%06u'", id);
    nq_text_set(&record.trigger, "malware");
    nq_text_set(&record.cause, "Malware Detected");
    nq_text_set(&record.severity, "Critical");
    nq_text_set(&record.changed_by, "engine");
    nq_text_set(&record.tag, "nsx-quarantine|isolated");
    (void)nq_episode_add(engine, &record); /* which owns the texts now */
}

static double add_all(struct nq_engine *engine, uint32_t count)
{
    const double begin = now_us();
    for (uint32_t id = 1; id <= count; id++) {
        add(engine, id);
    }
    return (now_us() - begin) / count;
}

static double remove_all(struct nq_engine *engine, uint32_t count, uint32_t stride)
{
    const double begin = now_us();
    for (uint64_t i = 0; i < count; i++) {
        nq_episode_drop(nq_episode_of(engine, (uint32_t)(i * stride % count) + 1));
    }
    return (now_us() - begin) / count;
}

int main(int argc, char **argv)
{
    const uint32_t count = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    if (count == 0 || count % STRIDE == 0) {
        (void)fprintf(stderr, "usage: bench-rows ROWS\n");
        return 64;
    }
    struct nq_manager_conf manager = {.name = (char[]){"lab"}};
    const struct nq_config conf = {.managers = &manager, .manager_count = 1};
    struct nq_engine engine = {.setup = {.conf = &conf}};
    const size_t before = mallinfo2().uordblks;
    const double added = add_all(&engine, count);
    const size_t bytes = mallinfo2().uordblks - before;
    const double oldest = remove_all(&engine, count, 1);
    (void)add_all(&engine, count);
    const double scattered = remove_all(&engine, count, STRIDE);
    (void)printf("%.3f %.3f %.3f %zu\n", added, oldest, scattered, bytes / count);
    nq_rowlist_done(&engine.rows);
    return EXIT_SUCCESS;
}
