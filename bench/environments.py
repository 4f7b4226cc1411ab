"""The peers' environments: one for each, under build/bench/venvs.

usage: python -m bench.environments [--peers NAME,...]

Makes those that are missing or were made from other requirements. One that cannot be made
is reported, and left out by the benchmark.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from bench.contenders import CONTENDERS, Entry, entries_of

__all__ = ["Absent", "interpreter_of", "java"]

ROOT = Path(__file__).parents[1]
_REQUIREMENTS = ROOT / "bench" / "requirements"
_ENVIRONMENTS = ROOT / "build" / "bench" / "venvs"
_STAMP = "made-from.txt"


class Absent(Exception):
    """A contender cannot be started here; the text says why and what to do."""


def interpreter_of(entry: Entry, environments: Path = _ENVIRONMENTS) -> str:
    """Return the path of the Python that runs a contender; raises `Absent`."""
    if entry.needs_java and java() is None:
        raise Absent("Java is missing: install openjdk-17-jre-headless")
    if entry.peer is None:
        return sys.executable
    folder = environments / entry.peer
    if not is_fresh(entry.peer, folder):
        raise Absent(f"{entry.peer} is not installed: make bench-peers")
    return str(folder / "bin" / "python")


def java() -> str | None:
    return shutil.which("java")


def is_fresh(peer: str, folder: Path) -> bool:
    stamp = folder / _STAMP
    requirements = _REQUIREMENTS / f"{peer}.txt"
    return stamp.exists() and stamp.read_text() == requirements.read_text()


def make(peer: str, folder: Path) -> None:
    """Make the environment of a peer anew; raises subprocess.CalledProcessError."""
    requirements = _REQUIREMENTS / f"{peer}.txt"
    shutil.rmtree(folder, ignore_errors=True)
    commands = (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check",
         "install", "--quiet", "-r", str(requirements)],
    )  # fmt: skip
    for command in commands:
        subprocess.run(command, check=True, capture_output=True, text=True)
    (folder / _STAMP).write_text(requirements.read_text())


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", help="names, separated by commas")
    chosen = entries_of(parser.parse_args().peers or None)
    needing_java = {entry.peer for entry in CONTENDERS if entry.needs_java}
    for peer in dict.fromkeys(entry.peer for entry in chosen if entry.peer):
        folder = _ENVIRONMENTS / peer
        if is_fresh(peer, folder):
            continue
        if peer in needing_java and java() is None:
            print(f"Leaving out {peer}: Java is missing")
            continue
        print(f"Installing {peer} into {folder.relative_to(ROOT)}", flush=True)
        try:
            make(peer, folder)
        except subprocess.CalledProcessError as error:
            print(f"Leaving out {peer}: {last_line(error.stderr or error.stdout)}")


if __name__ == "__main__":
    main()
