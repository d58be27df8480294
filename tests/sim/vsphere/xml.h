/* SPDX-License-Identifier: Apache-2.0 */
/* xml.h: XML trees for answers, and the few things a request body is asked for.
 *
 * Owns    nothing; a tree belongs to the caller until vs_xml_print() or vs_xml_free().
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   vs_xml_parse(): NULL and a sentence. Memory failure ends the process.
 * Limits  those of libxml2; a document type is refused, so entities cannot grow.
 */
#ifndef VS_XML_H
#define VS_XML_H

#include <libxml/tree.h>

#include "json.h"

/* Makes libxml2 end the process on memory failure. Call once, before any thread. */
void vs_xml_init(void);

/* The root element of a new document. */
xmlNode *vs_xml_root(const char *name);
xmlNode *vs_xml_add(xmlNode *parent, const char *name);
/* NULL and "" both make an empty element. */
void vs_xml_text(xmlNode *parent, const char *name, const char *text);
void vs_xml_number(xmlNode *parent, const char *name, uint64_t number);
void vs_xml_bool(xmlNode *parent, const char *name, bool value);
void vs_xml_attribute(xmlNode *node, const char *name, const char *text);
void vs_xml_attribute_number(xmlNode *node, const char *name, uint64_t number);

/* The whole document as text, to be freed with free(). Frees the document. */
char *vs_xml_print(xmlNode *root);
/* The same as JSON: elements and attributes become members, repeated ones a list.
 * Nobody published how NSX does it; see README. */
cJSON *vs_xml_json(xmlNode *root);
void vs_xml_free(xmlNode *root); /* takes NULL */

/* The root element of the text, which must have this name. */
xmlNode *vs_xml_parse(const char *text, size_t length, const char *name,
                      struct sim_err *err) __attribute__((warn_unused_result));
/* The next element of that name among node and its later siblings, or NULL. */
xmlNode *vs_xml_find(xmlNode *node, const char *name);
/* The text of the child element, without blanks around it; NULL when there is none. To
 * be freed with free(). */
char *vs_xml_child_text(const xmlNode *parent, const char *name);

#endif
