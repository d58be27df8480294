# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, become read-only or lose what is written, below the state, below the
spool, or below both: no acknowledged trap is forgotten, health and the handler say what to do,
and when the disk is good again everything goes on."""

import os

import pytest

from integration.test_intake import SOURCE, handle_text, quoted_hex
from support.disks import FAULTS, KINDS, NotPermitted
from support.senders import inform, octets, request_id_of
from support.settings import ALERT_TRAP, DESCRIPTION, alert

each_fault = pytest.mark.parametrize("on_disk, how", FAULTS, indirect=["on_disk"])
# Fills a database soon: its evidence is kept up to 4096 bytes.
LONG = f"{DESCRIPTION}.9 {quoted_hex('x' * 3000)}"


@pytest.fixture(params=KINDS)
def on_disk(make_lab, request):
    """Makes a laboratory whose folders stand on disks that can fail."""
    disks = []

    def make(*folders, spool="state/spool", intake="handler"):
        lab = make_lab("agentx", intake=intake)
        lab.values["more_of_engine"] = f'spool_directory = "{lab.path(spool)}";'
        try:
            disks.append(KINDS[request.param](lab, folders))
        except NotPermitted as error:
            pytest.skip(f"no mounts here: {error}")
        return lab, disks[-1]

    yield make
    for disk in disks:
        disk.remove()


def detection(number):
    return handle_text(f"{DESCRIPTION} {quoted_hex(alert(f'PC-{number}'))}", LONG,
                       source=SOURCE)


def hand_over_until(lab, is_last, most=2000):
    """Distinct detections until the handler says what is waited for; returns the names that
    it acknowledged and its last words."""
    acknowledged = []
    for number in range(most):
        done = lab.hand_over(detection(number))
        if done.returncode == 0:
            acknowledged.append(f"PC-{number}")
        if is_last(done):
            return acknowledged, done
    raise AssertionError(f"{most} traps later the disk is still good")


def healthy(lab):
    return lab.snmp.get("nqEngineHealth.0") == "ok"


def mended(lab, disk, folder, how, killed=False):
    """The disk is good again; the engine was killed before, or went on. Where the disk needs
    a check for that, it is always down meanwhile."""
    needed = how == "read-only" and not disk.lives_on
    restart = (killed or needed) and disk.engine_runs()
    if restart:
        lab.kill_engine()
    disk.mend(folder)
    if restart:
        lab.restart_engine()


def wait_kept(lab, names):
    """Each of them has a case."""
    lab.wait(lambda: set(names) <= {row["nqVmName"] for row in lab.cases().values()},
             f"{len(names)} cases", 60)


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "killed"])
@each_fault
def test_state_and_spool_on_one_disk_that_fails(on_disk, how, killed):
    lab, disk = on_disk("state")
    lab.start()
    disk.fail("state", how)

    acknowledged, last = hand_over_until(lab, lambda done: done.returncode != 0)

    assert last.returncode == 1
    assert "could not be spooled (free space in the spool directory and check" in last.stderr
    assert "a trap is lost" in last.stderr
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "failed", "a failed health")
    text = lab.snmp.get("nqEngineHealthText.0")
    assert "the state cannot be written (free space in the state directory" in text
    lab.check_balance()

    mended(lab, disk, "state", how, killed)
    lab.wait(lambda: healthy(lab), "health to be ok again")
    assert lab.hand_over(detection("last")).returncode == 0
    wait_kept(lab, [*acknowledged, "PC-last"])
    lab.check_balance()
    assert "a trap is lost" not in lab.engine.text()


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "killed"])
@each_fault
def test_the_spool_holds_what_the_state_cannot(on_disk, how, killed):
    lab, disk = on_disk("state", spool="spool")
    lab.start()
    disk.fail("state", how)

    acknowledged, last = hand_over_until(lab, lambda done: "it is spooled" in done.stderr)

    assert last.returncode == 0
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "failed", "a failed health")
    lab.send_trap("VDI-01")
    lab.wait(lambda: len(os.listdir(lab.path("spool/new"))) == 2, "snmptrapd's in the spool")
    assert lab.traps()["Spooled"] == 0

    mended(lab, disk, "state", how, killed)
    wait_kept(lab, [*acknowledged, "VDI-01"])
    lab.wait(lambda: os.listdir(lab.path("spool/new")) == [], "an empty spool")
    lab.wait(lambda: not lab.sim.allowed("VDI-01", "file-server"), "the isolation")
    # What could not be committed was put off, and is counted when it was.
    assert lab.traps()["Spooled"] >= 2
    lab.check_balance()


@each_fault
def test_no_inform_is_answered_that_the_disk_has_not(on_disk, how):
    lab, disk = on_disk("state", spool="spool", intake="listener")
    lab.start()
    disk.fail("state", how)
    sent = {}

    def failed(sender):
        computer = f"PC-{len(sent)}"
        packet = inform(ALERT_TRAP, [(DESCRIPTION, octets(alert(computer))),
                                     (f"{DESCRIPTION}.9", octets("x" * 1000))])
        sent[request_id_of(packet)] = computer
        sender.send(packet)
        return lab.snmp.get("nqEngineHealth.0") == "failed"

    with lab.sender() as sender:
        lab.wait(lambda: failed(sender), "a failed health", 60)
        answered = [sent[number] for number in sender.answers(sent, 0)]
        assert how != "unsynced" or not answered
        mended(lab, disk, "state", how, killed=True)

        wait_kept(lab, answered)
        packet = inform(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-01")))])
        lab.wait(lambda: sender.inform(packet, 1), "the disk to take one")
    lab.wait(lambda: not lab.sim.allowed("VDI-01", "file-server"), "the isolation")


@each_fault
def test_a_spool_that_fails_is_said_and_harms_nothing_while_the_engine_runs(on_disk, how):
    lab, disk = on_disk("spool", spool="spool")
    lab.start()
    disk.fail("spool", how)
    assert lab.hand_over(detection(1)).returncode == 0
    lab.kill_engine()

    acknowledged, last = hand_over_until(lab, lambda done: done.returncode != 0, 5000)
    assert last.returncode == 1
    assert "could not be spooled (free space in the spool directory and check" in last.stderr
    assert "a trap is lost" in last.stderr
    mended(lab, disk, "spool", how)
    lab.wait(lambda: lab.hand_over(detection(2)).returncode == 0, "the spool to take one")

    lab.restart_engine()
    wait_kept(lab, [*acknowledged, "PC-1", "PC-2"])
    lab.wait(lambda: disk.list("spool/new") == [], "an empty spool")
    assert lab.traps()["Received"] == lab.traps()["Acted"] + lab.traps()["Coalesced"]


def test_a_spool_that_cannot_be_emptied_is_not_taken_in_twice(on_disk):
    lab, disk = on_disk("spool", spool="spool")
    lab.start()
    lab.kill_engine()
    lab.send_trap("VDI-01")
    lab.wait(lambda: len(disk.list("spool/new")) == 1, "a file in the spool")
    disk.fail("spool", "read-only")

    lab.start_engine()
    complaint = "cannot be read and emptied"
    lab.wait(lambda: lab.engine.text().count(complaint) >= 2, "the engine to say so twice")

    assert "spool/new: Read-only file system" in lab.engine.text()
    assert lab.traps()["Received"] == 0
    lab.kill_engine()
    disk.mend("spool")
    lab.restart_engine()
    lab.wait_case(OperState="isolated")
    assert lab.traps()["Received"] == 1


@pytest.mark.parametrize("on_disk", ["mounted"], indirect=True)
def test_a_disk_that_is_full_at_the_start_is_refused_with_a_sentence(on_disk):
    lab, disk = on_disk("state", spool="spool")
    lab.start()
    assert lab.hand_over(detection(1)).returncode == 0
    lab.kill_engine()
    disk.fail("state", "full")

    lab.start_engine()
    lab.expected_dead.add("agent")

    assert lab.engine.wait() == 1
    assert "less than 256 KiB are free" in lab.engine.text()
    assert lab.hand_over(detection(2)).returncode == 0

    disk.mend("state")
    lab.restart_engine()
    wait_kept(lab, ["PC-1", "PC-2"])


def test_a_state_that_is_read_only_at_the_start_is_refused_with_a_sentence(on_disk):
    lab, disk = on_disk("state", spool="spool")
    lab.start(engine=False)
    disk.fail("state", "read-only")

    lab.start_engine()
    lab.expected_dead.add("agent")

    assert lab.engine.wait() == 1
    assert "the state directory cannot be used" in lab.engine.text()
    assert "Read-only file system" in lab.engine.text()
    spooled = lab.hand_over(detection(1))
    assert spooled.returncode == 0 or "a trap is lost" in spooled.stderr

    disk.mend("state")
    lab.restart_engine()
    assert lab.hand_over(detection(2)).returncode == 0
    wait_kept(lab, ["PC-2", *(["PC-1"] if spooled.returncode == 0 else [])])
