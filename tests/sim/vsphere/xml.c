/* SPDX-License-Identifier: Apache-2.0 */
/* xml.c: the only file that knows libxml2's way of building, printing and reading. */
#include "xml.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *alloc_or_abort(size_t size)
{
    return sim_alloc(1, size);
}

static void *grow_or_abort(void *memory, size_t size)
{
    return sim_grow(memory, size, 1);
}

void vs_xml_init(void)
{
    if (xmlMemSetup(free, alloc_or_abort, grow_or_abort, sim_strdup) != 0) {
        abort();
    }
    xmlInitParser();
}

static const xmlChar *xml(const char *text)
{
    return (const xmlChar *)text;
}

static const char *plain(const xmlChar *text)
{
    return (const char *)text;
}

xmlNode *vs_xml_root(const char *name)
{
    xmlDoc *doc = xmlNewDoc(xml("1.0"));
    xmlNode *root = xmlNewDocNode(doc, NULL, xml(name), NULL);

    xmlDocSetRootElement(doc, root);
    return root;
}

xmlNode *vs_xml_add(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, xml(name), NULL);
}

/* What a client sent comes back in errors, and may hold what XML cannot. To be freed. */
static char *clean(const char *text)
{
    bool is_utf8 = xmlCheckUTF8(xml(text)) != 0;
    char *copy = sim_strdup(text);

    for (char *at = copy; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;

        if ((c < ' ' && strchr("\t\r\n", c) == NULL) || (c >= 0x80 && !is_utf8)) {
            *at = '?';
        }
    }
    return copy;
}

void vs_xml_text(xmlNode *parent, const char *name, const char *text)
{
    char *copy = text == NULL || *text == '\0' ? NULL : clean(text);

    /* Unlike xmlNewChild(), this one escapes. */
    xmlNewTextChild(parent, NULL, xml(name), xml(copy));
    free(copy);
}

void vs_xml_number(xmlNode *parent, const char *name, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    vs_xml_text(parent, name, text);
}

void vs_xml_bool(xmlNode *parent, const char *name, bool value)
{
    vs_xml_text(parent, name, value ? "true" : "false");
}

void vs_xml_attribute(xmlNode *node, const char *name, const char *text)
{
    char *copy = clean(text);

    xmlNewProp(node, xml(name), xml(copy));
    free(copy);
}

void vs_xml_attribute_number(xmlNode *node, const char *name, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    vs_xml_attribute(node, name, text);
}

char *vs_xml_print(xmlNode *root)
{
    xmlChar *text = NULL;
    int length = 0;

    xmlDocDumpMemoryEnc(root->doc, &text, &length, "UTF-8");
    vs_xml_free(root);
    return (char *)text; /* free() is what vs_xml_init() gave to libxml2 */
}

static void add_member(cJSON *object, const char *name, cJSON *value)
{
    cJSON *known = cJSON_GetObjectItemCaseSensitive(object, name);

    if (known == NULL) {
        cJSON_AddItemToObject(object, name, value);
    } else if (cJSON_IsArray(known)) {
        cJSON_AddItemToArray(known, value);
    } else {
        cJSON *list = cJSON_CreateArray();

        cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(object, known));
        cJSON_AddItemToArray(list, value);
        cJSON_AddItemToObject(object, name, list);
    }
}

static cJSON *node_json(xmlNode *node)
{
    cJSON *object = cJSON_CreateObject();
    bool is_text = xmlFirstElementChild(node) == NULL && node->properties == NULL;

    if (is_text) {
        xmlChar *text = xmlNodeGetContent(node);

        cJSON_Delete(object);
        object = cJSON_CreateString(plain(text));
        xmlFree(text);
        return object;
    }
    for (const xmlAttr *at = node->properties; at != NULL; at = at->next) {
        xmlChar *text = xmlNodeGetContent((const xmlNode *)at);

        add_member(object, plain(at->name), cJSON_CreateString(plain(text)));
        xmlFree(text);
    }
    for (xmlNode *at = xmlFirstElementChild(node); at != NULL;
         at = xmlNextElementSibling(at)) {
        add_member(object, plain(at->name), node_json(at));
    }
    return object;
}

cJSON *vs_xml_json(xmlNode *root)
{
    cJSON *json = node_json(root);

    vs_xml_free(root);
    return json;
}

void vs_xml_free(xmlNode *root)
{
    if (root != NULL) {
        xmlFreeDoc(root->doc);
    }
}

xmlNode *vs_xml_parse(const char *text, size_t length, const char *name,
                      struct sim_err *err)
{
    xmlDoc *doc =
        xmlReadMemory(text, (int)length, NULL, NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);

    if (root == NULL) {
        (void)sim_fail(err, "the request body is not well-formed XML");
    } else if (doc->intSubset != NULL) {
        (void)sim_fail(err, "the request body has a document type");
        root = NULL;
    } else if (strcmp(plain(root->name), name) != 0) {
        (void)sim_fail(err, "the request body must be <%s>, not <%s>", name,
                       plain(root->name));
        root = NULL;
    }
    if (root == NULL && doc != NULL) {
        xmlFreeDoc(doc);
    }
    return root;
}

xmlNode *vs_xml_find(xmlNode *node, const char *name)
{
    while (node != NULL &&
           (node->type != XML_ELEMENT_NODE || strcmp(plain(node->name), name) != 0)) {
        node = node->next;
    }
    return node;
}

char *vs_xml_child_text(const xmlNode *parent, const char *name)
{
    static const char blanks[] = " \t\r\n";
    const xmlNode *child = vs_xml_find(parent->children, name);
    xmlChar *text;
    const char *begin;
    size_t length;
    char *copy;

    if (child == NULL) {
        return NULL;
    }
    text = xmlNodeGetContent(child);
    begin = plain(text) + strspn(plain(text), blanks);
    length = strlen(begin);
    while (length > 0 && strchr(blanks, begin[length - 1]) != NULL) {
        length--;
    }
    copy = sim_strndup(begin, length);
    xmlFree(text);
    return copy;
}
