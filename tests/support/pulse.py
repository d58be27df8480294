# SPDX-License-Identifier: Apache-2.0
"""How long the engine stands still, measured from outside."""

import threading
import time

from support.senders import inform, octets
from support.settings import ALERT_TRAP, DESCRIPTION, alert

EVERY_S = 0.05


class Pulse(threading.Thread):
    """Sends INFORMs one by one to the listener of a laboratory, from with to end. Each is
    answered when it is stored, so the longest wait for an answer is the longest standstill.
    """

    def __init__(self, lab, computer="VDI-01"):
        super().__init__(daemon=True)
        self.lab = lab
        self.text = alert(computer)
        self.over = threading.Event()
        self.longest = 0.0
        self.beats = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        print(f"longest standstill {self.longest * 1000:.0f} ms in {self.beats} beats")

    def run(self):
        with self.lab.sender() as sender:
            while not self.over.is_set():
                begin = time.monotonic()
                packet = inform(ALERT_TRAP, [(DESCRIPTION, octets(self.text))])
                self.beats += sender.inform(packet, timeout=10.0)
                self.longest = max(self.longest, time.monotonic() - begin)
                self.over.wait(EVERY_S)
