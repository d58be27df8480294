# SPDX-License-Identifier: Apache-2.0
"""nqRequestTable: quarantine and release by name with nothing but snmpset, in both hosts."""

import re

import pytest

CREATE_AND_GO, CREATE_AND_WAIT, DESTROY = "createAndGo", "createAndWait", "destroy"


def set_all(lab, *varbinds):
    """One SET of several (name, kind, value); its error, or "" when it is accepted."""
    return set_and_blame(lab, *varbinds)[0]


def set_and_blame(lab, *varbinds):
    """Its error, and the object that it is about."""
    words = [word for name, kind, value in varbinds
             for word in (lab.snmp.qualified(name), kind, value)]
    try:
        # -Ir: the tool must not check the value by the MIB before snmpd does.
        lab.snmp.run("snmpset", "-Ir", lab.snmp.address, *words, version="3")
    except AssertionError as error:
        blamed = re.search(r"Failed object: \S+::(\S+)", error.output)
        assert error.reason and blamed, error
        return error.reason, blamed.group(1)
    return "", ""


def request(index, target, action, status=CREATE_AND_GO):
    return [(f"nqRequestTarget.{index}", "s", target),
            (f"nqRequestAction.{index}", "i", action),
            (f"nqRequestRowStatus.{index}", "i", status)]


def rows(lab):
    return lab.snmp.table("nqRequestTable")


def wait_result(lab, index, result):
    def reached():
        row = rows(lab).get(index)
        return row and row["nqRequestResult"] == result and row
    return lab.wait(reached, f"request {index} to be {result}")


def test_a_vm_is_quarantined_and_released_by_its_name(lab):
    assert set_all(lab, *request(17, "VDI-01", "quarantine"),
                   ("nqRequestComment.17", "s", "ticket 4711")) == ""
    row = wait_result(lab, 17, "done")
    case = lab.wait_case(OperState="isolated")
    assert row["nqRequestCase"] == str(case["index"])
    assert row["nqRequestRowStatus"] == "active"
    assert case["nqVmComment"] == "ticket 4711"
    assert not lab.sim.allowed("VDI-01", "file-server")

    assert set_all(lab, *request(4294967295, "VDI-01", "release")) == ""
    row = wait_result(lab, 4294967295, "done")
    assert row["nqRequestCase"] == str(case["index"])
    assert row["nqRequestResultText"] == "released"
    assert lab.sim.allowed("VDI-01", "file-server")


def test_a_request_made_in_steps_is_carried_out_when_it_becomes_active(lab):
    assert lab.snmp.set_reason("nqRequestRowStatus.1", "i", CREATE_AND_WAIT) == ""
    assert rows(lab)[1]["nqRequestRowStatus"] == "notReady"
    assert lab.snmp.set_reason("nqRequestRowStatus.1", "i", "active") == "inconsistentValue"
    assert lab.snmp.set_reason("nqRequestTarget.1", "s", "VDI-02") == ""
    assert rows(lab)[1]["nqRequestRowStatus"] == "notInService"
    assert lab.cases() == {}

    assert lab.snmp.set_reason("nqRequestRowStatus.1", "i", "active") == ""
    wait_result(lab, 1, "done")
    assert lab.wait_case(OperState="isolated")["nqVmName"] == "VDI-02"
    assert lab.snmp.set_reason("nqRequestRowStatus.1", "i", DESTROY) == ""
    assert rows(lab) == {}
    assert lab.wait_case(OperState="isolated")


def test_a_request_for_no_vm_is_held_and_one_for_no_case_fails(lab):
    assert set_all(lab, *request(1, "NOBODY-01", "quarantine"),
                   *request(2, "VDI-01", "release")) == ""
    row = wait_result(lab, 1, "held")
    assert row["nqRequestResultText"] == lab.wait_case(OperState="held")["nqVmReasonText"]
    assert wait_result(lab, 2, "failed")["nqRequestCase"] == "0"


def test_every_index_can_be_chosen_and_is_walked_in_order(lab):
    # AgentX has trouble with sub-identifiers from 2^31 on.
    indexes = [4294967295, 1, 2147483648, 2147483647, 4294967294]
    for index in indexes:
        assert lab.snmp.set_reason(f"nqRequestRowStatus.{index}", "i", CREATE_AND_WAIT) == ""
    assert list(rows(lab)) == sorted(indexes)
    for index in indexes:
        assert lab.snmp.get(f"nqRequestRowStatus.{index}") == "notReady"
        assert lab.snmp.set_reason(f"nqRequestRowStatus.{index}", "i", DESTROY) == ""
    assert rows(lab) == {}


WRONG = [
    ("nqRequestTarget.5", "s", "VDI-01", "inconsistentName"),
    ("nqRequestAction.5", "i", "1", "inconsistentName"),
    ("nqRequestComment.5", "s", "", "inconsistentName"),
    ("nqRequestTarget.5", "i", "1", "wrongType"),
    ("nqRequestTarget.5", "s", "x" * 256, "wrongLength"),
    ("nqRequestTarget.5", "x", "0A", "wrongValue"),
    ("nqRequestComment.5", "x", "FF", "wrongValue"),
    ("nqRequestAction.5", "s", "release", "wrongType"),
    ("nqRequestAction.5", "i", "0", "wrongValue"),
    ("nqRequestAction.5", "i", "3", "wrongValue"),
    ("nqRequestRowStatus.5", "u", "4", "wrongType"),
    ("nqRequestRowStatus.5", "i", "0", "wrongValue"),
    ("nqRequestRowStatus.5", "i", "3", "wrongValue"),
    ("nqRequestRowStatus.5", "i", "7", "wrongValue"),
    ("nqRequestRowStatus.5", "i", "1", "inconsistentValue"),
    ("nqRequestRowStatus.5", "i", "2", "inconsistentValue"),
    ("nqRequestRowStatus.5", "i", "4", "inconsistentValue"),
    ("nqRequestRowStatus.5", "i", "6", ""),
    ("nqRequestRowStatus.0", "i", "5", "noCreation"),
    ("nqRequestRowStatus.5.5", "i", "5", "noCreation"),
    ("nqRequestCase.5", "u", "1", "notWritable"),
    ("nqRequestResult.5", "i", "2", "notWritable"),
    ("nqRequestResultText.5", "s", "x", "notWritable"),
    # Of one that was carried out.
    ("nqRequestTarget.9", "s", "VDI-02", "inconsistentValue"),
    ("nqRequestAction.9", "i", "1", "inconsistentValue"),
    ("nqRequestComment.9", "s", "x", "inconsistentValue"),
    ("nqRequestRowStatus.9", "i", "2", "inconsistentValue"),
    ("nqRequestRowStatus.9", "i", "4", "inconsistentValue"),
    ("nqRequestRowStatus.9", "i", "5", "inconsistentValue"),
    ("nqRequestRowStatus.9", "i", "1", ""),
]


def test_every_wrong_value_gets_its_own_error(lab):
    assert set_all(lab, *request(9, "NOBODY-01", "release")) == ""
    before = rows(lab)
    assert list(before) == [9]

    seen = [(*what, lab.snmp.set_reason(*what)) for *what, _ in WRONG]

    assert seen == WRONG
    assert rows(lab) == before


def test_an_error_is_told_at_the_varbind_that_has_it(lab):
    good = request(1, "NOBODY-01", "release")
    no_target = [("nqRequestComment.2", "s", "x"), ("nqRequestRowStatus.2", "i", "4")]
    no_status = [("nqRequestComment.3", "s", "x")]

    assert set_and_blame(lab, *no_target, *good) == (
        "inconsistentValue", "nqRequestRowStatus.2")
    assert set_and_blame(lab, *good, *no_status) == (
        "inconsistentName", "nqRequestComment.3")
    assert set_and_blame(lab, *good, ("nqGovernorRearm.0", "i", "3")) == (
        "wrongValue", "nqGovernorRearm.0")
    assert set_and_blame(lab, *good) == ("", "")
    assert set_and_blame(lab, ("nqRequestRowStatus.1", "i", "1"), *good[:2]) == (
        "inconsistentValue", "nqRequestTarget.1")


def test_a_set_of_several_rows_and_tables_is_made_as_a_whole_or_not_at_all(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    comment = (f"nqVmComment.{case}", "s", "a comment")

    # The last one has no target.
    assert set_all(lab, comment, *request(1, "VDI-01", "release"),
                   ("nqRequestRowStatus.2", "i", CREATE_AND_GO)) == "inconsistentValue"
    # The last one is in another table, or a scalar.
    for wrong in ((f"nqVmAdminState.{case}", "i", "approve"), ("nqGovernorRearm.0", "i", "3")):
        assert set_all(lab, comment, ("nqEngineMode.0", "i", "observe"),
                       *request(1, "VDI-01", "release"), wrong) \
            in ("inconsistentValue", "wrongValue")
    assert rows(lab) == {}
    assert lab.snmp.get("nqEngineMode.0") == "enforce"
    assert lab.cases()[case]["nqVmOperState"] == "isolated"
    assert lab.cases()[case]["nqVmComment"] == ""

    assert set_all(lab, comment, *request(1, "VDI-01", "release"),
                   ("nqEngineMode.0", "i", "observe"),
                   ("nqRequestRowStatus.2", "i", CREATE_AND_WAIT)) == ""
    assert lab.snmp.get("nqEngineMode.0") == "observe"
    wait_result(lab, 1, "done")
    assert rows(lab)[2]["nqRequestRowStatus"] == "notReady"
    assert lab.cases()[case]["nqVmComment"] == "a comment"


def test_the_table_is_never_longer_than_its_limit(nsx_lab):
    lab = nsx_lab
    made = 0
    while made < 1000:
        varbinds = [(f"nqRequestRowStatus.{7 * i + 1}", "i", CREATE_AND_WAIT)
                    for i in range(made, made + 20)]
        assert set_all(lab, *varbinds) == ""
        made += 20
    assert lab.snmp.set_reason("nqRequestRowStatus.3", "i", CREATE_AND_WAIT) \
        == "resourceUnavailable"
    assert len(rows(lab)) == 1000
    assert lab.snmp.set_reason("nqRequestRowStatus.8", "i", DESTROY) == ""
    assert set_all(lab, ("nqRequestRowStatus.3", "i", CREATE_AND_WAIT),
                   ("nqRequestRowStatus.4", "i", CREATE_AND_WAIT)) == "resourceUnavailable"
    assert 3 not in rows(lab)
    assert lab.snmp.set_reason("nqRequestRowStatus.3", "i", CREATE_AND_WAIT) == ""


def test_requests_are_gone_after_a_restart_and_their_work_goes_on(lab):
    assert set_all(lab, *request(1, "VDI-01", "quarantine")) == ""
    wait_result(lab, 1, "done")
    lab.kill_engine()
    lab.restart_engine()
    assert rows(lab) == {}
    assert lab.wait_case(OperState="isolated")["nqVmName"] == "VDI-01"


def test_a_community_may_read_requests_and_make_none(lab):
    with pytest.raises(AssertionError, match="noAccess"):
        lab.snmp.set("nqRequestRowStatus.1", "i", CREATE_AND_WAIT, version="2c")
    assert rows(lab) == {}


def test_an_observed_request_says_so(make_lab, site):
    lab = make_lab(*site, mode="observe").start()
    assert set_all(lab, *request(1, "VDI-01", "quarantine")) == ""
    row = wait_result(lab, 1, "done")
    assert "observe mode" in row["nqRequestResultText"]
    assert lab.wait_case(OperState="observed")
    assert lab.sim.allowed("VDI-01", "file-server")
