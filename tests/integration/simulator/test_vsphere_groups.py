# SPDX-License-Identifier: Apache-2.0
"""NSX for vSphere: security groups, membership, inventory, and addresses."""

import pytest

from vsphere_client import (GROUPS, INFECTED, QUARANTINE, check_error, fields,
                            make_vsphere, texts, vsphere)

__all__ = ["make_vsphere", "vsphere"]

DESKTOPS = ["VDI-01", "VDI-02", "VDI-03"]
PROBE = "securitygroup-50"


def dynamic(*criteria, operator="OR", joined="OR"):
    return {"operator": joined, "criteria": [
        {"operator": operator, "key": key, "criteria": relation, "value": value}
        for key, relation, value in criteria]}


def members_of(nsx, *sets, **group):
    nsx.put_group(PROBE, dynamic_sets=list(sets), **group)
    return nsx.members(PROBE)


def test_a_tag_moves_a_vm_from_one_group_to_the_other(vsphere):
    assert vsphere.groups_of() == ["vdi"]
    vsphere.attach()
    assert vsphere.groups_of() == ["quarantine"]
    assert vsphere.members() == ["VDI-01"]
    assert vsphere.members("securitygroup-11") == ["VDI-02", "VDI-03"]


def test_groups_follow_after_the_membership_delay(vsphere):
    vsphere.settings(membership_delay_ms=60000, realization_delay_ms=60000)
    vsphere.attach()
    assert vsphere.tags_of() == ["isolated"]
    assert vsphere.members() == []


@pytest.mark.parametrize("criterion, expected", [
    (("VM.NAME", "=", "VDI-01"), ["VDI-01"]),
    (("VM.NAME", "contains", "DI-0"), DESKTOPS),
    (("VM.NAME", "starts_with", "VDI"), DESKTOPS),
    (("VM.NAME", "ends_with", "-03"), ["VDI-03"]),
    (("VM.NAME", "similar_to", "VDI-0[12]"), ["VDI-01", "VDI-02"]),
    (("VM.NAME", "similar_to", "VDI"), []),
    (("VM.GUEST_HOST_NAME", "=", "vdi-02.corp.example"), ["VDI-02"]),
    (("VM.GUEST_OS_FULL_NAME", "contains", "Windows 11"), DESKTOPS),
    (("VM.SECURITY_TAG", "=", "connection-server"), ["connection-server"]),
    (("VM.SECURITY_TAG", "contains", "server"), ["connection-server"]),
    (("ENTITY", "belongs_to", "securitytag-13"), ["connection-server"]),
    (("ENTITY", "belongs_to", "securitygroup-13"), ["file-server"])])
def test_a_criterion_selects(vsphere, criterion, expected):
    assert members_of(vsphere, dynamic(criterion)) == expected


def test_contains_matches_more_tags_than_one_may_think(vsphere):
    vsphere.patch_vm(tags=["ANTI_VIRUS.VirusFound.threat=high"])
    assert members_of(vsphere, dynamic(("VM.SECURITY_TAG", "contains", "threat"))) == ["VDI-01"]


def test_a_vm_differs_from_a_tag_when_none_of_its_tags_is_that(vsphere):
    assert "connection-server" not in members_of(
        vsphere, dynamic(("VM.SECURITY_TAG", "!=", "connection-server")))
    assert "file-server" in vsphere.members(PROBE)


def test_criteria_and_sets_join_by_their_operators(vsphere):
    one, two = ("VM.NAME", "starts_with", "VDI"), ("VM.NAME", "ends_with", "1")
    other = ("VM.NAME", "=", "file-server")
    assert members_of(vsphere, dynamic(one, two, operator="AND")) == ["VDI-01", "edge-01"][:1]
    assert members_of(vsphere, dynamic(one), dynamic(other)) == DESKTOPS + ["file-server"]
    assert members_of(vsphere, dynamic(one), dynamic(two, joined="AND")) == ["VDI-01"]
    # The operator of the first set means nothing.
    assert members_of(vsphere, dynamic(other, joined="AND")) == ["file-server"]


def test_static_members_are_added_and_excluded_ones_taken_away(vsphere):
    vsphere.put_group(PROBE, members=["vm-130", "securitygroup-11", "domain-c7"],
                      exclude_members=["vm-102", "securitygroup-12"])
    assert vsphere.members(PROBE) == ["VDI-01", "VDI-03", "file-server", "edge-01"]


def test_groups_in_groups_that_never_end_have_an_end(vsphere):
    vsphere.put_group("securitygroup-51", members=[])
    vsphere.put_group(PROBE, members=["securitygroup-51"])
    vsphere.put_group("securitygroup-51", members=[PROBE, "vm-101"])
    assert vsphere.members(PROBE) == ["VDI-01"]


def test_the_document_of_a_group_shows_all_its_parts(vsphere):
    group = vsphere.xml(f"{GROUPS}/{QUARANTINE}")
    assert group.tag == "securitygroup"
    assert texts(group, "member/objectId") == ["securitytag-12"]
    assert fields(group.find("dynamicMemberDefinition/dynamicSet/dynamicCriteria")) == {
        "operator": "OR", "key": "VM.SECURITY_TAG", "criteria": "=",
        "value": "ANTI_VIRUS.VirusFound.threat=high", "isValid": "true"}
    vdi = vsphere.xml(f"{GROUPS}/securitygroup-11")
    assert texts(vdi, "excludeMember/objectId") == [QUARANTINE]


def test_the_root_of_the_list_is_one_or_the_other(make_vsphere):
    path = f"{GROUPS}/scope/globalroot-0"
    assert make_vsphere().xml(path).tag == "list"
    other = make_vsphere(group_list_is_list=False).xml(path)
    assert other.tag == "securityGroups"
    assert texts(other, "securitygroup/name")[:2] == ["quarantine", "vdi"]


def test_members_are_left_out_on_request_since_647(make_vsphere):
    path = f"{GROUPS}/scope/globalroot-0"
    old = make_vsphere(version="6.4.6").xml(path, populateMembers="false")
    assert old.findall("securitygroup/member")
    new = make_vsphere(version="6.4.7").xml(path, populateMembers="false")
    assert not new.findall("securitygroup/member")


def test_no_group_is_one_or_two_empty_elements(make_vsphere):
    path = f"{GROUPS}/lookup/virtualmachine/vm-190"
    nested = make_vsphere().xml(path)
    assert nested.tag == "securityGroups" and len(nested) == 1 and len(nested[0]) == 0
    assert len(make_vsphere(empty_lookup_nested=False).xml(path)) == 0


def test_an_unknown_object_has_code_202(vsphere):
    check_error(vsphere.get(f"{GROUPS}/securitygroup-99"), 404, 202)
    check_error(vsphere.get(f"{GROUPS}/securitygroup-99/translation/vnics"), 404, 202)
    check_error(vsphere.get(f"{GROUPS}/lookup/virtualmachine/vm-999"), 404, 202)
    check_error(vsphere.get(f"{GROUPS}/lookup/virtualmachine/VM-101"), 404, 202)


def test_the_groups_of_an_address(vsphere):
    vsphere.attach()
    root = vsphere.xml(f"{GROUPS}/lookup/ipaddress/192.0.2.11")
    assert texts(root, "securityGroups/securitygroup/name") == ["quarantine"]


def test_a_group_translates_to_addresses_macs_and_vnics(vsphere):
    vsphere.attach()
    translation = f"{GROUPS}/{QUARANTINE}/translation"
    addresses = vsphere.xml(f"{translation}/ipaddresses")
    assert texts(addresses, "ipNode/ipAddresses/string") == ["192.0.2.11", "2001:db8:10::11"]
    assert texts(vsphere.xml(f"{translation}/macaddresses"), "macNode/macAddress") == [
        "00:50:56:a2:00:11"]
    (vnic,) = vsphere.xml(f"{translation}/vnics").findall("vnicNode")
    assert vnic.find("uuid").text == "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01.000"


def test_undiscovered_addresses_are_in_no_answer_of_nsx(vsphere):
    vsphere.attach()
    vsphere.patch_vm(ip_discovered=False)
    assert texts(vsphere.xml(f"{GROUPS}/{QUARANTINE}/translation/ipaddresses"),
                 "ipNode/ipAddresses/string") == []
    assert texts(vsphere.xml(
        f"/api/2.0/services/translation/virtualmachine/{INFECTED}/ipaddresses"),
        "ipNode/ipAddresses/string") == []


def test_the_inventory_has_names_and_clusters_but_neither_uuid_nor_address(vsphere):
    root = vsphere.xml(f"{GROUPS}/scope/globalroot-0/members/VirtualMachine")
    assert root.tag == "list"
    assert texts(root, "basicinfo/objectId") == [
        "vm-101", "vm-102", "vm-103", "vm-120", "vm-130", "vm-190"]
    assert set(texts(root, "basicinfo/scope/id")) == {"domain-c7"}
    assert "50221a4c" not in str([fields(node) for node in root])


def test_a_vm_that_nsx_does_not_know_is_not_in_its_inventory(vsphere):
    vsphere.settings(inventory_delay_ms=60000)
    vsphere.control("POST", "vms", {"external_id": "vm-500", "display_name": "VDI-09"})
    root = vsphere.xml(f"{GROUPS}/scope/globalroot-0/members/VirtualMachine")
    assert "VDI-09" not in texts(root, "basicinfo/name")


def test_the_addresses_of_a_vm_came_with_64(make_vsphere):
    path = f"/api/2.0/services/translation/virtualmachine/{INFECTED}/ipaddresses"
    assert texts(make_vsphere().xml(path), "ipNode/ipAddresses/string") == [
        "192.0.2.11", "2001:db8:10::11"]
    assert make_vsphere(version="6.3.6").get(path).status == 404


def test_spoofguard_maps_addresses_to_vnics(vsphere):
    guard = "/api/4.0/services/spoofguard"
    (policy,) = texts(vsphere.xml(f"{guard}/policies/"), "spoofguardPolicy/policyId")
    found = {entry.find("vnicUuid").text: texts(entry, "detectedIpAddress/ipAddress")
             for entry in vsphere.xml(f"{guard}/{policy}", list="ACTIVE")}
    assert found["50221a4c-7f10-4b6e-8a20-5d2c9e7b0a20.000"] == ["192.0.2.20"]
    check_error(vsphere.get(f"{guard}/policies"), 404, 202)  # the slash is needed


def test_spoofguard_separates_running_vms_from_others(vsphere):
    vsphere.patch_vm(power_state="POWERED_OFF")
    path = "/api/4.0/services/spoofguard/spoofguardpolicy-1"
    assert len(vsphere.xml(path, list="ACTIVE")) == 5
    assert len(vsphere.xml(path, list="INACTIVE")) == 1
    assert len(vsphere.xml(path, list="ALL")) == 6


def test_basicinfo_tells_whether_an_object_is_there(vsphere):
    path = "/api/2.0/services/inventory/{}/basicinfo"
    assert fields(vsphere.xml(path.format(INFECTED)))["name"] == "VDI-01"
    assert vsphere.get(path.format("vm-999")).status == 404
