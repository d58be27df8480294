# SPDX-License-Identifier: Apache-2.0
"""Named JSON types, and whether a value is of a type.

A type is written in the few words of JSON Schema that the descriptions use: type, enum,
items, properties, required, minimum, maximum, maxLength, maxItems, pattern, anyOf, $ref.
Unlike there, an object has no members beside its properties: finding a member that nobody
described is the point. {} is any value.
"""

import re

KINDS = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


class Library:
    """Types by "file#Name"."""

    def __init__(self):
        self.types = {}
        self.chosen = {}  # type: (member that chooses, {its value: type})

    def add(self, file, definitions):
        """Takes the definitions of one file, whose references name types of that file."""
        for name, schema in definitions.items():
            self.types[f"{file}#{name}"] = absolute(schema, file)

    def choose(self, name, member, types):
        """Values of a type are of the one that their member names."""
        self.chosen[name] = (member, types)

    def amend(self, amendment):
        """Applies one documented deviation: members added or changed, or optional."""
        for name in amendment["types"]:
            properties, required = self.object(name)
            base = amendment.get("extends")
            if base:
                properties = {**self.object(base)[0], **properties}
            unknown = set(amendment.get("optional", ())) - set(properties)
            if unknown:
                raise ValueError(f"{name} has no member {', '.join(sorted(unknown))}")
            self.types[name] = {
                "type": "object",
                "properties": {**properties, **amendment.get("members", {})},
                "required": sorted(set(required) - set(amendment.get("optional", ()))),
            }

    def object(self, name):
        """(properties, required members) of a type with all that it inherits."""
        return self.flat(self.named(name))

    def named(self, name):
        if name not in self.types:
            raise ValueError(f"no description has a type {name}")
        return self.types[name]

    def flat(self, schema):
        properties, required = {}, set()
        for part in schema.get("allOf", ()):
            part = self.named(part["$ref"]) if "$ref" in part else part
            more, needed = self.flat(part)
            properties.update(more)
            required |= needed
        properties.update(schema.get("properties", {}))
        return properties, required | set(schema.get("required", ()))

    def check(self, value, schema, place="body"):
        """Yields a sentence for each way in which the value is not of the type."""
        if "$ref" in schema:
            yield from self.check_named(value, schema["$ref"], place)
        elif "anyOf" in schema:
            tries = [list(self.check(value, one, place)) for one in schema["anyOf"]]
            yield from min(tries, key=len)
        elif "allOf" in schema or "properties" in schema:
            yield from self.check_object(value, schema, place)
        else:
            yield from self.check_simple(value, schema, place)

    def check_named(self, value, name, place):
        if name in self.chosen and isinstance(value, dict):
            member, types = self.chosen[name]
            if value.get(member) not in types:
                yield f"{place}.{member}: {show(value.get(member))} is no kind of {name}"
                return
            name = types[value[member]]
        yield from self.check(value, self.named(name), place)

    def check_object(self, value, schema, place):
        if not isinstance(value, dict):
            yield f"{place}: {show(value)} is no object"
            return
        properties, required = self.flat(schema)
        for name in sorted(required - set(value)):
            yield f"{place}: no member {name}"
        for name, member in value.items():
            if name not in properties:
                yield f"{place}: unknown member {name}"
            else:
                yield from self.check(member, properties[name], f"{place}.{name}")

    def check_simple(self, value, schema, place):
        kind = schema.get("type")
        if kind and not KINDS[kind](value):
            yield f"{place}: {show(value)} is no {kind}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{place}: {show(value)} is none of {', '.join(schema['enum'])}"
        if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
            yield f"{place}: {show(value)} is not like {schema['pattern']}"
        if "minimum" in schema and value < schema["minimum"]:
            yield f"{place}: {value} is below {schema['minimum']}"
        if "maximum" in schema and value > schema["maximum"]:
            yield f"{place}: {value} is above {schema['maximum']}"
        for limit in ("maxLength", "maxItems"):
            if limit in schema and len(value) > schema[limit]:
                yield f"{place}: {len(value)} are more than {limit} {schema[limit]}"
        if kind == "array" and "items" in schema:
            for index, item in enumerate(value):
                yield from self.check(item, schema["items"], f"{place}[{index}]")

    def check_text(self, text, schema, place):
        """The same for a value of a query or a form, which is always text."""
        kind = schema.get("type")
        if kind == "integer" and re.fullmatch(r"-?\d+", text):
            yield from self.check(int(text), schema, place)
        elif kind == "boolean" and text in ("true", "false"):
            return
        else:
            yield from self.check(text, schema, place)


def absolute(schema, file):
    """The schema with references that say in which file the type is."""
    if isinstance(schema, list):
        return [absolute(item, file) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        name = schema["$ref"]
        local = name.rpartition("/")[2]
        return {"$ref": local if "#" in local else f"{file}#{local}"}
    return {key: absolute(value, file) for key, value in schema.items()}


def show(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
