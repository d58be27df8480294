# SPDX-License-Identifier: Apache-2.0
"""The tree that a walk shall show: what the rows of the agent say of every object, and
tests/data/walk.txt of the values in one situation of the laboratory."""

import bisect
import collections
import os
import re
import subprocess

from support.lab import OUT, ROOT, TOP
from support.manager import NO_SUCH_INSTANCE, NO_SUCH_OBJECT, arcs, dotted

FILE = os.path.join(TOP, "tests/data/walk.txt")
BRANCH = len(arcs(ROOT)) + 2     # the arcs of a branch: OID_ROOT.1.BRANCH
INTEGERS = {2, 65, 66, 67, 70}

Row = collections.namedtuple("Row", "oid name access tag")
Line = collections.namedtuple("Line", "object index pattern value")


def rows():
    """Every object of the agent."""
    text = subprocess.run([os.path.join(OUT, "mibrows")], capture_output=True, text=True,
                          check=True).stdout
    lines = (line.split() for line in text.splitlines())
    return [Row(arcs(oid), name, access, int(tag))
            for kind, oid, name, access, tag in (x for x in lines if x[0] == "object")]


def shown(tag, content):
    """A value as the file writes it: a number, a text, or octets that are none as hex."""
    if tag in INTEGERS:
        return str(int.from_bytes(content, "big", signed=tag == 2))
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    return text if text.isprintable() else f"hex {content.hex()}"


class Expected:
    """The lines of the file; {words} in its values are replaced by facts."""

    def __init__(self, facts):
        self.rows = rows()
        self.lines = []
        with open(FILE, encoding="utf-8") as file:
            for text in file.read().splitlines():
                if text and not text.startswith("#"):
                    instance, sign, value = re.fullmatch(r"(\S+) (=|~) ?(.*)", text).groups()
                    name, index = instance.split(".", 1)
                    for word, fact in facts.items():
                        value = value.replace("{" + word + "}", fact)
                    self.lines.append(Line(name, index, sign == "~", value))

    def row_of(self, oid):
        """The object that an instance belongs to, or None."""
        return next((row for row in self.rows if oid[:len(row.oid)] == row.oid), None)

    def differences(self, walk):
        """What is wrong with a walk, as lines; [] when nothing is. Branches that the file
        does not know must have the types of their rows, and may have any value."""
        wrong, met = [], set()
        named = {line.object for line in self.lines}
        known = {row.oid[:BRANCH] for row in self.rows if row.name in named}
        for oid, tag, content in walk:
            row = self.row_of(oid)
            if row is None or row.access == "not-accessible" or row.tag != tag:
                wrong.append(f"{dotted(oid)} with tag {tag} is not what {row} promises")
                continue
            index, value = dotted(oid[len(row.oid):])[1:], shown(tag, content)
            lines = [line for line in self.lines
                     if line.object == row.name and line.index in (index, "*")]
            met.update(lines)
            if not lines and row.oid[:BRANCH] in known:
                wrong.append(f"not in the file: {row.name}.{index} = {value}")
            wrong += [f"{row.name}.{index} is {value}, not {line.value}" for line in lines
                      if not (re.fullmatch(line.value, value, re.S) if line.pattern
                              else line.value == value)]
        wrong += [f"not walked: {line}" for line in self.lines if line not in met]
        return wrong

    def holes(self, walk):
        """Objects without an instance, in branches where others have one."""
        names = [name for name, _, _ in walk]
        served = {name[:BRANCH] for name in names}
        return [row.name for row in self.rows
                if row.access != "not-accessible" and row.oid[:BRANCH] in served
                and not any(name[:len(row.oid)] == row.oid for name in names)]


class Oracle:
    """What a walk says about any other name."""

    def __init__(self, walk, expected):
        self.walk = walk
        self.values = {name: (name, tag, content) for name, tag, content in walk}
        self.names = [name for name, _, _ in walk]
        self.expected = expected

    def get(self, name):
        row = self.expected.row_of(name)
        if name in self.values:
            return self.values[name]
        bad = row is None or row.access == "not-accessible"
        return name, NO_SUCH_OBJECT if bad else NO_SUCH_INSTANCE, b""

    def next(self, name):
        """None: the end of our tree."""
        place = bisect.bisect_right(self.names, name)
        return self.walk[place] if place < len(self.walk) else None


def odd_names(row):
    """Names below a column whose index is too short, too long, or at a border."""
    parts = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
    yield row.oid
    for first in parts:
        yield (*row.oid, first)
        yield (*row.oid, 1, first)
        yield (*row.oid, first, 1)
        yield (*row.oid, 1, 1, first)
    yield (*row.oid, *[2**32 - 1] * (127 - len(row.oid)))
