# SPDX-License-Identifier: Apache-2.0
"""Virtual machines and their interfaces, and lists as NSX pages them."""

import pytest

from support.nsx_client import (
    GROUPS, IDS, INFECTED, REALIZED_VMS, VIFS, VMS, condition, crowd, world_with,
)


# ---- inventory -----------------------------------------------------------------------


def test_a_vm_has_all_its_fields(nsx):
    (vm,) = nsx.get(VMS, display_name="VDI-01").results
    assert vm["resource_type"] == "VirtualMachine"
    assert vm["type"] == "REGULAR"
    assert vm["power_state"] == "VM_RUNNING"
    assert vm["guest_info"]["computer_name"] == "vdi-01.corp.example"
    assert vm["source"]["target_type"] == "HostNode"
    assert f"instanceUuid:{vm['external_id']}" in vm["compute_ids"]
    assert any(text.startswith("biosUuid:") and vm["external_id"] not in text
               for text in vm["compute_ids"])
    assert vm["_last_sync_time"] > 1_500_000_000_000
    assert "tags" not in vm
    assert "vifs" not in vm


@pytest.mark.parametrize("query, names", [
    ({"external_id": INFECTED}, ["VDI-01"]),
    ({"external_id": INFECTED.upper()}, []),
    ({"display_name": "VDI-0"}, []),
    ({"display_name": "VDI-02", "external_id": INFECTED}, []),
    ({"exclude_vm_type": "REGULAR"}, ["edge-01"]),
    ({"sort_by": "display_name", "sort_ascending": "false", "page_size": "2"},
     ["file-server", "edge-01"]),
])
def test_vms_are_filtered_by_exact_values(nsx, query, names):
    assert [vm["display_name"] for vm in nsx.get(VMS, **query).results] == names


def test_vifs_carry_addresses_and_the_port(nsx):
    (vif,) = nsx.get(VIFS, owner_vm_id=INFECTED).results
    assert vif["external_id"] == INFECTED + "-4000"
    assert vif["mac_address"] == "00:50:56:a2:00:11"
    assert vif["ip_address_info"] == [
        {"source": "VM_TOOLS", "ip_addresses": ["192.0.2.11", "2001:db8:10::11"]}]
    assert nsx.get(VIFS, lport_attachment_id=vif["lport_attachment_id"]).results == [vif]
    (edge,) = nsx.get(VIFS, owner_vm_id=IDS["edge-01"]).results
    assert "lport_attachment_id" not in edge
    assert edge["owner_vm_type"] == "EDGE"


def test_compute_managers_tell_where_the_vcenters_are(make_nsx):
    nsx = make_nsx(world_with(compute_managers=[
        {"server": "vc-1.corp.example"}, {"server": "192.0.2.5", "display_name": "second"}]))
    first, second = nsx.get("/api/v1/fabric/compute-managers").results
    assert first["server"] == first["display_name"] == "vc-1.corp.example"
    assert first["origin_type"] == "vCenter"
    assert nsx.get("/api/v1/fabric/compute-managers", display_name="second").results == [second]


def test_stale_copies_of_a_vm_are_listed_under_one_external_id(nsx):
    nsx.control("PATCH", f"vms/{INFECTED}", {"copies": [{"power_state": "VM_STOPPED"}]})
    found = nsx.get(VMS, display_name="VDI-01").results
    assert [vm["external_id"] for vm in found] == [INFECTED, INFECTED]
    assert [vm["power_state"] for vm in found] == ["VM_RUNNING", "VM_STOPPED"]
    nsx.control("PATCH", f"vms/{INFECTED}", {"copies": None})
    assert len(nsx.get(VMS, display_name="VDI-01").results) == 1


# ---- paging --------------------------------------------------------------------------


def all_pages(nsx, path, **query):
    """As the specification says: cursor by cursor. Returns the pages."""
    pages = [nsx.get(path, **query).json]
    while "cursor" in pages[-1]:
        pages.append(nsx.get(path, cursor=pages[-1]["cursor"], **query).json)
        assert len(pages) < 100
    return pages


@pytest.mark.parametrize("path, key", [(VMS, "external_id"), (VIFS, "owner_vm_id")])
@pytest.mark.parametrize("sort", [{}, {"sort_by": "external_id"},
                                  {"sort_by": "display_name"}])
def test_pages_hold_every_item_once(make_nsx, path, key, sort):
    nsx = make_nsx(crowd(25))
    pages = all_pages(nsx, path, page_size=10, **sort)
    assert [len(page["results"]) for page in pages] == [10, 10, 5]
    assert [page.get("result_count") for page in pages] == [25, None, None]
    assert all(not page["cursor"].isdigit() or page["cursor"].startswith("0036")
               for page in pages[:-1])
    seen = [item[key] for page in pages for item in page["results"]]
    assert sorted(seen) == [f"vm-{i:04}" for i in range(25)]
    assert [page.get("sort_by") for page in pages] == [sort.get("sort_by")] * 3


def test_pages_that_end_with_the_list_have_no_cursor(make_nsx):
    nsx = make_nsx(crowd(20))
    assert [len(p["results"]) for p in all_pages(nsx, VMS, page_size=10)] == [10, 10]
    assert [len(p["results"]) for p in all_pages(nsx, VMS)] == [20]
    assert [len(p["results"]) for p in all_pages(nsx, VMS, page_size=0)] == [20]


def test_the_settings_can_make_pages_smaller_than_asked_for(make_nsx):
    nsx = make_nsx({**crowd(9), "page_size_max": 4})
    assert [len(p["results"]) for p in all_pages(nsx, VMS, page_size=1000)] == [4, 4, 1]


def test_an_empty_list_is_a_list(make_nsx):
    nsx = make_nsx({"virtual_machines": []})
    assert nsx.get(VMS).json == {"results": [], "result_count": 0}
    assert nsx.get(REALIZED_VMS).json == {"results": []}
    assert nsx.get(GROUPS).json == {"results": [], "result_count": 0,
                                    "sort_by": "display_name", "sort_ascending": True}


@pytest.mark.parametrize("query", [{"page_size": "1001"}, {"page_size": "-1"},
                                   {"page_size": "ten"}, {"page_size": ""},
                                   {"sort_ascending": "yes"}, {"cursor": "0036"},
                                   {"cursor": "12"}])
def test_wrong_paging_parameters_are_400(nsx, query):
    assert nsx.get(VMS, **query).status == 400


def test_a_cursor_whose_item_is_gone_is_400(make_nsx):
    nsx = make_nsx(crowd(5))
    cursor = nsx.get(VMS, page_size=2).json["cursor"]
    nsx.control("DELETE", "vms/vm-0002")
    assert nsx.get(VMS, page_size=2, cursor=cursor).status == 400


def test_the_realized_list_pages_by_offset_and_says_nothing_about_it(make_nsx):
    nsx = make_nsx(crowd(25))
    seen = []
    while True:
        page = nsx.get(REALIZED_VMS, sort_by="external_id", page_size=10,
                       **({"cursor": len(seen)} if seen else {})).json
        assert "cursor" not in page
        assert "result_count" not in page
        if not page["results"]:
            break
        seen += [vm["external_id"] for vm in page["results"]]
    assert seen == [f"vm-{i:04}" for i in range(25)]


def test_the_realized_list_has_no_order_unless_it_is_asked_for(make_nsx):
    nsx = make_nsx(crowd(25))

    def order(**query):
        return [vm["external_id"] for vm in nsx.get(REALIZED_VMS, **query).results]

    orders = [order() for _ in range(3)]
    assert len({tuple(ids) for ids in orders}) == 3
    assert all(sorted(ids) == order(sort_by="external_id") for ids in orders)
    pages = order(page_size=13) + order(page_size=13, cursor=13)
    assert len(pages) == 25
    assert len(set(pages)) < 25, "lost and doubled, as users report"


def test_the_realized_list_can_page_by_the_specification(make_nsx):
    nsx = make_nsx({**crowd(25), "vm_paging": "spec"})
    pages = all_pages(nsx, REALIZED_VMS, page_size=10)
    assert [page.get("result_count") for page in pages] == [25, None, None]
    assert len({vm["external_id"] for page in pages for vm in page["results"]}) == 25


def test_members_are_paged(make_nsx):
    nsx = make_nsx({**crowd(25), "groups": [
        {"id": "all", "expression": [condition("Name", "CONTAINS", "machine")]}]})
    pages = all_pages(nsx, f"{GROUPS}/all/members/virtual-machines", page_size=10)
    assert [len(page["results"]) for page in pages] == [10, 10, 5]
    assert {vm["id"] for page in pages for vm in page["results"]} == {
        f"vm-{i:04}" for i in range(25)}


def test_a_large_world_is_paged_completely(make_nsx):
    nsx = make_nsx(crowd(20000))
    pages = all_pages(nsx, VMS, sort_by="external_id")
    assert len({vm["external_id"] for page in pages for vm in page["results"]}) == 20000
