# SPDX-License-Identifier: Apache-2.0
"""nqCasesLastChange is a time of the sysUpTime that snmpd has now, whoever was restarted."""

import signal

import pytest

from support.lab import HOSTS

SYS_UPTIME = ".1.3.6.1.2.1.1.3.0"
LAST_CHANGE = "nqCasesLastChange.0"
JITTER = 3  # ticks that an agent and its master may differ by


def ticks(lab, name):
    return int(lab.snmp.run("snmpget", "-Oqvt", lab.snmp.address, lab.snmp.qualified(name)))


def change_is_told(lab, change):
    """The change is told between the times before and after it, and stays where it is."""
    old = ticks(lab, LAST_CHANGE)
    before = ticks(lab, SYS_UPTIME)
    change()
    told = lab.wait(lambda: ticks(lab, LAST_CHANGE) != old and ticks(lab, LAST_CHANGE),
                    "the change to be told")
    after = ticks(lab, SYS_UPTIME)
    assert before - JITTER <= told <= after + JITTER
    assert {ticks(lab, LAST_CHANGE) for _ in range(5)} == {told}
    return told


def reload(lab):
    def opened():
        return lab.engine.text().count("engine opened")
    before = opened()
    lab.kill(lab.engine.name, signal.SIGHUP)
    lab.wait(lambda: opened() > before, "the engine to be opened again")
    lab.wait_answers()


def comment(lab, text):
    return lambda: lab.snmp.set("nqVmComment.1", "s", text)


@pytest.fixture
def start(make_lab):
    def start_at_rest(host):
        """A laboratory with a row that nothing changes by itself."""
        lab = make_lab(host, verify_interval_s=3600.0, group_interval_s=3600.0,
                       reconcile_s=3600.0, inventory_interval_s=3600.0)
        lab.agent_options = ["--ping", "1"]
        lab.start()
        lab.send_trap("VDI-01")
        lab.wait_case(OperState="isolated")
        lab.wait(lambda: ticks(lab, LAST_CHANGE) + 20 < ticks(lab, SYS_UPTIME),
                 "the row to rest")
        return lab
    return start_at_rest


@pytest.mark.parametrize("host", HOSTS)
def test_a_change_is_told_in_the_sysuptime_of_snmpd(start, host):
    lab = start(host)
    change_is_told(lab, comment(lab, "one"))
    # An engine that is started again brings its rows anew; sysUpTime goes on.
    change_is_told(lab, lambda: reload(lab))
    change_is_told(lab, comment(lab, "two"))


def test_a_change_stays_the_same_when_the_agent_connects_again(start):
    lab = start("agentx")
    told = change_is_told(lab, comment(lab, "one"))
    lab.kill("snmpd", signal.SIGSTOP)
    lab.wait(lambda: "failed to respond to ping" in lab.daemons["agent"].text(),
             "the agent to give its master up")
    lab.kill("snmpd", signal.SIGCONT)
    lab.wait(lab.snmp.answers, "the agent to register again", 40)
    assert ticks(lab, LAST_CHANGE) == told
    change_is_told(lab, comment(lab, "two"))


def test_a_change_before_the_master_began_is_told_as_0(start):
    lab = start("agentx")
    change_is_told(lab, comment(lab, "one"))
    lab.kill("snmpd", signal.SIGTERM)
    lab.restart("snmpd")
    lab.wait(lab.snmp.answers, "the agent to register again", 40)
    assert ticks(lab, LAST_CHANGE) == 0
    change_is_told(lab, comment(lab, "two"))
