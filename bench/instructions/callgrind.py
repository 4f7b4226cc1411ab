"""Runs the cases of one build under callgrind and reads its counts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

__all__ = ["CallgrindError", "Count", "Dump", "count_cases", "per_unit", "read_dump"]

_LABEL = re.compile(r"^desc: Trigger: Client Request: (.*)\|(\d+)$")
_OBJECT = re.compile(r"^(ob|cob)=\((\d+)\)(?: (.*))?$")
_MODULES = Path(__file__).parents[1]


class CallgrindError(Exception):
    """Callgrind could not count; the text says why."""


@dataclass(frozen=True)
class Count:
    """Instructions: of all that runs inside a call, and of springald's own libraries."""

    all: float
    ours: float


@dataclass(frozen=True)
class Dump:
    """What one counted region cost, and which it was."""

    case: str
    size: int
    count: Count


def read_dump(text: str, package: Path) -> Dump | None:
    """Read one dump of callgrind's; None where no region wrote it (the last one).

    The format is that of <https://valgrind.org/docs/manual/cl-format.html>: a line with a
    cost belongs to the object that the last `ob=` line named, but for the line after
    `calls=`, which is what the callee cost and stands again with the callee.

    Args:
        text: The dump.
        package: The folder whose libraries are springald's own.

    Raises:
        CallgrindError: The costs do not add up to the total that the dump gives.
    """
    label = next(filter(None, map(_LABEL.match, text.splitlines())), None)
    if label is None:
        return None
    names: dict[str, str] = {}
    costs = {True: 0, False: 0}
    is_ours = is_callee = False
    total = 0
    for line in text.splitlines():
        if is_callee:
            is_callee = False
        elif line[:1] in set("0123456789+-*"):
            costs[is_ours] += int(line.split()[1])
        elif line.startswith("calls="):
            is_callee = True
        elif line.startswith("totals: "):
            total = int(line.split()[1])
        elif found := _OBJECT.match(line):
            kind, number, name = found.groups()
            names.setdefault(number, name or "")
            if kind == "ob":
                is_ours = Path(names[number]).parent == package
    if sum(costs.values()) != total:
        raise CallgrindError(
            f"The costs of {label[1]!r} do not add up: {sum(costs.values())}, expected "
            f"{total}. This version of callgrind writes dumps that this reader does not "
            "understand"
        )
    return Dump(label[1], int(label[2]), Count(total, costs[True]))


def count_cases(
    package: Path,
    names: Sequence[str],
    *,
    shim: Path,
    golden: Path,
    rows: int,
    calls: int,
) -> tuple[dict[str, Count], dict[str, str]]:
    """Count the cases of these names, each per row or per call.

    Args:
        package: The installed folder `springald` of the build.
        names: The cases.
        shim: The compiled counted_calls.c. Builds are copied beside it.
        golden: An encoded definition.
        rows: Rows of the smaller of two batches.
        calls: Calls in the smaller of two series.

    Returns:
        The counts, and for each case that the build cannot run, the reason.

    Raises:
        CallgrindError: The program that runs the cases failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        counted = _at_same_place(package, shim.parent)
        command = [
            *_fixed_addresses(), "valgrind", "--tool=callgrind", "--quiet",
            "--instr-atstart=no", f"--callgrind-out-file={folder}/dump",
            sys.executable, "-m", "instructions.run_cases",
            counted, shim, golden, rows, calls, *names,
        ]  # fmt: skip
        done = subprocess.run(
            [str(word) for word in command],
            env=_environment(counted),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CallgrindError(
                f"The cases of {package} ended with {done.returncode}:\n"
                f"{done.stdout}{done.stderr}"
            )
        reasons: dict[str, str] = json.loads(done.stdout)
        texts = (path.read_text() for path in sorted(Path(folder).glob("dump*")))
        dumps = [dump for text in texts if (dump := read_dump(text, counted))]
    return per_unit(dumps), reasons


def per_unit(dumps: Iterable[Dump]) -> dict[str, Count]:
    """Return for each case what one row (call) costs, from counts of two sizes."""
    by_case: dict[str, dict[int, Count]] = {}
    for dump in dumps:
        by_case.setdefault(dump.case, {})[dump.size] = dump.count
    counts = {}
    for case, by_size in by_case.items():
        small, large = sorted(by_size)
        units = large - small
        counts[case] = Count(
            (by_size[large].all - by_size[small].all) / units,
            (by_size[large].ours - by_size[small].ours) / units,
        )
    return counts


def _at_same_place(package: Path, folder: Path) -> Path:
    """Copy a build to where every build is counted, and return that.

    A path's length and hash decide about where objects lie, and so about instructions.
    """
    counted = folder / "counted" / "springald"
    shutil.rmtree(counted, ignore_errors=True)
    shutil.copytree(package, counted, ignore=shutil.ignore_patterns("__pycache__"))
    return counted


def _fixed_addresses() -> list[str]:
    """Return the prefix that switches the layout's randomness off, where that is allowed.

    Addresses decide about the order in tables of objects, and so about instructions.
    """
    command = ["setarch", "-R"]
    if shutil.which("setarch") is None:
        return []
    allowed = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if allowed.returncode == 0 else []


def _environment(package: Path) -> dict[str, str]:
    """Return an environment that is the same on every machine and for both builds."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{package.parent}:{_MODULES}",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        # A build outside site-packages does not find pyarrow's libraries beside it.
        "LD_LIBRARY_PATH": pa.get_library_dirs()[0],
    }
