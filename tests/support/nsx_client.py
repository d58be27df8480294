# SPDX-License-Identifier: Apache-2.0
"""A client of NSX for tests of the simulator: exact HTTP, and words for the worlds it serves.

Not for tests of our engine: those use lab.py, where the engine is the client.
"""

import base64
import copy
import http.client
import json
import os
import shutil
import ssl
import tempfile
import urllib.parse

from support.certificates import make_certificates
from support.lab import SIMULATOR, WORLDS
from support.process import Daemon
from support.waiting import wait_for

VMS = "/api/v1/fabric/virtual-machines"
VIFS = "/api/v1/fabric/vifs"
REALIZED_VMS = "/policy/api/v1/infra/realized-state/virtual-machines"
ASSOCIATIONS = "/policy/api/v1/infra/virtual-machine-group-associations"
STATUS = "/policy/api/v1/infra/realized-state/status"
GROUPS = "/policy/api/v1/infra/domains/default/groups"
POLICIES = "/policy/api/v1/infra/domains/default/security-policies"
SECURITY = "/policy/api/v1/infra/settings/firewall/security"
TAGS = "/policy/api/v1/infra/tags"
GROUP_PATH = "/infra/domains/default/groups"

QUARANTINE = {"scope": "nsx-quarantine", "tag": "isolated"}

with open(WORLDS["policy"], encoding="utf-8") as world_file:
    VDI = json.load(world_file)
IDS = {vm["display_name"]: vm["external_id"] for vm in VDI["virtual_machines"]}
INFECTED = IDS["VDI-01"]


class Answer:
    """One reply: status, headers, and the body as text and as JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def results(self):
        assert self.status == 200, self.text
        return self.json["results"]


class Nsx:
    """A running simulator and a client for it."""

    host = "simulator"

    def __init__(self, world=None, tls=True, nodes=1):
        self.folder = tempfile.mkdtemp(prefix="nq-sim-")
        self.tls = tls
        self.user = "admin"
        self.password = VDI["password"]
        with open(self.path("world.json"), "w", encoding="utf-8") as file:
            json.dump(world or VDI, file)
        argv = [SIMULATOR, "--world", self.path("world.json"), "--port", "0",
                "--port-file", self.path("port"), "--log", self.path("nsx.log"), "--nodes", str(nodes)]
        if tls:
            make_certificates(self.folder)
            argv += ["--cert", self.path("server.pem"), "--key", self.path("server.key")]
            self.context = ssl.create_default_context(cafile=self.path("ca.pem"))
        else:
            argv.append("--no-tls")
        self.daemon = Daemon("nsx-sim", argv, self.path("stderr.log")).start()
        wait_for(lambda: os.path.exists(self.path("port")) or not self.daemon.running,
                 "the port file")
        assert self.daemon.running, self.daemon.text()
        with open(self.path("port"), encoding="ascii") as file:
            self.ports = [int(line) for line in file]
        self.port = self.ports[0]

    def path(self, name):
        return os.path.join(self.folder, name)

    def logs(self):
        yield "nsx-sim", self.daemon.text()

    def stop(self):
        status = self.daemon.stop()
        reports = self.daemon.reports()
        shutil.rmtree(self.folder)
        assert not reports, reports
        assert status == 0, f"nsx-sim ended with {status}"

    def connect(self, timeout=20, node=0):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.ports[node],
                                               timeout=timeout, context=self.context)
        return http.client.HTTPConnection("127.0.0.1", self.ports[node], timeout=timeout)

    def login(self):
        pair = f"{self.user}:{self.password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def send(self, method, path, body=None, headers=None, timeout=20, node=0,
             **query):
        """One request on a connection of its own. body: text as it is, else JSON."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection = self.connect(timeout, node)
        try:
            connection.request(method, path, body,
                               self.login() if headers is None else headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **query):
        return self.send("GET", path, **query)

    def open_session(self, user=None, password=None, node=0):
        """The answer to a form login."""
        form = urllib.parse.urlencode({"j_username": user or self.user,
                                       "j_password": password or self.password})
        return self.send("POST", "/api/session/create", form,
                         {"Content-Type": "application/x-www-form-urlencoded"}, node=node)

    def session(self, **kwargs):
        """The headers of a new session."""
        answer = self.open_session(**kwargs)
        assert answer.status == 200, answer.text
        return {"Cookie": answer.headers["Set-Cookie"].split(";")[0],
                "X-XSRF-TOKEN": answer.headers["X-XSRF-TOKEN"]}

    def settings(self, **settings):
        return self.control("PATCH", "settings", settings)

    def control(self, method, path, body=None, node=0, **query):
        answer = self.send(method, "/sim/" + path, body, {}, node=node, **query)
        assert answer.status < 300, answer.text
        return answer.json if answer.text else None

    def tag(self, action, external_id, *tags, **kwargs):
        return self.send("POST", f"{VMS}?action={action}",
                         {"external_id": external_id, "tags": list(tags)}, **kwargs)

    def tags_of(self, external_id):
        (vm,) = self.get(VMS, external_id=external_id).results
        return vm.get("tags", [])

    def groups_of(self, external_id):
        return sorted(group["path"].rsplit("/", 1)[1] for group in
                      self.get(ASSOCIATIONS, vm_external_id=external_id).results)

    def members(self, group):
        return sorted(vm["display_name"] for vm in
                      self.get(f"{GROUPS}/{group}/members/virtual-machines").results)

    def status(self, group):
        answer = self.get(STATUS, intent_path=f"{GROUP_PATH}/{group}",
                          include_enforced_status="true")
        return answer.json["consolidated_status"]["consolidated_status"]

    def flow(self, source, target, **query):
        return self.send("GET", "/sim/flow", headers={},
                         **{"from": source, "to": target, **query}).json

    def allowed(self, source, target, **query):
        return self.flow(source, target, **query)["allowed"]

    def put_group(self, name, *expression, **more):
        self.control("PUT", f"groups/{name}", {"expression": list(expression), **more})

    def fault(self, **fault):
        self.control("POST", "faults", [fault])

    def journal(self, **query):
        return self.control("GET", "journal", **query)

    def requests(self):
        return self.journal()["requests"]

    def changes(self):
        return [(change["display_name"], change["change"], change["request"])
                for change in self.journal()["changes"]]


def world_with(**members):
    return {**copy.deepcopy(VDI), **members}


def crowd(count):
    """A world of many VMs and no groups."""
    return {"virtual_machines": [
        {"external_id": f"vm-{i:04}", "display_name": f"machine {i % 7} {i:04}",
         "vifs": [{"mac_address": f"00:50:56:00:{i // 256:02x}:{i % 256:02x}"}]}
        for i in range(count)]}


def condition(key, operator, value, **more):
    return {"resource_type": "Condition", "member_type": "VirtualMachine", "key": key,
            "operator": operator, "value": value, **more}


def conjunction(word):
    return {"resource_type": "ConjunctionOperator", "conjunction_operator": word}


AND = conjunction("AND")
OR = conjunction("OR")


def check_error(answer, status, code):
    assert answer.status == status, answer.text
    assert answer.json["error_code"] == code
    assert answer.json["error_message"]
    assert "module_name" in answer.json
