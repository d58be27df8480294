# SPDX-License-Identifier: Apache-2.0
"""The AgentX master freezes, dies, refuses and comes back: the engine works on meanwhile, and
what it serves is whole again afterwards."""

import os
import signal
import socket
import struct
import threading
import time

import pytest

from support import proc
from support.lab import PROGRAM
from support.pulse import Pulse

STANDSTILL_MOST_S = 1.0  # whatever the master does

# Else libnetsnmp looks at its master, or for one, each 15 s.
PING = ["--ping", "1"]


@pytest.fixture
def watched(make_lab):
    lab = make_lab("agentx", intake="listener")
    lab.agent_options = PING
    return lab.start()


def served(lab):
    """The branches that a walk finds: each is registered by itself."""
    names = [name for name, _ in lab.snmp.walk()]
    return {name[len(lab.root) + 2:].split(".")[1] for name in names}


def notified(lab):
    return len(lab.notifications())


def check_whole(lab, branches, comment):
    """The walk is complete, a SET arrives, and so does a notification."""
    assert served(lab) == branches
    assert lab.snmp.set_reason("nqVmComment.1", "s", comment) == ""
    assert lab.snmp.table("nqVmTable")[1]["nqVmComment"] == comment
    seen = notified(lab)
    for mode in ("observe", "enforce"):
        lab.snmp.set("nqEngineMode.0", "i", mode)
    lab.wait(lambda: notified(lab) >= seen + 2, "the notifications of it")


def log_of(lab):
    return lab.daemons["agent"].text()


class SilentMaster(threading.Thread):
    """Takes connections at the place of a master, answers the first message of each, the
    Open, and nothing else."""

    HEADER = 20  # RFC 2741, 6.1; the last four octets are the length of what follows

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(5)
        self.connections = []
        self.start()

    def run(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            header = connection.recv(65536)[:self.HEADER]
            order = ">" if header[2] & 0x10 else "<"
            answer = bytes((header[0], 18, header[2], 0)) + header[4:16]
            connection.send(answer + struct.pack(f"{order}IIHH", 8, 0, 0, 0))
            self.connections.append(connection)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()
        for connection in self.connections:
            connection.close()


def test_whatever_the_master_does_the_engine_stands_still_for_less_than_a_second(watched):
    lab = watched
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    lab.wait(lambda: notified(lab) >= 1, "the notification")
    branches = served(lab)
    open_before = proc.descriptors(lab.daemons["agent"].pid, lab.nsx_ports)
    with Pulse(lab) as pulse:
        # Frozen, until its queue of connections is full and longer.
        lab.kill("snmpd", signal.SIGSTOP)
        lab.wait(lambda: "it does not answer" in log_of(lab), "the silence to be noticed")
        lab.send_trap("VDI-02")
        lab.wait(lambda: not lab.sim.allowed("VDI-02", "file-server"), "the isolation")
        lab.wait(lambda: "it takes no connection" in log_of(lab), "a full queue", 20)
        beats = pulse.beats
        lab.wait(lambda: pulse.beats > beats + 40, "two seconds more")
        lab.kill("snmpd", signal.SIGCONT)
        lab.wait(lambda: len(lab.cases()) == 2, "both rows")
        check_whole(lab, branches, "after a freeze")

        # Killed, and back.
        lab.kill("snmpd")
        lab.send_trap("VDI-03")
        lab.wait(lambda: not lab.sim.allowed("VDI-03", "file-server"), "the isolation")

        # Somebody who answers the first message only, in its place: each table that is to be
        # registered would wait for its own answer.
        os.unlink(lab.path("agentx.sock"))
        silent = SilentMaster(lab.path("agentx.sock"))
        lab.wait(lambda: len(silent.connections) >= 2, "two connections to it")
        silent.close()

        lab.restart("snmpd")
        lab.wait(lambda: lab.snmp.answers() and len(lab.cases()) == 3, "all rows")
        check_whole(lab, branches, "after a death")

    assert pulse.beats > 100
    assert pulse.longest < STANDSTILL_MOST_S, f"{pulse.longest:.2f} s"
    assert proc.descriptors(lab.daemons["agent"].pid, lab.nsx_ports) <= open_before
    assert log_of(lab).count("AgentX session to master agent attempted to be re-opened") == 0
    assert len(lab.sim.tag_changes()) == 3


# ---- what may stand where the master should ------------------------------------------------

def nothing(path):
    assert not os.path.exists(path)


def a_file(path):
    with open(path, "w", encoding="ascii"):
        pass


def a_datagram_socket(path):
    return bound(path, socket.SOCK_DGRAM)


def a_dead_socket(path):
    bound(path, socket.SOCK_STREAM).close()


def a_socket_without_permission(path):
    listener = bound(path, socket.SOCK_STREAM)
    os.chmod(path, 0)
    listener.listen()
    return listener


def bound(path, kind):
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(path)
    return made


PLACES = {nothing: "there is no such socket",
          a_file: "that is no socket",
          a_datagram_socket: "it is a socket of another kind",
          a_dead_socket: "nobody listens there",
          a_socket_without_permission: "permission denied"}


def test_what_stands_in_the_way_to_the_master_is_said_once_and_tried_again(make_lab):
    lab = make_lab("agentx").start(engine=False)
    lab.kill("snmpd")
    path = lab.path("agentx.sock")
    if os.path.exists(path):
        os.unlink(path)
    # Root would be let in everywhere.
    lab.add("agent", ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", PROGRAM,
                      "agent", "-c", lab.conf, "-x", f"unix:{path}", *PING])
    begin = time.monotonic()
    for place, sentence in PLACES.items():
        listener = place(path)
        lab.wait(lambda text=sentence: text in log_of(lab), sentence)
        if listener:
            listener.close()
        if os.path.exists(path):
            os.unlink(path)
    lab.send_trap("VDI-01")
    lab.wait(lambda: not lab.sim.allowed("VDI-01", "file-server"), "the isolation")
    busy = proc.cpu_s(lab.daemons["agent"].pid) / (time.monotonic() - begin)

    lab.restart("snmpd")
    lab.wait_answers()

    lab.wait_case(OperState="isolated")
    for place, sentence in PLACES.items():
        # Between two of them there is nothing.
        most = len(PLACES) if place is nothing else 1
        assert 1 <= log_of(lab).count(sentence) <= most, sentence
    assert busy < 0.5, f"the agent used {busy:.0%} of a processor"
