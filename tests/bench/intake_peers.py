# SPDX-License-Identifier: Apache-2.0
"""Traps a second until every tag is in the simulator: ours, and what admins write."""

from figures import alternate
from labs import PeerLab, World, our_lab, tagged_per_s
from support.senders import inform, v2c_trap


def measure(figures, sizes, folder):
    """Each run has a site of its own, which starts before the clock does. Peers get fewer
    traps, because they are slow; our rates are those of a storm."""
    world = World(folder, max(sizes["intake"], sizes["intake_direct"], sizes["intake_peer"]))

    def ours(way, count, make):
        def run(_):
            with our_lab(way, world) as lab:
                return tagged_per_s(lab, count, make)
        return run

    def peer(name):
        def run(_):
            with PeerLab(name, world).start() as lab:
                return tagged_per_s(lab, sizes["intake_peer"])
        return run

    rates = alternate(
        sizes["rounds"], figures.say,
        handler=ours("handler", sizes["intake"], v2c_trap), python=peer("peer_python"),
        shell=peer("peer_shell"), direct=ours("listener", sizes["intake_direct"], inform))
    for name, values in rates.items():
        figures.detail(f"intake_{name}_per_s", values)
    figures.ratio("intake_vs_python", rates["handler"], rates["python"])
    figures.ratio("intake_vs_shell", rates["handler"], rates["shell"])
    figures.ratio("intake_direct_vs_python", rates["direct"], rates["python"])
