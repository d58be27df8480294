/* SPDX-License-Identifier: Apache-2.0 */
/* vcenter.h: what the vCenter paired with an NSX for vSphere says about one VM, over its
 * REST API: UUIDs, host name and address, which NSX itself does not tell.
 * Not for: lists of VMs (NSX has one, and vCenter's fails above 1000 or 4000 VMs), or for
 * when to ask (crawl.c).
 *
 * Owns    its HTTP connections and its session.
 * Blocks  in open(), to read the password and CA files.
 * Thread  loop thread only.
 * Fails   open() with *reterr; a reading through its done callback.
 * Limits  those of the configuration's block vcenter.
 */
#ifndef NQ_NSX_VCENTER_H
#define NQ_NSX_VCENTER_H

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/asker.h"
#include "nsx/vsphere/vcenter_json.h"

struct nq_vcenter;

/* access must outlive it; name is what messages call it. */
struct nq_vcenter *nq_vcenter_open(const struct nq_access_conf *access, const char *name,
                                   struct nq_loop *loop, const struct nq_clock *clock,
                                   struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* No reading may be under way. Takes NULL. Always returns NULL. */
struct nq_vcenter *nq_vcenter_close(struct nq_vcenter *vcenter);

/* As nq_asker_each_server(). */
void nq_vcenter_each_server(const struct nq_vcenter *vcenter, nq_server_fn *fn,
                            void *arg);

/* One VM. Embedded; zeroed is stopped. */
struct nq_vcenter_reading {
    struct nq_vcenter *vcenter;
    char *moref;
    struct nq_ask *ask;
    bool bare; /* asked below /api */
    bool found;
    struct nq_vcenter_facts facts; /* after done without error, with found */
    nq_ask_done_fn *done;
    void *arg;
};

/* done is called once, never before this returns, never after stop. err NULL and found
 * false: vCenter has no such VM. */
void nq_vcenter_reading_start(struct nq_vcenter_reading *reading,
                              struct nq_vcenter *vcenter, const char *moref,
                              nq_ask_done_fn *done, void *arg);
void nq_vcenter_reading_stop(struct nq_vcenter_reading *reading);

#endif
