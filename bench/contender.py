"""What a contender must be able to do, and what all that speak SQL have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.shapes import Shape

__all__ = ["Contender", "SqlContender", "Unsupported"]


class Unsupported(Exception):
    """The contender cannot run this shape; the text says why."""


class Contender(ABC):
    """Runs one shape after the other, in a process of its own, from one thread.

    `num_threads` is how many threads (partitions, cores) it may use for a query.
    """

    num_threads: int

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads

    @abstractmethod
    def prepare(self, shape: Shape, parquet: Path) -> None:
        """Read the table into memory and define the function.

        Raises `Unsupported` where the shape cannot be run.
        """

    @abstractmethod
    def scan(self) -> object:
        """Aggregate the columns: what `query` costs without the function."""

    @abstractmethod
    def query(self) -> Any:
        """Return the aggregate of the function's results.

        It is the sum of numbers, the number of True, or the greatest string or moment.
        """

    @abstractmethod
    def results(self) -> Sequence[Any]:
        """Return the results of all rows as Python values, in any order."""

    def close(self) -> None:  # noqa: B027 (most have nothing)
        """Stop what was started."""


class SqlContender(Contender):
    """A contender whose table is `t` and whose function is `f`."""

    _scan: str
    _query: str
    _results: str

    def use(self, shape: Shape) -> None:
        """Make the queries for a shape; to be called by `prepare`."""
        columns = [
            aggregate(name, kind)
            for name, kind in zip(shape.columns, shape.arguments, strict=True)
        ]
        call = f"f({', '.join(shape.columns)})"
        self._scan = f"SELECT {', '.join(columns)} FROM t"
        self._query = f"SELECT {aggregate(call, shape.result)} FROM t"
        self._results = f"SELECT {call} AS r FROM t"

    @abstractmethod
    def column(self, sql: str) -> Sequence[Any]:
        """Return the first column that a query gives, as Python values."""

    def scan(self) -> object:
        return self.column(self._scan)

    def query(self) -> Any:
        return self.column(self._query)[0]

    def results(self) -> Sequence[Any]:
        return self.column(self._results)


def aggregate(expression: str, kind: str) -> str:
    if kind in ("float", "int"):
        return f"sum({expression})"
    if kind == "bool":
        return f"sum(CASE WHEN {expression} THEN 1 ELSE 0 END)"
    return f"max({expression})"
