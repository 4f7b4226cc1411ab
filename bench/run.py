"""Measures row functions and Arrow functions of Springald and of its peers, in one run.

usage: python -m bench.run [--rows N] [--repeats N] [--peers A,B] [--shapes A,B]
                           [--json FILE] [--picture FILE] [--check]

All contenders get the same values, which each reads into a table in its memory. Then they
take turns: one query that aggregates the columns, one that aggregates the function's
results. Figures are CPU time (user and system, of the process with all it started) of the
second above the first; the comprehension has no query to take off. Warm-up, reading and
defining are not counted. A contender whose results are not those of the comprehension is
named and not shown. The least of the repeats counts; quick contenders have more of them.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bench.contenders import Entry, entries_of
from bench.environments import ROOT, Absent
from bench.limits import checked_limits
from bench.measure import Case, measure
from bench.picture import svg_of
from bench.process import ContenderFailed, ContenderProcess
from bench.report import text_of
from bench.results import Results
from bench.shapes import SHAPES, Shape, shape_of

__all__ = ["machine", "main", "started"]

_OUTPUT = ROOT / "build" / "bench"
_NULL_SHARES = (0.0, 0.1)
_TWO_THREAD_SHAPES = ("float", "short string")


def cases_of(
    shapes: Sequence[Shape], num_threads: int, rows: int, repeats: int
) -> Iterator[Case]:
    for shape in shapes:
        if num_threads > 1 and shape.name not in _TWO_THREAD_SHAPES:
            continue
        shares = (0.0,) if shape.is_arrow or num_threads > 1 else _NULL_SHARES
        for share in shares:
            yield Case(shape, rows, share, num_threads, repeats)


def run(
    results: Results, entries: Sequence[Entry], shapes: Sequence[Shape], logs: Path
) -> None:
    """Measure all cases with one thread, then those with two, into `results`."""
    logs.mkdir(parents=True, exist_ok=True)
    for num_threads in (1, 2):
        cases = list(cases_of(shapes, num_threads, results.rows, results.repeats))
        if not cases:
            continue
        with ExitStack() as stack:
            processes = started(results, entries, num_threads, logs, stack)
            # A JVM goes on compiling for a while: not at the cost of the first case.
            if slow_starters := [p for p in processes if p.entry.needs_java]:
                measure(replace(cases[0], repeats=3), slow_starters)
            for case in cases:
                _say(
                    f"{case.shape.name}, {case.null_share:.0%} nulls, "
                    f"{num_threads} thread(s)"
                )
                results.lines += measure(case, processes)


def started(
    results: Results,
    entries: Sequence[Entry],
    num_threads: int,
    logs: Path,
    stack: ExitStack,
) -> list[ContenderProcess]:
    """Start those who can use so many threads; `stack` ends them.

    Their versions go into `results`, and so do those who are absent.
    """
    processes = []
    for entry in entries:
        if entry.max_threads < num_threads or entry.name in results.absent:
            continue
        log = logs / f"{entry.name}-{num_threads}.log"
        try:
            process = stack.enter_context(ContenderProcess(entry, num_threads, log))
            versions = process.ask("versions")["versions"]
        except (Absent, ContenderFailed) as error:
            results.absent[entry.name] = str(error)
            _say(f"Leaving out {entry.label}: {error}")
            continue
        results.versions[entry.name] = versions
        processes.append(process)
    return processes


def machine() -> dict[str, object]:
    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_bytes / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", help="names, separated by commas; all without it")
    parser.add_argument("--shapes", help="names, separated by commas; all without it")
    parser.add_argument("--json", type=Path, default=_OUTPUT / "results.json")
    parser.add_argument("--picture", type=Path, default=_OUTPUT / "row-functions.svg")
    parser.add_argument(
        "--check", action="store_true", help="fail where a limit is not met"
    )
    return parser.parse_args()


def main() -> int:
    options = arguments()
    try:
        entries = entries_of(options.peers or None)
        shapes = [
            shape_of(name.strip())
            for name in (options.shapes or ",".join(s.name for s in SHAPES)).split(",")
        ]
    except ValueError as error:
        raise SystemExit(str(error)) from None
    results = Results(
        date=datetime.now().astimezone().isoformat(timespec="seconds"),
        machine=machine(),
        rows=options.rows,
        repeats=options.repeats,
    )
    run(results, entries, shapes, _OUTPUT / "logs")
    limits = checked_limits(results)
    print(text_of(results, limits))
    results.write(
        options.json,
        limits=[{**vars(limit), "is_met": limit.is_met} for limit in limits],
        contenders={
            entry.name: {"label": entry.label, "nulls": entry.nulls} for entry in entries
        },
    )
    options.picture.write_text(svg_of(results))
    print(f"Written: {options.json}, {options.picture}")
    return 1 if options.check and any(limit.is_met is False for limit in limits) else 0


if __name__ == "__main__":
    sys.exit(main())
