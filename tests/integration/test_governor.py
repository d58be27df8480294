# SPDX-License-Identifier: Apache-2.0
"""Budgets against mass isolation, and the modes: what would be too many waits, nothing is lost,
and when somebody has looked it goes on in order."""

import pytest

from support.lab import NSX
from support.worlds import crowd, name_of

DESKTOPS = 8
NO_BUDGETS = dict.fromkeys(("per_minute", "per_hour", "per_day", "percent_per_hour",
                            "percent_per_day", "same_cause"), 0)


def budgets(**limits):
    return " ".join(f"{name} = {value};" for name, value in {**NO_BUDGETS, **limits}.items())


@pytest.fixture
def start(make_lab, tmp_path):
    """A laboratory with further desktops and these budgets, whose groups have been read."""
    def make(nsx="policy", mode="enforce", **limits):
        lab = make_lab("agentx", nsx, crowd(tmp_path / "crowd.json", nsx, DESKTOPS),
                       mode=mode, governor=budgets(**limits)).start()
        lab.wait_inventory()
        lab.wait(lambda: int(lab.snmp.table("nqGroupTable")[2]["nqGroupMembers"])
                 == DESKTOPS + 3, "the members of the desktops' group")
        return lab
    return make


def infect(lab, *numbers, **alert):
    """A trap for each of these desktops; each has its case before the next one is sent."""
    for number in numbers:
        before = len(lab.cases())
        lab.send_trap(name_of(number), **alert)
        lab.wait(lambda: len(lab.cases()) > before, f"a case of {name_of(number)}")
        lab.wait(lambda: settled(lab), "it to be isolated, observed or held")


def settled(lab):
    """No case is on its way; one that is observed says what would be done."""
    return all(row["nqVmOperState"] in ("isolated", "held")
               or row["nqVmOperState"] == "observed" and row["nqVmReasonText"]
               for row in lab.cases().values())


def states(lab):
    return [row["nqVmOperState"] for _, row in sorted(lab.cases().items())]


def wait_states(lab, *wanted):
    lab.wait(lambda: states(lab) == list(wanted), f"{wanted}, now {states(lab)}", 20)


def tagged(lab):
    """In the order in which NSX added the tags."""
    return [change["display_name"] for change in lab.sim.tag_changes(change="added")]


def rearm(lab):
    lab.snmp.set("nqGovernorRearm.0", "i", "rearm")


@pytest.mark.parametrize("nsx", NSX)
def test_what_is_above_a_budget_is_held_until_it_is_rearmed_and_goes_on_in_order(start, nsx):
    lab = start(nsx, per_hour=2)
    assert lab.snmp.get("nqGovernorState.0") == "normal"
    assert lab.snmp.get("nqGovernorHourLimit.0") == "2"
    infect(lab, 5, 1, 4, 0, 3)

    wait_states(lab, "isolated", "isolated", "held", "held", "held")
    assert {row["nqVmReason"] for row in lab.cases().values()} == {"none", "governor"}
    assert lab.snmp.get("nqGovernorState.0") == "tripped"
    assert "governor.per_hour" in lab.snmp.get("nqGovernorReason.0")
    assert lab.snmp.get("nqGovernorHourCount.0") == "2"
    told = lab.wait_notification("nqGovernorTripped")
    assert told["nqGovernorState.0"] == "tripped"
    assert lab.wait_notification("nqVmHeld")
    assert tagged(lab) == [name_of(5), name_of(1)]

    # The budget begins anew, and is as large as before.
    rearm(lab)
    wait_states(lab, "isolated", "isolated", "isolated", "isolated", "held")
    assert lab.snmp.get("nqGovernorState.0") == "tripped"
    rearm(lab)
    wait_states(lab, *["isolated"] * 5)
    assert sorted(tagged(lab)[2:4]) == [name_of(0), name_of(4)]
    assert tagged(lab)[4] == name_of(3)
    assert lab.snmp.get("nqGovernorRearm.0") == "idle"
    assert lab.snmp.get("nqGovernorState.0") != "tripped"


def test_a_part_of_a_group_is_a_budget_too(start):
    # 11 desktops: 20 % are 2 of them.
    lab = start(percent_per_hour=20)
    infect(lab, 0, 1, 2)
    wait_states(lab, "isolated", "isolated", "held")

    assert "governor.percent_per_hour" in lab.snmp.get("nqGovernorReason.0")


def test_one_cause_on_many_vms_trips_it(start):
    lab = start(same_cause=2)
    infect(lab, 0)
    infect(lab, 1, name="Malware Detected elsewhere")
    infect(lab, 2)
    assert states(lab) == ["isolated"] * 3
    # A pattern of the scanner that is wrong looks like that.
    infect(lab, 3)
    wait_states(lab, *["isolated"] * 3, "held")

    reason = lab.snmp.get("nqGovernorReason.0")
    assert "governor.same_cause" in reason and "Malware Detected" in reason


def test_near_a_budget_it_is_guarded_and_still_acts(start):
    lab = start(per_day=5)
    infect(lab, 0, 1, 2)
    assert lab.snmp.get("nqGovernorState.0") == "normal"
    infect(lab, 3)

    assert states(lab) == ["isolated"] * 4
    assert lab.snmp.get("nqGovernorState.0") == "guarded"
    assert "4 of 5" in lab.snmp.get("nqGovernorReason.0")


def test_budgets_and_what_is_held_survive_a_kill(start):
    lab = start(per_hour=3)
    infect(lab, 0, 1)
    lab.kill_engine()
    lab.restart_engine()
    infect(lab, 2, 3)
    wait_states(lab, *["isolated"] * 3, "held")
    lab.kill_engine()
    lab.restart_engine()

    assert lab.snmp.get("nqGovernorState.0") == "tripped"
    infect(lab, 4)
    wait_states(lab, *["isolated"] * 3, "held", "held")
    rearm(lab)
    wait_states(lab, *["isolated"] * 5)


def test_a_person_may_let_one_case_pass(start):
    lab = start(per_hour=1)
    infect(lab, 0, 1, 2)
    wait_states(lab, "isolated", "held", "held")

    lab.snmp.set("nqVmAdminState.3", "i", "approve")

    wait_states(lab, "isolated", "held", "isolated")
    assert lab.snmp.get("nqGovernorState.0") == "tripped"


# ---- modes --------------------------------------------------------------------------------


def writes(lab):
    return [r for r in lab.sim.requests() if r["method"] != "GET"]


def test_observe_mode_rehearses_the_budgets_and_writes_nothing(start):
    lab = start(mode="observe", per_hour=2)
    infect(lab, 0, 1, 2)

    wait_states(lab, "observed", "observed", "held")
    assert lab.snmp.get("nqGovernorState.0") == "tripped"
    assert writes(lab) == []


def test_stopped_stops_all_writes_at_once_and_forgets_nothing(start):
    lab = start()
    infect(lab, 0)
    lab.snmp.set("nqEngineMode.0", "i", "stopped")
    lab.wait(lambda: lab.snmp.get("nqEngineMode.0") == "stopped", "the mode")
    assert lab.wait_notification("nqModeChanged")["nqEngineMode.0"] == "stopped"
    before = len(writes(lab))
    lab.send_trap(name_of(1))
    lab.snmp.set("nqVmAdminState.1", "i", "release")
    lab.wait(lambda: states(lab) == ["releasing", "tagging"], "both to be wanted")
    # Neither a release nor a kill is a way around it.
    lab.kill_engine()
    lab.restart_engine()
    lab.wait(lambda: int(lab.cases()[2]["nqVmSignals"]) == 1, "the rows")
    lab.wait_inventory()
    assert lab.snmp.get("nqEngineMode.0") == "stopped"
    assert len(writes(lab)) == before

    lab.snmp.set("nqEngineMode.0", "i", "enforce")
    wait_states(lab, "released", "isolated")
    assert lab.sim.allowed(name_of(0), "file-server")
    assert not lab.sim.allowed(name_of(1), "file-server")
