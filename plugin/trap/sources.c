/* SPDX-License-Identifier: Apache-2.0 */
/* sources.c: see sources.h. */
#include "trap/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/prefix.h"
#include "base/secret.h"

/* The transport of a local socket has no address; sender.h says what stands for it. */
#define LOCAL "unix"

/* Runs parallel to the rows of the configuration. */
struct source {
    const struct nq_source_conf *conf;
    bool is_local; /* address is LOCAL */
    struct nq_prefix prefix;
    struct nq_secret community;
};

struct nq_sources {
    struct source *rows;
    size_t count;
};

/* ---- life --------------------------------------------------------------------------- */

static bool fill(struct source *row, struct nq_err *reterr)
{
    const struct nq_source_conf *conf = row->conf;
    row->is_local = conf->address && strcmp(conf->address, LOCAL) == 0;
    if (conf->address && !row->is_local &&
        !nq_prefix_parse(conf->address, &row->prefix)) {
        return nq_fail(reterr, NQ_CONFIG_VALUE, "source '%.80s': address '%.80s'",
                       conf->name, conf->address);
    }
    return !conf->community_file ||
           nq_secret_load(&row->community, conf->community_file, reterr);
}

struct nq_sources *nq_sources_new(const struct nq_config *conf, struct nq_err *reterr)
{
    struct nq_sources *sources = nq_calloc(1, sizeof(*sources));
    sources->rows = nq_calloc(conf->source_count, sizeof(*sources->rows));
    sources->count = conf->source_count;
    for (size_t i = 0; i < sources->count; i++) {
        sources->rows[i].conf = &conf->sources[i];
        if (!fill(&sources->rows[i], reterr)) {
            return nq_sources_free(sources);
        }
    }
    return sources;
}

struct nq_sources *nq_sources_free(struct nq_sources *sources)
{
    if (sources) {
        for (size_t i = 0; i < sources->count; i++) {
            nq_secret_done(&sources->rows[i].community);
        }
        free(sources->rows);
        free(sources);
    }
    return NULL;
}

/* ---- judging ------------------------------------------------------------------------ */

static bool address_fits(const struct source *row, const char *address)
{
    if (!row->conf->address) {
        return true;
    }
    return row->is_local ? address && strcmp(address, LOCAL) == 0
                         : nq_prefix_holds(&row->prefix, address);
}

static bool community_fits(const struct source *row, const struct nq_trap *trap)
{
    return !row->conf->community_file ||
           (trap->community && strlen(trap->community) == row->community.len &&
            memcmp(trap->community, row->community.data, row->community.len) == 0);
}

static bool user_fits(const struct nq_source_conf *conf, const struct nq_trap *trap)
{
    return !conf->user ||
           (trap->version == NQ_SNMP_V3 && trap->user &&
            strcmp(trap->user, conf->user) == 0 && trap->level >= conf->level);
}

static bool is_forwarder(const struct nq_sources *sources, const struct nq_trap *trap)
{
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *row = &sources->rows[i];
        if (row->conf->forwarder && address_fits(row, trap->source) &&
            community_fits(row, trap)) {
            return true;
        }
    }
    return false;
}

void nq_sources_judge(const struct nq_sources *sources, const struct nq_trap *trap,
                      struct nq_standing *ret_standing)
{
    const bool forwarded = is_forwarder(sources, trap);
    *ret_standing = (struct nq_standing){
        .proof = NQ_PROOF_ANY,
        .source = forwarded ? trap->forwarded_for : trap->source,
        .via = forwarded ? trap->source : NULL,
    };
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *row = &sources->rows[i];
        if (row->conf->forwarder || !address_fits(row, ret_standing->source) ||
            !community_fits(row, trap) || !user_fits(row->conf, trap)) {
            continue;
        }
        const enum nq_proof proof = row->conf->user ? NQ_PROOF_V3 : NQ_PROOF_LISTED;
        if (proof > ret_standing->proof) {
            ret_standing->proof = proof;
            ret_standing->row = row->conf;
        }
    }
}

const char *nq_standing_text(const struct nq_standing *standing,
                             const struct nq_trap *trap, char *out, size_t size)
{
    static const char *const versions[] = {
        [NQ_SNMP_UNKNOWN] = "",
        [NQ_SNMP_V1] = ", SNMPv1",
        [NQ_SNMP_V2C] = ", SNMPv2c",
        [NQ_SNMP_V3] = ", SNMPv3 user ",
    };
    const bool named = trap->version == NQ_SNMP_V3 && trap->user;
    (void)snprintf(out, size, "%s%s%s%s%s",
                   standing->source ? standing->source
                                    : "somebody that the forwarder does not name",
                   standing->via ? " by way of " : "", standing->via ? standing->via : "",
                   versions[trap->version], named ? trap->user : "");
    return out;
}
