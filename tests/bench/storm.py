# SPDX-License-Identifier: Apache-2.0
"""Thousands of VMs at once, through each way in, with the buffers that README documents:
what it costs NSX, and what gets lost."""

from labs import World, our_lab, traps_about
from support.ways import WAYS


def run(figures, way, world):
    """Returns (HTTP calls from the first trap until every VM is isolated, signals lost)."""
    count = world.vms
    with our_lab(way, world) as lab:
        before = lab.sim.requests()[-1]["number"]
        with lab.sender() as sender:
            sender.send_all(traps_about(range(count)))
        lab.wait(lambda: lab.snmp.number("nqCasesIsolated.0") >= count,
                 f"{count} isolated VMs", 900)
        calls = len(lab.sim.journal(since=before)["requests"])
        tagged = {change["external_id"] for change in lab.sim.tag_changes(change="added")}
        lost = max(count - lab.traps()["Acted"], count - len(tagged))
        figures.say(f"{way}: {calls} calls for {count} VMs, {lost} lost")
        return calls, lost


def measure(figures, sizes, folder):
    """Only the own listener takes all of them at once, and so is what is bounded; the others
    let through a few at a time, for seconds, and are measured once."""
    world = World(folder, sizes["storm"])
    runs = {way: [run(figures, way, world)
                  for _ in range(sizes["rounds"] if way == "listener" else 1)]
            for way in WAYS[::-1][:sizes["ways"]]}
    calls = {way: [calls / world.vms for calls, _ in found] for way, found in runs.items()}
    for way, each in calls.items():
        figures.detail(f"storm_calls_per_vm_{way.replace('-', '_')}", each)
    figures.add("storm_calls_per_vm", calls["listener"])
    figures.add("storm_lost", [lost for found in runs.values() for _, lost in found])
