# SPDX-License-Identifier: Apache-2.0
"""The audit of the design, in a site whose normal group lacks its exclusion: the row, the
notifications, and that they outlive the engine."""

import subprocess
import time

import pytest

from support.lab import PROGRAM
from support.nsx_client import condition

# Of the configuration of a laboratory.
SETTINGS = {"built-in-account", "governor-off", "protect-empty", "source-forgeable",
            "trigger-example"}
COLUMNS = ("Severity", "Check", "Object", "Text")

# The normal group without its exclusion. The one of NSX for vSphere has another group in it,
# so that its definition alone tells nothing.
BARE = {
    "policy": ("/sim/groups/vdi", {"expression": [condition("Name", "STARTSWITH", "VDI-")]}),
    "vsphere": ("/sim/groups/securitygroup-11",
                {"id": "securitygroup-11", "name": "vdi",
                 "members": ["vm-101", "vm-102", "vm-103", "securitygroup-12"]}),
}
BEFORE = {"policy": ["watched-keeps-tagged"], "vsphere": []}


def findings(lab):
    """The rows of nqFindingTable by check and object, each with its index."""
    rows = lab.snmp.table("nqFindingTable")
    return {(row["nqFindingCheck"], row["nqFindingObject"]): {"index": index, **row}
            for index, row in rows.items()}


def of_nsx(lab):
    """Without those of every laboratory, whose certificates last two days."""
    return {key for key in findings(lab) if key[0] not in SETTINGS | {"certificate-ends"}}


def told(lab, name):
    """The notifications about the normal group: {"Check": ...} with the index of each."""
    found = []
    for kind, objects in lab.notifications(findings=True):
        values = {key: text.strip('"') for key, text in objects.items()
                  if key.startswith("nqFinding")}
        if kind == name and "vdi" in values.values():
            found.append(values)
    return found


def as_told(row):
    return {f"nqFinding{name}.{row['index']}": row[f"nqFinding{name}"] for name in COLUMNS}


def wait_findings(lab, *checks):
    """Waits until these checks, and no others, find the normal group wrong."""
    wanted = {(check, "vdi") for check in checks}
    lab.wait(lambda: of_nsx(lab) == wanted, f"findings {checks}")
    return findings(lab)


@pytest.mark.parametrize("host, nsx", [("agentx", "policy"), ("dlmod", "vsphere")])
def test_a_missing_exclusion_is_found_told_kept_and_cleared(make_lab, host, nsx):
    lab = make_lab(host, nsx, finding_delay_s=0.5, group_interval_s=0.3).start()
    lab.wait_inventory()
    path = BARE[nsx][0]
    kind = "groups" if nsx == "policy" else "security_groups"
    good = next(group for group in lab.sim.get("/sim/world")[kind]
                if group["id"] == path.rsplit("/", 1)[1])
    lab.sim.request("PUT", *BARE[nsx])

    # Before anybody is infected.
    rows = wait_findings(lab, *BEFORE[nsx])
    for check in BEFORE[nsx]:
        row = rows[check, "vdi"]
        assert row["nqFindingSeverity"] == "warning"
        lab.wait(lambda told_as=as_told(row): told(lab, "nqFindingRaised") == [told_as],
                 "one notification")

    # When somebody is: the tag does not take the VM out of its group.
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    everything = [*BEFORE[nsx], "watched-holds-tagged"]
    held = wait_findings(lab, *everything)["watched-holds-tagged", "vdi"]
    assert held["nqFindingSeverity"] == "critical"
    assert held["nqFindingManager"] == "1"
    assert abs(int(held["nqFindingSince"]) - time.time()) < 60
    assert "1 VMs" in held["nqFindingText"]
    lab.wait(lambda: as_told(held) in told(lab, "nqFindingRaised"), "its notification")

    # Neither the engine's end nor a manager that is away changes anything.
    lab.kill_engine()
    lab.sim.fault(path="", status=500)  # not 503, after which the engine waits ever longer
    lab.restart_engine()
    again = findings(lab)
    assert again["watched-holds-tagged", "vdi"]["index"] == held["index"]
    assert again["watched-holds-tagged", "vdi"]["nqFindingSince"] == held["nqFindingSince"]
    errors = lab.manager_counts()["Errors"]
    lab.wait(lambda: lab.manager_counts()["Errors"] > errors + 2, "requests to fail")
    assert of_nsx(lab) == {(check, "vdi") for check in everything}
    assert told(lab, "nqFindingCleared") == []
    lab.sim.clear_faults()

    # The group gets its exclusion.
    lab.wait(lambda: "1 VMs" in findings(lab)["watched-holds-tagged", "vdi"]["nqFindingText"],
             "a reading")
    lab.sim.request("PUT", path, good)
    wait_findings(lab)
    lab.wait(lambda: len(told(lab, "nqFindingCleared")) == len(everything),
             "all to be cleared")
    assert as_told(held) in told(lab, "nqFindingCleared")
    assert len(told(lab, "nqFindingRaised")) == len(everything)


def test_what_is_configured_is_in_the_table_as_check_prints_it(make_lab):
    lab = make_lab("agentx").start()
    rows = findings(lab)
    assert {check for check, _ in rows} == SETTINGS
    printed = subprocess.run([PROGRAM, "check", "-c", lab.conf], text=True, timeout=30,
                             capture_output=True, check=True).stdout
    for (check, about), row in rows.items():
        assert (f"{row['nqFindingSeverity']}: {check}: {about}: {row['nqFindingText']}\n"
                in printed), printed
    lab.snmp.set("nqEngineMode.0", "i", "stopped")
    lab.wait(lambda: ("mode-stopped", "engine.mode") in findings(lab), "the mode to show")
    lab.snmp.set("nqEngineMode.0", "i", "enforce")
    lab.wait(lambda: findings(lab) == rows, "the old findings")
