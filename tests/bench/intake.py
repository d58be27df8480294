#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`make bench-intake`: how many traps a second each way in takes until they are durable.

Every way gets the same datagrams in one burst, with the buffers that README tells a site to
set. A trap counts when nqTrapsReceived shows it, which is after its commit. Two loads: each
trap a detection of its own (a case to open), and all of them repeats of one. Nothing here
passes or fails; the figures are of this machine.
"""

import argparse
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.counters import Watch  # noqa: E402 (the path above comes first)
from support.lab import Lab  # noqa: E402
from support.senders import inform, octets, request_id_of, v2c_trap  # noqa: E402
from support.settings import ALERT_TRAP, DESCRIPTION, alert  # noqa: E402

# (label, way, kind of socket that the senders use)
ROWS = [
    ("snmptrapd, traphandle", "handler", "udp"),
    ("snmptrapd, forward to UDP", "forward", "udp"),
    ("snmptrapd, forward to Unix", "forward-unix", "udp"),
    ("own listener, UDP", "listener", "udp"),
    ("own listener, TCP", "listener", "tcp"),
    ("own listener, Unix", "listener", "unix"),
]

# All of them come from one source.
UNLIMITED = "limits = { traps_per_s = 1000000; traps_burst = 1000000; };"


def packets(count, make, distinct):
    return [make(ALERT_TRAP, [(DESCRIPTION, octets(alert(
        f"BENCH-{number if distinct else 0}")))]) for number in range(count)]


def burst(lab, kind, traps, timeout=120.0):
    """Sends them; returns (seconds until durable, how many arrived)."""
    with Watch(lab) as watch, lab.sender(kind) as sender:
        lab.wait(lambda: watch.samples, "the counters")
        before = watch.last["Received"]
        begin = quiet = time.monotonic()
        sender.send_all(traps)
        arrived = 0
        # Done when all are there, or when nothing has come for a while.
        while arrived < len(traps) and time.monotonic() < min(quiet + 3, begin + timeout):
            lab.watch()
            now = watch.last["Received"] - before
            if now > arrived:
                arrived, quiet = now, time.monotonic()
            time.sleep(0.002)
        end = watch.time_of("Received", before + arrived)
    for wrong in watch.wrong[:3]:
        print(f"  the counters: {wrong}")
    return end - begin, arrived


def answered(lab, kind, count):
    """INFORMs whose answers are awaited, in windows that any buffer holds."""
    informs = packets(count, inform, True)
    begin, done = time.monotonic(), 0
    with lab.sender(kind) as sender:
        for start in range(0, count, 100):
            window = informs[start:start + 100]
            sender.send_all(window)
            done += len(sender.answers(map(request_id_of, window), 10))
    return time.monotonic() - begin, done


def measure(label, way, kind, count, rounds):
    """One row: traps/s of distinct ones and of repeats, INFORMs answered a second, losses."""
    rates, lost = {"distinct": [], "repeats": [], "informs": []}, 0
    for _ in range(rounds):
        # A world without those VMs: what is measured is the way in, not NSX.
        with Lab("agentx", intake=way, way={"limits": UNLIMITED}, mode="observe",
                 verify_interval_s=60.0, group_interval_s=60.0, statistics_interval_s=60.0).start() as lab:
            for load in ("distinct", "repeats"):
                took, arrived = burst(lab, kind, packets(count, v2c_trap,
                                                         load == "distinct"))
                rates[load].append(arrived / took)
                lost += count - arrived
            took, done = answered(lab, kind, min(count, 1000))
            rates["informs"].append(done / took)
            lab.stop()
            for problem in lab.problems():
                print(f"  {label}: {problem}")
    return {**{load: statistics.median(values) for load, values in rates.items()},
            "lost": lost, "sent": 2 * count * rounds}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="traps in a burst")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many")
    parser.add_argument("--way", help="only the rows of this way")
    options = parser.parse_args()

    print(f"{options.count} SNMPv2c traps in one burst, median of {options.rounds}\n")
    print(f"{'way':<28}{'distinct/s':>12}{'repeats/s':>12}{'INFORMs/s':>12}"
          f"{'of traphandle':>15}{'lost':>14}")
    base = None
    for label, way, kind in ROWS:
        if options.way and way != options.way:
            continue
        row = measure(label, way, kind, options.count, options.rounds)
        base = base or row["distinct"]
        print(f"{label:<28}{row['distinct']:>12.0f}{row['repeats']:>12.0f}"
              f"{row['informs']:>12.0f}{row['distinct'] / base:>14.1f}x"
              f"{row['lost']:>7} of {row['sent']}", flush=True)
    print("\nINFORMs: snmptrapd answers by itself with forward; only its handler's and the own"
          "\nlistener's answers say that the trap is stored.")


if __name__ == "__main__":
    main()
