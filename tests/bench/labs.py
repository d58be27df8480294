# SPDX-License-Identifier: Apache-2.0
"""Laboratories of the benchmarks: ours, and one where a peer stands in the place of our
engine, with the same simulator, the same snmptrapd and the same traps."""

import os
import time

from support.lab import OUT, Lab
from support.senders import inform, octets, request_id_of, v2c_trap
from support.settings import ALERT_TRAP, DESCRIPTION, alert
from support.worlds import crowd, name_of

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
# In the peer's own words; the shell reads it as it is.
PEER_CONF = """\
url=https://127.0.0.1:{port}
user=admin
password_file={folder}/nsx-password
ca_file={folder}/ca.pem
description={description}
tag_scope=nsx-quarantine
tag=isolated
state={folder}/peer.state
"""

# The product's own times and limits, which a laboratory makes short; all traps come from one
# sender.
DEFAULT_TIMES = {
    "resolve_timeout_s": 60.0, "prove_timeout_s": 120.0, "verify_interval_s": 60.0,
    "group_interval_s": 30.0, "statistics_interval_s": 30.0, "retry_first_s": 1.0,
    "retry_most_s": 60.0, "timeout_s": 15.0, "auth_pause_s": 300.0, "reconcile_s": 60.0,
    "inventory_interval_s": 300.0,
}
UNLIMITED = "limits = { traps_per_s = 1000000; traps_burst = 1000000; };"
NEVER = 1 << 40     # no request of the journal has such a number


class World:
    """A file for the simulator with so many desktops, for all laboratories that want it."""

    def __init__(self, folder, vms):
        self.vms = vms
        self.path = crowd(os.path.join(folder, f"world-{vms}.json"), "policy", vms)


class BenchLab(Lab):
    """A figure of a site in which something died is none. Large worlds take their time."""

    def wait(self, predicate, what, timeout=120.0):
        return super().wait(predicate, what, timeout)

    def __exit__(self, kind, *more):
        super().__exit__(kind, *more)
        problems = self.problems()
        assert kind or not problems, problems


class PeerLab(BenchLab):
    """peer: a traphandle program of peers/, or "floor", which listens itself."""

    def __init__(self, peer, world):
        super().__init__("agentx", world=world.path,
                         intake="listener" if peer == "floor" else "handler")
        self.peer = peer

    def start(self, engine=False):
        return super().start(engine=False)

    def start_snmpd(self):
        """Nobody needs it here. What takes its place needs the simulator's port."""
        conf = self.write("peer.conf", PEER_CONF.format(
            port=self.nsx_ports[0], folder=self.folder, description=DESCRIPTION))
        if self.peer == "floor":
            floor = self.add("floor", [f"{OUT}/bench-floor", "-c", conf, self.way.port])
            self.wait(lambda: "ready" in floor.text(), "the floor to start")

    def start_snmptrapd(self):
        self.handler, self.handler_conf = f"{PEERS}/{self.peer}", self.path("peer.conf")
        super().start_snmptrapd()


def our_lab(intake, world, **conf):
    """Our engine, armed, with its inventory read."""
    lab = BenchLab("agentx", world=world.path, intake=intake, way={"limits": UNLIMITED},
              **{**DEFAULT_TIMES, **conf}).start()
    lab.wait(lambda: lab.manager_counts()["Vms"] >= world.vms, "the inventory", 120)
    return lab


def traps_about(numbers, make=v2c_trap):
    return [make(ALERT_TRAP, [(DESCRIPTION, octets(alert(name_of(number))))])
            for number in numbers]


def send_informs(lab, packets):
    """Each must be answered, in windows that the documented buffer holds."""
    with lab.sender() as sender:
        for start in range(0, len(packets), 500):
            window = packets[start:start + 500]
            sender.send_all(window)
            wanted = [request_id_of(packet) for packet in window]
            assert len(sender.answers(wanted, 30)) == len(window), "an INFORM had no answer"


def wait_tagged(lab, count, timeout_s=600):
    """Waits until so many VMs have the tag; returns when (wall clock, seconds) each got it,
    in order. It asks once, so that waiting is no load."""
    end = time.monotonic() + timeout_s
    while lab.sim.journal(since=NEVER, min_changes=count, timeout_ms=10000) and \
            len(changes := lab.sim.tag_changes(change="added")) < count:
        lab.watch()
        assert time.monotonic() < end, f"{len(changes)} of {count} VMs are tagged"
    assert len({change["external_id"] for change in changes}) == count
    return sorted(change["time_ms"] / 1000 for change in changes)


def tagged_per_s(lab, count, make=v2c_trap):
    """Traps, each about another VM, a second until the last VM has its tag."""
    packets = traps_about(range(count), make)
    begin = time.time()
    if make is inform:
        send_informs(lab, packets)
    else:
        with lab.sender() as sender:
            sender.send_all(packets)
    return count / (wait_tagged(lab, count)[-1] - begin)
