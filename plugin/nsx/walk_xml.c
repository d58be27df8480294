/* SPDX-License-Identifier: Apache-2.0 */
/* walk_xml.c: see walk_xml.h. */
#include "nsx/walk_xml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlerror.h>
#include <libxml/xmlreader.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define NAME_SIZE 64 /* of an element; a longer one is none that we know */
#define BLANKS    " \t\r\n"
#define SHOWN     100 /* of a message of libxml2 */

struct nq_xml_place {
    xmlTextReader *reader;
    const struct nq_xml_handler *handler;
    void *arg;
    size_t depth; /* elements that are open */
    char names[NQ_XML_DEPTH_MAX][NAME_SIZE];
    struct nq_buf text; /* of the innermost element */
    bool leaf;          /* the innermost element has none in it */
};

const char *nq_xml_name(const struct nq_xml_place *place, size_t up)
{
    return up < place->depth ? place->names[place->depth - 1 - up] : "";
}

bool nq_xml_is(const struct nq_xml_place *place, const char *parent, const char *name)
{
    return strcmp(nq_xml_name(place, 0), name) == 0 &&
           strcmp(nq_xml_name(place, 1), parent) == 0;
}

bool nq_xml_in(const struct nq_xml_place *place, const char *name)
{
    for (size_t up = 1; up < place->depth; up++) {
        if (strcmp(nq_xml_name(place, up), name) == 0) {
            return true;
        }
    }
    return false;
}

char *nq_xml_attribute(const struct nq_xml_place *place, const char *name)
{
    char *value = NULL;
    if (xmlTextReaderMoveToAttribute(place->reader, (const xmlChar *)name) == 1) {
        const xmlChar *text = xmlTextReaderConstValue(place->reader);
        value = nq_strdup(text ? (const char *)text : "");
        (void)xmlTextReaderMoveToElement(place->reader);
    }
    return value;
}

/* Cuts the blanks off the end and returns where the text begins. */
static const char *trim(char *text)
{
    const char *first = text + strspn(text, BLANKS);
    size_t len = strlen(first);
    while (len > 0 && strchr(BLANKS, first[len - 1])) {
        len--;
    }
    text[(size_t)(first - text) + len] = '\0';
    return first;
}

static bool close_element(struct nq_xml_place *place, struct nq_err *reterr)
{
    bool ok = true;
    if (place->handler->end) {
        const bool has_text = place->leaf && place->text.data;
        ok = place->handler->end(place->arg, place,
                                 has_text ? trim(place->text.data) : "", reterr);
    }
    nq_buf_clear(&place->text);
    place->leaf = false;
    place->depth--;
    return ok;
}

static bool open_element(struct nq_xml_place *place, struct nq_err *reterr)
{
    const char *name = (const char *)xmlTextReaderConstLocalName(place->reader);
    if (place->depth == NQ_XML_DEPTH_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "XML with more than %d levels",
                       NQ_XML_DEPTH_MAX);
    }
    const size_t len = strlen(name) < NAME_SIZE ? strlen(name) : NAME_SIZE - 1;
    memcpy(place->names[place->depth], name, len);
    place->names[place->depth][len] = '\0';
    place->depth++;
    place->leaf = true;
    nq_buf_clear(&place->text);
    const bool empty = xmlTextReaderIsEmptyElement(place->reader) == 1;
    return (!place->handler->begin || place->handler->begin(place->arg, place, reterr)) &&
           (!empty || close_element(place, reterr));
}

static bool add_text(struct nq_xml_place *place, struct nq_err *reterr)
{
    const char *text = (const char *)xmlTextReaderConstValue(place->reader);
    return !text || !place->leaf || nq_buf_add(&place->text, text, strlen(text)) ||
           nq_fail(reterr, NQ_NSX_ANSWER, "an element <%s> of more than %d bytes",
                   nq_xml_name(place, 0), NQ_XML_TEXT_MAX);
}

static bool take_node(struct nq_xml_place *place, struct nq_err *reterr)
{
    switch (xmlTextReaderNodeType(place->reader)) {
    case XML_READER_TYPE_ELEMENT:
        return open_element(place, reterr);
    case XML_READER_TYPE_END_ELEMENT:
        return close_element(place, reterr);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        return add_text(place, reterr);
    case XML_READER_TYPE_DOCUMENT_TYPE:
        return nq_fail(reterr, NQ_NSX_ANSWER, "XML with a document type");
    default: /* comments, blanks between elements, processing instructions */
        return true;
    }
}

/* libxml2 ends its messages with a newline. */
static bool fail_broken(struct nq_err *reterr)
{
    const xmlError *error = xmlGetLastError();
    char safe[SHOWN];
    char *text = nq_strdup(error && error->message ? error->message : "cut off");
    text[strcspn(text, "\n")] = '\0';
    (void)nq_fail(reterr, NQ_NSX_ANSWER, "broken XML in line %d: %s",
                  error ? error->line : 1, nq_text_escape(text, safe, sizeof(safe)));
    free(text);
    return false;
}

bool nq_xml_walk(const char *body, size_t len, const struct nq_xml_handler *handler,
                 void *arg, struct nq_err *reterr)
{
    if (len == 0 || len > INT_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "%s where XML was expected",
                       len == 0 ? "an empty body" : "too much");
    }
    struct nq_xml_place *place = nq_calloc(1, sizeof(*place));
    place->handler = handler;
    place->arg = arg;
    nq_buf_init(&place->text, NQ_XML_TEXT_MAX);
    xmlResetLastError();
    place->reader =
        xmlReaderForMemory(body, (int)len, NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    bool ok = place->reader != NULL ||
              nq_fail(reterr, NQ_NSX_ANSWER, "XML that cannot be read");
    int step = 1;
    while (ok && (step = xmlTextReaderRead(place->reader)) == 1) {
        ok = take_node(place, reterr);
    }
    if (ok && step != 0) {
        ok = fail_broken(reterr);
    }
    xmlFreeTextReader(place->reader);
    nq_buf_done(&place->text);
    free(place);
    return ok;
}
