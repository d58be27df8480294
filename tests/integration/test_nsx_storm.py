# SPDX-License-Identifier: Apache-2.0
"""An outbreak: many VMs at once. All end isolated, NSX never has to refuse a request, and the
number of requests grows slower than that of the VMs."""

import collections
import re

import pytest

from support.settings import ALERT_TRAP, DESCRIPTION, alert
from support.worlds import crowd, name_of

# How many VMs there are, and how many of them are infected. NSX for vSphere is asked about
# each VM by itself, and for at most 50 of such requests in a second. Here the engine has just
# started and must ask for their addresses, too, which may be what protects them.
CROWDS = [("policy", 300, 200, 2), ("vsphere", 100, 50, 8)]


def handle_text(computer):
    """What snmptrapd gives its handlers."""
    octets = "".join(f"{byte:02X} " for byte in alert(computer).encode())
    return "\n".join(["localhost", "UDP: [127.0.0.1]:40000->[127.0.0.1]:162",
                      ".1.3.6.1.2.1.1.3.0 100",
                      f".1.3.6.1.6.3.1.1.4.1.0 {ALERT_TRAP}",
                      f'{DESCRIPTION} "{octets}"', ""])


def kind(request):
    """The request without what differs from VM to VM."""
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|vm-\d+|tag-operations/[^/?]+", "{}",
                  request["path"].split("page_size")[0])
    return f"{request['method']} {path[:90]}"


@pytest.mark.parametrize("nsx, vms, infected, requests_each", CROWDS,
                         ids=[row[0] for row in CROWDS])
def test_an_outbreak_is_isolated_without_a_refusal(make_lab, tmp_path, nsx, vms, infected,
                                                   requests_each):
    lab = make_lab("agentx", nsx, crowd(tmp_path / "crowd.json", nsx, vms), timeout_s=15.0,
                   verify_interval_s=60.0, group_interval_s=5.0,
                   statistics_interval_s=10.0).start(engine=False)
    # Out of the spool they come at once, however slow this machine is.
    for number in range(infected):
        done = lab.hand_over(handle_text(name_of(number)))
        assert done.returncode == 0, done.stderr
    lab.start_engine()
    lab.wait_answers()
    lab.wait(lambda: lab.snmp.number("nqCasesIsolated.0") == infected,
             f"{infected} isolated VMs", 60)

    requests = lab.sim.requests()
    rows = lab.cases().values()
    slowest = max(int(row["nqVmIsolateTime"]) for row in rows) / 1000
    print(f"{nsx}: {infected} VMs, {len(requests)} requests, "
          f"{len(requests) / infected:.2f} for each VM, the slowest took {slowest:.1f} s")
    for name, count in collections.Counter(map(kind, requests)).most_common(12):
        print(f"{count:6} {name}")
    assert {row["nqVmName"] for row in rows} == set(map(name_of, range(infected)))
    assert [r for r in requests if r["status"] in (429, 503)] == []
    changes = collections.Counter(c["display_name"] for c in lab.sim.tag_changes())
    assert changes == collections.Counter(map(name_of, range(infected)))
    assert lab.manager_counts()["Errors"] == 0
    assert lab.traps()["Acted"] == infected
    assert not lab.sim.allowed(name_of(infected - 1), "file-server")
    assert lab.sim.allowed(name_of(infected), "file-server")
    assert len(requests) <= requests_each * infected
    # 50 in a second are sent; the simulator's clock may see some a little closer.
    assert busiest_second(requests) <= 60

    told = timing(lab)
    for kind_of, column in (("Tag", "nqVmTagTime"), ("Isolate", "nqVmIsolateTime")):
        times = sorted(int(row[column]) for row in rows)
        for name, percent in (("P50", 50), ("P95", 95), ("P99", 99), ("Max", 100)):
            assert told[kind_of + name] == nearest_rank(times, percent), (kind_of, name)
        assert told[f"{kind_of}Last"] in times
    trigger = lab.snmp.table("nqTriggerTable")[1]
    counted = [int(trigger[f"nqTrigger{name}"]) for name in ("Matches", "Acted", "Refused")]
    assert counted == [infected, infected, 0]
    lab.kill_engine()
    lab.restart_engine()
    assert timing(lab) == told
    assert lab.snmp.table("nqTriggerTable")[1] == trigger


def timing(lab):
    """The scalars of nqTiming, by the end of their names."""
    names = [kind_of + name for kind_of in ("Tag", "Isolate")
             for name in ("Last", "P50", "P95", "P99", "Max")]
    text = lab.snmp.run("snmpget", "-OqvU", lab.snmp.address, *[
        lab.snmp.qualified(f"nqTiming{name}.0") for name in names])
    return dict(zip(names, map(int, text.split())))


def nearest_rank(times, percent):
    """The smallest of the sorted times that so many percent of them do not exceed."""
    return next(time for place, time in enumerate(times, 1)
                if place * 100 >= percent * len(times))


def busiest_second(requests):
    times = [request["time_ms"] for request in requests]
    return max(sum(1 for t in times if start <= t < start + 1000) for start in times)
