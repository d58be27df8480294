# SPDX-License-Identifier: Apache-2.0
"""What should be and what NSX shows are compared again and again: tags that are gone, tags that
others set, VMs that leave, return or are made anew."""

import pytest

from support.lab import NSX
from support.nsx_client import IDS

VM = {"policy": IDS["VDI-01"], "vsphere": "vm-101"}
SLOW = {"reconcile_s": 3600.0, "verify_interval_s": 3600.0}


def tags_of(lab, vm="VDI-01"):
    found = lab.sim.get(f"/sim/vms/{VM[lab.nsx]}") if vm == "VDI-01" else next(
        item for item in lab.sim.get("/sim/world")["virtual_machines"]
        if item["display_name"] == vm)
    return [tag["tag"] for tag in found.get("tags") or []]


def set_tags(lab, *tags):
    """By hand, in vCenter or NSX: VDI-01 has these and no others."""
    lab.sim.request("PATCH", f"/sim/vms/{VM[lab.nsx]}", {"tags": list(tags)})


def changes(lab):
    return [change["change"] for change in lab.sim.tag_changes("VDI-01")]


def isolate(lab):
    lab.send_trap("VDI-01")
    return lab.wait_case(OperState="isolated")["index"]


def wait_requests(lab, more=3):
    """The engine has asked NSX so many times more."""
    before = lab.manager_counts()["Requests"]
    lab.wait(lambda: lab.manager_counts()["Requests"] >= before + more, "more requests")


# ---- a tag of ours that is gone -----------------------------------------------------------


@pytest.mark.parametrize("nsx", NSX)
def test_a_tag_that_was_taken_off_is_put_back_and_said_so(make_lab, nsx):
    lab = make_lab("agentx", nsx).start()
    case = isolate(lab)
    set_tags(lab)

    lab.wait(lambda: changes(lab) == ["added", "removed", "added"], "the tag to be back")
    row = lab.wait_case(OperState="isolated")
    assert row["index"] == case
    told = lab.wait_notification("nqVmTagLost")
    assert told[f"nqVmReason.{case}"] == "tagLost"
    assert told[f"nqVmChangedBy.{case}"].strip('"') == "reconciler"


@pytest.mark.parametrize("nsx", NSX)
def test_a_tag_that_was_taken_off_is_a_release_where_a_site_wants_that(make_lab, nsx):
    lab = make_lab("agentx", nsx, removed_tag="release").start()
    case = isolate(lab)
    set_tags(lab)

    row = lab.wait_case(OperState="released", ChangedBy="reconciler")
    assert "taken off by somebody else" in row["nqVmReasonText"]
    assert lab.wait_notification("nqVmReleased")
    lab.kill_engine()
    lab.restart_engine()
    wait_requests(lab)
    assert changes(lab) == ["added", "removed"]
    assert lab.cases()[case]["nqVmOperState"] == "released"


@pytest.mark.parametrize("nsx", NSX)
def test_a_comparison_on_demand_finds_what_the_next_one_would(make_lab, nsx):
    lab = make_lab("agentx", nsx, **SLOW).start()
    isolate(lab)
    lab.wait(lambda: int(lab.snmp.get("nqEngineReconciledAt.0")) > 0, "the first one")
    set_tags(lab)
    assert changes(lab) == ["added", "removed"]

    lab.snmp.set("nqEngineReconcile.0", "i", "run")

    lab.wait(lambda: changes(lab) == ["added", "removed", "added"], "the tag to be back")
    lab.wait_case(OperState="isolated")


@pytest.mark.parametrize("nsx", NSX)
def test_an_nsx_that_has_lost_all_its_tags_gets_ours_again(make_lab, nsx):
    """As after a restore of an old backup."""
    lab = make_lab("agentx", nsx).start()
    for number in (1, 2, 3):
        lab.send_trap(f"VDI-0{number}")
    lab.wait_all_isolated(3)
    released = next(index for index, row in lab.cases().items()
                    if row["nqVmName"] == "VDI-03")
    lab.snmp.set(f"nqVmAdminState.{released}", "i", "release")
    lab.wait_case(count=3, OperState="released")
    lab.kill("simulator")
    lab.restart("simulator")

    lab.wait(lambda: sorted(c["display_name"] for c in lab.sim.tag_changes())
             == ["VDI-01", "VDI-02"], "both tags to be back", 30)
    lab.wait(lambda: sorted(row["nqVmOperState"] for row in lab.cases().values())
             == ["isolated", "isolated", "released"], "the rows", 30)
    assert lab.sim.allowed("VDI-03", "file-server")


# ---- tags of others -----------------------------------------------------------------------


WATCHED = {"policy": {"scope": "other-product", "tag": "cut-off"},
           "vsphere": {"scope": "", "tag": "ANTI_VIRUS.VirusFound.threat=high"}}


def watching(nsx):
    tag = WATCHED[nsx]
    scope = f'scope = "{tag["scope"]}"; ' if tag["scope"] else ""
    return {"more": f'tag = {{ watched = ( {{ {scope}value = "{tag["tag"]}"; }} ); }};'}


@pytest.mark.parametrize("nsx", NSX)
def test_a_watched_tag_of_somebody_else_is_a_row_while_it_is_there(make_lab, nsx):
    lab = make_lab("agentx", nsx, **watching(nsx)).start()
    set_tags(lab, WATCHED[nsx])

    row = lab.wait_case(Owner="foreign")
    assert row["nqVmName"] == "VDI-01"
    assert row["nqVmExternalId"] == VM[nsx]
    assert WATCHED[nsx]["tag"] in row["nqVmTag"]
    # Seen, and nothing more.
    for command in ("release", "approve", "dismiss", "retry"):
        assert lab.snmp.set_reason(f"nqVmAdminState.{row['index']}", "i", command)
    set_tags(lab)
    lab.wait(lambda: lab.cases() == {}, "the row to go")
    assert [r for r in lab.sim.requests() if r["method"] in ("PUT", "DELETE")
            or "action=" in r["path"]] == []


@pytest.mark.parametrize("nsx", NSX)
def test_a_release_of_ours_leaves_the_tag_of_somebody_else(make_lab, nsx):
    lab = make_lab("agentx", nsx, **watching(nsx)).start()
    set_tags(lab, WATCHED[nsx])
    lab.wait_case(Owner="foreign")
    lab.send_trap("VDI-01")
    lab.wait(lambda: [row["nqVmOwner"] for row in lab.cases().values()] == ["ours"],
             "one row, of ours")
    case = lab.wait_case(OperState="isolated")["index"]

    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")

    row = lab.wait_case(count=2, Owner="foreign")
    assert row["index"] != case
    assert lab.cases()[case]["nqVmOperState"] == "released"
    assert tags_of(lab) == [WATCHED[nsx]["tag"]]


def test_our_tag_that_somebody_else_set_is_a_foreign_row(make_lab):
    lab = make_lab("agentx").start()
    set_tags(lab, {"scope": "nsx-quarantine", "tag": "isolated"})

    row = lab.wait_case(Owner="foreign")
    assert row["nqVmTag"] == "nsx-quarantine|isolated"
    lab.kill_engine()
    lab.restart_engine()
    lab.wait_case(Owner="foreign")
    wait_requests(lab)
    assert changes(lab) == ["added"]


# ---- VMs that come and go -----------------------------------------------------------------


def remove_vm(lab):
    """Deletes VDI-01; returns what it was, without its tags."""
    vm = lab.sim.get(f"/sim/vms/{VM[lab.nsx]}")
    lab.sim.request("DELETE", f"/sim/vms/{VM[lab.nsx]}")
    return {name: value for name, value in vm.items() if name != "tags"}


@pytest.mark.parametrize("nsx", NSX)
def test_a_vm_that_returns_is_isolated_again(make_lab, nsx):
    lab = make_lab("agentx", nsx).start()
    case = isolate(lab)
    vm = remove_vm(lab)
    row = lab.wait_case(OperState="vanished")
    assert row["nqVmReason"] == "unknownVm"

    lab.sim.request("POST", "/sim/vms", vm)

    assert lab.wait_case(OperState="isolated", timeout=25)["index"] == case
    assert tags_of(lab) == ["isolated"]


def clone_again(lab):
    """An instant clone: the same name, another id."""
    vm = remove_vm(lab)
    lab.wait_case(OperState="vanished")
    new = json_replace(vm, {"8a01-5d2c9e7b0a01": "8a41-5d2c9e7b0a41", "vm-101": "vm-141",
                            "9a11-000000000011": "9a11-000000000041"})
    lab.sim.request("POST", "/sim/vms", new)
    return new["external_id"]


def json_replace(value, words):
    if isinstance(value, dict):
        return {name: json_replace(item, words) for name, item in value.items()}
    if isinstance(value, list):
        return [json_replace(item, words) for item in value]
    for old, new in words.items():
        value = value.replace(old, new) if isinstance(value, str) else value
    return value


@pytest.mark.parametrize("nsx", NSX)
def test_a_clone_made_anew_is_left_alone(make_lab, nsx):
    lab = make_lab("agentx", nsx).start()
    isolate(lab)
    new = clone_again(lab)

    row = lab.wait(lambda: next((row for row in lab.cases().values()
                                 if new in row["nqVmReasonText"]), None), "the new VM")
    assert row["nqVmOperState"] == "vanished"
    assert "recreated_vm says leave" in row["nqVmReasonText"]
    assert changes(lab) == ["added"]
    assert lab.sim.allowed("VDI-01", "file-server")
    # A detection is about the VM that is there now.
    lab.send_trap("VDI-01")
    lab.wait(lambda: not lab.sim.allowed("VDI-01", "file-server"), "its isolation", 25)


@pytest.mark.parametrize("nsx", NSX)
def test_a_clone_made_anew_is_followed_where_a_site_wants_that(make_lab, nsx):
    lab = make_lab("agentx", nsx, recreated_vm="follow").start()
    case = isolate(lab)
    new = clone_again(lab)

    row = lab.wait_case(OperState="isolated", ExternalId=new, timeout=25)
    assert row["index"] == case
    assert not lab.sim.allowed("VDI-01", "file-server")
