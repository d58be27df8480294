# SPDX-License-Identifier: Apache-2.0
"""The ways of a trap to the engine: through snmptrapd's handler, forwarded by it, or straight
to our own listener, in each version of SNMP."""

import os
import re
import signal

import pytest

from support.lab import KILLSYNC, TOP
from support.senders import (V3_AUTH, inform, octets, request_id_of, v1_trap, v2c_trap,
                             v3_command)
from support.settings import ALERT_TRAP, DESCRIPTION, EXAMPLE, alert
from support.ways import HAS_IPV6, V3_USER, WAYS

KINDS = ("v1", "v2c", "inform", "v3", "v3-inform")


def detection(make, computer="VDI-01", **more):
    return make(ALERT_TRAP, [(DESCRIPTION, octets(alert(computer)))], **more)


def wait_received(lab, count, timeout=15.0):
    lab.wait(lambda: lab.traps()["Received"] == count, f"{count} traps received", timeout)


@pytest.fixture
def listener(make_lab):
    return make_lab("agentx", intake="listener").start()


# Both hosts, and no pair that tells no more.
@pytest.mark.parametrize("host, intake", [("agentx", way) for way in WAYS]
                         + [("dlmod", "forward-unix"), ("dlmod", "listener")])
def test_each_kind_of_trap_isolates_by_each_way(make_lab, host, intake):
    lab = make_lab(host, intake=intake).start()
    # snmptrapd cannot forward an INFORM of SNMPv3; that has a test of its own.
    kinds = [kind for kind in KINDS if kind != "v3-inform" or "forward" not in intake]
    for number, kind in enumerate(kinds):
        lab.send_trap("VDI-01", kind)
        wait_received(lab, number + 1)

    lab.wait_case(OperState="isolated", Signals=str(len(kinds)))
    seen = lab.traps()
    assert (seen["Acted"], seen["Coalesced"]) == (1, len(kinds) - 1), seen


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_trap_alone_isolates_by_the_listener(listener, kind):
    listener.send_trap("VDI-01", kind)

    listener.wait_case(OperState="isolated", Cause="Malware Detected")


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"] + ["udp6"] * HAS_IPV6)
def test_the_listener_takes_each_transport(listener, kind):
    with listener.sender(kind) as sender:
        sender.send(detection(v2c_trap))
        sender.send(v1_trap(EXAMPLE, 190, [(DESCRIPTION, octets(alert("VDI-01")))]))
        assert sender.inform(detection(inform))

    listener.wait_case(OperState="isolated", Signals="3")


def test_a_stream_may_hold_several_messages_and_parts_of_one(listener):
    whole = b"".join(detection(v2c_trap, f"VDI-0{number}") for number in (1, 2, 3))
    with listener.sender("tcp") as sender:
        for start in range(0, len(whole), 7):
            sender.send(whole[start:start + 7])

        listener.wait_all_isolated(3)


# ---- INFORM: answered means stored --------------------------------------------------------

def test_no_inform_is_answered_while_the_engine_stands_still(listener):
    with listener.sender() as sender:
        listener.kill("agent", signal.SIGSTOP)
        packet = detection(inform)
        assert not sender.inform(packet, timeout=0.5)
        listener.kill("agent", signal.SIGCONT)
        # Not sent again: it waited in the kernel.
        assert sender.answers([request_id_of(packet)], 10)

    listener.wait_case(OperState="isolated", Signals="1")


def test_a_repeated_inform_is_answered_again_and_counted_once(listener):
    packet = detection(inform)
    with listener.sender() as sender:
        assert sender.inform(packet)
        assert sender.inform(packet)
        assert sender.inform(packet)
        # Another request is another detection.
        assert sender.inform(detection(inform))

    listener.wait_case(OperState="isolated", Signals="2")
    assert listener.traps()["Received"] == 2


@pytest.mark.parametrize("number, side", [(1, "before"), (1, "after"), (2, "before"),
                                          (2, "after"), (3, "after")])
def test_an_answered_inform_survives_a_death_at_a_durable_write(make_lab, number, side):
    lab = make_lab("agentx", intake="listener")
    arm = lab.path("killsync")
    lab.engine_env = {"LD_PRELOAD": KILLSYNC, "KILLSYNC_ARM": arm}
    lab.start()
    lab.expected_dead.add("agent")
    lab.write("killsync", f"{number} {side}\n")
    packet = detection(inform)
    with lab.sender() as sender:
        sender.send(packet)
        lab.wait(lambda: not lab.engine.running, "the engine to die")
        answered = bool(sender.answers([request_id_of(packet)], 0))
        lab.restart_engine()
        if not answered:
            # What is stored before any sync is over must not be answered; so it is repeated.
            assert sender.inform(packet)
    assert not (answered and (number, side) == (1, "before"))

    lab.wait_case(OperState="isolated")
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]


def test_an_inform_with_a_wrong_password_is_not_answered(listener):
    words = [DESCRIPTION, "s", alert("VDI-01")]
    for wrong in ({"auth": V3_AUTH + "x"}, {"user": "nobody"}):
        command = v3_command(listener.way.target(), ALERT_TRAP, words, inform=True,
                             timeout=1, **{"user": V3_USER, **wrong})
        with pytest.raises(AssertionError):
            listener.snmp.call(command)
    # One that is right still gets through.
    listener.send_trap("VDI-02", "v3-inform")

    row = listener.wait_case(OperState="isolated")
    assert row["nqVmName"] == "VDI-02"


# ---- what README says about snmptrapd -----------------------------------------------------

def test_snmptrapd_takes_the_shipped_configuration(make_lab):
    """With its samples of who may send."""
    lab = make_lab("agentx", intake="forward-unix")
    with open(os.path.join(TOP, "conf/snmptrapd.conf"), encoding="utf-8") as file:
        text, samples = re.subn("^#   (?=auth|createUser)", "", file.read(), flags=re.M)
    conf = lab.write("snmptrapd.conf", text.replace(
        "ENGINE_ID", "0x8000000001020304").replace(" COMMUNITY ", " dsm "))
    daemon = lab.add("snmptrapd", ["snmptrapd", "-f", "-Lo", "-n", "-C", "-c", conf,
                                   lab.way.target()])
    lab.wait(lambda: "NET-SNMP version" in daemon.text(), "snmptrapd to start")

    assert samples == 3
    # It warns of lines that it does not understand.
    assert [line for line in daemon.text().splitlines()
            if not line.startswith(("NET-SNMP version", "Created directory"))] == []


def handlers(lab):
    """What the traphandle programs of a laboratory have open, and not from their start."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", encoding="utf-8") as file:
                words = file.read().split("\0")
            if lab.conf in words and words[0] == lab.handler:
                found[entry] = {fd: os.readlink(f"/proc/{entry}/fd/{fd}")
                                for fd in os.listdir(f"/proc/{entry}/fd") if int(fd) > 2}
        except (FileNotFoundError, ProcessLookupError):
            pass                # it has ended
    return found


def test_a_snmptrapd_that_starts_while_a_trap_waits_finds_its_port_free(make_lab):
    lab = make_lab("agentx", intake="handler").start()
    lab.kill("agent", signal.SIGSTOP)
    lab.send_trap("VDI-01")
    # It has nothing open but what it asks the engine with.
    lab.wait(lambda: [list(fds) for fds in handlers(lab).values()] == [["3"]],
             "a handler that waits")
    first = set(handlers(lab))

    lab.kill("snmptrapd")
    lab.restart("snmptrapd")
    lab.wait(lambda: lab.send_trap("VDI-02") or set(handlers(lab)) - first,
             "the new snmptrapd to take a trap")
    assert first <= set(handlers(lab)), "the first one had ended, and so nothing was shown"
    lab.kill("agent", signal.SIGCONT)

    lab.wait(lambda: lab.snmp.number("nqCasesIsolated.0") == 2, "both VMs to be isolated")


def test_snmptrapd_answers_an_inform_that_nobody_has_stored(make_lab):
    lab = make_lab("agentx", intake="forward").start()
    lab.kill_engine()
    with lab.sender() as sender:
        assert sender.inform(detection(inform))


def test_snmptrapd_answers_an_inform_of_v3_and_does_not_forward_it(make_lab):
    lab = make_lab("agentx", intake="forward").start()
    lab.send_trap("VDI-01", "v3-inform")
    lab.send_trap("VDI-02", "v3")

    row = lab.wait_case(OperState="isolated")
    assert row["nqVmName"] == "VDI-02"
    assert lab.traps()["Acted"] == 1 and len(lab.cases()) == 1


def test_snmpd_keeps_no_user_of_ours_when_it_ends(make_lab):
    """Else one who was taken out of users_file could send for ever."""
    lab = make_lab("dlmod", intake="listener").start()
    lab.send_trap("VDI-01", "v3")
    lab.wait_case(OperState="isolated")

    lab.kill("snmpd", signal.SIGTERM)

    with open(lab.path("snmpd.d/snmpd.conf"), encoding="utf-8") as file:
        kept = file.read()
    assert "usmUser" in kept  # its own
    assert f'"{V3_USER}"' not in kept
