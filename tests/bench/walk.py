# SPDX-License-Identifier: Apache-2.0
"""nqVmTable beside the flat table of bare/, which serves the same rows from the same snmpd:
bulk walks in both hosts; GET with few and with many rows; rows that come and go."""

import contextlib
import os
import shutil
import subprocess

from figures import alternate
from labs import BenchLab
from procs import rss_bytes
from support.filled_store import fill
from support.lab import OUT

CLIENT = os.path.join(OUT, "bench-client")
BARE_ROOT = ".1.3.6.1.4.1.8072.9999.9999.2612"
BARE = f"{BARE_ROOT}.1.6"
COLUMNS = range(2, 26)
REPETITIONS = 50
FEW = 100

# Cases that wait for a person, so nothing is asked of NSX on their account.
QUIET = {"mode": "observe", "verify_interval_s": 3600.0, "group_interval_s": 3600.0,
         "statistics_interval_s": 3600.0, "reconcile_s": 3600.0,
         "inventory_interval_s": 3600.0}


def client(*words):
    done = subprocess.run([CLIENT, *map(str, words)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, f"bench-client {words}: {done.stderr}"
    return [float(word) for word in done.stdout.split()]


def filled(host, database):
    """A laboratory whose engine starts with the cases of a database."""
    lab = BenchLab(host, intake="listener", **QUIET)
    os.makedirs(lab.path("state"), 0o750, exist_ok=True)
    shutil.copy(database, lab.path("state/state.db"))
    lab.more_of_snmpd = f"\nview nsxquarantine included {BARE_ROOT}\n"
    return lab.start()


def table_of(lab):
    return f".{lab.root}.1.6"


def write_rows(database, rows, path):
    """What a walk of all columns shows, for the flat table. Through the module, which is many
    times as fast; every walk that is measured compares what both tables answer."""
    with filled("dlmod", database) as lab:
        varbinds = client("walk", lab.snmpd_port, table_of(lab), REPETITIONS, path)[0]
    assert varbinds == rows * len(COLUMNS), f"{varbinds} varbinds of {rows} rows"


def start_bare(lab, written):
    """Brings the flat table into the same host."""
    if lab.host == "dlmod":
        lab.daemons["snmpd"].stop()
        lab.engine_env["BARE_ROWS"] = written
        lab.more_of_snmpd += f"dlmod nqBare {OUT}/bare.so\n"
        lab.start_snmpd()
        lab.wait_answers()
    else:
        lab.add("bare", [f"{OUT}/bare-agent", f"unix:{lab.folder}/agentx.sock"],
                BARE_ROWS=written)
    lab.wait(lambda: "No Such" not in lab.snmp.run(
        "snmpget", "-Oqv", lab.snmp.address, f"{BARE}.1.2.1"), "the flat table")


class Walks:
    """Bulk walks over some columns of one table."""

    def __init__(self, lab, table, columns_of):
        self.lab = lab
        self.table = table
        self.columns_of = columns_of    # the number of a round: columns
        self.shares = []                # of the time, what the client itself took
        self.sums = {}                  # (round, column): of what was answered

    def rate(self, turn):
        """Varbinds a second."""
        varbinds, took, own = 0, 0, 0
        for column in self.columns_of(turn):
            found, _, seconds, cpu, self.sums[turn, column] = client(
                "walk", self.lab.snmpd_port, f"{self.table}.1.{column}", REPETITIONS)
            varbinds, took, own = varbinds + found, took + seconds, own + cpu
        self.shares.append(own / took)
        return varbinds / took


def measure_walk(figures, sizes, host, database, written):
    """snmpd asks a subagent for each varbind by itself, 20 times slower than a module: there
    a round walks two columns, each round two others."""
    figures.say(f"bulk walk of {sizes['rows']} rows, {host}")
    with filled(host, database) as lab:
        start_bare(lab, written)

        def columns_of(turn):
            return COLUMNS if host == "dlmod" else COLUMNS[turn % 12::12]

        ours, bare = (Walks(lab, table, columns_of) for table in (table_of(lab), BARE))
        rates = alternate(sizes["rounds"], figures.say, ours=ours.rate, bare=bare.rate)
    assert ours.sums == bare.sums, "the tables differ, so there is nothing to compare"
    figures.detail(f"walk_{host}_varbinds_per_s", rates["ours"])
    figures.detail(f"walk_{host}_bare_varbinds_per_s", rates["bare"])
    figures.detail(f"walk_{host}_client_share", ours.shares + bare.shares)
    figures.ratio(f"walk_{host}_vs_bare", rates["ours"], rates["bare"])


def measure_get(figures, sizes, many_cases, few_cases):
    """One laboratory with few rows and one with many, side by side."""
    figures.say(f"GET with {FEW} and with {sizes['rows']} rows")
    with contextlib.ExitStack() as stack:
        many, few = (stack.enter_context(filled("dlmod", database))
                     for database in (many_cases, few_cases))

        def get(lab, rows):
            return lambda _: client("get", lab.snmpd_port, f"{table_of(lab)}.1.3",
                                    sizes["gets"], rows)[1]

        times = alternate(sizes["rounds"], figures.say, many=get(many, sizes["rows"]),
                          few=get(few, FEW))
        rss = [rss_bytes(lab.engine.pid) for lab in (many, few)]
    figures.detail("get_many_rows_us", times["many"])
    figures.detail("get_few_rows_us", times["few"])
    figures.ratio("get_100000_vs_100", times["many"], times["few"])
    figures.add("row_bytes", [(rss[0] - rss[1]) / max(sizes["rows"] - FEW, 1)])


def measure_changes(figures, sizes):
    """In a process of its own, without the store: the engine's own part."""
    figures.say(f"adding and removing {sizes['rows'] // 10} and {sizes['rows']} rows")

    def run(rows):
        return lambda _: [float(word) for word in subprocess.run(
            [f"{OUT}/bench-rows", str(rows)], capture_output=True, text=True,
            check=True).stdout.split()]

    few, many = sizes["rows"] // 10, sizes["rows"]
    us = alternate(sizes["rounds"], lambda _: None, few=run(few), many=run(many))
    for place, name in enumerate(("add", "remove_oldest", "remove_scattered")):
        figures.detail(f"row_{name}_us", [result[place] for result in us["many"]])

    def growth(places):
        return [max(many_us[place] * many / (few_us[place] * few) for place in places)
                for many_us, few_us in zip(us["many"], us["few"])]

    figures.add("rows_add_growth", growth([0]))
    figures.add("rows_remove_growth", growth([1, 2]))


def measure(figures, sizes, folder):
    many, few, written = (os.path.join(folder, name)
                          for name in ("many.db", "few.db", "rows"))
    fill(many, sizes["rows"])
    fill(few, FEW)
    write_rows(many, sizes["rows"], written)
    measure_walk(figures, sizes, "dlmod", many, written)
    measure_walk(figures, sizes, "agentx", many, written)
    measure_get(figures, sizes, many, few)
    measure_changes(figures, sizes)
