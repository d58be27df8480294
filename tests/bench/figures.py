# SPDX-License-Identifier: Apache-2.0
"""What a benchmark found: medians with their spread, beside the targets; a table for people
and one flat JSON object for programs."""

import json
import os
import platform
import statistics
import subprocess
import time

# Name: (what it is, where the target is, target). The order of the table.
TARGETS = {
    "intake_vs_python": ("traps/s until tagged, ours by traphandle / Python script", ">=", 10),
    "intake_vs_shell": ("the same / shell script", ">=", 20),
    "intake_direct_vs_python": ("INFORMs/s, own listener / Python script", ">=", 200),
    "latency_vs_floor_p50": ("INFORM until tagged, ours / floor, median", "<=", 1.5),
    "latency_vs_floor_p99": ("the same, 99th percentile", "<=", 2),
    "storm_calls_per_vm": ("HTTP calls per VM in a storm at the own listener", "<=", 0.05),
    "storm_lost": ("signals lost in such a storm, all ways in", "<=", 0),
    "walk_dlmod_vs_bare": ("bulk walk in snmpd, ours / flat array", ">=", 0.8),
    "walk_agentx_vs_bare": ("the same through AgentX", ">=", 0.9),
    "get_100000_vs_100": ("GET of one value, many rows / few rows", "<=", 1.5),
    "rows_add_growth": ("time to add 10 times as many rows (quadratic: 100)", "<=", 50),
    "rows_remove_growth": ("time to remove 10 times as many rows (quadratic: 100)", "<=", 50),
    "row_bytes": ("memory of one row", None, None),
    "get_p99_nsx_hung_vs_idle": ("p99 of GET, NSX hangs / idle", "<=", 1.5),
    "rss_per_vm_bytes": ("memory for one more VM in the inventory", "<=", 512),
    "rss_peak_per_vm_bytes": ("the same while the inventory is renewed", None, None),
    "sync_growth": ("time of a sync, 10 times as many VMs", "<=", 11),
    "restart_growth": ("start to first answer, 100 times as many cases", "<=", 3),
    "idle_cpu_percent": ("CPU with isolated VMs and nothing to do", "<=", 0.5),
}


def number(value):
    """Short, and never rounded to nothing."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


class Figures:
    """add() takes what the rounds gave; detail() what stands behind it."""

    def __init__(self):
        self.found = {}
        self.details = {}

    def say(self, text):
        print(f"  {text}", flush=True)

    def add(self, name, values):
        assert name in TARGETS, name
        self.found[name] = list(values)
        self.say(f"{name}: " + ", ".join(map(number, values)))

    def ratio(self, name, ours, theirs):
        """One quotient for each pair of the rounds."""
        self.add(name, [a / b for a, b in zip(ours, theirs)])

    def detail(self, name, values):
        """What a ratio was made of, in the unit that its name ends with."""
        self.details[name] = statistics.median(values)
        self.say(f"{name}: {' '.join(map(number, values))}")

    def missed(self):
        return [name for name, values in self.found.items()
                if not reached(name, statistics.median(values))]

    def table(self):
        lines = ["| name | what | median | min | max | target |",
                 "| --- | --- | --- | --- | --- | --- |"]
        for name, (what, side, target) in TARGETS.items():
            values = self.found.get(name)
            if values:
                median = statistics.median(values)
                goal = "" if side is None else f"{side} {number(target)}"
                verdict = "" if reached(name, median) else " missed"
                lines.append(f"| {name} | {what} | {number(median)} | {number(min(values))} "
                             f"| {number(max(values))} | {goal}{verdict} |")
        return "\n".join(lines)

    def write(self, path, sizes):
        flat = {**machine(), **{f"size_{name}": value for name, value in sizes.items()}}
        for name, values in self.found.items():
            flat[name] = statistics.median(values)
            flat[f"{name}_min"], flat[f"{name}_max"] = min(values), max(values)
        flat.update(self.details)
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(flat, file, indent=1)
            file.write("\n")


def reached(name, value):
    _, side, target = TARGETS[name]
    return side is None or (value >= target if side == ">=" else value <= target)


def alternate(rounds, say, **runs):
    """Each of runs (name=function) once in a round, in turn forwards and backwards, so that
    what else the machine does hits all alike. Returns {name: [result]}."""
    results = {name: [] for name in runs}
    for turn in range(rounds):
        for name in list(runs)[::-1 if turn % 2 else 1]:
            results[name].append(runs[name](turn))
        say(f"round {turn + 1} of {rounds}: "
            + ", ".join(f"{name} {short(values[-1])}" for name, values in results.items()))
    return results


def short(result):
    return number(result) if isinstance(result, (int, float)) else str(result)


# ---- where it ran -----------------------------------------------------------------------

def first_line(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return next(filter(None, (done.stdout + done.stderr).splitlines()), "").strip()


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file
                     if line.startswith("model name")), platform.machine())


def machine():
    """What somebody must know who compares figures."""
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) // 1024 // 1024
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "cpu": cpu_model(), "cpus": os.cpu_count(), "memory_gib": memory,
        "load_before": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "net_snmp": first_line("snmpd", "-v").removeprefix("NET-SNMP version:").strip(),
        "gcc": first_line("gcc", "--version"),
        "python": platform.python_version(),
        "curl": " ".join(first_line("curl", "--version").split()[:2]),
    }
