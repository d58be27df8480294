# SPDX-License-Identifier: Apache-2.0
"""The main job: a trap isolates a VM, an operator sees it and releases it."""

import pytest


@pytest.mark.parametrize("kind", ["v2c", "v1", "inform"])
def test_a_malware_trap_isolates_the_named_vm_and_no_other(lab, kind):
    assert lab.sim.allowed("VDI-01", "file-server")

    lab.send_trap("VDI-01 (192.0.2.11)", kind=kind)
    row = lab.wait_case(OperState="isolated")

    assert row["nqVmName"] == "VDI-01"
    assert row["nqVmTrigger"] == "malware"
    assert row["nqVmCause"] == "Malware Detected"
    # NSX for vSphere knows no scopes.
    assert row["nqVmTag"] == {"policy": "nsx-quarantine|isolated",
                              "vsphere": "isolated"}[lab.nsx]
    assert row["nqVmReason"] == "none"
    assert not lab.sim.allowed("VDI-01", "file-server")
    assert not lab.sim.allowed("file-server", "VDI-01")
    assert lab.sim.allowed("VDI-02", "file-server")
    assert len(lab.sim.tag_changes()) == 1
    assert lab.traps()["Acted"] == 1


def test_traffic_to_the_connection_server_still_passes(lab):
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")

    assert lab.sim.allowed("VDI-01", "connection-server")


def test_isolated_means_every_provable_rung_is_proven(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    rungs = lab.snmp.run("snmpget", lab.snmp.address, lab.snmp.qualified(f"nqVmRungs.{case}"))

    for rung in ("tagPresent", "groupMember", "ruleRealized", "notExcluded"):
        assert rung in rungs, rungs


@pytest.mark.parametrize("name", ["VDI-01", "vdi-01.corp.example", "192.0.2.11"])
def test_a_vm_is_found_by_name_host_name_and_address(agent_lab, name):
    agent_lab.send_trap(name)

    assert agent_lab.wait_case(OperState="isolated")["nqVmName"] == "VDI-01"


def test_groups_count_what_the_case_did(lab):
    before = lab.wait(lambda: (rows := lab.snmp.table("nqGroupTable"))
                      and rows[2]["nqGroupMembers"] != "0" and rows, "the groups to be read")
    assert before[1]["nqGroupMembers"] == "0", before
    vdi = int(before[2]["nqGroupMembers"])

    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")

    def moved():
        rows = lab.snmp.table("nqGroupTable")
        return (rows[1]["nqGroupMembers"] == "1" and rows[1]["nqGroupTagged"] == "1"
                and rows[2]["nqGroupMembers"] == str(vdi - 1) and rows)

    rows = lab.wait(moved, "the groups to show the move")
    assert rows[1]["nqGroupEntered"] == "1"
    assert rows[2]["nqGroupTagged"] == "0"


def test_a_set_by_the_v3_user_releases_the_vm(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]

    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    row = lab.wait_case(OperState="released")

    assert row["nqVmAdminState"] == "release"
    # AgentX (RFC 2741) does not tell a subagent who asked; snmpd itself knows.
    assert row["nqVmChangedBy"] == ("nqadmin" if lab.host == "dlmod" else "snmp")
    assert lab.sim.allowed("VDI-01", "file-server")
    assert [c["change"] for c in lab.sim.tag_changes("VDI-01")] == ["added", "removed"]
    assert lab.snmp.number("nqCasesReleased.0") == 1


def test_the_community_may_not_release(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]

    assert lab.snmp.set_reason(f"nqVmAdminState.{case}", "i", "2", version="2c") == "noAccess"
    assert lab.cases()[case]["nqVmOperState"] == "isolated"


@pytest.mark.parametrize("notice, state", [("nqVmIsolated", "isolated"),
                                           ("nqVmReleased", "released"),
                                           ("nqVmHeld", "held")])
def test_a_notification_carries_the_row_that_a_walk_shows(lab, notice, state):
    lab.send_trap("NOBODY-01" if state == "held" else "VDI-01")
    if state == "released":
        case = lab.wait_case(OperState="isolated")["index"]
        lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    row = lab.wait_case(OperState=state)
    sent = lab.wait_notification(notice)

    names = [f"nqVm{name}.{row['index']}" for name in (
        "Name", "ExternalId", "OperState", "Reason", "ReasonText", "Trigger", "Cause",
        "ChangedBy")]
    sent = {name: text.strip('"') for name, text in sent.items() if name in names}
    assert sent == {name: row[name.split(".")[0]] for name in names}


def test_observe_mode_writes_nothing_to_nsx(make_lab, site):
    lab = make_lab(*site, mode="observe").start()

    lab.send_trap("VDI-01")
    row = lab.wait_case(OperState="observed")

    assert row["nqVmReason"] == "observeMode"
    assert [r for r in lab.sim.requests() if r["method"] != "GET"] == []
    assert lab.sim.allowed("VDI-01", "file-server")


def test_a_set_arms_the_engine_and_a_restart_does_not_disarm_it(make_lab, site):
    lab = make_lab(*site, mode="observe").start()
    assert lab.snmp.get("nqEngineMode.0") == "observe"

    lab.snmp.set("nqEngineMode.0", "i", "enforce")
    lab.wait(lambda: lab.snmp.get("nqEngineMode.0") == "enforce", "the engine to be armed")
    lab.kill_engine()
    lab.restart_engine()

    assert lab.snmp.get("nqEngineMode.0") == "enforce"
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")


def test_repeated_traps_are_one_case_with_one_tag(lab):
    for _ in range(5):
        lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated", Signals="5")

    assert len(lab.sim.tag_changes()) == 1
    assert len(lab.requests("add tag")) == 1, lab.requests("add tag")
    traps = lab.traps()
    assert (traps["Acted"], traps["Coalesced"]) == (1, 4), traps


def test_two_vms_are_two_cases(lab):
    lab.send_trap("VDI-01")
    lab.send_trap("VDI-02")

    lab.wait(lambda: [row["nqVmOperState"] for row in lab.cases().values()]
             == ["isolated"] * 2, "both to be isolated")


def test_a_name_that_two_vms_have_is_held_for_a_person(make_lab, site):
    lab = make_lab(*site).start(engine=False)
    lab.sim.add_twin("VDI-01", "vm-999")
    lab.start_engine()
    lab.wait_answers()

    lab.send_trap("VDI-01")
    row = lab.wait_case(OperState="held")

    assert row["nqVmReason"] == "ambiguous"
    assert row["nqVmReasonText"]
    assert lab.wait_notification("nqVmHeld")
    assert lab.sim.tag_changes() == []


def test_a_name_that_no_vm_has_is_held_for_a_person(lab):
    lab.send_trap("NOBODY-01")
    row = lab.wait_case(OperState="held")

    assert row["nqVmReason"] == "unknownVm"
    assert row["nqVmName"] == "NOBODY-01"
    assert lab.wait_notification("nqVmHeld")
    assert lab.sim.tag_changes() == []


def test_an_edge_node_is_never_tagged(lab):
    lab.send_trap("edge-01")
    row = lab.wait_case(OperState="held")

    assert row["nqVmReason"] == "protected"
    assert [r for r in lab.sim.requests() if r["method"] != "GET"] == []


def test_a_held_case_can_be_dismissed(lab):
    lab.send_trap("NOBODY-01")
    case = lab.wait_case(OperState="held")["index"]

    lab.snmp.set(f"nqVmAdminState.{case}", "i", "dismiss")
    lab.wait_case(OperState="released")


def test_a_tag_that_somebody_removes_is_put_back(lab):
    lab.send_trap("VDI-01")
    vm = lab.wait_case(OperState="isolated")["nqVmExternalId"]

    lab.sim.request("PATCH", f"/sim/vms/{vm}", {"tags": []})
    lab.wait(lambda: len(lab.sim.tag_changes("VDI-01", "added")) == 2, "the tag to be back")
    lab.wait_case(OperState="isolated")
