# SPDX-License-Identifier: Apache-2.0
"""Agent, snmpd, snmptrapd and simulator are killed, stopped, restarted and cut off from each
other at random, while traps, SETs and changes by hand go on. Then everything heals, and the
store, the MIB and NSX must tell the same story.

NEMESIS_SECONDS says for how long (120; 40 with sanitizers), NEMESIS_SEED what is chosen.
"""

import os

import pytest

from support.lab import VARIANT
from support.nemesis import PROTECT, Nemesis, world
from support.views import compare
from support.waiting import TimedOut

SECONDS = float(os.environ.get("NEMESIS_SECONDS", {"release": 120, "asan": 40}[VARIANT]))

# (generation of NSX, way of the traps, whether the engine's sockets outlive it)
LABS = (("policy", "handler", False), ("vsphere", "listener", True))


def agreement(nemesis, timeout=20.0):
    """What the comparison still finds wrong when what was done last has been noticed."""
    found = []

    def agree():
        found[:] = compare(nemesis)
        return not found
    try:
        nemesis.lab.wait(agree, "store, MIB and NSX to agree", timeout)
    except TimedOut:
        pass
    return found


@pytest.mark.parametrize("nsx, intake, activation", LABS, ids=[row[1] for row in LABS])
def test_store_mib_and_nsx_agree_after_all_that_can_happen_to_the_processes(
        make_lab, tmp_path, nsx, intake, activation):
    seed = int(os.environ.get("NEMESIS_SEED", int.from_bytes(os.urandom(4), "big")))
    print(f"nemesis of {intake}: NEMESIS_SEED={seed}, {SECONDS:g} s")
    lab = make_lab("agentx", nsx, world(tmp_path / "world.json", nsx), intake=intake,
                   activation=activation, timeout_s=1.0, auth_pause_s=0.5,
                   protect=PROTECT)
    lab.start()
    lab.wait_inventory()
    nemesis = Nemesis(lab, seed)
    try:
        nemesis.run(SECONDS)
        nemesis.heal()
        wrong = agreement(nemesis)
    finally:
        nemesis.close()
        print("\n".join(nemesis.history))

    assert wrong == [], "\n".join([f"NEMESIS_SEED={seed}", *wrong])
    # Else nothing was proven.
    assert nemesis.acknowledged.total() > SECONDS / 4 and len(nemesis.released) > 0
