# SPDX-License-Identifier: Apache-2.0
"""Answers that are too long, too slow or cut, and what the journal keeps of them."""

import http.client
import json
import time

import pytest

from support.nsx_client import INFECTED, QUARANTINE, VIFS, VMS


@pytest.mark.parametrize("size", [65536, 3_000_000, 17 * 1024 * 1024])
def test_pad_blows_an_answer_up_to_its_size(nsx, size):
    plain = nsx.get(VMS).json
    nsx.fault(path=VMS, pad=size)
    answer = nsx.get(VMS)
    assert len(answer.text) == size
    assert answer.headers["Content-Length"] == str(size)
    assert answer.json == plain
    (entry,) = nsx.requests()[1:]
    assert (entry["status"], entry["answered"], entry["fault"]) == (200, True, "pad")


def test_pad_never_cuts(nsx):
    nsx.fault(pad=10)
    assert len(nsx.get(VMS).results) == 6


def test_a_client_that_stops_reading_is_noticed(nsx):
    nsx.fault(path=VMS, pad=200_000_000)
    connection = nsx.connect()
    connection.request("GET", VMS, headers=nsx.login())
    connection.getresponse().read(1000)
    connection.close()
    assert nsx.get(VIFS).status == 200


def test_chunked_hides_the_length(nsx):
    nsx.fault(path=VMS, chunked=True, pad=100_000)
    answer = nsx.get(VMS)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in answer.headers
    assert len(answer.text) == 100_000


def test_slow_lets_the_body_trickle(nsx):
    length = len(nsx.get(VIFS).text)
    nsx.fault(path=VIFS, slow=length * 2)
    start = time.monotonic()
    assert nsx.get(VIFS).status == 200
    assert time.monotonic() - start > 0.35, "about half a second for all of it"


def test_slow_ends_with_its_client(nsx):
    nsx.fault(path=VMS, slow=1)
    with pytest.raises(TimeoutError):
        nsx.get(VMS, timeout=0.5)
    assert nsx.get(VIFS).status == 200


def test_half_an_answer_after_the_effect(nsx):
    length = len(nsx.get(VMS).text)
    nsx.fault(path=VMS, half=True)
    with pytest.raises(http.client.IncompleteRead) as cut:
        nsx.get(VMS)
    assert len(cut.value.partial) == length // 2
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.changes()[0][1] == "added"


def test_what_accompanies_goes_with_an_answer_of_the_fault(nsx):
    nsx.fault(path=VMS, status=200, body={"results": []}, pad=5000, delay_ms=1)
    answer = nsx.get(VMS)
    assert (len(answer.text), answer.results) == (5000, [])


def test_retry_after_goes_with_a_status(nsx):
    nsx.fault(path=VMS, status=503, retry_after=3, times=1)
    answer = nsx.get(VMS)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
    assert "X-Nsx-Requestid" in answer.headers


@pytest.mark.parametrize("fault, message", [
    ({"retry_after": 1}, "no member says what goes wrong"),
    ({"retry_after": 1, "hang": True}, "[0].retry_after: goes with status"),
    ({"slow": 0}, "[0].slow: must be 1 byte in a second or more"),
    ({"pad": 2 ** 40}, "[0].pad: more than"),
    ({"half": True, "truncate": 3}, "[0].half: another member"),
    ({"node": -1, "hang": True}, "[0].node: must be a whole number"),
])
def test_a_wrong_fault_is_refused(nsx, fault, message):
    answer = nsx.send("POST", "/sim/faults", [fault], {})
    assert answer.status == 400
    assert message in answer.json["error"]
    assert nsx.control("GET", "faults") == []


def test_the_journal_keeps_what_was_answered(nsx):
    nsx.get(VMS, page_size=1)
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    nsx.fault(path=VIFS, status=502, body="<h1>no", content_type="text/plain")
    nsx.get(VIFS)
    assert all("answer" not in request for request in nsx.requests())
    vms, tag, vifs = [r["answer"] for r in nsx.journal(bodies=1)["requests"]]
    assert vms["status"] == 200
    assert vms["content_type"] == "application/json;charset=UTF-8"
    assert len(json.loads(vms["body"])["results"]) == 1
    assert tag == {"status": 204, "content_type": "", "body": ""}
    assert vifs == {"status": 502, "content_type": "text/plain", "body": "<h1>no"}


def test_the_journal_cuts_what_is_very_long(nsx):
    nsx.fault(path=VMS, status=200, body="x" * 100_000)
    nsx.get(VMS)
    (entry,) = nsx.journal(bodies=1)["requests"]
    assert len(entry["answer"]["body"]) == 65536
