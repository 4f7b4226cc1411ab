"""What Springald's worker processes replace: bare Python processes, without an engine.

Each has its part of the rows. In `Lists` it has them as Python objects before, and
leaves the results as such; `Columns` begins and ends with Arrow arrays. Both work batch
by batch, as a worker does, which keeps what they allocate in the processor's caches.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.contender import Contender, Unsupported
from bench.shapes import KINDS, Shape, shape_of
from bench.table import partitions_of


class Columns(Contender):
    """Has a process for each thread. They are its children, in its session.

    Linux may share out processors by session (sched_autogroup): two processes with a
    session each would get more of a busy machine than two workers of one engine.
    """

    has_lists = False

    def __init__(self, num_threads: int) -> None:
        super().__init__(num_threads)
        self._processes: list[tuple[BaseProcess, Connection]] = []

    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow or len(shape.arguments) != 1:
            raise Unsupported("only functions of one column are compared")
        self.close()
        context = multiprocessing.get_context("spawn")
        for number in range(self.num_threads):
            ours, theirs = context.Pipe()
            part = (number, self.num_threads)
            process = context.Process(
                target=_work,
                args=(theirs, shape.name, str(parquet), part, self.has_lists),
                daemon=True,
            )
            process.start()
            self._processes.append((process, ours))
        self._asked("be ready")

    def _asked(self, what: str) -> list[Any]:
        """Return the answers of all processes, which work at the same time."""
        for _, connection in self._processes:
            connection.send(what)
        return [connection.recv() for _, connection in self._processes]

    def scan(self) -> object:
        return None

    def query(self) -> Any:
        self._asked("run")
        return None  # summing is not what is measured; `results` is checked

    def results(self) -> Sequence[Any]:
        return [value for part in self._asked("results") for value in part]

    def close(self) -> None:
        for process, connection in self._processes:
            connection.close()  # the end of its input ends it
            process.join()
        self._processes = []


class Lists(Columns):
    has_lists = True


def _work(
    connection: Connection,
    shape_name: str,
    parquet: str,
    part: tuple[int, int],
    has_lists: bool,
) -> None:
    """Answer what is asked until the other end is closed."""
    shape = shape_of(shape_name)
    number, num_parts = part
    batches = partitions_of(shape, pq.read_table(parquet), num_parts)[number]
    columns = [batch.column(0) for batch in batches]
    lists = [column.to_pylist() for column in columns] if has_lists else []
    f, kind = shape.function, KINDS[shape.result]
    while True:
        try:
            what = connection.recv()
        except EOFError:
            return
        answer = None
        if what == "results":
            answer = [f(x) for column in columns for x in column.to_pylist()]
        elif what == "run":
            for values in lists:
                [f(x) for x in values]
            for column in columns if not has_lists else ():
                pa.array([f(x) for x in column.to_pylist()], kind)
        connection.send(answer)
