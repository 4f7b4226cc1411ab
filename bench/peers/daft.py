"""Daft's `@daft.func`, row-wise, in its own process or others; called with None."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import daft
import pyarrow.parquet as pq
from daft import DataType

from bench.contender import Contender, Unsupported
from bench.shapes import KINDS, Shape
from bench.table import function_for_nones


class Daft(Contender):
    in_processes = False  # which cost more, where there is one thread

    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow:
            raise Unsupported("only row functions are compared")
        table = pq.read_table(parquet)
        self._frame = daft.from_arrow(table).collect()
        function = daft.func(
            function_for_nones(shape, table),
            return_dtype=DataType.from_arrow_type(KINDS[shape.result]),
            use_process=self.in_processes,
        )
        self._results = function(*(daft.col(name) for name in shape.columns))
        self._query = aggregate(daft.col("r"), shape.result)
        self._scan = [
            aggregate(daft.col(name), kind).alias(name)
            for name, kind in zip(shape.columns, shape.arguments, strict=True)
        ]

    def scan(self) -> object:
        return self._frame.agg(*self._scan).to_pydict()

    def query(self) -> Any:
        called = self._frame.select(self._results.alias("r"))
        return called.agg(self._query).to_pydict()["r"][0]

    def results(self) -> Sequence[Any]:
        values: list[Any] = self._frame.select(self._results.alias("r")).to_pydict()["r"]
        return values


class DaftProcesses(Daft):
    in_processes = True


def aggregate(column: daft.Expression, kind: str) -> daft.Expression:
    if kind == "bool":
        return column.cast(DataType.int64()).sum()
    return column.sum() if kind in ("float", "int") else column.max()
