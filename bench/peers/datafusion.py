"""`datafusion.udf`: columns are made lists, and lists columns, in Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datafusion import SessionConfig, SessionContext, udf

from bench.contender import SqlContender
from bench.shapes import KINDS, Shape
from bench.table import partitions_of


class DataFusion(SqlContender):
    def prepare(self, shape: Shape, parquet: Path) -> None:
        self.use(shape)
        config = SessionConfig().with_target_partitions(self.num_threads)
        self._context = SessionContext(config.with_batch_size(8192))
        types = [KINDS[kind] for kind in shape.arguments]
        function = shape.arrow_function or self.over_columns(shape)
        self._context.register_udf(
            udf(function, types, KINDS[shape.result], "immutable", name="f")
        )
        partitions = partitions_of(shape, pq.read_table(parquet), self.num_threads)
        self._context.register_record_batches("t", partitions)

    def over_columns(self, shape: Shape) -> Callable[..., pa.Array]:
        """Return a function of columns that calls the shape's function row by row."""
        return OverColumns(shape.function, KINDS[shape.result])

    def column(self, sql: str) -> Sequence[Any]:
        batches = self._context.sql(sql).collect()
        return [value for batch in batches for value in batch.column(0).to_pylist()]


class OverColumns:
    """What a user writes around a row function, the fastest way; nulls stay nulls."""

    def __init__(self, function: Callable[..., Any], type: pa.DataType) -> None:
        self._function = function
        self._type = type

    def __call__(self, *arrays: pa.Array) -> pa.Array:
        lists = [array.to_pylist() for array in arrays]
        has_nulls = any(array.null_count for array in arrays)
        return pa.array(self.called(lists, has_nulls), self._type)

    def called(self, lists: list[list[Any]], has_nulls: bool) -> list[Any]:
        f = self._function
        if len(lists) == 1:
            if has_nulls:
                return [None if x is None else f(x) for x in lists[0]]
            return [f(x) for x in lists[0]]
        if has_nulls:
            return [
                None if x is None or y is None else f(x, y)
                for x, y in zip(*lists, strict=True)
            ]
        return [f(x, y) for x, y in zip(*lists, strict=True)]
