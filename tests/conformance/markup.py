# SPDX-License-Identifier: Apache-2.0
"""Element names of XML: learned from example documents, then asked of others.

An element is known by its place, the path from the root. Where all examples of a place
hold numbers, or all hold true or false, another document must too. Order and repetition
are free: real answers differ from the examples in both.
"""

import re

from lxml import etree

KINDS = (("number", re.compile(r"-?\d+")), ("truth value", re.compile("true|false")))


class Place:
    def __init__(self):
        self.children = {}
        self.attributes = set()
        self.texts = set()

    def learn(self, element):
        self.attributes |= set(element.attrib)
        children = elements(element)
        if not children and element.text and element.text.strip():
            self.texts.add(element.text.strip())
        for child in children:
            self.children.setdefault(child.tag, Place()).learn(child)

    def check(self, element, where):
        for name in sorted(set(element.attrib) - self.attributes):
            yield f"{where}: unknown attribute {name}"
        children = elements(element)
        for child in children:
            if child.tag not in self.children:
                yield f"{where}: unknown element {child.tag}"
            else:
                yield from self.children[child.tag].check(child, f"{where}/{child.tag}")
        if not children and element.text and element.text.strip():
            yield from self.check_text(element.text.strip(), where)

    def check_text(self, text, where):
        if self.children:
            yield f"{where}: a text in place of elements"
            return
        for name, form in KINDS:
            if (self.texts and all(form.fullmatch(known) for known in self.texts)
                    and not form.fullmatch(text)):
                yield f"{where}: {text!r} is no {name}"


class Names:
    """The documents that are known for one body. Any root of an example is known."""

    def __init__(self):
        self.top = Place()

    def learn(self, text):
        """Takes one example. Some of the vendor's are damaged: what is left counts."""
        document = etree.fromstring(
            text.strip().encode(), etree.XMLParser(recover=True, resolve_entities=False))
        if document is not None:
            self.top.children.setdefault(document.tag, Place()).learn(document)
        return self

    def __bool__(self):
        return bool(self.top.children)

    def check(self, text):
        try:
            document = parse(text)
        except etree.XMLSyntaxError as error:
            yield f"no XML: {error.msg}"
            return
        if document.tag not in self.top.children:
            known = ", ".join(sorted(self.top.children))
            yield f"root {document.tag}, expected {known}"
        else:
            yield from self.top.children[document.tag].check(document, document.tag)


class Xsd:
    def __init__(self, path):
        self.schema = etree.XMLSchema(file=path)

    def check(self, text):
        try:
            document = parse(text)
        except etree.XMLSyntaxError as error:
            yield f"no XML: {error.msg}"
            return
        if not self.schema.validate(document):
            for error in self.schema.error_log:
                yield error.message


def parse(text):
    return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))


def elements(parent):
    """Children without comments and processing instructions."""
    return [child for child in parent if isinstance(child.tag, str)]
