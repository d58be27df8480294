# SPDX-License-Identifier: Apache-2.0
"""Wrong SET values get the precise error of RFC 3416, and change nothing."""

import pytest

from pysnmp.proto.rfc1902 import Integer32, OctetString

from support.lab import HOSTS, PROGRAM
from support.manager import OtherManager, arcs
from support.nsx_client import IDS
from support.tree import rows

ONE_A_MINUTE = ("per_minute = 1; per_hour = 0; per_day = 0; percent_per_hour = 0;"
                " percent_per_day = 0; same_cause = 0;")

WRONG = [
    ("nqEngineMode.0", "s", "enforce", "wrongType"),
    ("nqEngineMode.0", "i", "0", "wrongValue"),
    ("nqEngineMode.0", "i", "4", "wrongValue"),
    ("nqEngineMode.1", "i", "2", "noCreation"),
    ("nqEngineVersion.0", "s", "9", "notWritable"),
    ("nqEngineReconcile.0", "i", "0", "wrongValue"),
    ("nqEngineReconcile.0", "i", "3", "wrongValue"),
    ("nqEngineReconcile.0", "s", "run", "wrongType"),
    ("nqEngineReconcile.1", "i", "2", "noCreation"),
    ("nqEngineReconciledAt.0", "u", "1", "notWritable"),
    ("nqEngineLogHead.0", "s", "x", "notWritable"),
    ("nqGovernorState.0", "i", "1", "notWritable"),
    ("nqGovernorReason.0", "s", "x", "notWritable"),
    ("nqGovernorRearm.0", "i", "0", "wrongValue"),
    ("nqGovernorRearm.0", "i", "3", "wrongValue"),
    ("nqGovernorRearm.0", "s", "rearm", "wrongType"),
    ("nqGovernorRearm.1", "i", "2", "noCreation"),
    ("nqGovernorHourCount.0", "u", "0", "notWritable"),
    ("nqGovernorHourLimit.0", "u", "9", "notWritable"),
    ("nqLogText.1", "s", "x", "notWritable"),
    ("nqCasesOpen.0", "u", "9", "notWritable"),
    ("nqVmAdminState.{case}", "s", "release", "wrongType"),
    ("nqVmAdminState.{case}", "i", "0", "wrongValue"),
    ("nqVmAdminState.{case}", "i", "6", "wrongValue"),
    ("nqVmAdminState.{case}", "i", "3", "inconsistentValue"),
    ("nqVmAdminState.{case}", "i", "4", "inconsistentValue"),
    ("nqVmAdminState.{case}", "i", "5", "inconsistentValue"),
    ("nqVmAdminState.99999", "i", "2", "noCreation"),
    ("nqVmOperState.{case}", "i", "7", "notWritable"),
    ("nqVmName.{case}", "s", "x", "notWritable"),
    ("nqVmComment.{case}", "i", "1", "wrongType"),
    ("nqVmComment.{case}", "s", "x" * 256, "wrongLength"),
    ("nqVmComment.{case}", "x", "0A", "wrongValue"),
    ("nqVmComment.{case}", "x", "FF", "wrongValue"),
    ("nqVmComment.99999", "s", "x", "noCreation"),
    ("nqGroupMembers.1", "u", "0", "notWritable"),
]


def test_every_wrong_value_gets_its_own_error(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]

    seen = {}
    for name, kind, value, _ in WRONG:
        name = name.format(case=case)
        seen[name, kind, value] = lab.snmp.set_reason(name, kind, value)

    assert seen == {(name.format(case=case), kind, value): reason
                    for name, kind, value, reason in WRONG}
    assert lab.cases()[case]["nqVmOperState"] == "isolated"
    assert lab.cases()[case]["nqVmComment"] == ""


# What the log and the audit log say of who set: AgentX does not carry it (RFC 2741).
WHO = {"agentx": ("snmp", 'level=unknown model=agentx from=""'),
       "dlmod": ("nqadmin", 'level=authPriv model=usm from="UDP: [127.0.0.1]:')}


@pytest.mark.parametrize("host", HOSTS)
def test_each_set_is_recorded_with_who_where_the_host_knows_and_the_refused_with_why(
        make_lab, host):
    lab = make_lab(host).start()
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    actor, how = WHO[host]

    assert lab.snmp.set_reason(f"nqVmComment.{case}", "s", "a note") == ""
    assert lab.snmp.set_reason(f"nqVmAdminState.{case}", "i", "9") == "wrongValue"

    log = lab.engine.text()
    assert f"SET nqVmComment.{case}: actor={actor} {how}" in log
    assert 'old="" new="a note"' in log
    refused = next(line for line in log.splitlines() if "SET refused" in line)
    assert f"object=nqVmAdminState instance={case} actor={actor} {how}" in refused
    assert "error=wrongValue" in refused
    entry, = [row for row in lab.snmp.table("nqLogTable").values() if row["nqLogEvent"] == "set"]
    assert entry["nqLogActor"] == actor and entry["nqLogCase"] == str(case)
    assert entry["nqLogText"].startswith(f"nqVmComment.{case}: {how}")


@pytest.mark.parametrize("host", HOSTS)
def test_with_write_none_every_object_is_not_writable_and_the_mode_of_the_file_holds(
        make_lab, host):
    lab = make_lab(host).start()
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    mode = (*arcs(lab.root), 1, 1, 2, 0)
    assert OtherManager(lab.snmpd_port, "3").set(mode, Integer32(1)) == ""
    assert lab.snmp.get("nqEngineMode.0") == "observe"

    lab.values["more"] = 'snmp = { write = "none"; };'
    lab.write_conf()
    lab.kill_engine()
    lab.restart_engine()

    said = lab.snmp.call([PROGRAM, "check", "-c", lab.conf])
    assert "read-only: no SET is taken" in said
    manager = OtherManager(lab.snmpd_port, "3")
    writable = [row for row in rows() if row.access in ("read-write", "read-create")]
    assert len(writable) >= 9
    for row in writable:
        for index in (0, case, 99):
            value = Integer32(1) if row.tag == 2 else OctetString(b"x")
            assert manager.set((*row.oid, index), value) == "notWritable", row
    assert lab.snmp.get("nqEngineMode.0") == "enforce"
    assert lab.snmp.table("nqRequestTable") == {}
    assert lab.cases()[case]["nqVmComment"] == ""


def test_one_wrong_varbind_refuses_the_whole_set(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]

    comment = lab.snmp.qualified(f"nqVmComment.{case}")
    admin = lab.snmp.qualified(f"nqVmAdminState.{case}")
    with pytest.raises(AssertionError, match="wrongValue"):
        lab.snmp.run("snmpset", "-Ir", lab.snmp.address, comment, "s", "x", admin, "i", "9",
                     version="3")

    assert lab.cases()[case]["nqVmComment"] == ""


def test_a_comment_is_kept_through_a_restart(lab):
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]

    lab.snmp.set(f"nqVmComment.{case}", "s", "ticket 4711, ümlaut")
    lab.wait(lambda: lab.cases()[case]["nqVmComment"] == "ticket 4711, ümlaut", "the text")
    lab.kill_engine()
    lab.restart_engine()

    assert lab.cases()[case]["nqVmComment"] == "ticket 4711, ümlaut"


@pytest.mark.parametrize("name", ["nqGovernorRearm.0", "nqEngineReconcile.0"])
def test_a_push_button_takes_both_values_and_reads_idle(lab, name):
    for value in ("1", "2", "2"):
        assert lab.snmp.set_reason(name, "i", value) == ""
        assert lab.snmp.get(name) == "idle"


def test_rearming_lets_the_cases_that_the_governor_held_go_on(make_lab, site):
    lab = make_lab(*site, governor=ONE_A_MINUTE).start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    lab.send_trap("VDI-02")
    held = lab.wait_case(OperState="held", count=2)
    assert held["nqVmReason"] == "governor"
    assert lab.snmp.get("nqGovernorState.0") == "tripped"
    assert lab.snmp.get("nqGovernorReason.0") != ""

    lab.snmp.set("nqGovernorRearm.0", "i", "rearm")

    lab.wait_all_isolated(2)
    # The one VM of this minute is used up again.
    assert lab.snmp.get("nqGovernorState.0") == "guarded"
    assert lab.snmp.number("nqGovernorHourCount.0") == 1


def test_a_reconciliation_on_demand_is_told_by_its_time(make_lab, site):
    lab = make_lab(*site, reconcile_s=3600.0).start()
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    lab.wait_inventory()

    lab.snmp.set("nqEngineReconcile.0", "i", "run")

    lab.wait(lambda: lab.snmp.number("nqEngineReconciledAt.0") > 0, "the comparison to end")


@pytest.mark.parametrize("host", HOSTS)
def test_of_a_row_that_is_not_ours_only_the_comment_can_be_set(make_lab, host):
    lab = make_lab(host, more='tag = { watched = ( { scope = "av"; value = "bad"; } ); };').start()
    vm = IDS["VDI-01"]
    lab.sim.request("PATCH", f"/sim/vms/{vm}", {"tags": [{"scope": "av", "tag": "bad"}]})
    case = lab.wait_case(Owner="foreign")["index"]
    changes = lab.sim.tag_changes()

    for command in range(1, 6):
        assert lab.snmp.set_reason(f"nqVmAdminState.{case}", "i", str(command)) \
            == "inconsistentValue"
    assert lab.snmp.set_reason(f"nqVmComment.{case}", "s", "of the other product") == ""

    row = lab.wait_case(Owner="foreign")
    assert row["nqVmComment"] == "of the other product"
    assert lab.sim.tag_changes() == changes
