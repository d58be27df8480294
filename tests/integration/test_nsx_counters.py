# SPDX-License-Identifier: Apache-2.0
"""What firewall rules count, in nqRuleTable and nqGroupTable: it rises with the traffic, and
neither a restart of the engine nor a reset in NSX takes anything from it."""

import pytest

from support.lab import NSX

# A rule that drops opens no sessions.
COLUMNS = {"policy": ("Packets", "Bytes", "Hits"), "vsphere": ("Hits",)}
RESET = {"policy": "/policy/api/v1/infra/settings/firewall/stats?action=reset&category=DFW",
         "vsphere": "/api/4.0/firewall/stats/rules?action=reset"}

# Requests: one for each policy with rules that concern a group, or for each such rule.
TWO_READINGS = {"policy": 4, "vsphere": 12}


def rule(lab, name="#3 VDI to VDI blocked"):
    """The counters of a rule by its name, {} while the table does not have it."""
    rows = [row for row in lab.snmp.table("nqRuleTable").values()
            if row["nqRuleName"] == name]
    return {key[len("nqRule"):]: int(value) for key, value in (rows or [{}])[0].items()
            if key[len("nqRule"):] in ("Packets", "Bytes", "Sessions", "Hits")}


def group(lab, index):
    return {name: int(lab.snmp.table("nqGroupTable")[index][f"nqGroup{name}"])
            for name in ("Packets", "Bytes", "Sessions", "Hits")}


def probe(lab, times=1):
    """A desktop that looks for others: rule #3 drops it, and counts."""
    for _ in range(times):
        lab.sim.flow("VDI-02", "VDI-03")


def reset(lab):
    """Sets all counters of NSX to zero, and waits until the engine has seen it: a part that
    has counted on beyond its old number meanwhile would look as if it had never been."""
    lab.sim.nsx("POST", RESET[lab.nsx], "admin", lab.password)
    seen = len(lab.requests("counters"))
    lab.wait(lambda: len(lab.requests("counters")) > seen + TWO_READINGS[lab.nsx],
             "two readings")


def wait_hits(lab, hits):
    lab.wait(lambda: rule(lab).get("Hits") == hits, f"{hits} hits")


@pytest.fixture
def start(make_lab):
    def make(nsx, **more):
        return make_lab("agentx", nsx, statistics_interval_s=0.2,
                        **more).start(engine=False)

    return make


def run(lab):
    lab.start_engine()
    lab.wait_answers()
    wait_hits(lab, 0)


@pytest.mark.parametrize("nsx", NSX)
def test_counters_rise_with_the_traffic(start, nsx):
    lab = start(nsx)
    run(lab)
    before = group(lab, 2)
    quarantine = group(lab, 1)
    probe(lab, 3)

    wait_hits(lab, 3)
    counts = rule(lab)
    assert all(counts[name] > 0 for name in COLUMNS[nsx]), counts
    # What NSX does not count stays zero.
    assert [name for name in counts if counts[name] > 0] == [
        name for name in counts if name in COLUMNS[nsx]], counts
    lab.wait(lambda: group(lab, 2)["Hits"] == before["Hits"] + 3, "the group to show it")
    assert all(group(lab, 2)[name] >= before[name] + counts[name] for name in COLUMNS[nsx])
    # No rule of the quarantine was concerned.
    assert group(lab, 1) == quarantine

    lab.sim.flow("VDI-02", "file-server")
    passing = "#2 VDI to servers"
    lab.wait(lambda: rule(lab, passing).get("Hits", 0) > 0, "the other rule")
    assert (rule(lab, passing)["Sessions"] > 0) == (nsx == "policy")


@pytest.mark.parametrize("nsx", NSX)
def test_counters_survive_a_restart_and_a_reset(start, nsx):
    lab = start(nsx)
    run(lab)
    probe(lab, 3)
    wait_hits(lab, 3)
    before = rule(lab), group(lab, 2)

    lab.kill(lab.engine.name, 15)
    probe(lab, 2)
    lab.restart_engine()
    wait_hits(lab, 5)

    reset(lab)
    assert rule(lab)["Hits"] == 5
    probe(lab, 4)
    wait_hits(lab, 9)
    for old, new in zip(before, (rule(lab), group(lab, 2))):
        assert all(new[name] >= old[name] for name in old), (old, new)


@pytest.mark.parametrize("nsx", NSX)
def test_a_kill_loses_no_count_that_was_shown(start, nsx):
    lab = start(nsx)
    run(lab)
    probe(lab, 3)
    wait_hits(lab, 3)
    lab.kill_engine()
    lab.restart_engine()
    wait_hits(lab, 3)
    probe(lab, 1)
    wait_hits(lab, 4)


# NSX-T and NSX only: NSX for vSphere has one counter for a rule, and one form to show it.
@pytest.mark.parametrize("form", ["nested", "flat"])
@pytest.mark.parametrize("points, realized", [(1, 1), (2, 1), (3, 2)])
def test_a_rule_that_is_counted_in_parts_is_counted_once(start, form, points, realized):
    lab = start("policy")
    lab.sim.settings(statistics=form, enforcement_points=points, realized_rules=realized)
    run(lab)
    probe(lab, 7)
    wait_hits(lab, 7)

    reset(lab)
    probe(lab, 6)
    wait_hits(lab, 13)


def test_a_rule_that_nsx_does_not_count_disturbs_nobody(start):
    lab = start("policy")
    lab.sim.settings(uncounted_rules=["vdi-to-servers"])
    run(lab)
    lab.sim.flow("VDI-02", "file-server")
    probe(lab, 2)
    wait_hits(lab, 2)
    assert rule(lab, "#2 VDI to servers")["Hits"] == 0
    assert lab.manager_counts()["Errors"] == 0


@pytest.mark.parametrize("nsx", NSX)
def test_what_a_rule_is_shows_beside_its_counters(start, nsx):
    lab = start(nsx)
    run(lab)
    rows = {row["nqRuleName"]: row for row in lab.snmp.table("nqRuleTable").values()}
    blocked, passing = rows["#4 Quarantine in blocked"], rows["#2 VDI to servers"]
    assert (blocked["nqRuleAction"], passing["nqRuleAction"]) == ("drop", "allow")
    assert blocked["nqRuleEnabled"] == "true"
    assert "Default Layer3 Rule" not in rows and "Default Rule" not in rows
