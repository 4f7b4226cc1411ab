"""Measures contenders that take turns, so that a busy moment falls on all alike."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.digest import aggregate_of, digest_of, is_same
from bench.process import ContenderFailed, ContenderProcess
from bench.results import Line
from bench.shapes import Shape, made_table, rows_of

__all__ = ["QUICK_FACTOR", "Case", "measure"]

# Who is quick has this many times the repeats: its least would otherwise be a matter of
# luck, because a run of some milliseconds is easily disturbed.
QUICK_FACTOR = 5
_QUICK_SECONDS = 0.1  # of CPU time, at the median


@dataclass(frozen=True)
class Case:
    """What is measured. Without `checks_rows` only the aggregates are compared."""

    shape: Shape
    num_rows: int
    null_share: float
    num_threads: int
    repeats: int
    checks_rows: bool = True


@dataclass
class _Seconds:
    """What one contender's runs took, in the order of the repeats."""

    scan_cpu: list[float] = field(default_factory=list)
    query_cpu: list[float] = field(default_factory=list)
    scan_wall: list[float] = field(default_factory=list)
    query_wall: list[float] = field(default_factory=list)


def measure(case: Case, contenders: Sequence[ContenderProcess]) -> list[Line]:
    """Return a line for each contender, in their order.

    A contender whose results are not those of the comprehension has a line that says so,
    without times.
    """
    table = made_table(case.shape, case.num_rows, case.null_share)
    expected = _expected(case.shape, table)
    lines: dict[str, Line] = {}
    seconds: dict[str, _Seconds] = {}
    with tempfile.TemporaryDirectory(prefix="springald-bench-") as folder:
        parquet = Path(folder) / "values.parquet"
        pq.write_table(table, parquet)
        for contender in contenders:
            line = _line(case, contender)
            if _attempted(
                line, lambda c=contender: _make_ready(c, case, parquet, expected)
            ):
                seconds[line.contender] = _Seconds()
            lines[line.contender] = line
        for number in range(case.repeats * QUICK_FACTOR):
            for contender in contenders:
                name = contender.entry.name
                line = lines[name]
                if line.status == "ok" and (
                    number < case.repeats or _is_quick(seconds[name])
                ):
                    _attempted(
                        line, lambda c=contender, n=name: _turn(c, seconds[n], expected)
                    )
    for name, line in lines.items():
        if line.status == "ok":
            _set_times(line, seconds[name], _units(case, table.num_rows))
    return list(lines.values())


def _expected(shape: Shape, table: Any) -> dict[str, Any]:
    function = shape.function
    results = [None if None in row else function(*row) for row in rows_of(table)]
    value = aggregate_of(results, shape.result)
    return {
        "digest": digest_of(results),
        "value": value * shape.copies if shape.is_arrow else value,
    }


def _line(case: Case, contender: ContenderProcess) -> Line:
    return Line(
        shape=case.shape.name,
        null_share=case.null_share,
        threads=case.num_threads,
        contender=contender.entry.name,
    )


class _Wrong(Exception):
    pass


class _Unsupported(Exception):
    pass


def _attempted(line: Line, action: Any) -> bool:
    """Do it; where it goes wrong, put that into the line and return False."""
    try:
        action()
    except _Unsupported as error:
        line.status, line.reason = "unsupported", str(error)
    except _Wrong as error:
        line.status, line.reason = "wrong", str(error)
    except (ContenderFailed, ProcessLookupError) as error:
        line.status, line.reason = "failed", str(error)
    return line.status == "ok"


def _make_ready(
    contender: ContenderProcess, case: Case, parquet: Path, expected: dict[str, Any]
) -> None:
    reply = contender.ask("prepare", shape=case.shape.name, parquet=str(parquet))
    if "unsupported" in reply:
        raise _Unsupported(reply["unsupported"])
    # In Arrow mode the table repeats one batch: the aggregate says as much.
    if case.checks_rows and not case.shape.is_arrow:
        digest = contender.ask("check")["digest"]
        if not is_same(digest, expected["digest"]):
            raise _Wrong(f"its results are {digest}, expected {expected['digest']}")
    _turn(contender, _Seconds(), expected)  # to warm up


def _is_quick(seconds: _Seconds) -> bool:
    return statistics.median(seconds.query_cpu) < _QUICK_SECONDS


def _turn(
    contender: ContenderProcess, seconds: _Seconds, expected: dict[str, Any]
) -> None:
    reply, cpu = contender.timed("scan")
    seconds.scan_cpu.append(cpu)
    seconds.scan_wall.append(reply["seconds"])
    reply, cpu = contender.timed("query")
    seconds.query_cpu.append(cpu)
    seconds.query_wall.append(reply["seconds"])
    # The comprehension has no aggregate.
    if reply["value"] is not None and not is_same(reply["value"], expected["value"]):
        raise _Wrong(
            f"its aggregate is {reply['value']!r}, expected {expected['value']!r}"
        )


def _units(case: Case, num_rows: int) -> int:
    """Return by what times are divided: batches in Arrow mode, else rows."""
    return case.shape.copies if case.shape.is_arrow else num_rows


def _set_times(line: Line, seconds: _Seconds, units: int) -> None:
    scale = 1e9 / units
    line.least_cpu_ns = (min(seconds.query_cpu) - min(seconds.scan_cpu)) * scale
    line.median_cpu_ns = (
        statistics.median(seconds.query_cpu) - statistics.median(seconds.scan_cpu)
    ) * scale
    line.least_wall_ns = (min(seconds.query_wall) - min(seconds.scan_wall)) * scale
    line.median_wall_ns = (
        statistics.median(seconds.query_wall) - statistics.median(seconds.scan_wall)
    ) * scale
