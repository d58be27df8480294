# SPDX-License-Identifier: Apache-2.0
"""Tags of a VM: incremental, replaced as a whole, and by bulk operation."""

import pytest

from support.nsx_client import IDS, INFECTED, QUARANTINE, TAGS, VMS, check_error
from support.waiting import wait_for


def test_tags_are_added_and_removed_as_deltas(nsx):
    other = {"scope": "backup", "tag": "daily"}
    answer = nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert (answer.status, answer.text) == (204, "")
    assert nsx.tag("add_tags", INFECTED, other).status == 204
    assert nsx.tags_of(INFECTED) == [QUARANTINE, other]
    assert nsx.tag("remove_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.tags_of(INFECTED) == [other]
    assert nsx.tags_of(IDS["VDI-02"]) == []


def test_repeated_adds_and_removes_succeed_and_have_one_effect(nsx):
    for _ in range(3):
        assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204
    for _ in range(3):
        assert nsx.tag("remove_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.changes() == [("VDI-01", "added", 1), ("VDI-01", "removed", 4)]


@pytest.mark.parametrize("tag", [{"scope": "nsx-quarantine", "tag": "Isolated"},
                                 {"scope": "", "tag": "isolated"}, {"tag": "isolated"},
                                 {"scope": "nsx-quarantine"}, {}])
def test_a_removal_needs_the_exact_scope_and_tag(nsx, tag):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tag("remove_tags", INFECTED, tag).status == 204
    assert nsx.tags_of(INFECTED) == [QUARANTINE]


def test_update_replaces_all_tags(nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tag("update_tags", INFECTED, {"tag": "only"}).status == 204
    assert nsx.tags_of(INFECTED) == [{"scope": "", "tag": "only"}]
    assert nsx.tag("update_tags", INFECTED).status == 204
    assert nsx.tags_of(INFECTED) == []
    assert [change for _, change, _ in nsx.changes()] == [
        "added", "removed", "added", "removed"]


@pytest.mark.parametrize("body, status, code", [
    ({"external_id": "nobody", "tags": [QUARANTINE]}, 404, 600),
    ("{", 400, 287), ("", 400, 287), ("[]", 400, 287), ("{} {}", 400, 287),
    ({"external_id": INFECTED}, 400, 287),
    ({"tags": [QUARANTINE]}, 400, 287),
    ({"external_id": INFECTED, "tags": {}}, 400, 287),
    ({"external_id": INFECTED, "tags": [], "force": True}, 400, 287),
    ({"external_id": INFECTED, "tags": [{"scope": "s" * 129, "tag": "t"}]}, 400, 220),
    ({"external_id": INFECTED, "tags": [{"scope": "s", "tag": "t" * 257}]}, 400, 220),
    ({"external_id": INFECTED, "tags": [{"tag": f"t{i}"} for i in range(31)]},
     400, 610717),
])
def test_bad_tag_requests_are_refused_and_change_nothing(nsx, body, status, code):
    check_error(nsx.send("POST", VMS + "?action=add_tags", body), status, code)
    assert nsx.changes() == []


def test_limits_of_a_tag_are_characters_not_bytes(nsx):
    tag = {"scope": "ü" * 128, "tag": "ü" * 256}
    assert nsx.tag("add_tags", INFECTED, tag).status == 204
    assert nsx.tags_of(INFECTED) == [tag]


def test_the_thirty_first_tag_is_refused(nsx):
    many = [{"scope": "", "tag": f"t{i}"} for i in range(30)]
    assert nsx.tag("add_tags", INFECTED, *many).status == 204
    assert nsx.tag("add_tags", INFECTED, many[0]).status == 204
    check_error(nsx.tag("add_tags", INFECTED, QUARANTINE), 400, 610717)
    assert len(nsx.tags_of(INFECTED)) == 30


@pytest.mark.parametrize("action", ["", "?action=", "?action=drop_tags"])
def test_a_tag_call_without_a_known_action_is_400(nsx, action):
    answer = nsx.send("POST", VMS + action, {"external_id": INFECTED, "tags": []})
    assert answer.status == 400


def test_effective_resources_lists_who_carries_a_tag(nsx):
    def carriers(**query):
        return [vm["target_display_name"] for vm in
                nsx.get(TAGS + "/effective-resources", **query).results]

    nsx.tag("add_tags", INFECTED, QUARANTINE, {"scope": "a&b", "tag": "x=y"})
    assert carriers(scope="nsx-quarantine", tag="isolated") == ["VDI-01"]
    assert carriers(scope="nsx-quarantine", tag="ISOLATED") == []
    assert carriers(scope="a&b") == ["VDI-01"]
    assert carriers(tag="connection-server") == ["connection-server"]


def test_a_tag_operation_is_asynchronous_and_incremental(nsx):
    nsx.control("PATCH", "settings", {"tag_operation_delay_ms": 400})
    path = TAGS + "/tag-operations/op-1"
    body = {"tag": QUARANTINE, "apply_to": [
        {"resource_type": "VirtualMachine", "resource_ids": [INFECTED, IDS["VDI-02"]]}]}
    answer = nsx.send("PUT", path, body)
    assert answer.status == 200
    assert answer.json["apply_to"] == body["apply_to"]
    assert nsx.get(path + "/status").json["status"] in ("Pending", "Running")
    assert nsx.tags_of(INFECTED) == []
    done = wait_for(lambda: nsx.get(path + "/status").json.get("apply_to")
                    and nsx.get(path + "/status").json, "the operation to end")
    assert done["status"] == "Success"
    assert done["path"] == "/infra/tags/tag-operations/op-1"
    assert done["tag"] == QUARANTINE
    assert [(s["resource_display_name"], s["tag_status"]) for s in
            done["apply_to"][0]["resource_tag_status"]] == [
                ("VDI-01", "Success"), ("VDI-02", "Success")]
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert nsx.get(path).json["tag"] == QUARANTINE
    assert nsx.changes() == [("VDI-01", "added", 1), ("VDI-02", "added", 1)]


def test_a_tag_operation_fails_in_part(nsx):
    nsx.control("PATCH", "settings", {"tag_operation_delay_ms": 0})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    path = TAGS + "/tag-operations/op-2"
    nsx.send("PUT", path, {"tag": QUARANTINE, "remove_from": [
        {"resource_type": "VirtualMachine", "resource_ids": ["nobody", INFECTED]}]})
    status = nsx.get(path + "/status").json
    assert status["status"] == "Error"
    assert [s["tag_status"] for s in status["remove_from"][0]["resource_tag_status"]] == [
        "Error", "Success"]
    assert nsx.tags_of(INFECTED) == []


@pytest.mark.parametrize("body", [
    "{", {}, {"tag": QUARANTINE, "apply_to": [{"resource_type": "Segment",
                                               "resource_ids": []}]},
    {"tag": {"scope": "s" * 129}}, {"tag": QUARANTINE, "apply_to": [{}]},
])
def test_a_wrong_tag_operation_is_refused(nsx, body):
    check_error(nsx.send("PUT", TAGS + "/tag-operations/x", body), 400, 287)
    check_error(nsx.get(TAGS + "/tag-operations/x"), 404, 600)
