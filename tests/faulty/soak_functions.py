"""The queries of a soak: each has one right answer."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from springald import BallistaSessionContext

NUM_ROWS = 50_000
BATCH_ROWS = 1024
_TOTAL = sum(range(NUM_ROWS))


@dataclass(frozen=True)
class Query:
    """A query, its answer, and whether the loss of a worker may fail it."""

    expression: str
    answer: int
    may_be_lost: bool = False

    def ask(self, context: BallistaSessionContext) -> int:
        """Return what the query gives now."""
        query = f"SELECT sum({self.expression}) AS r FROM numbers"
        (row,) = context.sql(query).to_pylist()
        return int(row["r"])


QUERIES = (
    Query("plus_one(n)", _TOTAL + NUM_ROWS),
    Query("doubled(n)", 2 * _TOTAL),
    Query("plus_one(n) + doubled(n)", 3 * _TOTAL + NUM_ROWS),
    Query("length(backwards(t))", sum(len(f"number {n}") for n in range(NUM_ROWS))),
    Query("volatile_plus_one(n)", _TOTAL + NUM_ROWS, may_be_lost=True),
)


def plus_one(n: int) -> int:
    return int(str(n)) + 1


def backwards(text: str) -> str:
    return text[::-1]


def doubled(column: pa.Array) -> pa.Array:
    return pa.array([value.as_py() * 2 for value in column], pa.int64())


def register(context: BallistaSessionContext) -> None:
    """Make the table and the functions known to `context`."""
    table = pa.table(
        {
            "n": pa.array(range(NUM_ROWS), pa.int64()),
            "t": pa.array([f"number {n}" for n in range(NUM_ROWS)]),
        }
    )
    batches = table.to_batches(max_chunksize=BATCH_ROWS)
    context.register_record_batches("numbers", [batches])
    types = {"return_type": pa.int64(), "input_types": [pa.int64()]}
    context.register_udf(plus_one)
    context.register_udf(plus_one, name="volatile_plus_one", volatility="volatile")
    context.register_udf(backwards)
    context.register_udf(doubled, mode="arrow", **types)
