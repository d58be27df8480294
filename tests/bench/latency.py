# SPDX-License-Identifier: Apache-2.0
"""One INFORM after the other, each about another VM: from the moment it is sent until its tag
is in the simulator, ours and the floor."""

import time

from labs import NEVER, PeerLab, World, our_lab, traps_about
from support.senders import inform, request_id_of


# A proof takes about eight requests, of the 50 in a second that are sent by default.
DISTANCE_S = 0.3


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def latency_ms(lab, number, place):
    """place: the tag will be the one of this number in the simulator's journal."""
    packet = traps_about([number], inform)[0]
    with lab.sender() as sender:
        begin = time.time()
        sender.send(packet)
        assert sender.answers([request_id_of(packet)], 10), "an INFORM had no answer"
    lab.sim.journal(since=NEVER, min_changes=place, timeout_ms=10000)
    changes = lab.sim.tag_changes(change="added")
    assert len(changes) == place, f"{len(changes)} of {place} VMs are tagged"
    return (changes[-1]["time_ms"] / 1000 - begin) * 1000


def measure(figures, sizes, folder):
    """The two take turns, and ours has proven its isolation before the next one comes. NSX
    takes so many requests in a second and no more: what waits for that is no latency, so
    the pairs keep a distance."""
    count = sizes["informs"]
    world = World(folder, count * sizes["rounds"])
    found = {"ours": [], "floor": []}
    with our_lab("listener", world) as ours, PeerLab("floor", world).start() as floor:
        for turn in range(sizes["rounds"]):
            times = {"ours": [], "floor": []}
            for number in range(turn * count, (turn + 1) * count):
                due = time.monotonic() + DISTANCE_S
                labs = [("ours", ours), ("floor", floor)]
                for name, lab in labs[::-1 if number % 2 else 1]:
                    times[name].append(latency_ms(lab, number, number + 1))
                ours.wait(lambda wanted=number + 1: ours.snmp.number("nqCasesIsolated.0")
                          == wanted, "the VM to be isolated", 60)
                ours.wait(lambda until=due: time.monotonic() >= until, "the next pair")
            for name, values in times.items():
                found[name].append(values)
            figures.say(f"round {turn + 1} of {sizes['rounds']}: median ms, "
                        + ", ".join(f"{name} {quantile(values, 0.5):.2f}"
                                    for name, values in times.items()))
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        of = {who: [quantile(times, part) for times in rounds]
              for who, rounds in found.items()}
        figures.detail(f"latency_{name}_ms", of["ours"])
        figures.detail(f"latency_floor_{name}_ms", of["floor"])
        figures.ratio(f"latency_vs_floor_{name}", of["ours"], of["floor"])
