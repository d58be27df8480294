# SPDX-License-Identifier: Apache-2.0
"""The checkers of `make conformance`, with small descriptions of our own: what keeps to
them passes, and each way to break them is told."""

import json
import os

import pytest

from conformance.exchange import Exchange
from conformance.markup import parse
from conformance.raml import read_vsphere_generation, spell_out
from conformance.swagger import read_policy_generation
from support.lab import TOP

DATA = os.path.join(TOP, "tests/data/conformance")
TINY = os.path.join(DATA, "tiny")
BOXES = "/policy/api/v1/boxes"
SHELVES = "/api/v1/shelves"
JSON = {"content-type": "application/json"}
XML = {"accept": "application/xml", "content-type": "application/xml"}


@pytest.fixture(scope="module")
def policy():
    return read_policy_generation(TINY, TINY)


@pytest.fixture(scope="module")
def vsphere():
    return read_vsphere_generation(TINY, TINY)


def ask(path, answer=None, status=200, method="GET", body="", headers=None, **more):
    """An exchange as the journal shows it. answer: a JSON value, or text as it is."""
    text = answer if isinstance(answer, str) else "" if answer is None else json.dumps(answer)
    media = more.pop("media", "application/json;charset=UTF-8" if text else "")
    return Exchange.from_journal({
        "method": method, "path": path, "status": status,
        "headers": JSON if headers is None else headers,
        "body": body if isinstance(body, str) else json.dumps(body),
        "answer": {"status": status, "content_type": media, "body": text}, **more})


def wrong(catalogue, exchange):
    return catalogue.judge(exchange)[1]


def only(sentences):
    assert len(sentences) == 1, sentences
    return sentences[0]


# ---- calls -----------------------------------------------------------------------------

def test_a_call_is_found_by_its_method_path_and_action(policy):
    opened = ask(f"{BOXES}/a%2Fb?action=open", method="POST", body={"force": 1}, answer={})
    plain = ask(f"{BOXES}/a", {"id": "a"})

    assert str(policy.find(opened)) == f"POST {BOXES}/{{box-id}}?action=open"
    assert str(policy.find(plain)) == f"GET {BOXES}/{{box-id}}"
    assert wrong(policy, opened) == []
    assert wrong(policy, plain) == []


@pytest.mark.parametrize("method,path", [
    ("PUT", BOXES), ("GET", f"{BOXES}/a/b"), ("GET", f"{BOXES}/"), ("GET", "/api/v1/boxes"),
    ("POST", f"{BOXES}/a"), ("POST", f"{BOXES}/a?action=close"),
    ("DELETE", f"{BOXES}/a"),  # the Policy file has it, but nothing says what it answers
])
def test_a_call_that_nobody_described_is_told(policy, method, path):
    assert only(wrong(policy, ask(path, method=method))) == "no description has this call"


@pytest.mark.parametrize("query,sentence", [
    ("room=1&page_size=10&empty=true", None),
    ("room=1&page_size=11", "query.page_size: 11 is above 10"),
    ("room=1&page_size=-1", "query.page_size: -1 is below 0"),
    ("room=1&page_size=ten", "query.page_size: 'ten' is no integer"),
    ("room=1&empty=yes", "query.empty: 'yes' is no boolean"),
    ("room=1&colour=RED", "query: no parameter colour"),
    ("room=1&room=2", "query: room twice"),
    ("empty=false", "query: no room, which is required"),
])
def test_parameters_are_those_of_the_description(policy, query, sentence):
    found = wrong(policy, ask(f"{SHELVES}?{query}", {"name": "a", "colour": "RED"}))

    assert found == ([] if sentence is None else [sentence])


# ---- JSON ------------------------------------------------------------------------------

@pytest.mark.parametrize("answer,sentence", [
    ({"results": []}, None),
    ({"results": [{"id": "a", "weight": 1, "open": False, "notes": ["x"], "extra": [1]}]},
     None),
    ({}, "body: no member results"),
    ([], "body: [] is no object"),
    ({"results": {}}, "body.results: {} is no array"),
    ({"results": [{"colour": 1}]}, "body.results[0]: unknown member colour"),
    ({"results": [{"open": 1}]}, "body.results[0].open: 1 is no boolean"),
    ({"results": [{"notes": [None]}]}, "body.results[0].notes[0]: None is no string"),
    ({"results": [{"weight": True}]}, "body.results[0].weight: True is no integer"),
    ({"results": [{"lids": [{"kind": "RoundLid", "radius": 1}]}]}, None),
    ({"results": [{"lids": [{"kind": "RoundLid"}]}]},
     "body.results[0].lids[0]: no member radius"),
    ({"results": [{"lids": [{"kind": "Square"}]}]},
     "body.results[0].lids[0].kind: 'Square' is no kind of policy#Lid"),
    ("{", "body: no JSON: Expecting property name enclosed in double quotes: "
          "line 1 column 2 (char 1)"),
])
def test_an_answer_is_of_its_type(policy, answer, sentence):
    found = wrong(policy, ask(BOXES, answer))

    assert found == ([] if sentence is None else [f"answer 200: {sentence}"])


@pytest.mark.parametrize("answer,sentence", [
    ({"name": "a", "colour": "BLUE", "levels": [1, 2]}, None),
    ({"name": "a", "colour": "GREEN"}, "body.colour: 'GREEN' is none of RED, BLUE"),
    ({"name": "abcdef", "colour": "RED"}, "body.name: 6 are more than maxLength 5"),
    ({"name": "a", "colour": "RED", "levels": [1, 2, 3]},
     "body.levels: 3 are more than maxItems 2"),
    ({"colour": "RED"}, "body: no member name"),
])
def test_inherited_members_and_limits_count(policy, answer, sentence):
    found = wrong(policy, ask(f"{SHELVES}?room=1", answer))

    assert found == ([] if sentence is None else [f"answer 200: {sentence}"])


@pytest.mark.parametrize("answer,good", [
    ({"name": "a", "weight": "5kg"}, True), ({"flat": True}, True),
    ({"weight": "five"}, False), ({"flat": 1}, False),
])
def test_a_documented_deviation_is_allowed_and_no_more_than_that(policy, answer, good):
    assert (wrong(policy, ask(f"{BOXES}/a", answer)) == []) == good


@pytest.mark.parametrize("body,headers,sentence", [
    ({"name": "a", "colour": "RED"}, JSON, None),
    ({"name": "a", "colour": "RED", "x": 1}, JSON, "request: unknown member x"),
    ({"name": "a"}, JSON, "request: no member colour"),
    ({"name": "a", "colour": "RED"}, {"content-type": "text/plain"},
     "request: content type 'text/plain', expected application/json"),
    ({"name": "a", "colour": "RED"}, {"Accept": "*/*", "Content-Type": None},
     "request: content type '', expected application/json"),
    ({"name": "a", "colour": "RED"}, {}, None),
])
def test_a_request_body_is_of_its_type(policy, body, headers, sentence):
    found = wrong(policy, ask(f"{SHELVES}?action=paint", method="POST", body=body,
                              headers=headers, status=204))

    assert found == ([] if sentence is None else [sentence])


@pytest.mark.parametrize("body,sentence", [
    ("user=a&word=b%26c", None),
    ("user=a", "request: no member word"),
    ("user=a&word=b&word=c", "request: a member twice"),
    # A password that was not percent-encoded falls apart at its ampersand.
    ("user=a&word=b&c", "request: unknown member c"),
])
def test_a_form_is_of_its_type(policy, body, sentence):
    found = wrong(policy, ask("/api/login", method="POST", body=body,
                              headers={"content-type": "application/x-www-form-urlencoded"}))

    assert found == ([] if sentence is None else [sentence])


@pytest.mark.parametrize("exchange,sentence", [
    (ask(BOXES, {"results": []}, body={}), "request: has a body"),
    (ask(BOXES, {"results": []}, status=201), "answer 201: not among the statuses [200]"),
    (ask(BOXES, {"results": []}, media="text/html"),
     "answer 200: content type 'text/html', expected application/json"),
    (ask(f"{SHELVES}?action=paint", {}, 204, "POST", {"name": "a", "colour": "RED"}),
     "answer 204: has a body"),
    (ask(BOXES, {"error_message": "no"}, status=400), "answer 400: body: no member error_code"),
    (ask(BOXES, "<html>", status=503), "answer 503: body: no JSON: Expecting value: "
                                       "line 1 column 1 (char 0)"),
])
def test_bodies_where_none_belong_statuses_and_errors_are_told(policy, exchange, sentence):
    assert wrong(policy, exchange) == [sentence]


def test_an_error_in_its_form_and_a_scripted_answer_pass(policy):
    assert wrong(policy, ask(BOXES, {"error_code": 600}, status=404)) == []
    assert wrong(policy, ask(BOXES, "<html>", status=503, fault="html")) == []
    assert wrong(policy, ask(BOXES, status=0)) == []


def test_an_answer_that_the_journal_did_not_keep_is_told(policy):
    exchange = Exchange.from_journal({"method": "GET", "path": BOXES, "status": 200})

    assert wrong(policy, exchange) == ["the journal does not have the answer"]


# ---- XML -------------------------------------------------------------------------------

def ask_xml(path, answer="", **more):
    more.setdefault("media", "application/xml;charset=UTF-8" if answer else "")
    more.setdefault("headers", XML)
    return ask(path, answer, **more)


@pytest.mark.parametrize("answer,sentence", [
    ("<boxes/>", None),
    ("<boxes><box kind='flat'><label/><id>box-9</id></box><box/></boxes>", None),
    ("<list><box><id/><count>5</count><label>x</label></box></list>", None),
    ("<box/>", "root box, expected boxes, list"),
    ("<boxes><crate/></boxes>", "boxes: unknown element crate"),
    ("<boxes><box><count>1</count></box></boxes>", "boxes/box: unknown element count"),
    ("<boxes><box colour='red'/></boxes>", "boxes/box: unknown attribute colour"),
    ("<boxes><box><heavy>1</heavy></box></boxes>", "boxes/box/heavy: '1' is no truth value"),
    ("<list><box><count>one</count></box></list>", "list/box/count: 'one' is no number"),
    ("<boxes>none</boxes>", "boxes: a text in place of elements"),
])
def test_xml_has_only_names_that_an_example_has_at_that_place(vsphere, answer, sentence):
    found = wrong(vsphere, ask_xml("/api/2.0/boxes?startIndex=0&full=true", answer))

    assert found == ([] if sentence is None else [f"answer 200: {sentence}"])


@pytest.mark.parametrize("body,good", [
    ("<box><name>a &amp; b</name><heavy>false</heavy></box>", True),
    ("<box><heavy>false</heavy><name>a</name></box>", False),
    ("<box><name>a</name><heavy>no</heavy></box>", False),
    ("<box><name>a</name></box>", False),
    ("<box><name>a & b</name><heavy>true</heavy></box>", False),
    ("", False),
])
def test_an_xml_request_keeps_to_the_xsd(vsphere, body, good):
    found = wrong(vsphere, ask_xml("/api/2.0/boxes", "box-12", method="POST", body=body,
                                   status=201, media="text/plain"))

    assert (found == []) == good, found


@pytest.mark.parametrize("exchange,sentence", [
    (ask_xml("/api/2.0/boxes/1?force=true", method="DELETE"), None),
    (ask_xml("/api/2.0/boxes/1", method="DELETE"), "query: no force, which is required"),
    (ask_xml("/api/2.0/boxes/1/lid", method="PUT"), None),
    (ask_xml("/api/2.0/boxes/1/lid", method="PUT", body="<lid/>"), "request: has a body"),
    (ask_xml("/api/2.0/boxes/1/lid", "<lid><radius>4</radius></lid>"), None),
    (ask_xml("/api/2.0/lids", "<lid><count>4</count></lid>"), None),
    (ask_xml("/api/2.0/lids"), "answer 200: has no body"),
    (ask_xml("/api/2.0/lids", {"id": "1"}, media="application/json"), None),
    (ask_xml("/api/2.0/lids", {"id": 1}, media="application/json"),
     "answer 200: body.id: 1 is no string"),
    (ask_xml("/api/2.0/boxes", {"id": "1"}, media="application/json"),
     "answer 200: content type 'application/json', expected application/xml"),
    (ask_xml("/api/2.0/boxes/1/lid", "<lid/>", headers={"accept": "*/*"}),
     "request: accepts '*/*'; without application/xml the release decides"),
    (ask_xml("/api/2.0/boxes/1/lid", method="PUT", status=404,
             answer="<error><errorCode>202</errorCode></error>"), None),
    (ask_xml("/api/2.0/boxes/1/lid", method="PUT", status=403), None),
    (ask_xml("/api/2.0/boxes/1/lid", method="PUT", status=404, answer="<fault/>"),
     "answer 404: root fault, expected error"),
    (ask_xml("/api/2.0/boxes/1?action=open", method="POST", body="<box><force>1</force></box>"),
     None),
    (ask_xml("/api/2.0/boxes/1?action=turn", method="POST", body="<box/>"),
     "query.action: 'turn' is none of open, close"),
    (ask_xml("/api/2.0/boxes/1?action=open", method="POST", body="<box><id/></box>"),
     "request: box: unknown element id"),
    (ask_xml("/api/2.0/boxes/1?action=open", method="POST"), "request: has no body"),
    (ask_xml("/api/2.0/boxes/1?action=open", method="POST", body="<box/>",
             headers={"accept": "application/xml"}),
     "request: content type '', expected application/xml"),
    (ask_xml("/api/2.0/boxes/1?action=open", method="POST", body="<box/>", headers={}), None),
    (ask_xml("/api/2.0/boxes/1?action=open", method="POST", body="<box/>", answer="<box/>"),
     "answer 200: no description has an example of this answer"),
    (ask_xml("/api/2.0/boxes/1/lid", method="PUT", status=303),
     "answer 303: not among the statuses [200, 201, 204]"),
    (ask_xml("/api/2.0/boxes", "crate-1", method="POST", media="text/plain", status=201,
             body="<box><name>a</name><heavy>true</heavy></box>"),
     "answer 201: 'crate-1' is not like box-[0-9]+"),
    (ask_xml("/api/2.0/boxes", "<boxes>"),
     "answer 200: no XML: Premature end of data in tag boxes line 1, line 1, column 8"),
    (ask_xml("/api/2.0/boxes", {"errorCode": 1}, status=400, media="application/json"), None),
    (ask_xml("/api/2.0/boxes", "[1", status=400, media="application/json"),
     "answer 400: body: no JSON: Expecting ',' delimiter: line 1 column 3 (char 2)"),
    (ask_xml("/api/2.0/boxes", "<html>", status=502, media="text/html"), None),
    (ask_xml("/api/2.0/boxes", "no", status=502, media="text/plain"),
     "answer 502: content type 'text/plain'"),
    (ask("/rest/session", {"value": "x"}, method="POST"), None),
    (ask("/rest/session", {"valu": "x"}, method="POST"), "answer 200: body: no member value"),
])
def test_calls_of_the_older_generation_are_judged(vsphere, exchange, sentence):
    found = wrong(vsphere, exchange)

    assert (found[0] if found else None) == sentence, found


# ---- descriptions that contradict each other -------------------------------------------

@pytest.mark.parametrize("file,old,new,sentence", [
    ("deviations.json", '"policy#Box"', '"policy#Boxes"',
     "no description has a type policy#Boxes"),
    ("deviations.json", '"name", "id"', '"nam", "id"', "policy#Box has no member nam"),
    ("links.json", '"/boxes/{box-id}": {"GET"', '"/boxes/{box-id}": {"PUT"', "has no PUT"),
])
def test_data_of_ours_that_fits_no_published_file_is_refused(tmp_path, file, old, new,
                                                             sentence):
    for name in ("links.json", "younger.json", "deviations.json"):
        with open(os.path.join(TINY, name), encoding="utf-8") as source:
            text = " ".join(source.read().split())
        if name == file:
            assert old in text.replace("{ ", "{"), name
            text = text.replace("{ ", "{").replace(old, new)
        (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=sentence):
        read_policy_generation(TINY, tmp_path)


# ---- our own data ----------------------------------------------------------------------

def test_every_example_of_ours_is_xml_without_loose_ends():
    with open(os.path.join(DATA, "vsphere.json"), encoding="utf-8") as file:
        own = json.load(file)
    examples = [example for call in own["calls"] for example in call.get("examples", [])]

    for example in examples + own["errors"]:
        spelled = spell_out(own["shapes"], example)
        assert "{" not in spelled, spelled
        assert parse(spelled) is not None


@pytest.mark.parametrize("name,list_name,reason", [
    ("younger.json", "calls", "source"), ("vsphere.json", "calls", "source"),
    ("deviations.json", "deviations", "reason")])
def test_everything_beside_the_published_files_says_where_it_is_from(name, list_name, reason):
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        rows = json.load(file)[list_name]

    assert rows
    for row in rows:
        assert len(row[reason].split()) >= 2, row
