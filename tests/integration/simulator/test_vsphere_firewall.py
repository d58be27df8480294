# SPDX-License-Identifier: Apache-2.0
"""NSX for vSphere: rules, their publication, counters, and the data plane."""

import pytest

from vsphere_client import (CONFIG, EXCLUDE_LIST, FIREWALL, INFECTED, QUARANTINE,
                            check_error, fields, make_vsphere, parse, texts, vsphere)

__all__ = ["make_vsphere", "vsphere"]

STATUS = FIREWALL + "/globalroot-0/status"
CONTAINERS = FIREWALL + "/objects/status/vm/{}/containers"


def containers(*ids, applied=()):
    sources = "".join(f"<container><name>x</name><value>{i}</value>"
                      "<type>SecurityGroup</type></container>" for i in ids)
    targets = "".join(f"<appliedTo><name>x</name><value>{i}</value>"
                      "<type>SecurityGroup</type></appliedTo>" for i in applied)
    return (f"<vmContainerList><sourceOrDestList>{sources}</sourceOrDestList>"
            f"<appliedToList>{targets}</appliedToList></vmContainerList>")


def realized(nsx, vm=INFECTED, **kwargs):
    root = parse(nsx.post(CONTAINERS.format(vm), containers(QUARANTINE, **kwargs)))
    return root.find("sourceOrDest/container/realized").text


def by_name(root):
    return {rule.find("name").text: rule for rule in root.iter("rule")}


def test_a_quarantined_desktop_reaches_its_connection_server_only(vsphere):
    assert vsphere.allowed("VDI-01", "file-server")
    assert not vsphere.allowed("VDI-01", "VDI-02")
    vsphere.attach()
    assert vsphere.allowed("VDI-01", "connection-server")
    assert vsphere.allowed("connection-server", "VDI-01")
    assert vsphere.flow("VDI-01", "file-server")["rule_name"] == "#5 Quarantine out blocked"
    assert vsphere.flow("file-server", "VDI-01")["rule_name"] == "#4 Quarantine in blocked"
    assert vsphere.flow("VDI-01", "203.0.113.9")["action"] == "DROP"
    vsphere.attach("vm-102")
    assert not vsphere.allowed("VDI-01", "VDI-02")


def test_the_firewall_follows_after_the_realization_delay(vsphere):
    vsphere.settings(membership_delay_ms=0, realization_delay_ms=60000)
    vsphere.attach()
    assert vsphere.members() == ["VDI-01"]
    assert vsphere.allowed("VDI-01", "file-server")
    assert fields(vsphere.xml(STATUS))["status"] == "inprogress"
    assert realized(vsphere) == "no"


def test_a_rule_by_group_misses_a_vm_without_known_address(vsphere):
    vsphere.control("PUT", "sections/1004", {"name": "Quarantine", "rules": [
        {"name": "in", "action": "deny", "destinations": [QUARANTINE]},
        {"name": "out", "action": "deny", "sources": [QUARANTINE]}]})
    vsphere.attach()
    assert not vsphere.allowed("VDI-01", "file-server")
    vsphere.patch_vm(ip_discovered=False)
    assert vsphere.allowed("VDI-01", "file-server")


def test_a_rule_applied_to_the_group_needs_no_address(vsphere):
    vsphere.patch_vm(ip_discovered=False)
    vsphere.attach()
    assert not vsphere.allowed("VDI-01", "file-server")
    # But the exception for the connection server is by address sets.
    assert not vsphere.allowed("VDI-01", "connection-server")


def test_an_excluded_vm_has_no_filter(vsphere):
    vsphere.attach()
    vsphere.put_list("exclude_list", [{"vm": INFECTED}])
    flow = vsphere.flow("VDI-01", "file-server")
    assert flow["allowed"]
    assert flow["judgements"][0]["why"] == "the VM is on the exclude list"
    assert realized(vsphere) == "not found"


def test_a_cluster_without_the_firewall_protects_nobody(vsphere):
    vsphere.patch_vm(cluster="domain-c30", host="host-31")
    vsphere.attach()
    assert vsphere.allowed("VDI-01", "203.0.113.9")
    assert realized(vsphere) == "not found"


def test_a_firewall_that_is_not_forward_protects_nobody(vsphere):
    vsphere.attach()
    vsphere.settings(firewall_state="backwardCompatible")
    assert vsphere.allowed("VDI-01", "file-server")
    root = vsphere.xml(FIREWALL + "/globalroot-0/state")
    assert "backwardCompatible" in texts(root, ".//*")


@pytest.mark.parametrize("rule, expected", [
    ({}, False), ({"disabled": True}, True), ({"direction": "in"}, True),
    ({"direction": "out"}, False), ({"packet_type": "ipv6"}, True),
    ({"services": [{"application": "application-9"}]}, False),
    ({"services": [{"protocol": "tcp", "destination_port": "400-444"}]}, True),
    ({"services": [{"protocol": "udp", "destination_port": "445"}]}, True),
    ({"sources": ["192.0.2.11"]}, False), ({"sources": ["192.0.2.0/28"]}, False),
    ({"sources": ["192.0.2.11"], "sources_excluded": True}, True),
    ({"sources": ["vm-101"]}, False), ({"sources": ["domain-c30"]}, True),
    ({"applied_to": ["vm-102"]}, True), ({"applied_to": ["host-11"]}, False),
    ({"applied_to": ["50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01.000"]}, False),
    ({"applied_to": ["dvportgroup-20"]}, False)])
def test_a_rule_applies(vsphere, rule, expected):
    vsphere.control("PUT", "sections/1004", {"name": "x", "rules": [
        {"name": "x", "action": "deny", **rule}]})
    assert vsphere.allowed("VDI-01", "203.0.113.9", port=445) == expected


def test_the_first_match_wins_over_sections_and_rules(vsphere):
    vsphere.control("PUT", "sections/1004", {"name": "x", "rules": [
        {"name": "first", "action": "allow"}, {"name": "second", "action": "deny"}]})
    assert vsphere.flow("VDI-01", "VDI-02")["rule_name"] == "first"


def test_hits_are_counted_when_a_flow_is_judged(vsphere):
    vsphere.attach()
    assert vsphere.hits(2004) == 0
    vsphere.allowed("VDI-01", "file-server")
    vsphere.allowed("VDI-01", "file-server")
    stats = fields(vsphere.xml(f"{FIREWALL}/stats/rules/2004"))
    assert stats["hitCount"] == "2"
    assert int(stats["lastHitCount"]) >= int(stats["firstHitCount"]) > 0
    assert vsphere.post(f"{FIREWALL}/stats/rules", action="reset").status == 200
    assert vsphere.hits(2004) == 0


def test_the_counters_have_two_sets_of_names(make_vsphere):
    stats = make_vsphere(table_stats_names=True).xml(f"{FIREWALL}/stats/rules/2004")
    assert list(fields(stats)) == ["ruleId", "hitcount", "firstHitTime", "lastHitTime"]


def test_the_collection_of_counters_can_be_off(make_vsphere):
    nsx = make_vsphere(rule_stats=False)
    nsx.attach()
    nsx.allowed("VDI-01", "file-server")
    assert nsx.hits(2004) == 0
    root = nsx.xml(f"{FIREWALL}/config/globalconfiguration")
    assert fields(root)["ruleStatsDisabled"] == "true"


def test_before_642_there_are_no_counters(make_vsphere):
    nsx = make_vsphere(version="6.4.1")
    assert nsx.get(f"{FIREWALL}/stats/rules/2004").status == 404
    root = nsx.xml(f"{FIREWALL}/config/globalconfiguration")
    assert "ruleStatsDisabled" not in fields(root)
    assert fields(nsx.xml("/api/2.1/app/flow/config"))["collectFlows"] == "true"


def test_rules_and_sections_that_are_not_there(vsphere):
    check_error(vsphere.get(f"{FIREWALL}/stats/rules/99"), 400, 100046)
    check_error(vsphere.get(f"{CONFIG}/layer3sections/99"), 400, 100089)
    check_error(vsphere.get(f"{CONFIG}/layer3sections/1004/rules/2006"), 400, 100046)


def test_the_whole_configuration_in_its_order(vsphere):
    root = vsphere.xml(CONFIG)
    assert root.tag == "firewallConfiguration"
    assert [s.get("name") for s in root.findall("layer3Sections/section")] == [
        "Quarantine", "VDI", "Default Section Layer3"]
    assert root.find("layer2Sections/section/rule/name").text == "Default Rule"
    rule = by_name(root)["#4 Quarantine in blocked"]
    assert rule.find("appliedToList/appliedTo/value").text == QUARANTINE
    assert rule.find("sources") is None  # any
    assert rule.find("direction").text == "in"
    assert by_name(root)["#3 VDI to VDI blocked"].find("sources").get("excluded") == "false"
    defaults = root.findall("layer3Sections/section")[-1].findall("rule")
    assert defaults[-1].find("precedence").text == "default"


def test_a_filter_changes_the_root_element(make_vsphere):
    filtered = make_vsphere().xml(CONFIG, ruleType="LAYER3", name="quarantine")
    assert filtered.tag == "filteredfirewallConfiguration"
    assert all("uarantine" in name for name in by_name(filtered))
    assert len(by_name(filtered)) == 4
    plain = make_vsphere(filtered_root=False).xml(CONFIG, ruleType="LAYER3")
    assert plain.tag == "firewallConfiguration"


@pytest.mark.parametrize("query, expected", [
    ({"ruleId": "2006"}, 1), ({"comment": "LATERAL"}, 1), ({"action": "DENY"}, 3),
    ({"sectionName": "vdi"}, 2), ({"action": "block", "sectionName": "Quarantine"}, 2)])
def test_rules_are_filtered(vsphere, query, expected):
    root = vsphere.xml(CONFIG, ruleType="LAYER3", **query)
    assert len(list(root.iter("rule"))) == expected


def test_a_filter_needs_the_rule_type(vsphere):
    check_error(vsphere.get(CONFIG, name="x"), 400, 226)


def test_sections_by_id_and_by_name_have_other_roots(vsphere):
    one = vsphere.get(f"{CONFIG}/layer3sections/1004")
    assert parse(one).tag == "section"
    many = vsphere.xml(f"{CONFIG}/layer3sections", name="Quarantine")
    assert (many.tag, [s.get("id") for s in many]) == ("sections", ["1004"])


def test_the_etag_is_the_generation_number_of_the_section(vsphere):
    section = vsphere.get(f"{CONFIG}/layer3sections/1004")
    rule = vsphere.get(f"{CONFIG}/layer3sections/1004/rules/2001")
    number = parse(section).get("generationNumber")
    assert section.headers["ETag"] == rule.headers["ETag"] == f'"{number}"'
    vsphere.control("PUT", "sections/1004", {"name": "Quarantine", "rules": []})
    after = parse(vsphere.get(f"{CONFIG}/layer3sections/1004")).get("generationNumber")
    assert int(after) > int(number)


def test_the_order_inside_a_rule_varies(make_vsphere):
    def orders(nsx):
        return {tuple(child.tag for child in rule if child.tag in ("name", "action"))
                for rule in nsx.xml(CONFIG, ruleType="LAYER3").iter("rule")}

    assert orders(make_vsphere()) == {("name", "action"), ("action", "name")}
    assert orders(make_vsphere(rule_order="guide")) == {("name", "action")}
    assert orders(make_vsphere(rule_order="other")) == {("action", "name")}


def test_the_words_of_an_action_vary(make_vsphere):
    def actions(nsx):
        return {rule.find("action").text for rule in
                nsx.xml(CONFIG, ruleType="LAYER3").iter("rule")}

    assert actions(make_vsphere()) == {"allow", "deny"}
    assert actions(make_vsphere(upper_case_action=True)) == {"ALLOW", "DENY"}
    assert actions(make_vsphere(deny_as_block=True)) == {"allow", "block"}


def test_section_attributes_came_with_64(make_vsphere):
    def names(nsx):
        return set(nsx.xml(f"{CONFIG}/layer3sections/1004").keys())

    assert {"stateless", "tcpStrict", "useSid"} < names(make_vsphere())
    assert not {"stateless", "tcpStrict"} & names(make_vsphere(version="6.3.6"))


def test_an_object_that_is_gone_is_not_valid(vsphere):
    vsphere.control("PUT", "sections/1004", {"name": "x", "rules": [
        {"id": 2001, "name": "x", "action": "deny", "applied_to": [INFECTED]}]})
    vsphere.control("DELETE", f"vms/{INFECTED}")
    rule = vsphere.xml(f"{CONFIG}/layer3sections/1004/rules/2001")
    assert fields(rule.find("appliedToList/appliedTo"))["isValid"] == "false"


def test_the_objects_generation_moves_with_a_tag(make_vsphere):
    nsx = make_vsphere()
    before = fields(nsx.xml(STATUS))
    nsx.attach()
    after = fields(nsx.xml(STATUS))
    assert after["generationNumber"] == before["generationNumber"]
    assert int(after["generationNumberObjects"]) > int(before["generationNumberObjects"])
    fixed = make_vsphere(objects_generation_moves=False)
    before = fields(fixed.xml(STATUS))
    fixed.attach()
    assert fields(fixed.xml(STATUS)) == before


def test_hosts_lag_behind_the_manager(vsphere):
    vsphere.settings(membership_delay_ms=0, realization_delay_ms=60000)
    vsphere.attach()
    root = vsphere.xml(STATUS)
    host = fields(root.find(".//hostStatus"))
    assert int(host["generationNumberObjects"]) < int(fields(root)["generationNumberObjects"])
    assert host["status"] == "inprogress"


def test_a_host_may_fail_to_publish(vsphere):
    vsphere.put_list("hosts", [{"id": "host-11", "name": "esx-01", "cluster": "domain-c7",
                                "status": "failed", "error_code": 301}])
    root = vsphere.xml(STATUS)
    assert texts(root, ".//hostStatus/status") == ["failed"]
    assert texts(root, ".//clusterStatus/status") == ["failed"]
    assert texts(root, ".//hostStatus/errorCode") == ["301"]


def test_clusters_without_firewall_left_the_status_with_624(make_vsphere):
    new = make_vsphere().xml(STATUS)
    assert texts(new, ".//clusterStatus/clusterId") == ["domain-c7"]
    old = make_vsphere(version="6.2.3").xml(STATUS)
    assert texts(old, ".//clusterStatus/clusterId") == ["domain-c7", "domain-c30"]
    assert texts(old, ".//clusterStatus/status") == ["published", "inprogress"]
    assert "generationNumberObjects" not in fields(old)


def test_one_section_has_a_status_too(vsphere):
    assert fields(vsphere.xml(f"{STATUS}/layer3sections/1004"))["status"] == "published"
    check_error(vsphere.get(f"{STATUS}/layer3sections/99"), 400, 100089)


def test_a_group_is_realized_on_the_vnics_of_a_vm(vsphere):
    vsphere.attach()
    root = parse(vsphere.post(CONTAINERS.format(INFECTED),
                              containers(QUARANTINE, applied=[QUARANTINE])))
    assert root.tag == "firewallVMStatus"
    source = root.find("sourceOrDest/container")
    assert texts(source, "vmVnic/ipAddress") == ["192.0.2.11", "2001:db8:10::11"]
    assert source.find("realized").text == "yes"
    applied = root.find("appliedTos/container")
    assert (applied.find("id").text, applied.find("realized").text) == (QUARANTINE, "yes")
    assert realized(vsphere, "vm-102") == "no"


def test_without_an_address_only_the_applied_to_is_realized(vsphere):
    vsphere.patch_vm(ip_discovered=False)
    vsphere.attach()
    root = parse(vsphere.post(CONTAINERS.format(INFECTED),
                              containers(QUARANTINE, applied=[QUARANTINE])))
    assert texts(root, "*/container/realized") == ["no", "yes"]


def test_the_word_for_realized_varies_in_case(make_vsphere):
    nsx = make_vsphere(upper_case_realized=True)
    nsx.attach()
    assert realized(nsx) == "Yes"


def test_five_containers_are_the_most(vsphere):
    check_error(vsphere.post(CONTAINERS.format(INFECTED), containers(*[QUARANTINE] * 6)),
                400, 226)
    check_error(vsphere.post(CONTAINERS.format(INFECTED), containers()), 400, 226)


def test_realization_of_groups_came_with_64(make_vsphere):
    nsx = make_vsphere(version="6.3.6")
    assert nsx.post(CONTAINERS.format(INFECTED), containers(QUARANTINE)).status == 404


def test_system_resources_of_the_exclude_list_must_be_asked_for(vsphere):
    vsphere.put_list("exclude_list", [{"vm": "vm-190", "system": True}, {"vm": "vm-130"}])
    path = "excludeListConfiguration/excludeMember"
    assert texts(vsphere.xml(EXCLUDE_LIST), path + "/member/objectId") == ["vm-130"]
    both = vsphere.xml(EXCLUDE_LIST, listSystemResources="true")
    assert texts(both, path + "/member/objectId") == ["vm-190", "vm-130"]
    assert texts(both, path + "/systemResource") == ["true", "false"]
