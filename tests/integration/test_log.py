# SPDX-License-Identifier: Apache-2.0
"""`nsx-quarantine log` beside a running engine, and what it says of a log that somebody
changed; and databases of other releases."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess

import pytest

from support.lab import PROGRAM, TOP
from support.settings import alert
from support.snmp import WRITE_USER

# Who a SET comes from: only inside snmpd the user is known.
ACTOR = {"agentx": "snmp", "dlmod": WRITE_USER}
STORES = os.path.join(TOP, "tests/data/stores")


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20,
                          check=False)


def log(lab, *words):
    done = run("log", "-c", lab.conf, *words)
    assert done.returncode == 0, done
    return done.stdout


def verify(lab, *words):
    done = run("log", "-c", lab.conf, "--verify", *words)
    assert not done.stderr, done
    return done.returncode, done.stdout


def entries(lab, *words):
    return [json.loads(line) for line in log(lab, "--json", *words).splitlines()]


def isolate_and_release(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "2")
    lab.wait_case(OperState="released")
    return case


def netstrings(*members):
    return b"".join(b"%d:%s," % (len(octets), octets)
                    for octets in (str(member).encode() for member in members))


# ---- beside the engine -------------------------------------------------------------------

def test_every_decision_is_printed_with_who_made_it(lab):
    case = isolate_and_release(lab)

    found = entries(lab)
    assert [entry["number"] for entry in found] == list(range(1, len(found) + 1))
    about = [entry for entry in found if entry["case_id"] == case]
    assert about[0]["event"] == "opened"
    assert "Malware" in about[0]["evidence"], about[0]
    assert any("-> isolated" in entry["text"] for entry in about), about
    assert [entry["actor"] for entry in about if "isolated -> releasing" in entry["text"]] \
        == [ACTOR[lab.host]], about
    lines = log(lab, "--case", str(case)).splitlines()
    assert len(lines) == len(about)
    for line, entry in zip(lines, about):
        assert re.match(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {entry['number']} "
                        rf"{entry['event']}: ", line), line
        assert f" case={case} by={entry['actor']}" in line


def test_the_log_is_whole_and_its_head_is_what_snmp_shows(lab):
    isolate_and_release(lab)

    def agree():
        code, text = verify(lab)
        head = lab.snmp.get("nqEngineLogHead.0").strip('"')
        return code == 0 and f"head   {head}\nOK\n" in text and head

    noted = lab.wait(agree, "the head of the log to be the same in both")
    lab.send_trap("VDI-02")
    lab.wait_case(count=2, Name="VDI-02", OperState="isolated")
    assert verify(lab, "--head", noted)[0] == 0
    code, text = verify(lab, "--head", "0" * 64)
    assert code == 1
    assert "BROKEN: no entry that is kept has the hash that was noted" in text


def test_an_auditor_can_recompute_every_hash_from_the_json_lines(agent_lab):
    isolate_and_release(agent_lab)

    previous = ""
    for entry in entries(agent_lab):
        previous = hashlib.sha256(netstrings(
            previous, entry["number"], entry["at_ms"], entry["case_id"],
            entry["kept_from"], entry["event"], entry["actor"], entry["text"],
            entry["evidence"] or "")).hexdigest()
        assert entry["hash"] == previous, entry


def test_entries_are_chosen_by_number_and_time(agent_lab):
    isolate_and_release(agent_lab)
    found = entries(agent_lab)

    assert entries(agent_lab, "--last", "2") == found[-2:]
    assert entries(agent_lab, "--last", "999") == found
    assert entries(agent_lab, "--since", "1h") == found
    assert entries(agent_lab, "--since", "2026-01-01") == found
    assert entries(agent_lab, "--since", "2199-01-01 12:00") == []
    assert entries(agent_lab, "--case", "4711") == []


def test_the_chain_goes_on_after_a_kill(agent_lab):
    isolate_and_release(agent_lab)
    before = len(entries(agent_lab))
    agent_lab.kill_engine()
    code, text = verify(agent_lab)
    assert code == 0 and f"last   {before}\n" in text
    agent_lab.restart_engine()
    agent_lab.send_trap("VDI-02")
    agent_lab.wait_case(count=2, Name="VDI-02", OperState="isolated")

    assert len(entries(agent_lab)) > before
    assert verify(agent_lab)[0] == 0


def test_hostile_text_does_not_reach_the_terminal(agent_lab):
    evil = 'a\x1b[31m\x07"b\x7f'
    agent_lab.send_trap(evil)
    agent_lab.wait_case(OperState="held")

    text = log(agent_lab)
    assert all(c == "\n" or " " <= c != "\x7f" for c in text)
    assert entries(agent_lab)
    assert verify(agent_lab)[0] == 0


# ---- a log that somebody changed ---------------------------------------------------------

DEEDS = {
    "UPDATE log SET actor = 'nobody' WHERE number = 2": "entry 2 is not what its hash",
    "DELETE FROM log WHERE number = 2": "entry 2 is missing",
    "DELETE FROM log WHERE number = 1": "entry 1 is missing",
    "DELETE FROM log WHERE number = (SELECT max(number) FROM log)": "missing at the end",
    "UPDATE log SET number = -number WHERE number IN (2, 3); "
    "UPDATE log SET number = 5 + number WHERE number < 0": "entry 2 is not what its hash",
    "UPDATE log SET text = char(27) || '[31m' || text WHERE number = 2":
        "entry 2 is not what its hash",
}


def test_whatever_was_done_to_a_copy_is_found(agent_lab):
    lab = agent_lab
    isolate_and_release(lab)
    with open(lab.conf, encoding="utf-8") as file:
        conf = file.read()
    os.mkdir(lab.path("copy"))
    lab.write("nsx-quarantine.conf", conf.replace(lab.path("state"), lab.path("copy")))

    for deed, found in DEEDS.items():
        copy = lab.path("copy/state.db")
        for name in os.listdir(lab.path("copy")):
            os.unlink(lab.path(f"copy/{name}"))
        with sqlite3.connect(lab.path("state/state.db")) as database:
            database.execute("VACUUM INTO ?", (copy,))
        assert verify(lab)[0] == 0
        with sqlite3.connect(copy) as database:
            database.executescript(deed)
        code, text = verify(lab)
        assert code == 1 and found in text.split("BROKEN: ")[1], (deed, text)
        shown = log(lab)
        assert "\x1b" not in shown
    lab.write("nsx-quarantine.conf", conf)


# ---- words, and what is not there --------------------------------------------------------

@pytest.mark.parametrize("words, code", [
    (("--help",), 0), (("x",), 2), (("--case", "0"), 2), (("--last", "x"), 2),
    (("--since", "yesterday"), 2), (("--since", "2026-13-01"), 2), (("--head", "0" * 64), 2),
    (("--verify", "--head", "x"), 2), (("--verify", "--json"), 2),
    (("--verify", "--last", "1"), 2), (("--unknown",), 2), (("-c", "/no/such.conf"), 78),
])
def test_usage_and_exit_codes(words, code):
    done = run("log", *words)

    assert done.returncode == code, done
    assert bool(done.stdout) == (code == 0)
    assert "nsx-quarantine" in done.stdout + done.stderr


def test_without_a_database_it_says_what_to_do(make_lab):
    lab = make_lab("agentx").start(engine=False)

    for words in ((), ("--json",), ("--verify",)):
        done = run("log", "-c", lab.conf, *words)
        assert done.returncode == 1
        assert "state.db is not there: start the engine" in done.stderr


# ---- databases of other releases ---------------------------------------------------------

def test_a_database_of_the_first_schema_is_upgraded_and_a_copy_kept(make_lab):
    lab = make_lab("agentx").start(engine=False)
    shutil.copyfile(os.path.join(STORES, "schema-1.db"), lab.path("state/state.db"))
    done = run("log", "-c", lab.conf)
    assert done.returncode == 1
    assert "start the engine, which makes it 2" in done.stderr

    lab.start_engine()
    lab.wait_answers()

    # Of some the time is over; those are forgotten as soon as they were read.
    assert "mode=observe cases=9 " in lab.engine.text()
    assert lab.cases()[1]["nqVmComment"] == "ticket 4711, ümlaut"
    assert verify(lab)[0] == 0
    with sqlite3.connect(lab.path("state/state.db.v1")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM quarantine_case").fetchone() == (9,)
    assert os.stat(lab.path("state/state.db.v1")).st_mode & 0o077 == 0


def refused_start(lab):
    done = subprocess.run(
        [PROGRAM, "agent", "-c", lab.conf, "-x", f"unix:{lab.folder}/agentx.sock"],
        capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0, done
    return done.stderr


def test_a_database_that_is_refused_stays_as_it_is_and_the_way_out_is_said(make_lab):
    lab = make_lab("agentx").start(engine=False)
    path = lab.path("state/state.db")
    shutil.copyfile(os.path.join(STORES, "schema-2.db"), path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with open(path, "rb") as file:
        newer = file.read()
    os.makedirs(lab.path("state/spool/new"), exist_ok=True)
    lab.write("state/spool/new/kept", alert("VDI-01"))

    text = refused_start(lab)
    assert "put back the copy state.db.vN" in text and "schema version 99" in text, text
    with open(path, "rb") as file:
        assert file.read() == newer

    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * 8192)
        file.seek(60)
        file.write((2).to_bytes(4, "big"))
    text = refused_start(lab)
    assert "is damaged (move it away to start empty" in text, text
    assert "the spool is kept" in text, text
    assert os.listdir(lab.path("state/spool/new")) == ["kept"]
