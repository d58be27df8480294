# SPDX-License-Identifier: Apache-2.0
"""One INFORM after the other, each about another VM: from the moment it is sent until its tag
is in the simulator, ours and the floor."""

import http.client
import json
import time

from labs import PeerLab, World, our_lab, traps_about
from support.senders import inform, request_id_of
from support.worlds import name_of


# A proof takes about eight requests, of the 50 in a second that are sent by default.
DISTANCE_S = 0.3


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


class Watcher:
    """Learns from a simulator when a tag came, on a connection of its own that is open and
    has asked before the INFORM leaves: a TLS handshake at the moment of the tag would be
    measured with it."""

    def __init__(self, lab):
        self.lab = lab
        self.since = 0      # the request that set the last tag
        self.to = http.client.HTTPSConnection("127.0.0.1", lab.nsx_ports[0], timeout=20,
                                              context=lab.sim.context)

    def latency_ms(self, number, place):
        """place: the tag will be the one of this number in the simulator's journal."""
        packet = traps_about([number], inform)[0]
        self.to.request("GET", f"/sim/journal?since={self.since}&min_changes={place}"
                               "&timeout_ms=10000")
        with self.lab.sender() as sender:
            begin = time.time()
            sender.send(packet)
            assert sender.answers([request_id_of(packet)], 10), "an INFORM had no answer"
        tag = json.load(self.to.getresponse())["changes"][-1]
        assert (tag["change"], tag["display_name"]) == ("added", name_of(number)), tag
        self.since = tag["request"]
        return (tag["time_ms"] / 1000 - begin) * 1000


def measure(figures, sizes, folder):
    """The two take turns, and ours has proven its isolation before the next one comes. NSX
    takes so many requests in a second and no more: what waits for that is no latency, so
    the pairs keep a distance."""
    count = sizes["informs"]
    world = World(folder, count * sizes["rounds"])
    found = {"ours": [], "floor": []}
    with our_lab("listener", world) as ours, PeerLab("floor", world).start() as floor:
        watchers = [("ours", Watcher(ours)), ("floor", Watcher(floor))]
        for turn in range(sizes["rounds"]):
            times = {"ours": [], "floor": []}
            for number in range(turn * count, (turn + 1) * count):
                due = time.monotonic() + DISTANCE_S
                for name, watcher in watchers[::-1 if number % 2 else 1]:
                    times[name].append(watcher.latency_ms(number, number + 1))
                ours.wait(lambda wanted=number + 1: ours.snmp.number("nqCasesIsolated.0")
                          == wanted, "the VM to be isolated", 60)
                ours.wait(lambda until=due: time.monotonic() >= until, "the next pair")
            for name, values in times.items():
                found[name].append(values)
            figures.say(f"round {turn + 1} of {sizes['rounds']}: median ms, "
                        + ", ".join(f"{name} {quantile(values, 0.5):.2f}"
                                    for name, values in times.items()))
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        of = {who: [quantile(times, part) for times in rounds]
              for who, rounds in found.items()}
        figures.detail(f"latency_{name}_ms", of["ours"])
        figures.detail(f"latency_floor_{name}_ms", of["floor"])
        figures.ratio(f"latency_vs_floor_{name}", of["ours"], of["floor"])
