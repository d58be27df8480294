# SPDX-License-Identifier: Apache-2.0
"""Reads calls and types from JSON descriptions.

Three forms: the Swagger file of the Manager API; the Policy file, which lists paths and
types but not which path has which type; and ours (tests/data/conformance), which say
that, and add the calls that those two lack, each with its source.
"""

import json
import os

from conformance.catalogue import Call, Catalogue
from conformance.exchange import media_of
from conformance.schema import Library
from urllib.parse import parse_qsl

POLICY_FILE = "nsx-policy-3.0-subset.json"
MANAGER_FILE = "nsx-manager-2.5.1-subset.json"
POLICY_BASE = "/policy/api/v1"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# The names of simple types in the Policy file.
SIMPLE = {
    "string": {"type": "string"}, "bool": {"type": "boolean"},
    "int32": {"type": "integer"}, "int64": {"type": "integer"}, "interface{}": {},
    "ChildPolicyConfigResource": {},
}
# Parameters that every list of the Policy API has; its file only names them.
POLICY_QUERY = {
    "page_size": {"type": "integer", "minimum": 0, "maximum": 1000},
    "sort_ascending": {"type": "boolean"},
    "include_mark_for_delete_objects": {"type": "boolean"},
    "include_rule_count": {"type": "boolean"},
    "deep_check": {"type": "boolean"},
}


class JsonBodies:
    """request None: no body; answers: {status: schema, or None for no body}."""

    def __init__(self, library, request, answers, consumes=JSON):
        self.library = library
        self.request = request
        self.answers = answers
        self.consumes = consumes

    def check_request(self, exchange):
        if self.request is None:
            if exchange.body:
                yield "request: has a body"
            return
        sent = exchange.headers.get("content-type", "")
        if exchange.headers and media_of(sent) != self.consumes:
            yield f"request: content type {sent!r}, expected {self.consumes}"
        if self.consumes == FORM:
            yield from self.check_form(exchange.body)
        else:
            yield from self.check_json(exchange.body, self.request, "request")

    def check_form(self, body):
        pairs = parse_qsl(body, keep_blank_values=True)
        if len(dict(pairs)) != len(pairs):
            yield "request: a member twice"
        yield from self.library.check(dict(pairs), self.request, "request")

    def check_answer(self, exchange):
        if exchange.status not in self.answers:
            yield f"not among the statuses {sorted(self.answers)}"
            return
        schema = self.answers[exchange.status]
        if schema is None:
            if exchange.answer:
                yield "has a body"
        elif exchange.media != JSON:
            yield f"content type {exchange.content_type!r}, expected {JSON}"
        else:
            yield from self.check_json(exchange.answer, schema, "body")

    def check_json(self, text, schema, place):
        try:
            value = json.loads(text)
        except ValueError as error:
            yield f"{place}: no JSON: {error}"
            return
        yield from self.library.check(value, schema, place)


def read_json(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return json.load(file)


def policy_type(words):
    """The schema of "[]Rule" and the like."""
    if words.startswith("[]"):
        return {"type": "array", "items": policy_type(words[2:])}
    return SIMPLE.get(words, {"$ref": words})


def policy_types(types):
    return {name: {"type": "object",
                   "properties": {member: policy_type(one["type"])
                                  for member, one in members.items()},
                   "required": [member for member, one in members.items()
                                if one["required"]]}
            for name, members in types.items()}


def read_policy(library, folder, links):
    """Only paths that links gives types are calls: the others cannot be judged."""
    policy = read_json(folder, POLICY_FILE)
    library.add("policy", policy_types(policy["types"]))
    for path, methods in links.items():
        for method, link in methods.items():
            if method not in policy["paths"].get(path, {}):
                raise ValueError(f"{POLICY_FILE} has no {method} {path}")
            query = {name: POLICY_QUERY.get(name, {"type": "string"})
                     for name in policy["paths"][path][method]}
            yield Call(method, POLICY_BASE + path, POLICY_FILE, query,
                       own_bodies(library, link))


def read_manager(library, folder):
    manager = read_json(folder, MANAGER_FILE)
    library.add("manager", manager["definitions"])
    for path, methods in manager["paths"].items():
        for method, call in methods.items():
            parameters = call.get("parameters", [])
            body = [with_file(p["schema"], "manager") for p in parameters
                    if p["in"] == "body"]
            answers = {int(status): with_file(answer.get("schema"), "manager")
                       for status, answer in call["responses"].items()
                       if int(status) < 400}
            yield Call(method.upper(), manager["basePath"] + path, MANAGER_FILE,
                       {p["name"]: p for p in parameters if p["in"] == "query"},
                       JsonBodies(library, body[0] if body else None, answers))


def with_file(schema, file):
    if schema and "$ref" in schema:
        return {"$ref": f"{file}#{schema['$ref'].rpartition('/')[2]}"}
    return schema


def own_bodies(library, call):
    return JsonBodies(library, call.get("request"),
                      {int(status): schema for status, schema in call["answers"].items()},
                      call.get("consumes", JSON))


def read_own(library, folder, name):
    """Calls of a file of ours; "source" says where each is described."""
    own = read_json(folder, name)
    for call in own["calls"]:
        assert call["source"], call
        yield Call(call["method"], call["path"], name, call.get("query", {}),
                   own_bodies(library, call))


def read_policy_generation(specs, data):
    """The catalogue of the Policy API, with the Manager calls that belong to it."""
    library = Library()
    own = read_json(data, "younger.json")
    library.add("own", own["types"])
    calls = [*read_policy(library, specs, read_json(data, "links.json")["links"]),
             *read_manager(library, specs), *read_own(library, data, "younger.json")]
    deviations = read_json(data, "deviations.json")
    for name, choice in deviations["choices"].items():
        library.choose(name, choice["member"], choice["types"])
    for deviation in deviations["deviations"]:
        assert deviation["reason"], deviation
        library.amend(deviation)
    error = JsonBodies(library, None, {})

    def check_error(exchange):
        yield from error.check_json(exchange.answer, {"$ref": "policy#ApiError"}, "body")

    return Catalogue(library, calls, check_error)
