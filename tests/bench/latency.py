# SPDX-License-Identifier: Apache-2.0
"""One INFORM after the other, each about another VM: from the moment it is sent until its tag
is in the simulator, ours and the floor."""

import time

from figures import alternate
from labs import NEVER, PeerLab, World, our_lab, traps_about
from support.senders import inform, request_id_of


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def latencies_ms(lab, numbers, before):
    """before: how many VMs have been tagged already."""
    sent = []
    with lab.sender() as sender:
        for packet in traps_about(numbers, inform):
            sent.append(time.time())
            sender.send(packet)
            assert sender.answers([request_id_of(packet)], 10), "an INFORM had no answer"
            lab.sim.journal(since=NEVER, min_changes=before + len(sent), timeout_ms=10000)
    changes = lab.sim.tag_changes(change="added")[before:]
    assert len(changes) == len(sent), f"{len(changes)} of {len(sent)} VMs are tagged"
    return [change["time_ms"] - begin * 1000 for change, begin in zip(changes, sent)]


def measure(figures, sizes, folder):
    count = sizes["informs"]
    world = World(folder, count * sizes["rounds"])
    with our_lab("listener", world) as ours, PeerLab("floor", world).start() as floor:
        def run(lab):
            return lambda turn: latencies_ms(lab, range(turn * count, (turn + 1) * count),
                                             turn * count)

        found = alternate(sizes["rounds"], lambda _: None, ours=run(ours),
                          floor=run(floor))
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        of = {who: [quantile(times, part) for times in rounds]
              for who, rounds in found.items()}
        figures.detail(f"latency_{name}_ms", of["ours"])
        figures.detail(f"latency_floor_{name}_ms", of["floor"])
        figures.ratio(f"latency_vs_floor_{name}", of["ours"], of["floor"])
