"""Queries on a cluster of processes against the same queries embedded, in one run.

usage: cluster.py [--rows N] [--repeats N] [--executors N] [--vcores N] [--json FILE]

Starts a scheduler and executors on this machine. Each query runs in turn on the cluster
and embedded; figures are wall time in milliseconds, the median of the repeats, from SQL
text to rows in the client. The queries are
  SELECT 1       what a query costs that does nothing
  aggregate      sum(f(c)) by one of five words over 1,461 rows of CSV
  scan           sum(c) over four Parquet files with --rows rows in all
  scan, row      sum(f(c)) over them, f called row by row
  scan, arrow    sum(g(c)) over them, g given columns

A cluster on the cores of one machine is not faster than the machine: the figures show
what it costs, not what it gains.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from springald import BallistaSessionContext, udf

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cluster.processes import Cluster  # the package in tests, not this file


@dataclass(frozen=True)
class Case:
    label: str
    query: str
    limit: float | None = None  # of the cluster's median, in milliseconds


CASES = (
    Case("SELECT 1", "SELECT 1", 25.0),
    Case("aggregate", "SELECT weather, sum(f(temp_max)) FROM weather GROUP BY weather"),
    Case("scan", "SELECT sum(c) FROM t"),
    Case("scan, row", "SELECT sum(f(c)) FROM t"),
    Case("scan, arrow", "SELECT sum(g(c)) FROM t"),
)


@udf
def f(c: float) -> float:
    return c * 9 / 5 + 32


@udf(return_type=pa.float64(), input_types=[pa.float64()])
def g(c):
    return pc.add(pc.multiply(c, 1.8), 32)


def write_files(folder: Path, rows: int) -> None:
    """Write four Parquet files with `rows` rows in all."""
    rng = random.Random(7)
    for number in range(4):
        values = [rng.uniform(-30.0, 45.0) for _ in range(rows // 4)]
        pq.write_table(pa.table({"c": values}), folder / f"part-{number}.parquet")


def opened(address: str | None, folder: Path) -> BallistaSessionContext:
    package = importlib.util.find_spec("vega_datasets")
    if package is None or package.origin is None:
        raise SystemExit("The data is missing: pip install vega-datasets")
    data = Path(package.origin).parent / "_data"
    context = BallistaSessionContext(address)
    context.register_csv("weather", data / "seattle-weather.csv")
    context.register_parquet("t", folder)
    context.register_udf(f)
    context.register_udf(g)
    return context


def milliseconds(context: BallistaSessionContext, query: str) -> float:
    start = time.perf_counter()
    context.sql(query).collect()
    return (time.perf_counter() - start) * 1e3


def measure(
    contexts: dict[str, BallistaSessionContext], case: Case, repeats: int
) -> dict[str, float]:
    for context in contexts.values():
        milliseconds(context, case.query)  # sends and loads the functions
    times: dict[str, list[float]] = {name: [] for name in contexts}
    for _ in range(repeats):
        for name, context in contexts.items():
            times[name].append(milliseconds(context, case.query))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument("--executors", type=int, default=2)
    parser.add_argument("--vcores", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()

    print(
        f"milliseconds, median of {options.repeats} runs, {options.rows:,} rows, "
        f"{options.executors} executors of {options.vcores} vcores"
    )
    print(f"{'query':14}{'cluster':>10}{'embedded':>10}{'limit':>8}")
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "programs").mkdir()
        write_files(folder / "data", options.rows)
        with Cluster(
            folder / "programs", executors=options.executors, vcores=options.vcores
        ) as cluster:
            contexts = {
                "cluster": opened(cluster.address, folder / "data"),
                "embedded": opened(None, folder / "data"),
            }
            for case in CASES:
                figures = measure(contexts, case, options.repeats)
                results[case.label] = {**figures, "limit": case.limit}
                limit = "" if case.limit is None else f"{case.limit:.0f}"
                print(
                    f"{case.label:14}{figures['cluster']:10.2f}"
                    f"{figures['embedded']:10.2f}{limit:>8}"
                )
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
