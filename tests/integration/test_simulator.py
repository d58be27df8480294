# SPDX-License-Identifier: Apache-2.0
"""The NSX simulator itself, asked over HTTPS as a client of NSX would.

What these tests promise is what all other tests build on: paging as NSX pages, membership
computed from expressions, delays, a data plane, and faults at exact points.
"""

import base64
import concurrent.futures
import copy
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import urllib.parse

import pytest

from support.certificates import make_certificates
from support.lab import SIMULATOR, WORLD
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

with open(WORLD, encoding="utf-8") as world_file:
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

    def __init__(self, world=None, tls=True):
        self.folder = tempfile.mkdtemp(prefix="nq-sim-")
        self.tls = tls
        self.user = "admin"
        self.password = VDI["password"]
        with open(self.path("world.json"), "w", encoding="utf-8") as file:
            json.dump(world or VDI, file)
        argv = [SIMULATOR, "--world", self.path("world.json"), "--port", "0",
                "--port-file", self.path("port"), "--log", self.path("nsx.log")]
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
            self.port = int(file.read())

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

    def connect(self, timeout=20):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout,
                                               context=self.context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def login(self):
        pair = f"{self.user}:{self.password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def send(self, method, path, body=None, headers=None, timeout=20, **query):
        """One request on a connection of its own. body: text as it is, else JSON."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body,
                               self.login() if headers is None else headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **query):
        return self.send("GET", path, **query)

    def control(self, method, path, body=None, **query):
        answer = self.send(method, "/sim/" + path, body, {}, **query)
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


@pytest.fixture
def make_nsx(request):
    request.node.labs = running = []

    def make(world=None, **kwargs):
        running.append(Nsx(world, **kwargs))
        return running[-1]

    yield make
    for nsx in running:
        nsx.stop()


@pytest.fixture
def nsx(make_nsx):
    return make_nsx()


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


# ---- the program ----------------------------------------------------------------------


def run(*words):
    return subprocess.run([SIMULATOR, *words], capture_output=True, text=True, timeout=20,
                          check=False)


def test_help_and_version_go_to_standard_output():
    assert run("--help").stdout.startswith("Usage: nsx-sim")
    assert re.match(r"nsx-sim \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize("words", [
    [], ["--world", WORLD], ["--bogus"], ["--world", WORLD, "--no-tls", "extra"],
    ["--world", WORLD, "--cert", "x"], ["--world", WORLD, "--no-tls", "--port", "65536"],
    ["--world", WORLD, "--no-tls", "--port", "1x"],
    ["--world", WORLD, "--no-tls", "--cert", "x", "--key", "y"],
])
def test_wrong_usage_ends_with_2(words):
    assert run(*words).returncode == 2


def test_a_missing_file_is_named(tmp_path):
    done = run("--world", str(tmp_path / "nowhere"), "--no-tls")
    assert done.returncode == 1
    assert "nowhere: No such file" in done.stderr
    done = run("--world", WORLD, "--cert", str(tmp_path / "c"), "--key", "k")
    assert done.returncode == 1
    assert "No such file" in done.stderr


@pytest.mark.parametrize("change, message", [
    (lambda w: w.update(passwd="x"), "passwd: no such member"),
    (lambda w: w.pop("virtual_machines"), "virtual_machines: missing"),
    (lambda w: w.update(realization_delay_ms=-1),
     "realization_delay_ms: must be a whole number"),
    (lambda w: w.update(realization_delay_ms=1.5),
     "realization_delay_ms: must be a whole number"),
    (lambda w: w.update(vm_paging="odd"), 'vm_paging: must be "spec" or "quirk"'),
    (lambda w: w["virtual_machines"][1].pop("external_id"),
     "virtual_machines[1].external_id: missing"),
    (lambda w: w["virtual_machines"][1].update(display_name=7),
     "virtual_machines[1].display_name: must be a string"),
    (lambda w: w["virtual_machines"][1].update(type="TOASTER"),
     "virtual_machines[1].type"),
    (lambda w: w["virtual_machines"][1].update(power_state="ON"),
     "virtual_machines[1].power_state"),
    (lambda w: w["virtual_machines"][1].update(tags=[{"tag": "x" * 257}]),
     "virtual_machines[1].tags[0].tag: longer than 256"),
    (lambda w: w["virtual_machines"][2]["vifs"][0].pop("mac_address"),
     "virtual_machines[2].vifs[0].mac_address: missing"),
    (lambda w: w["virtual_machines"].append(w["virtual_machines"][0]), "is used twice"),
    (lambda w: w["groups"][0]["expression"].pop(),
     "groups[0].expression: a list of expressions has an odd length"),
    (lambda w: w["groups"][0]["expression"][0].update(operator="LIKE"),
     "groups[0].expression[0].operator"),
    (lambda w: w["groups"][0]["expression"][0].update(key="Colour"),
     "groups[0].expression[0].key"),
    (lambda w: w["groups"][0]["expression"][2].update(member_type="Segment"),
     "groups[0].expression[2].member_type: AND joins members of one type"),
    (lambda w: w["groups"][0].update(expresion=[]), "groups[0].expresion: no such member"),
    (lambda w: w["groups"].append({"id": "vdi"}), "groups[4].id: vdi is used twice"),
    (lambda w: w["groups"].append({"id": "x", "expression": [
        condition("Name", "MATCHES", "(")]}), "not a regular expression"),
    (lambda w: w["groups"].append({"id": "x", "expression": [
        {"resource_type": "NestedExpression", "expressions": [
            condition("Name", "EQUALS", "a"), OR, condition("Name", "EQUALS", "b")]}]}),
     "expression[0].expressions[1]: a NestedExpression joins its conditions with AND"),
    (lambda w: w["groups"].append({"id": "x", "expression": [
        condition("Name", "EQUALS", "a"), OR] * 5 + [condition("Name", "EQUALS", "a")]}),
     "more than 5 conditions"),
    (lambda w: w["security_policies"][0].update(category="Urgent"),
     "security_policies[0].category"),
    (lambda w: w["security_policies"][0]["rules"][1].update(action="JUMP_TO_APPLICATION"),
     "security_policies[0].rules[1].action"),
    (lambda w: w["security_policies"][0]["rules"][1].update(source_groups=["/infra/x"]),
     "no such group: /infra/x"),
    (lambda w: w["security_policies"][0]["rules"][1].update(services=["/infra/services/X"]),
     "no such service: /infra/services/X"),
    (lambda w: w["services"][0]["service_entries"][0].update(destination_ports=["99999"]),
     "services[0].service_entries[0].destination_ports[0]"),
    (lambda w: w.update(exclude_list=["/infra/nowhere"]), "exclude_list[0]: no such group"),
    (lambda w: w["firewall"].update(enable_firewall="yes"),
     "firewall.enable_firewall: must be true or false"),
])
def test_a_wrong_world_is_refused_by_the_name_of_the_member(tmp_path, change, message):
    world = copy.deepcopy(VDI)
    change(world)
    (tmp_path / "world.json").write_text(json.dumps(world), encoding="utf-8")
    done = run("--world", str(tmp_path / "world.json"), "--no-tls")
    assert done.returncode == 1
    assert message in done.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", "{} x", "\0", '{"virtual_machines":3}'])
def test_a_world_that_is_not_one_json_object_is_refused(tmp_path, text):
    (tmp_path / "world.json").write_text(text, encoding="utf-8")
    done = run("--world", str(tmp_path / "world.json"), "--no-tls")
    assert done.returncode == 1, done.stderr


def test_listens_only_on_loopback(nsx):
    rows = []
    for name in ("tcp", "tcp6"):
        with open(f"/proc/{nsx.daemon.pid}/net/{name}", encoding="ascii") as file:
            rows += [line.split() for line in file.readlines()[1:]]
    local = {row[1] for row in rows
             if row[3] == "0A" and row[1].endswith(f":{nsx.port:04X}")}
    assert local == {f"0100007F:{nsx.port:04X}"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_with_0_on_a_signal_even_while_requests_hang(nsx, number):
    nsx.fault(path=VMS, hang=True)
    nsx.fault(path=VIFS, hold=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(nsx.get, VMS), pool.submit(nsx.get, VIFS)]
        nsx.control("GET", "held", count=1)
        nsx.journal(min_requests=2)
        nsx.daemon.signal(number)
        assert nsx.daemon.wait() == 0
        for future in asked:
            with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
                future.result()


def test_speaks_plain_http_on_request(make_nsx):
    assert make_nsx(tls=False).get(VMS).status == 200


# ---- login, headers, limits -----------------------------------------------------------


def test_every_reply_looks_like_nsx(nsx):
    answer = nsx.get("/api/v1/node/version")
    assert answer.json == {"node_version": VDI["node_version"],
                           "product_version": VDI["product_version"]}
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert re.match(r"JSESSIONID=[0-9A-F]{32}; Path=/; Secure; HttpOnly",
                    answer.headers["Set-Cookie"])
    again = nsx.get("/api/v1/node/version")
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}",
                        again.headers["X-Nsx-Requestid"])
    assert again.headers["X-Nsx-Requestid"] != answer.headers["X-Nsx-Requestid"]
    assert again.headers["Set-Cookie"] != answer.headers["Set-Cookie"]
    assert nsx.get("/api/v1/reverse-proxy/node/health").json == {"healthy": True}


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Basic"}, {"Authorization": "Basic !!"},
    {"Authorization": "Bearer x"}, {"Authorization": "Basic YWRtaW46d3Jvbmc="},
])
def test_a_wrong_login_is_401_in_the_error_form(nsx, headers):
    answer = nsx.send("GET", VMS, headers=headers)
    check_error(answer, 401, 403)
    assert "Set-Cookie" not in answer.headers
    assert nsx.get(VMS).status == 200


def test_five_wrong_logins_lock_the_account_until_the_settings_change(nsx):
    nsx.password = "wrong"
    assert [nsx.get(VMS).status for _ in range(6)] == [401] * 5 + [403]
    nsx.password = VDI["password"]
    check_error(nsx.get(VMS), 403, 403)
    nsx.control("PATCH", "settings", {})
    assert nsx.get(VMS).status == 200


def test_a_changed_password_takes_effect_at_once(nsx):
    nsx.control("PATCH", "settings", {"password": "pä:ss+%"})
    assert nsx.get(VMS).status == 401
    nsx.password = "pä:ss+%"
    assert nsx.get(VMS).status == 200


def test_too_many_requests_are_429_with_a_code_that_is_a_text(nsx):
    nsx.control("PATCH", "settings", {"requests_per_second": 2})

    def refused():
        answers = [nsx.get(VMS) for _ in range(4)]
        return [answer for answer in answers if answer.status == 429]

    answer = wait_for(refused, "a second with more than two requests")[0]
    assert answer.json["error_code"] == "102"
    assert "exceeded request rate of 2 per second" in answer.json["error_message"]
    assert "Retry-After" not in answer.headers


def test_too_many_requests_at_a_time_are_429(nsx):
    nsx.control("PATCH", "settings", {"concurrent_requests": 1})
    nsx.fault(path=VIFS, hold=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        held = pool.submit(nsx.get, VIFS)
        nsx.control("GET", "held", count=1)
        assert nsx.get(VMS).status == 429
        nsx.control("POST", "release", {"all": True})
        assert held.result().status == 200
    assert nsx.get(VMS).status == 200


def test_unknown_paths_and_methods_are_errors_of_nsx(nsx):
    check_error(nsx.get("/api/v1/fabric/nothing"), 404, 600)
    check_error(nsx.get("/"), 404, 600)
    check_error(nsx.get(VMS + "/"), 404, 600)
    check_error(nsx.send("DELETE", VMS), 405, 405)


@pytest.mark.parametrize("target", ["/api/%zz", "/api/%0", "/api/%", "/api/v1?a=%00",
                                    VMS + "?display_name=%f"])
def test_a_broken_percent_escape_is_400(nsx, target):
    assert nsx.get(target).status == 400


def test_percent_escapes_are_decoded_exactly(nsx):
    name = "a b+c/d?e&f=g%h#ü"
    nsx.control("POST", "vms", {"external_id": "id/with%25?", "display_name": name})
    (vm,) = nsx.get(VMS + "?display_name=" + urllib.parse.quote(name, safe="")).results
    assert vm["external_id"] == "id/with%25?"
    (vm,) = nsx.get(VMS, display_name=name).results  # a plus sign for the space
    assert vm["external_id"] == "id/with%25?"
    quoted = urllib.parse.quote("id/with%25?", safe="")
    assert nsx.control("GET", "vms/" + quoted)["display_name"] == name


def test_requests_share_a_connection(nsx):
    connection = nsx.connect()
    for _ in range(3):
        connection.request("GET", VMS, headers=nsx.login())
        assert len(Answer(connection.getresponse()).results) == 6
    connection.close()


# ---- inventory ------------------------------------------------------------------------


def test_a_vm_has_all_its_fields(nsx):
    (vm,) = nsx.get(VMS, display_name="VDI-01").results
    assert vm["resource_type"] == "VirtualMachine"
    assert vm["type"] == "REGULAR"
    assert vm["power_state"] == "VM_RUNNING"
    assert vm["guest_info"]["computer_name"] == "vdi-01.corp.example"
    assert vm["source"]["target_type"] == "HostNode"
    assert f"instanceUuid:{vm['external_id']}" in vm["compute_ids"]
    assert any(text.startswith("biosUuid:") and vm["external_id"] not in text
               for text in vm["compute_ids"])
    assert vm["_last_sync_time"] > 1_500_000_000_000
    assert "tags" not in vm
    assert "vifs" not in vm


@pytest.mark.parametrize("query, names", [
    ({"external_id": INFECTED}, ["VDI-01"]),
    ({"external_id": INFECTED.upper()}, []),
    ({"display_name": "VDI-0"}, []),
    ({"display_name": "VDI-02", "external_id": INFECTED}, []),
    ({"exclude_vm_type": "REGULAR"}, ["edge-01"]),
    ({"sort_by": "display_name", "sort_ascending": "false", "page_size": "2"},
     ["file-server", "edge-01"]),
])
def test_vms_are_filtered_by_exact_values(nsx, query, names):
    assert [vm["display_name"] for vm in nsx.get(VMS, **query).results] == names


def test_vifs_carry_addresses_and_the_port(nsx):
    (vif,) = nsx.get(VIFS, owner_vm_id=INFECTED).results
    assert vif["external_id"] == INFECTED + "-4000"
    assert vif["mac_address"] == "00:50:56:a2:00:11"
    assert vif["ip_address_info"] == [
        {"source": "VM_TOOLS", "ip_addresses": ["192.0.2.11", "2001:db8:10::11"]}]
    assert nsx.get(VIFS, lport_attachment_id=vif["lport_attachment_id"]).results == [vif]
    (edge,) = nsx.get(VIFS, owner_vm_id=IDS["edge-01"]).results
    assert "lport_attachment_id" not in edge
    assert edge["owner_vm_type"] == "EDGE"


def test_stale_copies_of_a_vm_are_listed_under_one_external_id(nsx):
    nsx.control("PATCH", f"vms/{INFECTED}", {"copies": [{"power_state": "VM_STOPPED"}]})
    found = nsx.get(VMS, display_name="VDI-01").results
    assert [vm["external_id"] for vm in found] == [INFECTED, INFECTED]
    assert [vm["power_state"] for vm in found] == ["VM_RUNNING", "VM_STOPPED"]
    nsx.control("PATCH", f"vms/{INFECTED}", {"copies": None})
    assert len(nsx.get(VMS, display_name="VDI-01").results) == 1


# ---- paging ---------------------------------------------------------------------------


def all_pages(nsx, path, **query):
    """As the specification says: cursor by cursor. Returns the pages."""
    pages = [nsx.get(path, **query).json]
    while "cursor" in pages[-1]:
        pages.append(nsx.get(path, cursor=pages[-1]["cursor"], **query).json)
        assert len(pages) < 100
    return pages


@pytest.mark.parametrize("path, key", [(VMS, "external_id"), (VIFS, "owner_vm_id")])
@pytest.mark.parametrize("sort", [{}, {"sort_by": "external_id"},
                                  {"sort_by": "display_name"}])
def test_pages_hold_every_item_once(make_nsx, path, key, sort):
    nsx = make_nsx(crowd(25))
    pages = all_pages(nsx, path, page_size=10, **sort)
    assert [len(page["results"]) for page in pages] == [10, 10, 5]
    assert [page.get("result_count") for page in pages] == [25, None, None]
    assert all(not page["cursor"].isdigit() or page["cursor"].startswith("0036")
               for page in pages[:-1])
    seen = [item[key] for page in pages for item in page["results"]]
    assert sorted(seen) == [f"vm-{i:04}" for i in range(25)]
    assert [page.get("sort_by") for page in pages] == [sort.get("sort_by")] * 3


def test_pages_that_end_with_the_list_have_no_cursor(make_nsx):
    nsx = make_nsx(crowd(20))
    assert [len(p["results"]) for p in all_pages(nsx, VMS, page_size=10)] == [10, 10]
    assert [len(p["results"]) for p in all_pages(nsx, VMS)] == [20]
    assert [len(p["results"]) for p in all_pages(nsx, VMS, page_size=0)] == [20]


def test_the_settings_can_make_pages_smaller_than_asked_for(make_nsx):
    nsx = make_nsx({**crowd(9), "page_size_max": 4})
    assert [len(p["results"]) for p in all_pages(nsx, VMS, page_size=1000)] == [4, 4, 1]


def test_an_empty_list_is_a_list(make_nsx):
    nsx = make_nsx({"virtual_machines": []})
    assert nsx.get(VMS).json == {"results": [], "result_count": 0}
    assert nsx.get(REALIZED_VMS).json == {"results": []}
    assert nsx.get(GROUPS).json == {"results": [], "result_count": 0,
                                    "sort_by": "display_name", "sort_ascending": True}


@pytest.mark.parametrize("query", [{"page_size": "1001"}, {"page_size": "-1"},
                                   {"page_size": "ten"}, {"page_size": ""},
                                   {"sort_ascending": "yes"}, {"cursor": "0036"},
                                   {"cursor": "12"}])
def test_wrong_paging_parameters_are_400(nsx, query):
    assert nsx.get(VMS, **query).status == 400


def test_a_cursor_whose_item_is_gone_is_400(make_nsx):
    nsx = make_nsx(crowd(5))
    cursor = nsx.get(VMS, page_size=2).json["cursor"]
    nsx.control("DELETE", "vms/vm-0002")
    assert nsx.get(VMS, page_size=2, cursor=cursor).status == 400


def test_the_realized_list_pages_by_offset_and_says_nothing_about_it(make_nsx):
    nsx = make_nsx(crowd(25))
    seen = []
    while True:
        page = nsx.get(REALIZED_VMS, sort_by="external_id", page_size=10,
                       **({"cursor": len(seen)} if seen else {})).json
        assert "cursor" not in page
        assert "result_count" not in page
        if not page["results"]:
            break
        seen += [vm["external_id"] for vm in page["results"]]
    assert seen == [f"vm-{i:04}" for i in range(25)]


def test_the_realized_list_has_no_order_unless_it_is_asked_for(make_nsx):
    nsx = make_nsx(crowd(25))

    def order(**query):
        return [vm["external_id"] for vm in nsx.get(REALIZED_VMS, **query).results]

    orders = [order() for _ in range(3)]
    assert len({tuple(ids) for ids in orders}) == 3
    assert all(sorted(ids) == order(sort_by="external_id") for ids in orders)
    pages = order(page_size=13) + order(page_size=13, cursor=13)
    assert len(pages) == 25
    assert len(set(pages)) < 25, "lost and doubled, as users report"


def test_the_realized_list_can_page_by_the_specification(make_nsx):
    nsx = make_nsx({**crowd(25), "vm_paging": "spec"})
    pages = all_pages(nsx, REALIZED_VMS, page_size=10)
    assert [page.get("result_count") for page in pages] == [25, None, None]
    assert len({vm["external_id"] for page in pages for vm in page["results"]}) == 25


def test_members_are_paged(make_nsx):
    nsx = make_nsx({**crowd(25), "groups": [
        {"id": "all", "expression": [condition("Name", "CONTAINS", "machine")]}]})
    pages = all_pages(nsx, f"{GROUPS}/all/members/virtual-machines", page_size=10)
    assert [len(page["results"]) for page in pages] == [10, 10, 5]
    assert {vm["id"] for page in pages for vm in page["results"]} == {
        f"vm-{i:04}" for i in range(25)}


# ---- tags -----------------------------------------------------------------------------


def test_tags_are_added_and_removed_as_deltas(nsx):
    other = {"scope": "backup", "tag": "daily"}
    answer = nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert (answer.status, answer.text) == (204, "")
    assert nsx.tag("add_tags", INFECTED, other).status == 204
    assert nsx.tags_of(INFECTED) == [QUARANTINE, other]
    assert nsx.tag("remove_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.tags_of(INFECTED) == [other]
    assert nsx.tags_of(IDS["VDI-02"]) == []


def test_repeated_adds_and_removes_succeed_and_have_one_effect(nsx):
    for _ in range(3):
        assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204
    for _ in range(3):
        assert nsx.tag("remove_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.changes() == [("VDI-01", "added", 1), ("VDI-01", "removed", 4)]


@pytest.mark.parametrize("tag", [{"scope": "nsx-quarantine", "tag": "Isolated"},
                                 {"scope": "", "tag": "isolated"}, {"tag": "isolated"},
                                 {"scope": "nsx-quarantine"}, {}])
def test_a_removal_needs_the_exact_scope_and_tag(nsx, tag):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tag("remove_tags", INFECTED, tag).status == 204
    assert nsx.tags_of(INFECTED) == [QUARANTINE]


def test_update_replaces_all_tags(nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tag("update_tags", INFECTED, {"tag": "only"}).status == 204
    assert nsx.tags_of(INFECTED) == [{"scope": "", "tag": "only"}]
    assert nsx.tag("update_tags", INFECTED).status == 204
    assert nsx.tags_of(INFECTED) == []
    assert [change for _, change, _ in nsx.changes()] == [
        "added", "removed", "added", "removed"]


@pytest.mark.parametrize("body, status, code", [
    ({"external_id": "nobody", "tags": [QUARANTINE]}, 404, 600),
    ("{", 400, 287), ("", 400, 287), ("[]", 400, 287), ("{} {}", 400, 287),
    ({"external_id": INFECTED}, 400, 287),
    ({"tags": [QUARANTINE]}, 400, 287),
    ({"external_id": INFECTED, "tags": {}}, 400, 287),
    ({"external_id": INFECTED, "tags": [], "force": True}, 400, 287),
    ({"external_id": INFECTED, "tags": [{"scope": "s" * 129, "tag": "t"}]}, 400, 220),
    ({"external_id": INFECTED, "tags": [{"scope": "s", "tag": "t" * 257}]}, 400, 220),
    ({"external_id": INFECTED, "tags": [{"tag": f"t{i}"} for i in range(31)]},
     400, 610717),
])
def test_bad_tag_requests_are_refused_and_change_nothing(nsx, body, status, code):
    check_error(nsx.send("POST", VMS + "?action=add_tags", body), status, code)
    assert nsx.changes() == []


def test_limits_of_a_tag_are_characters_not_bytes(nsx):
    tag = {"scope": "ü" * 128, "tag": "ü" * 256}
    assert nsx.tag("add_tags", INFECTED, tag).status == 204
    assert nsx.tags_of(INFECTED) == [tag]


def test_the_thirty_first_tag_is_refused(nsx):
    many = [{"scope": "", "tag": f"t{i}"} for i in range(30)]
    assert nsx.tag("add_tags", INFECTED, *many).status == 204
    assert nsx.tag("add_tags", INFECTED, many[0]).status == 204
    check_error(nsx.tag("add_tags", INFECTED, QUARANTINE), 400, 610717)
    assert len(nsx.tags_of(INFECTED)) == 30


@pytest.mark.parametrize("action", ["", "?action=", "?action=drop_tags"])
def test_a_tag_call_without_a_known_action_is_400(nsx, action):
    answer = nsx.send("POST", VMS + action, {"external_id": INFECTED, "tags": []})
    assert answer.status == 400


def test_effective_resources_lists_who_carries_a_tag(nsx):
    def carriers(**query):
        return [vm["target_display_name"] for vm in
                nsx.get(TAGS + "/effective-resources", **query).results]

    nsx.tag("add_tags", INFECTED, QUARANTINE, {"scope": "a&b", "tag": "x=y"})
    assert carriers(scope="nsx-quarantine", tag="isolated") == ["VDI-01"]
    assert carriers(scope="nsx-quarantine", tag="ISOLATED") == []
    assert carriers(scope="a&b") == ["VDI-01"]
    assert carriers(tag="connection-server") == ["connection-server"]


def test_a_tag_operation_is_asynchronous_and_incremental(nsx):
    nsx.control("PATCH", "settings", {"tag_operation_delay_ms": 400})
    path = TAGS + "/tag-operations/op-1"
    body = {"tag": QUARANTINE, "apply_to": [
        {"resource_type": "VirtualMachine", "resource_ids": [INFECTED, IDS["VDI-02"]]}]}
    answer = nsx.send("PUT", path, body)
    assert answer.status == 200
    assert answer.json["apply_to"] == body["apply_to"]
    assert nsx.get(path + "/status").json["status"] in ("Pending", "Running")
    assert nsx.tags_of(INFECTED) == []
    done = wait_for(lambda: nsx.get(path + "/status").json.get("apply_to")
                    and nsx.get(path + "/status").json, "the operation to end")
    assert done["status"] == "Success"
    assert done["path"] == "/infra/tags/tag-operations/op-1"
    assert done["tag"] == QUARANTINE
    assert [(s["resource_display_name"], s["tag_status"]) for s in
            done["apply_to"][0]["resource_tag_status"]] == [
                ("VDI-01", "Success"), ("VDI-02", "Success")]
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert nsx.get(path).json["tag"] == QUARANTINE
    assert nsx.changes() == [("VDI-01", "added", 1), ("VDI-02", "added", 1)]


def test_a_tag_operation_fails_in_part(nsx):
    nsx.control("PATCH", "settings", {"tag_operation_delay_ms": 0})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    path = TAGS + "/tag-operations/op-2"
    nsx.send("PUT", path, {"tag": QUARANTINE, "remove_from": [
        {"resource_type": "VirtualMachine", "resource_ids": ["nobody", INFECTED]}]})
    status = nsx.get(path + "/status").json
    assert status["status"] == "Error"
    assert [s["tag_status"] for s in status["remove_from"][0]["resource_tag_status"]] == [
        "Error", "Success"]
    assert nsx.tags_of(INFECTED) == []


@pytest.mark.parametrize("body", [
    "{", {}, {"tag": QUARANTINE, "apply_to": [{"resource_type": "Segment",
                                               "resource_ids": []}]},
    {"tag": {"scope": "s" * 129}}, {"tag": QUARANTINE, "apply_to": [{}]},
])
def test_a_wrong_tag_operation_is_refused(nsx, body):
    check_error(nsx.send("PUT", TAGS + "/tag-operations/x", body), 400, 287)
    check_error(nsx.get(TAGS + "/tag-operations/x"), 404, 600)


# ---- groups ---------------------------------------------------------------------------


def test_the_tag_moves_a_desktop_from_one_group_to_the_other(nsx):
    assert nsx.members("vdi") == ["VDI-01", "VDI-02", "VDI-03"]
    assert nsx.members("quarantine") == []
    assert nsx.groups_of(INFECTED) == ["vdi"]
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.members("vdi") == ["VDI-02", "VDI-03"]
    assert nsx.members("quarantine") == ["VDI-01"]
    assert nsx.groups_of(INFECTED) == ["quarantine"]
    nsx.tag("remove_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["vdi"]


def test_associations_and_members_have_the_shapes_of_nsx(nsx):
    assert nsx.get(ASSOCIATIONS, vm_external_id=INFECTED).json == {
        "results": [{"path": f"{GROUP_PATH}/vdi", "target_id": f"{GROUP_PATH}/vdi",
                     "target_display_name": "VDI desktops", "target_type": "Group",
                     "is_valid": True}], "result_count": 1}
    member = nsx.get(f"{GROUPS}/vdi/members/virtual-machines").results[0]
    assert member["id"] == INFECTED
    assert member["path"] == ("/infra/realized-state/enforcement-points/default/"
                              f"virtual-machines/{INFECTED}")
    assert member["power_state"] == "VM_RUNNING"
    assert f"instanceUuid:{INFECTED}" in member["compute_ids"]
    assert nsx.groups_of("nobody") == []
    assert nsx.get(ASSOCIATIONS).status == 400


def test_groups_are_listed_and_read(nsx):
    names = [group["id"] for group in nsx.get(GROUPS).results]
    assert names == ["connection-servers", "file-servers", "quarantine", "vdi"]
    group = nsx.get(GROUPS + "/quarantine").json
    assert group["path"] == f"{GROUP_PATH}/quarantine"
    assert group["resource_type"] == "Group"
    assert group["expression"][0]["value"] == "nsx-quarantine|isolated"


def test_a_missing_object_is_404_or_400_as_the_settings_say(nsx):
    check_error(nsx.get(GROUPS + "/x"), 404, 600)
    check_error(nsx.get(POLICIES + "/x/rules"), 404, 600)
    nsx.control("PATCH", "settings", {"missing_policy_object": "400"})
    check_error(nsx.get(GROUPS + "/x"), 400, 500012)
    check_error(nsx.get(POLICIES + "/vdi/rules/x"), 400, 500012)


def test_what_is_asked_under_an_unknown_path_is_an_invalid_path(nsx):
    check_error(nsx.get(GROUPS + "/x/members/virtual-machines"), 400, 500012)
    check_error(nsx.get(STATUS, intent_path=GROUP_PATH + "/x"), 400, 500012)
    assert nsx.get(STATUS).status == 400


TAGGED = {"VDI-01": [{"scope": "Env", "tag": "Prod"}],
          "VDI-02": [{"scope": "env", "tag": "test"}, {"scope": "app", "tag": "prod"}],
          "VDI-03": [{"tag": "prod"}]}


@pytest.mark.parametrize("expression, expected", [
    ([condition("Tag", "EQUALS", "env|prod")], "1"),
    ([condition("Tag", "EQUALS", "ENV|PROD")], "1"),
    ([condition("Tag", "EQUALS", "|prod")], "123"),
    ([condition("Tag", "EQUALS", "prod")], "123"),
    ([condition("Tag", "EQUALS", "env|")], "12"),
    ([condition("Tag", "NOTEQUALS", "env|prod")], "23cfe"),
    ([condition("Tag", "NOTEQUALS", "|prod")], "cfe"),
    ([condition("Tag", "EQUALS", "env|prod", scope_operator="NOTEQUALS")], "23"),
    ([condition("Tag", "CONTAINS", "|es")], "2"),
    ([condition("Tag", "STARTSWITH", "|conn")], "c"),
    ([condition("Tag", "ENDSWITH", "|-SERVER")], "c"),
    ([condition("Tag", "IN", "env|prod,test")], "12"),
    ([condition("Tag", "NOTIN", "env|prod,test")], "3cfe"),
    ([condition("Tag", "MATCHES", "|pro.*")], "123"),
    ([condition("Name", "EQUALS", "vdi-01")], "1"),
    ([condition("Name", "EQUALS", "VDI-0")], ""),
    ([condition("Name", "NOTEQUALS", "VDI-01")], "23cfe"),
    ([condition("Name", "CONTAINS", "SERVER")], "cf"),
    ([condition("Name", "STARTSWITH", "vdi-")], "123"),
    ([condition("Name", "ENDSWITH", "-01")], "1e"),
    ([condition("Name", "ENDSWITH", "x" * 300)], ""),
    ([condition("Name", "IN", "VDI-01, VDI-03")], "13"),
    ([condition("Name", "NOTIN", "VDI-01,VDI-03")], "2cfe"),
    ([condition("Name", "MATCHES", "vdi-0[12]")], "12"),
    ([condition("Name", "MATCHES", "0[12]")], ""),
    ([condition("OSName", "CONTAINS", "windows server")], "cf"),
    ([condition("ComputerName", "STARTSWITH", "hcs-")], "c"),
    ([condition("Name", "STARTSWITH", "VDI-", member_type="Segment")], ""),
    # AND binds tighter than OR, on either side of it
    ([condition("Name", "EQUALS", "edge-01"), OR, condition("Name", "STARTSWITH", "VDI"),
      AND, condition("Name", "ENDSWITH", "3")], "3e"),
    ([condition("Name", "STARTSWITH", "VDI"), AND, condition("Name", "ENDSWITH", "3"), OR,
      condition("Name", "EQUALS", "edge-01")], "3e"),
    ([{"resource_type": "NestedExpression", "expressions": [
        condition("Name", "STARTSWITH", "VDI"), AND, condition("Name", "ENDSWITH", "2")]},
      OR, condition("Name", "EQUALS", "edge-01")], "2e"),
    ([{"resource_type": "ExternalIDExpression", "member_type": "VirtualMachine",
       "external_ids": [INFECTED, "nobody"]}], "1"),
    ([{"resource_type": "ExternalIDExpression", "member_type": "VirtualNetworkInterface",
       "external_ids": [INFECTED]}], ""),
    ([{"resource_type": "PathExpression", "paths": [GROUP_PATH + "/file-servers"]}, OR,
      condition("Name", "EQUALS", "edge-01")], "fe"),
    ([{"resource_type": "PathExpression", "paths": [
        "/infra/realized-state/enforcement-points/default/virtual-machines/" + INFECTED,
        "/infra/segments/x"]}], "1"),
    ([{"resource_type": "IPAddressExpression", "ip_addresses": ["192.0.2.0/24"]}], ""),
    ([], ""),
])
def test_membership_is_computed_from_the_expression(nsx, expression, expected):
    for name, tags in TAGGED.items():
        nsx.control("PATCH", f"vms/{IDS[name]}", {"tags": tags})
    nsx.put_group("g", *expression)
    letters = {"VDI-01": "1", "VDI-02": "2", "VDI-03": "3", "connection-server": "c",
               "file-server": "f", "edge-01": "e"}
    assert sorted(letters[name] for name in nsx.members("g")) == sorted(expected)


def test_an_exclusion_takes_members_out(nsx):
    nsx.put_group("g", condition("Name", "STARTSWITH", "VDI-"),
                  exclude=[condition("Name", "ENDSWITH", "2")])
    assert nsx.members("g") == ["VDI-01", "VDI-03"]


def test_groups_that_contain_each_other_have_no_members(nsx):
    nsx.put_group("a", {"resource_type": "PathExpression", "paths": [GROUP_PATH + "/b"]})
    nsx.put_group("b", {"resource_type": "PathExpression", "paths": [GROUP_PATH + "/a"]})
    assert nsx.members("a") == []


def test_vms_come_change_and_go(nsx):
    nsx.control("POST", "vms", {"external_id": "new", "display_name": "VDI-04"})
    assert "VDI-04" in nsx.members("vdi")
    nsx.control("PATCH", "vms/new", {"display_name": "renamed", "tags": [QUARANTINE]})
    assert nsx.members("quarantine") == ["renamed"]
    assert nsx.changes() == [("renamed", "added", None)]
    nsx.control("DELETE", "vms/new")
    assert nsx.members("quarantine") == []
    assert nsx.get(VMS, external_id="new").results == []


@pytest.mark.parametrize("method, path, body, message", [
    ("POST", "vms", {"external_id": INFECTED, "display_name": "x"}, "used twice"),
    ("POST", "vms", {"external_id": "x"}, "vm.display_name: missing"),
    ("PATCH", f"vms/{INFECTED}", {"external_id": "x"}, "vm.external_id: cannot change"),
    ("PATCH", f"vms/{INFECTED}", {"colour": 1}, "vm.colour: no such member"),
    ("PATCH", "vms/nobody", {}, "no VM has this external id"),
    ("PATCH", "settings", {"colour": 1}, "colour: no such member"),
    ("POST", "realization", {"delay_ms": "x"}, "delay_ms: must be"),
    ("POST", "faults", [{"path": "/"}], "[0]: no member says what goes wrong"),
    ("POST", "faults", [{"hang": True, "reset": True}], "[0].reset: another member"),
    ("POST", "faults", [{"hang": True}, {"hang": 1}], "[1].hang: must be true or false"),
    ("POST", "faults", [{"status": 99}], "[0].status: must be 200 to 599"),
    ("PUT", "groups/g", {"expression": [{"resource_type": "x"}]}, "group.expression[0]"),
    ("PATCH", "firewall", {"exclude_list": ["/x"]}, "exclude_list[0]: no such group"),
    ("GET", "held?count=x", None, "count: must be a number"),
    ("GET", "flow?from=VDI-01&to=nobody", None, "to: no VM is called nobody"),
    ("GET", "flow?from=VDI-01", None, "to: missing"),
    ("GET", "nothing", None, "no such path under /sim"),
    ("DELETE", "world", None, "does not take that method"),
    ("POST", "vms", "{", "not valid JSON"),
])
def test_wrong_control_calls_say_what_is_wrong_and_change_nothing(nsx, method, path, body,
                                                                   message):
    before = nsx.control("GET", "world")
    answer = nsx.send(method, "/sim/" + path, body, {})
    assert 400 <= answer.status < 500
    assert message in answer.json["error"]
    assert nsx.control("GET", "world") == before
    assert nsx.control("GET", "faults") == []


def test_the_world_that_it_shows_is_a_world_file(nsx, make_nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    world = nsx.control("GET", "world")
    again = make_nsx(world)
    assert again.groups_of(INFECTED) == ["quarantine"]
    assert again.control("GET", "world") == world


# ---- realization ----------------------------------------------------------------------


LONG = 3_600_000


def test_groups_and_firewall_follow_the_tag_after_the_delay(nsx):
    nsx.control("POST", "realization", {"delay_ms": 300})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tags_of(INFECTED) == [QUARANTINE], "the tag is there at once"
    wait_for(lambda: nsx.groups_of(INFECTED) == ["quarantine"], "the group to follow")
    wait_for(lambda: nsx.status("quarantine") == "SUCCESS", "the realization")
    assert not nsx.allowed("VDI-01", "file-server")


def test_before_the_delay_only_the_tag_is_new(nsx):
    nsx.control("POST", "realization", {"delay_ms": LONG})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert nsx.groups_of(INFECTED) == ["vdi"]
    assert nsx.members("quarantine") == []
    assert nsx.status("quarantine") == "IN_PROGRESS"
    assert nsx.status("vdi") == "IN_PROGRESS"
    assert nsx.status("file-servers") == "SUCCESS"
    assert nsx.allowed("VDI-01", "file-server")


def test_membership_and_realization_have_delays_of_their_own(nsx):
    nsx.control("POST", "realization", {"membership_delay_ms": 0,
                                        "realization_delay_ms": LONG})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["quarantine"]
    assert nsx.status("quarantine") == "IN_PROGRESS"
    assert nsx.allowed("VDI-01", "file-server"), "the hosts do not know it yet"


def test_the_firewall_is_never_ahead_of_the_group(nsx):
    nsx.control("POST", "realization", {"membership_delay_ms": LONG,
                                        "realization_delay_ms": 0})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["vdi"]
    assert nsx.allowed("VDI-01", "file-server")


def test_changes_arrive_in_their_order(nsx):
    nsx.control("POST", "realization", {"delay_ms": LONG})
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    nsx.control("POST", "realization", {"delay_ms": 0})
    nsx.tag("remove_tags", INFECTED, QUARANTINE)
    assert nsx.groups_of(INFECTED) == ["vdi"]
    assert nsx.status("quarantine") == "IN_PROGRESS", "the add is still on its way"


def test_the_status_of_an_intent_has_the_shape_of_nsx(nsx):
    answer = nsx.get(STATUS, intent_path=GROUP_PATH + "/vdi").json
    assert answer == {"intent_path": GROUP_PATH + "/vdi", "publish_status": "REALIZED",
                      "consolidated_status": {"consolidated_status": "SUCCESS"}}
    policy = "/infra/domains/default/security-policies/quarantine"
    answer = nsx.get(STATUS, intent_path=policy + "/rules/quarantine-in",
                     include_enforced_status="true").json
    (point,) = answer["consolidated_status_per_enforcement_point"]
    assert point["enforcement_point_id"] == "default"
    assert point["consolidated_status"] == {"consolidated_status": "SUCCESS"}


# ---- the data plane -------------------------------------------------------------------


def test_the_story_of_the_infected_desktop(nsx):
    assert nsx.flow("VDI-01", "file-server")["rule_name"] == "#2 VDI to servers"
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "#3 VDI to VDI blocked"
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    answer = nsx.flow("VDI-01", "file-server")
    assert answer["allowed"] is False
    assert answer["action"] == "DROP"
    assert answer["rule"] == ("/infra/domains/default/security-policies/quarantine/rules/"
                              "quarantine-out")
    assert answer["rule_name"] == "#5 Quarantine out blocked"
    assert nsx.flow("file-server", "VDI-01")["rule_name"] == "#4 Quarantine in blocked"
    assert nsx.allowed("VDI-01", "connection-server")
    assert nsx.allowed("connection-server", "VDI-01")
    assert not nsx.allowed("VDI-01", "VDI-02")
    assert not nsx.allowed("VDI-02", "VDI-01")
    nsx.tag("add_tags", IDS["VDI-02"], QUARANTINE)
    assert not nsx.allowed("VDI-01", "VDI-02"), "two quarantined desktops"
    nsx.tag("remove_tags", INFECTED, QUARANTINE)
    assert nsx.allowed("VDI-01", "file-server")


def test_ends_are_names_ids_or_addresses(nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    for end in ("VDI-01", INFECTED, "192.0.2.11", "2001:db8:10::11"):
        assert not nsx.allowed(end, "file-server")
        assert not nsx.allowed("203.0.113.9", end)
    assert not nsx.allowed("VDI-01", "203.0.113.9")
    assert nsx.allowed("VDI-02", "203.0.113.9")
    assert nsx.allowed("203.0.113.9", "203.0.113.10")
    nsx.control("POST", "vms", {"external_id": "x", "display_name": "VDI-01"})
    answer = nsx.send("GET", "/sim/flow?from=VDI-01&to=VDI-02", headers={})
    assert "more than one VM is called VDI-01" in answer.json["error"]


def rule(name, action, number=10, **more):
    return {"id": name, "action": action, "sequence_number": number, **more}


def put_policy(nsx, name, category, *rules, **more):
    nsx.control("PUT", f"security-policies/{name}",
                {"category": category, "rules": list(rules), **more})


@pytest.mark.parametrize("first, second, decides", [
    ("Emergency", "Infrastructure", "first"), ("Application", "Environment", "second"),
    ("Infrastructure", "Environment", "first"), ("Application", "Emergency", "second"),
])
def test_categories_are_evaluated_in_the_order_of_nsx(make_nsx, first, second, decides):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "one", first, rule("first", "ALLOW"))
    put_policy(nsx, "two", second, rule("second", "REJECT"))
    answer = nsx.flow("VDI-01", "VDI-02")
    assert answer["rule_name"] == decides
    assert answer["allowed"] == (decides == "first")


def test_sequence_numbers_order_policies_and_rules(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "late", "Application", rule("late", "DROP"), sequence_number=20)
    put_policy(nsx, "early", "Application", rule("second", "DROP", 9),
               rule("first", "ALLOW", 2), sequence_number=3)
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "first"


def test_ethernet_can_only_take_away(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "l2", "Ethernet", rule("l2", "ALLOW"))
    put_policy(nsx, "l3", "Application", rule("l3", "DROP"))
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "l3"
    put_policy(nsx, "l2", "Ethernet", rule("l2", "DROP"))
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "l2"


def test_a_jump_skips_the_rest_of_its_category(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "env", "Environment", rule("jump", "JUMP_TO_APPLICATION", 1),
               rule("never", "DROP", 2))
    put_policy(nsx, "env2", "Environment", rule("nor", "DROP"), sequence_number=9)
    put_policy(nsx, "app", "Application", rule("app", "ALLOW"))
    assert nsx.flow("VDI-01", "VDI-02")["rule_name"] == "app"


@pytest.mark.parametrize("more, allowed", [
    ({}, False),
    ({"disabled": True}, True),
    ({"direction": "IN"}, False),
    ({"direction": "OUT"}, False),
    ({"source_groups": [GROUP_PATH + "/vdi"]}, False),
    ({"source_groups": [GROUP_PATH + "/vdi"], "sources_excluded": True}, True),
    ({"source_groups": [GROUP_PATH + "/file-servers"]}, True),
    ({"destination_groups": [GROUP_PATH + "/file-servers"]}, False),
    ({"destination_groups": [GROUP_PATH + "/file-servers"],
      "destinations_excluded": True}, True),
    ({"destination_groups": ["192.0.2.0/27"]}, False),
    ({"destination_groups": ["192.0.2.0/28"]}, True),
    ({"destination_groups": ["192.0.2.29-192.0.2.31"]}, False),
    ({"destination_groups": ["any"]}, False),
    ({"services": ["/infra/services/SMB"]}, False),
    ({"service_entries": [{"resource_type": "L4PortSetServiceEntry", "l4_protocol": "UDP",
                           "destination_ports": ["445"]}], "services": []}, True),
    ({"scope": [GROUP_PATH + "/vdi"]}, False),
    ({"scope": [GROUP_PATH + "/connection-servers"]}, True),
    ({"ip_protocol": "IPV6"}, True),
    ({"ip_protocol": "IPV4"}, False),
])
def test_a_rule_matches_by_all_its_members(make_nsx, more, allowed):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application", rule("r", "DROP", **more))
    assert nsx.allowed("VDI-01", "file-server", port=445) == allowed


def test_a_rule_for_services_does_not_decide_other_ports(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application", rule("r", "DROP", services=["/infra/services/SMB"]))
    assert not nsx.allowed("VDI-01", "file-server", port=445, protocol="tcp")
    assert nsx.allowed("VDI-01", "file-server", port=445, protocol="udp")
    assert nsx.allowed("VDI-01", "file-server", port=443)
    assert nsx.allowed("VDI-01", "file-server")


def test_the_scope_of_a_policy_overrides_that_of_its_rules(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application", rule("r", "DROP", scope=[GROUP_PATH + "/vdi"]),
               scope=[GROUP_PATH + "/connection-servers"])
    assert nsx.allowed("VDI-01", "file-server")
    assert not nsx.allowed("VDI-01", "connection-server")


def test_both_ports_must_allow(make_nsx):
    nsx = make_nsx(world_with(security_policies=[]))
    put_policy(nsx, "p", "Application",
               rule("r", "DROP", scope=[GROUP_PATH + "/file-servers"]))
    steps = nsx.flow("VDI-01", "file-server")["judgements"]
    assert [(step["direction"], step["action"]) for step in steps] == [
        ("OUT", "ALLOW"), ("IN", "DROP")]
    assert len(nsx.flow("file-server", "VDI-01")["judgements"]) == 1


def test_what_switches_the_firewall_off(nsx):
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert not nsx.allowed("VDI-01", "203.0.113.9")
    nsx.control("PATCH", "firewall", {"exclude_list": [GROUP_PATH + "/quarantine"]})
    assert nsx.get(SECURITY + "/exclude-list").json["members"] == [
        GROUP_PATH + "/quarantine"]
    answer = nsx.flow("VDI-01", "203.0.113.9")
    assert answer["allowed"]
    assert answer["judgements"][0]["why"] == "the VM is on the exclude list"
    nsx.control("PATCH", "firewall", {"exclude_list": [], "enable_firewall": False})
    assert nsx.get(SECURITY).json["enable_firewall"] is False
    assert nsx.allowed("VDI-01", "203.0.113.9")
    nsx.control("PATCH", "firewall", {"enable_firewall": True})
    vifs = nsx.control("GET", f"vms/{INFECTED}")["vifs"]
    del vifs[0]["lport_attachment_id"]
    nsx.control("PATCH", f"vms/{INFECTED}", {"vifs": vifs})
    assert nsx.allowed("VDI-01", "203.0.113.9"), "a port that is not NSX's"


# ---- policies and statistics ----------------------------------------------------------


def test_policies_are_listed_without_and_read_with_their_rules(nsx):
    policies = nsx.get(POLICIES, include_rule_count="true").results
    assert all("rules" not in policy for policy in policies)
    assert {policy["id"]: policy["rule_count"] for policy in policies} == {
        "default-layer3-section": 1, "quarantine": 4, "vdi": 2}
    assert "rule_count" not in nsx.get(POLICIES).results[0]
    policy = nsx.get(POLICIES + "/quarantine").json
    assert policy["category"] == "Emergency"
    assert policy["rules"] == nsx.get(POLICIES + "/quarantine/rules").results
    first = policy["rules"][0]
    assert first == nsx.get(POLICIES + "/quarantine/rules/" + first["id"]).json
    assert first["path"].endswith("/quarantine/rules/quarantine-to-connection-server")
    assert first["rule_id"] == 2001
    assert first["scope"] == ["ANY"]


def hits(nsx, policy, name):
    (point,) = nsx.get(f"{POLICIES}/{policy}/rules/{name}/statistics").results
    return point["statistics"]["hit_count"]


def test_flows_count_into_the_rules_that_decide_them(nsx):
    assert hits(nsx, "quarantine", "quarantine-out") == 0
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    for _ in range(3):
        nsx.flow("VDI-01", "file-server")
    assert hits(nsx, "quarantine", "quarantine-out") == 3
    nsx.flow("VDI-02", "file-server")
    assert hits(nsx, "vdi", "vdi-to-servers") == 2, "once at each end"


def test_statistics_are_nested_by_enforcement_point(nsx):
    nsx.flow("VDI-01", "file-server")
    answer = nsx.get(POLICIES + "/vdi/statistics").json
    (point,) = answer["results"]
    assert point["enforcement_point"].endswith("/enforcement-points/default")
    assert point["statistics"]["result_count"] == 2
    one, other = point["statistics"]["results"]
    assert one["rule"].endswith("/vdi/rules/vdi-to-servers")
    assert one["internal_rule_id"] == "2005"
    assert (one["hit_count"], one["packet_count"], one["session_count"]) == (2, 2, 2)
    assert one["byte_count"] > 0
    assert other["hit_count"] == 0
    assert one["total_session_count"] == other["total_session_count"] == 2


def test_statistics_can_be_flat(nsx):
    nsx.control("PATCH", "settings", {"statistics": "flat"})
    (one, _) = nsx.get(POLICIES + "/vdi/statistics").results
    assert one["hit_count"] == 0
    (one,) = nsx.get(POLICIES + "/vdi/rules/vdi-to-vdi/statistics").results
    assert one["rule"].endswith("/vdi-to-vdi")


def test_a_rewritten_rule_counts_from_zero(nsx):
    nsx.flow("VDI-01", "file-server")
    nsx.flow("VDI-01", "VDI-02")
    policy = nsx.get(POLICIES + "/vdi").json
    policy["rules"][0]["logged"] = True
    nsx.control("PUT", "security-policies/vdi", policy)
    assert hits(nsx, "vdi", "vdi-to-servers") == 0
    assert hits(nsx, "vdi", "vdi-to-vdi") == 1


# ---- journal --------------------------------------------------------------------------


def test_the_journal_tells_requests_and_effects(nsx):
    nsx.get(VMS, page_size=1)
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    nsx.get(GROUPS + "/x")
    journal = nsx.journal()
    assert [(r["number"], r["method"], r["path"], r["status"], r["answered"])
            for r in journal["requests"]] == [
                (1, "GET", VMS + "?page_size=1", 200, True),
                (2, "POST", VMS + "?action=add_tags", 204, True),
                (3, "GET", GROUPS + "/x", 404, True)]
    assert json.loads(journal["requests"][1]["body"])["external_id"] == INFECTED
    (change,) = journal["changes"]
    assert change["request"] == 2
    assert change["external_id"] == INFECTED
    assert (change["change"], change["scope"], change["tag"]) == (
        "added", "nsx-quarantine", "isolated")
    assert [r["number"] for r in nsx.journal(since=2)["requests"]] == [3]
    nsx.control("POST", "journal/clear")
    assert nsx.requests() == []
    nsx.get(VMS)
    assert [r["number"] for r in nsx.requests()] == [4]


def test_the_journal_can_be_waited_for(nsx):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(nsx.journal, min_changes=1, timeout_ms=20000)
        nsx.tag("add_tags", INFECTED, QUARANTINE)
        assert len(waiting.result()["changes"]) == 1
    assert nsx.journal(min_requests=99, timeout_ms=1)["last_request"] == 1


def test_control_calls_are_not_in_the_journal_and_need_no_login(nsx):
    nsx.control("GET", "world")
    nsx.flow("VDI-01", "VDI-02")
    assert nsx.requests() == []


def test_the_log_has_a_line_for_each_request(nsx):
    nsx.get(VMS)
    nsx.fault(path=VIFS, reset=True)
    with pytest.raises(OSError):
        nsx.get(VIFS)
    with open(nsx.path("nsx.log"), encoding="utf-8") as file:
        first, second = file.read().splitlines()
    assert first.endswith(f"#1 GET {VMS} answered 200")
    assert second.endswith(f"#2 GET {VIFS} reset 0 fault=reset")


# ---- faults ---------------------------------------------------------------------------


ADD = {"method": "POST", "path": VMS, "query": "action=add_tags"}


def effect(nsx):
    return [change for _, change, _ in nsx.changes()]


def test_a_fault_fits_by_method_path_and_query(nsx):
    nsx.fault(**ADD, status=500)
    assert nsx.get(VMS).status == 200
    assert nsx.tag("remove_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 500
    assert effect(nsx) == []
    nsx.control("DELETE", "faults")
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204


def test_a_fault_skips_and_ends_as_often_as_it_says(nsx):
    nsx.fault(path=VMS, after=2, times=3, status=503)
    assert [nsx.get(VMS).status for _ in range(7)] == [200, 200, 503, 503, 503, 200, 200]
    (fault,) = nsx.control("GET", "faults")
    assert (fault["matched"], fault["applied"]) == (5, 3)


def test_the_first_fault_that_still_applies_wins(nsx):
    nsx.control("POST", "faults", [{"path": VMS, "times": 1, "status": 429},
                                   {"path": VMS, "times": 1, "status": 503},
                                   {"status": 418}])
    assert [nsx.get(VMS).status for _ in range(3)] == [429, 503, 418]


def test_status_answers_what_it_is_given(nsx):
    nsx.fault(path=VMS, status=429, body={"error_code": "102"},
              headers={"Retry-After": "7"}, times=1)
    answer = nsx.get(VMS)
    assert (answer.status, answer.json) == (429, {"error_code": "102"})
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    nsx.fault(path=VMS, status=502, body="<h1>no", content_type="text/plain", times=1)
    answer = nsx.get(VMS)
    assert (answer.status, answer.text) == (502, "<h1>no")
    assert answer.headers["Content-Type"] == "text/plain"
    nsx.fault(path=VMS, status=500, times=1)
    assert nsx.get(VMS).text == ""


def test_html_is_the_page_of_a_proxy(nsx):
    nsx.fault(**ADD, html=True)
    answer = nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert effect(nsx) == []


def test_delay_keeps_only_its_own_request_waiting(nsx):
    nsx.fault(path=VIFS, delay_ms=400)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(nsx.get, VIFS)
        nsx.journal(min_requests=1)
        assert nsx.get(VMS).status == 200
        assert [r["status"] for r in nsx.requests()] == [0, 200], "vifs is not answered yet"
        assert slow.result().status == 200


def test_a_delay_may_come_before_another_fault(nsx):
    nsx.fault(path=VMS, delay_ms=1, status=503)
    assert nsx.get(VMS).status == 503


def test_hang_never_answers_and_blocks_nobody(nsx):
    nsx.fault(**ADD, hang=True)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        hung = [pool.submit(nsx.tag, "add_tags", INFECTED, QUARANTINE, timeout=1)
                for _ in range(20)]
        nsx.journal(min_requests=20)
        assert nsx.get(VMS).status == 200
        for future in hung:
            with pytest.raises(TimeoutError):
                future.result()
    assert effect(nsx) == []
    assert not any(r["answered"] for r in nsx.requests() if r["method"] == "POST")


def test_a_hung_request_ends_with_its_client(nsx):
    nsx.control("PATCH", "settings", {"concurrent_requests": 3})
    nsx.fault(path=VIFS, hang=True)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            nsx.send("GET", VIFS, timeout=0.2)
    wait_for(lambda: nsx.get(VMS).status == 200, "the hung requests to be given up")


def test_a_held_request_is_not_applied_until_it_is_released(nsx):
    nsx.fault(**ADD, hold=True, times=1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(nsx.tag, "add_tags", INFECTED, QUARANTINE)
        held = nsx.control("GET", "held", count=1)
        assert held["reached"]
        (one,) = held["held"]
        assert (one["method"], one["applied"], one["client_gone"]) == ("POST", False, False)
        assert nsx.tags_of(INFECTED) == []
        assert nsx.control("POST", "release", [{"all": True}]) == {"released": 1}
        assert asked.result().status == 204
    assert nsx.tags_of(INFECTED) == [QUARANTINE]
    assert nsx.control("GET", "held") == {"count": 0, "reached": True, "held": []}


def test_an_answer_can_be_held_after_the_effect(nsx):
    nsx.fault(**ADD, hold_after=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(nsx.tag, "add_tags", INFECTED, QUARANTINE)
        (one,) = nsx.control("GET", "held", count=1)["held"]
        assert one["applied"]
        assert nsx.tags_of(INFECTED) == [QUARANTINE]
        assert nsx.requests()[0]["answered"] is False
        nsx.control("POST", "release", {"number": one["number"]})
        assert asked.result().status == 204
    assert nsx.requests()[0]["answered"] is True


@pytest.mark.parametrize("apply, expected", [(True, ["added"]), (False, [])])
def test_a_held_request_outlives_its_client(nsx, apply, expected):
    nsx.fault(**ADD, hold=True)
    connection = nsx.connect()
    connection.request("POST", VMS + "?action=add_tags",
                       json.dumps({"external_id": INFECTED, "tags": [QUARANTINE]}),
                       nsx.login())
    nsx.control("GET", "held", count=1)
    connection.close()
    wait_for(lambda: nsx.control("GET", "held")["held"][0]["client_gone"],
             "the simulator to see the end of the connection")
    nsx.control("POST", "release", [{"all": True, "apply": apply}])
    wait_for(lambda: nsx.control("GET", "held")["count"] == 0, "the release")
    wait_for(lambda: effect(nsx) == expected, "the effect")
    wait_for(lambda: not nsx.requests()[0]["answered"], "the answer to be lost")


def test_held_requests_are_released_one_by_one(nsx):
    nsx.fault(path=VMS, hold=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(nsx.get, VMS, page_size=size) for size in (1, 2)]
        held = nsx.control("GET", "held", count=2)["held"]
        later = next(one for one in held if one["path"].endswith("=2"))
        nsx.control("POST", "release", [{"number": later["number"]}])
        assert len(asked[1].result().results) == 2
        assert nsx.control("GET", "held")["count"] == 1
        nsx.control("POST", "release", {})
        assert len(asked[0].result().results) == 1


def test_waiting_for_held_requests_ends_in_time(nsx):
    answer = nsx.control("GET", "held", count=1, timeout_ms=10)
    assert answer == {"count": 0, "reached": False, "held": []}


def test_truncate_announces_more_than_it_sends(nsx):
    nsx.fault(path=VMS, truncate=100)
    with pytest.raises(http.client.IncompleteRead) as cut:
        nsx.get(VMS)
    assert len(cut.value.partial) == 100
    assert cut.value.partial.startswith(b'{"results":[')
    (entry,) = nsx.requests()
    assert (entry["status"], entry["answered"], entry["fault"]) == (200, False, "truncate")


def test_truncate_does_not_touch_shorter_bodies(nsx):
    nsx.fault(truncate=100000)
    assert nsx.get(VMS).status == 200
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204


def test_reset_is_a_reset_and_has_no_effect(nsx):
    nsx.fault(**ADD, reset=True)
    with pytest.raises(ConnectionResetError):
        nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert effect(nsx) == []
    assert nsx.requests()[0]["answered"] is False


def test_drop_after_apply_leaves_the_outcome_open(nsx):
    nsx.fault(**ADD, drop_after_apply=True)
    with pytest.raises(http.client.RemoteDisconnected) as end:
        nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert not isinstance(end.value.__context__, ConnectionResetError)
    assert effect(nsx) == ["added"]
    assert nsx.requests()[0]["answered"] is False


def test_ignore_answers_success_and_does_nothing(nsx):
    nsx.fault(ignore=True)
    assert nsx.tag("add_tags", INFECTED, QUARANTINE).status == 204
    assert nsx.tag("add_tags", "nobody", QUARANTINE).status == 404
    answer = nsx.send("PUT", TAGS + "/tag-operations/x", {"tag": QUARANTINE})
    assert answer.status == 200
    assert effect(nsx) == []
    assert nsx.get(TAGS + "/tag-operations/x").status == 404


def test_a_large_world_is_served_quickly(make_nsx):
    nsx = make_nsx(crowd(20000))
    pages = all_pages(nsx, VMS, sort_by="external_id")
    assert sum(len(page["results"]) for page in pages) == 20000
