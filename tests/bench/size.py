# SPDX-License-Identifier: Apache-2.0
"""What grows with the size of a site: memory and time of the inventory, and the time of a
start."""

import os
import time

from figures import alternate
from labs import DEFAULT_TIMES, World
from procs import rss_bytes
from support.counters import Counters
from support.filled_store import fill, held_case
from support.lab import Lab

FAST = {**DEFAULT_TIMES, "inventory_interval_s": 1.0, "more_of_manager":
        "requests_per_s = 100;"}
SYNCS = 3


def read_inventory(world):
    """(seconds that a full sync took, resident bytes when some have passed). NSX's own
    lists are read in pages; the first one is asked for at the beginning of a sync."""
    with Lab("agentx", world=world.path, intake="listener", **FAST).start() as lab:
        lists = [lab.calls[name] for name in ("list of VMs", "list of addresses")]

        def pages():
            return [r for r in lab.sim.requests() if r["method"] == "GET" and any(
                r["path"].startswith(wanted["path"]) and "sort_by=" in r["path"]
                for wanted in lists)]

        def begins():
            return [i for i, page in enumerate(pages()) if "cursor=" not in page["path"]
                    and page["path"].startswith(lists[0]["path"])]

        lab.wait(lambda: len(begins()) > SYNCS and pages()[begins()[SYNCS] - 1]["answered"],
                 f"{SYNCS} syncs", 600)
        all_pages, at = pages(), begins()
        took = [(all_pages[end - 1]["time_ms"] - all_pages[begin]["time_ms"]) / 1000
                for begin, end in zip(at, at[1:SYNCS + 1])]
        return min(took), rss_bytes(lab.engine.pid)


def measure_inventory(figures, sizes, folder):
    few, many = (World(folder, sizes["vms"] // part) for part in (10, 1))
    found = alternate(sizes["rounds"], figures.say, few=lambda _: read_inventory(few),
                      many=lambda _: read_inventory(many))
    seconds, rss = ({name: [result[i] for result in results]
                     for name, results in found.items()} for i in (0, 1))
    figures.detail("sync_many_s", seconds["many"])
    figures.detail("sync_few_s", seconds["few"])
    figures.ratio("sync_growth", seconds["many"], seconds["few"])
    figures.detail("rss_many_bytes", rss["many"])
    figures.add("rss_per_vm_bytes", [(a - b) / (many.vms - few.vms)
                                     for a, b in zip(rss["many"], rss["few"])])


def start_s(cases):
    """From the start of the engine to its first answer through snmpd."""
    lab = Lab("agentx", intake="listener", **DEFAULT_TIMES)
    with lab:
        os.makedirs(lab.path("state"), 0o750, exist_ok=True)
        fill(lab.path("state/state.db"), cases, held_case)
        lab.start(engine=False)
        counters = Counters(lab)
        begin = time.monotonic()
        lab.start_engine()
        lab.wait(lambda: counters.read(1.0), "the first answer")
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
