# SPDX-License-Identifier: Apache-2.0
"""Thousands of traps at once, through each way, with the buffers that README tells a site to
set: nothing is lost, nothing is silent, and repeats do not hold up what is new.
"""

import signal
import threading
import time

import pytest

from support.counters import Watch
from support.lab import VARIANT
from support.senders import inform, octets, request_id_of, v2c_trap
from support.settings import ALERT_TRAP, DESCRIPTION, alert
from support.ways import burst

# What is not about traps is left out.
QUIET = {"verify_interval_s": 60.0, "group_interval_s": 60.0, "statistics_interval_s": 60.0}

# (way, detections). The handler is a process for each trap, and a slow one with sanitizers.
STORMS = [("handler", burst(500 if VARIANT == "asan" else 5000)),
          *[(way, burst(5000)) for way in ("forward", "forward-unix", "listener")]]


def detections(computers, make=v2c_trap):
    return [make(ALERT_TRAP, [(DESCRIPTION, octets(alert(computer)))])
            for computer in computers]


def names(lab):
    """The names in all rows of nqVmTable: one column is much faster than the table."""
    text = lab.snmp.run("snmpbulkwalk", "-Cr50", "-Oqv", lab.snmp.address,
                        lab.snmp.qualified("nqVmName"))
    return {line.strip('"') for line in text.splitlines()}


@pytest.mark.parametrize("intake, count", STORMS, ids=[row[0] for row in STORMS])
def test_no_detection_of_a_storm_is_lost(make_lab, intake, count):
    lab = make_lab("agentx", intake=intake, mode="observe", **QUIET).start()
    # Computers that NSX does not know: each opens a case, and what is measured is the way in.
    computers = [f"STORM-{number}" for number in range(count)]
    with Watch(lab) as watch, lab.sender() as sender:
        packets = detections(computers)
        begin = time.monotonic()
        sent = sender.send_all(packets)
        lab.wait(lambda: watch.last["Received"] == count, f"{count} traps", 60)
        took = watch.time_of("Received", count) - begin
    print(f"{intake}: sent in {sent * 1000:.0f} ms, stored in {took:.2f} s,"
          f" {count / took:.0f}/s, {len(watch.samples)} samples, the slowest answer took"
          f" {watch.slowest * 1000:.0f} ms")

    assert watch.wrong == []
    assert watch.last == {**dict.fromkeys(watch.last, 0), "Received": count, "Acted": count}
    assert names(lab) == set(computers)
    # snmpd asked in between, too: a storm does not take the engine away from it.
    assert len(watch.samples) > count // 1000 and watch.slowest < 2


def test_repeats_of_a_storm_become_one_case_each(make_lab):
    lab = make_lab("agentx", intake="listener", mode="observe", **QUIET).start()
    count = burst(4000) // 20 * 20
    computers = [f"STORM-{number % 20}" for number in range(count)]
    with Watch(lab) as watch, lab.sender() as sender:
        sender.send_all(detections(computers))
        lab.wait(lambda: watch.last["Received"] == count, f"{count} traps", 60)

    assert watch.wrong == []
    assert (watch.last["Acted"], watch.last["Coalesced"]) == (20, count - 20)
    assert [row["nqVmSignals"] for row in lab.cases().values()] == [str(count // 20)] * 20


def test_what_the_kernel_drops_is_counted(make_lab):
    lab = make_lab("agentx", intake="listener", way={"buffer": 65536}, mode="observe",
                   **QUIET).start()
    with Watch(lab) as watch, lab.sender() as sender:
        lab.kill("agent", signal.SIGSTOP)
        sender.send_all(detections(f"STORM-{number}" for number in range(2000)))
        lab.kill("agent", signal.SIGCONT)
        lab.wait(lambda: watch.last["Received"] + watch.last["KernelDrops"] == 2000,
                 "each of 2000 traps to be counted as received or as dropped")

    assert watch.wrong == []
    assert watch.last["KernelDrops"] > 1000
    # They are lost, and somebody is told so.
    assert lab.snmp.get("nqEngineHealth.0") != "failed"


@pytest.mark.parametrize("host", ["agentx", "dlmod"])
def test_a_storm_of_notifications_stops_nobody(make_lab, host):
    """snmpd answers each notification of an agent, which must be reading then."""
    lab = make_lab(host, intake="listener", way={
        "sources": ['{ name = "nobody"; address = "192.0.2.1"; }'],
        "limits": "limits = { unlisted_burst = 3000; unproven_max = 3000; };"},
        more="notifications = { burst = 0; };", **QUIET).start()
    count = burst(3000)
    with Watch(lab) as watch, lab.sender() as sender:
        # Nobody is listed, so each is held, and a management station is told of each.
        sender.send_all(detections(f"STORM-{number}" for number in range(count)))
        lab.wait(lambda: watch.last["Held"] == count, f"{count} held cases", 30)
        lab.wait_notification("nqVmHeld")

    assert watch.wrong == []
    assert watch.slowest < 2
    lab.wait(lambda: lab.traps()["Held"] == count, "snmpd to answer still")
    # What did not fit into the queue is counted; the rest arrives.
    lab.wait(lambda: [name for name, _ in lab.notifications()].count("nqVmHeld")
             + lab.snmp.number("nqNotifySuppressed.0") == count, "each to be told or counted")
    assert lab.snmp.number("nqNotifySuppressed.0") > 0


def test_no_answered_inform_of_a_storm_is_forgotten_by_a_kill(make_lab):
    lab = make_lab("agentx", intake="listener", activation=True, mode="observe",
                   **QUIET).start()
    computers = [f"STORM-{number}" for number in range(burst(3000))]
    packets = {request_id_of(packet): packet for packet in detections(computers, inform)}
    answered = []
    with lab.sender() as sender:
        def send_unanswered():
            sender.send_all([packet for number, packet in packets.items()
                             if number not in sender.answered])
        for _ in range(2):
            send_unanswered()
            lab.wait(lambda: sender.answers(packets, 0), "the first answers")
            lab.kill_engine()
            answered.append(len(sender.answers(packets, 0)))
            before = set(packets) & sender.answered.keys()
            lab.restart_engine()
            # Whatever was answered is there, whatever else became of the storm.
            kept = names(lab)
            lost = [computer for number, computer in zip(packets, computers)
                    if number in before and computer not in kept]
            assert lost == []
        send_unanswered()
        lab.wait(lambda: len(sender.answers(packets, 0.1)) == len(packets),
                 "each to be answered", 30)
    print(f"answered when it was killed: {answered} of {len(packets)}")

    assert names(lab) == set(computers)


class Flood(threading.Thread):
    """Sends the same trap again and again and lets so many wait: as many as the receiver
    takes, and no more than the kernel holds."""

    def __init__(self, sender, packet, watch, waiting=1000):
        super().__init__(daemon=True)
        self.sender, self.packet, self.watch, self.waiting = sender, packet, watch, waiting
        self.before = watch.last["Received"]
        self.sent = 0
        self.ended = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.is_set():
            if self.sent - (self.watch.last["Received"] - self.before) < self.waiting:
                self.sender.send_all([self.packet] * 100)
                self.sent += 100
            else:
                self.ended.wait(0.001)


def test_a_flood_of_repeats_does_not_hold_up_a_vm_that_is_new(make_lab):
    lab = make_lab("agentx", intake="listener", **QUIET).start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    (repeat,), (new,) = detections(["VDI-01"]), detections(["VDI-02"])
    with Watch(lab) as watch, lab.sender() as flooding, lab.sender() as sender:
        lab.wait(lambda: watch.samples, "the counters")
        with Flood(flooding, repeat, watch) as flood:
            # By now the source has sent more repeats than are kept at once.
            lab.wait(lambda: watch.last["Coalesced"] > 6000, "the flood to have come", 30)
            begin = time.monotonic()
            sender.send(new)
            lab.wait(lambda: lab.sim.tag_changes("VDI-02"), "the new VM to be tagged")
            took = time.monotonic() - begin
            going_on = flood.is_alive()
    print(f"{flood.sent} repeats; tagged after {took:.2f} s")

    assert going_on and watch.wrong == []
    assert took < 2
    lab.wait_case(OperState="isolated", Name="VDI-02", count=2)
