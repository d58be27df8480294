# SPDX-License-Identifier: Apache-2.0
"""The journal, and faults at exact points of a request."""

import concurrent.futures
import http.client
import json

import pytest

from support.nsx_client import GROUPS, INFECTED, QUARANTINE, TAGS, VIFS, VMS
from support.waiting import wait_for


# ---- journal -------------------------------------------------------------------------


def test_the_journal_tells_requests_and_effects(nsx):
    nsx.get(VMS, page_size=1)
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    nsx.get(GROUPS + "/x")
    journal = nsx.journal()
    assert [(r["number"], r["method"], r["path"], r["status"], r["answered"])
            for r in journal["requests"]] == [
                (1, "GET", VMS + "?page_size=1", 200, True),
                (2, "POST", VMS + "?action=add_tags", 204, True),
                (3, "GET", GROUPS + "/x", 404, True)]
    assert json.loads(journal["requests"][1]["body"])["external_id"] == INFECTED
    (change,) = journal["changes"]
    assert change["request"] == 2
    assert change["external_id"] == INFECTED
    assert (change["change"], change["scope"], change["tag"]) == (
        "added", "nsx-quarantine", "isolated")
    assert [r["number"] for r in nsx.journal(since=2)["requests"]] == [3]
    nsx.control("POST", "journal/clear")
    assert nsx.requests() == []
    nsx.get(VMS)
    assert [r["number"] for r in nsx.requests()] == [4]


def test_the_journal_can_be_waited_for(nsx):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(nsx.journal, min_changes=1, timeout_ms=20000)
        nsx.tag("add_tags", INFECTED, QUARANTINE)
        assert len(waiting.result()["changes"]) == 1
    assert nsx.journal(min_requests=99, timeout_ms=1)["last_request"] == 1


def test_control_calls_are_not_in_the_journal_and_need_no_login(nsx):
    nsx.control("GET", "world")
    nsx.flow("VDI-01", "VDI-02")
    assert nsx.requests() == []


def test_the_log_has_a_line_for_each_request(nsx):
    nsx.get(VMS)
    nsx.fault(path=VIFS, reset=True)
    with pytest.raises(OSError):
        nsx.get(VIFS)
    with open(nsx.path("nsx.log"), encoding="utf-8") as file:
        first, second = file.read().splitlines()
    assert first.endswith(f"#1 GET {VMS} answered 200")
    assert second.endswith(f"#2 GET {VIFS} reset 0 fault=reset")


# ---- faults --------------------------------------------------------------------------


ADD = {"method": "POST", "path": VMS, "query": "action=add_tags"}


def effect(nsx):
    return [change for _, change, _ in nsx.changes()]


def test_a_fault_fits_by_method_path_and_query(nsx):
    nsx.fault(**ADD, status=500)
    assert nsx.get(VMS).status == 200
    assert nsx.tag("remove_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 500
    assert effect(nsx) == []
    nsx.control("DELETE", "faults")
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204


def test_a_fault_skips_and_ends_as_often_as_it_says(nsx):
    nsx.fault(path=VMS, after=2, times=3, status=503)
    assert [nsx.get(VMS).status for _ in range(7)] == [200, 200, 503, 503, 503, 200, 200]
    (fault,) = nsx.control("GET", "faults")
    assert (fault["matched"], fault["applied"]) == (5, 3)


def test_the_first_fault_that_still_applies_wins(nsx):
    nsx.control("POST", "faults", [{"path": VMS, "times": 1, "status": 429},
                                   {"path": VMS, "times": 1, "status": 503},
                                   {"status": 418}])
    assert [nsx.get(VMS).status for _ in range(3)] == [429, 503, 418]


def test_status_answers_what_it_is_given(nsx):
    nsx.fault(path=VMS, status=429, body={"error_code": "102"},
              headers={"Retry-After": "7"}, times=1)
    answer = nsx.get(VMS)
    assert (answer.status, answer.json) == (429, {"error_code": "102"})
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    nsx.fault(path=VMS, status=502, body="<h1>no", content_type="text/plain", times=1)
    answer = nsx.get(VMS)
    assert (answer.status, answer.text) == (502, "<h1>no")
    assert answer.headers["Content-Type"] == "text/plain"
    nsx.fault(path=VMS, status=500, times=1)
    assert nsx.get(VMS).text == ""


def test_html_is_the_page_of_a_proxy(nsx):
    nsx.fault(**ADD, html=True)
    answer = nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert effect(nsx) == []


def test_delay_keeps_only_its_own_request_waiting(nsx):
    nsx.fault(path=VIFS, delay_ms=400)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(nsx.get, VIFS)
        nsx.journal(min_requests=1)
        assert nsx.get(VMS).status == 200
        assert [r["status"] for r in nsx.requests()] == [0, 200], "vifs is not answered yet"
        assert slow.result().status == 200


def test_a_delay_may_come_before_another_fault(nsx):
    nsx.fault(path=VMS, delay_ms=1, status=503)
    assert nsx.get(VMS).status == 503


def test_hang_never_answers_and_blocks_nobody(nsx):
    nsx.fault(**ADD, hang=True)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        hung = [pool.submit(nsx.tag, "add_tags", INFECTED, QUARANTINE, timeout=1)
                for _ in range(20)]
        nsx.journal(min_requests=20)
        assert nsx.get(VMS).status == 200
        for future in hung:
            with pytest.raises(TimeoutError):
                future.result()
    assert effect(nsx) == []
    assert not any(r["answered"] for r in nsx.requests() if r["method"] == "POST")


def test_a_hung_request_ends_with_its_client(nsx):
    nsx.control("PATCH", "settings", {"concurrent_requests": 3})
    nsx.fault(path=VIFS, hang=True)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            nsx.send("GET", VIFS, timeout=0.5)
    wait_for(lambda: nsx.get(VMS).status == 200, "the hung requests to be given up")


def test_a_held_request_is_not_applied_until_it_is_released(nsx):
    nsx.fault(**ADD, hold=True, times=1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(nsx.tag, "add_tags", INFECTED, QUARANTINE)
        held = nsx.control("GET", "held", count=1)
        assert held["reached"]
        (one,) = held["held"]
        assert (one["method"], one["applied"], one["client_gone"]) == ("POST", False, False)
        assert nsx.tags_of(INFECTED) == []
        assert nsx.control("POST", "release", [{"all": True}]) == {"released": 1}
        assert asked.result().status == 204
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert nsx.control("GET", "held") == {"count": 0, "reached": True, "held": []}


def test_an_answer_can_be_held_after_the_effect(nsx):
    nsx.fault(**ADD, hold_after=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(nsx.tag, "add_tags", INFECTED, QUARANTINE)
        (one,) = nsx.control("GET", "held", count=1)["held"]
        assert one["applied"]
        assert nsx.tags_of(INFECTED) == [QUARANTINE]
        assert nsx.requests()[0]["answered"] is False
        nsx.control("POST", "release", {"number": one["number"]})
        assert asked.result().status == 204
    assert nsx.requests()[0]["answered"] is True


@pytest.mark.parametrize("apply, expected", [(True, ["added"]), (False, [])])
def test_a_held_request_outlives_its_client(nsx, apply, expected):
    nsx.fault(**ADD, hold=True)
    connection = nsx.connect()
    connection.request("POST", VMS + "?action=add_tags",
                       json.dumps({"external_id": INFECTED, "tags": [QUARANTINE]}),
                       nsx.login())
    nsx.control("GET", "held", count=1)
    connection.close()
    wait_for(lambda: nsx.control("GET", "held")["held"][0]["client_gone"],
             "the simulator to see the end of the connection")
    nsx.control("POST", "release", [{"all": True, "apply": apply}])
    wait_for(lambda: nsx.control("GET", "held")["count"] == 0, "the release")
    wait_for(lambda: effect(nsx) == expected, "the effect")
    wait_for(lambda: not nsx.requests()[0]["answered"], "the answer to be lost")


def test_held_requests_are_released_one_by_one(nsx):
    nsx.fault(path=VMS, hold=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(nsx.get, VMS, page_size=size) for size in (1, 2)]
        held = nsx.control("GET", "held", count=2)["held"]
        later = next(one for one in held if one["path"].endswith("=2"))
        nsx.control("POST", "release", [{"number": later["number"]}])
        assert len(asked[1].result().results) == 2
        assert nsx.control("GET", "held")["count"] == 1
        nsx.control("POST", "release", {})
        assert len(asked[0].result().results) == 1


def test_waiting_for_held_requests_ends_in_time(nsx):
    answer = nsx.control("GET", "held", count=1, timeout_ms=10)
    assert answer == {"count": 0, "reached": False, "held": []}


def test_truncate_announces_more_than_it_sends(nsx):
    nsx.fault(path=VMS, truncate=100)
    with pytest.raises(http.client.IncompleteRead) as cut:
        nsx.get(VMS)
    assert len(cut.value.partial) == 100
    assert cut.value.partial.startswith(b'{"results":[')
    (entry,) = nsx.requests()
    assert (entry["status"], entry["answered"], entry["fault"]) == (200, False, "truncate")


def test_truncate_does_not_touch_shorter_bodies(nsx):
    nsx.fault(truncate=100000)
    assert nsx.get(VMS).status == 200
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204


def test_reset_is_a_reset_and_has_no_effect(nsx):
    nsx.fault(**ADD, reset=True)
    with pytest.raises(ConnectionResetError):
        nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert effect(nsx) == []
    assert nsx.requests()[0]["answered"] is False


def test_drop_after_apply_leaves_the_outcome_open(nsx):
    nsx.fault(**ADD, drop_after_apply=True)
    with pytest.raises(http.client.RemoteDisconnected) as end:
        nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert not isinstance(end.value.__context__, ConnectionResetError)
    assert effect(nsx) == ["added"]
    assert nsx.requests()[0]["answered"] is False


def test_ignore_answers_success_and_does_nothing(nsx):
    nsx.fault(ignore=True)
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.tag("add_tags", "nobody", QUARANTINE).status == 404
    answer = nsx.send("PUT", TAGS + "/tag-operations/x", {"tag": QUARANTINE})
    assert answer.status == 200
    assert effect(nsx) == []
    assert nsx.get(TAGS + "/tag-operations/x").status == 404
