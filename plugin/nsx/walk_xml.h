/* SPDX-License-Identifier: Apache-2.0 */
/* walk_xml.h: goes through an XML document once, element by element, and keeps none of it.
 * Not for: knowing what the elements mean, or writing XML.
 *
 * Owns    nothing: place and text are borrowed until the handler returns.
 * Blocks  never: neither entities nor anything outside the document is looked up.
 * Thread  any, one walk per thread.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong, with the line); handlers may
 *         have been called before.
 * Limits  NQ_XML_DEPTH_MAX elements inside each other, NQ_XML_TEXT_MAX bytes of text in one.
 *         A document type is refused: it is what entities come from.
 */
#ifndef NQ_NSX_WALK_XML_H
#define NQ_NSX_WALK_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define NQ_XML_DEPTH_MAX 32
#define NQ_XML_TEXT_MAX  65536

/* Where the walk is: an element and all around it. Names are without namespace. */
struct nq_xml_place;

/* false and *reterr ends the walk. Either may be NULL. */
struct nq_xml_handler {
    bool (*begin)(void *arg, const struct nq_xml_place *place, struct nq_err *reterr);
    /* text is that of the element itself without blanks around it; "" when it has
     * elements in it. */
    bool (*end)(void *arg, const struct nq_xml_place *place, const char *text,
                struct nq_err *reterr);
};

bool nq_xml_walk(const char *body, size_t len, const struct nq_xml_handler *handler,
                 void *arg, struct nq_err *reterr) __attribute__((warn_unused_result));

/* Name of the element, of the one around it (1), and so on; "" outside the root. */
const char *nq_xml_name(const struct nq_xml_place *place, size_t up);

/* The element is <name> right inside <parent>. */
bool nq_xml_is(const struct nq_xml_place *place, const char *parent, const char *name);

/* One of the elements around it has this name. */
bool nq_xml_in(const struct nq_xml_place *place, const char *name);

/* In begin() only; NULL when absent; the caller frees it. */
char *nq_xml_attribute(const struct nq_xml_place *place, const char *name)
    __attribute__((warn_unused_result));

#endif
