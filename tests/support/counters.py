# SPDX-License-Identifier: Apache-2.0
"""The counters of nqTraps, asked for in one request again and again over one socket: fast
enough to watch every moment of a storm."""

import itertools
import socket
import threading
import time

from support.senders import (NULL, SEQUENCE, integer, message, oid, read, tlv)
from support.snmp import READ_COMMUNITY

GET = 0xA0

NAMES = ("Received", "Acted", "Coalesced", "Ignored", "Held", "Refused", "Malformed",
         "Spooled", "KernelDrops")
PARTS = NAMES[1:7]


class Counters:
    """read() is one exchange with the snmpd of a laboratory."""

    def __init__(self, lab):
        self.names = [f".{lab.root}.1.3.{number}.0"
                      for number in range(1, len(NAMES) + 1)]
        self.numbers = itertools.count(1)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", lab.snmpd_port))

    def close(self):
        self.socket.close()

    def read(self, timeout=5.0):
        """{name: value}; None when no answer came in time or one of them is not there."""
        number = next(self.numbers)
        pairs = b"".join(tlv(SEQUENCE, oid(name) + tlv(NULL, b"")) for name in self.names)
        self.socket.send(message(1, READ_COMMUNITY, tlv(
            GET, integer(number) + integer(0) + integer(0) + tlv(SEQUENCE, pairs))))
        deadline = time.monotonic() + timeout
        while True:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                said = read(self.socket.recv(65536))
            except (TimeoutError, ConnectionRefusedError):
                return None
            if said["request_id"] == number:
                break
        # A counter that is not there has no content.
        if not all(value for _, _, value in said["varbinds"]):
            return None
        return {name: int.from_bytes(value, "big")
                for name, (_, _, value) in zip(NAMES, said["varbinds"])}


class Watch(threading.Thread):
    """Reads them all the time, from start() or `with` to stop(). Every trap must be counted
    by what became of it at every moment, and no counter may go back.
    """

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.counters = Counters(lab)
        self.ended = threading.Event()
        self.samples = []       # (time, {name: value})
        self.wrong = []
        self.slowest = 0.0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def run(self):
        last = None
        while not self.ended.is_set():
            begin = time.monotonic()
            seen = self.counters.read()
            self.slowest = max(self.slowest, time.monotonic() - begin)
            if seen is None:
                self.wrong.append("no answer")
                continue
            if seen["Received"] != sum(seen[name] for name in PARTS):
                self.wrong.append(f"does not add up: {seen}")
            if last and any(seen[name] < last[name] for name in NAMES):
                self.wrong.append(f"goes back: {last} to {seen}")
            last = seen
            self.samples.append((time.monotonic(), seen))
            # Asking must not be the load that is measured.
            self.ended.wait(0.005)

    def stop(self):
        self.ended.set()
        self.join()
        self.counters.close()

    @property
    def last(self):
        return self.samples[-1][1] if self.samples else dict.fromkeys(NAMES, 0)

    def time_of(self, name, value):
        """When that counter was first seen at that value or above; None: not yet."""
        return next((when for when, seen in self.samples if seen[name] >= value), None)
