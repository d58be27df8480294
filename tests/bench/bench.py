#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`make bench`: our numbers beside those of what one would use instead, in one run on one
machine, and beside their targets. tests/README.md says how."""

import argparse
import os
import sys
import tempfile
import time

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

# The path above comes first.
import hung  # noqa: E402
import idle  # noqa: E402
import intake_peers  # noqa: E402
import latency  # noqa: E402
import size  # noqa: E402
import storm  # noqa: E402
import walk  # noqa: E402
from figures import Figures, machine  # noqa: E402
from support.lab import BUILD  # noqa: E402

PARTS = {"intake": intake_peers.measure, "latency": latency.measure, "storm": storm.measure,
         "walk": walk.measure, "hung": hung.measure, "size": size.measure,
         "idle": idle.measure}

# Name: (of the full run, of the smoke run, what it is).
SIZES = {
    "rounds": (5, 1, "pairs of runs"),
    "intake": (5000, 20, "traps by traphandle"),
    "intake_direct": (5000, 50, "INFORMs to the own listener"),
    "intake_peer": (50, 2, "traps for a peer"),
    "informs": (200, 5, "INFORMs one after the other, in a round"),
    "storm": (5000, 30, "VMs in a storm"),
    "ways": (4, 1, "ways of a storm in"),
    "waiting": (1000, 20, "cases that wait for NSX"),
    "hosts": (2, 1, "hosts of the answers while NSX hangs"),
    "vms": (100000, 200, "VMs in the inventory"),
    "syncs": (3, 1, "syncs of the inventory that are timed"),
    "cases": (10000, 100, "open cases at the start"),
    "isolated": (1000, 10, "isolated VMs while nothing happens"),
    "idle_s": (60, 1, "seconds of doing nothing, in a round"),
    "rows": (100000, 200, "rows of nqVmTable"),
    "gets": (20000, 200, "GETs in a round"),
}


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help=f"parts, with commas: {','.join(PARTS)}",
                        default=",".join(PARTS))
    parser.add_argument("--smoke", action="store_true",
                        help="tiny sizes: shows that it runs, the figures say nothing")
    parser.add_argument("--json", default=os.path.join(BUILD, "bench.json"),
                        help="where the figures go")
    for name, (full, _, help_text) in SIZES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int,
                            help=f"{help_text} ({full})")
    options = parser.parse_args()
    options.only = options.only.split(",")
    unknown = set(options.only) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    sizes = {name: getattr(options, name) or row[1 if options.smoke else 0]
             for name, row in SIZES.items()}
    return options, sizes


def measure(parts, figures, sizes, folder):
    for name in parts:
        begin = time.monotonic()
        print(f"\n==> {name}", flush=True)
        PARTS[name](figures, sizes, folder)
        print(f"  {time.monotonic() - begin:.0f} s")


def main():
    options, sizes = read_options()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(", ".join(f"{name} {value}" for name, value in sizes.items()))
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="nq-bench-") as folder:
        measure(options.only, figures, sizes, folder)
    figures.write(options.json, sizes)
    print(f"\n{figures.table()}\n\nwritten to {options.json}")
    if figures.missed() and not options.smoke:
        print(f"targets missed: {', '.join(figures.missed())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
