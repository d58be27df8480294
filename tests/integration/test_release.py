# SPDX-License-Identifier: Apache-2.0
"""How a quarantine ends: by a time limit, by a trap, by a scan that found nothing new; and that
it does not begin again for the same cause, but for another one."""

import time

import pytest

from support.lab import NSX
from support.settings import DESCRIPTION, EXAMPLE

SCAN_TRAP = f"{EXAMPLE}.0.191"
RELEASE_TRAP = f"{EXAMPLE}.0.192"

# Closes the trigger of the laboratory and begins others behind it.
OTHERS = f"""
}}, {{
    name = "scan"; trap_oid = "{SCAN_TRAP}"; action = "scanFinished";
    computer = {{ oid = "{DESCRIPTION}"; key = "Subject"; }};
}}, {{
    name = "all-clear"; trap_oid = "{RELEASE_TRAP}"; action = "release";
    computer = {{ oid = "{DESCRIPTION}"; key = "Subject"; }};
"""


@pytest.fixture
def start(make_lab):
    def make(limit="", nsx="policy", **conf):
        return make_lab("agentx", nsx, more_of_trigger=limit + OTHERS, **conf).start()
    return make


def isolate(lab):
    lab.send_trap("VDI-01")
    return lab.wait_case(OperState="isolated")["index"]


def scan_finished(lab):
    """Sends that a scan of VDI-01 is over, and waits until it is counted."""
    before = lab.traps()["Received"]
    lab.send_trap("VDI-01", oid=SCAN_TRAP)
    lab.wait(lambda: lab.traps()["Received"] > before, "the trap to be counted")


def was_released(lab, by):
    row = lab.wait_case(OperState="released")
    assert row["nqVmChangedBy"] == by, row
    assert row["nqVmAdminState"] == "release"
    assert lab.sim.allowed("VDI-01", "file-server")
    assert [c["change"] for c in lab.sim.tag_changes("VDI-01")] == ["added", "removed"]
    assert lab.wait_notification("nqVmReleased")
    return row


# ---- time and traps -----------------------------------------------------------------------


def test_a_time_limit_releases(start):
    lab = start("time_limit_s = 3;")
    lab.send_trap("VDI-01")
    row = lab.wait_case(OperState="isolated")

    assert int(row["nqVmReleaseAt"]) - int(row["nqVmDetectedAt"]) in (2, 3, 4)
    was_released(lab, "timer")


def test_a_time_limit_that_ended_while_the_engine_was_dead_releases_at_its_start(start):
    lab = start("time_limit_s = 2;")
    case = isolate(lab)
    limit = int(lab.cases()[case]["nqVmReleaseAt"])
    lab.kill_engine()
    lab.wait(lambda: is_past(limit), "the limit")
    lab.restart_engine()

    was_released(lab, "timer")


def is_past(seconds):
    """The clock of the engine shows more than this; the MIB rounds down."""
    return time.time() > seconds + 1


def test_a_release_trap_releases_and_the_same_cause_does_not_begin_again(start):
    lab = start()
    isolate(lab)
    lab.send_trap("VDI-01", oid=RELEASE_TRAP)
    was_released(lab, "all-clear")

    lab.send_trap("VDI-01")
    lab.wait(lambda: lab.traps()["Coalesced"] == 1, "the repetition to be counted")
    assert len(lab.cases()) == 1
    # Another cause is another episode.
    lab.send_trap("VDI-01", name="Malware Detected again")
    lab.wait_case(count=2, OperState="isolated", Cause="Malware Detected again")


# ---- a scan that found nothing ------------------------------------------------------------


def test_a_finished_scan_releases_nothing_unless_a_site_believes_in_it(start):
    lab = start(release="scan_longest_s = 1.0;")
    case = isolate(lab)
    detected = int(lab.cases()[case]["nqVmDetectedAt"])
    lab.wait(lambda: is_past(detected + 1), "the scan to be younger than the detection")
    scan_finished(lab)

    assert lab.traps()["Coalesced"] == 1
    assert lab.cases()[case]["nqVmOperState"] == "isolated"
    assert lab.cases()[case]["nqVmSignals"] == "2"


@pytest.mark.parametrize("nsx", NSX)
def test_a_scan_after_the_detection_releases(start, nsx):
    lab = start(nsx=nsx, release="clean_scan = true; scan_longest_s = 2.0;")
    case = isolate(lab)
    # It may have begun before the detection.
    scan_finished(lab)
    assert lab.cases()[case]["nqVmOperState"] == "isolated"
    detected = int(lab.cases()[case]["nqVmDetectedAt"])
    lab.wait(lambda: is_past(detected + 2), "the longest scan to be over")
    scan_finished(lab)

    was_released(lab, "scan")


def test_a_scan_during_which_something_was_found_releases_nothing(start):
    lab = start(release="clean_scan = true; scan_longest_s = 2.0;")
    case = isolate(lab)
    detected = int(lab.cases()[case]["nqVmDetectedAt"])
    lab.wait(lambda: is_past(detected + 2), "the longest scan to be over")
    # Found by the scan that then ends.
    lab.send_trap("VDI-01")
    lab.wait(lambda: lab.cases()[case]["nqVmSignals"] == "2", "the second detection")
    scan_finished(lab)

    assert lab.cases()[case]["nqVmSignals"] == "3"
    assert lab.cases()[case]["nqVmOperState"] == "isolated"
    assert not lab.sim.allowed("VDI-01", "file-server")


def test_a_scan_of_a_vm_that_has_no_case_is_ignored(start):
    lab = start(release="clean_scan = true; scan_longest_s = 1.0;")
    scan_finished(lab)

    assert lab.traps()["Ignored"] == 1
    assert lab.cases() == {}
    assert [r for r in lab.sim.requests() if r["method"] != "GET"] == []
