# SPDX-License-Identifier: Apache-2.0
"""What three views of one laboratory say when nothing moves any more: the store, the MIB and
the simulator; and what the log says of the way there. compare() is the judge of a nemesis."""

import collections
import re
import sqlite3
import subprocess

from support import counters
from support.lab import PROGRAM
from support.nemesis import ALIASES, FOREIGN, OURS

# The numbers of the store are those of the MIB.
STATES = ("", "observed", "held", "tagging", "tagged", "isolated", "releasing", "released",
          "failed", "vanished")
WANTED = ("", "quarantine", "release")
OWNERS = ("", "ours", "foreign")
# (column of the MIB, column of the store, names of its numbers)
COLUMNS = (("OperState", "state", STATES), ("AdminState", "wanted", WANTED),
           ("Owner", "owner", OWNERS), ("Signals", "signals", None),
           ("Name", "name", None), ("ExternalId", "external_id", None),
           ("Trigger", "trigger", None), ("Cause", "cause", None),
           ("ChangedBy", "changed_by", None), ("Comment", "comment", None))

# What an engine may complain about, at level error, when somebody does all this to it.
EXPECTED_ERRORS = re.compile(r"call to NSX failed")


class Store:
    """What the database of a laboratory holds; the engine may run meanwhile."""

    def __init__(self, lab):
        path = lab.path("state/state.db")
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        base.row_factory = sqlite3.Row
        try:
            self.cases = {row["id"]: dict(row) for row in
                          base.execute("SELECT * FROM quarantine_case")}
            self.scalars = dict(base.execute("SELECT name, value FROM scalar"))
            self.check = base.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            base.close()


def compare(nemesis):
    """What is wrong, as sentences; [] when all three agree and each promise was kept."""
    lab = nemesis.lab
    store, rows = Store(lab), lab.cases()
    return [*nemesis.wrong, *store_and_mib(store, rows), *numbers(lab, store, rows),
            *acknowledged(nemesis, store), *releases(nemesis, store),
            *tags(nemesis, store), *changes(nemesis, store), *audit(nemesis),
            *log(lab)]


def store_and_mib(store, rows):
    if store.check != "ok":
        yield f"the store is damaged: {store.check}"
    if rows.keys() != store.cases.keys():
        yield f"the MIB has the rows {sorted(rows)}, the store {sorted(store.cases)}"
    for index in rows.keys() & store.cases.keys():
        for column, member, names in COLUMNS:
            kept = store.cases[index][member]
            kept = names[kept] if names else str("" if kept is None else kept)
            if rows[index][f"nqVm{column}"] != kept:
                yield (f"case {index}: nqVm{column} is {rows[index][f'nqVm{column}']!r},"
                       f" the store has {kept!r}")


def numbers(lab, store, rows):
    """Scalars of the MIB against the store, and both against the rows."""
    traps = lab.traps()
    if traps["Received"] != sum(traps[name] for name in counters.PARTS):
        yield f"the traps do not add up: {traps}"
    kept = {name: store.scalars.get("traps_" + snake(name), 0) for name in counters.NAMES}
    if kept != traps:
        yield f"nqTraps is {traps}, the store has {kept}"
    for name in ("Refused", "Malformed", "KernelDrops"):
        if traps[name]:
            yield f"{traps[name]} traps were counted as {name}"
    states = collections.Counter(row["nqVmOperState"] for row in rows.values()
                                 if row["nqVmOwner"] == "ours")
    wanted = {"Opened": sum(states.values()), "Open": sum(states.values()) - states["released"],
              "Isolated": states["isolated"], "Held": states["held"],
              "Failed": states["failed"],
              "Quarantined": states["tagged"] + states["isolated"]}
    for name, count in wanted.items():
        shown = lab.snmp.number(f"nqCases{name}.0")
        if shown != count:
            yield f"nqCases{name} is {shown}, the rows say {count}"


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def acknowledged(nemesis, store):
    """Whoever was told that his trap is stored finds it counted in a case of its computer;
    and nobody invents a trap."""
    signals = collections.Counter()
    for case in store.cases.values():
        # Else the other case counts them, too.
        if not (case["reason_text"] or "").startswith("the same VM as case"):
            signals[ALIASES.get(case["identity"], case["identity"])] += case["signals"]
    for computer, count in nemesis.acknowledged.items():
        if signals[computer] < count:
            yield (f"{computer}: {count} traps were acknowledged, its cases count"
                   f" {signals[computer]}")
    for computer, count in signals.items():
        # Only the handler may spool what the engine stored when both were interrupted.
        if nemesis.sender and count > nemesis.sends[computer]:
            yield f"{computer}: {count} signals of {nemesis.sends[computer]} that were sent"


def releases(nemesis, store):
    for index in sorted(nemesis.released):
        state = STATES[store.cases[index]["state"]] if index in store.cases else "gone"
        if state != "released":
            yield f"case {index} was released, and is {state}"


def whose(tag):
    """Tags are known by their value alone: NSX for vSphere has no scopes."""
    return {"isolated": OURS, "somebody": FOREIGN}.get(tag["tag"], tag["tag"])


def tags(nemesis, store):
    """What NSX shows of each VM against the cases that are about it, and the truth on the
    wire against both."""
    lab = nemesis.lab
    # A row of the engine, or one for a tag that somebody set by hand.
    said = {case["external_id"]: OWNERS[case["owner"]] for case in store.cases.values()
            if STATES[case["state"]] == "isolated" or case["owner"] == 2}
    for vm in lab.sim.get("/sim/world")["virtual_machines"]:
        name, carried = vm["display_name"], {whose(tag) for tag in vm.get("tags") or []}
        says = vm["external_id"] in said
        if says != (OURS in carried):
            yield (f"{name}: {'a' if says else 'no'} row says that it is cut off, its"
                   f" tags are {sorted(carried)}")
        if (said.get(vm["external_id"]) == "foreign"
                and not nemesis.by_hand[name, "added", OURS]):
            yield f"{name}: it carries our tag, and neither a case nor a hand wants it"
        if (name in nemesis.foreign) != (FOREIGN in carried):
            yield (f"{name}: the tag of somebody else"
                   f" {'is gone' if name in nemesis.foreign else 'came from nowhere'}")
        if name in nemesis.desktops and says == lab.sim.allowed(name, "file-server"):
            yield f"{name}: cut off is {says}, and its traffic passes: {says}"


def changes(nemesis, store):
    """Each change of a tag that NSX ever made has somebody who wanted it."""
    made = collections.Counter()
    for change in nemesis.changes:
        made[change["display_name"], change["change"], whose(change)] += 1
    cases = collections.Counter(case["external_id"] for case in store.cases.values()
                                if case["owner"] == 1)
    again = collections.Counter()
    for (index, command), count in nemesis.commands.items():
        if command in ("approve", "retry") and index in store.cases:
            again[store.cases[index]["external_id"]] += count
    for (vm, change, tag), count in made.items():
        by_hand = nemesis.by_hand[vm, change, tag]
        # Once for each case, and again after each loss.
        most = (by_hand + cases[nemesis.vms[vm]] + again[nemesis.vms[vm]]
                + nemesis.by_hand[vm, "removed", OURS])
        if tag != OURS and count != by_hand:
            yield f"{vm}: {count} times {change} {tag}, by hand {by_hand}"
        elif tag == OURS and vm not in nemesis.desktops:
            yield f"{vm} is none that may be tagged: {change} {count} times"
        elif tag == OURS and change == "added" and count > most:
            yield f"{vm}: our tag was added {count} times, {most} would have done"


def audit(nemesis):
    """The log of all decisions is whole, and has every entry that was ever its newest one."""
    heads = nemesis.log_heads
    for head in heads[::max(len(heads) // 20, 1)]:
        done = subprocess.run([PROGRAM, "log", "-c", nemesis.lab.conf, "--verify", "--head",
                               head], text=True, capture_output=True, timeout=60,
                              check=False)
        if done.returncode != 0:
            yield f"the audit log: {done.stdout}{done.stderr}"


def log(lab):
    """Complaints that nothing of this explains; sanitizers are watched by the fixture."""
    for name in ("agent", "snmpd"):
        for line in lab.daemons[name].text().splitlines():
            if re.search(r"nsx-quarantine: error: ", line) and not EXPECTED_ERRORS.search(line):
                yield f"{name} says: {line}"
