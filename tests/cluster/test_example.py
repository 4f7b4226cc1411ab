"""The main job on real processes: the same program, the same output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .processes import Cluster

EXAMPLES = Path(__file__).parents[2] / "examples"
FUNCTIONS = ("celsius_to_fahrenheit", "parse_date", "parse_time", "season", "month_key")


def test_weather_prints_the_recorded_output(cluster: Cluster, tmp_path: Path) -> None:
    before = {name: cluster.rows(name) for name in FUNCTIONS}
    run = subprocess.run(
        [sys.executable, EXAMPLES / "weather.py", cluster.address],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.stderr == ""
    assert run.returncode == 0
    assert run.stdout == (EXAMPLES / "weather.stdout.txt").read_text()
    for name in FUNCTIONS:
        assert cluster.rows(name) > before[name], f"executors ran {name}"


def test_the_demo_of_the_makefile(tmp_path: Path) -> None:
    """`make cluster-demo` starts a cluster of its own, and leaves nothing behind."""
    demo = Path(__file__).parents[2] / "tools" / "cluster_demo.py"
    run = subprocess.run(
        [sys.executable, demo], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert (EXAMPLES / "weather.stdout.txt").read_text() in run.stdout
