# SPDX-License-Identifier: Apache-2.0
"""Lists that do not page as the specification says, and lists that are very long."""

import pytest

from support.nsx_client import (
    GROUPS, IDS, INFECTED, POLICIES, QUARANTINE, REALIZED_VMS, TAGS, VIFS, VMS, condition,
    crowd,
)

LISTS = [VMS, VIFS, GROUPS, POLICIES, REALIZED_VMS,
         GROUPS + "/vdi/members/virtual-machines"]


def pages(nsx, path, **query):
    """Every page by its cursor, at most thirty."""
    found = [nsx.get(path, **query).json]
    while "cursor" in found[-1] and len(found) < 30:
        found.append(nsx.get(path, cursor=found[-1]["cursor"], **query).json)
    return found


@pytest.mark.parametrize("path", LISTS)
def test_every_list_can_lose_cursor_and_count(nsx, path):
    nsx.settings(vm_paging="spec")
    whole = nsx.get(path).json
    assert whole["result_count"] == len(whole["results"])
    assert "cursor" in nsx.get(path, page_size=1).json
    nsx.settings(omit_cursor=True, omit_result_count=True)
    page = nsx.get(path, page_size=1).json
    assert "cursor" not in page and "result_count" not in page
    second = nsx.get(path, page_size=1, cursor="1").json
    assert second["results"] == whole["results"][1:2], "a number is an offset then"


@pytest.mark.parametrize("size", [2, 1000])
def test_a_cursor_can_repeat_for_ever(nsx, size):
    nsx.settings(repeat_cursor=True)
    found = pages(nsx, VMS, page_size=size)
    assert len(found) == 30
    assert len({page["cursor"] for page in found}) == 1


@pytest.mark.parametrize("path", [VMS, VIFS, GROUPS + "/g/members/virtual-machines"])
def test_every_list_can_lose_its_order(make_nsx, path):
    nsx = make_nsx(crowd(60))
    nsx.put_group("g", condition("Name", "STARTSWITH", "machine"))
    assert nsx.get(path).results == nsx.get(path).results
    nsx.settings(unstable_order=True)
    first, second = nsx.get(path).results, nsx.get(path).results
    assert first != second
    key = "id" if "members" in path else "external_id"
    assert sorted(one[key] for one in first) == sorted(one[key] for one in second)
    assert nsx.get(path, sort_by=key).results == nsx.get(path, sort_by=key).results


def test_copies_of_a_vm_do_not_stop_the_pages(nsx):
    nsx.control("PATCH", f"vms/{IDS['VDI-02']}",
                {"copies": [{"power_state": "VM_STOPPED"}, {"power_state": "UNKNOWN"}]})
    for size in (1, 2, 3):
        found = [vm for page in pages(nsx, VMS, page_size=size)
                 for vm in page["results"]]
        assert len(found) == 8
        assert [vm["power_state"] for vm in found
                if vm["external_id"] == IDS["VDI-02"]] == [
                    "VM_RUNNING", "VM_STOPPED", "UNKNOWN"]


@pytest.mark.parametrize("cursor", ["x", "0036", "0036zz", "00363", "003678", "36302f78"])
def test_a_cursor_that_was_never_given_is_400(nsx, cursor):
    assert nsx.get(VMS, cursor=cursor).status == 400


def test_pages_show_what_changed_in_between(make_nsx):
    nsx = make_nsx(crowd(50))
    first = nsx.get(VMS, page_size=10, sort_by="external_id").json
    nsx.tag("add_tags", "vm-0012", QUARANTINE)
    nsx.control("PATCH", "vms/vm-0013", {"power_state": "VM_STOPPED"})
    nsx.control("DELETE", "vms/vm-0015")
    second = nsx.get(VMS, page_size=10, sort_by="external_id",
                     cursor=first["cursor"]).json["results"]
    assert [vm["external_id"] for vm in second] == [
        f"vm-{i:04}" for i in range(10, 21) if i != 15]
    assert second[2]["tags"] == [QUARANTINE]
    assert second[3]["power_state"] == "VM_STOPPED"


def test_pages_of_one_list_are_not_those_of_another(make_nsx):
    nsx = make_nsx(crowd(40))
    for _ in range(2):
        for query in ({}, {"sort_by": "display_name"}, {"exclude_vm_type": "EDGE"},
                      {"sort_by": "display_name", "sort_ascending": "false"}):
            whole = nsx.get(VMS, **query).results
            parts = [vm for page in pages(nsx, VMS, page_size=9, **query)
                     for vm in page["results"]]
            assert parts == whole


def test_members_follow_the_tags_between_two_pages(make_nsx):
    nsx = make_nsx(crowd(30))
    nsx.put_group("g", condition("Tag", "EQUALS", "nsx-quarantine|isolated"))
    path = GROUPS + "/g/members/virtual-machines"
    for i in range(10):
        nsx.tag("add_tags", f"vm-{i:04}", QUARANTINE)
    first = nsx.get(path, page_size=4).json
    nsx.tag("remove_tags", "vm-0006", QUARANTINE)
    second = nsx.get(path, page_size=4, cursor=first["cursor"]).json
    assert [vm["id"] for vm in second["results"]] == [
        "vm-0004", "vm-0005", "vm-0007", "vm-0008"]


def test_a_large_world_is_paged_once_and_completely(make_nsx):
    nsx = make_nsx({**crowd(9999), "requests_per_second": 0})
    found = [vm["external_id"] for page in pages(nsx, VMS, sort_by="external_id")
             for vm in page["results"]]
    assert len(found) == 9999 and found == sorted(set(found))


def test_a_stale_inventory_shows_the_past(nsx):
    nsx.settings(stale_inventory_ms=60000)
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    nsx.control("PATCH", f"vms/{IDS['VDI-02']}", {"display_name": "renamed"})
    nsx.control("PATCH", f"vms/{IDS['VDI-02']}", {"display_name": "again"})
    nsx.control("DELETE", f"vms/{IDS['VDI-03']}")
    nsx.control("POST", "vms", {"external_id": "new", "display_name": "VDI-04"})
    for path in (VMS, REALIZED_VMS):
        assert sorted(vm["display_name"] for vm in nsx.get(path).results) == sorted(IDS)
    assert nsx.tags_of(INFECTED) == []
    assert nsx.get(TAGS + "/effective-resources", tag="isolated").results == []
    assert any(vif["owner_vm_id"] == IDS["VDI-03"] for vif in nsx.get(VIFS).results)
    assert nsx.get(VMS, external_id="new").results == []
    assert nsx.members("quarantine") == ["VDI-01"], "groups are not the inventory"
    nsx.settings(stale_inventory_ms=0)
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert sorted(vm["display_name"] for vm in nsx.get(VMS).results) == [
        "VDI-01", "VDI-04", "again", "connection-server", "edge-01", "file-server"]
