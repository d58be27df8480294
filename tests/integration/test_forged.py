# SPDX-License-Identifier: Apache-2.0
"""Traps from those who may not send them, and from those who pretend that they may."""

import threading
import time

import pytest

from support.counters import Watch
from support.senders import (SNMP_TRAP_ADDRESS, V3_AUTH, Forger, address, octets, v1_trap,
                             v2c_trap, v3_command)
from support.settings import ALERT_TRAP, DESCRIPTION, EXAMPLE, alert
from support.ways import V3_USER

# Of RFC 5737; nobody has it here, so only a forged datagram comes from it.
LISTED = "192.0.2.10"
STRANGER = "127.0.0.2"
NEIGHBOUR = "127.0.0.3"

DSM = f'{{ name = "dsm"; address = "{LISTED}"; }}'
DSM_V3 = f'{{ name = "dsm-v3"; user = "{V3_USER}"; }}'
SNMPTRAPD = '{ name = "snmptrapd"; address = "127.0.0.1"; forwarder = true; }'


def detection(computer="VDI-01", *more, **how):
    return v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(alert(computer))), *more], **how)


@pytest.fixture
def forger():
    try:
        with Forger() as socket:
            yield socket
    except PermissionError:
        pytest.skip("a raw socket takes CAP_NET_RAW: run this as root")


@pytest.fixture
def make(make_lab):
    """A laboratory with these sources only."""
    def start(intake, *sources, proof="listed", limits=""):
        way = {"sources": list(sources), "limits": limits}
        return make_lab("agentx", intake=intake, way=way,
                        more_of_trigger=f'proof = "{proof}";').start()
    return start


def check_held(lab, *named, count=1):
    """One case waits for a person, says whose trap it was, and NSX was not written to."""
    row = lab.wait_case(OperState="held", Reason="unproven", count=count)
    for text in named:
        assert text in row["nqVmReasonText"], row["nqVmReasonText"]
    assert lab.sim.tag_changes() == []
    assert lab.sim.allowed("VDI-01", "file-server")
    return row


def test_a_trap_of_a_stranger_is_held_and_names_him(make):
    lab = make("listener", DSM)
    with lab.sender(source=STRANGER) as stranger:
        stranger.send(detection())

    check_held(lab, STRANGER)
    assert lab.traps()["Held"] == 1


def test_a_person_may_approve_what_is_held(make):
    lab = make("listener", DSM)
    with lab.sender(source=STRANGER) as stranger:
        stranger.send(detection())
    case = check_held(lab)["index"]
    lab.snmp.set(f"nqVmAdminState.{case}", "i", "approve")

    lab.wait_case(OperState="isolated")


def test_one_forged_datagram_is_enough_where_an_address_is_the_proof(make, forger):
    """Why README asks for SNMPv3."""
    lab = make("listener", DSM)
    forger.send(lab.way.target(), detection(), LISTED)

    lab.wait_case(OperState="isolated")


def test_a_forged_source_is_not_enough_where_v3_is_the_proof(make, forger):
    lab = make("listener", DSM, DSM_V3, proof="v3")
    forger.send(lab.way.target(), detection(), LISTED)

    check_held(lab, LISTED)


def test_a_forged_source_needs_the_community_as_well(make, forger):
    row = f'{{ name = "dsm"; address = "{LISTED}"; community_file = "{{folder}}/community"; }}'
    lab = make("listener", row)
    forger.send(lab.way.target(), detection(), LISTED)
    check_held(lab, LISTED)

    forger.send(lab.way.target(), detection("VDI-02", community="a secret"), LISTED)
    lab.wait_case(OperState="isolated", Name="VDI-02", count=2)


def test_a_real_trap_behind_a_forged_one_isolates(make, forger):
    lab = make("listener", DSM, DSM_V3, proof="v3")
    forger.send(lab.way.target(), detection(), LISTED)
    check_held(lab)
    lab.send_trap("VDI-01", "v3")

    lab.wait(lambda: lab.sim.tag_changes("VDI-01"), "the VM to be tagged")
    lab.wait(lambda: "isolated" in [row["nqVmOperState"] for row in lab.cases().values()],
             "the VM to be isolated")


@pytest.mark.parametrize("wrong", [{"auth": V3_AUTH + "x"}, {"user": "nobody"},
                                   {"level": "noAuthNoPriv"}, {"level": "authNoPriv"}],
                         ids=["wrong password", "unknown user", "no authentication",
                              "no encryption"])
def test_a_v3_trap_without_the_keys_isolates_nothing(make, wrong):
    lab = make("listener", DSM_V3)
    words = [DESCRIPTION, "s", alert("VDI-01")]
    lab.snmp.call(v3_command(lab.way.target(), ALERT_TRAP, words,
                             **{"user": V3_USER, **wrong}))
    lab.send_trap("VDI-02", "v3")

    lab.wait(lambda: lab.sim.tag_changes("VDI-02"), "the other VM to be tagged")
    assert lab.sim.tag_changes("VDI-01") == []
    states = {row["nqVmName"]: row["nqVmOperState"] for row in lab.cases().values()}
    assert states.get("VDI-01", "held") == "held"


# ---- snmpTrapAddress ----------------------------------------------------------------------

@pytest.mark.parametrize("intake", ["handler", "listener"])
def test_nobody_else_may_name_another_sender(make, intake):
    """Only a forwarder's word about the sender counts."""
    lab = make(intake, DSM)
    with lab.sender(source=STRANGER) as stranger:
        stranger.send(detection("VDI-01", (f"{SNMP_TRAP_ADDRESS}.0", address(LISTED))))

    check_held(lab, STRANGER)


def test_the_agent_address_of_a_v1_trap_is_no_sender(make):
    lab = make("listener", DSM)
    with lab.sender(source=STRANGER) as stranger:
        stranger.send(v1_trap(EXAMPLE, 190, [(DESCRIPTION, octets(alert("VDI-01")))],
                              agent=LISTED))

    check_held(lab, STRANGER)


# Where a forged varbind stands, and what snmptrapd adds behind it: all seen with 5.9.3.
INDEXES = ["0", "5", "2147483646", "2147483647", "4294967294", "4294967295", "0.7"]


def test_a_forged_snmp_trap_address_does_not_hide_the_sender(make):
    lab = make("forward", SNMPTRAPD, DSM)
    column = (SNMP_TRAP_ADDRESS, address(LISTED))
    with lab.sender(source=STRANGER) as stranger:
        for index in INDEXES:
            stranger.send(detection("VDI-01", (f"{SNMP_TRAP_ADDRESS}.{index}",
                                               address(LISTED))))
        stranger.send(detection("VDI-01", column))
        stranger.send(v1_trap(EXAMPLE, 190, [
            (DESCRIPTION, octets(alert("VDI-01"))),
            (f"{SNMP_TRAP_ADDRESS}.5", address(LISTED))], agent=LISTED))
    lab.wait(lambda: lab.traps()["Received"] == len(INDEXES) + 2, "all of them")

    check_held(lab, STRANGER)
    assert lab.traps()["Acted"] == 0


def test_the_sender_that_a_forwarder_names_is_the_one_that_is_listed(make):
    lab = make("forward", SNMPTRAPD, f'{{ name = "dsm"; address = "{NEIGHBOUR}"; }}')
    with lab.sender(source=NEIGHBOUR) as dsm:
        dsm.send(detection())

    lab.wait_case(OperState="isolated")


def test_a_v3_trap_keeps_its_proof_when_it_is_forwarded(make):
    lab = make("forward", SNMPTRAPD, DSM_V3, f'{{ name = "all"; address = "127.0.0.0/8"; }}',
               proof="v3")
    lab.send_trap("VDI-01", "v2c")
    check_held(lab, "127.0.0.1")
    lab.send_trap("VDI-02", "v3")

    lab.wait_case(OperState="isolated", Name="VDI-02", count=2)


def test_a_forwarder_that_names_nobody_proves_nothing(make):
    """Somebody on this machine who sends to our port past snmptrapd."""
    lab = make("listener", SNMPTRAPD, DSM)
    with lab.sender(source="127.0.0.1") as local:
        local.send(detection())

    check_held(lab, "127.0.0.1")


# ---- floods -------------------------------------------------------------------------------

def test_a_flood_of_strangers_delays_a_listed_trap_by_less_than_a_second(make):
    lab = make("listener", f'{{ name = "dsm"; address = "{NEIGHBOUR}"; }}')
    ended = threading.Event()
    with Watch(lab) as watch, lab.sender(source=STRANGER) as stranger, \
            lab.sender(source=NEIGHBOUR) as dsm:
        lab.wait(lambda: watch.samples, "the counters")

        def flood():
            number = 0
            while not ended.is_set():
                # As many as the engine takes; more would only fill the kernel's buffer.
                if number - watch.last["Received"] < 500:
                    for _ in range(50):
                        stranger.send(detection(f"FORGED-{number}"))
                        number += 1
                else:
                    ended.wait(0.001)
        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        try:
            lab.wait(lambda: watch.last["Refused"] > 0, "the flood to be refused", 30)
            begin = time.monotonic()
            dsm.send(detection())
            lab.wait(lambda: watch.last["Acted"] > 0, "the listed trap to be stored")
            took = watch.time_of("Acted", 1) - begin
        finally:
            ended.set()
            thread.join()
    print(f"stored after {took * 1000:.0f} ms, {watch.last['Received']} traps")

    assert watch.wrong == []
    assert took < 1
    lab.wait(lambda: lab.sim.tag_changes("VDI-01"), "the VM to be tagged")
    # What strangers bring is bounded, however much they send.
    assert watch.last["Held"] <= 1000 and watch.last["Acted"] == 1


def test_a_source_that_sends_too_much_takes_nothing_from_another(make):
    lab = make("listener", f'{{ name = "noisy"; address = "{STRANGER}"; }}',
               f'{{ name = "dsm"; address = "{NEIGHBOUR}"; }}',
               limits="limits = { traps_per_s = 1; traps_burst = 50; };")
    with lab.sender(source=STRANGER) as noisy, lab.sender(source=NEIGHBOUR) as dsm:
        noisy.send_all([detection(f"NOISE-{number}") for number in range(300)])
        lab.wait(lambda: lab.traps()["Received"] == 300, "all of them")
        seen = lab.traps()
        dsm.send(detection())
        lab.wait(lambda: lab.sim.tag_changes("VDI-01"), "the VM to be tagged")

    # One token comes back in each second that this took.
    assert 50 <= seen["Acted"] < 100 and seen["Acted"] + seen["Refused"] == 300
