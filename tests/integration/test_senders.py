# SPDX-License-Identifier: Apache-2.0
"""The senders of the tests themselves: they say what Net-SNMP's own tools say."""

import socket
import subprocess

import pytest

from support import senders
from support.senders import INFORM, TRAP_V1, octets, oid, read
from support.settings import ALERT_TRAP, DESCRIPTION, EXAMPLE

WORDS = [(DESCRIPTION, "s", "a text\nof two lines"), (f"{EXAMPLE}.1", "i", "-129"),
         (f"{EXAMPLE}.2", "o", ".1.3.6.1.4.1.32473.4294967295.0.128"),
         (f"{EXAMPLE}.3", "a", "192.0.2.1"), (f"{EXAMPLE}.4", "t", "4294967295"),
         (f"{EXAMPLE}.5", "c", "128"), (f"{EXAMPLE}.6", "s", "x" * 300)]
VARBINDS = [(WORDS[0][0], octets(WORDS[0][2])), (WORDS[1][0], senders.integer(-129)),
            (WORDS[2][0], oid(WORDS[2][2])), (WORDS[3][0], senders.address("192.0.2.1")),
            (WORDS[4][0], senders.ticks(4294967295)),
            (WORDS[5][0], senders.integer(128, senders.COUNTER)),
            (WORDS[6][0], octets("x" * 300))]


def sent_by(argv):
    """The first datagram of a tool; {} takes the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        target = f"127.0.0.1:{receiver.getsockname()[1]}"
        with subprocess.Popen([word.replace("{}", target) for word in argv],
                              env={"PATH": "/usr/bin:/bin", "MIBS": "", "HOME": "/nowhere"},
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tool:
            packet = receiver.recv(65536)
            tool.kill()
    return packet


@pytest.mark.parametrize("kind", ["v1", "v2c", "inform"])
def test_a_message_is_byte_for_byte_that_of_the_tool(kind):
    words = [word for triple in WORDS for word in triple]
    if kind == "v1":
        theirs = sent_by(["snmptrap", "-v1", "-c", "public", "{}", EXAMPLE, "192.0.2.9", "6",
                          "190", "77", *words])
        assert read(theirs)["pdu"] == TRAP_V1
        ours = senders.v1_trap(EXAMPLE, 190, VARBINDS, agent="192.0.2.9", uptime=77)
    else:
        tool = {"v2c": "snmptrap", "inform": "snmpinform"}[kind]
        theirs = sent_by([tool, "-v2c", "-c", "public", "-r", "0", "-t", "1", "{}", "77",
                          ALERT_TRAP, *words])
        assert (read(theirs)["pdu"] == INFORM) == (kind == "inform")
        make = {"v2c": senders.v2c_trap, "inform": senders.inform}[kind]
        ours = make(ALERT_TRAP, VARBINDS, uptime=77, request_id=read(theirs)["request_id"])

    assert ours == theirs
    assert read(ours)["varbinds"][-1] == (WORDS[-1][0], senders.OCTETS, b"x" * 300)
