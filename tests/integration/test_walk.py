# SPDX-License-Identifier: Apache-2.0
"""Generic checks that know no object: every way of reading gives the same."""

import pytest

@pytest.fixture
def walked(make_lab, site):
    """A laboratory with three rows at rest, and its walk."""
    lab = make_lab(*site, verify_interval_s=3600.0, group_interval_s=3600.0,
                   reconcile_s=3600.0,
                   inventory_interval_s=3600.0).start()
    lab.send_trap("VDI-01")
    lab.send_trap("VDI-02")
    lab.send_trap("NOBODY-01")
    lab.wait(lambda: sorted(row["nqVmOperState"] for row in lab.cases().values())
             == ["held", "isolated", "isolated"], "three cases to end")
    lab.wait(lambda: lab.snmp.walk() == lab.snmp.walk(), "nothing to change any more")
    return lab, lab.snmp.walk()


def test_a_get_of_each_instance_equals_the_walk(walked):
    lab, pairs = walked
    assert len(pairs) > 3 * 24

    for begin in range(0, len(pairs), 20):
        part = pairs[begin:begin + 20]
        text = lab.snmp.run("snmpget", "-On", "-Oe", "-Ox", lab.snmp.address,
                            *[oid for oid, _ in part])
        assert text.rstrip("\n") == "\n".join(f"{oid} = {value}" for oid, value in part)


@pytest.mark.parametrize("version", ["2c", "3"])
@pytest.mark.parametrize("repeat", [1, 7, 50])
def test_getnext_and_getbulk_see_the_same(walked, version, repeat):
    lab, pairs = walked

    assert lab.snmp.walk(tool="snmpwalk", version=version) == pairs
    assert lab.snmp.walk(version=version, options=[f"-Cr{repeat}"]) == pairs


def test_a_walk_rises_and_never_leaves_our_tree(walked):
    lab, pairs = walked
    oids = [tuple(map(int, oid.strip(".").split("."))) for oid, _ in pairs]

    assert oids == sorted(set(oids))
    root = tuple(map(int, lab.root.split(".")))
    assert all(oid[:len(root)] == root for oid in oids)


def test_a_walk_may_start_anywhere(walked):
    lab, pairs = walked

    for at in range(0, len(pairs) - 1, 9):
        oid = pairs[at][0]
        text = lab.snmp.run("snmpgetnext", "-On", "-Oe", "-Ox", lab.snmp.address, oid)
        expected_oid, expected = pairs[at + 1]
        assert text.rstrip("\n") == f"{expected_oid} = {expected}"


def test_what_does_not_exist_gets_the_right_exception(walked):
    lab, _ = walked

    def get(name):
        return lab.snmp.run("snmpget", "-Oqv", lab.snmp.address,
                            lab.snmp.qualified(name)).strip()

    assert "No Such Instance" in get("nqVmName.99999")
    assert "No Such Instance" in get("nqEngineMode.1")
    assert "No Such Object" in get(f".{lab.root}.1.99.1.0")


def test_every_object_of_the_mib_that_is_readable_is_served(walked):
    lab, _ = walked
    # The rows of this table are made by a SET.
    lab.snmp.set("nqRequestRowStatus.1", "i", "createAndWait")
    pairs = lab.snmp.walk()
    served = {oid for oid, _ in pairs}
    text = lab.snmp.call(["snmptranslate", "-Tp", "-On", f".{lab.root}.1"])

    # Leaves of the printed tree: "-- -R-- Gauge  nqCasesOpen(1)"
    names = [line.split()[-1].split("(")[0] for line in text.splitlines()
             if any(access in line for access in ("-R--", "-RW-", "CR--"))]
    assert len(names) > 60, text
    for name in names:
        oid = lab.snmp.call(["snmptranslate", "-On", lab.snmp.qualified(name)]).strip()
        assert any(o.startswith(oid + ".") for o in served), name


def test_the_audit_log_is_walked_with_rising_numbers(walked):
    lab, _ = walked
    rows = lab.snmp.table("nqLogTable")

    numbers = list(rows)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    times = [int(row["nqLogAt"]) for row in rows.values()]
    assert times == sorted(times)
    assert {"1", "2", "3"} <= {row["nqLogCase"] for row in rows.values()}
    for row in rows.values():
        assert row["nqLogEvent"] and row["nqLogActor"], row
    assert len(lab.snmp.get("nqEngineLogHead.0")) == 64
