# SPDX-License-Identifier: Apache-2.0
"""The Net-SNMP command line tools, pointed at one snmpd.

The options a person would type on every line (MIB folder, SNMPv3 user and keys) stand in
a snmp.conf that SNMPCONFPATH names, so that no key is ever in an argument list.
"""

import os
import re
import socket
import statistics
import subprocess
import time

MODULE = "NSX-QUARANTINE-MIB"
READ_COMMUNITY = "public"
WRITE_USER = "nqadmin"
AUTH_KEY = "authentication key"
PRIV_KEY = "encryption key"

CLIENT_CONF = """\
mibdirs {mibs}
mibs {module}
defSecurityName {user}
defSecurityLevel authPriv
defAuthType SHA-256
defAuthPassphrase {auth}
defPrivType AES
defPrivPassphrase {priv}
"""


class SnmpError(AssertionError):
    """A tool failed; .reason is the SNMP error ("notWritable") or "timeout"."""

    def __init__(self, argv, done):
        self.output = done.stdout + done.stderr
        match = re.search(r"Reason: (\w+)|(Timeout)", self.output)
        self.reason = ""
        if match:
            self.reason = match.group(1) or "timeout"
        super().__init__(f"{' '.join(argv)}: {self.output.strip()}")


class Snmp:
    """Requests to the snmpd at 127.0.0.1:port. Names are those of our MIB."""

    def __init__(self, folder, mibs, port, root):
        self.port = port
        self.root = root
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "snmp.conf"), "w", encoding="utf-8") as conf:
            conf.write(CLIENT_CONF.format(mibs=mibs, module=MODULE, user=WRITE_USER,
                                          auth=AUTH_KEY, priv=PRIV_KEY))
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "LANG": "C.UTF-8",
            "SNMPCONFPATH": folder,
            "SNMP_PERSISTENT_DIR": folder,
        }

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def run(self, tool, *words, version="2c", timeout=5, retries=1):
        """Runs a tool against snmpd; raises SnmpError when it fails."""
        access = ["-v3"] if version == "3" else ["-v2c", "-c", READ_COMMUNITY]
        argv = [tool, *access, "-t", str(timeout), "-r", str(retries), *map(str, words)]
        return self.call(argv)

    def call(self, argv):
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True,
                              errors="backslashreplace", check=False)
        if done.returncode != 0:
            raise SnmpError(argv, done)
        return done.stdout

    # ---- reading --------------------------------------------------------------------

    def get(self, name, version="2c"):
        """One value as text: enumerations by name, strings without quotes."""
        text = self.run("snmpget", "-OqvU", self.address, self.qualified(name),
                        version=version)
        return unquote(text.rstrip("\n"))

    def number(self, name):
        return int(self.run("snmpget", "-OqveU", self.address, self.qualified(name)))

    def answers(self):
        """True when the engine behind snmpd answers."""
        try:
            value = self.run("snmpget", "-Oqv", self.address,
                             self.qualified("nqEngineVersion.0"), timeout=1, retries=0)
        except SnmpError:
            return False
        return "No Such" not in value

    def table(self, name):
        """{index: {column: text}} of one table."""
        text = self.run("snmpbulkwalk", "-Cr20", "-OQUs", self.address,
                        self.qualified(name))
        rows = {}
        for line in text.splitlines():
            match = re.match(r"(\w+)\.([\d.]+) = (.*)$", line)
            if match and not match.group(3).startswith("No more variables"):
                column, index, value = match.groups()
                # An index of several parts stays a text such as "1.7".
                index = int(index) if index.isdigit() else index
                rows.setdefault(index, {})[column] = unquote(value)
        # A walk is no snapshot: a row that came into being meanwhile lacks columns.
        whole = max(map(len, rows.values()), default=0)
        return {index: row for index, row in rows.items() if len(row) == whole}

    def walk(self, start=None, tool="snmpbulkwalk", version="2c", options=()):
        """[(numeric OID, "TYPE: value")] in the order of the answers."""
        text = self.run(tool, *options, "-On", "-Oe", "-Ox", self.address,
                        start or self.root, version=version)
        pairs = []
        for line in text.splitlines():
            if line.startswith(".") and " = " in line:
                pairs.append(tuple(line.split(" = ", 1)))
            elif pairs and "No more variables" not in line:
                # A hexadecimal string goes on in the next line.
                pairs[-1] = (pairs[-1][0], pairs[-1][1] + "\n" + line)
        return [pair for pair in pairs if not pair[1].startswith("No ")]

    # ---- writing --------------------------------------------------------------------

    def set(self, name, kind, value, version="3"):
        """snmpset; kind is the letter of snmpset(1). Raises SnmpError."""
        return self.run("snmpset", self.address, self.qualified(name), kind, value,
                        version=version)

    def set_reason(self, name, kind, value, version="3"):
        """The SNMP error that a SET ends with, or "" when it is accepted."""
        try:
            # -Ir: the tool must not check the value by the MIB before snmpd does.
            self.run("snmpset", "-Ir", self.address, self.qualified(name), kind, value,
                     version=version)
        except SnmpError as error:
            assert error.reason, error
            return error.reason
        return ""

    # ---- time -----------------------------------------------------------------------

    def record_get(self, *names):
        """The datagram that snmpget sends for these objects.

        snmpget itself talks to a socket of ours, so the bytes are real; sending them
        again and again over one socket measures snmpd and not the start of a process.
        """
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trap:
            trap.bind(("127.0.0.1", 0))
            trap.settimeout(5)
            argv = ["snmpget", "-v2c", "-c", READ_COMMUNITY, "-r", "0", "-t", "1",
                    f"127.0.0.1:{trap.getsockname()[1]}",
                    *[self.qualified(name) for name in names]]
            with subprocess.Popen(argv, env=self.env, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as tool:
                packet, _ = trap.recvfrom(65536)
                tool.kill()
        return packet

    def latencies_ms(self, packet, count):
        """Round trip times of count exchanges, in milliseconds, in order."""
        times = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(5)
            for _ in range(count):
                begin = time.monotonic()
                sock.send(packet)
                sock.recv(65536)
                times.append((time.monotonic() - begin) * 1000)
        return times

    @staticmethod
    def qualified(name):
        """Adds our module to a plain name; leaves numbers and full names alone."""
        name = str(name)
        return name if name.startswith(".") or "::" in name else f"{MODULE}::{name}"


def unquote(text):
    """Strings come with quotes or without, depending on their display hint."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text


def summary(times):
    """For messages: median, 99th percentile and maximum."""
    ordered = sorted(times)
    return (f"median {statistics.median(ordered):.2f} ms, "
            f"p99 {ordered[int(len(ordered) * 0.99) - 1]:.2f} ms, max {ordered[-1]:.2f} ms")
