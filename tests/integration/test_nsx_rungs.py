# SPDX-License-Identifier: Apache-2.0
"""A tag alone isolates nobody. Whatever keeps NSX from dropping the VM's traffic keeps the
case in state tagged, with a sentence that names it, and takes it back there later on."""

import datetime

import pytest

from support.lab import NSX
from support.nsx_client import GROUP_PATH, IDS, condition

# Not in NSX: what it is told, no filter of another VM can drop.
OUTSIDE = "203.0.113.9"
VM = {"policy": IDS["VDI-01"], "vsphere": "vm-101"}


def part(lab, kind, **wanted):
    """The object of that kind in the world, as it is now."""
    return next(item for item in lab.sim.get("/sim/world")[kind]
                if all(item[name] == value for name, value in wanted.items()))


class Obstacle:
    """put() brings it, lift() takes it away; says is a part of nqVmReasonText; truth is
    whether traffic passes meanwhile."""

    says = ""
    first_reason = "none"
    truth = True


class Excluded(Obstacle):
    first_reason = "excluded"


# ---- Policy API -----------------------------------------------------------------------------


class Firewall(Excluded):
    """A part of the firewall's settings."""

    def __init__(self, says, before, after, groups=()):
        self.says, self.before, self.after, self.groups = says, before, after, groups

    def put(self, lab):
        for name, expression in self.groups:
            lab.sim.request("PUT", f"/sim/groups/{name}", {"expression": [expression]})
        lab.sim.request("PATCH", "/sim/firewall", self.before)

    def lift(self, lab):
        lab.sim.request("PATCH", "/sim/firewall", self.after)


NESTED = (("inner", condition("Name", "STARTSWITH", "VDI-")),
          ("outer", {"resource_type": "PathExpression", "paths": [f"{GROUP_PATH}/inner"]}))


class PolicyObject(Obstacle):
    """A change of the security policy or of a group, which is taken back by the old one."""

    def __init__(self, says, kind, name, change):
        self.says, self.kind, self.name, self.change = says, kind, name, change

    def write(self, lab, change):
        item = change(part(lab, self.kind.replace("-", "_"), id=self.name))
        lab.sim.request("PUT", f"/sim/{self.kind}/{self.name}", item)

    def put(self, lab):
        self.old = part(lab, self.kind.replace("-", "_"), id=self.name)
        self.write(lab, self.change)

    def lift(self, lab):
        self.write(lab, lambda _: self.old)


class Window(PolicyObject):
    """The policy acts on two days of last year only."""

    def __init__(self):
        super().__init__("time window that is closed", "security-policies", "quarantine",
                         lambda policy: {**policy, "scheduler_path":
                                         "/infra/firewall-schedulers/window"})

    def put(self, lab):
        day = datetime.date.today() - datetime.timedelta(days=365)
        lab.sim.request("PUT", "/sim/firewall-schedulers/window", {
            "recurring": True, "timezone": "UTC", "start_date": day.strftime("%m/%d/%Y"),
            "end_date": (day + datetime.timedelta(days=1)).strftime("%m/%d/%Y")})
        super().put(lab)


class Realization(Obstacle):
    """NSX reports an error for an object. Groups act all the same."""

    def __init__(self, path, truth):
        self.path, self.truth, self.says = path, truth, "NSX reports an error"

    def put(self, lab):
        lab.sim.realization(self.path, state="ERROR")

    def lift(self, lab):
        lab.sim.realization(self.path)


def rules(**members):
    """Changes the rule that drops what comes in."""
    def change(holder):
        return {**holder, "rules": [
            {**rule, **members} if "#4" in rule.get("display_name", rule.get("name")) else rule
            for rule in holder["rules"]]}
    return change


POLICY = {
    "the group is excluded": Firewall(
        "the firewall's exclude list holds", {"exclude_list": [f"{GROUP_PATH}/quarantine"]},
        {"exclude_list": []}),
    "a group around its group is excluded": Firewall(
        "the firewall's exclude list holds", {"exclude_list": [f"{GROUP_PATH}/outer"]},
        {"exclude_list": []}, NESTED),
    "NSX excludes the VM": Firewall(
        "NSX itself excludes the VM", {"system_excluded": [VM["policy"]]},
        {"system_excluded": []}),
    "the firewall is off": Firewall(
        "switched off", {"enable_firewall": False}, {"enable_firewall": True}),
    "a rule is disabled": PolicyObject(
        "enable the rule quarantine/quarantine-in", "security-policies", "quarantine",
        rules(disabled=True)),
    "a rule allows": PolicyObject(
        "quarantine", "security-policies", "quarantine", rules(action="ALLOW")),
    "the window is closed": Window(),
    "the group has other members": PolicyObject(
        "the VM is not in the group", "groups", "quarantine", lambda group: {
            **group, "expression": [condition("Tag", "EQUALS", "another|tag")]}),
    "the group is not realized": Realization(f"{GROUP_PATH}/quarantine", truth=False),
    "the policy is not realized": Realization(
        "/infra/domains/default/security-policies/quarantine", truth=True),
}


# ---- NSX for vSphere ------------------------------------------------------------------------


class List(Excluded):
    """A list of the world, changed item by item."""

    def __init__(self, says, name, change):
        self.says, self.name, self.change = says, name, change

    def put(self, lab):
        self.old = lab.sim.get("/sim/world")[self.name]
        lab.sim.request("PUT", f"/sim/lists/{self.name}", self.change(self.old))

    def lift(self, lab):
        lab.sim.request("PUT", f"/sim/lists/{self.name}", self.old)


class Move(Excluded):
    """The VM moves to a cluster without the firewall."""

    says = "no distributed firewall is installed in the cluster"

    def put(self, lab):
        lab.sim.request("PATCH", f"/sim/vms/{VM['vsphere']}",
                        {"cluster": "domain-c30", "host": "host-31"})

    def lift(self, lab):
        lab.sim.request("PATCH", f"/sim/vms/{VM['vsphere']}",
                        {"cluster": "domain-c7", "host": "host-11"})


class Section(Obstacle):
    def __init__(self, says, change):
        self.says, self.change = says, change

    def put(self, lab):
        self.old = part(lab, "layer3_sections", id=1004)
        lab.sim.request("PUT", "/sim/sections/1004", self.change(self.old))

    def lift(self, lab):
        lab.sim.request("PUT", "/sim/sections/1004", self.old)


class SecurityGroup(Obstacle):
    says = "its definition does not name our tag"

    def put(self, lab):
        self.old = part(lab, "security_groups", id="securitygroup-10")
        lab.sim.request("PUT", "/sim/groups/securitygroup-10",
                        {**self.old, "members": [], "dynamic_sets": []})

    def lift(self, lab):
        lab.sim.request("PUT", "/sim/groups/securitygroup-10", self.old)


VSPHERE = {
    "the VM is excluded": List("exclude list", "exclude_list",
                               lambda items: items + [{"vm": VM["vsphere"]}]),
    "the VM moves to a cluster without the firewall": Move(),
    "the firewall of its cluster is off": List(
        "is off", "clusters", lambda items: [
            {**item, "firewall_installed": True, "firewall_enabled": item["id"] != "domain-c7"}
            for item in items]),
    "a rule is disabled": Section("no rule drops all", rules(disabled=True)),
    "a rule allows": Section("", rules(action="allow")),
    "the group has other members": SecurityGroup(),
}

OBSTACLES = {"policy": POLICY, "vsphere": VSPHERE}
EACH = [pytest.param(nsx, obstacle, id=f"{nsx}-{name}")
        for nsx in NSX for name, obstacle in OBSTACLES[nsx].items()]


def named(lab, says, *reasons, timeout=15.0):
    """Waits until the case is tagged for one of these reasons, with that sentence."""
    def find():
        row = lab.cases().get(1, {})
        return (row.get("nqVmOperState") == "tagged" and row["nqVmReason"] in reasons
                and row["nqVmReasonText"] and says in row["nqVmReasonText"])
    try:
        lab.wait(find, f"tagged for {reasons}: {says!r}", timeout)
    except AssertionError as error:
        raise AssertionError(f"{error}; rows: {lab.cases()}") from None


def reachable(lab):
    return lab.sim.allowed("VDI-01", OUTSIDE) or lab.sim.allowed(OUTSIDE, "VDI-01")


def isolated(lab, timeout=15.0):
    row = lab.wait_case(OperState="isolated", Reason="none", timeout=timeout)
    assert row["nqVmReasonText"] == ""
    assert not reachable(lab)


@pytest.mark.parametrize("nsx, obstacle", EACH)
def test_what_keeps_nsx_from_dropping_is_named_and_heals(make_lab, nsx, obstacle):
    lab = make_lab("agentx", nsx, verify_interval_s=0.3,
                   inventory_interval_s=1.0).start(engine=False)
    obstacle.put(lab)
    lab.start_engine()
    lab.wait_answers()
    lab.send_trap("VDI-01")

    named(lab, obstacle.says, obstacle.first_reason)
    assert reachable(lab) == obstacle.truth
    assert lab.notifications() == []
    obstacle.lift(lab)
    isolated(lab)

    lab.wait_notification("nqVmIsolated")
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]
    lab.check_balance()


# One for each part of the proof: what is known of it may be seconds old.
LOST = [pytest.param(nsx, OBSTACLES[nsx][name], id=f"{nsx}-{name}") for nsx, name in (
    ("policy", "the group is excluded"), ("policy", "a rule is disabled"),
    ("policy", "the policy is not realized"), ("policy", "the group has other members"),
    ("vsphere", "the VM is excluded"), ("vsphere", "a rule is disabled"),
    ("vsphere", "the VM moves to a cluster without the firewall"),
    ("vsphere", "the group has other members"))]


@pytest.mark.parametrize("nsx, obstacle", LOST)
def test_a_part_of_the_proof_that_is_lost_ends_the_isolation(make_lab, nsx, obstacle):
    lab = make_lab("agentx", nsx, verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    isolated(lab)
    assert lab.snmp.number("nqCasesIsolated.0") == 1
    obstacle.put(lab)

    # The first sentence may be what the hosts make of it.
    named(lab, "", "rungLost", "excluded")
    assert lab.snmp.number("nqCasesIsolated.0") == 0
    assert lab.snmp.number("nqCasesQuarantined.0") == 1
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]


# ---- the data path --------------------------------------------------------------------------


def rungs(lab):
    return lab.snmp.run("snmpget", lab.snmp.address, lab.snmp.qualified("nqVmRungs.1"))


@pytest.mark.parametrize("nsx", NSX)
def test_dropped_traffic_is_the_last_rung(make_lab, nsx):
    lab = make_lab("agentx", nsx, verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    assert "trafficDropped" not in rungs(lab)

    def dropped():
        lab.sim.flow("VDI-01", "file-server")  # a VM tries again and again
        return "trafficDropped" in rungs(lab)

    lab.wait(dropped, "the drop to show")
    assert lab.cases()[1]["nqVmOperState"] == "isolated"
