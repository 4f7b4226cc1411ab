"""The yardstick: a comprehension over a list, without conversion or query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.contender import Contender, Unsupported
from bench.shapes import Shape


class Comprehension(Contender):
    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow:
            raise Unsupported("it has no Arrow mode")
        table = pq.read_table(parquet)
        self._shape = shape
        self._columns = [column.to_pylist() for column in table.columns]
        self._has_nulls = any(column.null_count for column in table.columns)

    def scan(self) -> object:
        return None

    def query(self) -> Any:
        self._run()
        return None  # summing is not what is measured; `results` is checked

    def _run(self) -> list[Any]:
        f = self._shape.function
        match self._columns, self._has_nulls:
            case [values], False:
                return [f(x) for x in values]
            case [values], True:
                return [None if x is None else f(x) for x in values]
            case [values, others], False:
                return [f(x, y) for x, y in zip(values, others, strict=True)]
            case [values, others], _:
                return [
                    None if x is None or y is None else f(x, y)
                    for x, y in zip(values, others, strict=True)
                ]
        raise Unsupported(f"it has no form for {len(self._columns)} arguments")

    def results(self) -> Sequence[Any]:
        return self._run()
