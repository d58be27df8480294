# SPDX-License-Identifier: Apache-2.0
"""What grows with the size of a site: memory and time of the inventory, and the time of a
start."""

import os
import statistics
import time

from figures import alternate
from labs import DEFAULT_TIMES, BenchLab, World
from procs import rss_bytes
from support.counters import Counters
from support.filled_store import fill, held_case
from support.waiting import wait_for

# One sync after the other, at the pace that NSX allows, and nothing else that reads lists.
SYNCING = {**DEFAULT_TIMES, "inventory_interval_s": 2.0, "reconcile_s": 3600.0,
           "group_interval_s": 3600.0, "statistics_interval_s": 3600.0,
           "more_of_manager": "requests_per_s = 100;"}
FIRST, LAST = "/api/v1/fabric/virtual-machines?sort_by=", "/api/v1/fabric/compute-managers"


def sync_times(requests):
    """Seconds of each sync but the first, in whose time the engine starts: from the first
    page of the VMs to the list that comes behind those of VMs and addresses."""
    begin, found, ended = None, [], 0
    for request in requests:
        path, when = request["path"], request["time_ms"] / 1000
        if path.startswith(FIRST) and "cursor=" not in path:
            begin = begin or when
        elif path.startswith(LAST):
            ended += 1
            if ended > 1:
                found.append(when - begin)
            begin = None
    return found


def read_inventory(world, syncs):
    """(seconds of a full sync, resident bytes when some are over, the most of them)."""
    with BenchLab("agentx", world=world.path, intake="listener", **SYNCING).start() as lab:
        lab.wait(lambda: len(sync_times(lab.sim.requests())) >= syncs, f"{syncs} syncs", 600)
        lab.wait(lambda: lab.manager_counts()["InFlight"] == 0, "the last sync to end")
        return (statistics.median(sync_times(lab.sim.requests())),
                rss_bytes(lab.engine.pid), rss_bytes(lab.engine.pid, "VmHWM"))


def measure_inventory(figures, sizes, folder):
    few, many = (World(folder, sizes["vms"] // part) for part in (10, 1))
    syncs = sizes["syncs"]
    found = alternate(sizes["rounds"], figures.say,
                      few=lambda _: read_inventory(few, syncs),
                      many=lambda _: read_inventory(many, syncs))
    seconds, rss = ({name: [result[i] for result in results]
                     for name, results in found.items()} for i in (0, 1))
    peak = {name: [result[2] for result in results] for name, results in found.items()}
    figures.detail("sync_many_s", seconds["many"])
    figures.detail("sync_few_s", seconds["few"])
    figures.ratio("sync_growth", seconds["many"], seconds["few"])
    figures.detail("rss_many_bytes", rss["many"])
    for name, of in (("rss_per_vm_bytes", rss), ("rss_peak_per_vm_bytes", peak)):
        figures.add(name, [(a - b) / (many.vms - few.vms)
                           for a, b in zip(of["many"], of["few"])])


def start_s(cases):
    """From the start of the engine to its first answer through snmpd."""
    lab = BenchLab("agentx", intake="listener", **DEFAULT_TIMES)
    with lab:
        os.makedirs(lab.path("state"), 0o750, exist_ok=True)
        fill(lab.path("state/state.db"), cases, held_case)
        lab.start(engine=False)
        counters = Counters(lab)
        begin = time.monotonic()
        lab.start_engine()
        wait_for(lambda: counters.read(1.0), "the first answer", 60, every=0.002,
                 watch=lab.watch)
        took = time.monotonic() - begin
        counters.close()
        assert lab.snmp.number("nqCasesOpen.0") == cases
        return took


def measure_restart(figures, sizes):
    many, few = sizes["cases"], max(sizes["cases"] // 100, 1)
    found = alternate(sizes["rounds"], figures.say, few=lambda _: start_s(few),
                      many=lambda _: start_s(many))
    figures.detail("restart_many_s", found["many"])
    figures.detail("restart_few_s", found["few"])
    figures.ratio("restart_growth", found["many"], found["few"])


def measure(figures, sizes, folder):
    measure_restart(figures, sizes)
    measure_inventory(figures, sizes, folder)
