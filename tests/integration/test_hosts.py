# SPDX-License-Identifier: Apache-2.0
"""Living with snmpd: latency, ends, and starts that must not happen. test_master.py: what the
AgentX master does; test_reload.py and test_soak.py: SIGHUP; test_second_host.py: two hosts."""

import fcntl
import os
import re
import signal
import socket
import subprocess

import pytest

from support.lab import EARLYHUP, PROGRAM
from support.senders import inform, octets
from support.settings import ALERT_TRAP, DESCRIPTION, alert
from support.snmp import summary

EX_CONFIG = 78  # sysexits.h


def quiet(lab):
    return all(request["answered"] for request in lab.sim.requests())


def test_snmpd_answers_within_50_ms_while_nsx_hangs(lab):
    packet = lab.snmp.record_get("nqEngineMode.0", "nqCasesOpen.0", "nqTrapsReceived.0")
    lab.snmp.latencies_ms(packet, 50)
    lab.sim.fault(**lab.calls["everything"], hang=True)
    for computer in ("VDI-01", "VDI-02", "VDI-03"):
        lab.send_trap(computer)
    lab.wait(lambda: lab.traps()["Acted"] == 3, "three cases")
    lab.wait(lambda: not quiet(lab), "a request that hangs")

    times = lab.snmp.latencies_ms(packet, 400)

    print("GET while NSX hangs:", summary(times))
    assert not quiet(lab)
    assert max(times) < 50, summary(times)


def test_a_state_directory_that_goes_away_is_said_and_nothing_is_taken_meanwhile(make_lab):
    lab = make_lab("agentx", intake="listener").start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    state, away = lab.path("state"), lab.path("away")

    os.rename(state, away)
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "failed", "the health to say so")
    text = lab.snmp.get("nqEngineHealthText.0")
    assert "moved or removed" in text and "put it back" in text, text
    assert lab.cases()[1]["nqVmOperState"] == "isolated"
    with lab.sender() as sender:
        packet = inform(ALERT_TRAP, [(DESCRIPTION, octets(alert("VDI-02")))])
        assert not sender.inform(packet, timeout=1.0)
        os.rename(away, state)
        lab.wait(lambda: sender.inform(packet, timeout=1.0), "the repetition to be stored")
    lab.wait_all_isolated(2)
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "the health to be well")

    # Without its lock only, it takes that again; and a second host still finds an owner.
    os.unlink(f"{state}/lock")
    lab.wait(lambda: "is taken again" in lab.engine.text(), "the lock")
    assert lab.snmp.get("nqEngineHealth.0") == "ok"
    os.unlink(f"{state}/lock")
    with open(os.open(f"{state}/lock", os.O_RDWR | os.O_CREAT, 0o600), "w",
              encoding="ascii") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "failed", "it to step back")
        assert "another engine" in lab.snmp.get("nqEngineHealthText.0")
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "it to go on", 30)
    assert len(lab.sim.tag_changes()) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_agent_ends_cleanly_on_a_signal(agent_lab, number):
    agent_lab.expected_dead.add("agent")
    agent_lab.daemons["agent"].signal(number)

    assert agent_lab.daemons["agent"].wait() == 0


def test_the_agent_outlives_a_hangup_before_its_main_and_says_when_it_is_ready(make_lab):
    lab = make_lab("agentx")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(lab.path("notify"))
        systemd.settimeout(15)
        lab.engine_env = {"LD_PRELOAD": EARLYHUP, "NOTIFY_SOCKET": lab.path("notify")}
        lab.start(engine=False)
        lab.start_engine()
        assert systemd.recv(100) == b"READY=1"

    lab.wait_answers()
    lab.wait(lambda: "again" in lab.daemons["agent"].text(), "the reload")
    lab.wait_answers()


def run(lab, *words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20,
                          check=False, cwd=lab.folder)


BROKEN = {
    "no such option": ("state_directory", "state_dir"),
    "a value out of range": ("retry_first_s = 0.1", "retry_first_s = -1.0"),
    "a value of the wrong type": ("retry_first_s = 0.1", 'retry_first_s = "soon"'),
    "an unknown word": ('mode = "enforce"', 'mode = "panic"'),
    "not https": ("https://", "http://"),
    "not an OID": ('trap_oid = ".1.3', 'trap_oid = ".1.x'),
    "not an expression": ("^Alert: .*Malware", "^Alert: (Malware"),
    "a missing value": ('user = "admin"; ', ""),
    "not libconfig": ("managers = (", "managers = ["),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_configuration_names_the_line_and_nothing_starts(make_lab, what):
    lab = make_lab("agentx").start(engine=False)
    good = open(lab.conf, encoding="utf-8").read()
    old, new = BROKEN[what]
    assert old in good
    lab.write("nsx-quarantine.conf", good.replace(old, new))

    for words in (["check", "-c", lab.conf], ["agent", "-c", lab.conf, "-x",
                                              f"unix:{lab.folder}/agentx.sock"]):
        done = run(lab, *words)
        assert done.returncode == EX_CONFIG, done
        assert re.search(re.escape(lab.conf) + r":\d+", done.stderr), done
    assert os.listdir(lab.path("state")) == []
    assert lab.sim.requests() == []


def test_a_missing_configuration_is_named(make_lab):
    lab = make_lab("agentx").start(engine=False)

    done = run(lab, "agent", "-c", "/nonexistent/nsx-quarantine.conf")

    assert done.returncode == EX_CONFIG
    assert "/nonexistent/nsx-quarantine.conf" in done.stderr


def test_a_password_file_that_others_can_read_is_refused(make_lab):
    lab = make_lab("agentx").start(engine=False)
    os.chmod(lab.path("nsx-password"), 0o644)

    done = run(lab, "agent", "-c", lab.conf, "-x", f"unix:{lab.folder}/agentx.sock")

    assert done.returncode == EX_CONFIG, done
    assert "nsx-password" in done.stderr


def test_snmpd_lives_on_with_a_module_that_cannot_start(make_lab):
    lab = make_lab("dlmod").start(engine=False)
    text = open(lab.conf, encoding="utf-8").read()
    lab.write("nsx-quarantine.conf", text.replace("state_directory", "state_dir"))

    lab.start_snmpd()
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "failed", "the health to say so")

    assert "state_dir" in lab.snmp.get("nqEngineHealthText.0")
    assert lab.cases() == {}


def test_the_password_is_nowhere_but_in_its_file(agent_lab):
    agent_lab.send_trap("VDI-01")
    agent_lab.wait_case(OperState="isolated")
    secret = agent_lab.password

    for name, text in agent_lab.logs():
        assert secret not in text, name
    pid = agent_lab.engine.pid
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", encoding="utf-8") as file:
            assert secret not in file.read(), name
    with open(agent_lab.path("state/state.db"), "rb") as file:
        assert secret.encode() not in file.read()
