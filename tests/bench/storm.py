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
                 f"{count} isolated VMs", 300)
        calls = len(lab.sim.journal(since=before)["requests"])
        tagged = {change["external_id"] for change in lab.sim.tag_changes(change="added")}
        lost = max(count - lab.traps()["Acted"], count - len(tagged))
        figures.say(f"{way}: {calls} calls for {count} VMs, {lost} lost")
        return calls, lost


def measure(figures, sizes, folder):
    world = World(folder, sizes["storm"])
    runs = [run(figures, way, world) for way in WAYS[::-1][:sizes["ways"]]]
    figures.add("storm_calls_per_vm", [calls / world.vms for calls, _ in runs])
    figures.add("storm_lost", [lost for _, lost in runs])
