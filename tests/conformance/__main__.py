# SPDX-License-Identifier: Apache-2.0
"""`make conformance`: runs the client through its calls and judges every exchange."""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict

from conformance.exchange import Exchange
from conformance.raml import read_vsphere_generation
from conformance.scenarios import SCENARIOS
from conformance.swagger import read_policy_generation
from support.lab import TOP, Lab

DATA = os.path.join(TOP, "tests/data/conformance")
GENERATIONS = {"policy": read_policy_generation, "vsphere": read_vsphere_generation}
# A scenario takes seconds. Many that fail take their limits: a verdict comes all the same.
LIMIT_S = 220


class Report:
    """How often each described call was made, what was wrong, what did not end well."""

    def __init__(self):
        self.calls = Counter()
        self.wrong = defaultdict(list)
        self.failed = []

    @property
    def good(self):
        return self.calls and not self.wrong and not self.failed

    def judge(self, catalogue, exchange, scenario):
        call, sentences = catalogue.judge(exchange)
        if call is not None:
            self.calls[call.source, str(call)] += 1
        shown = str(call) if call else f"{exchange.method} {exchange.path}"
        for sentence in sentences:
            self.wrong[shown, sentence].append(scenario)

    def print(self):
        for source in sorted({source for source, _ in self.calls}):
            print(f"\n{source}")
            for (file, call), count in sorted(self.calls.items()):
                if file == source:
                    print(f"{count:7}  {call}")
        for (call, sentence), scenarios in sorted(self.wrong.items()):
            print(f"\nWRONG  {call}\n       {sentence}\n"
                  f"       {len(scenarios)} times, first in: {scenarios[0]}")
        for scenario, error in self.failed:
            print(f"\nFAILED {scenario}\n       {error}")
        print(f"\nconformance: {sum(self.calls.values())} exchanges of "
              f"{len(self.calls)} calls checked, {len(self.wrong)} deviations, "
              f"{len(self.failed)} scenarios failed")


def play(scenario, lab):
    """Runs a scenario to its end, which it may not reach."""
    lab.start(engine=False)
    for step in scenario.before:
        step(lab)
    lab.start_engine()
    lab.wait_answers()
    for step in scenario.steps:
        step(lab)
    problems = lab.problems()
    assert not problems, problems


def run(specs, generations):
    report = Report()
    end = time.monotonic() + LIMIT_S
    for nsx in generations:
        catalogue = GENERATIONS[nsx](specs, DATA)
        for scenario in SCENARIOS:
            if nsx not in scenario.generations:
                continue
            name = f"{scenario.name} ({nsx})"
            if time.monotonic() > end:
                report.failed.append((name, f"not played: {LIMIT_S} seconds are over"))
                continue
            judge_scenario(report, catalogue, scenario, nsx, name)
    report.print()
    return 0 if report.good else 1


def judge_scenario(report, catalogue, scenario, nsx, name):
    start = time.monotonic()
    with Lab("agentx", nsx=nsx, **scenario.conf) as lab:
        try:
            play(scenario, lab)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            report.failed.append((name, error))
        entries = lab.sim.journal(bodies=1)["requests"] if lab.sim else ()
        for entry in entries:
            report.judge(catalogue, Exchange.from_journal(entry), name)
    print(f"{time.monotonic() - start:5.1f} s {len(entries):5} exchanges  {name}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("specs", help="directory of the vendor's API descriptions")
    parser.add_argument("--nsx", choices=sorted(GENERATIONS), action="append",
                        help="only this generation")
    words = parser.parse_args()
    if not os.path.isdir(words.specs):
        print(f"conformance: skipped, no directory {words.specs}")
        return 0
    return run(words.specs, words.nsx or list(GENERATIONS))


if __name__ == "__main__":
    sys.exit(main())
