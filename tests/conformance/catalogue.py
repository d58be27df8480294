# SPDX-License-Identifier: Apache-2.0
"""The described calls of one generation: finds the one of an exchange, and judges it."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Call:
    """One method of one path.

    query maps each parameter to its schema. bodies has check_request(exchange) and
    check_answer(exchange), which yield sentences.
    """
    method: str
    path: str
    source: str
    query: dict = field(default_factory=dict)
    bodies: object = None

    def __post_init__(self):
        parts = urlsplit(self.path.replace("{", "\x01").replace("}", "\x02"))
        self.fixed = frozenset(parse_qsl(parts.query, keep_blank_values=True))
        self.expression = re.compile("/".join(
            re.sub("\x01.*?\x02", "[^/]+", re.escape(part))
            for part in parts.path.split("/")))
        self.variables = self.path.count("{")

    def fits(self, exchange):
        return (self.method == exchange.method and self.fixed <= set(exchange.query)
                and self.expression.fullmatch(exchange.path) is not None)

    def __str__(self):
        return f"{self.method} {self.path}"


class Catalogue:
    def __init__(self, library, calls, check_error):
        """check_error(exchange) yields what is wrong with an answer that is an error."""
        self.library = library
        self.calls = sorted(calls, key=lambda call: (call.variables, -len(call.fixed)))
        self.check_error = check_error

    def find(self, exchange):
        """The most exact description, or None."""
        return next((call for call in self.calls if call.fits(exchange)), None)

    def judge(self, exchange):
        """(call or None, sentences)"""
        call = self.find(exchange)
        if call is None:
            return None, ["no description has this call"]
        return call, [*self.check_query(call, exchange),
                      *call.bodies.check_request(exchange),
                      *self.check_answer(call, exchange)]

    def check_query(self, call, exchange):
        seen = set()
        for name, value in exchange.query:
            if name in seen and call.query.get(name, {}).get("type") != "array":
                yield f"query: {name} twice"
            seen.add(name)
            if (name, value) in call.fixed:
                continue
            if name not in call.query:
                yield f"query: no parameter {name}"
            else:
                schema = call.query[name]
                schema = schema["items"] if schema.get("type") == "array" else schema
                yield from self.library.check_text(value, schema, f"query.{name}")
        for name, schema in call.query.items():
            if schema.get("required") is True and name not in seen:
                yield f"query: no {name}, which is required"

    def check_answer(self, call, exchange):
        # What a fault of the test answers is wrong on purpose, and 0 is no answer.
        if exchange.scripted or exchange.status == 0:
            return
        if not exchange.kept:
            yield "the journal does not have the answer"
            return
        check = self.check_error if exchange.status >= 400 else call.bodies.check_answer
        for sentence in check(exchange):
            yield f"answer {exchange.status}: {sentence}"
