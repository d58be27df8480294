# SPDX-License-Identifier: Apache-2.0
"""The tree as managers see it: every way of reading gives the same, and it is the tree of
tests/data/walk.txt. Few laboratories, many questions: see support/manager.py."""

import threading

import pytest
from pysnmp.proto.rfc1902 import Counter64, Integer32, OctetString

from support.lab import HOSTS
from support.manager import END_OF_MIB_VIEW, Manager, OtherManager, arcs, dotted
from support.settings import ALERT_TRAP, DESCRIPTION, alert
from support.senders import octets, v2c_trap
from support.tree import Expected, Oracle, odd_names

# Nothing moves by itself.
AT_REST = {"verify_interval_s": 3600.0, "group_interval_s": 3600.0, "reconcile_s": 3600.0,
           "inventory_interval_s": 3600.0, "statistics_interval_s": 3600.0}
ACTORS = {"agentx": "snmp", "dlmod": "nqadmin"}
ROUNDS, WALKS = 20, 12
SHAPES = [(0, 1), (0, 7), (0, 100), (1, 5), (2, 3), (3, 9), (0, 0), (9, 4)]


def start(make_lab, site):
    """The situation that the file describes."""
    lab = make_lab(*site, more_of_timing="immunity_s = 0.05;", **AT_REST).start()
    for count, name in enumerate(("VDI-01", "VDI-02", "NOBODY-01"), 1):
        lab.send_trap(name)
        lab.wait(lambda: len(lab.cases()) == count, "the case")
    lab.wait(lambda: sorted(row["nqVmOperState"] for row in lab.cases().values())
             == ["held", "isolated", "isolated"], "three cases to end")
    lab.snmp.set("nqVmComment.1", "s", "ticket 4711, ümlaut")
    for index in (1, 4294967295):
        lab.snmp.set(f"nqRequestRowStatus.{index}", "i", "createAndWait")
    lab.snmp.set("nqRequestTarget.1", "s", "VDI-03")
    return lab


def expected_of(lab):
    return Expected({"host": str(1 + HOSTS.index(lab.host)), "actor": ACTORS[lab.host],
                     "time": r"[1-9]\d{9}", "date": "hex 07[0-9a-f]{20}"})


def wait_tree(lab, manager, expected):
    wrong = []

    def is_there():
        wrong[:] = expected.differences(manager.walk(arcs(lab.root)))
        return not wrong

    try:
        lab.wait(is_there, "the tree of the file")
    except AssertionError as error:
        raise AssertionError("\n".join(wrong)) from error


def text_of(walk):
    """A walk as the Net-SNMP tools number it: values they show differently, names not."""
    return [dotted(name) for name, _, _ in walk]


# ---- checks, all of one laboratory ------------------------------------------------------

def check_get_and_getnext(manager, oracle):
    """GET of each instance is the walk's value, GETNEXT of it its successor."""
    for name in oracle.names:
        assert manager.get(name) == [oracle.get(name)]
        answer, = manager.next(name)
        check_next(oracle, name, answer)


def check_next(oracle, name, answer):
    wanted = oracle.next(name)
    if wanted is None:
        assert answer[1] == END_OF_MIB_VIEW, (dotted(name), answer)
    else:
        assert answer == wanted, dotted(name)


def check_between(manager, oracle):
    """GETNEXT of names between and beside the instances."""
    for name in oracle.names:
        beside = [(*name, 0), (*name, 4294967295), name[:-1],
                  (*name[:-1], max(name[-1] - 1, 0), 4294967295)]
        for asked, answer in zip(beside, manager.next(*beside)):
            check_next(oracle, asked, answer)


def check_odd_indexes(manager, oracle):
    for row in oracle.expected.rows:
        names = list(odd_names(row))
        for name, got, answer in zip(names, manager.get(*names), manager.next(*names)):
            assert got[:2] == oracle.get(name)[:2], dotted(name)
            check_next(oracle, name, answer)


def check_unknown(manager, oracle, root):
    """Branches that are none, and arcs beside those that are."""
    names = [(*root, 1, 99, 1, 0), (*root, 1), root, (*root, 2, 1, 1), (*root, 9), (*root, 1, 0)]
    for name, got, answer in zip(names, manager.get(*names), manager.next(*names)):
        assert got[:2] == oracle.get(name)[:2], dotted(name)
        check_next(oracle, name, answer)


def check_log(lab):
    """Numbers rise by one, times never fall, and each case has its entries."""
    rows = lab.snmp.table("nqLogTable")
    numbers, times = list(rows), [int(row["nqLogAt"]) for row in rows.values()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert times == sorted(times)
    assert {"1", "2", "3"} <= {row["nqLogCase"] for row in rows.values()}


def check_bulk(manager, oracle):
    """GETBULK is GETNEXT, repeated for each name behind the first ones."""
    for begin in range(0, len(oracle.names) - 1, 29):
        names = [oracle.names[place] for place in (begin, begin // 2, -1 - begin)]
        for single, repetitions in SHAPES:
            wanted = [oracle.next(name) for name in names[:single]]
            columns = names[single:]
            for _ in range(repetitions if columns else 0):
                step = [name and oracle.next(name) for name in columns]
                wanted += step
                columns = [pair and pair[0] for pair in step]
            got = manager.bulk(names, single, repetitions)
            assert len(got) <= len(wanted)
            for pair, right in zip(got, wanted):
                assert pair == right if right else pair[1] == END_OF_MIB_VIEW
            # What does not fit into one message, or lies behind the end, may be missing.
            whole = len(got) == len(wanted) or got[-1][1] == END_OF_MIB_VIEW
            assert whole or len(got) > 20, (names, single, repetitions)


def check_wrong_sets(manager, oracle):
    """A value of the wrong type, or that no row can have, gets its error for each column."""
    for row in oracle.expected.rows:
        name = (oracle.next(row.oid) or (row.oid,))[0]
        if name[:len(row.oid)] != row.oid:
            name = (*row.oid, 1)
        for value, tag in ((Integer32(-1), 2), (OctetString(b"\xff"), 4), (Counter64(1), 70)):
            wanted = ("notWritable" if row.access in ("not-accessible", "read-only")
                      else "wrongValue" if tag == row.tag else "wrongType")
            assert manager.set(name, value) == wanted, (row.name, value)


def check_wrong_names(manager, oracle):
    """So does a good value for a row that is not there and is not made."""
    for row in oracle.expected.rows:
        if row.access not in ("read-write", "read-create"):
            continue
        value = Integer32(1) if row.tag == 2 else OctetString(b"x")
        for name in odd_names(row):
            if name in oracle.values or len(name) > len(row.oid) + 3:
                continue
            possible = row.access == "read-create" and len(name) == len(row.oid) + 1 and name[-1]
            wanted = {"noCreation"} if not possible else {"inconsistentName", "inconsistentValue"}
            assert manager.set(name, value) in wanted, dotted(name)


# ---- at rest ----------------------------------------------------------------------------

def test_every_way_of_reading_gives_the_expected_tree_and_wrong_sets_change_nothing(
        make_lab, site):
    lab = start(make_lab, site)
    root, expected = arcs(lab.root), expected_of(lab)
    with Manager(lab.snmpd_port) as manager:
        if lab.nsx == "policy":    # the values of the file are those of its inventory
            wait_tree(lab, manager, expected)
        walk = manager.walk(root)
        assert expected.holes(walk) == []
        oracle = Oracle(walk, expected)
        check_get_and_getnext(manager, oracle)
        check_between(manager, oracle)
        check_odd_indexes(manager, oracle)
        check_unknown(manager, oracle, root)
        check_bulk(manager, oracle)
        check_log(lab)
        for version in ("2c", "3"):
            other = OtherManager(lab.snmpd_port, version)
            assert other.walk(root) == walk
            assert other.walk(root, 23) == walk
            # The tools of Net-SNMP, as a third stack.
            assert [name for name, _ in lab.snmp.walk(version=version)] == text_of(walk)
        check_get_and_getnext(other, oracle)
        for single, repetitions in SHAPES[1:5]:
            names = [oracle.names[place] for place in (0, 40, 80)]
            text = lab.snmp.run("snmpbulkget", "-On", f"-Cn{single}", f"-Cr{repetitions}",
                                lab.snmp.address, *map(dotted, names), version="3")
            assert [line.split(" = ")[0] for line in text.splitlines() if " = " in line] \
                == text_of(manager.bulk(names, single, repetitions))

        check_wrong_sets(other, oracle)
        check_wrong_names(other, oracle)
        assert manager.walk(root) == walk


# ---- while rows come and go -------------------------------------------------------------

class Walker(threading.Thread):
    """Walks until it is told to stop; every error is kept for the test. Rows of the log,
    which only grows and goes, are left out."""

    def __init__(self, lab):
        super().__init__()
        self.port, self.root = lab.snmpd_port, arcs(lab.root)
        self.log = (*self.root, 1, 13)
        self.ended = threading.Event()
        self.walks, self.trouble = [], None

    def run(self):
        try:
            with Manager(self.port) as manager:
                while not self.ended.is_set():
                    for repetitions in (0, 7, 60):
                        walk = manager.walk(self.root, repetitions, self.log)
                        self.walks.append({name for name, _, _ in walk})
        except Exception as error:    # pylint: disable=broad-except
            self.trouble = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


@pytest.mark.parametrize("host", HOSTS)
def test_walks_while_rows_come_and_go_rise_and_miss_no_row_that_stays(make_lab, host):
    lab = start(make_lab, (host, "policy"))
    root, other = arcs(lab.root), OtherManager(lab.snmpd_port, "3")
    names, admin = (*root, 1, 6, 1, 3), (*root, 1, 6, 1, 8)
    status = (*root, 1, 12, 1, 8)
    with Manager(lab.snmpd_port) as manager, lab.sender() as sender:
        with Walker(lab) as walker:
            stays = {name for name, _, _ in manager.walk(root, 50, walker.log)}
            turn = 0
            while turn < ROUNDS or len(walker.walks) < WALKS and walker.is_alive():
                turn += 1
                # A row in the middle of a table, and one at its end.
                assert other.set((*status, 2 + turn), Integer32(5)) == ""
                sender.send(v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(alert(f"GONE-{turn}")))]))
                case = lab.wait(lambda: [name[-1] for name, _, _ in manager.walk(names)
                                         if name[-1] > 3], "the case")[0]
                assert other.set((*admin, case), Integer32(2)) == ""
                lab.wait(lambda: (*names, case) not in
                         {name for name, _, _ in manager.walk(names)}, "the row to go")
                assert other.set((*status, 2 + turn), Integer32(6)) == ""
        assert walker.trouble is None, walker.trouble
        for walk in walker.walks:
            assert walk >= stays, sorted(map(dotted, stays - walk))
        # Rows did come and go, as seen by the walks.
        assert len({frozenset(walk) for walk in walker.walks}) > WALKS / 4
