# SPDX-License-Identifier: Apache-2.0
"""The data plane obeys the rules, and the rules count."""

import pytest

from support.nsx_client import (
    GROUP_PATH, IDS, INFECTED, POLICIES, QUARANTINE, SECURITY, world_with,
)


# ---- the data plane ------------------------------------------------------------------


def test_the_story_of_the_infected_desktop(nsx):
    assert nsx.flow("VDI-01", "file-server")["rule_name"] == "#2 VDI to servers"
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "#3 VDI to VDI blocked"
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    answer = nsx.flow("VDI-01", "file-server")
    assert answer["allowed"] is False
    assert answer["action"] == "DROP"
    assert answer["rule"] == ("/infra/domains/default/security-policies/quarantine/rules/"
                              "quarantine-out")
    assert answer["rule_name"] == "#5 Quarantine out blocked"
    assert nsx.flow("file-server", "VDI-01")["rule_name"] == "#4 Quarantine in blocked"
    assert nsx.allowed("VDI-01", "connection-server")
    assert nsx.allowed("connection-server", "VDI-01")
    assert not nsx.allowed("VDI-01", "VDI-02")
    assert not nsx.allowed("VDI-02", "VDI-01")
    nsx.tag("add_tags", IDS["VDI-02"], QUARANTINE)
    assert not nsx.allowed("VDI-01", "VDI-02"), "two quarantined desktops"
    nsx.tag("remove_tags", INFECTED, QUARANTINE)
    assert nsx.allowed("VDI-01", "file-server")


def test_ends_are_names_ids_or_addresses(nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    for end in ("VDI-01", INFECTED, "192.0.2.11", "2001:db8:10::11"):
        assert not nsx.allowed(end, "file-server")
        assert not nsx.allowed("203.0.113.9", end)
    assert not nsx.allowed("VDI-01", "203.0.113.9")
    assert nsx.allowed("VDI-02", "203.0.113.9")
    assert nsx.allowed("203.0.113.9", "203.0.113.10")
    nsx.control("POST", "vms", {"external_id": "x", "display_name": "VDI-01"})
    answer = nsx.send("GET", "/sim/flow?from=VDI-01&to=VDI-02", headers={})
    assert "more than one VM is called VDI-01" in answer.json["error"]


def rule(name, action, number=10, **more):
    return {"id": name, "action": action, "sequence_number": number, **more}


def put_policy(nsx, name, category, *rules, **more):
    nsx.control("PUT", f"security-policies/{name}",
                {"category": category, "rules": list(rules), **more})


@pytest.mark.parametrize("first, second, decides", [
    ("Emergency", "Infrastructure", "first"), ("Application", "Environment", "second"),
    ("Infrastructure", "Environment", "first"), ("Application", "Emergency", "second"),
])
def test_categories_are_evaluated_in_the_order_of_nsx(make_nsx, first, second, decides):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "one", first, rule("first", "ALLOW"))
    put_policy(nsx, "two", second, rule("second", "REJECT"))
    answer = nsx.flow("VDI-01", "VDI-02")
    assert answer["rule_name"] == decides
    assert answer["allowed"] == (decides == "first")


def test_sequence_numbers_order_policies_and_rules(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "late", "Application", rule("late", "DROP"), sequence_number=20)
    put_policy(nsx, "early", "Application", rule("second", "DROP", 9),
               rule("first", "ALLOW", 2), sequence_number=3)
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "first"


def test_ethernet_can_only_take_away(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "l2", "Ethernet", rule("l2", "ALLOW"))
    put_policy(nsx, "l3", "Application", rule("l3", "DROP"))
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "l3"
    put_policy(nsx, "l2", "Ethernet", rule("l2", "DROP"))
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "l2"


def test_a_jump_skips_the_rest_of_its_category(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "env", "Environment", rule("jump", "JUMP_TO_APPLICATION", 1),
               rule("never", "DROP", 2))
    put_policy(nsx, "env2", "Environment", rule("nor", "DROP"), sequence_number=9)
    put_policy(nsx, "app", "Application", rule("app", "ALLOW"))
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "app"


@pytest.mark.parametrize("more, allowed", [
    ({}, False),
    ({"disabled": True}, True),
    ({"direction": "IN"}, False),
    ({"direction": "OUT"}, False),
    ({"source_groups": [GROUP_PATH + "/vdi"]}, False),
    ({"source_groups": [GROUP_PATH + "/vdi"], "sources_excluded": True}, True),
    ({"source_groups": [GROUP_PATH + "/file-servers"]}, True),
    ({"destination_groups": [GROUP_PATH + "/file-servers"]}, False),
    ({"destination_groups": [GROUP_PATH + "/file-servers"],
      "destinations_excluded": True}, True),
    ({"destination_groups": ["192.0.2.0/27"]}, False),
    ({"destination_groups": ["192.0.2.0/28"]}, True),
    ({"destination_groups": ["192.0.2.29-192.0.2.31"]}, False),
    ({"destination_groups": ["any"]}, False),
    ({"services": ["/infra/services/SMB"]}, False),
    ({"service_entries": [{"resource_type": "L4PortSetServiceEntry", "l4_protocol": "UDP",
                           "destination_ports": ["445"]}], "services": []}, True),
    ({"scope": [GROUP_PATH + "/vdi"]}, False),
    ({"scope": [GROUP_PATH + "/connection-servers"]}, True),
    ({"ip_protocol": "IPV6"}, True),
    ({"ip_protocol": "IPV4"}, False),
])
def test_a_rule_matches_by_all_its_members(make_nsx, more, allowed):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application", rule("r", "DROP", **more))
    assert nsx.allowed("VDI-01", "file-server", port=445) == allowed


def test_a_rule_for_services_does_not_decide_other_ports(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application", rule("r", "DROP", services=["/infra/services/SMB"]))
    assert not nsx.allowed("VDI-01", "file-server", port=445, protocol="tcp")
    assert nsx.allowed("VDI-01", "file-server", port=445, protocol="udp")
    assert nsx.allowed("VDI-01", "file-server", port=443)
    assert nsx.allowed("VDI-01", "file-server")


def test_the_scope_of_a_policy_overrides_that_of_its_rules(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application", rule("r", "DROP", scope=[GROUP_PATH + "/vdi"]),
               scope=[GROUP_PATH + "/connection-servers"])
    assert nsx.allowed("VDI-01", "file-server")
    assert not nsx.allowed("VDI-01", "connection-server")


def test_both_ports_must_allow(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application",
               rule("r", "DROP", scope=[GROUP_PATH + "/file-servers"]))
    steps = nsx.flow("VDI-01", "file-server")["judgements"]
    assert [(step["direction"], step["action"]) for step in steps] == [
        ("OUT", "ALLOW"), ("IN", "DROP")]
    assert len(nsx.flow("file-server", "VDI-01")["judgements"]) == 1


def test_what_switches_the_firewall_off(nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert not nsx.allowed("VDI-01", "203.0.113.9")
    nsx.control("PATCH", "firewall", {"exclude_list": [GROUP_PATH + "/quarantine"]})
    assert nsx.get(SECURITY + "/exclude-list").json["members"] == [
        GROUP_PATH + "/quarantine"]
    answer = nsx.flow("VDI-01", "203.0.113.9")
    assert answer["allowed"]
    assert answer["judgements"][0]["why"] == "the VM is on the exclude list"
    nsx.control("PATCH", "firewall", {"exclude_list": [], "enable_firewall": False})
    assert nsx.get(SECURITY).json["enable_firewall"] is False
    assert nsx.allowed("VDI-01", "203.0.113.9")
    nsx.control("PATCH", "firewall", {"enable_firewall": True})
    vifs = nsx.control("GET", f"vms/{INFECTED}")["vifs"]
    del vifs[0]["lport_attachment_id"]
    nsx.control("PATCH", f"vms/{INFECTED}", {"vifs": vifs})
    assert nsx.allowed("VDI-01", "203.0.113.9"), "a port that is not NSX's"


# ---- policies and statistics ---------------------------------------------------------


def test_policies_are_listed_without_and_read_with_their_rules(nsx):
    policies = nsx.get(POLICIES, include_rule_count="true").results
    assert all("rules" not in policy for policy in policies)
    assert {policy["id"]: policy["rule_count"] for policy in policies} == {
        "default-layer3-section": 1, "quarantine": 4, "vdi": 2}
    assert "rule_count" not in nsx.get(POLICIES).results[0]
    policy = nsx.get(POLICIES + "/quarantine").json
    assert policy["category"] == "Emergency"
    assert policy["rules"] == nsx.get(POLICIES + "/quarantine/rules").results
    first = policy["rules"][0]
    assert first == nsx.get(POLICIES + "/quarantine/rules/" + first["id"]).json
    assert first["path"].endswith("/quarantine/rules/quarantine-to-connection-server")
    assert first["rule_id"] == 2001
    assert first["scope"] == ["ANY"]


def hits(nsx, policy, name):
    (point,) = nsx.get(f"{POLICIES}/{policy}/rules/{name}/statistics").results
    return point["statistics"]["hit_count"]


def test_flows_count_into_the_rules_that_decide_them(nsx):
    assert hits(nsx, "quarantine", "quarantine-out") == 0
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    for _ in range(3):
        nsx.flow("VDI-01", "file-server")
    assert hits(nsx, "quarantine", "quarantine-out") == 3
    nsx.flow("VDI-02", "file-server")
    assert hits(nsx, "vdi", "vdi-to-servers") == 2, "once at each end"


def test_statistics_are_nested_by_enforcement_point(nsx):
    nsx.flow("VDI-01", "file-server")
    answer = nsx.get(POLICIES + "/vdi/statistics").json
    (point,) = answer["results"]
    assert point["enforcement_point"].endswith("/enforcement-points/default")
    assert point["statistics"]["result_count"] == 2
    one, other = point["statistics"]["results"]
    assert one["rule"].endswith("/vdi/rules/vdi-to-servers")
    assert one["internal_rule_id"] == "2005"
    assert (one["hit_count"], one["packet_count"], one["session_count"]) == (2, 2, 2)
    assert one["byte_count"] > 0
    assert other["hit_count"] == 0
    assert one["total_session_count"] == other["total_session_count"] == 2


def test_statistics_can_be_flat(nsx):
    nsx.control("PATCH", "settings", {"statistics": "flat"})
    (one, _) = nsx.get(POLICIES + "/vdi/statistics").results
    assert one["hit_count"] == 0
    (one,) = nsx.get(POLICIES + "/vdi/rules/vdi-to-vdi/statistics").results
    assert one["rule"].endswith("/vdi-to-vdi")


def test_a_rewritten_rule_counts_from_zero(nsx):
    nsx.flow("VDI-01", "file-server")
    nsx.flow("VDI-01", "VDI-02")
    policy = nsx.get(POLICIES + "/vdi").json
    policy["rules"][0]["logged"] = True
    nsx.control("PUT", "security-policies/vdi", policy)
    assert hits(nsx, "vdi", "vdi-to-servers") == 0
    assert hits(nsx, "vdi", "vdi-to-vdi") == 1
