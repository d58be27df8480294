# SPDX-License-Identifier: Apache-2.0
"""What the client is made to do, so that it makes all its calls: a list, to be added to."""

from dataclasses import dataclass, field

from conformance.steps import (
    add_vms, all_isolated, asked, exclude, held, isolate, lose_node, lose_tag, members, no_tag,
    only_the_newer_form, release, renew_certificate, schedule, settings, traffic, traps, with_vcenter,
)
from support.certificates import CLIENT
from support.lab import TOKEN

POLICY, VSPHERE = ("policy",), ("vsphere",)
BOTH = POLICY + VSPHERE


PROTECTED = 'groups = ( {{ manager = "lab"; path = "{}"; }} );'


@dataclass(frozen=True)
class Scenario:
    """conf goes to the laboratory; before runs when only NSX and the intake are up."""
    name: str
    steps: tuple
    generations: tuple = BOTH
    conf: dict = field(default_factory=dict)
    before: tuple = ()


# Every request of all scenarios is judged, so a scenario only has to get where it wants.
SCENARIOS = (
    # ---- a VM is found
    Scenario("by name, and released", (isolate("VDI-01"), release)),
    Scenario("by address", (isolate("192.0.2.11"),)),
    Scenario("by host name, by UUID",
             (isolate("vdi-01.corp.example"),
              isolate("50221a4c-7f10-4b6e-8a02-5d2c9e7b0a02")), POLICY),
    Scenario("by host name, by UUID, by address, with vCenter",
             (isolate("vdi-01.corp.example"),
              isolate("50221a4c-7f10-4b6e-8a02-5d2c9e7b0a02"), isolate("192.0.2.13")),
             VSPHERE, {"resolve_timeout_s": 20.0}, (with_vcenter,)),
    Scenario("by host name, with vCenter 7",
             (isolate("vdi-01.corp.example"), isolate("40221a4c-7f10-4b6e-8a02-5d2c9e7b0a02")),
             VSPHERE, {"resolve_timeout_s": 20.0},
             (with_vcenter, settings(vcenter_form="7.0"), only_the_newer_form)),
    Scenario("a name that no VM has", (held("NOBODY-01", "unknownVm"),)),

    # ---- tags
    Scenario("a lost tag", (isolate("VDI-01"), lose_tag)),
    Scenario("a tag that nobody has made",
             (isolate("VDI-01"), asked("POST", "/securitytags/tag")), VSPHERE,
             before=(no_tag,)),
    Scenario("twenty VMs at once", (all_isolated(20), release), VSPHERE,
             before=(add_vms(20), traps(20))),
    Scenario("twenty VMs at once are one operation",
             (all_isolated(20), asked("PUT", "/tag-operations/"), release), POLICY,
             before=(add_vms(20), traps(20))),
    Scenario("twenty VMs without tag operations", (all_isolated(20), release), POLICY,
             before=(settings(tag_operations=False), add_vms(20), traps(20))),
    Scenario("one VM by tag operations only",
             (isolate("VDI-01"), asked("PUT", "/tag-operations/"), release), POLICY,
             before=(settings(add_remove_tags=False),)),

    # ---- what is protected, and by whom VMs are tagged
    Scenario("a VM that a group protects",
             (held("connection-server", "protected"),
              asked("GET", "/groups/connection-servers/members/virtual-machines"),
              asked("GET", "/api/v1/fabric/compute-managers")), POLICY,
             {"protect": PROTECTED.format("/infra/domains/default/groups/connection-servers")}),
    Scenario("a VM that a security group protects",
             (held("connection-server", "protected"),
              asked("GET", "/securitygroup/securitygroup-12/translation/virtualmachines")),
             VSPHERE, {"protect": PROTECTED.format("securitygroup-12")}),

    # ---- groups, rules, counters
    Scenario("groups and counters", (members("vdi", 3), isolate("VDI-01"),
                                     members("vdi", 2), members("quarantine", 1), traffic)),
    Scenario("counters in the flat form", (isolate("VDI-01"), traffic), POLICY,
             before=(settings(statistics="flat"),)),
    Scenario("groups on the exclude list",
             (isolate("VDI-01"), asked("POST", "/exclude-list?action=filter")), POLICY,
             before=(exclude("file-servers"),)),
    Scenario("a policy with a time window",
             (isolate("VDI-01"), asked("GET", "/firewall-schedulers/")), POLICY,
             before=(schedule,)),

    # ---- ways in
    Scenario("a session, or a token", (isolate("VDI-01"), release), BOTH,
             {"auth": "session"}),
    Scenario("the token of an older release",
             (isolate("VDI-01"), asked("POST", "/api/2.0/services/auth/token")), VSPHERE,
             {"auth": "session"}, (settings(version="6.4.0"),)),
    Scenario("a certificate", (isolate("VDI-01"),), POLICY, {"auth": "certificate"},
             (settings(principals=[CLIENT]),)),
    Scenario("a bearer token", (isolate("VDI-01"),), POLICY, {"auth": "token"},
             (settings(bearer_tokens=[TOKEN]),)),

    Scenario("a user of the directory, who may not ask the appliance",
             (isolate("VDI-01"), asked("GET", "/services/vsmconfig")), VSPHERE,
             {"nsx_user": "nsx@corp.example"}, (settings(user="nsx@corp.example"),)),

    # ---- older releases, which lack calls
    Scenario("release 6.3.5", (isolate("VDI-01"), release), VSPHERE,
             before=(settings(version="6.3.5"),)),
    Scenario("release 6.2.2", (isolate("VDI-01"), release), VSPHERE,
             before=(settings(version="6.2.2", role="super_user"),)),

    # ---- the way to NSX
    Scenario("a certificate that is renewed",
             (isolate("VDI-01"), renew_certificate, isolate("VDI-02"))),
    Scenario("two nodes, of which one dies",
             (isolate("VDI-01"), lose_node("down"), isolate("VDI-02")), POLICY,
             {"nodes": 2, "auth": "session"}),
    # A node that calls itself ill is probed after half a minute at most.
    Scenario("three nodes, of which one falls ill",
             (isolate("VDI-01"), lose_node("unhealthy"), isolate("VDI-02"),
              asked("GET", "/reverse-proxy/node/health", timeout=40)), POLICY,
             {"nodes": 3}),
)
