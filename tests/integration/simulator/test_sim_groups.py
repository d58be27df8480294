# SPDX-License-Identifier: Apache-2.0
"""Groups: membership is computed, and follows a change after the delays."""

import pytest

from support.nsx_client import (
    AND, ASSOCIATIONS, GROUPS, GROUP_PATH, IDS, INFECTED, OR, POLICIES, QUARANTINE,
    STATUS, VMS, check_error, condition,
)
from support.waiting import wait_for


# ---- groups --------------------------------------------------------------------------


def test_the_tag_moves_a_desktop_from_one_group_to_the_other(nsx):
    assert nsx.members("vdi") == ["VDI-01", "VDI-02", "VDI-03"]
    assert nsx.members("quarantine") == []
    assert nsx.groups_of(INFECTED) == ["vdi"]
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.members("vdi") == ["VDI-02", "VDI-03"]
    assert nsx.members("quarantine") == ["VDI-01"]
    assert nsx.groups_of(INFECTED) == ["quarantine"]
    nsx.tag("remove_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["vdi"]


def test_associations_and_members_have_the_shapes_of_nsx(nsx):
    assert nsx.get(ASSOCIATIONS, vm_external_id=INFECTED).json == {
        "results": [{"path": f"{GROUP_PATH}/vdi", "target_id": f"{GROUP_PATH}/vdi",
                     "target_display_name": "VDI desktops", "target_type": "Group",
                     "is_valid": True}], "result_count": 1}
    member = nsx.get(f"{GROUPS}/vdi/members/virtual-machines").results[0]
    assert member["id"] == INFECTED
    assert member["path"] == ("/infra/realized-state/enforcement-points/default/"
                              f"virtual-machines/{INFECTED}")
    assert member["power_state"] == "VM_RUNNING"
    assert f"instanceUuid:{INFECTED}" in member["compute_ids"]
    assert nsx.groups_of("nobody") == []
    assert nsx.get(ASSOCIATIONS).status == 400


def test_groups_are_listed_and_read(nsx):
    names = [group["id"] for group in nsx.get(GROUPS).results]
    assert names == ["connection-servers", "file-servers", "quarantine", "vdi"]
    group = nsx.get(GROUPS + "/quarantine").json
    assert group["path"] == f"{GROUP_PATH}/quarantine"
    assert group["resource_type"] == "Group"
    assert group["expression"][0]["value"] == "nsx-quarantine|isolated"


def test_a_missing_object_is_404_or_400_as_the_settings_say(nsx):
    check_error(nsx.get(GROUPS + "/x"), 404, 600)
    check_error(nsx.get(POLICIES + "/x/rules"), 404, 600)
    nsx.control("PATCH", "settings", {"missing_policy_object": "400"})
    check_error(nsx.get(GROUPS + "/x"), 400, 500012)
    check_error(nsx.get(POLICIES + "/vdi/rules/x"), 400, 500012)


def test_what_is_asked_under_an_unknown_path_is_an_invalid_path(nsx):
    check_error(nsx.get(GROUPS + "/x/members/virtual-machines"), 400, 500012)
    check_error(nsx.get(STATUS, intent_path=GROUP_PATH + "/x"), 400, 500012)
    assert nsx.get(STATUS).status == 400


TAGGED = {"VDI-01": [{"scope": "Env", "tag": "Prod"}],
          "VDI-02": [{"scope": "env", "tag": "test"}, {"scope": "app", "tag": "prod"}],
          "VDI-03": [{"tag": "prod"}]}


@pytest.mark.parametrize("expression, expected", [
    ([condition("Tag", "EQUALS", "env|prod")], "1"),
    ([condition("Tag", "EQUALS", "ENV|PROD")], "1"),
    ([condition("Tag", "EQUALS", "|prod")], "123"),
    ([condition("Tag", "EQUALS", "prod")], "123"),
    ([condition("Tag", "EQUALS", "env|")], "12"),
    ([condition("Tag", "NOTEQUALS", "env|prod")], "23cfe"),
    ([condition("Tag", "NOTEQUALS", "|prod")], "cfe"),
    ([condition("Tag", "EQUALS", "env|prod", scope_operator="NOTEQUALS")], "23"),
    ([condition("Tag", "CONTAINS", "|es")], "2"),
    ([condition("Tag", "STARTSWITH", "|conn")], "c"),
    ([condition("Tag", "ENDSWITH", "|-SERVER")], "c"),
    ([condition("Tag", "IN", "env|prod,test")], "12"),
    ([condition("Tag", "NOTIN", "env|prod,test")], "3cfe"),
    ([condition("Tag", "MATCHES", "|pro.*")], "123"),
    ([condition("Name", "EQUALS", "vdi-01")], "1"),
    ([condition("Name", "EQUALS", "VDI-0")], ""),
    ([condition("Name", "NOTEQUALS", "VDI-01")], "23cfe"),
    ([condition("Name", "CONTAINS", "SERVER")], "cf"),
    ([condition("Name", "STARTSWITH", "vdi-")], "123"),
    ([condition("Name", "ENDSWITH", "-01")], "1e"),
    ([condition("Name", "ENDSWITH", "x" * 300)], ""),
    ([condition("Name", "IN", "VDI-01, VDI-03")], "13"),
    ([condition("Name", "NOTIN", "VDI-01,VDI-03")], "2cfe"),
    ([condition("Name", "MATCHES", "vdi-0[12]")], "12"),
    ([condition("Name", "MATCHES", "0[12]")], ""),
    ([condition("OSName", "CONTAINS", "windows server")], "cf"),
    ([condition("ComputerName", "STARTSWITH", "hcs-")], "c"),
    ([condition("Name", "STARTSWITH", "VDI-", member_type="Segment")], ""),
    # AND binds tighter than OR, on either side of it
    ([condition("Name", "EQUALS", "edge-01"), OR, condition("Name", "STARTSWITH", "VDI"),
      AND, condition("Name", "ENDSWITH", "3")], "3e"),
    ([condition("Name", "STARTSWITH", "VDI"), AND, condition("Name", "ENDSWITH", "3"), OR,
      condition("Name", "EQUALS", "edge-01")], "3e"),
    ([{"resource_type": "NestedExpression", "expressions": [
        condition("Name", "STARTSWITH", "VDI"), AND, condition("Name", "ENDSWITH", "2")]},
      OR, condition("Name", "EQUALS", "edge-01")], "2e"),
    ([{"resource_type": "ExternalIDExpression", "member_type": "VirtualMachine",
       "external_ids": [INFECTED, "nobody"]}], "1"),
    ([{"resource_type": "ExternalIDExpression", "member_type": "VirtualNetworkInterface",
       "external_ids": [INFECTED]}], ""),
    ([{"resource_type": "PathExpression", "paths": [GROUP_PATH + "/file-servers"]}, OR,
      condition("Name", "EQUALS", "edge-01")], "fe"),
    ([{"resource_type": "PathExpression", "paths": [
        "/infra/realized-state/enforcement-points/default/virtual-machines/" + INFECTED,
        "/infra/segments/x"]}], "1"),
    ([{"resource_type": "IPAddressExpression", "ip_addresses": ["192.0.2.0/24"]}], ""),
    ([], ""),
])
def test_membership_is_computed_from_the_expression(nsx, expression, expected):
    for name, tags in TAGGED.items():
        nsx.control("PATCH", f"vms/{IDS[name]}", {"tags": tags})
    nsx.put_group("g", *expression)
    letters = {"VDI-01": "1", "VDI-02": "2", "VDI-03": "3", "connection-server": "c",
               "file-server": "f", "edge-01": "e"}
    assert sorted(letters[name] for name in nsx.members("g")) == sorted(expected)


def test_an_exclusion_takes_members_out(nsx):
    nsx.put_group("g", condition("Name", "STARTSWITH", "VDI-"),
                  exclude=[condition("Name", "ENDSWITH", "2")])
    assert nsx.members("g") == ["VDI-01", "VDI-03"]


def test_groups_that_contain_each_other_have_no_members(nsx):
    nsx.put_group("a", {"resource_type": "PathExpression", "paths": [GROUP_PATH + "/b"]})
    nsx.put_group("b", {"resource_type": "PathExpression", "paths": [GROUP_PATH + "/a"]})
    assert nsx.members("a") == []


def test_vms_come_change_and_go(nsx):
    nsx.control("POST", "vms", {"external_id": "new", "display_name": "VDI-04"})
    assert "VDI-04" in nsx.members("vdi")
    nsx.control("PATCH", "vms/new", {"display_name": "renamed", "tags": [QUARANTINE]})
    assert nsx.members("quarantine") == ["renamed"]
    assert nsx.changes() == [("renamed", "added", None)]
    nsx.control("DELETE", "vms/new")
    assert nsx.members("quarantine") == []
    assert nsx.get(VMS, external_id="new").results == []


@pytest.mark.parametrize("method, path, body, message", [
    ("POST", "vms", {"external_id": INFECTED, "display_name": "x"}, "used twice"),
    ("POST", "vms", {"external_id": "x"}, "vm.display_name: missing"),
    ("PATCH", f"vms/{INFECTED}", {"external_id": "x"}, "vm.external_id: cannot change"),
    ("PATCH", f"vms/{INFECTED}", {"colour": 1}, "vm.colour: no such member"),
    ("PATCH", "vms/nobody", {}, "no VM has this external id"),
    ("PATCH", "settings", {"colour": 1}, "colour: no such member"),
    ("POST", "realization", {"delay_ms": "x"}, "delay_ms: must be"),
    ("POST", "faults", [{"path": "/"}], "[0]: no member says what goes wrong"),
    ("POST", "faults", [{"hang": True, "reset": True}], "[0].reset: another member"),
    ("POST", "faults", [{"hang": True}, {"hang": 1}], "[1].hang: must be true or false"),
    ("POST", "faults", [{"status": 99}], "[0].status: must be 200 to 599"),
    ("PUT", "groups/g", {"expression": [{"resource_type": "x"}]}, "group.expression[0]"),
    ("PATCH", "firewall", {"exclude_list": ["/x"]}, "exclude_list[0]: no such group"),
    ("GET", "held?count=x", None, "count: must be a number"),
    ("GET", "flow?from=VDI-01&to=nobody", None, "to: no VM is called nobody"),
    ("GET", "flow?from=VDI-01", None, "to: missing"),
    ("GET", "nothing", None, "no such path under /sim"),
    ("DELETE", "world", None, "does not take that method"),
    ("POST", "vms", "{", "not valid JSON"),
])
def test_wrong_control_calls_say_what_is_wrong_and_change_nothing(nsx, method, path, body,
                                                                   message):
    before = nsx.control("GET", "world")
    answer = nsx.send(method, "/sim/" + path, body, {})
    assert 400 <= answer.status < 500
    assert message in answer.json["error"]
    assert nsx.control("GET", "world") == before
    assert nsx.control("GET", "faults") == []


def test_the_world_that_it_shows_is_a_world_file(nsx, make_nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    world = nsx.control("GET", "world")
    again = make_nsx(world)
    assert again.groups_of(INFECTED) == ["quarantine"]
    assert again.control("GET", "world") == world


# ---- realization ---------------------------------------------------------------------


LONG = 3_600_000


def test_groups_and_firewall_follow_the_tag_after_the_delay(nsx):
    nsx.control("POST", "realization", {"delay_ms": 300})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tags_of(INFECTED) == [QUARANTINE], "the tag is there at once"
    wait_for(lambda: nsx.groups_of(INFECTED) == ["quarantine"], "the group to follow")
    wait_for(lambda: nsx.status("quarantine") == "SUCCESS", "the realization")
    assert not nsx.allowed("VDI-01", "file-server")


def test_before_the_delay_only_the_tag_is_new(nsx):
    nsx.control("POST", "realization", {"delay_ms": LONG})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert nsx.groups_of(INFECTED) == ["vdi"]
    assert nsx.members("quarantine") == []
    assert nsx.status("quarantine") == "IN_PROGRESS"
    assert nsx.status("vdi") == "IN_PROGRESS"
    assert nsx.status("file-servers") == "SUCCESS"
    assert nsx.allowed("VDI-01", "file-server")


def test_membership_and_realization_have_delays_of_their_own(nsx):
    nsx.control("POST", "realization", {"membership_delay_ms": 0,
                                        "realization_delay_ms": LONG})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["quarantine"]
    assert nsx.status("quarantine") == "IN_PROGRESS"
    assert nsx.allowed("VDI-01", "file-server"), "the hosts do not know it yet"


def test_the_firewall_is_never_ahead_of_the_group(nsx):
    nsx.control("POST", "realization", {"membership_delay_ms": LONG,
                                        "realization_delay_ms": 0})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["vdi"]
    assert nsx.allowed("VDI-01", "file-server")


def test_changes_arrive_in_their_order(nsx):
    nsx.control("POST", "realization", {"delay_ms": LONG})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    nsx.control("POST", "realization", {"delay_ms": 0})
    nsx.tag("remove_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["vdi"]
    assert nsx.status("quarantine") == "IN_PROGRESS", "the add is still on its way"


def test_the_status_of_an_intent_has_the_shape_of_nsx(nsx):
    answer = nsx.get(STATUS, intent_path=GROUP_PATH + "/vdi").json
    assert answer == {"intent_path": GROUP_PATH + "/vdi", "publish_status": "REALIZED",
                      "consolidated_status": {"consolidated_status": "SUCCESS"}}
    policy = "/infra/domains/default/security-policies/quarantine"
    answer = nsx.get(STATUS, intent_path=policy + "/rules/quarantine-in",
                     include_enforced_status="true").json
    (point,) = answer["consolidated_status_per_enforcement_point"]
    assert point["enforcement_point_id"] == "default"
    assert point["consolidated_status"] == {"consolidated_status": "SUCCESS"}
