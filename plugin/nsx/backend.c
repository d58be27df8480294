/* SPDX-License-Identifier: Apache-2.0 */
/* backend.c: the part of backend.h that is the same for every implementation. */
#include "nsx/backend.h"

struct nq_backend *nq_backend_close(struct nq_backend *backend)
{
    if (backend) {
        backend->ops->close(backend);
    }
    return NULL;
}
