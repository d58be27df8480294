# SPDX-License-Identifier: Apache-2.0
"""What the management station hears of losses and of the engine, compared with what a walk
shows at that moment. The notifications about a case's own way are in test_isolation.py."""

import pytest

from support.lab import HOSTS
from support.nsx_client import GROUP_PATH

ROW = ("Name", "ExternalId", "OperState", "Reason", "ReasonText", "Trigger", "Cause",
       "ChangedBy")
NO_BUDGET = ("per_minute = 0; per_hour = 2; per_day = 0; percent_per_hour = 0;"
             " percent_per_day = 0; same_cause = 0;")


def plain(sent):
    """Without what every notification has, and without quotes."""
    return {name: text.strip('"') for name, text in sent.items() if name.startswith("nq")}


@pytest.fixture(params=HOSTS)
def host(request):
    return request.param


def test_a_lost_rung_is_told_with_its_row(make_lab, host):
    lab = make_lab(host, verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")

    lab.sim.realization(f"{GROUP_PATH}/quarantine", state="ERROR")

    sent = plain(lab.wait_notification("nqVmRungLost"))
    row = lab.wait_case(OperState="tagged")
    assert sorted(sent) == sorted(f"nqVm{name}.{row['index']}" for name in ROW)
    assert sent[f"nqVmOperState.{row['index']}"] == "tagged"
    assert sent[f"nqVmReason.{row['index']}"] == "rungLost"
    for name in ("Name", "ExternalId", "Trigger", "Cause", "ChangedBy"):
        assert sent[f"nqVm{name}.{row['index']}"] == row[f"nqVm{name}"]
    assert [name for name, _ in lab.notifications()].count("nqVmRungLost") == 1


def test_a_tag_that_is_put_back_was_told_to_be_lost(make_lab, site):
    lab = make_lab(*site, removed_tag="restore", verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    vm = lab.wait_case(OperState="isolated")["nqVmExternalId"]
    tagged = len(lab.sim.tag_changes("VDI-01", "added"))

    lab.sim.request("PATCH", f"/sim/vms/{vm}", {"tags": []})

    sent = plain(lab.wait_notification("nqVmTagLost"))
    lab.wait(lambda: len(lab.sim.tag_changes("VDI-01", "added")) > tagged,
             "the tag to be back")
    row = lab.wait_case(OperState="isolated")
    assert sorted(sent) == sorted(f"nqVm{name}.{row['index']}" for name in ROW)
    assert sent[f"nqVmOperState.{row['index']}"] == "tagging"
    assert sent[f"nqVmReason.{row['index']}"] == "tagLost"
    for name in ("Name", "ExternalId", "Trigger", "Cause"):
        assert sent[f"nqVm{name}.{row['index']}"] == row[f"nqVm{name}"]


def test_a_removed_tag_that_counts_as_a_release_is_told_as_one(make_lab, host):
    lab = make_lab(host, removed_tag="release", verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    vm = lab.wait_case(OperState="isolated")["nqVmExternalId"]

    lab.sim.request("PATCH", f"/sim/vms/{vm}", {"tags": []})

    sent = plain(lab.wait_notification("nqVmReleased"))
    row = lab.wait_case(OperState="released")
    assert sent == {f"nqVm{name}.{row['index']}": row[f"nqVm{name}"] for name in ROW}
    assert "nqVmTagLost" not in [name for name, _ in lab.notifications()]


def test_a_change_of_mode_is_told_with_the_new_mode(make_lab, host):
    lab = make_lab(host).start()
    for mode in ("stopped", "observe", "enforce"):
        lab.snmp.set("nqEngineMode.0", "i", mode)
        lab.wait(lambda wanted=mode: ("nqModeChanged", {"nqEngineMode.0": wanted})
                 in [(name, plain(sent)) for name, sent in lab.notifications()],
                 f"the notification of mode {mode}")
        assert lab.snmp.get("nqEngineMode.0") == mode
    # What changes nothing is not told.
    lab.snmp.set("nqEngineMode.0", "i", "enforce")
    lab.send_trap("VDI-01")
    lab.wait_notification("nqVmIsolated")
    assert [name for name, _ in lab.notifications()].count("nqModeChanged") == 3


def test_a_tripped_governor_is_told_with_what_a_walk_shows(make_lab, host):
    lab = make_lab(host, governor=NO_BUDGET).start()
    for vm in ("VDI-01", "VDI-02"):
        lab.send_trap(vm)
    lab.wait_all_isolated(2)
    lab.send_trap("file-server")

    sent = plain(lab.wait_notification("nqGovernorTripped"))
    lab.wait_case(OperState="held", Reason="governor", count=3)
    shown = {name: lab.snmp.get(name) for name in (
        "nqGovernorState.0", "nqGovernorReason.0", "nqGovernorHourCount.0")}
    assert sent == shown
    assert shown["nqGovernorState.0"] == "tripped"
    assert shown["nqGovernorHourCount.0"] == "2"
    assert lab.snmp.number("nqGovernorHourLimit.0") == 2
