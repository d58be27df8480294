# SPDX-License-Identifier: Apache-2.0
"""NSX down, slow, refusing, or not NSX at all: the case stays, its row says why, and it goes
on when the trouble ends."""

import pytest

from support import nsx_calls

NSX_ERROR = {"httpStatus": "ERROR", "error_code": 98, "module_name": "common-services",
             "error_message": "the simulator was told to fail"}
FAULTS = {
    "401": {"status": 401, "body": NSX_ERROR},
    "403": {"status": 403, "body": {**NSX_ERROR, "error_code": 289}},
    "429": {"status": 429, "body": {**NSX_ERROR, "error_code": "102"}},
    "500": {"status": 500, "body": NSX_ERROR},
    "503": {"status": 503, "body": "busy"},
    "HTML": {"html": True},
    "truncated": {"truncate": 20},
    "reset": {"reset": True},
    "hang": {"hang": True},
}
# After these a person must look, and then says retry.
PERSON = ("403",)


def recovers(lab, row):
    if row["nqVmOperState"] == "failed":
        lab.snmp.set(f"nqVmAdminState.{row['index']}", "i", "retry")
    lab.wait_case(OperState="isolated", timeout=25)
    assert [c["change"] for c in lab.sim.tag_changes("VDI-01")] == ["added"]


# The answer to the tag request has no body that could be truncated.
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"truncated"}))
def test_a_fault_at_the_tag_is_shown_and_ends(make_lab, fault):
    lab = make_lab("agentx", timeout_s=1.0).start()
    lab.sim.fault(**nsx_calls.ADD_TAGS, **FAULTS[fault])
    lab.send_trap("VDI-01")

    def told():
        rows = lab.cases()
        return [{"index": i, **r} for i, r in rows.items()
                if r["nqVmLastError"] and r["nqVmReason"] != "none"]

    # A walk reads column by column, so the first one may have seen the change half done.
    lab.wait(told, "the row to say what is wrong")
    row = lab.wait(told, "the same in a second walk")[0]
    assert row["nqVmOperState"] in ("tagging", "failed"), row
    assert row["nqVmReason"] in ("nsxRefused", "nsxUnreachable"), row
    assert (row["nqVmOperState"] == "failed") == (fault in PERSON), row
    assert lab.sim.allowed("VDI-01", "file-server")

    lab.sim.clear_faults()
    recovers(lab, row)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_every_request_is_shown_and_ends(make_lab, fault):
    lab = make_lab("agentx", timeout_s=1.0, resolve_timeout_s=60).start()
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "a good start")
    lab.sim.fault(**FAULTS[fault])
    lab.send_trap("VDI-03")

    def told():
        return [{"index": i, **r} for i, r in lab.cases().items() if r["nqVmLastError"]]

    lab.wait(told, "the row to say what is wrong")
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") != "ok", "the health to show it")
    assert lab.snmp.get("nqEngineHealthText.0")

    lab.sim.clear_faults()
    row = lab.wait_case(Name="VDI-03")
    if row["nqVmOperState"] == "failed":
        lab.snmp.set(f"nqVmAdminState.{row['index']}", "i", "retry")
    lab.wait_case(OperState="isolated", timeout=30)
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "the health to be good")


def test_a_vm_that_nsx_lost_between_two_requests_is_not_forgotten(agent_lab):
    lab = agent_lab
    lab.sim.fault(**nsx_calls.ADD_TAGS, status=404,
                  body={**NSX_ERROR, "error_code": 600}, times=1)
    lab.send_trap("VDI-01")

    def settled():
        return [r for r in lab.cases().values()
                if r["nqVmLastError"] or r["nqVmOperState"] == "isolated"]

    row = lab.wait(settled, "an error or the isolation")[0]
    if row["nqVmOperState"] == "failed":
        assert "404" in row["nqVmLastError"], row
        lab.snmp.set("nqVmAdminState.1", "i", "retry")
    lab.wait_case(OperState="isolated")


def test_nsx_that_is_down_is_tried_again(make_lab, host):
    lab = make_lab(host).start()
    lab.kill("simulator")
    lab.send_trap("VDI-01")
    row = lab.wait_case(Reason="nsxUnreachable")
    assert row["nqVmLastError"]
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") != "ok", "the health to show it")
    assert lab.snmp.number("nqCasesOldestPending.0") > 0

    lab.restart("simulator")

    lab.wait_case(OperState="isolated", timeout=25)
    lab.wait(lambda: lab.snmp.get("nqEngineHealth.0") == "ok", "the health to be good")


def test_a_refused_account_gets_at_most_one_request_in_a_pause(make_lab):
    lab = make_lab("agentx", auth_pause_s=3.0).start()
    lab.wait(lambda: lab.sim.requests(), "the first inventory")
    lab.sim.fault(status=401, body=NSX_ERROR)
    lab.send_trap("VDI-01")
    lab.wait(lambda: len(refused(lab)) >= 3, "three tries", 30)

    times = [request["time_ms"] for request in refused(lab)]
    # The requests that were under way at the first refusal may fail with it.
    first = times[0]
    later = [t for t in times if t > first + 1000]
    gaps = [b - a for a, b in zip(later, later[1:])]
    assert len(times) - len(later) <= 4, times
    assert all(gap >= 2900 for gap in gaps), times

    lab.sim.clear_faults()
    lab.wait_case(OperState="isolated", timeout=25)


def refused(lab):
    return [r for r in lab.sim.requests() if r["status"] == 401]


def test_a_wrong_password_gets_one_request_in_a_pause(make_lab):
    lab = make_lab("agentx", nsx_user="nobody", auth_pause_s=60.0).start()
    lab.send_trap("VDI-01")
    lab.wait_case(Reason="nsxRefused")

    assert len(lab.sim.requests()) == 1
    assert lab.snmp.get("nqEngineHealth.0") == "degraded"


def test_a_certificate_of_another_ca_is_not_trusted(make_lab):
    lab = make_lab("agentx")
    lab.start(engine=False)
    lab.new_ca()
    lab.start_engine()
    lab.wait(lab.snmp.answers, "the engine to answer")
    lab.send_trap("VDI-01")
    row = lab.wait_case(Reason="nsxUnreachable")

    assert "trusted" in row["nqVmLastError"] + row["nqVmReasonText"], row
    assert lab.sim.requests() == []


def test_success_that_changed_nothing_is_not_believed(agent_lab):
    agent_lab.sim.fault(**nsx_calls.ADD_TAGS, ignore=True, times=2)
    agent_lab.send_trap("VDI-01")

    agent_lab.wait_case(OperState="isolated", timeout=25)
    assert [c["change"] for c in agent_lab.sim.tag_changes()] == ["added"]
