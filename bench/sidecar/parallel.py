"""Two workers against two bare Python processes, over the same rows."""

from __future__ import annotations

import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from bench.contenders import Entry
from bench.digest import aggregate_of, digest_of, is_same
from bench.process import ContenderProcess
from bench.shapes import Shape, made_table, rows_of
from bench.sidecar.contenders import BARE_COLUMNS, BARE_LISTS, EMBEDDED, SIDECAR

__all__ = ["Parallel", "Runs", "measure_parallel"]

_NUM_PROCESSES = 2
_THREADS: dict[str, tuple[Entry, int]] = {
    BARE_LISTS.name: (BARE_LISTS, _NUM_PROCESSES),
    BARE_COLUMNS.name: (BARE_COLUMNS, _NUM_PROCESSES),
    SIDECAR.name: (SIDECAR, _NUM_PROCESSES),
    EMBEDDED.name: (EMBEDDED, 1),
}


@dataclass(frozen=True)
class Runs:
    """Seconds of wall time, and of CPU time of all processes, run by run."""

    wall: list[float]
    cpu: list[float]


@dataclass(frozen=True)
class Parallel:
    """The runs of each contender, which took turns."""

    shape: str
    rows: int
    runs: dict[str, Runs]

    def rows_per_second(self, contender: str) -> float:
        return self.rows / statistics.median(self.runs[contender].wall)

    def cpu_ns(self, contender: str) -> float:
        """Return the CPU time of a row."""
        return statistics.median(self.runs[contender].cpu) * 1e9 / self.rows

    def ratios(self, bare: str) -> list[float]:
        """Return the throughput of two workers as a share of two bare processes', by run.

        By run, because a busy moment falls on both.
        """
        ours = self.runs[SIDECAR.name].wall
        theirs = self.runs[bare].wall
        return [bare / worker for bare, worker in zip(theirs, ours, strict=True)]


def measure_parallel(shape: Shape, rows: int, repeats: int, logs: Path) -> Parallel:
    """Measure two bare processes in two ways, two workers, and one thread embedded.

    Raises ValueError where the results of one are not those of the function.
    """
    table = made_table(shape, rows, 0.0)
    results = [shape.function(*row) for row in rows_of(table)]
    expected = {"digest": digest_of(results), "sum": aggregate_of(results, shape.result)}
    del results
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="springald-bench-")
        )
        parquet = Path(folder) / "values.parquet"
        pq.write_table(table, parquet)
        processes = []
        for entry, num_threads in _THREADS.values():
            log = logs / f"{entry.name}-{num_threads}.log"
            process = stack.enter_context(ContenderProcess(entry, num_threads, log))
            process.ask("prepare", shape=shape.name, parquet=str(parquet))
            _check(process, expected)
            processes.append(process)
        return Parallel(shape.name, rows, _in_turns(processes, repeats))


def _check(process: ContenderProcess, expected: dict[str, object]) -> None:
    """Let it run once and compare what comes out; raises ValueError."""
    value = process.ask("query")["value"]
    if value is None:  # it does not sum
        found, wanted = process.ask("check")["digest"], expected["digest"]
    else:
        found, wanted = value, expected["sum"]
    if not is_same(found, wanted):
        raise ValueError(f"{process.entry.name}: found {found}, expected {wanted}")


def _in_turns(processes: list[ContenderProcess], repeats: int) -> dict[str, Runs]:
    runs = {process.entry.name: Runs([], []) for process in processes}
    for number in range(repeats):
        # Who comes first changes: nobody always comes after the same one.
        first = number % len(processes)
        for process in processes[first:] + processes[:first]:
            reply, cpu = process.timed("query")
            runs[process.entry.name].wall.append(reply["seconds"])
            runs[process.entry.name].cpu.append(cpu)
    return runs
