"""The main job: examples/weather.py prints what it printed when it was written."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_weather_prints_the_recorded_output(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, EXAMPLES / "weather.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stderr == ""
    assert run.returncode == 0
    assert run.stdout == (EXAMPLES / "weather.stdout.txt").read_text()
