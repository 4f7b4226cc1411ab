"""A soak of ten seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SECONDS = 10


def test_answers_stay_right_while_workers_are_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faulty.soak", "--seconds", str(SECONDS)],
        cwd=Path(__file__).parents[2], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "all is well"
