# SPDX-License-Identifier: Apache-2.0
"""Makes the database that a release leaves behind, for tests/data/stores: cases in every
state that lasts, signals, tallies, unmatched traps and whatever else the release keeps.

    PYTHONPATH=tests python3 tests/support/sample_store.py FILE
"""

import shutil
import sys

from support.lab import Lab
from support.settings import EXAMPLE

# State of the case: the VM it is about.
WANTED = {"isolated": "VDI-01", "released": "VDI-02", "vanished": "VDI-03", "held": "NOBODY-01",
          "releasing": "connection-server", "failed": "file-server", "observed": "VDI-04"}
AT_ONCE = ("held", "failed", "observed")


def external_id(lab, name):
    return next(vm["external_id"] for vm in lab.sim.get("/sim/world")["virtual_machines"]
                if vm["display_name"] == name)


def wait_state(lab, case, state):
    lab.wait(lambda: lab.cases().get(case, {}).get("nqVmOperState") == state,
             f"case {case} to be {state}", 30)


def release(lab, case):
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "2")


def prepare(lab, state):
    """Sees to it that the next case gets as far as this and no further."""
    if state == "failed":
        lab.fault_at_tag(status=400)
    elif state == "observed":
        lab.snmp.set("nqEngineMode.0", "i", "1")


def fill(lab):
    """Leads one case into each of the states, and leaves traps that nobody knows."""
    cases = {state: number for number, state in enumerate(WANTED, start=1)}
    for state, name in WANTED.items():
        prepare(lab, state)
        lab.send_trap(name)
        wait_state(lab, cases[state], state if state in AT_ONCE else "isolated")
        if state == "releasing":
            lab.sim.request("DELETE", f"/sim/vms/{external_id(lab, WANTED['vanished'])}")
            wait_state(lab, cases["vanished"], "vanished")
            release(lab, cases["released"])
            wait_state(lab, cases["released"], "released")
    for _ in range(3):
        lab.send_trap(WANTED["isolated"])
    lab.snmp.set(f"nqVmComment.{cases['isolated']}", "s", "ticket 4711, ümlaut")
    lab.sim.fault(**lab.calls["remove tag"], status=503)
    release(lab, cases["releasing"])
    for number in range(3):
        lab.send_raw_trap(f"{EXAMPLE}.9.1.0", "s", f"text {number}",
                          oid=f"{EXAMPLE}.0.{777 + number % 2}")
    lab.wait(lambda: lab.traps()["Ignored"] == 3, "the unknown traps")
    for state in WANTED:
        wait_state(lab, cases[state], state)


def main():
    with Lab("agentx", verify_interval_s=0.3) as lab:
        lab.start()
        lab.sim.request("POST", "/sim/vms", {"external_id": "vm-4", "display_name": "VDI-04"})
        fill(lab)
        lab.engine.stop()
        shutil.copyfile(lab.path("state/state.db"), sys.argv[1])


if __name__ == "__main__":
    main()
