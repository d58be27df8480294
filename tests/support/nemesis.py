# SPDX-License-Identifier: Apache-2.0
"""A nemesis for the real processes of a laboratory: it kills, stops, restarts and cuts off
agent, snmpd, snmptrapd and simulator while traps, SETs and changes of tags by hand go on, all
chosen by one seed. heal() ends every trouble and waits until nothing moves any more; then
views.py compares what is left.

The seed repeats what is chosen, not what the processes make of it.
"""

import collections
import json
import os
import random
import re
import subprocess
import threading
import time

from support import settings
from support.counters import PARTS, Counters
from support.lab import VARIANT
from support.nsx_calls import TAGS, VMS
from support.process import REPORT
from support.senders import inform, octets, request_id_of, v2c_trap
from support.snmp import SnmpError
from support.troubles import Troubles
from support.worlds import crowd, name_of

PACE_S = 0.15    # mean time from one act to the next
REPEAT_S = 1.0   # an INFORM without an answer is sent again
HEAL_S = {"release": 60, "asan": 150}[VARIANT]
DESKTOPS = 8

# A tag of somebody else, and ours, as an administrator names them.
FOREIGN, OURS = "theirs", "ours"
HAND_TAGS = {
    "policy": {FOREIGN: {"scope": "owner", "tag": "somebody"},
               OURS: {"scope": "nsx-quarantine", "tag": "isolated"}},
    "vsphere": {FOREIGN: "securitytag-77", OURS: "securitytag-12"},
}
VSPHERE_TAGS = [{"id": "securitytag-12", "name": "isolated"},
                {"id": "securitytag-13", "name": "connection-server"},
                {"id": "securitytag-77", "name": "somebody"}]

# Other ways to name a computer.
ALIASES = {"vdi-01.corp.example": "VDI-01", "192.0.2.12": "VDI-02", "10.9.0.1": name_of(0)}
# The first two are never tagged, and the others nobody knows.
OTHERS = ("edge-01", "file-server", "NOBODY-01", "NOBODY-02")
PROTECT = 'names = "file-*";'

SET_COMMANDS = ("release", "release", "release", "approve", "dismiss", "retry")
BUTTONS = (("nqEngineReconcile.0", "run"), ("nqGovernorRearm.0", "rearm"))
MODES = ("observe", "enforce", "enforce", "enforce", "stopped")


def world(path, nsx):
    """The world file of such a laboratory."""
    more = {"security_tags": VSPHERE_TAGS} if nsx == "vsphere" else {}
    return crowd(path, nsx, DESKTOPS, **more)


class Nemesis(Troubles):
    """For one laboratory that runs; run(), then heal()."""

    def __init__(self, lab, seed):
        self.lab = lab
        self.random = random.Random(seed)
        self.began = time.monotonic()
        self.history = []
        self.refusal = ""                      # of the last SET
        self.troubles = {}                     # process: Trouble
        self.paused = threading.Event()
        self.counters = Counters(lab)
        self.wrong = []                        # seen while it went on
        # Traps by the computer that they are about.
        self.sends = collections.Counter()
        self.acknowledged = collections.Counter()
        self.unanswered = {}                   # request id: [packet, computer, last time]
        self.running = []                      # (process, computer whose trap it stores)
        self.sender = None if lab.way.has_snmptrapd else lab.sender()
        # What was done by hand.
        self.foreign = set()                   # VMs that carry the tag of somebody else
        self.by_hand = collections.Counter()   # (VM, "added" or "removed", which tag)
        self.commands = collections.Counter()  # (case, command) that was accepted
        self.released = set()                  # cases that were seen in that state
        self.log_heads = []                    # of the audit log, as they were shown
        self.changes = []                      # of all lives of the simulator
        self.changes_seen = 0
        self.vms = {vm["display_name"]: vm["external_id"]
                    for vm in lab.sim.get("/sim/world")["virtual_machines"]}
        self.desktops = [name_of(number) for number in range(DESKTOPS)] + [
            f"VDI-0{number}" for number in (1, 2, 3)]
        self.computers = [*self.desktops, *ALIASES, *OTHERS]

    # ---- the course ---------------------------------------------------------------------

    def note(self, text):
        self.history.append(f"{time.monotonic() - self.began:8.3f} {text}")

    def run(self, seconds):
        acts = {self.send_trap: 20, self.send_acknowledged: 20, self.set_command: 8,
                self.set_mode: 2, self.set_comment: 2, self.push_button: 1,
                self.change_foreign_tag: 4, self.change_our_tag: 4,
                self.begin_trouble: 8}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.random.choices(list(acts), list(acts.values()))[0]()
            self.meanwhile(self.random.expovariate(1 / PACE_S))
            for trouble in [t for t in self.troubles.values() if t.due < time.monotonic()]:
                self.end_trouble(trouble)
            self.lab.watch()

    def meanwhile(self, seconds):
        """Reads answers and looks at the counters until so much time is over."""
        end = time.monotonic() + seconds
        self.take_answers(seconds)
        self.running = [pair for pair in self.running if not self.finished(*pair)]
        if not {"snmpd", "agent"} & self.troubles.keys():
            seen = self.counters.read(timeout=0.2)
            if seen and seen["Received"] != sum(seen[name] for name in PARTS):
                self.wrong.append(f"the counters do not add up: {seen}")
        self.paused.wait(max(end - time.monotonic(), 0))

    def heal(self):
        """Everything runs and answers again, and what was begun is carried to its end."""
        for trouble in list(self.troubles.values()):
            self.end_trouble(trouble)
        self.note("healed")
        lab = self.lab
        lab.wait_answers(HEAL_S)
        try:
            lab.wait(lambda: self.try_set("nqEngineMode.0", "enforce"), "the mode to be set")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.refusal}") from None
        lab.wait(self.all_answered, "every INFORM to be answered", HEAL_S)
        lab.wait(lambda: lab.manager()["nqManagerState"] == "up", "the manager", HEAL_S)
        try:
            lab.wait(self.is_quiet, "every case to be at its end", HEAL_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.restless()}") from None
        self.read_changes()
        self.look()
        self.close()

    def close(self):
        self.counters.close()
        if self.sender:
            self.sender.close()

    def all_answered(self):
        self.take_answers(0.1)
        self.running = [pair for pair in self.running if not self.finished(*pair)]
        return not self.unanswered and not self.running

    def restless(self):
        """Rows that are not where a case ends."""
        return {index: row for index, row in self.lab.cases().items()
                if row["nqVmOperState"] not in ("isolated", "released", "held")
                and row["nqVmOwner"] == "ours"}

    def is_quiet(self):
        """No case is on its way, nothing is spooled, and no more traps come in."""
        before = self.lab.traps()
        for index, row in self.restless().items():
            if row["nqVmOperState"] == "failed":
                self.try_set(f"nqVmAdminState.{index}", "retry")
            return False
        spool = self.lab.path("state/spool/new")
        return ((not os.path.isdir(spool) or not os.listdir(spool))
                and self.lab.traps() == before)

    # ---- traps --------------------------------------------------------------------------

    def detection(self, make):
        """(computer, text, packet) of a malware alert."""
        named = self.random.choice(self.computers)
        # A released VM is immune to one cause, not to the next.
        name = f"Malware Detected {self.random.randrange(4)}"
        text = settings.alert(named, name=name)
        packet = make(settings.ALERT_TRAP, [(settings.DESCRIPTION, octets(text))])
        return ALIASES.get(named, named), text, packet

    def send_trap(self):
        """A TRAP, of which nobody learns whether it came."""
        computer, text, packet = self.detection(v2c_trap)
        self.note(f"trap about {computer}")
        self.sends[computer] += 1
        if self.sender:
            self.sender.send(packet)
            return
        kind = self.random.choice(["snmptrap", "snmpinform"])
        self.start([kind, "-v2c", "-c", "public", "-r", "0", "-t", "1",
                    self.lab.way.target(), "", settings.ALERT_TRAP, settings.DESCRIPTION,
                    "s", text], None)

    def send_acknowledged(self):
        """An INFORM to our listener, or a trap by hand to the handler: who says that it is
        stored may not forget it."""
        computer, text, packet = self.detection(inform)
        self.note(f"acknowledged trap about {computer}")
        self.sends[computer] += 1
        if self.sender:
            self.unanswered[request_id_of(packet)] = [packet, computer, time.monotonic()]
            self.sender.send(packet)
            return
        quoted = '"' + "".join(f"{byte:02X} " for byte in text.encode()) + '"'
        words = ["localhost", "UDP: [127.0.0.1]:40000->[127.0.0.1]:162",
                 ".1.3.6.1.2.1.1.3.0 100",
                 f".1.3.6.1.6.3.1.1.4.1.0 {settings.ALERT_TRAP}",
                 f"{settings.DESCRIPTION} {quoted}", ""]
        process = self.start([self.lab.handler, "-c", self.lab.conf], computer)
        process.stdin.write("\n".join(words).encode())
        process.stdin.close()

    def start(self, argv, computer):
        # Tools that run at the same time spoil each other's files: not those of snmpset.
        env = {**self.lab.snmp.env, "SNMP_PERSISTENT_DIR": self.lab.path("tools.d")}
        process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.running.append((process, computer))
        return process

    def finished(self, process, computer):
        """Takes down what a program ended with."""
        if process.poll() is None:
            return False
        said = process.stdout.read().decode(errors="backslashreplace")
        process.stdout.close()
        if computer:
            if process.returncode == 0:
                self.acknowledged[computer] += 1
            else:
                self.wrong.append(f"the handler took no trap: {process.returncode} {said}")
        if REPORT.search(said):
            self.wrong.append(said)
        return True

    def take_answers(self, seconds):
        if not self.unanswered:
            return
        for number in self.sender.answers(self.unanswered, seconds):
            computer = self.unanswered.pop(number)[1]
            self.acknowledged[computer] += 1
        for waiting in self.unanswered.values():
            if time.monotonic() - waiting[2] > REPEAT_S:
                self.sender.send(waiting[0])
                self.sends[waiting[1]] += 1
                waiting[2] = time.monotonic()

    # ---- SNMP ---------------------------------------------------------------------------

    def try_set(self, name, value, kind="i"):
        """True when snmpd accepted it."""
        try:
            self.lab.snmp.run("snmpset", self.lab.snmp.address,
                              self.lab.snmp.qualified(name), kind, value, version="3",
                              timeout=1, retries=0)
        except SnmpError as error:
            self.refusal = str(error)
            return False
        return True

    def look(self):
        """Reads the rows; {} when nobody answers. A release that was seen is for good."""
        try:
            rows = self.lab.cases()
            head = self.lab.snmp.get("nqEngineLogHead.0")
        except SnmpError:
            return {}
        if re.fullmatch("[0-9a-f]{64}", head):
            self.log_heads.append(head)
        self.released |= {index for index, row in rows.items()
                          if row.get("nqVmOperState") == "released"}
        return rows

    def a_case(self):
        rows = {} if {"snmpd", "agent"} & self.troubles.keys() else self.look()
        return self.random.choice(sorted(rows)) if rows else None

    def set_command(self):
        case = self.a_case()
        command = self.random.choice(SET_COMMANDS)
        if case and self.try_set(f"nqVmAdminState.{case}", command):
            self.commands[case, command] += 1
            self.note(f"case {case}: {command}")

    def set_comment(self):
        case = self.a_case()
        if case:
            accepted = self.try_set(f"nqVmComment.{case}", f"note {len(self.history)}", "s")
            self.note(f"case {case}: a comment, {'accepted' if accepted else 'refused'}")

    def set_mode(self):
        mode = self.random.choice(MODES)
        if "snmpd" not in self.troubles and self.try_set("nqEngineMode.0", mode):
            self.note(f"mode {mode}")

    def push_button(self):
        name, value = self.random.choice(BUTTONS)
        if "snmpd" not in self.troubles and self.try_set(name, value):
            self.note(f"{name} {value}")

    # ---- NSX by hand --------------------------------------------------------------------

    def change_tag(self, vm, which, add):
        """One tag of one VM, as an administrator does it beside us."""
        lab = self.lab
        tag = HAND_TAGS[lab.nsx][which]
        with open(lab.managers[0].world, encoding="utf-8") as file:
            user = json.load(file)["user"]
        if lab.nsx == "policy":
            lab.sim.nsx("POST", f"{VMS}?action={'add' if add else 'remove'}_tags", user,
                        lab.password, {"external_id": self.vms[vm], "tags": [tag]})
        else:
            lab.sim.nsx("PUT" if add else "DELETE", f"{TAGS}/tag/{tag}/vm/{self.vms[vm]}",
                        user, lab.password)
        self.by_hand[vm, "added" if add else "removed", which] += 1

    def change_foreign_tag(self):
        vm = self.random.choice(self.desktops)
        if "simulator" in self.troubles:
            return
        add = vm not in self.foreign
        self.note(f"by hand: {vm} {'gets' if add else 'loses'} a tag of somebody else")
        self.change_tag(vm, FOREIGN, add)
        self.foreign ^= {vm}

    def change_our_tag(self):
        """Somebody takes it off, or puts it on a VM that may have no case."""
        vm = self.random.choice(self.desktops)
        add = self.random.random() < 0.3
        if "simulator" not in self.troubles:
            self.note(f"by hand: {vm} {'gets' if add else 'loses'} our tag")
            self.change_tag(vm, OURS, add)

    def read_changes(self):
        """Takes over what this life of the simulator has written down."""
        journal = self.lab.sim.get("/sim/journal", since=0)
        assert journal["dropped"] == 0, "the journal is too short for this history"
        new = [c for c in journal["changes"] if c["number"] > self.changes_seen]
        self.changes += new
        self.changes_seen = journal["last_change"]
