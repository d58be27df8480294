# SPDX-License-Identifier: Apache-2.0
"""How the managers are reached and entered: logins, clusters, several at once, certificates;
and what nqManagerTable shows of it."""

import os
import subprocess
import time

import pytest

from support.certificates import CLIENT, make_certificate
from support.lab import NSX, TOKEN
from support.simulator import Simulator

AUTHS = [("policy", "basic"), ("policy", "session"), ("policy", "certificate"),
         ("policy", "token"), ("vsphere", "basic"), ("vsphere", "session")]


# ---- one good manager -----------------------------------------------------------------------


def test_the_manager_is_shown_with_all_that_is_known_of_it(nsx_lab):
    lab = nsx_lab
    lab.wait_inventory()
    lab.wait(lambda: lab.manager()["nqManagerVersion"], "the version")
    row = lab.manager()

    assert row["nqManagerName"] == "lab"
    assert row["nqManagerType"] == lab.nsx
    assert row["nqManagerState"] == "up"
    assert row["nqManagerUrl"] == f"https://127.0.0.1:{lab.nsx_ports[0]}"
    now = time.time()
    assert abs(int(row["nqManagerLastOkAt"]) - now) < 60
    assert abs(int(row["nqManagerSyncedAt"]) - now) < 60
    assert row["nqManagerErrors"] == "0", row
    assert 0 < int(row["nqManagerRequests"]) <= len(lab.sim.requests())
    assert row["nqManagerLastError"] == ""


def test_the_end_of_the_certificate_is_shown(nsx_lab):
    lab = nsx_lab
    lab.wait(lambda: int(lab.manager()["nqManagerTlsExpiresAt"]) > 0, "a time")
    text = subprocess.run(["openssl", "x509", "-in", lab.path("server.pem"), "-noout",
                           "-enddate", "-dateopt", "iso_8601"],
                          capture_output=True, text=True, check=True).stdout
    end = subprocess.run(["date", "-u", "-d", text.strip().split("=")[1], "+%s"],
                         capture_output=True, text=True, check=True).stdout
    assert lab.manager()["nqManagerTlsExpiresAt"] == end.strip()


def test_the_counters_of_a_manager_survive_a_restart(nsx_lab):
    lab = nsx_lab
    lab.wait(lambda: lab.manager_counts()["Requests"] > 3, "some requests")
    lab.kill(lab.engine.name, 15)
    before = len(lab.sim.requests())
    lab.restart_engine()
    lab.wait(lambda: lab.manager_counts()["Requests"] >= before - 1, "the old requests")


# ---- logins ---------------------------------------------------------------------------------


def login_lab(make_lab, nsx, auth, **conf):
    """Not started: the simulator must know token and certificate before we come."""
    lab = make_lab("agentx", nsx, auth=auth, **conf).start(engine=False)
    if nsx == "policy":
        lab.sim.settings(bearer_tokens=[TOKEN], principals=[CLIENT])
    return lab


def start_engine(lab):
    lab.start_engine()
    lab.wait_answers()


@pytest.mark.parametrize("nsx, auth", AUTHS)
def test_every_way_in_isolates_and_releases(make_lab, nsx, auth):
    lab = login_lab(make_lab, nsx, auth)
    start_engine(lab)
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    assert not lab.sim.allowed("VDI-01", "file-server")
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    lab.wait_case(OperState="released")
    assert [r for r in lab.sim.requests() if r["status"] in (401, 403)] == []


# The answers by which a manager says that a session has ended.
ENDED = {
    "policy 401": ("policy", {"status": 401}),
    "policy 403, code 98": ("policy", {"status": 403, "body": {"error_code": 98}}),
    "vsphere 401": ("vsphere", {"status": 401}),
}


@pytest.mark.parametrize("how", ENDED)
def test_a_session_that_has_ended_is_renewed_once(make_lab, how):
    nsx, answer = ENDED[how]
    lab = login_lab(make_lab, nsx, "session")
    start_engine(lab)
    lab.wait_manager("up")
    assert len(logins(lab)) == 1, logins(lab)

    lab.sim.fault(**answer, times=1)
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    lab.wait(lambda: len(logins(lab)) == 2, "the second login")

    assert lab.manager_counts()["Retries"] >= 1
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]


@pytest.mark.parametrize("nsx", NSX)
def test_a_manager_that_forgot_its_sessions_costs_one_login(make_lab, nsx):
    lab = login_lab(make_lab, nsx, "session")
    start_engine(lab)
    lab.wait_manager("up")
    lab.kill("simulator")
    lab.restart("simulator")

    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated", timeout=25)

    assert len(logins(lab)) == 1, logins(lab)
    lab.wait_manager("up")


def logins(lab):
    return [r for r in lab.sim.requests() if r["method"] == "POST"
            and ("/session/create" in r["path"] or "/services/auth/token" in r["path"])]


@pytest.mark.parametrize("nsx, auth", [("policy", "session"), ("policy", "token"),
                                       ("policy", "basic"), ("vsphere", "session"),
                                       ("vsphere", "basic")])
def test_a_refused_account_is_tried_once_and_then_left_alone(make_lab, nsx, auth):
    lab = login_lab(make_lab, nsx, auth, nsx_user="nobody", auth_pause_s=60.0)
    if auth == "token":
        lab.sim.settings(bearer_tokens=["another"])
    start_engine(lab)
    lab.send_trap("VDI-01")
    lab.wait_case(Reason="nsxRefused")

    assert len(lab.sim.requests()) <= (2 if nsx == "vsphere" and auth == "session" else 1), \
        lab.sim.requests()
    row = lab.manager()
    assert row["nqManagerState"] == "authFailed"
    assert "401" in row["nqManagerLastError"] or "403" in row["nqManagerLastError"], row


def test_a_new_token_in_the_file_is_taken_up(make_lab):
    lab = login_lab(make_lab, "policy", "token")
    start_engine(lab)
    lab.wait(lambda: lab.manager()["nqManagerState"] == "up", "a good answer")
    lab.write("nsx-token", "the-next-token", 0o600)
    lab.sim.settings(bearer_tokens=["the-next-token"])
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")


# ---- who the manager is ---------------------------------------------------------------------


def public_key_pin(lab, name="server"):
    command = (f"openssl x509 -in {lab.path(name + '.pem')} -noout -pubkey | openssl pkey -pubin"
               " -outform DER | openssl dgst -sha256 -binary | openssl base64")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    return "sha256//" + done.stdout.strip()


@pytest.mark.parametrize("ca", [True, False])
def test_a_pinned_key_is_enough_and_nothing_else_will_do(make_lab, ca):
    lab = make_lab("agentx").start(engine=False)
    trust = f'pinned_key = "{public_key_pin(lab)}";'
    lab.values["trust"] = trust + (' ca_file = "{ca_file}";' if ca else "")
    lab.write_conf()
    start_engine(lab)
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")

    # The same CA signs another key.
    make_certificate(lab.folder, "second", "server")
    lab.sim.certificate(lab.path("second.pem"), lab.path("second.key"))
    lab.wait(lambda: lab.manager()["nqManagerState"] == "down", "the manager to be down", 30)
    assert "trusted" in lab.manager()["nqManagerLastError"]


def test_a_renewed_certificate_of_the_same_ca_is_taken_up(nsx_lab):
    lab = nsx_lab
    lab.wait(lambda: int(lab.manager()["nqManagerTlsExpiresAt"]) > 0, "a time")
    before = int(lab.manager()["nqManagerTlsExpiresAt"])
    make_certificate(lab.folder, "renewed", "server", days=9)
    lab.sim.certificate(lab.path("renewed.pem"), lab.path("renewed.key"))
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated", timeout=25)
    lab.wait(lambda: int(lab.manager()["nqManagerTlsExpiresAt"]) > before + 5 * 86400,
             "the new time")


# ---- clusters -------------------------------------------------------------------------------


# NSX for vSphere has no cluster of managers.

def used_node(lab):
    return lab.nsx_ports.index(int(lab.manager()["nqManagerUrl"].rsplit(":", 1)[1]))


def ask_another(lab, node):
    """The simulator is steered through a port of its own cluster: not the one that dies."""
    port = lab.nsx_ports[(node + 1) % len(lab.nsx_ports)]
    lab.managers[0].sim = Simulator(port, lab.path("ca.pem"))


@pytest.mark.parametrize("trouble", ["down", "hung", "unhealthy"])
@pytest.mark.parametrize("auth", ["basic", "session"])
def test_another_node_takes_over(make_lab, trouble, auth):
    lab = make_lab("agentx", nodes=3, auth=auth, timeout_s=1.0).start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    first = used_node(lab)
    ask_another(lab, first)

    lab.sim.node(first, trouble)
    lab.send_trap("VDI-02")
    lab.wait_all_isolated(2, 30)

    assert used_node(lab) != first
    # It does its work, but there is one node less to fall back on.
    assert lab.manager()["nqManagerState"] == "degraded"
    assert lab.manager_counts()["Errors"] >= 1
    assert [c["change"] for c in lab.sim.tag_changes("VDI-02")] == ["added"]


@pytest.mark.parametrize("how", ["hold", "hold_after"])
def test_a_node_that_dies_with_a_tag_in_its_hands_doubles_nothing(make_lab, how):
    lab = make_lab("agentx", nodes=2, timeout_s=2.0).start()
    lab.wait_inventory()
    first = used_node(lab)
    ask_another(lab, first)
    lab.sim.fault(**lab.calls["add tag"], **{how: True}, times=1)
    lab.send_trap("VDI-01")
    lab.sim.held(count=1)
    lab.sim.node(first, "down")
    lab.sim.release()

    lab.wait_case(OperState="isolated", timeout=30)
    assert [c["change"] for c in lab.sim.tag_changes("VDI-01")] == ["added"]


# ---- several managers -----------------------------------------------------------------------


@pytest.fixture
def two(make_lab, tmp_path):
    """A policy manager and an NSX for vSphere one, with VMs of different names."""
    plain = make_lab("agentx", ("policy", "vsphere"), (None, None))
    path = os.path.join(tmp_path, "other.json")
    text = open(plain.managers[1].world, encoding="utf-8").read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("VDI-0", "LAB-0"))
    plain.managers[1].world = path
    return plain.start()


def test_two_managers_of_both_generations_work_side_by_side(two):
    two.send_trap("VDI-01")
    two.send_trap("LAB-01")
    two.wait_all_isolated(2, 25)

    rows = {row["nqVmName"]: row for row in two.cases().values()}
    assert rows["VDI-01"]["nqVmManager"] == "1"
    assert rows["LAB-01"]["nqVmManager"] == "2"
    assert not two.managers[0].sim.allowed("VDI-01", "file-server")
    assert not two.managers[1].sim.allowed("LAB-01", "file-server")
    groups = two.snmp.table("nqGroupTable")
    assert [groups[i]["nqGroupManager"] for i in (1, 2, 3, 4)] == ["1", "1", "2", "2"]


def test_a_manager_that_is_down_does_not_keep_the_other_from_isolating(two):
    two.wait(lambda: int(two.manager(2)["nqManagerVms"]) > 0, "the second inventory")
    two.kill("simulator")
    two.send_trap("LAB-01")
    two.wait_case(OperState="isolated", timeout=25)
    two.wait(lambda: two.manager(1)["nqManagerState"] == "down", "the first to be down")
    assert two.manager(2)["nqManagerState"] == "up"
    assert "manager lab: " in two.snmp.get("nqEngineHealthText.0")
