# SPDX-License-Identifier: Apache-2.0
"""NSX is eventually consistent: VMs, tags, groups and the firewall each arrive in their own
time. A case waits for them, says for what, and never claims more than what is there."""

import pytest

from support.lab import NSX
from support.worlds import desktop, name_of

SLOW_MS = 1200


def one_change(lab):
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]
    lab.wait_notification("nqVmIsolated")
    assert [name for name, _ in lab.notifications()] == ["nqVmIsolated"]
    lab.check_balance()


@pytest.mark.parametrize("nsx, delay", [
    ("policy", "membership_delay_ms"), ("policy", "realization_delay_ms"),
    ("vsphere", "membership_delay_ms"), ("vsphere", "realization_delay_ms")])
def test_slow_realization_is_waited_for(make_lab, nsx, delay):
    lab = make_lab("agentx", nsx).start()
    lab.sim.settings(**{delay: SLOW_MS})
    lab.send_trap("VDI-01")

    row = lab.wait_case(OperState="tagged")
    assert row["nqVmReason"] == "none"
    assert lab.notifications() == []
    assert lab.snmp.number("nqCasesQuarantined.0") == 1
    assert lab.snmp.number("nqCasesIsolated.0") == 0
    row = lab.wait_case(OperState="isolated", timeout=25)
    assert not lab.sim.allowed("VDI-01", "file-server")
    assert int(row["nqVmIsolateTime"]) >= SLOW_MS > int(row["nqVmTagTime"]), row
    one_change(lab)


# NSX for vSphere says for one VM what the hosts hold since 6.4.0.
@pytest.mark.parametrize("nsx, settings", [
    ("policy", {}), ("vsphere", {}), ("vsphere", {"version": "6.3.7"})],
    ids=["policy", "vsphere", "vsphere before 6.4"])
def test_what_was_realized_before_the_tag_proves_nothing(make_lab, nsx, settings):
    """The engine has just read that all is realized, and that was true then."""
    lab = make_lab("agentx", nsx, group_interval_s=0.3).start(engine=False)
    lab.sim.settings(membership_delay_ms=0, realization_delay_ms=SLOW_MS, **settings)
    lab.start_engine()
    lab.wait_answers()
    lab.wait_inventory()
    seen = len(lab.requests("realization"))
    lab.wait(lambda: len(lab.requests("realization")) > seen, "a reading of the status")
    lab.send_trap("VDI-01")

    row = lab.wait_case(OperState="isolated", timeout=25)
    assert int(row["nqVmIsolateTime"]) >= SLOW_MS, row
    one_change(lab)


def test_a_realization_that_takes_long_is_named(make_lab):
    """The group itself is slow: as long as it is so, NSX says that it is in progress."""
    lab = make_lab("agentx", "policy").start(engine=False)
    lab.sim.realization("/infra/domains/default/groups/quarantine", state="IN_PROGRESS")
    lab.start_engine()
    lab.wait_answers()
    lab.send_trap("VDI-01")
    lab.wait(lambda: "not realized yet" in lab.cases().get(1, {}).get("nqVmReasonText", ""),
             "the row to say so")
    assert lab.cases()[1]["nqVmOperState"] == "tagged"
    groups = lab.snmp.table("nqGroupTable")
    assert groups[1]["nqGroupRealized"] == "inProgress", groups

    lab.sim.realization("/infra/domains/default/groups/quarantine")
    lab.wait_case(OperState="isolated", Reason="none")
    lab.wait(lambda: lab.snmp.table("nqGroupTable")[1]["nqGroupRealized"] == "success",
             "the group to be realized")
    one_change(lab)


# ---- VMs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("nsx", NSX)
def test_a_vm_that_is_too_new_for_nsx_is_waited_for(make_lab, nsx):
    lab = make_lab("agentx", nsx, resolve_timeout_s=30.0).start()
    lab.wait_inventory()
    lab.send_trap(name_of(7))
    row = lab.wait_case(Reason="unknownVm")
    assert row["nqVmOperState"] == "tagging"
    assert name_of(7) in row["nqVmReasonText"]
    assert row["nqVmExternalId"] == ""

    lab.sim.request("POST", "/sim/vms", desktop(nsx, 7))
    row = lab.wait_case(OperState="isolated", timeout=25)
    assert row["nqVmName"] == name_of(7)
    one_change(lab)


STALE = {"policy": {"stale_inventory_ms": SLOW_MS}, "vsphere": {"inventory_delay_ms": SLOW_MS}}


@pytest.mark.parametrize("nsx", NSX)
def test_an_inventory_that_lags_costs_time_and_nothing_else(make_lab, nsx):
    """The VM exists, but NSX shows it later; on policy managers so do its tags."""
    lab = make_lab("agentx", nsx, resolve_timeout_s=30.0).start()
    lab.wait_inventory()
    lab.sim.settings(**STALE[nsx])
    lab.sim.request("POST", "/sim/vms", desktop(nsx, 7))
    lab.send_trap(name_of(7))

    lab.wait_case(OperState="isolated", timeout=25)
    one_change(lab)


@pytest.mark.parametrize("nsx", NSX)
def test_a_vm_that_nsx_never_gets_to_know_is_held(make_lab, nsx):
    lab = make_lab("agentx", nsx, resolve_timeout_s=1.0).start()
    lab.send_trap(name_of(7))
    row = lab.wait_case(OperState="held", Reason="unknownVm")
    assert lab.wait_notification("nqVmHeld")["nqVmName.1"] == name_of(7)

    # A person knows better, later.
    lab.sim.request("POST", "/sim/vms", desktop(nsx, 7))
    lab.snmp.set(f"nqVmAdminState.{row['index']}", "i", "retry")
    lab.wait_case(OperState="isolated", timeout=25)
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]


def test_a_vm_that_moves_is_one_vm(make_lab):
    """During vMotion a policy manager lists a VM twice, under one external id."""
    lab = make_lab("agentx", "policy").start(engine=False)
    vm = next(vm for vm in lab.sim.get("/sim/world")["virtual_machines"]
              if vm["display_name"] == "VDI-01")
    lab.sim.request("PATCH", f"/sim/vms/{vm['external_id']}", {"copies": [
        {"host_id": "f1d0c0de-6c1a-4c55-9d0e-0a61c4f2b102", "power_state": "VM_STOPPED"}]})
    lab.start_engine()
    lab.wait_answers()
    lab.send_trap("VDI-01")

    lab.wait_case(OperState="isolated")
    assert lab.manager_counts()["Vms"] == 6
    one_change(lab)


@pytest.mark.parametrize("nsx", NSX)
def test_an_isolated_vm_that_moves_to_another_host_stays_isolated(make_lab, nsx):
    lab = make_lab("agentx", nsx, verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    vm = lab.wait_case(OperState="isolated")["nqVmExternalId"]
    hosts = {"policy": {"host_id": "f1d0c0de-6c1a-4c55-9d0e-0a61c4f2b102"},
             "vsphere": {"host": "host-12"}}
    lab.sim.request("PATCH", f"/sim/vms/{vm}", hosts[nsx])
    seen = len(lab.requests("read back"))
    lab.wait(lambda: len(lab.requests("read back")) > seen + 2, "two more looks at it")

    assert lab.cases()[1]["nqVmOperState"] == "isolated"
    one_change(lab)


@pytest.mark.parametrize("nsx", NSX)
def test_a_vm_that_is_deleted_vanishes_and_comes_back(make_lab, nsx):
    lab = make_lab("agentx", nsx, verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    vm = lab.wait_case(OperState="isolated")["nqVmExternalId"]
    document = next(item for item in lab.sim.get("/sim/world")["virtual_machines"]
                    if item["external_id"] == vm)
    lab.sim.request("DELETE", f"/sim/vms/{vm}")
    lab.wait_case(OperState="vanished", Reason="unknownVm")

    document.pop("tags", None)
    lab.sim.request("POST", "/sim/vms", document)
    lab.wait_case(OperState="isolated", Reason="none", timeout=25)
    assert not lab.sim.allowed("VDI-01", "file-server")
