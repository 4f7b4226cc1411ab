"""What several contenders need of a table: its partitions, and whether it has nulls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from bench.shapes import Shape

__all__ = ["function_for_nones", "partitions_of"]

_BATCH_ROWS = 8192


def partitions_of(
    shape: Shape, table: pa.Table, num_partitions: int
) -> list[list[pa.RecordBatch]]:
    """Return the rows of a table, the shape's number of times, in equal partitions."""
    rows = shape.batch_rows or _BATCH_ROWS
    batches = table.combine_chunks().to_batches(max_chunksize=rows) * shape.copies
    return [batches[number::num_partitions] for number in range(num_partitions)]


def function_for_nones(shape: Shape, table: pa.Table) -> Callable[..., Any]:
    """Return the shape's function for engines that call with None for a null."""
    has_nulls = any(column.null_count for column in table.columns)
    return shape.or_none if has_nulls else shape.function
