# SPDX-License-Identifier: Apache-2.0
"""What may go wrong with a write: its answer is lost, it is answered and not done, done for
some VMs only, or NSX lacks the call. Each VM ends with exactly one change that had an effect."""

import pytest

from support.lab import NSX
from support.worlds import crowd, name_of

LOST = {"lost answer": {"drop_after_apply": True},
        "no answer in time": {"hold_after": True}}
CHANGES = ["add tag", "remove tag"]


def changes(lab, name="VDI-01"):
    return [c["change"] for c in lab.sim.tag_changes(name)]


def release(lab, case=1):
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")


def wait_released(lab):
    lab.wait_case(OperState="released", Reason="none", timeout=25)
    assert lab.sim.allowed("VDI-01", "file-server")
    lab.wait_notification("nqVmReleased")


# The answer to a tag has no body with which it could be half.
@pytest.mark.parametrize("how", ["lost answer", "no answer in time"])
@pytest.mark.parametrize("call", CHANGES)
@pytest.mark.parametrize("nsx", NSX)
def test_a_change_whose_answer_is_lost_is_not_made_twice(make_lab, nsx, call, how):
    lab = make_lab("agentx", nsx, timeout_s=0.7).start()
    lab.wait_inventory()
    lab.sim.fault(**lab.calls[call], **LOST[how], times=1)
    lab.send_trap("VDI-01")
    if call == "remove tag":
        lab.wait_case(OperState="isolated")
        release(lab)
        wait_released(lab)
    else:
        lab.wait_case(OperState="isolated", timeout=25)
        lab.wait_notification("nqVmIsolated")
        # It was read before anything was written again, and found to be there.
        assert len(lab.requests("add tag")) == 1

    assert changes(lab) == ["added", "removed"][:1 + (call == "remove tag")]
    assert lab.manager_counts()["Errors"] >= 1
    lab.check_balance()


@pytest.mark.parametrize("call", CHANGES)
@pytest.mark.parametrize("nsx", NSX)
def test_success_that_changed_nothing_is_not_believed(make_lab, nsx, call):
    lab = make_lab("agentx", nsx).start()
    lab.send_trap("VDI-02")
    lab.wait_case(OperState="isolated")
    lab.sim.fault(**lab.calls[call], ignore=True)

    if call == "remove tag":
        release(lab)
        row = lab.wait_case(OperState="releasing", Reason="nsxRefused")
    else:
        lab.send_trap("VDI-01")
        row = lab.wait_case(count=2, OperState="tagging", Reason="nsxRefused")
    assert "does not show it" in row["nqVmReasonText"], row
    assert lab.manager()["nqManagerState"] == "up"

    lab.sim.clear_faults()
    if call == "remove tag":
        lab.wait_case(OperState="released", Reason="none", timeout=25)
        assert changes(lab, "VDI-02") == ["added", "removed"]
    else:
        lab.wait_all_isolated(2, 25)
        assert changes(lab) == changes(lab, "VDI-02") == ["added"]
    lab.check_balance()


# ---- the ways that one manager has ----------------------------------------------------------


def several(make_lab, tmp_path, count, nsx="policy", **settings):
    """A laboratory with count further desktops."""
    lab = make_lab("agentx", nsx, crowd(tmp_path / "crowd.json", nsx, count, **settings),
                   retry_most_s=1.0).start()
    lab.wait(lambda: lab.manager_counts()["Vms"] >= count, "the inventory")
    return lab


def trap_all(lab, count):
    for number in range(count):
        lab.send_trap(name_of(number))
    lab.wait(lambda: len(lab.cases()) == count, "all cases")


def rows_by_name(lab):
    return {row["nqVmName"]: {"index": index, **row} for index, row in lab.cases().items()}


def gathered(lab, count):
    """Sends traps for so many VMs. NSX keeps the first two changes until all have come, so
    that the others wait and go out together."""
    lab.sim.fault(**lab.calls["add tag"], hold=True, times=2)
    trap_all(lab, count)
    lab.sim.held(count=2)
    lab.sim.release()


def operations(lab):
    return lab.requests("tag operation")


def test_many_changes_share_one_operation(make_lab, tmp_path):
    lab = several(make_lab, tmp_path, 8)
    gathered(lab, 8)
    lab.wait_all_isolated(8)

    assert len(lab.requests("add tag")) == 2
    assert len(operations(lab)) == 1, operations(lab)
    assert all(changes(lab, name_of(n)) == ["added"] for n in range(8))


def external_id(lab, name):
    return next(vm["external_id"] for vm in lab.sim.get("/sim/world")["virtual_machines"]
                if vm["display_name"] == name)


def test_a_vm_that_spoils_an_operation_gets_a_call_of_its_own(make_lab, tmp_path):
    lab = several(make_lab, tmp_path, 6)
    lab.sim.fail_tags(external_id(lab, name_of(4)))
    gathered(lab, 6)
    lab.wait_all_isolated(6)

    assert len(lab.requests("add tag")) == 3
    assert all(changes(lab, name_of(n)) == ["added"] for n in range(6))
    lab.check_balance()


def test_an_operation_that_fails_for_one_vm_tags_the_others(make_lab, tmp_path):
    """There is no call for a single VM to fall back on."""
    lab = several(make_lab, tmp_path, 6, add_remove_tags=False)
    lab.sim.fail_tags(external_id(lab, name_of(4)))
    trap_all(lab, 6)

    lab.wait(lambda: [r["nqVmOperState"] for r in lab.cases().values()].count("isolated") == 5,
             "five to be isolated")
    row = lab.wait(lambda: rows_by_name(lab)[name_of(4)]["nqVmOperState"] == "failed"
                   and rows_by_name(lab)[name_of(4)], "the sixth to have failed")
    assert row["nqVmReason"] == "nsxRefused"
    assert "The host is not reachable." in row["nqVmLastError"]
    assert lab.wait_notification("nqVmFailed")[f"nqVmName.{row['index']}"] == name_of(4)
    assert changes(lab, name_of(4)) == []

    lab.sim.fail_tags()
    lab.snmp.set(f"nqVmAdminState.{row['index']}", "i", "retry")
    lab.wait_all_isolated(6)
    assert all(changes(lab, name_of(n)) == ["added"] for n in range(6))
    lab.check_balance()


def test_without_operations_each_vm_has_a_call_of_its_own(make_lab, tmp_path):
    lab = several(make_lab, tmp_path, 8, tag_operations=False)
    gathered(lab, 8)
    lab.wait_all_isolated(8)

    # The missing call was tried once, and cost nobody anything.
    assert [r["status"] for r in operations(lab)] == [404]
    assert len(lab.requests("add tag")) == 8
    assert all(changes(lab, name_of(n)) == ["added"] for n in range(8))
    assert all(r["nqVmLastError"] == "" for r in lab.cases().values())


def test_without_single_calls_operations_do_all(make_lab, tmp_path):
    lab = several(make_lab, tmp_path, 5, add_remove_tags=False)
    trap_all(lab, 5)
    lab.wait_all_isolated(5)
    release(lab)
    lab.wait(lambda: lab.cases()[1]["nqVmOperState"] == "released", "the release")

    assert all(r["status"] == 404 for r in lab.requests("add tag"))
    assert changes(lab, name_of(0)) == ["added", "removed"]
    assert all(changes(lab, name_of(n)) == ["added"] for n in range(1, 5))
    assert all(r["nqVmLastError"] == "" for r in lab.cases().values())


def test_without_either_way_a_person_is_told(make_lab, tmp_path):
    lab = several(make_lab, tmp_path, 1, tag_operations=False, add_remove_tags=False)
    lab.send_trap(name_of(0))
    row = lab.wait(lambda: [r for r in lab.cases().values()
                            if "404" in r["nqVmLastError"] and r["nqVmReasonText"]],
                   "the row to say so")[0]
    assert row["nqVmOperState"] in ("tagging", "failed"), row

    lab.sim.settings(tag_operations=True, add_remove_tags=True)
    if lab.cases()[1]["nqVmOperState"] in ("failed", "held"):
        lab.snmp.set("nqVmAdminState.1", "i", "retry")
    lab.wait_all_isolated(1, 25)
    assert changes(lab, name_of(0)) == ["added"]


@pytest.mark.parametrize("form", ["error", "hibernate"])
def test_writers_that_meet_try_again(make_lab, form):
    """NSX for vSphere refuses the slower of two writers, in one of two forms."""
    lab = make_lab("agentx", "vsphere").start()
    lab.sim.settings(conflicts=3, conflict_form=form)
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated", timeout=25)

    assert len(lab.requests("add tag")) == 4
    assert changes(lab) == ["added"]


@pytest.mark.parametrize("setting", ["attach_again_fails", "detach_absent_fails"])
def test_what_is_so_already_is_no_failure(make_lab, setting):
    """NSX for vSphere may refuse to attach twice, and to detach what is not there."""
    lab = make_lab("agentx", "vsphere", timeout_s=0.7).start()
    lab.sim.settings(**{setting: True})
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    lab.sim.fault(**lab.calls["remove tag"], drop_after_apply=True, times=1)
    release(lab)
    wait_released(lab)
    assert changes(lab) == ["added", "removed"]
