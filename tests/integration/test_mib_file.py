# SPDX-License-Identifier: Apache-2.0
"""NSX-QUARANTINE-MIB read by parsers that the drift test of tests/unit does not use: pysmi
and smidump. What the agent serves is told by its own rows."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree

import pytest
from pysmi.codegen.jsondoc import JsonCodeGen
from pysmi.compiler import MibCompiler
from pysmi.parser.smi import parserFactory
from pysmi.reader.localfile import FileReader
from pysmi.searcher import StubSearcher
from pysmi.writer import CallbackWriter

from support.lab import BUILD, MIBS, OUT
from support.snmp import MODULE

# RFC 2578 allows 64 and advises 32; some products cut what is longer.
LONGEST_NAME = 32

# ASN.1 tags of the rows, and what the module may call them.
TYPES = {2: {"INTEGER", "TruthValue", "RowStatus"}, 4: {"NqText", "Bits", "DateAndTime"},
         65: {"Counter32"}, 66: {"Gauge32", "Unsigned32"}, 67: {"TimeStamp"}, 70: {"Counter64"}}


def compile_module(folder):
    """What pysmi makes of the module in that folder, and its verdict."""
    made = {}
    compiler = MibCompiler(parserFactory()(), JsonCodeGen(),
                           CallbackWriter(lambda name, text, _: made.update({name: text})))
    compiler.addSources(FileReader(folder))
    compiler.addSearchers(StubSearcher(*JsonCodeGen.baseMibs))
    verdict = compiler.compile(MODULE, genTexts=True)
    return json.loads(made.get(MODULE, "{}")), verdict


@pytest.fixture(scope="module")
def module():
    return compile_module(MIBS)[0]


@pytest.fixture(scope="module")
def smi():
    """The module as smidump sees it; only this one tells refinements."""
    text = subprocess.run(
        ["smidump", "-c", "/dev/null", "-f", "xml", os.path.join(MIBS, MODULE)],
        env={**os.environ, "SMIPATH": MIBS}, capture_output=True, text=True, check=True).stdout
    return xml.etree.ElementTree.fromstring(text)


@pytest.fixture(scope="module")
def rows():
    """[[kind, OID, name, ...]] of the agent."""
    text = subprocess.run([os.path.join(OUT, "mibrows")], capture_output=True, text=True,
                          check=True).stdout
    return [line.split() for line in text.splitlines()]


def objects(rows):
    return [(oid, name, access, int(tag)) for kind, oid, name, access, tag in
            (row for row in rows if row[0] == "object")]


def writable(rows):
    return {name for _, name, access, _ in objects(rows) if access.startswith("read-")
            and access != "read-only"}


def of_class(module, kind):
    return {name: node for name, node in module.items() if node.get("class") == kind}


def test_a_second_parser_compiles_the_module_without_a_complaint():
    module, verdict = compile_module(MIBS)

    assert verdict[MODULE] == "compiled", verdict[MODULE]
    assert set(verdict.values()) == {"compiled", "untouched"}, verdict
    assert len(module) > 150


def test_the_second_parser_finds_a_mistake(tmp_path):
    for name in os.listdir(MIBS):
        with open(os.path.join(MIBS, name), encoding="utf-8") as file:
            text = file.read()
        if name == MODULE:
            text = text.replace("SYNTAX      NqText", "SYNTAX      NqTxet", 1)
        (tmp_path / name).write_text(text, encoding="utf-8")

    assert compile_module(str(tmp_path))[1][MODULE] != "compiled"


def test_the_second_parser_sees_the_names_numbers_and_access_of_the_agent(module, rows):
    parsed = {(node["oid"], name, node["maxaccess"])
              for name, node in of_class(module, "objecttype").items()
              if node["nodetype"] in ("scalar", "column")}

    assert parsed == {row[:3] for row in objects(rows)}
    for _, name, _, tag in objects(rows):
        assert module[name]["syntax"]["type"] in TYPES[tag], name


def test_the_second_parser_sees_the_notifications_of_the_agent(module, rows):
    parsed = {(node["oid"], name, *(thing["object"] for thing in node["objects"]))
              for name, node in of_class(module, "notificationtype").items()}

    assert parsed == {tuple(row[1:]) for row in rows if row[0] == "notification"}


def test_no_name_is_longer_than_every_product_can_take(module):
    names = set(module)
    for node in module.values():
        syntax = node.get("syntax", {})
        names.update(syntax.get("bits", {}), syntax.get("constraints", {}).get("enumeration", {}))

    assert len(names) > 200
    assert {name for name in names if len(name) > LONGEST_NAME} == set()


def test_every_object_and_notification_is_in_one_group_of_both_compliances(module):
    groups = {**of_class(module, "objectgroup"), **of_class(module, "notificationgroup")}
    members = [thing["object"] for group in groups.values() for thing in group["objects"]]
    wanted = [name for name, node in module.items()
              if node.get("class") == "notificationtype"
              or node.get("nodetype") in ("scalar", "column")
              and node["maxaccess"] != "not-accessible"]

    assert sorted(members) == sorted(wanted)
    for name, node in of_class(module, "modulecompliance").items():
        assert {thing["object"] for thing in node["modulecompliance"]} == set(groups), name
    assert len(of_class(module, "modulecompliance")) == 2


def test_the_read_only_compliance_asks_for_no_write_access(smi, rows):
    found = {compliance.get("name"): {
        refinement.get("name"): refinement.findtext("access")
        for refinement in compliance.findall("refinements/refinement")}
        for compliance in smi.findall("compliances/compliance")}

    assert found == {"nqFullCompliance": {},
                     "nqReadOnlyCompliance": dict.fromkeys(writable(rows), "readonly")}


def test_the_security_considerations_name_every_writable_object_or_its_table(module, rows):
    text = re.search(r"SECURITY CONSIDERATIONS These objects are writable(.*?)Who may set them",
                     module["nsxQuarantineMIB"]["description"]).group(1)
    tables = {node["oid"]: name for name, node in module.items()
              if node.get("nodetype") == "table"}

    for oid, name, _, _ in objects(rows):
        if name in writable(rows):
            table = tables.get(oid.rsplit(".", 2)[0], name)
            assert re.search(rf"\b({name}|{table})\b", text), name


def test_the_last_update_is_the_newest_revision(module):
    identity = module["nsxQuarantineMIB"]
    revisions = [revision["revision"] for revision in identity["revisions"]]

    assert revisions == sorted(revisions, reverse=True)
    assert re.sub(r"\D", "", revisions[0]) + "Z" == identity["lastupdated"]


def test_the_page_about_the_mib_has_every_object_with_its_number(rows):
    with open(os.path.join(BUILD, "doc", f"{MODULE}.md"), encoding="utf-8") as file:
        page = file.read()
    sections = dict(re.findall(r"^### (\S+)\n\n`([\d.]+)`", page, re.M))

    assert {row[2]: row[1] for row in rows}.items() <= sections.items()
    listed = dict(re.findall(r"^\| `([\d.]+)` \| (nq\w+) \| [^|]+ \| [\w-]+ \|$", page, re.M))
    assert {oid.removesuffix(".0"): name for oid, name in listed.items()} \
        == {oid: name for oid, name, _, _ in objects(rows)}
