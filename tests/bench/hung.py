# SPDX-License-Identifier: Apache-2.0
"""How long one GET takes while NSX takes requests and answers none, and a thousand cases wait
for it; beside an engine that has the same cases and nothing to do. In both hosts."""

import contextlib

from figures import alternate
from labs import BenchLab, World, traps_about
from support.lab import HOSTS
from walk import client, table_of

# In the time of a measurement every request runs into its limit and is tried again.
HURRY = {"timeout_s": 5.0, "resolve_timeout_s": 3600.0, "prove_timeout_s": 3600.0}


def lab_with_cases(host, world, hung):
    lab = BenchLab(host, world=world.path, intake="listener", **HURRY).start()
    lab.wait(lambda: lab.manager_counts()["Vms"] >= world.vms, "the inventory", 60)
    if hung:
        lab.sim.fault(hang=True)
    with lab.sender() as sender:
        sender.send_all(traps_about(range(world.vms)))
    lab.wait(lambda: lab.traps()["Acted"] == world.vms, "the cases", 60)
    if not hung:
        lab.wait(lambda: lab.snmp.number("nqCasesIsolated.0") == world.vms,
                 "the cases to be isolated", 120)
    return lab


def measure(figures, sizes, folder):
    world = World(folder, sizes["waiting"])
    hung, idle = [], []
    for host in HOSTS[:sizes["hosts"]]:
        with contextlib.ExitStack() as stack:
            labs = {name: stack.enter_context(lab_with_cases(host, world, name == "hung"))
                    for name in ("hung", "idle")}

            def p99(lab):
                return lambda _: client("get", lab.snmpd_port, f"{table_of(lab)}.1.3",
                                        sizes["gets"], world.vms)[2]

            found = alternate(sizes["rounds"], figures.say,
                              **{name: p99(lab) for name, lab in labs.items()})
            waiting = labs["hung"].snmp.number("nqCasesOpen.0") \
                - labs["hung"].snmp.number("nqCasesQuarantined.0")
            assert waiting == world.vms, f"only {waiting} cases wait"
        figures.detail(f"get_p99_{host}_hung_us", found["hung"])
        figures.detail(f"get_p99_{host}_idle_us", found["idle"])
        hung += found["hung"]
        idle += found["idle"]
    figures.ratio("get_p99_nsx_hung_vs_idle", hung, idle)
