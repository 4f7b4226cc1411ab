"""Row functions against CPython's own speed and the peers, in one run.

usage: row_functions.py [--rows N] [--repeats N] [--json FILE]

For each function the same values are run through
  comprehension   [f(x) for x in values], the yardstick: no conversion, no query
  springald       sum or max of f(x) in SQL over a table in memory, above the same query
                  without f
  calls           the same, with a call of f for every row (SPRINGALD_INLINE=0)
  to_pylist       the same query with datafusion.udf and
                  pa.array([f(x) for x in array.to_pylist()]), above the same scan
  duckdb          DuckDB's native Python function, above the same scan in DuckDB

Figures are CPU time of the process in nanoseconds a row: the least of the repeats, which
take turns, so that a busy moment of the machine falls on all alike. One thread.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from datafusion import SessionConfig, SessionContext
from datafusion import udf as datafusion_udf

from springald import BallistaSessionContext, udf


def fahrenheit(c: float) -> float:
    return c * 9 / 5 + 32


def add_one(x: int) -> int:
    return x + 1


def email_domain(s: str) -> str:
    return s.split("@")[1]


@dataclass(frozen=True)
class Case:
    label: str
    function: Callable[[Any], Any]
    type: pa.DataType
    duckdb_type: str
    aggregate: str  # of the result, so that every row is made and none is printed
    limit: float  # of springald's time as a share of the comprehension's
    make: Callable[[random.Random], Any]


CASES = (
    Case("c*9/5+32", fahrenheit, pa.float64(), "DOUBLE", "sum", 0.85,
         lambda rng: rng.uniform(-30.0, 45.0)),
    Case("x+1", add_one, pa.int64(), "BIGINT", "sum", 0.85,
         lambda rng: rng.randrange(1_000_000_000)),
    Case('s.split("@")[1]', email_domain, pa.string(), "VARCHAR", "max", 1.0,
         lambda rng: f"user{rng.randrange(10**6)}@{rng.choice('abcdef')}.example.org"),
)  # fmt: skip


def one_thread() -> SessionConfig:
    return SessionConfig().with_target_partitions(1).with_batch_size(8192)


def measured(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def runners(case: Case, rows: int) -> dict[str, tuple[Callable[[], object], ...]]:
    """Return for each contender what to time, and the scan to take off, if any."""
    rng = random.Random(7)
    values = [case.make(rng) for _ in range(rows)]
    table = pa.table({"c": pa.array(values, case.type)})
    batches = [table.to_batches(max_chunksize=8192)]
    function = case.function
    with_f = f"SELECT {case.aggregate}(f(c)) FROM t"
    without_f = f"SELECT {case.aggregate}(c) FROM t"

    ours = {}
    for inline in ("1", "0"):
        os.environ["SPRINGALD_INLINE"] = inline  # read when a function is defined
        ours[inline] = BallistaSessionContext(one_thread())
        ours[inline].register_udf(udf(function, name="f"))
        ours[inline].register_record_batches("t", batches)

    theirs = SessionContext(one_thread())
    theirs.register_udf(
        datafusion_udf(
            lambda array: pa.array([function(x) for x in array.to_pylist()], case.type),
            [case.type],
            case.type,
            "immutable",
            name="f",
        )
    )
    theirs.register_record_batches("t", batches)

    duck = duckdb.connect(config={"threads": 1})
    duck.create_function("f", function, [case.duckdb_type], case.duckdb_type)
    duck.register("arrow_table", table)
    duck.execute("CREATE TABLE t AS SELECT * FROM arrow_table")

    return {
        "comprehension": (lambda: [function(x) for x in values],),
        "springald": (
            lambda: ours["1"].sql(with_f).collect(),
            lambda: ours["1"].sql(without_f).collect(),
        ),
        "calls": (
            lambda: ours["0"].sql(with_f).collect(),
            lambda: ours["0"].sql(without_f).collect(),
        ),
        "to_pylist": (
            lambda: theirs.sql(with_f).collect(),
            lambda: theirs.sql(without_f).collect(),
        ),
        "duckdb": (
            lambda: duck.execute(with_f).fetchall(),
            lambda: duck.execute(without_f).fetchall(),
        ),
    }


def measure(case: Case, rows: int, repeats: int) -> dict[str, float]:
    contenders = runners(case, rows)
    best: dict[tuple[str, int], float] = {}
    for _ in range(repeats):
        for name, actions in contenders.items():
            for index, action in enumerate(actions):
                seconds = measured(action)
                best[name, index] = min(seconds, best.get((name, index), seconds))
    return {
        name: (best[name, 0] - best.get((name, 1), 0.0)) / rows * 1e9
        for name in contenders
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()

    print(f"CPU ns a row, {options.rows:,} rows, least of {options.repeats} runs")
    names = ("comprehension", "springald", "calls", "to_pylist", "duckdb")
    heads = "".join(f"{name:>15}" for name in names)
    print(f"{'function':18}{heads}   ratio  limit")
    results = {}
    for case in CASES:
        figures = measure(case, options.rows, options.repeats)
        ratio = figures["springald"] / figures["comprehension"]
        results[case.label] = {**figures, "ratio": ratio, "limit": case.limit}
        print(
            f"{case.label:18}"
            + "".join(f"{figures[name]:15.1f}" for name in names)
            + f"{ratio:8.2f}{case.limit:7.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
