# SPDX-License-Identifier: Apache-2.0
"""SIGHUP in the middle of things: open requests, a slow NSX, a SET. What was begun is finished
once, and what was answered is not forgotten."""

import itertools
import os
import signal
import socket

import pytest

from support.senders import (OCTETS, SEQUENCE, integer, message, null, octets, read, tlv,
                             varbind)

# What NSX does to which call while the reload comes, and the VM that it is about. What is held
# has not been applied; what is held after has been, and its answer is never seen.
OPEN_REQUESTS = (("VDI-01", "add tag", "hold"),
                 ("VDI-02", "add tag", "hold_after"),
                 ("VDI-03", "read back", "hang"))
SETS = 40

WRITERS = "writers"
GET, SET, RESOURCE_UNAVAILABLE = 0xA0, 0xA3, 13
_numbers = itertools.count(1)


@pytest.fixture(params=["dlmod", "agentx"])
def reloaded(make_lab, request):
    lab = make_lab(request.param)
    lab.word = {"dlmod": "Reconfiguring daemon", "agentx": "engine opened"}[request.param]
    # So that a SET is one datagram.
    lab.more_of_snmpd = f"rwcommunity {WRITERS} 127.0.0.1 -V nsxquarantine\n"
    return lab.start()


def reloads(lab):
    return lab.engine.text().count(lab.word)


def reload(lab):
    seen = reloads(lab)
    lab.kill(lab.engine.name, signal.SIGHUP)
    lab.wait(lambda: reloads(lab) > seen, "the reload")


def state_of(lab, computer):
    return {row["nqVmName"]: row["nqVmOperState"] for row in lab.cases().values()
            if row["nqVmOwner"] == "ours"}.get(computer)


def test_a_reload_amid_open_requests_finishes_each_case_once(reloaded):
    lab = reloaded
    pid = lab.engine.pid
    lab.wait_inventory()
    for computer, call, how in OPEN_REQUESTS:
        lab.sim.fault(**lab.calls[call], **{how: True})
        lab.send_trap(computer)
        lab.wait(lambda: not all(r["answered"] for r in lab.sim.requests()), "an open request")
        if how != "hang":
            lab.sim.held(count=1)
        reload(lab)
        # A second one, while the first one's engine is just beginning.
        lab.kill(lab.engine.name, signal.SIGHUP)
        lab.sim.clear_faults()
        lab.sim.release()
        lab.wait_answers()
        lab.wait(lambda name=computer: state_of(lab, name) == "isolated",
                 f"{computer} to be isolated", 25)

    # The same while it releases, and while everything is slow.
    lab.sim.fault(**lab.calls["remove tag"], hold=True)
    case = next(i for i, row in lab.cases().items() if row["nqVmName"] == "VDI-01")
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
    lab.sim.held(count=1)
    reload(lab)
    lab.sim.clear_faults()
    lab.sim.release()
    lab.sim.fault(**lab.calls["everything"], slow=300)
    reload(lab)
    lab.wait_answers()
    lab.wait(lambda: state_of(lab, "VDI-01") == "released", "the release", 25)
    lab.sim.clear_faults()

    # A request is kept with its result.
    lab.snmp.run("snmpset", lab.snmp.address,
                 lab.snmp.qualified("nqRequestTarget.7"), "s", "no-such-vm",
                 lab.snmp.qualified("nqRequestAction.7"), "i", "release",
                 lab.snmp.qualified("nqRequestRowStatus.7"), "i", "createAndGo", version="3")
    asked = lab.snmp.table("nqRequestTable")
    assert asked[7]["nqRequestResult"] == "failed"
    reload(lab)
    lab.wait_answers()
    assert lab.snmp.table("nqRequestTable") == asked

    changes = lab.sim.tag_changes()
    assert [c["change"] for c in changes] == ["added"] * 3 + ["removed"], changes
    assert lab.engine.pid == pid
    lab.check_balance()


def exchange(sock, kind, name, value):
    """(error, tag, content) of the answer to a GET or SET of one object."""
    sock.send(message(1, WRITERS, tlv(kind, integer(next(_numbers)) + integer(0) + integer(0)
                                      + tlv(SEQUENCE, varbind(name, value)))))
    said = read(sock.recv(65536))
    return (said["error"], *said["varbinds"][0][1:])


def test_a_set_that_was_answered_is_not_lost_to_a_reload_right_behind_it(reloaded):
    lab = reloaded
    lab.send_trap("VDI-01")
    case = lab.wait_case(OperState="isolated")["index"]
    name = f".{lab.root}.1.6.1.25.{case}"  # nqVmComment
    accepted = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", lab.snmpd_port))
        sock.settimeout(5)
        for number in range(SETS):
            wanted = f"number {number}".encode()
            seen = reloads(lab)
            error = exchange(sock, SET, name, octets(wanted))[0]
            # At once: the engine has not come to its disk yet.
            os.kill(lab.engine.pid, signal.SIGHUP)
            # snmpd may see a signal only with the next request, which the old engine answers.
            lab.wait(lambda: exchange(sock, GET, name, null())[1] == OCTETS
                     and reloads(lab) > seen, "the reload and the row again")
            lab.wait(lambda: exchange(sock, GET, name, null())[1] == OCTETS, "the row")
            shown = exchange(sock, GET, name, null())[2]
            assert error in (0, RESOURCE_UNAVAILABLE)
            assert (shown == wanted) == (error == 0), (number, error, shown)
            accepted += error == 0
    assert accepted > SETS / 2
