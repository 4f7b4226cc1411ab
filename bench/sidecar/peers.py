"""Springald's workers beside engines that run functions in processes of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.contenders import Entry
from bench.measure import Case, measure
from bench.results import Results
from bench.run import started
from bench.shapes import Shape

__all__ = ["NUM_THREADS", "measure_peers"]

NUM_THREADS = 2
# Of the rows whose results are compared one by one: all of millions are too many to send.
_CHECKED_ROWS = 20_000


def measure_peers(
    results: Results, entries: Sequence[Entry], shapes: Sequence[Shape], logs: Path
) -> None:
    """Measure all with two threads or processes each, into `results`."""
    with ExitStack() as stack:
        processes = started(results, entries, NUM_THREADS, logs, stack)
        for shape in shapes:
            small = Case(shape, _CHECKED_ROWS, 0.0, NUM_THREADS, repeats=2)
            checked = measure(small, processes)
            results.lines += [line for line in checked if line.status != "ok"]
            names = {line.contender for line in checked if line.status == "ok"}
            large = replace(
                small, num_rows=results.rows, repeats=results.repeats, checks_rows=False
            )
            able = [process for process in processes if process.entry.name in names]
            results.lines += measure(large, able)
