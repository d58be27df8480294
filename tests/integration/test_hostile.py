# SPDX-License-Identifier: Apache-2.0
"""What an attacker, or a broken device, may send to our own listeners: each is counted, none
is acted on, and the trap behind it is. And what happens to a good trap on a bad disk."""

import os
import random
import socket
import subprocess

import pytest

from support import senders
from support.disks import KINDS
from support.lab import PROGRAM
from support.senders import (NULL, SNMP_TRAP_OID, inform, integer, message, null, octets,
                             request_id_of, tlv, v1_trap, v2c_trap)
from support.settings import ALERT_TRAP, DESCRIPTION, alert

GOOD = v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-01")))])


def bulk(*varbinds):
    """A trap without the two varbinds that it must begin with."""
    return message(1, "public", tlv(senders.TRAP_V2, integer(1) + integer(0) + integer(0)
                                    + tlv(senders.SEQUENCE, b"".join(
                                        senders.varbind(*pair) for pair in varbinds))))


def garbage():
    """{what: datagram} of what is no notification that could mean anything."""
    noise = random.Random(7)
    return {
        "empty": b"",
        "one byte": b"\x30",
        "noise": noise.randbytes(200),
        "much noise": noise.randbytes(60000),
        "text": b"GET / HTTP/1.1\r\n\r\n",
        "version 9": message(9, "public", tlv(senders.TRAP_V2, b"")),
        "v3 of nothing": message(3, "public", tlv(senders.TRAP_V2, b"")),
        "a get": message(1, "public", tlv(0xA0, integer(1) + integer(0) + integer(0) + tlv(
            senders.SEQUENCE, senders.varbind(DESCRIPTION, null())))),
        "a response": message(1, "public", tlv(0xA2, integer(1) + integer(0) + integer(0)
                                               + tlv(senders.SEQUENCE, b""))),
        "no varbinds": bulk(),
        "no trap OID": bulk((DESCRIPTION, octets(alert("VDI-01")))),
        "a trap OID that is text": bulk((SNMP_TRAP_OID, octets(ALERT_TRAP))),
        "129 varbinds": v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-01")))] * 127),
        "an OID of 200 numbers": v2c_trap(ALERT_TRAP, [
            (".1.3." + ".".join(["1"] * 198), octets("x"))]),
        "a length beyond the end": GOOD[:1] + b"\x84\x7f\xff\xff\xff" + GOOD[3:],
        "an endless length": b"\x30\x80" + GOOD[2:],
        "deep nesting": b"\x30\x82\x10\x00" * 4000,
    }


@pytest.fixture
def listener(make_lab):
    return make_lab("agentx", intake="listener").start()


def wait_quiet(lab, before):
    """A good trap behind all that: what came in front of it has been read by then."""
    lab.send_trap("VDI-02")
    lab.wait_case(OperState="isolated", Name="VDI-02", count=1)
    traps = lab.traps()
    lab.check_balance()
    assert traps["Acted"] == 1
    assert traps["Received"] > before["Received"]
    return traps


def test_garbage_is_counted_and_not_acted_on(listener):
    before = listener.traps()
    sent = garbage()
    with listener.sender() as sender:
        for packet in sent.values():
            sender.send(packet)

    traps = wait_quiet(listener, before)

    # Each datagram is counted; an empty one is none for the kernel's reader.
    assert traps["Received"] - 1 >= len(sent) - 1
    assert traps["Malformed"] + traps["Refused"] == traps["Received"] - 1
    assert listener.engine.text().count("trap refused") < 60


def test_no_part_of_a_message_is_taken_for_a_whole_one(listener):
    before = listener.traps()
    with listener.sender() as sender:
        for length in range(1, len(GOOD)):
            sender.send(GOOD[:length])

    traps = wait_quiet(listener, before)

    assert traps["Malformed"] == len(GOOD) - 1
    assert [row["nqVmName"] for row in listener.cases().values()] == ["VDI-02"]


@pytest.mark.parametrize("text", [
    alert("VDI-01") + "\nSubject: file-server\n",
    alert("VDI-01\nSubject: file-server"),
    alert("VDI-01\\nSubject: file-server"),
    "Alert: Malware Detected\nSubject: VDI-01\0\nSeverity: Critical\n",
], ids=["a second line", "a newline in the name", "a backslash and n", "a zero"])
def test_a_line_smuggled_into_a_text_isolates_nobody(listener, text):
    listener.sender().send(v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(text))]))
    listener.wait(lambda: listener.traps()["Received"] == 1, "the trap")

    assert listener.traps()["Acted"] == 0
    assert listener.cases() == {}
    listener.check_balance()


def test_huge_texts_and_many_varbinds_are_shown_cut_and_escaped(listener):
    name = "PC-\x1b[31m\x07" + "x" * 30
    long = [(f"{DESCRIPTION}.{number}", octets("\x1b" * 400)) for number in range(120)]
    listener.sender().send(v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(alert(name))), *long]))
    listener.sender().send(v2c_trap(ALERT_TRAP, [
        (DESCRIPTION, octets(alert("PC-2"))), (f"{DESCRIPTION}.1", octets("y" * 60000))]))
    listener.wait(lambda: len(listener.cases()) == 2, "two cases")

    assert all("\x1b" not in row["nqVmName"] for row in listener.cases().values())
    assert "\x1b" not in listener.engine.text()
    listener.check_balance()


def test_a_stream_that_lies_about_its_length_is_closed(listener):
    with listener.sender("tcp") as sender:
        sender.send(b"\x30\x84\x7f\xff\xff\xf0" + b"x" * 1000)
        sender.socket.settimeout(10)
        assert sender.socket.recv(1) == b""
    with listener.sender("tcp") as sender:
        sender.send(GOOD)
        listener.wait_case(OperState="isolated", Name="VDI-01")


def test_idle_connections_keep_nobody_out(listener):
    idle = [socket.create_connection(("127.0.0.1", listener.way.port)) for _ in range(100)]
    packet = inform(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-01")))])
    try:
        with listener.sender("udp") as sender:
            assert sender.inform(packet, 5)
        with listener.sender("tcp") as sender:  # waits for its turn
            again = inform(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-02")))])
            sender.send(again)
            assert sender.answers([request_id_of(again)], 60)
    finally:
        for connection in idle:
            connection.close()
    listener.wait(lambda: len(listener.cases()) == 2, "both cases")


def test_a_trap_on_a_full_disk_is_spooled_with_its_proof_and_an_inform_unanswered(make_lab):
    lab = make_lab("agentx", intake="listener")
    lab.values["more_of_engine"] = f'spool_directory = "{lab.path("spool")}";'
    disk = KINDS["preloaded"](lab, ["state"])
    try:
        lab.start()
        disk.fail("state", "full")
        with lab.sender() as sender:
            packet = inform(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-02")))])
            sender.send(packet)
            lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "failed", "failed health")
            assert not sender.answers([request_id_of(packet)], 1)
            sender.send(GOOD)
            lab.wait(lambda: os.listdir(lab.path("spool/new")), "a file in the spool")
        name = os.listdir(lab.path("spool/new"))[0]
        with open(os.path.join(lab.path("spool/new"), name), encoding="ascii") as file:
            assert file.readline() == "nsx-quarantine proof=listed\n"
        disk.mend("state")
        lab.wait_case(OperState="isolated", Name="VDI-01", count=2)
        with lab.sender() as sender:
            assert sender.inform(packet, 5)
        lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "health to be ok again")
        lab.check_balance()
    finally:
        disk.remove()


def test_a_receive_buffer_that_the_kernel_cuts_is_said_with_what_to_do(make_lab):
    with open("/proc/sys/net/core/rmem_max", encoding="ascii") as file:
        most = int(file.read())
    lab = make_lab("agentx", intake="listener", way={"buffer": most + 1}).start()

    assert f"has a receive buffer of {most} bytes instead of {most + 1}" in lab.engine.text()
    assert f"sysctl -w net.core.rmem_max={most + 1}" in lab.engine.text()
    done = subprocess.run([PROGRAM, "check", "-c", lab.conf], text=True, capture_output=True,
                          timeout=30, check=True)
    assert "warning: receive_buffer: /proc/sys/net/core/rmem_max: it is smaller" in done.stdout


def test_a_v1_trap_of_another_kind_is_no_alert(listener):
    with listener.sender() as sender:
        sender.send(v1_trap(".1.3.6.1.4.1.32473.1", 0, [], generic=4))
        sender.send(tlv(NULL, b""))
    listener.wait(lambda: listener.traps()["Received"] == 2, "both")
    assert listener.traps()["Ignored"] == 1
    assert listener.traps()["Malformed"] == 1


@pytest.mark.parametrize("users, says", [
    ("createUser dsm SHA-256 \"short\" AES \"short\"\n", "users:1: libnetsnmp does not take it"),
    ("# ours\n\nrouser dsm priv\n", "users:3: it does not begin with createUser"),
    ("createUser\n", "users:1: it does not begin with createUser and a name"),
    ("createUser  \r\n", "users:1: it does not begin with createUser and a name"),
], ids=["a short passphrase", "another directive", "nothing behind it", "blanks behind it"])
def test_a_users_file_with_a_mistake_is_refused_with_its_line(make_lab, users, says):
    lab = make_lab("agentx", intake="listener").start(engine=False)
    lab.write("users", users, 0o600)
    lab.start_engine()
    lab.expected_dead.add("agent")
    lab.wait(lambda: not lab.engine.running, "the agent to give up")

    assert says in lab.engine.text()
    assert lab.engine.status == 78


def test_an_address_that_is_taken_is_said_with_what_to_do(make_lab):
    lab = make_lab("agentx", intake="listener").start(engine=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", lab.way.port))
        lab.start_engine()
        lab.expected_dead.add("agent")
        lab.wait(lambda: not lab.engine.running, "the agent to give up")

    assert "a listening address cannot be used (check listen.addresses" in lab.engine.text()
    assert lab.engine.status == 1
