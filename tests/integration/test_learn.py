# SPDX-License-Identifier: Apache-2.0
"""From a trap that meant nothing so far to a working trigger: `nsx-quarantine learn`."""

import os
import re
import subprocess

import pytest

from support.lab import PROGRAM
from support.settings import EXAMPLE, alert

OTHER = f"{EXAMPLE}.0.777"
TEXT = f"{EXAMPLE}.9.1.0"


def run(*words, text=None):
    return subprocess.run([PROGRAM, *words], input=text, capture_output=True, text=True,
                          timeout=20, check=False)


def learn(lab, *words):
    return run("learn", "-c", lab.conf, *words)


def learned(lab, *words):
    done = learn(lab, *words)
    assert done.returncode == 0, done
    return done.stdout


def send_other(lab, text=None, oid=OTHER):
    lab.send_raw_trap(TEXT, "s", text or alert("VDI-01"), oid=oid)


def wait_learned(lab, pattern):
    return lab.wait(lambda: re.search(pattern, learned(lab)), f"{pattern} in the list")


def test_what_was_not_recognised_is_listed_while_the_engine_runs(lab):
    assert "none came" in learned(lab)
    send_other(lab)
    lab.send_trap("VDI-02")
    lab.wait_case(OperState="isolated")

    wait_learned(lab, rf"(?m)^ +1  .* 1  127.0.0.1 +{re.escape(OTHER)}\n"
                      r" +Alert: Malware Detected\\nSubject: VDI-01\\nSeverity: Critical")
    assert lab.values["trap"] not in learned(lab)

    for _ in range(3):
        send_other(lab)
    wait_learned(lab, r"(?m)^ +1  .* 4  127.0.0.1 ")


def test_one_trap_is_shown_with_every_varbind(agent_lab):
    send_other(agent_lab)
    wait_learned(agent_lab, r"(?m)^ +1 ")

    shown = learned(agent_lab, "1")

    assert f"#     1  {TEXT}  text\n" in shown
    for line in alert("VDI-01").splitlines():
        assert f"#         {line}\n" in shown
    assert f"#     -  .1.3.6.1.6.3.1.1.4.1.0  OID\n#         {OTHER}\n" in shown


def adopt(lab, number="1"):
    """Puts the proposal behind the triggers of the configuration; `check` has a look."""
    lab.write("learned.conf", learned(lab, number))
    with open(lab.conf, encoding="utf-8") as file:
        conf = file.read()
    end = conf.rindex("} );") + 1
    lab.write("nsx-quarantine.conf", f'{conf[:end]},\n@include "learned.conf"\n{conf[end:]}')
    return run("check", "-c", lab.conf)


def test_a_proposal_becomes_a_trigger_that_isolates(agent_lab):
    lab = agent_lab
    send_other(lab)
    wait_learned(lab, r"(?m)^ +1 ")
    checked = adopt(lab)
    assert checked.returncode == 0, checked
    assert "trigger   learned-1  quarantine" in checked.stdout
    lab.kill_engine()
    lab.restart_engine()
    send_other(lab, alert("VDI-02"))

    case = lab.wait_case(OperState="isolated")
    assert (case["nqVmName"], case["nqVmTrigger"]) == ("VDI-02", "learned-1")
    assert case["nqVmCause"] == "Malware Detected"


def test_the_trap_itself_is_printed_as_a_handler_gets_it(agent_lab):
    send_other(agent_lab)
    wait_learned(agent_lab, r"(?m)^ +1 ")

    text = learned(agent_lab, "1", "--trap")

    before = agent_lab.traps()
    assert agent_lab.hand_over(text).returncode == 0
    assert agent_lab.traps()["Ignored"] == before["Ignored"] + 1
    # Sent from the same address it is one more of the same kind.
    wait_learned(agent_lab, r"(?m)^ +1  .* 2  127.0.0.1 ")


def test_it_needs_no_engine_and_survives_its_death(agent_lab):
    send_other(agent_lab)
    wait_learned(agent_lab, r"(?m)^ +1 ")
    agent_lab.kill_engine()

    assert OTHER in learned(agent_lab)
    agent_lab.restart_engine()
    send_other(agent_lab)
    wait_learned(agent_lab, r"(?m)^ +1  .* 2  127.0.0.1 ")


def test_hostile_text_does_not_reach_the_terminal(agent_lab):
    send_other(agent_lab, 'Alert: x\x1b[31m\x07"; evil = "\nSubject: a\x9b31m#b\x7f\n"')
    wait_learned(agent_lab, r"(?m)^ +1 ")

    for words in ((), ("1",), ("1", "--trap")):
        shown = learned(agent_lab, *words)
        assert all(c == "\n" or " " <= c != "\x7f" for c in shown), words
        assert not re.search("[\x80-\x9f]", shown), words
    checked = adopt(agent_lab)
    assert checked.returncode == 0, checked
    assert re.findall(r"(?m)^trigger +(\S+)", checked.stdout) == ["malware", "learned-1"]


def test_a_flood_of_kinds_stays_within_its_bounds(agent_lab):
    for number in range(80):
        send_other(agent_lab, oid=f"{OTHER}.{number}")
    agent_lab.wait(lambda: agent_lab.traps()["Ignored"] == 80, "all traps to arrive", 30)

    assert 10 <= learned(agent_lab).count("127.0.0.1") <= 50
    agent_lab.check_balance()


@pytest.mark.parametrize("words, code", [
    (("--help",), 0), (("1", "2"), 2), (("0",), 2), (("-1",), 2), (("x",), 2), (("1x",), 2),
    (("99999999999999999999",), 2), (("--trap",), 2), (("--unknown",), 2),
    (("-c", "/no/such.conf"), 78),
])
def test_usage_and_exit_codes(words, code):
    done = run("learn", *words)

    assert done.returncode == code, done
    assert bool(done.stdout) == (code == 0)
    assert "nsx-quarantine" in done.stdout + done.stderr


def test_a_number_that_is_not_kept_is_said(agent_lab):
    done = learn(agent_lab, "17")

    assert done.returncode == 1
    assert "no trap has this number" in done.stderr


def test_without_a_database_it_says_what_to_do(make_lab):
    lab = make_lab("agentx").start(engine=False)
    done = learn(lab)

    assert done.returncode == 1
    assert "state.db is not there: start the engine" in done.stderr
    assert not os.path.exists(lab.path("state/state.db"))

    lab.write("state/state.db", "no database, but many letters" * 10)
    done = learn(lab)
    assert done.returncode == 1
    assert "the state database is damaged" in done.stderr


def test_without_the_right_it_says_so(agent_lab):
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    os.chmod(agent_lab.folder, 0o755)
    done = subprocess.run([PROGRAM, "learn", "-c", agent_lab.conf], capture_output=True,
                          text=True, timeout=20, check=False, user=65534, group=65534,
                          extra_groups=[])

    assert done.returncode == 1, done
    assert "run it as root or as the user of the engine" in done.stderr


# What products send, in the words of snmptrap(1), and the computer that a person would see.
SHAPES = (
    ([f"{TEXT}.1", "s", alert("VDI-01 (10.0.0.11)")], "VDI-01 (10.0.0.11)"),
    ([f"{TEXT}.2", "s", "Eicar_test,10.0.0.5,C:\\temp\\x.exe,Cleaned,high"], "10.0.0.5"),
    ([f"{TEXT}.3", "s", "Virus: Eicar, Computer: VDI-03, Severity=High"], "VDI-03"),
    ([f"{TEXT}.4", "s", "Virus found", f"{TEXT}.5", "s", "00:50:56:aa:bb:04"],
     "00:50:56:aa:bb:04"),
    ([f"{TEXT}.6", "s", "nothing of note", f"{TEXT}.6", "s", "Host: VDI-06"], "VDI-06"),
    ([f"{TEXT}.7", "s", "Virus found on 10.0.0.7 today"], "10.0.0.7"),
    ([f"{TEXT}.8", "a", "10.0.0.8", f"{TEXT}.9", "i", "4"], "10.0.0.8"),
    ([f"{TEXT}.10", "s", 'Ev"il: \n{} # }\nHost: a"b\\c-1'], 'a"b\\c-1'),
)


def test_try_agrees_with_every_proposal(agent_lab):
    if not re.search(r"(?m)^ +try ", run("--help").stdout):
        pytest.skip("this build has no command try")
    for varbinds, _ in SHAPES:
        agent_lab.send_raw_trap(*varbinds, oid=OTHER)
    agent_lab.wait(lambda: agent_lab.traps()["Ignored"] == len(SHAPES), "all traps to arrive")

    for number, (_, computer) in enumerate(SHAPES, start=1):
        wait_learned(agent_lab, rf"(?m)^ +{number} ")
        file = agent_lab.write("learned.conf", learned(agent_lab, str(number)))
        done = run("try", file, text=learned(agent_lab, str(number), "--trap"))

        assert done.returncode == 0, done
        assert re.search(rf"(?m)^trigger +learned-{number}$", done.stdout), done.stdout
        assert f" {computer} (" in done.stdout, done.stdout
