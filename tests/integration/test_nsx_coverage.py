# SPDX-License-Identifier: Apache-2.0
"""tests/data/nsx-coverage.md names a test for every known fact about NSX. This keeps it
true: a test that is renamed or removed, or a row that is lost, fails here."""

import ast
import functools
import os
import re

import pytest

from support.lab import TOP


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def sections():
    """[(title, declared number of rows, [(fact, cell)])]"""
    found = []
    for line in read("tests/data/nsx-coverage.md").splitlines():
        heading = re.fullmatch(r"## (.*) \((\d+)\)", line)
        if heading:
            found.append((heading[1], int(heading[2]), []))
        elif line.startswith("## "):
            raise AssertionError(f"a heading without the number of its rows: {line}")
        elif line.startswith("| ") and not line.startswith("| ---"):
            cells = re.fullmatch(r"\| (.*) \| (.*) \|", line)
            assert cells, f"a row needs a fact and a test: {line}"
            found[-1][2].append((cells[1], cells[2]))
    # The first row of each table is its head.
    return [(title, count, rows[1:]) for title, count, rows in found]


ROWS = [(title, fact, cell) for title, _, rows in sections() for fact, cell in rows]


@functools.cache
def names_in(path):
    """Names of the tests that a file really runs."""
    text = read(path)
    if path.endswith(".py"):
        return {node.name for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    defined = set(re.findall(r"^static void\s+(\w+)\(void \*\*state\)$", text, re.M))
    run = text[text.index("struct CMUnitTest"):]
    return {name for name in defined if re.search(rf"\b{name}\b", run)}


@pytest.mark.parametrize("title,count,rows", sections(), ids=[s[0] for s in sections()])
def test_a_section_has_as_many_rows_as_its_heading_says(title, count, rows):
    assert len(rows) == count, title
    assert len({fact for fact, _ in rows}) == count, f"{title}: a row twice"


def test_every_cell_names_tests_that_exist_or_says_why_none_can():
    bad = []
    for title, fact, cell in ROWS:
        if cell.startswith("design: "):
            if len(cell.split()) < 7:
                bad.append(f"{title}: {fact}: say why")
            continue
        if not re.fullmatch(r"`[^` ]+`( `[^` ]+`)*", cell):
            bad.append(f"{title}: {fact}: tests are written `file::name`")
            continue
        for name in re.findall(r"`([^`]+)`", cell):
            path, _, test = name.partition("::")
            if not os.path.exists(os.path.join(TOP, path)) or test not in names_in(path):
                bad.append(f"{title}: {fact}: no test {name}")
    assert not bad, "\n".join(bad)
