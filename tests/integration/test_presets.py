# SPDX-License-Identifier: Apache-2.0
"""The files of conf/triggers with traps of the products: sent by snmptrap, received by
snmptrapd, understood by the engine and by `nsx-quarantine try`."""

import functools
import glob
import json
import os
import re
import shutil
import subprocess

import pytest

from support.lab import PROGRAM, TOP
from support.snmp import READ_COMMUNITY

TRIGGERS = os.path.join(TOP, "conf/triggers")
PRESETS = sorted(os.path.basename(path) for path in glob.glob(f"{TRIGGERS}/*.conf"))
VMS = ("VDI-01", "VDI-02", "VDI-03")


def load_samples():
    samples = []
    for path in sorted(glob.glob(os.path.join(TOP, "tests/data/traps/presets/*.json"))):
        with open(path, encoding="utf-8") as file:
            samples.append({"name": os.path.basename(path)[:-len(".json")],
                            **json.load(file)})
    return samples


SAMPLES = load_samples()


def named(sample):
    return sample["name"]


def read_preset(sample):
    """The file as it is shipped, with what the sample says an admin changed."""
    with open(os.path.join(TRIGGERS, sample["preset"]), encoding="utf-8") as file:
        text = file.read()
    for old, new in sample.get("edit", {}).items():
        assert old in text, f"{sample['preset']} has no {old}"
        text = text.replace(old, new)
    return text


def use_triggers(lab, text):
    """The laboratory's configuration includes this file of triggers instead of its own."""
    lab.write("preset.conf", text)
    write_conf = lab.write_conf

    def write_conf_with_preset():
        write_conf()
        with open(lab.conf, encoding="utf-8") as file:
            conf = file.read()
        conf, count = re.subn(r"^triggers = \(.*?^\} \);",
                              'triggers = (\n@include "preset.conf"\n);', conf,
                              flags=re.M | re.S)
        assert count == 1, conf
        lab.write(os.path.basename(lab.conf), conf)

    lab.write_conf = write_conf_with_preset
    return lab


def target_of(lab):
    """Where the traps of a laboratory go, as the Net-SNMP tools write it."""
    return lab.trap_command(kind="v2c")[4]


def send(lab, sample):
    """Sends the sample with the real snmptrap."""
    lab.snmp.call(["snmptrap", f"-v{sample['version']}", "-c", READ_COMMUNITY,
                   target_of(lab), *sample["words"]])


# ---- the whole way ----------------------------------------------------------------------

@pytest.mark.parametrize("sample", [s for s in SAMPLES if "vm" in s["expect"]], ids=named)
def test_a_trap_of_the_product_isolates_the_vm_it_names(make_lab, sample):
    lab = use_triggers(make_lab("agentx"), read_preset(sample)).start()
    expect = sample["expect"]
    send(lab, sample)
    row = lab.wait_case(OperState="isolated")

    assert row["nqVmName"] == expect["vm"]
    assert row["nqVmTrigger"] == expect["trigger"]
    assert row["nqVmCause"] == expect.get("cause", "")
    assert [vm for vm in VMS if not lab.sim.allowed(vm, "file-server")] == [expect["vm"]]
    assert lab.traps()["Acted"] == 1


def test_a_release_request_frees_the_vm_that_it_names(make_lab):
    by_name = {sample["name"]: sample for sample in SAMPLES}
    lab = use_triggers(make_lab("agentx"),
                       read_preset(by_name["tippingpoint-quarantine"])).start()
    send(lab, by_name["tippingpoint-quarantine"])
    lab.wait_case(OperState="isolated")

    send(lab, by_name["tippingpoint-release-command"])  # it names another one
    lab.wait(lambda: lab.traps()["Ignored"] == 1, "that to be ignored")
    assert not lab.sim.allowed("VDI-01", "file-server")

    send(lab, by_name["tippingpoint-release"])
    row = lab.wait_case(OperState="released")
    assert row["nqVmChangedBy"] == "tippingpoint-release"
    assert lab.sim.allowed("VDI-01", "file-server")
    assert lab.traps()["Acted"] == 2


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_no_detection_isolates_nobody(make_lab, preset):
    """One laboratory for all such samples of a file."""
    samples = [s for s in SAMPLES if s["preset"] == preset and "edit" not in s
               and "vm" not in s["expect"] and s["expect"].get("action") != "release"]
    assert samples
    with open(os.path.join(TRIGGERS, preset), encoding="utf-8") as file:
        lab = use_triggers(make_lab("agentx"), file.read()).start()
    for sample in samples:
        send(lab, sample)
    lab.wait(lambda: lab.traps()["Received"] == len(samples), "all traps to arrive")

    refused = sum(1 for s in samples if s["expect"].get("refused"))
    assert lab.traps()["Acted"] == 0
    assert lab.traps()["Malformed"] == refused
    assert lab.cases() == {}
    assert all(lab.sim.allowed(vm, "file-server") for vm in VMS)


def test_all_files_may_be_included_side_by_side(make_lab):
    lab = make_lab("agentx")
    lab.managers[0].ports = [443]
    lab.write_conf()
    with open(lab.conf, encoding="utf-8") as file:
        conf = file.read()
    includes = "\n,\n".join(f'@include "{preset}"' for preset in PRESETS)
    lab.write(os.path.basename(lab.conf), re.sub(
        r"^triggers = \(.*?^\} \);", f"triggers = (\n{includes}\n);", conf,
        flags=re.M | re.S))
    for preset in PRESETS:
        shutil.copy(os.path.join(TRIGGERS, preset), lab.folder)
    done = subprocess.run([PROGRAM, "check", "-c", lab.conf], text=True, timeout=30,
                          capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    for preset in PRESETS:
        with open(os.path.join(TRIGGERS, preset), encoding="utf-8") as file:
            names = re.findall(r'^    name = "(.*?)";', file.read(), re.M)
        assert names
        for name in names:
            assert f"trigger   {name}  " in done.stdout


# ---- nsx-quarantine try -----------------------------------------------------------------

CAPTURE = """\
#!/bin/sh
cat >"{folder}/captured.tmp" && mv "{folder}/captured.tmp" "{folder}/captured"
"""


@pytest.fixture
def catcher(make_lab):
    """snmptrapd with a handler that keeps what it is given; the engine is not needed."""
    lab = make_lab("agentx")
    script = lab.write("capture", CAPTURE.format(folder=lab.folder), 0o755)
    conf = lab.write("capture.conf", f"authCommunity execute {READ_COMMUNITY}\n"
                                     f"traphandle default {script}\n")
    lab.add("catcher", ["snmptrapd", "-f", "-Lo", "-Onxet", "-n", "-C", "-c", conf,
                        target_of(lab)])
    lab.wait(lambda: "NET-SNMP version" in lab.daemons["catcher"].text(),
             "snmptrapd to start")
    yield lab
    lab.daemons["catcher"].stop()


def capture(lab, send_one):
    """The text that snmptrapd makes of the trap that send_one sends."""
    path = lab.path("captured")
    if os.path.exists(path):
        os.unlink(path)
    send_one()
    lab.wait(lambda: os.path.exists(path), "the handler to be called")
    with open(path, encoding="utf-8") as file:
        return file.read()


def run_try(*words, text=""):
    return subprocess.run([PROGRAM, "try", *words], input=text, text=True, timeout=30,
                          capture_output=True, check=False)


def row_of(output, name):
    """The value of a row of the result, or None."""
    match = re.search(rf"^{name} +(.*)$", output, re.M)
    return match and match.group(1)


def test_every_sample_means_what_it_should(catcher):
    """One snmptrapd for all samples: what differs is only text."""
    for sample in SAMPLES:
        expect = sample["expect"]
        text = capture(catcher, functools.partial(send, catcher, sample))
        path = catcher.write("preset.conf", read_preset(sample))
        done = run_try(path, text=text)
        output = done.stdout

        assert done.stderr == "", sample["name"]
        acts = expect.get("action", "ignore") != "ignore" and not expect.get("refused")
        assert done.returncode == (0 if acts else 1), (sample["name"], output)
        assert row_of(output, "trigger") == expect.get("trigger"), (sample["name"], output)
        if not expect:
            assert "No trigger recognises the trap" in output
            continue
        assert row_of(output, "action") == expect["action"], (sample["name"], output)
        computer = row_of(output, "computer").rsplit(" (", 1)[0]
        assert computer == expect.get("computer", "-"), (sample["name"], output)
        assert row_of(output, "cause") == expect.get("cause", "-"), (sample["name"], output)
        assert row_of(output, "severity") == expect.get("severity", "-"), sample["name"]
        assert row_of(output, "proof") == "listed"
        assert f"{expect['trigger']}: matches\n" in output
        assert ("names no computer" in output) == bool(expect.get("refused"))


def test_every_file_has_samples():
    assert {sample["preset"] for sample in SAMPLES} == set(PRESETS)


ALERT = os.path.join(TOP, "tests/data/traps/accepted/v2c-alert.txt")
HOSTILE = os.path.join(TOP, "tests/data/traps/accepted/v2c-hostile-text.txt")


def read_trap(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


TRIGGER = """\
{{ name = "other"; trap_oid = ".1.3.6.1.4.1.32473.1.0.191"; action = "note"; }},
{{ name = "any"; trap_oid = ".1.3.6.1.4.1.32473"; prefix = true; action = "{action}";
   computer = {{ any_text = true; key = "Subject"; }}; cause = {{ any_text = true; }}; }}
"""


def test_try_takes_a_whole_configuration_too(catcher):
    catcher.managers[0].ports = [443]
    catcher.write_conf()
    text = capture(catcher, lambda: catcher.send_trap("VDI-01 (192.0.2.11)"))
    done = run_try("-c", catcher.conf, text=text)

    assert done.returncode == 0, done.stdout + done.stderr
    assert row_of(done.stdout, "trigger") == "malware"
    assert row_of(done.stdout, "computer") == "VDI-01 (192.0.2.11) (a name)"
    assert row_of(done.stdout, "severity") == "Critical"


def test_try_shows_hostile_text_escaped(tmp_path):
    file = tmp_path / "file"
    file.write_text(TRIGGER.format(action="quarantine"), encoding="utf-8")
    done = run_try(str(file), text=read_trap(HOSTILE))

    assert "other: does not match: trap OID is" in done.stdout
    assert "any: matches" in done.stdout
    shown = done.stdout.replace("\n", "")
    assert shown.isprintable(), repr(done.stdout)


@pytest.mark.parametrize("words, code, said", [
    (["--help"], 0, "Usage: nsx-quarantine try"),
    ([], 2, "Usage: nsx-quarantine try"),
    (["a", "b"], 2, "Usage: nsx-quarantine try"),
    (["-c", "a", "b"], 2, "Usage: nsx-quarantine try"),
    (["--unknown"], 2, "Usage: nsx-quarantine try"),
    (["/nonexistent"], 78, "No such file"),
])
def test_try_says_how_it_is_used(words, code, said):
    done = run_try(*words)

    assert done.returncode == code
    assert said in (done.stdout if code == 0 else done.stderr)


def test_try_names_the_line_of_a_mistake(tmp_path):
    file = tmp_path / "file"
    file.write_text(TRIGGER.format(action="isolate"), encoding="utf-8")
    done = run_try(str(file), text=read_trap(ALERT))

    assert done.returncode == 78
    assert f"{file}:2: option 'triggers[1].action': 'isolate' is not allowed" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("text", ["", "localhost\n", "A" * 300000],
                         ids=["empty", "one line", "too long"])
def test_try_refuses_what_is_no_trap(tmp_path, text):
    file = tmp_path / "file"
    file.write_text(TRIGGER.format(action="note"), encoding="utf-8")
    done = run_try(str(file), text=text)

    assert done.returncode == 1
    assert "nsx-quarantine try: " in done.stderr
