"""A pool of two workers, a table, and a function that does what it should."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from springald import BallistaSessionContext

from .bad_row import NUM_ROWS

BATCH_ROWS = 8192
HEALTHY_SUM = sum(3 * n + 1 for n in range(NUM_ROWS))


def healthy(n: int) -> int:
    """Takes the way through text, which no engine takes for it: it runs as Python."""
    return int(str(n)) * 3 + 1


def numbers() -> list[pa.RecordBatch]:
    """Return the column `n` with the numbers below `NUM_ROWS`, in order."""
    return [
        pa.record_batch(
            {"n": pa.array(range(i, min(i + BATCH_ROWS, NUM_ROWS)), pa.int64())}
        )
        for i in range(0, NUM_ROWS, BATCH_ROWS)
    ]


def open_context(**options: Any) -> BallistaSessionContext:
    """Return a context of two workers, with the table `numbers` and `healthy`.

    `options` are those of the context; a batch may take a minute if they do not say.
    """
    options = {"udf_workers": 2, "udf_timeout": 60, **options}
    context = BallistaSessionContext(udf_backend="sidecar", **options)
    context.register_record_batches("numbers", [numbers()])
    context.register_udf(healthy)
    return context


def healthy_sum(context: BallistaSessionContext) -> int:
    """Return what `healthy` gives for all rows, which should be `HEALTHY_SUM`."""
    return sum_of(context, "healthy(n)")


def sum_of(context: BallistaSessionContext, expression: str) -> int:
    """Return the sum of `expression` over all numbers."""
    (row,) = context.sql(f"SELECT sum({expression}) AS s FROM numbers").to_pylist()
    return int(row["s"])
