# SPDX-License-Identifier: Apache-2.0
"""NSX for vSphere: security tags, and putting them on VMs."""

import pytest

from vsphere_client import (INFECTED, ISOLATED, TAGS, check_error, fields, make_vsphere,
                            parse, texts, vsphere)

__all__ = ["make_vsphere", "vsphere"]

SYSTEM_TAGS = {
    "ANTI_VIRUS.VirusFound.threat=low", "ANTI_VIRUS.VirusFound.threat=medium",
    "ANTI_VIRUS.VirusFound.threat=high", "AntiVirus.virusFound",
    "DATA_SECURITY.violationsFound", "IDS_IPS.threat=low", "IDS_IPS.threat=medium",
    "IDS_IPS.threat=high", "VULNERABILITY_MGMT.VulnerabilityFound.threat=low",
    "VULNERABILITY_MGMT.VulnerabilityFound.threat=medium",
    "VULNERABILITY_MGMT.VulnerabilityFound.threat=high"}

INSTANCE_UUID = "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"
BIOS_UUID = "40221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"


def identity(**parameters):
    rows = "".join(f"<tagParameter><key>{key}</key><value>{value}</value></tagParameter>"
                   for key, value in parameters.items())
    return f"<securityTagAssignment>{rows}</securityTagAssignment>"


def new_tag(name, description=""):
    return ("<securityTag><objectTypeName>SecurityTag</objectTypeName>"
            f"<type><typeName>SecurityTag</typeName></type><name>{name}</name>"
            f"<description>{description}</description></securityTag>")


def test_the_predefined_tags_are_always_there(vsphere):
    tags = [fields(tag) for tag in vsphere.xml(f"{TAGS}/tag").iter("securityTag")]
    system = {tag["name"] for tag in tags if tag["systemResource"] == "true"}
    assert system == SYSTEM_TAGS
    assert {tag["name"] for tag in tags} - system == {"isolated", "connection-server"}


def test_the_numbers_of_the_predefined_tags_vary(make_vsphere):
    nsx = make_vsphere(security_tags=[
        {"id": "securitytag-3", "name": "isolated"}, {"name": "connection-server"},
        {"id": "securitytag-40", "name": "AntiVirus.virusFound"}],
        security_groups=[], layer3_sections=[])
    tags = {fields(tag)["name"]: fields(tag)
            for tag in nsx.xml(f"{TAGS}/tag").iter("securityTag")}
    assert tags["AntiVirus.virusFound"]["objectId"] == "securitytag-40"
    assert tags["AntiVirus.virusFound"]["systemResource"] == "true"
    assert len({tag["objectId"] for tag in tags.values()}) == 13


def test_a_description_may_be_absent(vsphere):
    tags = {fields(tag)["name"]: fields(tag)
            for tag in vsphere.xml(f"{TAGS}/tag").iter("securityTag")}
    assert "description" in tags["isolated"]
    assert "description" not in tags["connection-server"]


def test_the_list_pages_and_sorts_ids_as_text(vsphere):
    first = vsphere.xml(f"{TAGS}/tag", startIndex=0, pageSize=3)
    assert fields(first.find("pagingInfo")) == {
        "pageSize": "3", "startIndex": "0", "totalCount": "13",
        "sortOrderAscending": "true", "sortBy": "objectId"}
    assert texts(first, "securityTag/objectId") == [
        "securitytag-1", "securitytag-10", "securitytag-11"]
    last = vsphere.xml(f"{TAGS}/tag", startIndex=12, pageSize=3)
    assert texts(last, "securityTag/objectId") == ["securitytag-9"]


def test_the_list_is_filtered_by_name_or_id(vsphere):
    by_name = vsphere.xml(f"{TAGS}/tag", filterBy="name", filterValue="isolated")
    assert texts(by_name, "securityTag/objectId") == [ISOLATED]
    by_id = vsphere.xml(f"{TAGS}/tag", filterBy="objectId", filterValue=ISOLATED)
    assert texts(by_id, "securityTag/name") == ["isolated"]
    other_case = vsphere.xml(f"{TAGS}/tag", filterBy="name", filterValue="Isolated")
    assert texts(other_case, "securityTag/name") == []


def test_a_manager_may_page_smaller_than_asked(make_vsphere):
    page = make_vsphere(page_size_max=5).xml(f"{TAGS}/tag", pageSize=100)
    assert len(page.findall("securityTag")) == 5
    assert texts(page, "pagingInfo/pageSize") == ["5"]


def test_before_633_the_list_neither_pages_nor_filters(make_vsphere):
    root = make_vsphere(version="6.3.2").xml(f"{TAGS}/tag", filterBy="name",
                                             filterValue="isolated", pageSize=2)
    assert root.find("pagingInfo") is None
    assert len(root.findall("securityTag")) == 13


def test_a_new_tag_is_answered_with_its_bare_id(vsphere):
    answer = vsphere.post(f"{TAGS}/tag", new_tag("a &amp; b", "x"))
    assert (answer.status, answer.text) == (201, "securitytag-14")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert fields(vsphere.xml(f"{TAGS}/tag/securitytag-14"))["name"] == "a & b"


def test_the_bare_id_may_be_labelled_as_xml(make_vsphere):
    answer = make_vsphere(create_says_xml=True).post(f"{TAGS}/tag", new_tag("x"))
    assert answer.text == "securitytag-14"
    assert answer.headers["Content-Type"].startswith("application/xml")


def test_a_name_is_there_once(vsphere):
    check_error(vsphere.post(f"{TAGS}/tag", new_tag("isolated")), 400, 210)


@pytest.mark.parametrize("body, status", [
    ("<securityTag>", 400), ("<other/>", 400), ("<securityTag/>", 400), ("{}", 400),
    ('<!DOCTYPE securityTag [<!ENTITY x "y">]><securityTag><name>&x;</name></securityTag>',
     400)])
def test_a_bad_body_is_refused(vsphere, body, status):
    assert vsphere.post(f"{TAGS}/tag", body).status == status


def test_what_xml_cannot_hold_is_not_sent_back(vsphere):
    check_error(vsphere.get(f"{TAGS}/tag/%FF%01%3C&amp;/vm"), 404, 202)


def test_a_body_without_its_type_is_refused(vsphere):
    answer = vsphere.post(f"{TAGS}/tag", new_tag("x"), {"Content-Type": "text/plain"})
    assert answer.status == 415


def test_a_tag_in_use_is_deleted_by_force_only(vsphere):
    vsphere.attach()
    check_error(vsphere.send("DELETE", f"{TAGS}/tag/{ISOLATED}"), 400, 209)
    assert vsphere.send("DELETE", f"{TAGS}/tag/{ISOLATED}", force="true").status == 200
    assert vsphere.tags_of() == []
    check_error(vsphere.attach(), 404, 202)


def test_a_system_tag_is_not_deleted(vsphere):
    check_error(vsphere.send("DELETE", f"{TAGS}/tag/securitytag-1", force="true"), 400, 204)


def test_a_tag_is_attached_and_detached_by_moref(vsphere):
    assert vsphere.attach().status == 200
    assert vsphere.tags_of() == ["isolated"]
    assert fields(vsphere.xml(f"{TAGS}/tag/{ISOLATED}"))["vmCount"] == "1"
    assert vsphere.detach().status == 200
    assert vsphere.tags_of() == []
    assert vsphere.changes() == [("VDI-01", "added", 1), ("VDI-01", "removed", 4)]


def test_a_tag_is_attached_by_instance_uuid_but_not_by_bios_uuid_or_name(vsphere):
    assert vsphere.attach(INSTANCE_UUID).status == 200
    assert vsphere.tags_of(INSTANCE_UUID) == ["isolated"]
    check_error(vsphere.attach(BIOS_UUID), 404, 202)
    check_error(vsphere.attach("VDI-02"), 404, 202)


def test_the_journal_names_moref_and_tag(vsphere):
    vsphere.attach()
    (change,) = vsphere.journal()["changes"]
    assert (change["external_id"], change["scope"], change["tag"]) == (
        INFECTED, "", "isolated")


def test_attaching_twice_succeeds_and_changes_nothing(vsphere):
    assert [vsphere.attach().status, vsphere.attach().status] == [200, 200]
    assert len(vsphere.changes()) == 1
    assert [vsphere.detach().status, vsphere.detach().status] == [200, 200]
    assert len(vsphere.changes()) == 2


def test_attaching_twice_may_fail_instead(make_vsphere):
    nsx = make_vsphere(attach_again_fails=True, detach_absent_fails=True)
    nsx.attach()
    check_error(nsx.attach(), 400, 203)
    nsx.detach()
    check_error(nsx.detach(), 404, 202)


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_unknown_vm_has_one_code_and_several_statuses(make_vsphere, status):
    check_error(make_vsphere(unknown_vm_status=status).attach("vm-999"), status, 202)


def test_a_new_vm_is_unknown_until_the_inventory_is_read(vsphere):
    vsphere.settings(inventory_delay_ms=60000)
    vsphere.control("POST", "vms", {"external_id": "vm-500", "display_name": "VDI-01"})
    check_error(vsphere.attach("vm-500"), 404, 202)
    assert vsphere.attach().status == 200  # the old VM of that name is another one
    vsphere.settings(inventory_delay_ms=0)
    vsphere.control("POST", "vms", {"external_id": "vm-501", "display_name": "VDI-09"})
    assert vsphere.attach("vm-501").status == 200


def test_without_vcenter_no_new_vm_becomes_known(vsphere):
    vsphere.settings(vcenter_connected=False)
    vsphere.control("POST", "vms", {"external_id": "vm-500", "display_name": "VDI-09"})
    check_error(vsphere.attach("vm-500"), 404, 202)
    vsphere.settings(vcenter_connected=True)
    assert vsphere.attach("vm-500").status == 200


def test_the_vms_of_a_tag_come_with_and_without_uuids(vsphere):
    vsphere.attach()
    vms = vsphere.xml(f"{TAGS}/tag/{ISOLATED}/vm")
    assert (vms.tag, texts(vms, "basicinfo/objectId")) == ("basicinfolist", [INFECTED])
    details = vsphere.xml(f"{TAGS}/tag/{ISOLATED}/vmDetail")
    (attached,) = [fields(vm) for vm in details.findall("attachedVM")]
    assert attached["instanceUUID"] == INSTANCE_UUID
    assert attached["biosUUID"] == BIOS_UUID
    assert attached["name"] == "VDI-01"


def test_an_identity_attaches_without_a_look_at_the_inventory(vsphere):
    path = f"{TAGS}/tag/{ISOLATED}/vm"
    assert vsphere.post(path, identity(instance_uuid=INSTANCE_UUID),
                        action="attach").status == 200
    assert vsphere.tags_of() == ["isolated"]
    # A typo succeeds silently.
    assert vsphere.post(path, identity(instance_uuid="nobody"), action="attach").status == 200
    assert len(vsphere.changes()) == 1
    assert vsphere.post(path, identity(bios_uuid=BIOS_UUID, vmname="VDI-01"),
                        action="detach").status == 200
    assert vsphere.tags_of() == []


def test_all_parts_of_an_identity_must_fit(vsphere):
    body = identity(bios_uuid=BIOS_UUID, vmname="VDI-02")
    vsphere.post(f"{TAGS}/tag/{ISOLATED}/vm", body, action="attach")
    assert vsphere.changes() == []


@pytest.mark.parametrize("body, action", [
    (identity(instance_uuid="x"), "other"), (identity(name="VDI-01"), "attach"),
    ("<securityTagAssignment/>", "attach")])
def test_a_wrong_identity_is_refused(vsphere, body, action):
    check_error(vsphere.post(f"{TAGS}/tag/{ISOLATED}/vm", body, action=action), 400, 226)


def test_assigning_tags_adds_to_those_that_are_there(vsphere):
    vsphere.attach(tag="securitytag-13")
    answer = vsphere.post(
        f"{TAGS}/vm/{INFECTED}", "<securityTags><securityTag><objectId>securitytag-12"
        "</objectId></securityTag></securityTags>", action="ASSIGN_TAGS")
    assert answer.status == 200
    assert vsphere.tags_of() == ["connection-server", "isolated"]
    assert vsphere.post(f"{TAGS}/vm/{INFECTED}", action="CLEAR_ALL_TAGS").status == 200
    assert vsphere.tags_of() == []


def test_assigning_an_unknown_tag_assigns_none(vsphere):
    body = ("<securityTags><securityTag><objectId>securitytag-12</objectId></securityTag>"
            "<securityTag><objectId>securitytag-99</objectId></securityTag></securityTags>")
    check_error(vsphere.post(f"{TAGS}/vm/{INFECTED}", body, action="ASSIGN_TAGS"), 404, 202)
    assert vsphere.tags_of() == []


@pytest.mark.parametrize("version, path, method", [
    ("6.2.9", f"{TAGS}/tag/{ISOLATED}/vmDetail", "GET"),
    ("6.2.9", f"{TAGS}/tag/{ISOLATED}/vm?action=attach", "POST"),
    ("6.2.9", f"{TAGS}/vm/{INFECTED}?action=ASSIGN_TAGS", "POST")])
def test_a_call_is_not_there_before_its_version(make_vsphere, version, path, method):
    nsx = make_vsphere(version=version)
    assert nsx.send(method, path).status in (404, 405)


def test_the_tags_of_a_vm_came_with_62_or_with_63(make_vsphere):
    path = f"{TAGS}/vm/{INFECTED}"
    assert make_vsphere(version="6.2.4").get(path).status == 200
    assert make_vsphere(version="6.2.4", vm_tags_since_630=True).get(path).status == 404


def test_a_template_can_carry_a_tag(vsphere):
    vsphere.patch_vm(template=True)
    assert vsphere.attach().status == 200


def test_a_deleted_vm_is_no_longer_listed(vsphere):
    vsphere.attach()
    vsphere.control("DELETE", f"vms/{INFECTED}")
    assert texts(vsphere.xml(f"{TAGS}/tag/{ISOLATED}/vm"), "basicinfo/objectId") == []
    check_error(vsphere.get(f"{TAGS}/vm/{INFECTED}"), 404, 202)


def test_the_conflicts_of_a_busy_manager_end(make_vsphere):
    nsx = make_vsphere(conflicts=2)
    assert nsx.get(f"{TAGS}/tag").status == 200  # only writes meet others
    assert [nsx.attach().status for _ in range(3)] == [409, 409, 200]
    nsx.settings(conflicts=1, conflict_form="hibernate")
    answer = nsx.detach()
    assert answer.status == 500 and "StaleObjectStateException" in answer.text


def test_control_changes_tags_by_name(vsphere):
    vsphere.patch_vm(tags=["isolated"])
    assert vsphere.tags_of() == ["isolated"]
    assert vsphere.control("GET", f"vms/{INFECTED}")["tags"] == [
        {"scope": "", "tag": "isolated"}]
    vsphere.patch_vm(tags=[])
    assert vsphere.tags_of() == []
    assert [change[1] for change in vsphere.changes()] == ["added", "removed"]


def test_a_fault_fits_these_calls_too(vsphere):
    vsphere.fault(method="PUT", status=500, body="<error/>", times=1,
                  content_type="application/xml")
    parse(vsphere.attach(), 500)
    vsphere.fault(method="PUT", ignore=True, times=1)
    assert vsphere.attach().status == 200
    assert vsphere.tags_of() == []
