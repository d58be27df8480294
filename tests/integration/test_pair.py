# SPDX-License-Identifier: Apache-2.0
"""Two engines side by side, each with a snmpd and a state of its own, and one NSX: both act on
the same trap and it is done once; a release at one is a release at both; one alone goes on."""

import pytest

from support.lab import NSX

# What README tells a pair to set: NSX is the arbiter.
PAIR = {"removed_tag": "release", "reconcile_s": 0.5, "verify_interval_s": 60.0}


class Pair:
    """Two laboratories; the simulator is the first one's."""

    def __init__(self, make_lab, nsx, **conf):
        # The snmptrapd of the second one has two forward lines.
        self.one = make_lab("agentx", nsx, intake="listener", **PAIR, **conf).start()
        self.two = make_lab("agentx", nsx, intake="forward", beside=self.one,
                            way={"forwards": [self.one.way.target()]}, **PAIR, **conf).start()
        self.both = (self.one, self.two)
        self.sim = self.one.sim
        for lab in self.both:
            lab.wait_inventory()

    def send_to_both(self, computer="VDI-01"):
        self.two.send_trap(computer)

    def wait_both(self, **columns):
        return [lab.wait_case(**columns, timeout=25) for lab in self.both]

    def changes(self, vm="VDI-01"):
        return [change["change"] for change in self.sim.tag_changes(vm)]


@pytest.fixture(params=NSX)
def pair(make_lab, request):
    return Pair(make_lab, request.param)


def test_a_trap_that_both_get_has_one_effect(pair):
    pair.send_to_both()

    rows = pair.wait_both(OperState="isolated")
    assert [row["nqVmOwner"] for row in rows] == ["ours", "ours"]
    assert pair.changes() == ["added"]
    # Who comes second finds the tag, or adds it once more without an effect.
    assert len(pair.one.requests("add tag")) <= 2, pair.one.requests("add tag")
    assert not pair.sim.allowed("VDI-01", "file-server")


@pytest.mark.parametrize("releaser", [0, 1])
def test_a_release_at_one_is_a_release_at_both(pair, releaser):
    pair.send_to_both()
    rows = pair.wait_both(OperState="isolated")
    lab, other = pair.both[releaser], pair.both[1 - releaser]

    lab.snmp.set(f"nqVmAdminState.{rows[releaser]['index']}", "i", "release")

    lab.wait_case(OperState="released")
    # The other one compares twice a second.
    row = other.wait_case(OperState="released", timeout=10)
    assert row["nqVmChangedBy"] == "reconciler"
    assert row["nqVmAdminState"] == "release"
    assert other.wait_notification("nqVmReleased")
    # And neither puts it back at the next comparisons.
    wait_compared(pair, 3)
    assert pair.changes() == ["added", "removed"]
    assert pair.sim.allowed("VDI-01", "file-server")
    assert [row["nqVmOperState"] for lab in pair.both
            for row in lab.cases().values()] == ["released", "released"]


def wait_compared(pair, times):
    """Both engines have asked NSX for all tagged VMs so often from now on."""
    for lab in pair.both:
        for _ in range(times):
            before = lab.manager_counts()["Requests"]
            lab.wait(lambda: lab.manager_counts()["Requests"] > before, "a comparison")


def test_a_release_is_kept_when_the_other_engine_starts_again(pair):
    pair.send_to_both()
    case = pair.wait_both(OperState="isolated")[0]["index"]
    pair.two.kill_engine()
    pair.one.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    pair.one.wait_case(OperState="released")

    pair.two.restart_engine()

    pair.two.wait_case(OperState="released", ChangedBy="reconciler")
    wait_compared(pair, 2)
    assert pair.changes() == ["added", "removed"]


def test_with_one_of_them_dead_the_other_goes_on(pair):
    pair.one.kill_engine()
    pair.send_to_both()
    case = pair.two.wait_case(OperState="isolated")["index"]
    pair.two.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    pair.two.wait_case(OperState="released")

    pair.one.restart_engine()
    # The trap waited in no socket: what was not seen is no case, and nothing to put back.
    wait_compared(pair, 2)
    assert pair.one.cases() == {}
    assert pair.changes() == ["added", "removed"]


def test_what_only_one_of_them_heard_of_is_a_foreign_row_at_the_other(pair):
    pair.one.send_trap("VDI-01")
    case = pair.one.wait_case(OperState="isolated")["index"]

    row = pair.two.wait_case(Owner="foreign")
    assert row["nqVmName"] == "VDI-01"
    assert "isolated" in row["nqVmTag"]
    # It is not the other one's to release.
    assert pair.two.snmp.set_reason(f"nqVmAdminState.{row['index']}", "i", "2")

    pair.one.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    pair.one.wait_case(OperState="released")
    pair.two.wait(lambda: pair.two.cases() == {}, "the foreign row to go")


def test_a_vm_that_the_other_isolated_becomes_a_case_of_ours_with_the_trap(pair):
    pair.one.send_trap("VDI-01")
    pair.one.wait_case(OperState="isolated")
    pair.two.wait_case(Owner="foreign")

    pair.two.send_trap("VDI-01")

    pair.two.wait(lambda: [(row["nqVmOwner"], row["nqVmOperState"]) for row in
                           pair.two.cases().values()] == [("ours", "isolated")], "our row")
    assert pair.changes() == ["added"]
