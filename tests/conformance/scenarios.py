# SPDX-License-Identifier: Apache-2.0
"""What the client is made to do, so that it makes all its calls: a list, to be added to.

A step takes the laboratory and returns when what it started is over. Every request of all
scenarios is judged, so a scenario asserts only that it really got where it wanted.
"""

from dataclasses import dataclass, field

POLICY, VSPHERE = "policy", "vsphere"
BOTH = (POLICY, VSPHERE)


@dataclass(frozen=True)
class Scenario:
    """conf replaces values of the configuration; before runs when only NSX is up."""
    name: str
    steps: tuple
    generations: tuple = BOTH
    conf: dict = field(default_factory=dict)
    before: tuple = ()


# ---- steps -----------------------------------------------------------------------------

def isolate(computer):
    """A trap names a computer; its VM, and every one before it, ends isolated."""
    def step(lab):
        before = len(lab.cases())
        lab.send_trap(computer)
        lab.wait(lambda: len(lab.cases()) > before, f"a case of {computer}")
        wait_all(lab, "isolated")
    return step


def held(computer, reason):
    """A trap names a computer that is not acted on."""
    def step(lab):
        lab.send_trap(computer)
        assert lab.wait_case(OperState="held")["nqVmReason"] == reason
    return step


def release(lab):
    """An operator lifts the isolation of every VM."""
    for case in lab.cases():
        lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    wait_all(lab, "released")


def wait_all(lab, state):
    lab.wait(lambda: {row["nqVmOperState"] for row in lab.cases().values()} == {state},
             f"every case to be {state}", timeout=60)


def storm(count):
    """Many VMs at once."""
    def step(lab):
        for i in range(count):
            lab.send_trap(f"STORM-{i:03}")
        lab.wait(lambda: len(lab.cases()) == count, f"{count} cases", timeout=60)
        wait_all(lab, "isolated")
    return step


def add_vms(count):
    """The VMs of a storm, with an address each."""
    def step(lab):
        for i in range(count):
            lab.sim.request("POST", "/sim/vms", NEW_VM[lab.nsx](i))
    return step


def new_policy_vm(i):
    address = {"source": "VM_TOOLS", "ip_addresses": [f"198.51.100.{i + 1}"]}
    return {"external_id": f"5022aaaa-0000-4000-8000-{i:012}",
            "display_name": f"STORM-{i:03}",
            "vifs": [{"mac_address": f"00:50:56:77:00:{i:02x}",
                      "ip_address_info": [address]}]}


def new_vsphere_vm(i):
    return {"external_id": f"vm-{5000 + i}", "display_name": f"STORM-{i:03}",
            "vnics": [{"mac_address": f"00:50:56:77:00:{i:02x}",
                       "addresses": [f"198.51.100.{i + 1}"]}]}


NEW_VM = {POLICY: new_policy_vm, VSPHERE: new_vsphere_vm}


def lose_node(number):
    """A manager of the cluster dies; another one is asked."""
    def step(lab):
        lab.sim.node(number, "unhealthy")
    return step


def lose_tag(lab):
    """Somebody takes the tag off behind our back; it comes back."""
    case = lab.wait_case(OperState="isolated")

    def added():
        return len(lab.sim.tag_changes(change="added"))

    before = added()
    lab.sim.request("PATCH", f"/sim/vms/{case['nqVmExternalId']}", {"tags": []})
    lab.wait(lambda: added() > before, "the tag to be back")
    lab.wait_case(OperState="isolated")


# ---- the list --------------------------------------------------------------------------

SCENARIOS = (
    Scenario("found by name, released", (isolate("VDI-01"), release)),
    Scenario("found by host name", (isolate("vdi-01.corp.example"),), (POLICY,)),
    Scenario("found by address", (isolate("192.0.2.11"),)),
    Scenario("found by UUID", (isolate("50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"),),
             (POLICY,)),
    Scenario("a name that no VM has", (held("NOBODY-01", "unknownVm"),)),
    Scenario("a lost tag", (isolate("VDI-01"), lose_tag)),
    Scenario("many VMs at once", (storm(20), release), before=(add_vms(20),)),
    Scenario("a session, or a token", (isolate("VDI-01"), release),
             conf={"auth": "session"}),
    Scenario("a node that dies", (isolate("VDI-01"), lose_node(0), isolate("VDI-02")),
             (POLICY,), {"nodes": 3, "auth": "session"}),
)
