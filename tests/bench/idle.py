# SPDX-License-Identifier: Apache-2.0
"""The CPU that the engine takes when nothing happens: isolated VMs are proven, groups,
counters and the inventory read again and again, at the default intervals."""

import time

from labs import World, our_lab, traps_about
from procs import cpu_s


def measure(figures, sizes, folder):
    """In as many windows as there are rounds. All intervals pass in them when they are as
    long together as the longest: 300 s."""
    world = World(folder, sizes["isolated"])
    with our_lab("listener", world) as lab:
        with lab.sender() as sender:
            sender.send_all(traps_about(range(world.vms)))
        lab.wait(lambda: lab.snmp.number("nqCasesIsolated.0") == world.vms,
                 f"{world.vms} isolated VMs", 120)
        shares = []
        for _ in range(sizes["rounds"]):
            begin, used = time.monotonic(), cpu_s(lab.engine.pid)
            end = begin + sizes["idle_s"]
            lab.wait(lambda until=end: time.monotonic() >= until, "time to pass",
                     sizes["idle_s"] + 60)
            shares.append((cpu_s(lab.engine.pid) - used) / (time.monotonic() - begin) * 100)
        figures.add("idle_cpu_percent", shares)
