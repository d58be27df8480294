# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every point of a case: after the restart the VM ends isolated (or released),
and NSX saw exactly one tag change that had an effect."""

import os

import pytest

from support.lab import KILLSYNC
from support.snmp import SnmpError

# Where the engine dies: what the simulator does to which request. A request that is held
# has not been applied; one that is held after has been, and its answer is never seen.
POINTS = {
    "while it reads the list of VMs": ("list of VMs", "hold"),
    "while it reads the addresses": ("list of addresses", "hold"),
    "before the tag is applied": ("add tag", "hold"),
    "after the tag is applied": ("add tag", "hold_after"),
    "while it reads the tag back": ("read back", "hold"),
    "while it asks for the groups of the VM": ("groups of the VM", "hold"),
    "while it asks whether the group is realized": ("realization", "hold"),
    "while it reads the exclude list": ("exclude list", "hold"),
}


def ends_isolated(lab):
    """The promise: one effect, one row, one notification at least."""
    lab.wait_case(OperState="isolated", timeout=25)
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]
    assert not lab.sim.allowed("VDI-01", "file-server")
    lab.check_balance()


def try_cases(lab):
    """The rows; none while the engine is dying."""
    try:
        return lab.cases()
    except SnmpError:
        return {}


def wait_held(lab):
    lab.sim.held(count=1)


def reboot(lab):
    """Dies, and starts again with an NSX that behaves."""
    lab.kill_engine()
    lab.sim.clear_faults()
    lab.sim.release()
    lab.restart_engine()


@pytest.mark.parametrize("point", POINTS)
def test_killed(make_lab, site, point):
    call, how = POINTS[point]
    lab = make_lab(*site)
    # The first inventory is read at the start, so the fault must be there before.
    lab.start(engine=False)
    lab.sim.fault(**lab.calls[call], **{how: True})
    lab.start_engine()
    lab.wait(lab.snmp.answers, "the engine to answer")
    # An address, so that their list is read in any case.
    lab.send_trap("192.0.2.11")
    wait_held(lab)
    if call in ("list of VMs", "list of addresses"):
        lab.wait(lambda: lab.traps()["Received"] == 1, "the trap to be stored")

    reboot(lab)

    ends_isolated(lab)


def test_killed_when_the_answer_to_the_tag_is_lost(lab):
    lab.sim.fault(**lab.calls["add tag"], drop_after_apply=True, times=1)
    lab.sim.fault(**lab.calls["read back"], hold=True)
    lab.send_trap("VDI-01")
    wait_held(lab)

    reboot(lab)

    ends_isolated(lab)


def test_killed_right_after_the_handler_was_told_stored(lab):
    lab.kill("snmptrapd")
    lab.restart("snmptrapd")
    lab.send_trap("VDI-01", kind="inform")
    lab.wait(lambda: lab.traps()["Received"] == 1, "the trap to be stored")

    reboot(lab)

    ends_isolated(lab)


@pytest.mark.parametrize("how", ["hold", "hold_after"])
def test_killed_while_it_releases(lab, how):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    lab.sim.fault(**lab.calls["remove tag"], **{how: True})
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    wait_held(lab)

    reboot(lab)

    lab.wait_case(OperState="released")
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added", "removed"]
    assert lab.sim.allowed("VDI-01", "file-server")


def test_a_release_is_not_undone_by_a_kill(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    lab.wait_case(OperState="released")

    reboot(lab)

    lab.wait_case(OperState="released")
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added", "removed"]


def disarmed(arm):
    """True: the engine lives on. It takes the file away itself when it dies of it."""
    try:
        os.unlink(arm)
    except FileNotFoundError:
        return False
    return True


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_killed_at_a_durable_write(make_lab, number, side):
    """The engine dies at its n-th fsync or fdatasync from the trap on."""
    lab = make_lab("agentx")
    arm = lab.path("killsync")
    lab.engine_env = {"LD_PRELOAD": KILLSYNC, "KILLSYNC_ARM": arm}
    lab.start()
    lab.write("killsync", f"{number} {side}\n")
    lab.expected_dead.add("agent")
    lab.send_trap("VDI-01")

    def died_or_finished():
        # A case may have fewer than n syncs: then the engine is alive at its end.
        if not lab.engine.running:
            return True
        return any(row["nqVmOperState"] == "isolated" for row in try_cases(lab).values())

    lab.wait(died_or_finished, "the engine to die or to finish")
    if disarmed(arm):
        lab.expected_dead.discard("agent")
    else:
        assert lab.engine.wait() == -9
        lab.restart_engine()

    ends_isolated(lab)
