# SPDX-License-Identifier: Apache-2.0
"""NSX slow, refusing, garbled, or not NSX at all: while it lasts, the row and the manager say
what is wrong; when it is over, the VM is isolated by one tag change."""

import pytest

from support.certificates import make_ca, make_certificate
from support.lab import NSX
from support.simulator import Simulator


def json_error(status, code, **more):
    return {"status": status, "body": {
        "httpStatus": "ERROR", "error_code": code, "module_name": "common-services",
        "error_message": "the simulator was told to fail"}, **more}


def xml_error(status, code=500, details="the simulator was told to fail"):
    return {"status": status, "content_type": "application/xml",
            "body": f"<error><details>{details}</details><errorCode>{code}</errorCode>"
                    f"<moduleName>core-services</moduleName></error>"}


class Trouble:
    """A fault, and what must be seen of it."""

    def __init__(self, manager, says, *, row=("tagging", "nsxUnreachable"), **fault):
        self.fault = fault
        self.manager = manager  # nqManagerState, when every request meets it
        self.says = says  # a part of nqVmLastError
        self.row = row  # nqVmOperState and nqVmReason


TRYING = ("tagging", "nsxRefused")
FAILED = ("failed", "nsxRefused")  # a person must look, and then says retry
PROXY = {"status": 502, "content_type": "text/html",
         "body": "<html><body>Bad gateway</body></html>"}
HUGE = 17 << 20  # above what is ever read of one answer

# What the wire, or something between us and NSX, can do.
WIRE = {
    "503": Trouble("degraded", "HTTP 503", status=503, body="busy"),
    "HTML of a proxy": Trouble("degraded", "not one that NSX gives", html=True),
    "HTML of a gateway": Trouble("degraded", "HTTP 502", **PROXY),
    "reset": Trouble("down", "cannot be reached", reset=True),
    "hang": Trouble("down", "did not answer in time", hang=True),
}
# The same for answers with a body: the one to a tag has none.
BODIES = {
    "truncated": Trouble("degraded", "not one that NSX gives", truncate=20),
    "half": Trouble("degraded", "not one that NSX gives", half=True),
    "trickle": Trouble("down", "did not answer in time", slow=20),
    "huge": Trouble("degraded", "not one that NSX gives", pad=HUGE),
    "huge and chunked": Trouble("degraded", "not one that NSX gives", pad=HUGE,
                                chunked=True),
}
REFUSALS = {
    "policy": {
        "401": Trouble("authFailed", "HTTP 401", row=TRYING, **json_error(401, 403)),
        "403 of a session": Trouble("authFailed", "HTTP 403, error 98", row=TRYING,
                                    **json_error(403, 98)),
        "403 of a locked account": Trouble("authFailed", "HTTP 403, error 403", row=TRYING,
                                           **json_error(403, 403)),
        "403 of a role": Trouble("degraded", "HTTP 403, error 289", row=FAILED,
                                 **json_error(403, 289)),
        "429": Trouble("degraded", "HTTP 429", **json_error(429, "102")),
        "429 and Retry-After": Trouble("degraded", "HTTP 429",
                                       **json_error(429, "102", retry_after=1)),
        "500": Trouble("degraded", "HTTP 500, error 604", **json_error(500, 604)),
    },
    "vsphere": {
        "401": Trouble("authFailed", "HTTP 401", row=TRYING, **xml_error(401, 403)),
        "403 without a role": Trouble(
            "degraded", "VC user does not have any role", row=FAILED,
            **xml_error(403, 403, "VC user does not have any role")),
        "409": Trouble("degraded", "HTTP 409, error 289", **xml_error(409, 289)),
        "500": Trouble("degraded", "HTTP 500", **xml_error(500)),
    },
}
AT_TAG = {nsx: {**REFUSALS[nsx], **WIRE} for nsx in NSX}
AT_ALL = {nsx: {**REFUSALS[nsx], **WIRE, **BODIES} for nsx in NSX}


def each(table):
    return [pytest.param(nsx, trouble, id=f"{nsx}-{name}")
            for nsx in NSX for name, trouble in table[nsx].items()]


@pytest.fixture
def start(make_lab):
    """A laboratory in which trouble is over soon, and whose inventory is read."""
    def make(nsx, **conf):
        lab = make_lab("agentx", nsx, **{"timeout_s": 0.7, "auth_pause_s": 0.7,
                                         **conf}).start()
        lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "a good start")
        lab.wait_inventory()
        return lab
    return make


def shown(lab, trouble):
    """Waits until the row says what is wrong, and looks at all of it."""
    def told():
        return [r for r in lab.cases().values()
                if (r["nqVmOperState"], r["nqVmReason"]) == trouble.row
                and trouble.says in r["nqVmLastError"] and r["nqVmReasonText"]]

    lab.wait(told, f"a row with {trouble.row} and {trouble.says!r}; now {lab.cases()}")
    assert lab.manager_counts()["Errors"] >= (1 if trouble.manager != "up" else 0)
    assert not [name for name, _ in lab.notifications() if name == "nqVmIsolated"]
    assert lab.snmp.number("nqCasesIsolated.0") == 0
    if trouble.row == FAILED:
        assert trouble.says in lab.wait_notification("nqVmFailed")["nqVmReasonText.1"]
        assert lab.snmp.number("nqCasesFailed.0") == 1


def ends_well(lab, retry=False):
    """The trouble is over: isolated by one change, everything well, nothing told twice."""
    if retry:
        lab.snmp.set("nqVmAdminState.1", "i", "retry")
    row = lab.wait_case(OperState="isolated", Reason="none", timeout=25)
    assert row["nqVmReasonText"] == "", row
    assert [c["change"] for c in lab.sim.tag_changes()] == ["added"]
    assert not lab.sim.allowed(row["nqVmName"], "file-server")
    lab.wait_manager("up")
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "the health to be good")
    lab.wait_notification("nqVmIsolated")
    assert [n for n, _ in lab.notifications()].count("nqVmIsolated") == 1
    assert lab.traps()["Acted"] == 1
    lab.check_balance()


@pytest.mark.parametrize("nsx, trouble", each(AT_TAG))
def test_a_fault_at_the_tag_is_shown_and_ends(start, nsx, trouble):
    lab = start(nsx)
    lab.fault_at_tag(**trouble.fault)
    lab.send_trap("VDI-01")

    shown(lab, trouble)
    assert lab.sim.tag_changes() == []
    assert lab.sim.allowed("VDI-01", "file-server")

    lab.sim.clear_faults()
    ends_well(lab, retry=trouble.row == FAILED)


@pytest.mark.parametrize("nsx, trouble", each(AT_ALL))
def test_a_fault_at_every_request_is_shown_and_ends(start, nsx, trouble):
    lab = start(nsx)
    before = lab.manager_counts()
    lab.sim.fault(**trouble.fault)
    lab.send_trap("VDI-03")

    shown(lab, trouble)
    row = lab.wait_manager(trouble.manager)
    assert trouble.says in row["nqManagerLastError"], row
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") != "ok", "the health to show it")
    assert lab.snmp.get("nqEngineHealthText.0").startswith("manager lab: ")
    counts = lab.manager_counts()
    assert counts["Errors"] > before["Errors"], counts
    # There is no other node, and no session to renew.
    assert counts["Retries"] == before["Retries"], counts

    lab.sim.clear_faults()
    ends_well(lab, retry=trouble.row == FAILED)


# ---- slow, but well -------------------------------------------------------------------------


@pytest.mark.parametrize("nsx", NSX)
def test_a_slow_manager_is_waited_for(start, nsx):
    lab = start(nsx, timeout_s=5.0)
    lab.sim.fault(delay_ms=300)
    lab.send_trap("VDI-01")

    lab.wait_case(OperState="isolated", timeout=25)
    lab.wait(lambda: int(lab.manager()["nqManagerLatency"]) >= 150, "the latency to show it")
    assert lab.manager_counts()["Errors"] == 0
    lab.sim.clear_faults()
    ends_well(lab)


def test_who_is_asked_to_come_back_later_does_so(start):
    lab = start("policy")
    lab.sim.fault(**json_error(429, "102", retry_after=2), times=1)
    lab.send_trap("VDI-01")
    ends_well(lab)

    requests = lab.sim.requests()
    refused = next(r for r in requests if r["status"] == 429)
    # What was under way already may come; nothing new does.
    gaps = [r["time_ms"] - refused["time_ms"] for r in requests
            if r["number"] > refused["number"]]
    assert all(gap < 200 or gap >= 1900 for gap in gaps), gaps


# ---- the account ----------------------------------------------------------------------------


def refused(lab):
    return [r for r in lab.sim.requests() if r["status"] == 401]


@pytest.mark.parametrize("nsx", NSX)
def test_a_refused_account_gets_at_most_one_request_in_a_pause(start, nsx):
    lab = start(nsx, auth_pause_s=2.0)
    lab.sim.fault(**AT_ALL[nsx]["401"].fault)
    lab.send_trap("VDI-01")
    lab.wait(lambda: len(refused(lab)) >= 3, "three tries", 30)

    times = [request["time_ms"] for request in refused(lab)]
    # The requests that were under way at the first refusal may fail with it.
    later = [t for t in times if t > times[0] + 1000]
    gaps = [b - a for a, b in zip(later, later[1:])]
    assert len(times) - len(later) <= 4, times
    assert all(gap >= 1900 for gap in gaps), times

    lab.sim.clear_faults()
    ends_well(lab)


@pytest.mark.parametrize("nsx", NSX)
def test_a_wrong_password_gets_one_request_in_a_pause(make_lab, nsx):
    lab = make_lab("agentx", nsx, nsx_user="nobody", auth_pause_s=60.0).start()
    lab.send_trap("VDI-01")
    lab.wait_case(Reason="nsxRefused")

    assert len(lab.sim.requests()) == 1
    assert lab.snmp.get("nqEngineHealth.0") == "degraded"


# ---- not there, not trusted -----------------------------------------------------------------


def test_nsx_that_is_down_is_tried_again(make_lab, site):
    lab = make_lab(*site).start()
    lab.kill("simulator")
    lab.send_trap("VDI-01")
    row = lab.wait_case(Reason="nsxUnreachable")
    assert row["nqVmLastError"]
    lab.wait_manager("down")
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") != "ok", "the health to show it")
    assert lab.snmp.number("nqCasesOldestPending.0") > 0

    lab.restart("simulator")

    ends_well(lab)


@pytest.mark.parametrize("nsx", NSX)
def test_a_certificate_of_another_ca_is_not_trusted(make_lab, nsx):
    lab = make_lab("agentx", nsx)
    lab.start(engine=False)
    lab.new_ca()
    lab.start_engine()
    lab.wait(lab.snmp.answers, "the engine to answer")
    lab.send_trap("VDI-01")
    row = lab.wait_case(Reason="nsxUnreachable")

    assert "trusted" in row["nqVmLastError"], row
    assert lab.manager()["nqManagerState"] == "down"
    assert lab.sim.requests() == []


@pytest.mark.parametrize("nsx", NSX)
def test_a_certificate_that_changes_for_a_wrong_one_is_noticed(start, nsx):
    lab = start(nsx)
    make_ca(lab.folder, "other")
    make_certificate(lab.folder, "wrong", "server", ca="other")
    lab.sim.certificate(lab.path("wrong.pem"), lab.path("wrong.key"))
    lab.send_trap("VDI-01")
    shown(lab, Trouble("down", "trusted"))
    lab.wait_manager("down")

    Simulator(lab.nsx_ports[0], lab.path("other.pem")).certificate(
        lab.path("server.pem"), lab.path("server.key"))
    ends_well(lab)


# ---- the object -----------------------------------------------------------------------------


UNKNOWN = {"policy": json_error(404, 600), "vsphere": xml_error(404, 202)}


@pytest.mark.parametrize("nsx", NSX)
def test_a_vm_that_nsx_lost_between_two_requests_is_not_forgotten(start, nsx):
    lab = start(nsx)
    lab.fault_at_tag(**UNKNOWN[nsx], times=1)
    lab.send_trap("VDI-01")

    ends_well(lab)
