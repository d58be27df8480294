# SPDX-License-Identifier: Apache-2.0
"""`make bench` in miniature: that every part of it runs and finds its figures. What they say
with such sizes means nothing."""

import json
import os
import subprocess
import sys

import pytest

from support.lab import TOP

BENCH = os.path.join(TOP, "tests/bench")
sys.path.insert(0, BENCH)

from figures import TARGETS  # noqa: E402 (the path above comes first)

PARTS = {"intake": ["intake_vs_python", "intake_vs_shell", "intake_direct_vs_python"],
         "latency": ["latency_vs_floor_p50", "latency_vs_floor_p99"],
         "storm": ["storm_calls_per_vm", "storm_lost"],
         "walk": ["walk_dlmod_vs_bare", "walk_agentx_vs_bare", "get_100000_vs_100",
                  "rows_add_growth", "rows_remove_growth", "row_bytes"],
         "hung": ["get_p99_nsx_hung_vs_idle"],
         "size": ["rss_per_vm_bytes", "rss_peak_per_vm_bytes", "sync_growth",
                  "restart_growth"],
         "idle": ["idle_cpu_percent"]}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_benchmark_finds_its_figures(tmp_path, part):
    file = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, f"{BENCH}/bench.py", "--smoke", "--only", part, "--json", file],
        capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(file.read_text(encoding="utf-8"))
    assert [name for name in TARGETS if name in found] == PARTS[part]
    for name in PARTS[part]:
        assert found[f"{name}_min"] <= found[name] <= found[f"{name}_max"]
        assert f"| {name} |" in done.stdout
    if part == "storm":
        assert found["storm_lost"] == 0


def test_no_figure_is_without_a_part():
    assert sorted(sum(PARTS.values(), [])) == sorted(TARGETS)
