# SPDX-License-Identifier: Apache-2.0
"""A state database that is damaged is refused, never repaired or overwritten: log and health
say what to do, and what comes meanwhile waits in the spool until somebody has done it."""

import os
import signal

import pytest

from integration.test_disks import detection
from integration.test_intake import waiting

PAGE = 4096  # of SQLite


def overwrite(path, at, count):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * count)


def in_the_middle(path):
    overwrite(path, os.path.getsize(path) // 2 // PAGE * PAGE, PAGE)


def in_the_header(path):
    overwrite(path, 0, 100)


def cut_in_half(path):
    os.truncate(path, os.path.getsize(path) // 2 // PAGE * PAGE)


def other_file(path):
    with open(path, "w", encoding="ascii") as file:
        file.write("a text that somebody copied to the wrong place\n" * 200)


def emptied(path):
    os.truncate(path, 0)


def head_of_the_log(path):
    overwrite(f"{path}-wal", 0, 32)


def all_but_the_log(path):
    os.unlink(path)


# After an orderly end all is in the database; after a kill most is in its log.
DAMAGES = {in_the_middle: signal.SIGTERM, in_the_header: signal.SIGTERM,
           cut_in_half: signal.SIGTERM, other_file: signal.SIGTERM,
           emptied: signal.SIGTERM, head_of_the_log: signal.SIGKILL,
           all_but_the_log: signal.SIGKILL}


def content(lab):
    """Of the database and its log."""
    found = {}
    for name in ("state.db", "state.db-wal"):
        if os.path.exists(lab.path(f"state/{name}")):
            with open(lab.path(f"state/{name}"), "rb") as file:
                found[name] = file.read()
    return found


def move_away(lab):
    """What the log says is to be done."""
    for name in os.listdir(lab.path("state")):
        if name.startswith("state.db"):
            os.rename(lab.path(f"state/{name}"), lab.path(name))


def names(lab):
    return {(row["nqVmName"], row["nqVmOwner"]) for row in lab.cases().values()}


# snmpd tries again after ten seconds only, so one damage is enough there.
@pytest.mark.parametrize("host, damage", [
    *[pytest.param("agentx", damage, id=damage.__name__) for damage in DAMAGES],
    pytest.param("dlmod", in_the_middle, id="in snmpd")])
def test_a_damaged_database_is_refused_and_what_comes_is_spooled(make_lab, host, damage):
    lab = make_lab(host).start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    lab.kill(lab.engine.name, DAMAGES[damage])
    damage(lab.path("state/state.db"))
    before = content(lab)

    lab.start_engine()

    lab.wait(lambda: "the state database is damaged" in lab.engine.text(), "a refusal")
    assert "move it away to start empty" in lab.engine.text()
    if host == "agentx":
        lab.expected_dead.add("agent")
        assert lab.engine.wait() == 1
    else:
        # snmpd goes on, and says so.
        lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "failed", "a failed health")
        assert "the state database is damaged" in lab.snmp.get("nqEngineHealthText.0")
    assert lab.hand_over(detection(1)).returncode == 0
    lab.send_trap("VDI-02")
    lab.wait(lambda: len(waiting(lab)) == 2, "both in the spool")
    assert content(lab) == before
    move_away(lab)
    if host == "agentx":
        lab.start_engine()
    # The tag of the case that is lost stays, and is shown as that of somebody else.
    lab.wait(lambda: lab.engine_alive and names(lab) == {
        ("PC-1", "ours"), ("VDI-02", "ours"), ("VDI-01", "foreign")}, "all rows", 25)
    lab.wait(lambda: not lab.sim.allowed("VDI-02", "file-server"), "the isolation")
    assert lab.traps()["Spooled"] == 2
    assert not lab.sim.allowed("VDI-01", "file-server")
