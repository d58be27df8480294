# SPDX-License-Identifier: Apache-2.0
"""The steps that scenarios are made of: each takes the laboratory, and returns when what it
started is over. A step asserts only that it really got where it wanted."""

import datetime

from support.certificates import make_certificate
from support.settings import ALERT_TRAP, DESCRIPTION, alert
from support.simulator import Simulator

# Longer than anything takes, so that a scenario that hangs does not cost the verdict.
LIMIT_S = 25

# What the world of NSX for vSphere has as its vCenter.
VCENTER = """\
vcenter = {{
    url = "https://127.0.0.1:{port}";
    user = "nsx@vsphere.local";
    password_file = "{folder}/nsx-password";
    ca_file = "{ca_file}";
}};"""


# ---- cases -----------------------------------------------------------------------------

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
             f"every case to be {state}", timeout=LIMIT_S)


def traps(count):
    """Traps for the VMs of a storm; while the engine is away, they wait in its spool."""
    def step(lab):
        for i in range(count):
            text = alert(storm_name(i)).encode().hex(" ").upper()
            done = lab.hand_over(TRAP.format(trap=ALERT_TRAP, name=DESCRIPTION, text=text))
            assert done.returncode == 0, done.stderr
    return step


def all_isolated(count):
    def step(lab):
        lab.wait_all_isolated(count, LIMIT_S)
    return step


# As snmptrapd -Onxet hands a trap to a program.
TRAP = """\
UDP: [127.0.0.1]:40000->[127.0.0.1]:162
UDP: [127.0.0.1]:40000->[127.0.0.1]:162
.1.3.6.1.2.1.1.3.0 60312
.1.3.6.1.6.3.1.1.4.1.0 {trap}
{name} "{text} "
"""


# ---- the world -------------------------------------------------------------------------

def settings(**values):
    """Another manager than that of the world file: its release, or what it lacks."""
    def step(lab):
        lab.sim.settings(**values)
    return step


def add_vms(count):
    """The VMs of a storm, with an address each."""
    def step(lab):
        for i in range(count):
            lab.sim.request("POST", "/sim/vms", NEW_VM[lab.nsx](i))
    return step


def storm_name(i):
    return f"STORM-{i:03}"


def new_policy_vm(i):
    address = {"source": "VM_TOOLS", "ip_addresses": [f"198.51.100.{i + 1}"]}
    return {"external_id": f"5022aaaa-0000-4000-8000-{i:012}",
            "display_name": storm_name(i),
            "vifs": [{"mac_address": f"00:50:56:77:00:{i:02x}",
                      "ip_address_info": [address]}]}


def new_vsphere_vm(i):
    return {"external_id": f"vm-{5000 + i}", "display_name": storm_name(i),
            "cluster": "domain-c7", "host": "host-11",
            "vnics": [{"mac_address": f"00:50:56:77:00:{i:02x}",
                       "addresses": [f"198.51.100.{i + 1}"]}]}


NEW_VM = {"policy": new_policy_vm, "vsphere": new_vsphere_vm}


def lose_tag(lab):
    """Somebody takes the tag off behind our back; it comes back."""
    case = lab.wait_case(OperState="isolated")

    def added():
        return len(lab.sim.tag_changes(change="added"))

    before = added()
    lab.sim.request("PATCH", f"/sim/vms/{case['nqVmExternalId']}", {"tags": []})
    lab.wait(lambda: added() > before, "the tag to be back")
    lab.wait_case(OperState="isolated")


def no_tag(lab):
    """An installation whose tag nobody has made: the client makes it."""
    lab.sim.nsx("DELETE", "/api/2.0/services/securitytags/tag/securitytag-12?force=true",
                "admin", lab.password)
    lab.sim.request("PUT", "/sim/groups/securitygroup-10", {
        "name": "quarantine", "dynamic_sets": [{"operator": "OR", "criteria": [
            {"operator": "OR", "key": "VM.SECURITY_TAG", "criteria": "=",
             "value": "isolated"}]}]})
    lab.sim.request("POST", "/sim/journal/clear")


def exclude(group):
    """That group is on the exclude list, so who contains what matters."""
    def step(lab):
        lab.sim.request("PATCH", "/sim/firewall",
                        {"exclude_list": [f"/infra/domains/default/groups/{group}"]})
    return step


def schedule(lab):
    """The policy that cuts off acts in a time window only, which is open."""
    today = datetime.datetime.now(datetime.timezone.utc)
    first, last = (today + datetime.timedelta(days=days) for days in (-1, 1))
    lab.sim.request("PUT", "/sim/firewall-schedulers/window", {
        "recurring": True, "timezone": "UTC",
        "start_date": f"{first:%m/%d/%Y}", "end_date": f"{last:%m/%d/%Y}"})
    policy = next(one for one in lab.sim.get("/sim/world")["security_policies"]
                  if one["id"] == "quarantine")
    lab.sim.request("PUT", "/sim/security-policies/quarantine",
                    {**policy, "scheduler_path": "/infra/firewall-schedulers/window"})


# ---- what is shown ---------------------------------------------------------------------

def traffic(lab):
    """An isolated VM speaks; the rule that drops it, and its group, count it."""
    def hits(table):
        return max(int(row[f"nq{table}Hits"])
                   for row in lab.snmp.table(f"nq{table}Table").values())

    before = {table: hits(table) for table in ("Rule", "Group")}
    for _ in range(3):
        assert not lab.sim.allowed("VDI-01", "file-server")
    for table, count in before.items():
        lab.wait(lambda: hits(table) > count, f"the hits of nq{table}Table to rise")


def members(group, count):
    """What nqGroupTable shows of a group of the configuration."""
    def step(lab):
        lab.wait(lambda: any(
            row["nqGroupName"] == group and row["nqGroupMembers"] == str(count)
            for row in lab.snmp.table("nqGroupTable").values()), f"{count} VMs in {group}")
    return step


def asked(method, path, timeout=LIMIT_S):
    """The client has made such a call, whatever the answer was."""
    def step(lab):
        lab.wait(lambda: any(r["method"] == method and path in r["path"]
                             for r in lab.sim.requests()), f"{method} {path}", timeout)
    return step


# ---- the way to NSX --------------------------------------------------------------------

def with_vcenter(lab):
    """The client has an account of the vCenter, too."""
    lab.sim.settings(vcenter_password=lab.password)
    lab.values["more_of_manager"] = VCENTER.format(
        port=lab.nsx_ports[0], folder=lab.folder, ca_file=lab.path("ca.pem"))
    lab.write_conf()


def only_the_newer_form(lab):
    """A vCenter that no longer has its older calls."""
    lab.sim.fault(path="/rest/", status=404)


def lose_node(state):
    """The manager that is asked dies; another one of the cluster is asked."""
    def step(lab):
        url = lab.manager()["nqManagerUrl"]
        used = lab.nsx_ports.index(int(url.rsplit(":", 1)[1]))
        # A cluster is steered through any of its nodes that lives.
        lab.managers[0].sim = Simulator(lab.nsx_ports[used - 1], lab.path("ca.pem"))
        lab.sim.node(used, state)
    return step


def renew_certificate(lab):
    """NSX shows another certificate of the same CA; other connections end."""
    make_certificate(lab.folder, "renewed", "server", days=9)
    lab.sim.certificate(lab.path("renewed.pem"), lab.path("renewed.key"))
