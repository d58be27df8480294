# SPDX-License-Identifier: Apache-2.0
"""A cluster of nodes: down, hung, ill; and another certificate."""

import concurrent.futures
import os
import ssl
import subprocess

import pytest

from support.certificates import make_certificates
from support.lab import SIMULATOR, WORLDS
from support.nsx_client import INFECTED, QUARANTINE, VMS
from support.waiting import wait_for

HEALTH = "/api/v1/reverse-proxy/node/health"

WORLD = WORLDS["policy"]


@pytest.fixture
def cluster(make_nsx):
    return make_nsx(nodes=3)


def set_node(nsx, number, state, ask=2):
    return nsx.control("POST", f"nodes/{number}", {"state": state}, node=ask)


def test_each_node_has_a_port_and_all_share_one_world(cluster):
    assert len(set(cluster.ports)) == 3
    cluster.tag("add_tags", INFECTED, QUARANTINE, node=1)
    for node in range(3):
        (vm,) = cluster.get(VMS, external_id=INFECTED, node=node).results
        assert vm["tags"] == [QUARANTINE]
        assert cluster.get(HEALTH, node=node).json == {"healthy": True}
    assert [r["node"] for r in cluster.requests()] == [1, 0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("count", ["0", "9", "x"])
def test_the_number_of_nodes_has_limits(count):
    done = subprocess.run([SIMULATOR, "--world", WORLD, "--no-tls", "--nodes", count],
                          capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 2
    assert "--nodes must be a number from 1 to 8" in done.stderr


def test_a_cluster_can_start_again_on_its_ports(cluster):
    argv = cluster.daemon.argv
    argv[argv.index("--port") + 1] = ",".join(str(port) for port in cluster.ports)
    cluster.daemon.stop()
    os.unlink(cluster.path("port"))
    cluster.daemon.start()
    wait_for(lambda: os.path.exists(cluster.path("port")), "the port file")
    with open(cluster.path("port"), encoding="ascii") as file:
        assert [int(line) for line in file] == cluster.ports


def test_a_node_that_is_down_refuses_connections_until_it_is_up_again(cluster):
    connection = cluster.connect(node=1)
    connection.request("GET", VMS, headers=cluster.login())
    assert connection.getresponse().read()
    set_node(cluster, 1, "down")
    with pytest.raises(ConnectionRefusedError):
        cluster.get(VMS, node=1)
    with pytest.raises(OSError):
        connection.request("GET", VMS, headers=cluster.login())
        connection.getresponse()
    assert cluster.get(VMS, node=0).status == 200
    assert [node["state"] for node in cluster.control("GET", "nodes")] == [
        "up", "down", "up"]
    set_node(cluster, 1, "up")
    assert cluster.get(VMS, node=1).status == 200
    assert [node["port"] for node in cluster.control("GET", "nodes")] == cluster.ports


def test_a_node_goes_down_in_the_middle_of_a_request(cluster):
    cluster.fault(node=1, hold=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(cluster.tag, "add_tags", INFECTED, QUARANTINE, node=1)
        cluster.control("GET", "held", count=1)
        set_node(cluster, 1, "down")
        with pytest.raises(OSError):
            asked.result()
    cluster.control("POST", "release", {"apply": False})
    assert cluster.changes() == []


def test_a_hung_node_accepts_and_never_answers(cluster):
    set_node(cluster, 0, "hung")
    with pytest.raises(TimeoutError):
        cluster.get(VMS, node=0, timeout=0.5)
    assert cluster.get(VMS, node=1).status == 200
    assert cluster.control("GET", "nodes", node=0)[0]["state"] == "hung", "/sim is served"
    set_node(cluster, 0, "up", ask=0)
    assert cluster.get(VMS, node=0).status == 200
    hung = cluster.requests()[0]
    assert (hung["fault"], hung["status"], hung["answered"]) == ("node", 0, False)


def test_an_unhealthy_node_answers_503_to_everything(cluster):
    set_node(cluster, 0, "unhealthy", ask=0)
    for path in (VMS, HEALTH, "/api/session/create"):
        answer = cluster.get(path, node=0)
        assert answer.status == 503
        assert answer.text.startswith("<html>")
        assert "X-Nsx-Requestid" in answer.headers
    assert cluster.tag("add_tags", INFECTED, QUARANTINE, node=0).status == 503
    assert cluster.changes() == []
    assert cluster.get(VMS, node=1).status == 200


@pytest.mark.parametrize("path, body, status, message", [
    ("nodes/3", {"state": "up"}, 404, "no such node"),
    ("nodes/x", {"state": "up"}, 404, "no such node"),
    ("nodes/1", {"state": "ill"}, 400, "state: must be up, down, hung or unhealthy"),
    ("nodes/1", {}, 400, "state: missing"),
    ("nodes/0", {"state": "down"}, 409, "ask another node to take this one down"),
    ("certificate", {"cert": "x", "key": "y"}, 400, "not PEM texts that fit together"),
    ("certificate", {"cert": "x"}, 400, "key: missing"),
])
def test_wrong_orders_are_refused_with_a_sentence(cluster, path, body, status, message):
    answer = cluster.send("POST", "/sim/" + path, body, {})
    assert (answer.status, message in answer.json["error"]) == (status, True), answer.text


def test_faults_can_be_those_of_one_node(cluster):
    cluster.fault(node=1, path=VMS, status=500)
    assert [cluster.get(VMS, node=n).status for n in range(3)] == [200, 500, 200]


def test_the_certificate_changes_on_all_nodes_and_ends_connections(cluster, tmp_path):
    old = cluster.connect(node=1)
    old.request("GET", VMS, headers=cluster.login())
    assert old.getresponse().read()
    make_certificates(str(tmp_path))
    cluster.control("POST", "certificate", {
        "cert": (tmp_path / "server.pem").read_text(encoding="ascii"),
        "key": (tmp_path / "server.key").read_text(encoding="ascii")})
    with pytest.raises(OSError):
        old.request("GET", VMS, headers=cluster.login())
        old.getresponse()
    with pytest.raises(ssl.SSLCertVerificationError):
        cluster.get(VMS)
    cluster.context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    assert [cluster.get(VMS, node=n).status for n in range(3)] == [200] * 3


def test_a_key_of_another_certificate_is_refused(cluster, tmp_path):
    make_certificates(str(tmp_path))
    with open(cluster.path("server.pem"), encoding="ascii") as cert:
        answer = cluster.send("POST", "/sim/certificate", {
            "cert": cert.read(),
            "key": (tmp_path / "server.key").read_text(encoding="ascii")}, {})
    assert answer.status == 400
    assert cluster.get(VMS).status == 200


def test_there_is_no_certificate_without_tls(make_nsx):
    nsx = make_nsx(tls=False)
    answer = nsx.send("POST", "/sim/certificate", {"cert": "", "key": ""}, {})
    assert "no certificate without TLS" in answer.json["error"]


def test_many_connections_come_and_go(cluster):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: cluster.control("GET", "nodes", node=i % 3),
                                range(200)))
    assert len(answers) == 200
    wait_for(lambda: cluster.get(VMS).status == 200, "an answer after the crowd")
