# SPDX-License-Identifier: Apache-2.0
"""The simulator as a program: options, world files, signals, login, limits."""

import concurrent.futures
import copy
import http.client
import json
import re
import signal
import subprocess
import urllib.parse

import pytest

from support.lab import SIMULATOR, WORLDS
from support.nsx_client import Answer, OR, VDI, VIFS, VMS, check_error, condition
from support.waiting import wait_for

WORLD = WORLDS["policy"]


# ---- the program ---------------------------------------------------------------------


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
    ["--world", WORLD, "--no-tls", "--port", "0,"],
    ["--world", WORLD, "--no-tls", "--port", "0,0,0,0,0,0,0,0,0"],
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


# ---- login, headers, limits ----------------------------------------------------------


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


def test_too_many_requests_at_a_time_can_be_503(nsx):
    nsx.settings(concurrent_requests=1, overload_status="503")
    nsx.fault(path=VIFS, hold=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        held = pool.submit(nsx.get, VIFS)
        nsx.control("GET", "held", count=1)
        check_error(nsx.get(VMS), 503, 102)
        nsx.control("POST", "release", {"all": True})
        assert held.result().status == 200


@pytest.mark.parametrize("name, message", [("nsx-w", 'api: there is no "nsx-w"'),
                                           (7, "api: must be a string")])
def test_an_unknown_generation_is_refused(tmp_path, name, message):
    path = tmp_path / "world.json"
    path.write_text(json.dumps({**VDI, "api": name}), encoding="utf-8")
    done = run("--world", str(path), "--no-tls")
    assert done.returncode == 1
    assert message in done.stderr


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
