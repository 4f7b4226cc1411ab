"""Compares the instructions of springald's hot loops in two builds, in one run.

usage: python -m instructions [--base COMMIT] [--limit PERCENT] [--cases TEXT]
                              [--rows N] [--calls N] [--json FILE]

The base is a commit, which is built when it is not yet; `now` is the springald that is
installed in this environment. Columns "all" count what runs inside a call, CPython and
Arrow included; "ours" what of that is in springald's own libraries.

Unlike times, counts do not depend on how busy the machine is: those of one build agree
within 0.1 %. A change anywhere else in the process moves what CPython's allocator does,
and with it "all", by up to about 1 %; "ours" stays.

Exit status: 0, 1 where a case got more than LIMIT percent slower or cannot be run any
more, 2 where nothing could be compared.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
from instructions.builds import (
    ROOT,
    BuildError,
    base_package,
    built_shim,
    describe,
    installed,
)
from instructions.callgrind import CallgrindError, count_cases
from instructions.cases import CASES
from instructions.comparison import as_json, compared, summary, table

GOLDEN = ROOT / "tests" / "golden" / "definition_v1_full.bin"


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="instructions", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--base", default="HEAD", help="a commit (default: HEAD)")
    parser.add_argument(
        "--base-package",
        type=Path,
        metavar="FOLDER",
        help="an installed springald folder, in place of a commit",
    )
    parser.add_argument("--limit", type=float, default=5.0, help="percent (default: 5)")
    parser.add_argument("--cases", default="", help="only those whose name has this text")
    parser.add_argument("--rows", type=int, default=8192, help="rows of a batch")
    parser.add_argument("--calls", type=int, default=50, help="calls of a series")
    parser.add_argument("--json", type=Path, help="write the counts to this file")
    return parser.parse_args(arguments)


def compare(options: argparse.Namespace) -> int:
    """Count both builds, print and write what there is to say, return the status."""
    cases = [case for case in CASES if options.cases in case.name]
    if not cases:
        raise BuildError(f"No case has this text in its name: {options.cases!r}")
    if shutil.which("valgrind") is None:
        raise BuildError("valgrind is missing: sudo apt-get install valgrind")
    base_name = str(options.base_package or describe(options.base))
    packages = [options.base_package or base_package(options.base), installed()]
    now_name = working_tree()
    print(f"base: {base_name}\nnow:  {now_name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        shim = built_shim(Path(folder))
        base, now = (
            count_cases(
                package.resolve(),
                [case.name for case in cases],
                shim=shim,
                golden=GOLDEN,
                rows=options.rows,
                calls=options.calls,
            )
            for package in packages
        )
    lines = compared(cases, base, now, options.limit)
    said = summary(lines, options.limit)
    print(f"\n{table(lines)}\n\n{said}")
    if options.json:
        content = {
            "base": base_name,
            "now": now_name,
            "limit_percent": options.limit,
            "rows": options.rows,
            "calls": options.calls,
            **surroundings(),
            "summary": said,
            "cases": as_json(lines),
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(content, indent=2) + "\n")
    return int(any(line.is_worse for line in lines))


def working_tree() -> str:
    """Return what the installed build is called."""
    try:
        return f"the working tree, on {describe('HEAD')}"
    except BuildError:  # an unpacked sdist
        return "the working tree"


def surroundings() -> dict[str, Any]:
    """Return what else decides about the counts."""
    valgrind = subprocess.run(
        ["valgrind", "--version"], capture_output=True, text=True, check=True
    )
    return {
        "python": platform.python_version(),
        "pyarrow": pa.__version__,
        "valgrind": valgrind.stdout.strip(),
        "machine": platform.machine(),
    }


def main() -> int:
    try:
        return compare(parsed(sys.argv[1:]))
    except (BuildError, CallgrindError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
