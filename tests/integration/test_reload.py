# SPDX-License-Identifier: Apache-2.0
"""SIGHUP in the middle of things: open requests, a slow NSX, a SET. What was begun is finished
once, and what was answered is not forgotten."""

import signal
import subprocess

import pytest

# What NSX does to which call while the reload comes, and the VM that it is about. What is held
# has not been applied; what is held after has been, and its answer is never seen.
OPEN_REQUESTS = (("VDI-01", "add tag", "hold"),
                 ("VDI-02", "add tag", "hold_after"),
                 ("VDI-03", "read back", "hang"))
SETS = 12


@pytest.fixture(params=["dlmod", "agentx"])
def reloaded(make_lab, request):
    lab = make_lab(request.param)
    lab.word = {"dlmod": "Reconfiguring daemon", "agentx": "engine opened"}[request.param]
    return lab.start()


def reloads(lab):
    return lab.engine.text().count(lab.word)


def reload(lab):
    seen = reloads(lab)
    lab.kill(lab.engine.name, signal.SIGHUP)
    lab.wait(lambda: reloads(lab) > seen, "the reload")


def state_of(lab, computer):
    return {row["nqVmName"]: row["nqVmOperState"] for row in lab.cases().values()
            if row["nqVmOwner"] == "ours"}.get(computer)


def test_a_reload_amid_open_requests_finishes_each_case_once(reloaded):
    lab = reloaded
    pid = lab.engine.pid
    lab.wait_inventory()
    for computer, call, how in OPEN_REQUESTS:
        lab.sim.fault(**lab.calls[call], **{how: True})
        lab.send_trap(computer)
        lab.wait(lambda: not all(r["answered"] for r in lab.sim.requests()), "an open request")
        if how != "hang":
            lab.sim.held(count=1)
        reload(lab)
        # A second one, while the first one's engine is just beginning.
        lab.kill(lab.engine.name, signal.SIGHUP)
        lab.sim.clear_faults()
        lab.sim.release()
        lab.wait_answers()
        lab.wait(lambda name=computer: state_of(lab, name) == "isolated",
                 f"{computer} to be isolated", 25)

    # The same while it releases, and while everything is slow.
    lab.sim.fault(**lab.calls["remove tag"], hold=True)
    case = next(i for i, row in lab.cases().items() if row["nqVmName"] == "VDI-01")
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    lab.sim.held(count=1)
    reload(lab)
    lab.sim.clear_faults()
    lab.sim.release()
    lab.sim.fault(**lab.calls["everything"], slow=300)
    reload(lab)
    lab.wait_answers()
    lab.wait(lambda: state_of(lab, "VDI-01") == "released", "the release", 25)
    lab.sim.clear_faults()

    changes = lab.sim.tag_changes()
    assert [c["change"] for c in changes] == ["added"] * 3 + ["removed"], changes
    assert lab.engine.pid == pid
    lab.check_balance()


def test_a_set_that_was_answered_is_not_lost_to_a_reload(reloaded):
    lab = reloaded
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    accepted = refused = 0
    for number in range(SETS):
        # Both wait for the engine when it goes on; which one it sees first is its affair.
        lab.kill(lab.engine.name, signal.SIGSTOP)
        argv = ["snmpset", "-v3", "-t", "5", "-r", "0", lab.snmp.address,
                lab.snmp.qualified(f"nqVmComment.{case}"), "s", f"number {number}"]
        with subprocess.Popen(argv, env=lab.snmp.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as tool:
            lab.kill(lab.engine.name, signal.SIGHUP)
            lab.kill(lab.engine.name, signal.SIGCONT)
            said = tool.communicate()[0]
        lab.wait_answers()
        comment = lab.cases()[case]["nqVmComment"]
        if tool.returncode == 0:
            accepted += 1
            assert comment == f"number {number}"
        else:
            refused += 1
            assert "resourceUnavailable" in said or "Timeout" in said, said
            assert comment != f"number {number}"
    print(f"{accepted} accepted, {refused} refused")
    assert accepted > 0
