/* SPDX-License-Identifier: Apache-2.0 */
/* manager_xml.h: what NSX Manager for vSphere says about itself and about what it
 * was asked to do, from XML to plain data; and the few bodies that we send it. Pure.
 * Not for: lists (xml.h), or the JSON of the same (json.h).
 *
 * Owns    nothing but what a function returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false or NULL and *reterr (NQ_NSX_ANSWER, what is wrong).
 * Limits  those of walk_xml.h; NQ_OBJECT_ID_MAX bytes of an id.
 */
#ifndef NQ_NSX_VSPHERE_MANAGER_XML_H
#define NQ_NSX_VSPHERE_MANAGER_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "nsx/http.h"
#include "nsx/judge.h"
#include "nsx/vsphere/xml.h"

/* false for *ret_connected: NSX has lost its vCenter, so what it says about VMs is old. */
bool nq_xml_vcenter_connected(const char *body, size_t len, bool *ret_connected,
                              struct nq_err *reterr) __attribute__((warn_unused_result));

/* Address or host name of the vCenter that NSX is paired with; out is untouched when there is
 * none, which is no answer. */
bool nq_xml_vcenter_host(const char *body, size_t len, char out[NQ_HTTP_HOST_MAX + 1],
                         struct nq_err *reterr) __attribute__((warn_unused_result));

/* "6.4.5" of <globalInfo>, or of another document with a <version>. */
bool nq_xml_version(const char *body, size_t len, char *out, size_t size)
    __attribute__((warn_unused_result));

/* The token of <authToken>, for the caller to wipe and free; NULL and *reterr when there
 * is none. */
char *nq_xml_auth_token(const char *body, size_t len, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* <error>, or the first of <errors>; false when the body is none. */
bool nq_xml_fault(const char *body, size_t len, struct nq_fault *ret_fault);

/* The id that an object got when it was made: NSX answers with the bare id or, in some
 * releases, with the object. */
bool nq_xml_new_id(const char *body, size_t len, char out[NQ_OBJECT_ID_MAX + 1],
                   struct nq_err *reterr) __attribute__((warn_unused_result));

/* The body that makes a tag; the caller frees it. */
char *nq_xml_tag_body(const char *name) __attribute__((warn_unused_result));

/* <credentials>, for the caller to wipe and free. */
char *nq_xml_credentials(const char *user, const char *password)
    __attribute__((warn_unused_result));

#endif
