# SPDX-License-Identifier: Apache-2.0
"""Starts a daemon, watches it, ends it. Signals go only to processes started here."""

import ctypes
import os
import re
import signal
import socket
import subprocess

from support.waiting import wait_for

PR_SET_PDEATHSIG = 1
# What a sanitizer or valgrind prints when it found something.
REPORT = re.compile(
    r"^.*(ERROR: (Address|Leak|UndefinedBehavior)Sanitizer|runtime error:|"
    r"ERROR SUMMARY: [1-9]).*$",
    re.M,
)


def _child_setup():
    """A session of its own (Ctrl-C is ours to handle); dies when we die."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


# Abstract sockets, one for each port that this process has given out.
_reserved = []


def free_port():
    """A port that is free on loopback for UDP and TCP, below the range that outgoing sockets
    use.

    It is reserved for this process as long as it lives: a name in the abstract socket
    space belongs to one process of the machine, so test runs side by side do not meet.
    """
    start = 20000 + int.from_bytes(os.urandom(2), "big") % 10000
    for port in range(start, start + 2000):
        name = socket.socket(socket.AF_UNIX)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
            try:
                name.bind(f"\0nsx-quarantine-test-port-{port}")
                datagram.bind(("127.0.0.1", port))
                stream.bind(("127.0.0.1", port))
            except OSError:
                name.close()
                continue
        _reserved.append(name)
        return port
    raise RuntimeError("no free port between 20000 and 32000")


class Daemon:
    """One program with its log. start() and stop() may alternate."""

    def __init__(self, name, argv, log, env=None, pass_fds=()):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        self.env = env
        self.pass_fds = pass_fds
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    @property
    def status(self):
        """Exit status once it ended (negative: the signal), else None."""
        return self.process.poll() if self.process else None

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        assert not self.running, f"{self.name} runs already"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                pass_fds=self.pass_fds,
                preexec_fn=_child_setup,
            )
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=15.0):
        """Waits for its end and returns its exit status."""
        wait_for(lambda: not self.running, f"{self.name} to end", timeout)
        return self.process.returncode

    def stop(self, timeout=10.0):
        """Ends it; harmless when it ended already. Returns its exit status or None."""
        if self.process is None:
            return None
        if self.running:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.process.wait()
        return self.process.returncode

    def text(self):
        """Everything it has said so far."""
        try:
            with open(self.log, encoding="utf-8", errors="backslashreplace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def reports(self):
        """Findings of sanitizers in its log."""
        return [match.group() for match in REPORT.finditer(self.text())]
