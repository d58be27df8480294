/* SPDX-License-Identifier: Apache-2.0 */
/* asker_version.c: asks each node that comes into use for its version, behind the questions
 * of others. Nothing depends on the answer. */
#include "nsx/asker_impl.h"

#include "base/text.h"

static void ask_path(struct nq_asker *asker);

static bool read_version(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_asker *asker = arg;
    char version[NQ_VERSION_MAX] = "";
    if (!asker->dialect->read_version(body, len, version, sizeof(version))) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "no version in it");
    }
    (void)nq_text_escape(version, asker->version, sizeof(asker->version));
    return true;
}

static void on_version(void *arg, const struct nq_err *err)
{
    struct nq_asker *asker = arg;
    const size_t next = asker->version_path + 1;
    asker->version_ask = NULL;
    if (err && next < NQ_DIALECT_PATHS && asker->dialect->version_paths[next] &&
        nq_err_fate(err) == NQ_FATE_STOP) {
        asker->version_path = next;
        ask_path(asker);
    }
}

static void ask_path(struct nq_asker *asker)
{
    const struct nq_question question = {
        .path = asker->dialect->version_paths[asker->version_path]};
    asker->version_ask = nq_ask_start(asker, &question, read_version, on_version, asker);
}

void nq_asker_ask_version(struct nq_asker *asker)
{
    const struct nq_node *node = nq_cluster_current(&asker->cluster);
    if (asker->version_ask || asker->version_of == node ||
        !asker->dialect->version_paths[0]) {
        return;
    }
    asker->version_of = node;
    asker->version_path = 0;
    ask_path(asker);
}
