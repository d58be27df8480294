# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests, and what is printed when one fails."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.lab import NSX, Lab  # noqa: E402 (the path above comes first)

# (host, generation of NSX): both hosts, both generations, and no pair that tells no more.
SITES = (("agentx", "policy"), ("dlmod", "policy"), ("agentx", "vsphere"))

# What tests that take longer than half a minute are called, to begin with.
LONGEST = ("test_store_mib_and_nsx_agree_after_all", "test_no_detection_of_a_storm_is_lost[handler]")


def pytest_addoption(parser):
    parser.addoption("--tally", help="append 'passed failed' to this file")


def pytest_collection_modifyitems(config, items):
    """The longest tests begin at once, each in a process of its own: of those that xdist deals
    out late, or to one process, the others would wait for the end.

    In the beginning each process gets a quarter of its share, one stretch of the list.
    """
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    stretch = len(items) // processes // 4
    longest = [item for item in items if item.name.startswith(LONGEST)]
    items[:] = [item for item in items if item not in longest]
    for number, item in enumerate(longest):
        items.insert(number * stretch, item)


def pytest_terminal_summary(terminalreporter, config):
    """The last line of `make check` is the sum of such lines."""
    tally = config.getoption("tally")
    # Each process of xdist writes a summary of its part, too, that nobody sees.
    if tally and not hasattr(config, "workerinput"):
        stats = terminalreporter.stats
        bad = len(stats.get("failed", [])) + len(stats.get("error", []))
        with open(tally, "a", encoding="ascii") as file:
            file.write(f"{len(stats.get('passed', []))} {bad}\n")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows the log of every process it started."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for lab in getattr(item, "labs", []):
            for name, text in lab.logs():
                report.sections.append((f"{lab.host} lab, {name}", text))


@pytest.fixture
def make_lab(request):
    """Makes laboratories that are taken down, and judged, at the end of the test.

    Every test, whatever it is about, fails when a daemon died, a sanitizer reported
    something, or the trap counters do not add up.
    """
    request.node.labs = labs = []

    def make(*args, **kwargs):
        lab = Lab(*args, **kwargs)
        labs.append(lab)
        return lab

    yield make
    try:
        for lab in labs:
            if lab.engine_alive and lab.snmp.get("nqEngineHealth.0") != "failed":
                lab.check_balance()
    finally:
        for lab in labs:
            lab.stop()
    problems = [problem for lab in labs for problem in lab.problems()]
    assert not problems, "\n".join(problems)
    for lab in labs:
        lab.remove()


@pytest.fixture(params=SITES, ids="-".join)
def site(request):
    """Tests that name this run in our agent and in snmpd itself, and with each NSX."""
    return request.param


@pytest.fixture
def lab(make_lab, site):
    """A running laboratory that enforces."""
    return make_lab(*site).start()


@pytest.fixture
def agent_lab(make_lab):
    """The same, for what depends neither on the host nor on NSX."""
    return make_lab("agentx").start()


@pytest.fixture(params=NSX)
def nsx_lab(make_lab, request):
    """The same, for what does not depend on the host."""
    return make_lab("agentx", request.param).start()
