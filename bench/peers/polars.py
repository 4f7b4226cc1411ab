"""Polars: `map_elements`; for two columns, of the structs that they make.

Nulls are skipped, as is its default; a struct with a null in a field is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from bench.contender import Contender, Unsupported
from bench.shapes import Shape
from bench.table import function_for_nones

_TYPES = {
    "float": pl.Float64(),
    "int": pl.Int64(),
    "bool": pl.Boolean(),
    "string": pl.String(),
    "timestamp": pl.Datetime("us"),
}


class Polars(Contender):
    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow:
            raise Unsupported("only row functions are compared")
        self._frame = pl.read_parquet(parquet).rechunk()
        if len(shape.columns) == 1:
            column, function = pl.col(shape.columns[0]), shape.function
        else:
            column = pl.struct(*shape.columns)
            function = of_struct(function_for_nones(shape, self._frame.to_arrow()))
        self._results = column.map_elements(function, return_dtype=_TYPES[shape.result])
        self._query = aggregate(self._results, shape.result)
        self._scan = [
            aggregate(pl.col(name), kind).alias(name)
            for name, kind in zip(shape.columns, shape.arguments, strict=True)
        ]

    def scan(self) -> object:
        return self._frame.select(self._scan)

    def query(self) -> Any:
        return self._frame.select(self._query.alias("r")).item()

    def results(self) -> Sequence[Any]:
        values: list[Any] = self._frame.select(self._results.alias("r"))["r"].to_list()
        return values


def of_struct(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda row: function(row["a"], row["b"])


def aggregate(column: pl.Expr, kind: str) -> pl.Expr:
    return column.sum() if kind in ("float", "int", "bool") else column.max()
