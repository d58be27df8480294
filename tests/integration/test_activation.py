# SPDX-License-Identifier: Apache-2.0
"""Sockets that systemd holds: a restart of the engine, wanted or not, loses no trap."""

import os
import shutil
import signal
import socket
import subprocess

import pytest

from support.lab import NONETLINK, PROGRAM, TOP
from support.senders import inform, octets, request_id_of, v2c_trap
from support.settings import ALERT_TRAP, DESCRIPTION, alert
from support.ways import burst


def detection(make=v2c_trap, computer="VDI-01"):
    return make(ALERT_TRAP, [(DESCRIPTION, octets(alert(computer)))])


@pytest.fixture
def held_lab(make_lab):
    return make_lab("agentx", intake="listener", activation=True).start()


def wait_received(lab, count, timeout=15.0):
    lab.wait(lambda: lab.engine_alive and lab.traps()["Received"] == count,
             f"{count} traps received", timeout)


def test_what_comes_while_the_engine_is_dead_is_taken_by_the_next_one(held_lab):
    lab = held_lab
    lab.kill_engine()
    with lab.sender() as udp, lab.sender("tcp") as tcp, lab.sender("unix") as unix:
        packet = detection(inform, "VDI-03")
        for number in range(200):
            udp.send(detection(computer=f"VDI-0{number % 2 + 1}"))
        udp.send(packet)
        tcp.send(detection())
        unix.send(detection())
        assert not udp.answers([request_id_of(packet)], 0)

        lab.restart_engine()

        wait_received(lab, 203)
        # Now, and only now, it is stored.
        assert udp.answers([request_id_of(packet)], 5)
    lab.wait_all_isolated(3)
    assert lab.traps()["KernelDrops"] == 0


def test_a_connection_that_was_closed_before_the_engine_came_is_read(held_lab):
    """What snmptrapd does with each trap that it forwards to a Unix socket."""
    lab = held_lab
    lab.kill_engine()
    for number in range(150):
        with lab.sender("unix") as unix:
            unix.send(detection(computer=f"VDI-0{number % 3 + 1}"))
    lab.restart_engine()

    wait_received(lab, 150)


def is_full(path):
    """No further connection finds room in this listening socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:
            return True
    return False


def test_a_snmptrapd_that_forwards_waits_for_an_engine_that_is_away(make_lab):
    """4,096 connections wait in the socket, the others in snmptrapd's own buffer."""
    if burst(5000) < 5000:
        pytest.skip("net.core.rmem_max is too small for the buffer that README wants")
    lab = make_lab("agentx", intake="forward-unix", activation=True).start()
    lab.kill_engine()
    with lab.sender() as sender:
        sender.send_all([detection()] * 5000)
    lab.wait(lambda: is_full(lab.path("trap.sock")), "the socket to be full", 30)
    lab.restart_engine()

    wait_received(lab, 5000, 60)
    lab.wait_case(OperState="isolated", Signals="5000")


def test_sighup_keeps_the_sockets_and_what_waits_in_them(held_lab):
    lab = held_lab
    sent = 0
    with lab.sender() as udp:
        for _ in range(5):
            lab.kill("agent", signal.SIGSTOP)
            lab.kill("agent", signal.SIGHUP)
            udp.send_all([detection()] * 50)
            lab.kill("agent", signal.SIGCONT)
            sent += 50
            wait_received(lab, sent)
        assert udp.inform(detection(inform, "VDI-02"))
    for kind in ("tcp", "unix"):
        with lab.sender(kind) as stream:
            assert stream.inform(detection(inform, "VDI-02"))

    assert os.path.exists(lab.path("trap.sock"))
    wait_received(lab, sent + 3)


def test_a_restart_leaves_the_sockets_as_they_were_bound(held_lab):
    lab = held_lab
    sizes = [sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
             for sock in lab.activation.sockets]
    lab.kill("agent", signal.SIGTERM)
    assert lab.daemons["agent"].status == 0
    assert os.path.exists(lab.path("trap.sock"))
    lab.restart_engine()

    assert [sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            for sock in lab.activation.sockets] >= sizes
    with lab.sender("unix") as unix:
        assert unix.inform(detection(inform))
    lab.wait_case(OperState="isolated")


def test_an_engine_that_does_not_listen_works_with_a_socket_unit(make_lab):
    lab = make_lab("agentx", intake="handler", activation=True).start()
    lab.send_trap("VDI-01")

    lab.wait_case(OperState="isolated")


def test_systemd_accepts_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here: apt-get install systemd")
    for name in ("nsx-quarantine.service", "nsx-quarantine.socket"):
        with open(os.path.join(TOP, "conf", name), encoding="utf-8") as file:
            text = file.read().replace("/usr/bin/nsx-quarantine", PROGRAM)
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "nsx-quarantine.socket"),
         str(tmp_path / "nsx-quarantine.service")], capture_output=True, text=True,
        check=False, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"})

    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_lets_the_engine_read_the_addresses_of_its_machine():
    with open(os.path.join(TOP, "conf", "nsx-quarantine.service"), encoding="utf-8") as file:
        families = next(line for line in file if line.startswith("RestrictAddressFamilies="))

    assert "AF_NETLINK" in families


def test_an_engine_that_may_not_read_its_addresses_says_what_that_means(make_lab):
    lab = make_lab("agentx")
    lab.engine_env["LD_PRELOAD"] = NONETLINK
    lab.start()
    lab.send_trap("VDI-01")

    lab.wait_case(OperState="isolated")
    said = lab.engine.text()
    assert said.count("the addresses of this machine cannot be read") == 1, said
    assert "allow netlink sockets" in said
