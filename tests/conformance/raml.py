# SPDX-License-Identifier: Apache-2.0
"""Reads the calls of NSX for vSphere from RAML, with its examples and XSD files.

What RAML leaves out comes from a file of ours in the same words (vsphere.json): examples
of answers that it does not have, and calls that it does not know, each with its source.
"""

import os
import re

import yaml

from conformance.catalogue import Call, Catalogue
from conformance.exchange import media_of
from conformance.markup import Names, Xsd
from conformance.schema import Library
from conformance.swagger import JSON, JsonBodies, own_bodies, read_json

RAML_FILE = "nsx-v-6.4/nsxvapi.raml"
BASE = "/api"
XML = "application/xml"
METHODS = ("get", "put", "post", "delete")
ANSWERED = (200, 201, 204)
# Names of types in RAML; what it does not say is text.
SIMPLE = {"boolean": "boolean", "integer": "integer", "number": "integer"}


class Loader(yaml.CSafeLoader):
    """Leaves !include as the name of the file: only some of them are there."""


Loader.add_constructor("!include", lambda loader, node: loader.construct_scalar(node))


class XmlBodies:
    """request: Names or None. xsd: what the request must keep to as well, or None.
    text: form of an answer that is plain text, such as a new id. json: JsonBodies of an
    answer that some releases give as JSON."""

    def __init__(self, request=None, xsd=None, answer=None, statuses=(), text=None):
        self.request = request or Names()
        self.xsd = xsd
        self.answer = answer or Names()
        self.statuses = statuses or ANSWERED
        self.text = text
        self.json = None

    def check_request(self, exchange):
        yield from self.check_headers(exchange)
        if not self.request and self.xsd is None:
            if exchange.body:
                yield "request: has a body"
        elif not exchange.body:
            yield "request: has no body"
        else:
            for checker in filter(None, (self.request, self.xsd)):
                for sentence in checker.check(exchange.body):
                    yield f"request: {sentence}"

    @staticmethod
    def check_headers(exchange):
        if not exchange.headers:
            return
        accept = exchange.headers.get("accept", "")
        if media_of(accept) not in (XML, "text/plain"):
            yield f"request: accepts {accept!r}; without {XML} the release decides"
        sent = exchange.headers.get("content-type", "")
        if exchange.body and media_of(sent) != XML:
            yield f"request: content type {sent!r}, expected {XML}"

    def check_answer(self, exchange):
        if exchange.status not in self.statuses:
            yield f"not among the statuses {sorted(self.statuses)}"
        elif not exchange.answer:
            if self.answer:
                yield "has no body"
        elif self.text and exchange.media != XML:
            if not re.fullmatch(self.text, exchange.answer):
                yield f"{exchange.answer[:60]!r} is not like {self.text}"
        elif self.json and exchange.media == JSON:
            yield from self.json.check_answer(exchange)
        elif exchange.media != XML:
            yield f"content type {exchange.content_type!r}, expected {XML}"
        elif not self.answer:
            yield "no description has an example of this answer"
        else:
            yield from self.answer.check(exchange.answer)


def example_of(body):
    """The XML example of a body in RAML, or ""."""
    return ((body or {}).get(XML) or {}).get("example") or ""


def learn(*texts):
    names = Names()
    for text in filter(None, texts):
        names.learn(text)
    return names


def read_calls(folder, node, path=BASE):
    """{(method, path): Call}"""
    calls = {}
    for key, value in node.items():
        if isinstance(key, str) and key.startswith("/"):
            calls.update(read_calls(folder, value or {}, path + key))
        elif key in METHODS:
            call = read_call(folder, key.upper(), path, value or {})
            calls[call.method, call.path] = call
    return calls


def read_call(folder, method, path, node):
    responses = node.get("responses") or {}
    answers = [example_of((one or {}).get("body")) for one in responses.values()]
    request = example_of(node.get("body"))
    # It shows the answers of some GETs as if they were requests.
    if method == "GET":
        answers, request = [*answers, request], ""
    query = {name: read_parameter(one if isinstance(one, dict) else {})
             for name, one in (node.get("queryParameters") or {}).items()}
    schema = ((node.get("body") or {}).get(XML) or {}).get("schema")
    xsd = os.path.join(folder, f"{schema}.xsd")
    return Call(method, path, RAML_FILE, query, XmlBodies(
        request=learn(request),
        xsd=Xsd(xsd) if method != "GET" and os.path.exists(xsd) else None,
        answer=learn(*answers),
        statuses=tuple(status for status in responses if status < 400)))


def read_parameter(node):
    schema = {"type": SIMPLE.get(node.get("type"), "string")}
    if "enum" in node:
        schema["enum"] = [str(value) for value in node["enum"]]
    if node.get("required") is True:
        schema["required"] = True
    return schema


def spell_out(shapes, example):
    """The example with its shapes in place; a shape names only shapes before it."""
    for name, shape in reversed(shapes.items()):
        example = example.replace("{" + name + "}", shape)
    return example


def read_own(library, calls, own, name):
    """Adds to calls what our file knows: XML shapes and JSON calls."""
    library.add("own", own["types"])
    for one in own["calls"]:
        assert one["source"], one
        key = one["method"], one["path"]
        if "answers" in one:
            calls[key] = Call(*key, name, one.get("query", {}), own_bodies(library, one))
            continue
        if key not in calls:
            calls[key] = Call(*key, name, {}, XmlBodies())
        bodies = calls[key].bodies
        calls[key].query.update(one.get("query", {}))
        for example in one.get("examples", ()):
            bodies.answer.learn(spell_out(own["shapes"], example))
        for example in one.get("requests", ()):
            bodies.request.learn(spell_out(own["shapes"], example))
        bodies.text = one.get("text", bodies.text)
        if "json" in one:
            bodies.json = JsonBodies(library, None, {200: one["json"]})
    return calls


def read_vsphere_generation(specs, data):
    """The catalogue of NSX for vSphere, with the vCenter calls that belong to it."""
    library = Library()
    file = os.path.join(specs, RAML_FILE)
    with open(file, encoding="utf-8") as stream:
        calls = read_calls(os.path.dirname(file), yaml.load(stream, Loader))
    own = read_json(data, "vsphere.json")
    read_own(library, calls, own, "vsphere.json")
    errors = learn(*own["errors"])
    anything = JsonBodies(library, None, {})

    def check_error(exchange):
        # A proxy or the login in front of NSX answers with a page, or with nothing.
        if exchange.media == XML:
            yield from errors.check(exchange.answer)
        elif exchange.media == JSON:
            yield from anything.check_json(exchange.answer, {"type": "object"}, "body")
        elif exchange.answer and exchange.media != "text/html":
            yield f"content type {exchange.content_type!r}"

    return Catalogue(library, calls.values(), check_error)
