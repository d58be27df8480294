#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`make demo`: an infection, its isolation and its release, told step by step.

Every command is shown as a person types it, and what follows is its real output.
"""

import argparse
import os
import shlex
import signal
import sys
import time

from support.lab import HOSTS, NSX, PROGRAM, Lab
from support.ways import WAYS

WIDTH = 96
HOST_TEXT = {
    "agentx": "in its own process, an AgentX subagent of snmpd",
    "dlmod": "inside snmpd, as a module",
}
INTAKE_TEXT = {
    "handler": "snmptrapd, which runs our program for each trap",
    "forward": "snmptrapd, which forwards to our UDP port",
    "forward-unix": "snmptrapd, which forwards to our Unix socket",
    "listener": "no snmptrapd, our engine listens itself",
}
NSX_TEXT = {"policy": "an NSX Manager", "vsphere": "an NSX for vSphere Manager"}


class Deviation(Exception):
    """A step did not end as it should."""


class Story:
    """Numbers the steps, shows commands, checks what they print."""

    def __init__(self, lab):
        self.lab = lab
        self.number = 0
        self.sentence = ""
        self.colour = sys.stdout.isatty()

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def step(self, sentence):
        self.number += 1
        self.sentence = sentence
        print(f"\n{self.paint('1', f'{self.number}. {sentence}')}", flush=True)

    def good(self, text):
        print(f"   {self.paint('32', '✓')} {text}", flush=True)

    def run(self, *words, show=None):
        """Runs a command and shows it and its output; returns the output."""
        print(f"   $ {show or shlex.join(words)}".replace("\n", "\\n"), flush=True)
        output = self.lab.snmp.call(list(words))
        for line in output.splitlines():
            print(f"     {line[:WIDTH]}", flush=True)
        return output

    def expect(self, true, expected, seen):
        if not true:
            raise Deviation(f"expected: {expected}\n      seen: {str(seen).strip()}")
        self.good(expected)

    def wait(self, predicate, expected):
        """The same for something that takes a moment; tells how long it took."""
        begin = time.monotonic()
        try:
            self.lab.wait(predicate, expected, timeout=20)
        except AssertionError as error:
            raise Deviation(f"expected: {expected}\n      seen: {error}") from None
        self.good(f"{expected} (after {time.monotonic() - begin:.1f} s)")

    # ---- the commands of this story -------------------------------------------------

    def read(self, tool, *words):
        return self.run(tool, "-v2c", "-c", "public", *words[:-1], self.lab.snmp.address,
                        words[-1])

    def set(self, name, kind, value):
        return self.run("snmpset", "-v3", self.lab.snmp.address, name, kind, value)

    def flow(self, source, target, allowed, rule):
        lab = self.lab
        url = f"https://127.0.0.1:{lab.nsx_ports[0]}/sim/flow?from={source}&to={target}"
        show = (f"curl -s --cacert {lab.path('ca.pem')} '{url}' | "
                "grep -oE '\"(allowed|rule_name)\":[^,]*' | head -n 2")
        output = self.run("sh", "-c", show, show=show)
        seen = lab.sim.flow(source, target)
        verdict = "allowed" if allowed else "dropped"
        self.expect(seen["allowed"] == allowed and (not rule or seen["rule_name"] == rule),
                    f"{source} to {target}: {verdict}"
                    f" by the firewall rule '{seen['rule_name']}'", output)


def tell(story):
    """The story itself."""
    lab = story.lab

    story.step(f"A site comes up: {NSX_TEXT[lab.nsx]} (simulated), snmpd, and the engine"
               f" {HOST_TEXT[lab.host]}; for traps {INTAKE_TEXT[lab.way.name]}.")
    lab.start()
    for name, daemon in lab.daemons.items():
        print(f"     {name:10} pid {daemon.pid:<7} {shlex.join(daemon.argv)[:WIDTH - 24]}")
    story.good(f"everything listens on 127.0.0.1 only, files are in {lab.folder}")

    story.step("The desktop VDI-01 talks to the file server, as it does all day.")
    story.flow("VDI-01", "file-server", True, None)

    story.step("A fresh installation only observes: it would isolate nothing.")
    story.expect("observe" in story.read("snmpget", "nqEngineMode.0"),
                 "nqEngineMode is observe", "another mode")

    story.step("The administrator arms it, as an SNMPv3 user with authentication and"
               " encryption.")
    story.set("nqEngineMode.0", "i", "enforce")
    story.wait(lambda: lab.snmp.get("nqEngineMode.0") == "enforce",
               "nqEngineMode is enforce")

    story.step("Deep Security Manager finds malware in VDI-01 and sends an SNMP trap.")
    story.run(*lab.trap_command("VDI-01 (192.0.2.11)"))
    story.wait(lambda: any(row["nqVmOperState"] == "isolated"
                           for row in lab.cases().values()),
               "the VM is tagged in NSX, and its isolation is proven")

    story.step("The operator at 3 a.m. asks snmpd which VMs are cut off, and why.")
    story.read("snmptable", "-Cw", str(WIDTH), "-Ci", "-Cb", "nqVmTable")
    output = story.read("snmpwalk", "-OQs", "nqVmTable")
    for expected in ("nqVmName.1 = VDI-01", "nqVmOperState.1 = isolated",
                     "nqVmCause.1 = Malware Detected"):
        story.expect(expected in output.replace('"', ""), expected, output)

    story.step("The same traffic is dropped now, and by which rule.")
    story.flow("VDI-01", "file-server", False, None)

    story.step("The Horizon connection server still reaches the desktop, so that Horizon"
               " does not delete it.")
    story.flow("VDI-01", "connection-server", True, None)

    story.step("The groups show the move: one VM more in quarantine, one less in vdi.")
    story.wait(lambda: lab.snmp.table("nqGroupTable")[1]["nqGroupMembers"] == "1",
               "the quarantine group has one member")
    story.read("snmptable", "-Cw", str(WIDTH), "-Ci", "-Cb", "nqGroupTable")

    story.step("A trap names the file server. The configuration protects it: a person must"
               " know, and nothing is written.")
    story.run(*lab.trap_command("file-server"))
    story.wait(lambda: any(row["nqVmReason"] == "protected" for row in lab.cases().values()),
               "the case is held: protected")
    output = story.read("snmpget", "nqVmReasonText.2")
    story.expect("file-server" in output, "its row says what protects it", output)
    story.flow("VDI-02", "file-server", True, None)

    story.step("NSX answers, and says which rules did it and how often.")
    story.read("snmptable", "-Cw", str(WIDTH), "-Ci", "-Cb", "nqManagerTable")
    story.wait(lambda: any(int(row["nqRuleHits"]) > 0
                           for row in lab.snmp.table("nqRuleTable").values()
                           if row["nqRuleAction"] in ("drop", "reject")),
               "a rule of the quarantine group has dropped something")
    story.read("snmptable", "-Cw", str(WIDTH), "-Ci", "-Cb", "nqRuleTable")

    story.step("The desktop is clean again: the operator releases it.")
    story.set("nqVmAdminState.1", "i", "release")
    story.wait(lambda: lab.cases()[1]["nqVmOperState"] == "released",
               "the tag is gone from NSX")

    story.step("VDI-01 works again.")
    story.flow("VDI-01", "file-server", True, None)

    story.step("Who decided what, and can that be trusted? The audit log is a chain of hashes.")
    output = story.run(PROGRAM, "log", "-c", lab.conf, "--case", "1",
                       show="nsx-quarantine log --case 1")
    story.expect("opened" in output and "isolated -> releasing" in output,
                 "it tells the whole case", output)
    output = story.run(PROGRAM, "log", "-c", lab.conf, "--verify",
                       show="nsx-quarantine log --verify")
    story.expect(output.rstrip().endswith("OK"), "nobody has touched it", output)

    story.step("The management station has received the notifications meanwhile.")
    lab.wait_notification("nqVmReleased")
    for name, objects in lab.notifications():
        print(f"     {name}: " + ", ".join(f"{k} {v}" for k, v in objects.items()
                                           if k.startswith(("nqVmName", "nqVmOper",
                                                            "nqVmCause", "nqVmChangedBy"))))
    seen = [name for name, _ in lab.notifications()]
    story.expect(seen == ["nqModeChanged", "nqVmIsolated", "nqVmHeld", "nqVmReleased"],
                 "nqModeChanged, nqVmIsolated, nqVmHeld, then nqVmReleased", seen)


def keep(story):
    """Leaves it running until Ctrl-C."""
    lab = story.lab
    print(f"""
It keeps running. In another terminal:

    export SNMPCONFPATH={lab.snmp.folder} SNMP_PERSISTENT_DIR={lab.snmp.folder}
    snmpwalk -v2c -c public {lab.snmp.address} nqEngine
    snmptable -v2c -c public -Cw {WIDTH} -Ci -Cb {lab.snmp.address} nqVmTable
    {shlex.join(lab.trap_command("VDI-02")).replace(chr(10), chr(92) + "n")}
    snmpset -v3 {lab.snmp.address} nqVmAdminState.2 i release
    curl --cacert {lab.path("ca.pem")} 'https://127.0.0.1:{lab.nsx_ports[0]}/sim/journal'
    tail -f {lab.folder}/*.log

Ctrl-C here stops everything and removes {lab.folder}.""", flush=True)
    signal.sigwait([signal.SIGINT, signal.SIGTERM])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", choices=HOSTS, default="agentx")
    parser.add_argument("--nsx", choices=NSX, default="policy", help="its generation")
    parser.add_argument("--intake", choices=WAYS, default="listener",
                        help="the way of the traps")
    parser.add_argument("--keep", action="store_true", help="leave it running at the end")
    options = parser.parse_args()

    # From here on Ctrl-C is waited for, or arrives as an exception, and never both.
    lab = Lab(options.host, options.nsx, intake=options.intake, mode="observe",
              resolve_timeout_s=30.0, protect='names = "file-*";')
    story = Story(lab)
    begin = time.monotonic()
    try:
        tell(story)
        print(f"\n{story.number} steps in {time.monotonic() - begin:.0f} s.")
        if options.keep:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
            keep(story)
    except (Deviation, AssertionError, OSError, KeyError) as error:
        lab.stop()
        print(f"\n   ✗ step {story.number} went wrong: {story.sentence}\n   {error}\n"
              f"   The logs are kept: {lab.folder}/*.log", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        lab.stop()
        lab.remove()
        return 130
    lab.stop()
    problems = lab.problems()
    if problems:
        print("\n".join(problems), f"\nThe logs are kept: {lab.folder}/*.log", sep="",
              file=sys.stderr)
        return 1
    lab.remove()
    print("Everything is stopped and removed.")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
