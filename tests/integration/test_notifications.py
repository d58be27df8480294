# SPDX-License-Identifier: Apache-2.0
"""What management stations hear: each kind of notification that the MIB has, by SNMPv2c and by
SNMPv3, compared with what a walk shows at that moment."""

import os

import pytest

from support.lab import HOSTS, TOP
from support.nsx_client import GROUP_PATH
from support.senders import octets, v2c_trap
from support.settings import ALERT_TRAP, DESCRIPTION, alert

ROW = ("Name", "ExternalId", "OperState", "Reason", "ReasonText", "Trigger", "Cause",
       "ChangedBy")
VM = tuple(f"nqVm{name}" for name in ROW)
MANAGER = ("nqManagerName", "nqManagerState", "nqManagerLastError")
FINDING = ("nqFindingSeverity", "nqFindingCheck", "nqFindingObject", "nqFindingText")
TWO_AN_HOUR = ("per_minute = 0; per_hour = 2; per_day = 0; percent_per_hour = 0;"
               " percent_per_day = 0; same_cause = 0;")
BURST = 10
MIB = os.path.join(TOP, "mibs", "NSX-QUARANTINE-MIB.txt")


def plain(sent):
    """Without what every notification has, and without quotes."""
    return {name: text.strip('"') for name, text in sent.items() if name.startswith("nq")}


@pytest.fixture(params=HOSTS)
def host(request):
    return request.param


def test_a_tag_that_is_put_back_was_told_to_be_lost(make_lab, site):
    lab = make_lab(*site, removed_tag="restore", verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    vm = lab.wait_case(OperState="isolated")["nqVmExternalId"]
    tagged = len(lab.sim.tag_changes("VDI-01", "added"))

    lab.sim.request("PATCH", f"/sim/vms/{vm}", {"tags": []})

    sent = plain(lab.wait_notification("nqVmTagLost"))
    lab.wait(lambda: len(lab.sim.tag_changes("VDI-01", "added")) > tagged,
             "the tag to be back")
    row = lab.wait_case(OperState="isolated")
    assert sorted(sent) == sorted(f"nqVm{name}.{row['index']}" for name in ROW)
    assert sent[f"nqVmOperState.{row['index']}"] == "tagging"
    assert sent[f"nqVmReason.{row['index']}"] == "tagLost"
    for name in ("Name", "ExternalId", "Trigger", "Cause"):
        assert sent[f"nqVm{name}.{row['index']}"] == row[f"nqVm{name}"]


def test_a_removed_tag_that_counts_as_a_release_is_told_as_one(make_lab, host):
    lab = make_lab(host, removed_tag="release", verify_interval_s=0.3).start()
    lab.send_trap("VDI-01")
    vm = lab.wait_case(OperState="isolated")["nqVmExternalId"]

    lab.sim.request("PATCH", f"/sim/vms/{vm}", {"tags": []})

    sent = plain(lab.wait_notification("nqVmReleased"))
    row = lab.wait_case(OperState="released")
    assert sent == {f"nqVm{name}.{row['index']}": row[f"nqVm{name}"] for name in ROW}
    assert "nqVmTagLost" not in [name for name, _ in lab.notifications()]


class Story:
    """A laboratory with both kinds of stations, and what they heard so far."""

    def __init__(self, lab):
        self.lab = lab
        self.seen = {}      # how many of each kind were looked at

    def heard(self, station="sink"):
        return self.lab.notifications(station, findings=True)

    def next(self, name):
        """The next notification of that kind, without quotes."""
        at = self.seen.get(name, 0)
        sent = self.lab.wait(lambda: [pairs for n, pairs in self.heard()
                                      if n == name][at:], f"notification {name}")[0]
        self.seen[name] = at + 1
        return plain(sent)

    def expect(self, name, table, index, columns, passing=()):
        """It is the row that a walk shows, but for columns that have changed since; returns
        what was sent."""
        sent = self.next(name)
        row = self.lab.snmp.table(table)[index]
        assert set(sent) == {f"{column}.{index}" for column in columns}, sent
        for column in set(columns) - set(passing):
            assert sent[f"{column}.{index}"] == row[column], (name, column, sent, row)
        return {column: sent[f"{column}.{index}"] for column in columns}

    def expect_vm(self, name, wanted, passing=()):
        """The newest row gets into that state, and was told with it."""
        row = self.lab.wait_case(count=100, **wanted)
        return self.expect(name, "nqVmTable", row["index"], VM, passing)

    def expect_scalars(self, name, *objects):
        sent = self.next(name)
        assert sent == {f"{object}.0": self.lab.snmp.get(f"{object}.0")
                        for object in objects}, name
        return [sent[f"{object}.0"] for object in objects]

    def finding(self, check):
        """The index and the row of the finding of this check."""
        return self.lab.wait(lambda: [
            (index, row) for index, row in self.lab.snmp.table("nqFindingTable").items()
            if row["nqFindingCheck"] == check], f"finding {check}")[0]

    def told(self, name, check):
        """The objects of the notification about the finding of this check."""
        return self.lab.wait(lambda: [
            plain(sent) for n, sent in self.heard() if n == name
            and check in sent.values()], f"{name} of {check}")[0]


@pytest.fixture
def story(make_lab, host):
    return Story(make_lab(
        host, v3_sink=True, intake="listener",
        way={"sources": ['{ name = "here"; address = "127.0.0.1"; }']},
        verify_interval_s=0.3, governor=TWO_AN_HOUR,
        more=f"notifications = {{ burst = {BURST}; window_s = 1; }};").start())


def isolation_and_its_loss(story):
    lab = story.lab
    lab.send_trap("VDI-01")
    story.expect_vm("nqVmIsolated", {"OperState": "isolated"})
    vm = lab.cases()[1]["nqVmExternalId"]

    lab.sim.realization(f"{GROUP_PATH}/quarantine", state="ERROR")
    sent = story.expect_vm("nqVmRungLost", {"OperState": "tagged"})
    assert (sent["nqVmOperState"], sent["nqVmReason"]) == ("tagged", "rungLost")
    lab.sim.realization(f"{GROUP_PATH}/quarantine")
    story.expect_vm("nqVmIsolated", {"OperState": "isolated"})

    # It is put back at once, so its row goes on while the notification is on its way.
    lab.sim.request("PATCH", f"/sim/vms/{vm}", {"tags": []})
    lab.wait_notification("nqVmTagLost")
    sent = story.expect_vm("nqVmTagLost", {"OperState": "isolated"}, passing=(
        "nqVmOperState", "nqVmReason", "nqVmReasonText"))
    assert (sent["nqVmOperState"], sent["nqVmReason"]) == ("tagging", "tagLost")
    story.expect_vm("nqVmIsolated", {"OperState": "isolated"})

    lab.snmp.set("nqVmAdminState.1", "i", "release")
    story.expect_vm("nqVmReleased", {"OperState": "released"})


def a_failure_and_the_governor(story):
    lab = story.lab
    lab.fault_at_tag(status=403)
    lab.send_trap("VDI-02")
    story.expect_vm("nqVmFailed", {"OperState": "failed"})
    lab.sim.clear_faults()

    lab.send_trap("file-server")
    sent = story.expect_vm("nqVmHeld", {"OperState": "held"})
    assert sent["nqVmReason"] == "governor"
    state, _, count = story.expect_scalars(
        "nqGovernorTripped", "nqGovernorState", "nqGovernorReason", "nqGovernorHourCount")
    assert (state, count) == ("tripped", "2")
    assert lab.snmp.number("nqGovernorHourLimit.0") == 2


def a_manager_that_comes_and_goes(story):
    lab = story.lab
    lab.kill("simulator")
    lab.wait_manager("down")
    # Each try brings the error anew, with how long it took.
    sent = story.expect("nqManagerDown", "nqManagerTable", 1, MANAGER,
                        passing=("nqManagerLastError",))
    assert sent["nqManagerState"] == "down", sent
    assert " after " in sent["nqManagerLastError"], sent
    assert (lab.manager()["nqManagerLastError"].split(" after ")[0]
            == sent["nqManagerLastError"].split(" after ")[0])
    lab.restart("simulator")
    lab.wait_manager("up")
    sent = story.expect("nqManagerUp", "nqManagerTable", 1, MANAGER)
    assert sent["nqManagerState"] == "up"


def the_mode_and_the_finding_about_it(story):
    lab = story.lab
    lab.snmp.set("nqEngineMode.0", "i", "stopped")
    assert story.expect_scalars("nqModeChanged", "nqEngineMode") == ["stopped"]
    index, row = story.finding("mode-stopped")
    wanted = {f"{column}.{index}": row[column] for column in FINDING}
    assert story.told("nqFindingRaised", "mode-stopped") == wanted

    lab.snmp.set("nqEngineMode.0", "i", "enforce")
    assert story.expect_scalars("nqModeChanged", "nqEngineMode") == ["enforce"]
    # The row is gone; what is told is what it was.
    assert story.told("nqFindingCleared", "mode-stopped") == wanted
    assert index not in lab.snmp.table("nqFindingTable")
    # What changes nothing is not told.
    lab.snmp.set("nqEngineMode.0", "i", "enforce")


def a_storm(story):
    lab = story.lab
    before = [name for name, _ in story.heard()].count("nqVmHeld")
    # Nobody knows their sender, so they are held as they come: all within one moment.
    with lab.sender(source="127.0.0.2") as stranger:
        stranger.send_all([v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(alert(f"PC-{n}")))])
                           for n in range(BURST + 4)])
    lab.wait(lambda: lab.snmp.number("nqCasesHeld.0") == BURST + 5, "all to be held", 30)
    kind, count, window = story.expect_scalars(
        "nqNotificationsSuppressed", "nqNotifySummaryOf", "nqNotifySummaryCount",
        "nqNotifyWindow")
    assert (kind, window) == ("nqVmHeld", "1")
    told = [name for name, _ in story.heard()].count("nqVmHeld") - before
    assert int(count) == lab.snmp.number("nqNotifySuppressed.0") == BURST + 4 - told
    assert told == BURST == lab.snmp.number("nqNotifyBurst.0")


def test_both_stations_hear_of_everything_as_a_walk_shows_it(story):
    lab = story.lab
    isolation_and_its_loss(story)
    a_failure_and_the_governor(story)
    a_manager_that_comes_and_goes(story)
    the_mode_and_the_finding_about_it(story)
    a_storm(story)

    heard = story.heard()
    names = [name for name, _ in heard]
    kinds = {line.split()[0] for line in open(MIB, encoding="utf-8")
             if line.endswith(" NOTIFICATION-TYPE\n")}
    assert set(names) == kinds
    for name, times in {"nqModeChanged": 2, "nqManagerDown": 1, "nqManagerUp": 1,
                        "nqVmRungLost": 1, "nqVmTagLost": 1, "nqVmReleased": 1,
                        "nqVmFailed": 1, "nqGovernorTripped": 1, "nqVmIsolated": 3,
                        "nqNotificationsSuppressed": 1}.items():
        assert names.count(name) == times, (name, names)

    # The other station got the same by SNMPv3 with authentication and encryption.
    def same():
        by_v3 = story.heard("v3-sink")
        return sorted((name, sorted(plain(sent).items())) for name, sent in by_v3) == sorted(
            (name, sorted(plain(sent).items())) for name, sent in heard)
    lab.wait(same, "the informs to be the same as the traps")
