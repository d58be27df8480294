# SPDX-License-Identifier: Apache-2.0
"""What is protected is never tagged, whoever asks and however late it is found to be so; what
stands beside it is isolated all the same."""

import subprocess
import time

import pytest

from conformance.steps import with_vcenter
from support.lab import NSX, PROGRAM, WORLDS
from support.settings import GROUPS
from support.ways import SENDERS
from support.worlds import crowd, name_of

GROUP = {"policy": GROUPS["policy"]["vdi"].replace("/vdi", "/connection-servers"),
         "vsphere": "securitygroup-12"}
UUID = "50221A4C-7F10-4B6E-8A01-5D2C9E7B0A01"  # of VDI-01, in both worlds

# (what protects, in the words of the configuration; the VM; a part of the reason)
PROTECTED = {
    "name": ('names = [ "other", "vdi-?1" ];', "VDI-01", "its name: vdi-?1"),
    "host name": ('names = "vdi-01.*";', "VDI-01", "its name: vdi-01.*"),
    "address": ('addresses = "192.0.2.11";', "VDI-01", "its address: 192.0.2.11"),
    "prefix": ('addresses = "192.0.2.8/30";', "VDI-01", "its address: 192.0.2.8/30"),
    "IPv6 prefix": ('addresses = "2001:db8:10::10/127";', "VDI-01", "2001:db8:10::10/127"),
    "uuid": (f'uuids = "{UUID}";', "VDI-01", "its UUID"),
    "tag": ("tags = ( {{ {scope}value = \"connection-server\"; }} );", "connection-server",
            "its tag: connection-server"),
    "group": ("groups = ( {{ manager = \"lab\"; path = \"{group}\"; }} );",
              "connection-server", "its group: {group}"),
}


# What NSX for vSphere itself does not show; vCenter does.
OF_VCENTER = ("host name", "uuid")


def words(nsx, text):
    return text.format(scope='scope = "role"; ' if nsx == "policy" else "",
                       group=GROUP[nsx])


def writes(lab):
    """Requests that would change a tag."""
    return [r for call in ("add tag", "tag operation", "remove tag")
            if call in lab.calls for r in lab.requests(call)]


def held(lab, why, count=1):
    row = lab.wait_case(OperState="held", Reason="protected", count=count)
    assert why in row["nqVmReasonText"], row
    return row


@pytest.mark.parametrize("nsx", NSX)
@pytest.mark.parametrize("kind", PROTECTED)
def test_a_protected_vm_is_held_and_never_written_to(make_lab, nsx, kind):
    protect, vm, why = PROTECTED[kind]
    lab = make_lab("agentx", nsx, protect=words(nsx, protect)).start(engine=False)
    if nsx == "vsphere" and kind in OF_VCENTER:
        with_vcenter(lab)
    lab.start_engine()
    lab.wait_answers()
    lab.send_trap(vm)
    case = held(lab, words(nsx, why))["index"]
    assert lab.wait_notification("nqVmHeld")

    # Not even for a person.
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "approve")
    lab.wait(lambda: lab.cases()[case]["nqVmChangedBy"] == "snmp"
             and lab.cases()[case]["nqVmOperState"] == "held", "the case to be held again")
    assert writes(lab) == []
    lab.send_trap("VDI-02")
    lab.wait_case(OperState="isolated", Name="VDI-02", count=2)
    assert [c["display_name"] for c in lab.sim.tag_changes()] == ["VDI-02"]
    assert lab.sim.allowed(vm, "file-server")


# ---- what we depend on --------------------------------------------------------------------


@pytest.mark.parametrize("nsx", NSX)
def test_the_manager_itself_is_protected(make_lab, tmp_path, nsx):
    """By its address in the configuration, which here is one of this machine's, too."""
    with open(WORLDS[nsx], encoding="utf-8") as file:
        world = file.read().replace("192.0.2.11", "127.0.0.1")
    path = tmp_path / "world.json"
    path.write_text(world, encoding="utf-8")
    lab = make_lab("agentx", nsx, str(path)).start()
    lab.send_trap("VDI-01")

    held(lab, "127.0.0.1")
    assert writes(lab) == []


# (the source's row, the block protect, what becomes of the VM that has its address)
SOURCES = {
    "a source of traps": ("", "", "held"),
    "a source that says otherwise": ("protect = false;", "", "isolated"),
    "no infrastructure": ("", "infrastructure = false;", "isolated"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_source_of_traps_is_protected_unless_told_otherwise(make_lab, case):
    row, protect, state = SOURCES[case]
    source = f'{{ name = "dsm"; address = "192.0.2.11"; {row} }}'
    lab = make_lab("agentx", protect=protect, way={"sources": [source, *SENDERS]}).start()
    lab.send_trap("VDI-01")

    lab.wait_case(OperState=state)
    if state == "held":
        held(lab, "a source of traps, 192.0.2.11")
        assert writes(lab) == []


# ---- before all is known --------------------------------------------------------------------


# What NSX shows of a VM without the inventory does not tell it.
ONLY_IN_INVENTORY = {"address": ('addresses = "192.0.2.11";', "VDI-01"),
                     "type": ("", "edge-01")}


@pytest.mark.parametrize("nsx", NSX)
@pytest.mark.parametrize("kind", ONLY_IN_INVENTORY)
def test_nothing_is_written_before_the_inventory_says_whom_it_is_about(make_lab, nsx, kind):
    protect, vm = ONLY_IN_INVENTORY[kind]
    lab = make_lab("agentx", nsx, protect=protect, timeout_s=2.0).start()
    lab.send_trap(vm)
    case = lab.wait_case(OperState="held", Reason="protected")["index"]
    lab.kill_engine()
    lab.sim.fault(**lab.calls["list of VMs"], hold=True)
    lab.start_engine()
    lab.wait(lambda: lab.snmp.answers() and lab.cases(), "the rows")
    lab.sim.held()

    lab.snmp.set(f"nqVmAdminState.{case}", "i", "approve")

    row = lab.wait_case(OperState=("held" if (nsx, kind) == ("policy", "type")
                                   else "tagging"), ChangedBy="snmp")
    lab.wait(lambda: lab.cases()[case]["nqVmReasonText"], "the reason")
    assert writes(lab) == [], row
    lab.sim.clear_faults()
    lab.sim.release()
    lab.wait_case(OperState="held", Reason="protected")
    assert writes(lab) == []


def test_an_address_that_nobody_has_asked_for_yet_is_asked_for_before_the_write(
        make_lab, tmp_path):
    """NSX for vSphere tells it of one VM after the other, at its leisure."""
    world = crowd(tmp_path / "crowd.json", "vsphere", 60)
    lab = make_lab("agentx", "vsphere", world, protect='addresses = "10.9.0.60";').start()
    lab.wait_inventory()
    lab.send_trap(name_of(59))

    held(lab, "its address: 10.9.0.60")
    assert writes(lab) == []
    # It was no later than that.
    assert len(lab.requests("list of addresses")) < 50


# ---- what becomes protected later ---------------------------------------------------------


LATER = {"tag": PROTECTED["tag"][0], "group": PROTECTED["group"][0]}


@pytest.mark.parametrize("kind", LATER)
def test_who_becomes_protected_while_a_case_waits_is_not_written_to(make_lab, kind):
    """The check stands right before the write, not only where a case begins."""
    lab = make_lab("agentx", protect=words("policy", LATER[kind]), mode="observe").start()
    lab.send_trap("VDI-01")
    row = lab.wait_case(OperState="observed")
    lab.wait(lambda: "would be added" in lab.cases()[row["index"]]["nqVmReasonText"],
             "the guard to let it pass")
    # With this tag it is a member of the group as well.
    lab.sim.request("PATCH", f"/sim/vms/{row['nqVmExternalId']}", {
        "tags": [{"scope": "role", "tag": "connection-server"}]})
    changed = time.monotonic()
    # backend.h: what a group holds may be so old.
    lab.wait(lambda: kind == "tag" or time.monotonic() - changed > 5, "old answers to be old")
    lab.snmp.set("nqEngineMode.0", "i", "enforce")

    held(lab, "is protected by its")
    assert writes(lab) == []


# ---- what `check` says of it ----------------------------------------------------------------


def check(lab):
    return subprocess.run([PROGRAM, "check", "-c", lab.conf], text=True, timeout=30,
                          capture_output=True, check=True).stdout


def test_check_warns_of_what_protects_nobody_and_of_no_limit(make_lab):
    lab = make_lab("agentx", "vsphere", protect=f'uuids = "{UUID}";').start()
    output = check(lab)
    assert "protect   0 names, 0 addresses, 1 UUIDs" in output
    assert "warning: protect-void: protect.uuids: " in output
    assert "warning: governor-off: governor: " in output  # the laboratory has none
    assert "protect-empty" not in output

    careless = make_lab("agentx", "policy", governor="").start()
    output = check(careless)
    assert "warning: protect-empty: protect: " in output
    assert "governor  10 VMs a minute, 30 an hour, 100 a day, 15 for one cause" in output
    assert "governor-off" not in output
