/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: closing, the same for every store. */
#include "store/store.h"

struct nq_store *nq_store_close(struct nq_store *store)
{
    if (store) {
        store->ops->close(store);
    }
    return NULL;
}
