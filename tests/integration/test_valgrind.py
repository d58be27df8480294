# SPDX-License-Identifier: Apache-2.0
"""A short life under valgrind, inside snmpd and as an agent: no wrong access, nothing lost.

What the sanitizers cannot see in a snmpd that was built without them. What is Net-SNMP's own
stands in support/valgrind.supp.
"""

import os
import signal

import pytest

from support.lab import TOP, VARIANT

VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite", "--num-callers=30", "--track-fds=no",
            f"--suppressions={os.path.join(TOP, 'tests/support/valgrind.supp')}",
            *os.environ.get("NQ_VALGRIND", "").split(), "--quiet"]
SLOW_S = 60.0


@pytest.mark.skipif(VARIANT != "release", reason="a sanitizer and valgrind exclude each other")
@pytest.mark.parametrize("host", ["dlmod", "agentx"])
def test_a_whole_life_under_valgrind_has_no_error_and_loses_nothing(make_lab, host):
    lab = make_lab(host, resolve_timeout_s=20.0, timeout_s=20.0)
    lab.wrapper = VALGRIND
    lab.start(engine=False)
    lab.start_engine()
    lab.wait(lambda: lab.snmp.answers() and lab.snmp.get("nqEngineHealth.0") != "failed",
             "the engine to answer", SLOW_S)
    lab.send_trap("VDI-01")
    lab.send_trap("no-such-vm")
    lab.wait(lambda: "isolated" in [row["nqVmOperState"] for row in lab.cases().values()],
             "the isolation", SLOW_S)
    case = next(i for i, row in lab.cases().items() if row["nqVmName"] == "VDI-01")
    assert len(lab.snmp.walk()) > 100
    lab.snmp.set(f"nqVmComment.{case}", "s", "valgrind")
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    lab.wait(lambda: lab.cases()[case]["nqVmOperState"] == "released", "the release", SLOW_S)
    seen = lab.engine.text().count("engine opened")
    lab.kill(lab.engine.name, signal.SIGHUP)
    lab.wait(lambda: lab.engine.text().count("engine opened") > seen, "the reload", SLOW_S)
    lab.wait(lambda: lab.snmp.answers() and lab.cases()[case]["nqVmComment"] == "valgrind",
             "the rows again", SLOW_S)
    lab.check_balance()

    lab.engine.signal(signal.SIGTERM)

    assert lab.engine.wait(SLOW_S) == 0
    reports = [line for line in lab.engine.text().splitlines() if line.startswith("==")]
    assert reports == [], "\n".join(reports)
