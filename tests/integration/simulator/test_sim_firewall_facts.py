# SPDX-License-Identifier: Apache-2.0
"""What makes a quarantine ineffective: schedules, exclusions; and counters in parts."""

import datetime

import pytest

from support.nsx_client import (
    GROUP_PATH, IDS, INFECTED, POLICIES, QUARANTINE, SECURITY, check_error, condition,
    world_with,
)

SCHEDULERS = "/policy/api/v1/infra/firewall-schedulers"
SYSTEM = "/policy/api/v1/infra/realized-state/system-excluded-virtual-machines"
RESET = "/policy/api/v1/infra/settings/firewall/stats"
VM_PATH = "/infra/realized-state/enforcement-points/default/virtual-machines/"


# ---- schedules -----------------------------------------------------------------------


def day(offset):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=offset)).strftime("%m/%d/%Y")


def weekday(offset):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=offset)).strftime("%A").upper()


def schedule(nsx, **members):
    nsx.control("PUT", "firewall-schedulers/window", {
        "recurring": True, "timezone": "UTC", "start_date": day(-1), "end_date": day(1),
        **members})


ONCE = {"recurring": False, "start_time": "0:00", "end_time": "24:00"}


@pytest.mark.parametrize("members, acts", [
    ({}, True),
    ({"start_date": day(-9), "end_date": day(-2)}, False),
    ({"start_date": day(2), "end_date": day(9)}, False),
    ({"days": [weekday(-1), weekday(0), weekday(1)]}, True),
    ({"days": [weekday(3)]}, False),
    ({"time_interval": [{"start_interval": "0:00", "end_interval": "24:00"}]}, True),
    ({"time_interval": [{"start_interval": "9:00", "end_interval": "9:00"}]}, False),
    (ONCE, True),
    ({**ONCE, "start_date": day(-5), "end_date": day(-3)}, False),
    ({**ONCE, "start_date": day(3), "end_date": day(5)}, False),
])
def test_a_policy_acts_in_its_window_only(nsx, members, acts):
    schedule(nsx, **members)
    policy = nsx.get(POLICIES + "/quarantine").json
    policy["scheduler_path"] = "/infra/firewall-schedulers/window"
    nsx.control("PUT", "security-policies/quarantine", policy)
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert nsx.allowed("VDI-01", "file-server") != acts
    assert nsx.get(POLICIES + "/quarantine").json["scheduler_path"].endswith("/window")


def test_schedulers_are_policy_objects(make_nsx):
    window = {"id": "window", "recurring": True, "timezone": "LOCAL",
              "start_date": "01/01/2024", "end_date": "12/31/2037", "days": ["MONDAY"]}
    nsx = make_nsx(world_with(firewall_schedulers=[window]))
    answer = nsx.get(SCHEDULERS + "/window").json
    assert {name: answer[name] for name in window} == window
    assert answer["resource_type"] == "PolicyFirewallScheduler"
    assert answer["path"] == "/infra/firewall-schedulers/window"
    assert nsx.get(SCHEDULERS).results == [answer]
    check_error(nsx.get(SCHEDULERS + "/x"), 404, 600)


@pytest.mark.parametrize("members, message", [
    ({"timezone": "CET"}, "timezone: must be UTC or LOCAL"),
    ({"start_date": "2024-01-01"}, "start_date and end_date must be as 12/22/2019"),
    ({"days": ["Monday"]}, "days: no such day: Monday"),
    ({"time_interval": [{"start_interval": "9:15", "end_interval": "10:00"}]},
     "time_interval: must be as 9:30"),
    ({"start_time": "9:00"}, "only when not recurring"),
    ({"recurring": False}, "start_time and end_time must be as 9:30"),
    ({**ONCE, "days": ["MONDAY"]}, "days and time_interval only when recurring"),
    ({"colour": 1}, "scheduler.colour: no such member"),
])
def test_a_wrong_scheduler_is_refused(nsx, members, message):
    answer = nsx.send("PUT", "/sim/firewall-schedulers/window", {
        "recurring": True, "timezone": "UTC", "start_date": "01/01/2024",
        "end_date": "01/01/2025", **members}, {})
    assert message in answer.json["error"]


def test_a_policy_names_a_scheduler_that_exists(nsx):
    policy = nsx.get(POLICIES + "/quarantine").json
    policy["scheduler_path"] = "/infra/firewall-schedulers/x"
    answer = nsx.send("PUT", "/sim/security-policies/quarantine", policy, {})
    assert "scheduler_path: no such scheduler" in answer.json["error"]


# ---- exclusions ----------------------------------------------------------------------


def excluded(nsx, path, **query):
    answer = nsx.send("POST", SECURITY + "/exclude-list", action="filter",
                      intent_path=path, **query)
    if answer.status == 200:
        assert answer.json["path"] == path
    else:
        check_error(answer, 404, 600)
    return answer.status == 200


@pytest.fixture
def nested(nsx):
    """The exclude list holds `outer`, in it is `inner`, in it are the desktops."""
    nsx.put_group("inner", condition("Name", "STARTSWITH", "VDI-"))
    nsx.put_group("outer", {"resource_type": "PathExpression",
                            "paths": [GROUP_PATH + "/inner"]})
    nsx.control("PATCH", "firewall", {"exclude_list": [GROUP_PATH + "/outer"]})
    return nsx


def test_nested_groups_are_excluded_with_their_members(nested):
    assert nested.members("outer") == ["VDI-01", "VDI-02", "VDI-03"]
    assert nested.groups_of(INFECTED) == ["inner", "outer", "vdi"]
    nested.tag("add_tags", INFECTED, QUARANTINE)
    answer = nested.flow("VDI-01", "203.0.113.9")
    assert answer["allowed"]
    assert answer["judgements"][0]["why"] == "the VM is on the exclude list"


def test_the_filter_finds_an_object_itself_or_deeply(nested):
    for path, itself, deeply in (
            (GROUP_PATH + "/outer", True, True), (GROUP_PATH + "/inner", False, True),
            (GROUP_PATH + "/vdi", False, False), (VM_PATH + INFECTED, False, True),
            (VM_PATH + IDS["file-server"], False, False)):
        assert excluded(nested, path) == itself, path
        assert excluded(nested, path, deep_check="false") == itself, path
        assert excluded(nested, path, deep_check="true") == deeply, path


def test_the_filter_needs_action_and_path(nsx):
    assert nsx.send("POST", SECURITY + "/exclude-list", intent_path="/x").status == 400
    assert nsx.send("POST", SECURITY + "/exclude-list", action="filter").status == 400


def test_the_system_excludes_its_own_vms_and_listed_ones(nsx):
    assert [vm["display_name"] for vm in nsx.get(SYSTEM).results] == ["edge-01"]
    nsx.tag("add_tags", INFECTED, QUARANTINE)
    assert not nsx.allowed("VDI-01", "203.0.113.9")
    nsx.control("PATCH", "firewall", {"system_excluded": [INFECTED]})
    answer = nsx.flow("VDI-01", "203.0.113.9")
    assert answer["judgements"][0]["why"] == "the VM is excluded by the system"
    assert sorted(vm["display_name"] for vm in nsx.get(SYSTEM).results) == [
        "VDI-01", "edge-01"]
    bad = nsx.send("PATCH", "/sim/firewall", {"system_excluded": ["x"]}, {})
    assert "system_excluded[0]: no such VM" in bad.json["error"]


def test_the_deprecated_list_of_vms_says_so(nsx):
    path = "/policy/api/v1/infra/realized-state/enforcement-points/default/virtual-machines"
    for _ in range(2):
        answer = nsx.get(path, sort_by="external_id", page_size=2)
        assert len(answer.results) == 2
        assert answer.headers["Warning"] == '299 - "Deprecated API"'
    assert "Warning" not in nsx.get(SYSTEM).headers


# ---- policies and counters -----------------------------------------------------------


def test_the_list_of_policies_has_a_count_but_no_rules(nsx):
    for policy in nsx.get(POLICIES, include_rule_count="true").results:
        assert "rules" not in policy
        assert policy["rule_count"] == len(
            nsx.get(f"{POLICIES}/{policy['id']}/rules").results)
    assert "rule_count" not in nsx.get(POLICIES).results[0]


def rows(nsx, path, **query):
    """(enforcement point, rule, internal id, hits)"""
    found = []
    for point in nsx.get(path, **query).results:
        statistics = point["statistics"]
        for rule in statistics.get("results", [statistics]):
            found.append((point["enforcement_point"].rsplit("/", 1)[1],
                          rule["rule"].rsplit("/", 1)[1], rule["internal_rule_id"],
                          rule["hit_count"]))
    return found


def test_a_rule_is_counted_by_several_points_and_under_several_ids(nsx):
    nsx.settings(enforcement_points=2, realized_rules=3)
    for _ in range(5):
        nsx.flow("VDI-01", "VDI-02")
    rule = "/vdi/rules/vdi-to-vdi/statistics"
    found = rows(nsx, POLICIES + rule)
    assert [row[:3] for row in found] == [
        (point, "vdi-to-vdi", number) for point in ("default", "default-2")
        for number in ("2006", "1002006", "2002006")]
    assert sum(row[3] for row in found) == 5
    of_policy = rows(nsx, POLICIES + "/vdi/statistics")
    assert [row for row in of_policy if row[1] == "vdi-to-vdi"] == found
    one = rows(nsx, POLICIES + rule,
               enforcement_point_path="/infra/sites/default/enforcement-points/default-2")
    assert one == found[3:]
    nsx.settings(statistics="flat")
    assert sum(r["hit_count"] for r in nsx.get(POLICIES + rule).results) == 5


def test_a_rule_can_be_missing_in_the_statistics(nsx):
    nsx.settings(uncounted_rules=["vdi-to-vdi"])
    assert [row[1] for row in rows(nsx, POLICIES + "/vdi/statistics")] == [
        "vdi-to-servers"]
    assert rows(nsx, POLICIES + "/vdi/rules/vdi-to-vdi/statistics") == []


def test_counters_can_be_reset(nsx):
    nsx.flow("VDI-01", "VDI-02")
    path = POLICIES + "/vdi/rules/vdi-to-vdi/statistics"
    assert nsx.send("POST", RESET, action="reset", category="EDGE").status == 200
    assert rows(nsx, path)[0][3] == 1
    answer = nsx.send("POST", RESET, action="reset", category="DFW")
    assert (answer.status, answer.text) == (200, "")
    assert rows(nsx, path)[0][3] == 0
    for query in ({}, {"action": "reset"}, {"action": "reset", "category": "L3DFW"},
                  {"category": "DFW"}):
        assert nsx.send("POST", RESET, **query).status == 400


@pytest.mark.parametrize("name", ["enforcement_points", "realized_rules"])
def test_what_multiplies_an_answer_has_a_limit(nsx, name):
    answer = nsx.send("PATCH", "/sim/settings", {name: 17}, {})
    assert answer.json["error"] == f"{name}: more than 16"
