# SPDX-License-Identifier: Apache-2.0
"""Realization that is slow or fails for one object, and tag calls that fail."""

import pytest

from support.nsx_client import (
    GROUP_PATH, IDS, INFECTED, QUARANTINE, STATUS, TAGS, VMS, check_error,
)
from support.waiting import wait_for

POLICY_PATH = "/infra/domains/default/security-policies/quarantine"
OPERATIONS = TAGS + "/tag-operations"


def state(nsx, path):
    answer = nsx.get(STATUS, intent_path=path, include_enforced_status="true").json
    (point,) = answer["consolidated_status_per_enforcement_point"]
    word = answer["consolidated_status"]["consolidated_status"]
    assert point["consolidated_status"]["consolidated_status"] == word
    return word, answer["publish_status"]


@pytest.mark.parametrize("word, published", [
    ("ERROR", "ERROR"), ("IN_PROGRESS", "UNREALIZED"), ("UNKNOWN", "UNAVAILABLE"),
    ("UNINITIALIZED", "UNAVAILABLE"), ("SUCCESS", "REALIZED"),
])
def test_one_object_can_be_in_any_state(nsx, word, published):
    path = GROUP_PATH + "/quarantine"
    nsx.control("POST", "realization", {"path": path, "state": word})
    assert state(nsx, path) == (word, published)
    assert state(nsx, POLICY_PATH) == ("SUCCESS", "REALIZED")
    nsx.control("POST", "realization", {"path": path})
    assert state(nsx, path) == ("SUCCESS", "REALIZED")


@pytest.mark.parametrize("path", [POLICY_PATH, POLICY_PATH + "/rules/quarantine-out"])
def test_what_is_not_realized_does_not_act(nsx, path):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert not nsx.allowed("VDI-01", "file-server")
    nsx.control("POST", "realization", {"path": path, "state": "ERROR"})
    assert nsx.allowed("VDI-01", "file-server")
    nsx.control("POST", "realization", {"path": path})
    assert not nsx.allowed("VDI-01", "file-server")


def test_one_object_can_be_slow(nsx):
    nsx.control("POST", "realization", {"path": POLICY_PATH, "delay_ms": 400})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert state(nsx, POLICY_PATH)[0] == "IN_PROGRESS"
    assert state(nsx, GROUP_PATH + "/quarantine")[0] == "SUCCESS"
    wait_for(lambda: state(nsx, POLICY_PATH)[0] == "SUCCESS", "the slow policy")


def test_an_unknown_state_is_refused(nsx):
    answer = nsx.send("POST", "/sim/realization", {"path": "/x", "state": "BAD"}, {})
    assert "state: must be SUCCESS" in answer.json["error"]


# ---- tag calls -----------------------------------------------------------------------


def operate(nsx, name, *external_ids):
    return nsx.send("PUT", f"{OPERATIONS}/{name}", {
        "tag": QUARANTINE,
        "apply_to": [{"resource_type": "VirtualMachine",
                      "resource_ids": list(external_ids)}]})


def test_tag_operations_fail_for_the_vms_that_a_script_names(nsx):
    nsx.control("POST", "tag-failures",
                {"external_ids": [IDS["VDI-02"]], "details": "host is gone"})
    assert operate(nsx, "one", INFECTED, IDS["VDI-02"]).status == 200

    def ended():
        answer = nsx.get(f"{OPERATIONS}/one/status").json
        return answer if answer["status"] in ("Success", "Error") else None

    status = wait_for(ended, "the operation to end")
    assert status["status"] == "Error"
    good, bad = status["apply_to"][0]["resource_tag_status"]
    assert (good["resource_id"], good["tag_status"]) == (INFECTED, "Success")
    assert bad == {"resource_id": IDS["VDI-02"], "resource_display_name": "VDI-02",
                   "tag_status": "Error", "details": "host is gone"}
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert nsx.tags_of(IDS["VDI-02"]) == []
    nsx.control("POST", "tag-failures", {"external_ids": []})
    operate(nsx, "two", IDS["VDI-02"])
    wait_for(lambda: nsx.tags_of(IDS["VDI-02"]) == [QUARANTINE], "the tag")


def test_an_operation_that_ends_sooner_is_not_kept_waiting(nsx):
    nsx.settings(tag_operation_delay_ms=60000)
    operate(nsx, "late", INFECTED)
    nsx.settings(tag_operation_delay_ms=0)
    operate(nsx, "soon", IDS["VDI-02"])
    assert nsx.tags_of(IDS["VDI-02"]) == [QUARANTINE]
    assert nsx.get(f"{OPERATIONS}/late/status").json["status"] == "Pending"


def test_an_operation_cannot_be_put_twice(nsx):
    assert operate(nsx, "one", INFECTED).status == 200
    check_error(operate(nsx, "one", IDS["VDI-02"]), 409, 500087)
    assert operate(nsx, "other", IDS["VDI-02"]).status == 200


def test_a_manager_can_lack_tag_operations(nsx):
    nsx.settings(tag_operations=False)
    check_error(operate(nsx, "one", INFECTED), 404, 600)
    check_error(nsx.get(f"{OPERATIONS}/one"), 404, 600)
    check_error(nsx.get(f"{OPERATIONS}/one/status"), 404, 600)
    nsx.settings(missing_policy_object="400")
    check_error(operate(nsx, "one", INFECTED), 400, 500012)
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204


def test_a_manager_can_lack_add_and_remove_tags(nsx):
    nsx.settings(add_remove_tags=False)
    check_error(nsx.tag("add_tags", INFECTED, QUARANTINE), 404, 600)
    check_error(nsx.tag("remove_tags", INFECTED, QUARANTINE), 404, 600)
    assert nsx.tag("update_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.get(VMS).status == 200
