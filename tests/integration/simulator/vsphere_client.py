# SPDX-License-Identifier: Apache-2.0
"""A client of NSX for vSphere for tests of the simulator: exact HTTP, and XML."""

import copy
import json
import os
import xml.etree.ElementTree as ElementTree

import pytest

from support.lab import TOP
from support.nsx_client import Nsx

TAGS = "/api/2.0/services/securitytags"
GROUPS = "/api/2.0/services/securitygroup"
FIREWALL = "/api/4.0/firewall"
CONFIG = FIREWALL + "/globalroot-0/config"
EXCLUDE_LIST = "/api/2.1/app/excludelist"
AUTH = "/api/2.0/services/auth"

QUARANTINE = "securitygroup-10"
ISOLATED = "securitytag-12"
INFECTED = "vm-101"

with open(os.path.join(TOP, "tests/data/sim/vdi-vsphere.json"), encoding="utf-8") as world:
    VDI = json.load(world)


def parse(answer, status=200):
    """The root element of an answer that must be XML with this status."""
    assert answer.status == status, (answer.status, answer.text)
    assert answer.headers["Content-Type"].startswith("application/xml"), answer.headers
    return ElementTree.fromstring(answer.text)


def texts(root, path):
    return [node.text or "" for node in root.findall(path)]


def fields(node):
    """The children of an element by their names."""
    return {child.tag: child.text or "" for child in node}


def check_error(answer, status, code):
    error = parse(answer, status)
    assert error.tag == "error"
    assert fields(error)["errorCode"] == str(code)
    assert fields(error)["details"] and fields(error)["moduleName"]


def world_with(**members):
    return {**copy.deepcopy(VDI), **members}


class Vsphere(Nsx):
    """A running simulator of NSX for vSphere, and a client that asks for XML."""

    def __init__(self, **settings):
        super().__init__(world_with(**settings))

    def login(self):
        return {**super().login(), "Accept": "application/xml"}

    def xml(self, path, **query):
        return parse(self.get(path, **query))

    def post(self, path, body=None, headers=None, **query):
        headers = {**self.login(), "Content-Type": "application/xml", **(headers or {})}
        return self.send("POST", path, body or "", headers, **query)

    def attach(self, vm=INFECTED, tag=ISOLATED, **kwargs):
        return self.send("PUT", f"{TAGS}/tag/{tag}/vm/{vm}", **kwargs)

    def detach(self, vm=INFECTED, tag=ISOLATED, **kwargs):
        return self.send("DELETE", f"{TAGS}/tag/{tag}/vm/{vm}", **kwargs)

    def tags_of(self, vm=INFECTED):
        return texts(self.xml(f"{TAGS}/vm/{vm}"), "securityTag/name")

    def groups_of(self, vm=INFECTED):
        return texts(self.xml(f"{GROUPS}/lookup/virtualmachine/{vm}"),
                     "securityGroups/securitygroup/name")

    def members(self, group=QUARANTINE):
        return texts(self.xml(f"{GROUPS}/{group}/translation/virtualmachines"),
                     "vmnode/vmName")

    def put_group(self, name, **group):
        self.control("PUT", f"groups/{name}", {"name": name, **group})

    def put_list(self, name, items):
        self.control("PUT", f"lists/{name}", items)

    def patch_vm(self, vm=INFECTED, **members):
        self.control("PATCH", f"vms/{vm}", members)

    def hits(self, rule):
        return int(fields(self.xml(f"{FIREWALL}/stats/rules/{rule}"))["hitCount"])


@pytest.fixture
def make_vsphere(request):
    request.node.labs = running = []

    def make(**settings):
        running.append(Vsphere(**settings))
        return running[-1]

    yield make
    for nsx in running:
        nsx.stop()


@pytest.fixture
def vsphere(make_vsphere):
    return make_vsphere()
