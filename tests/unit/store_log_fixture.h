/* SPDX-License-Identifier: Apache-2.0 */
/* store_log_fixture.h: entries for the tests of the audit log, beside store_fixture.h. */
#ifndef NQ_TESTS_STORE_LOG_FIXTURE_H
#define NQ_TESTS_STORE_LOG_FIXTURE_H

#include "store_fixture.h"

static inline struct nq_log_entry entry_of(uint32_t number)
{
    static char event[] = "isolated";
    static char actor[] = "dsm \xC3\xA9";
    static char text[] = "VDI-01: tagged, 1:2,3";
    static char evidence[] = "1.3.6=x";
    return (struct nq_log_entry){.number = number,
                                 .case_id = number % 3,
                                 .at_ms = INT64_C(1700000000000) + number,
                                 .event = event,
                                 .actor = actor,
                                 .text = text,
                                 .evidence = number % 2 ? evidence : NULL};
}

static inline void put_entries(struct nq_store *store, uint32_t first, uint32_t last)
{
    for (uint32_t number = first; number <= last; number++) {
        const struct nq_log_entry entry = entry_of(number);
        must(store->ops->put_log(store, &entry, reterr));
    }
}

static inline void commit_entries(struct nq_store *store, uint32_t first, uint32_t last)
{
    must(store->ops->begin(store, reterr));
    put_entries(store, first, last);
    must(store->ops->commit(store, reterr));
}

#endif
