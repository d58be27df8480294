# SPDX-License-Identifier: Apache-2.0
"""Two hosts started by mistake on one state directory: one owns it. The other one tells its
health and nothing else, writes nothing, and goes on when the first one has ended."""

import os
import re

from support.lab import MIBS, PROGRAM
from support.process import free_port
from support.settings import SNMPD_AGENTX, snmpd_conf
from support.snmp import Snmp

TAKES_OVER_S = 30.0  # it tries each 10 s


def start_agent(lab, name, socket):
    lab.add(name, [PROGRAM, "agent", "-c", lab.conf, "-x", f"unix:{socket}",
                   "--ping", "1"])


def start_second_snmpd(lab):
    """Returns the client of another snmpd, whose AgentX socket is in the folder "second"."""
    os.makedirs(lab.path("second"), exist_ok=True)
    port = free_port()
    conf = lab.write("snmpd2.conf", snmpd_conf(
        port, None, lab.root, SNMPD_AGENTX.format(folder=lab.path("second"))))
    lab.add("snmpd2", ["snmpd", "-f", "-Lo", "-C", "-c", conf, "-r", "-I", "-smux"])
    lab.wait(lambda: "NET-SNMP version" in lab.daemons["snmpd2"].text(), "snmpd to start")
    return Snmp(lab.path("client2"), MIBS, port, lab.root)


def owner_in(text):
    """The number of the process that a second host names."""
    return int(re.search(r"process (\d+)", text).group(1))


def test_a_second_agent_tells_its_health_and_takes_over_when_the_first_one_ends(agent_lab):
    lab = agent_lab
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    second = start_second_snmpd(lab)
    start_agent(lab, "agent2", lab.path("second/agentx.sock"))
    lab.wait(second.answers, "the second agent to answer")

    assert second.get("nqEngineHealth.0") == "failed"
    text = second.get("nqEngineHealthText.0")
    assert "another engine owns the state directory" in text and "waits" in text, text
    assert owner_in(text) == lab.daemons["agent"].pid
    # Health, and what belongs to the engine's own branch; no row and no zero besides.
    below = f".{lab.root}.1.1."
    assert [name for name, _ in second.walk() if not name.startswith(below)] == []
    for name, kind, value in (("nqEngineMode.0", "i", "1"), ("nqGovernorRearm.0", "i", "2"),
                              ("nqVmAdminState.1", "i", "2")):
        assert second.set_reason(name, kind, value) == "resourceUnavailable", name
    lab.send_trap("VDI-02")
    lab.wait_all_isolated(2)
    assert lab.traps()["Received"] == 2

    lab.kill("agent")
    lab.wait(lambda: second.get("nqEngineHealth.0") != "failed", "the second to go on",
             TAKES_OVER_S)
    rows = second.table("nqVmTable")
    assert sorted(row["nqVmName"] for row in rows.values()) == ["VDI-01", "VDI-02"]
    assert second.set_reason("nqVmComment.1", "s", "taken over") == ""

    # The first one comes back and is the second now, at the same master as at another one.
    lab.restart("agent")
    lab.wait(lab.snmp.answers, "the first agent to answer")
    assert lab.snmp.get("nqEngineHealth.0") == "failed"
    assert owner_in(lab.snmp.get("nqEngineHealthText.0")) == lab.daemons["agent2"].pid
    assert len(lab.sim.tag_changes()) == 2


def test_of_module_and_agent_in_one_snmpd_the_rows_of_the_owner_are_served(make_lab):
    lab = make_lab("dlmod")
    lab.more_of_snmpd = SNMPD_AGENTX.format(folder=lab.folder)
    lab.start()
    start_agent(lab, "agent", lab.path("agentx.sock"))
    lab.wait(lambda: "not serving" in lab.daemons["agent"].text(), "the agent to say so")
    lab.wait(lambda: "subagent connected" in lab.daemons["agent"].text(), "it to connect")
    lab.send_trap("VDI-01")
    lab.wait_case(OperState="isolated")
    assert lab.snmp.get("nqEngineHost.0") == "dlmod"
    assert lab.snmp.set_reason("nqVmComment.1", "s", "to the owner") == ""
    assert lab.snmp.table("nqVmTable")[1]["nqVmComment"] == "to the owner"
    names = [name for name, _ in lab.snmp.walk()]

    lab.kill("snmpd")
    lab.host = "agentx"  # an administrator takes the module out of snmpd.conf
    lab.more_of_snmpd = ""
    lab.restart("snmpd")
    lab.wait(lambda: lab.snmp.answers() and lab.snmp.get("nqEngineHealth.0") != "failed",
             "the agent to go on", TAKES_OVER_S)

    assert lab.snmp.get("nqEngineHost.0") == "agentx"
    assert lab.snmp.table("nqVmTable")[1]["nqVmComment"] == "to the owner"
    assert [name for name, _ in lab.snmp.walk()] == names

    # And with the module again it is the module that waits, behind the agent in one snmpd.
    lab.kill("snmpd")
    lab.host = "dlmod"
    lab.more_of_snmpd = SNMPD_AGENTX.format(folder=lab.folder)
    lab.restart("snmpd")
    lab.wait(lambda: lab.snmp.answers() and lab.snmp.get("nqEngineHost.0") == "agentx",
             "the rows of the agent", TAKES_OVER_S)
    assert lab.snmp.table("nqVmTable")[1]["nqVmOperState"] == "isolated"
    assert len(lab.sim.tag_changes()) == 1
