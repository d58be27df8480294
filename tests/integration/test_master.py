# SPDX-License-Identifier: Apache-2.0
"""The AgentX master freezes, dies, refuses and comes back: the engine works on meanwhile, and
what it serves is whole again afterwards."""

import os
import signal
import threading
import time

import pytest

from support.senders import inform, octets
from support.settings import ALERT_TRAP, DESCRIPTION, alert

STOPS_MOST_S = 1.0  # the engine, whatever snmpd does


class Pulse(threading.Thread):
    """Sends INFORMs one by one; each is answered when it is stored, so the longest wait for an
    answer is the longest time for which the engine stood still."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.lab = lab
        self.stop = threading.Event()
        self.longest = 0.0
        self.beats = 0
        self.start()

    def run(self):
        with self.lab.sender() as sender:
            while not self.stop.is_set():
                begin = time.monotonic()
                packet = inform(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-01")))])
                answered = sender.inform(packet, timeout=5.0)
                took = time.monotonic() - begin
                self.longest = max(self.longest, took)
                self.beats += answered
                self.stop.wait(0.05)

    def end(self):
        self.stop.set()
        self.join(10)
        print(f"longest standstill {self.longest * 1000:.0f} ms in {self.beats} beats")
        assert self.beats > 20
        assert self.longest < STOPS_MOST_S, f"the engine stood still for {self.longest:.2f} s"


@pytest.fixture
def site(make_lab):
    lab = make_lab("agentx", intake="listener")
    # Else libnetsnmp looks at its master, or for one, every 15 s.
    lab.agent_options = ["--ping", "1"]
    return lab.start()


def test_frozen(site):
    pulse = Pulse(site)
    site.kill("snmpd", signal.SIGSTOP)
    site.wait(lambda: site.daemons["agent"].text().count("failed to respond to ping"), "x", 5)
    t = time.monotonic()
    while time.monotonic() - t < 15:
        time.sleep(0.5)
        print(time.monotonic() - t, pulse.beats, pulse.longest)
    site.kill("snmpd", signal.SIGCONT)
    pulse.end()
