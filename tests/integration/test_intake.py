# SPDX-License-Identifier: Apache-2.0
"""From the wire to the engine: spool, foreign and malformed traps, counters that add up."""

import os

import pytest

from support.settings import DESCRIPTION, EXAMPLE, alert

SOURCE = "UDP: [127.0.0.1]:40000->[127.0.0.1]:162"


def handle_text(*varbinds, source=SOURCE):
    """What snmptrapd -Onxet -n writes to a handler."""
    return "\n".join(["localhost", source,
                      ".1.3.6.1.2.1.1.3.0 100",
                      f".1.3.6.1.6.3.1.1.4.1.0 {EXAMPLE}.0.190", *varbinds, ""])


def quoted_hex(text):
    return '"' + "".join(f"{byte:02X} " for byte in text.encode()) + '"'


def waiting(lab):
    folder = lab.path("state/spool/new")
    return os.listdir(folder) if os.path.isdir(folder) else []


def test_a_trap_waits_in_the_spool_while_the_engine_is_away(make_lab, site):
    lab = make_lab(*site).start(engine=False)
    lab.send_trap("VDI-01")
    lab.send_trap("VDI-02")
    lab.wait(lambda: len(waiting(lab)) == 2, "two files in the spool")

    lab.start_engine()
    lab.wait_answers()
    lab.wait(lambda: [row["nqVmOperState"] for row in lab.cases().values()]
             == ["isolated"] * 2, "both to be isolated")

    assert waiting(lab) == []
    assert lab.traps()["Spooled"] == 2
    assert lab.traps()["Received"] == 2


def test_a_trap_of_a_killed_engine_is_taken_after_its_restart(lab):
    lab.kill_engine()
    lab.send_trap("VDI-01")
    lab.wait(lambda: len(waiting(lab)) == 1, "a file in the spool")

    lab.restart_engine()
    lab.wait_case(OperState="isolated")


def test_the_handler_says_stored_only_for_what_is_in_the_store(lab):
    done = lab.hand_over(handle_text(f"{DESCRIPTION} {quoted_hex(alert('VDI-01'))}"))

    assert done.returncode == 0, done.stderr
    lab.kill_engine()
    lab.restart_engine()
    lab.wait_case(OperState="isolated")


@pytest.mark.parametrize("oid", [f"{EXAMPLE}.0.191", ".1.3.6.1.6.3.1.1.5.1"])
def test_a_foreign_trap_is_counted_and_not_acted_on(agent_lab, oid):
    agent_lab.send_trap("VDI-01", oid=oid)
    agent_lab.wait(lambda: agent_lab.traps()["Received"] == 1, "the trap to arrive")

    assert agent_lab.traps()["Ignored"] == 1
    assert agent_lab.cases() == {}


def test_an_alert_about_something_else_is_ignored(agent_lab):
    agent_lab.send_trap("VDI-01", name="Memory Critical Threshold Exceeded")
    agent_lab.wait(lambda: agent_lab.traps()["Received"] == 1, "the trap to arrive")

    assert agent_lab.traps()["Ignored"] == 1
    assert agent_lab.cases() == {}


@pytest.mark.parametrize("text", [
    "",
    "localhost\n",
    "\x00\xff\n" * 3,
    handle_text(f'{DESCRIPTION} "Alert: Malware Detected"'),
    handle_text(f"{DESCRIPTION} STRING: hello"),
    handle_text(f"nqVmName.1 {quoted_hex('x')}"),
    handle_text(f'{DESCRIPTION} "4'),
    handle_text(f'{DESCRIPTION} "ZZ "'),
    handle_text(f"{DESCRIPTION} {quoted_hex(alert('VDI-01'))}", source="somewhere"),
    "A" * 300000,
], ids=["empty", "one line", "binary", "plain text", "typed text", "named oid",
        "cut off", "not hex", "no source", "too long"])
def test_a_malformed_trap_is_counted_and_not_acted_on(agent_lab, text):
    done = agent_lab.hand_over(text)

    traps = agent_lab.traps()
    assert traps["Acted"] == 0
    assert agent_lab.cases() == {}
    # Refused by the engine and counted, or by the handler, which then says why.
    assert traps["Malformed"] == traps["Received"]
    assert traps["Malformed"] == 1 or (done.returncode != 0 and done.stderr), done


def test_a_computer_name_from_an_attacker_is_shown_escaped(agent_lab):
    agent_lab.send_raw_trap(
        DESCRIPTION, "s", "Alert: Malware\nSubject: $(reboot)\x1b[31m`x`;'\"%s%n\n")
    row = agent_lab.wait_case(OperState="held")

    assert "\x1b" not in row["nqVmName"]
    assert "$(reboot)" in row["nqVmName"]
    assert "\x1b" not in agent_lab.engine.text()


def test_a_burst_is_counted_completely(agent_lab):
    for number in range(60):
        agent_lab.send_trap("VDI-01" if number % 2 else "VDI-02")
    agent_lab.wait(lambda: agent_lab.traps()["Received"] == 60, "all traps to arrive", 60)

    agent_lab.check_balance()
    assert agent_lab.traps()["Acted"] == 2
    assert agent_lab.traps()["Coalesced"] == 58
