"""A function is called once for a row, whatever place of a plan it stands in.

Counted twice: by the executors' counters, and by the function itself, in a file.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from datafusion import col
from datafusion import functions as f

from springald import BallistaSessionContext, Udf, udf

from .call_log import CallLog
from .weather import ROWS


def counting(calls: CallLog, volatility: str) -> Udf:
    @udf(name="key_of", volatility=volatility)
    def key_of(celsius: float) -> int:
        calls.add(celsius)
        return round(celsius / 5)

    return key_of


QUERIES = {
    "order by": "SELECT date FROM {t} ORDER BY key_of(temp_max)",
    "order by, descending": "SELECT date FROM {t} ORDER BY key_of(temp_max) DESC, date",
    "order by, limit": "SELECT date FROM {t} ORDER BY key_of(temp_max) LIMIT 5",
    "order by, selected": "SELECT key_of(temp_max) AS k FROM {t} ORDER BY k",
    "order by, inside an expression": "SELECT date FROM {t} ORDER BY -key_of(temp_max)",
    "partition by": "SELECT date, row_number() OVER (PARTITION BY key_of(temp_max)) AS n "
    "FROM {t}",
    "window order": "SELECT date, rank() OVER (ORDER BY key_of(temp_max)) AS n FROM {t}",
    "partition by one, order by another": "SELECT date, row_number() OVER "
    "(PARTITION BY key_of(temp_max) ORDER BY wind) AS n FROM {t}",
    "window order, then order by": "SELECT date, rank() OVER "
    "(ORDER BY key_of(temp_max)) AS n FROM {t} ORDER BY n, date",
    "window argument": "SELECT sum(key_of(temp_max)) OVER (PARTITION BY weather) AS n "
    "FROM {t}",
    "group by": "SELECT key_of(temp_max) AS k, count(*) AS c FROM {t} GROUP BY 1",
    "group by, then order by": "SELECT key_of(temp_max) AS k, count(*) AS c FROM {t} "
    "GROUP BY 1 ORDER BY 1",
    "distinct": "SELECT DISTINCT key_of(temp_max) AS k FROM {t}",
    "select": "SELECT key_of(temp_max) AS k FROM {t}",
    "aggregate": "SELECT sum(key_of(temp_max)) AS s FROM {t}",
}


@pytest.mark.parametrize("table", ["weather", "parts"])
@pytest.mark.parametrize("volatility", ["immutable", "volatile"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=list(QUERIES))
def test_once_per_row(
    ctx: BallistaSessionContext, calls: CallLog, query: str, volatility: str, table: str
) -> None:
    ctx.register_udf(counting(calls, volatility))
    before = ctx.udf_metrics()["key_of"].rows
    ctx.sql(query.format(t=table)).collect()
    assert ctx.udf_metrics()["key_of"].rows - before == ROWS
    expected = Counter(ctx.table(table).to_pydict()["temp_max"])
    assert Counter(calls.values()) == expected


def test_three_uses_of_an_immutable_function_are_one(
    ctx: BallistaSessionContext, calls: CallLog
) -> None:
    ctx.register_udf(counting(calls, "immutable"))
    ctx.sql(
        "SELECT key_of(wind) AS a, key_of(wind) + 1 AS b, -key_of(wind) AS c FROM parts "
        "ORDER BY key_of(wind)"
    ).collect()
    assert len(calls.read()) == ROWS


@pytest.mark.parametrize("volatility", ["immutable", "volatile"])
def test_once_per_row_in_the_dataframe_api(
    ctx: BallistaSessionContext, calls: CallLog, volatility: str
) -> None:
    key_of = counting(calls, volatility)
    parts = ctx.table("parts")
    frames = {
        "sort": parts.sort(key_of(col("temp_max"))).select("date"),
        "aggregate": parts.aggregate([key_of(col("temp_max"))], [f.count(col("date"))]),
    }  # fmt: skip
    for name, frame in frames.items():
        before = len(calls.read())
        frame.collect()
        assert len(calls.read()) - before == ROWS, name
    # The engine, embedded too, leaves out a partitioning that no later step needs.
    before = len(calls.read())
    partitioned = parts.repartition_by_hash(key_of(col("temp_max")), num=3)
    assert partitioned.aggregate([], [f.count(col("date"))]).to_pylist()
    assert len(calls.read()) - before in (0, ROWS)


# What depends on it: the random keys of a volatile function are one key for each row.


def dice(seed: int) -> Udf:
    @udf(volatility="volatile", name="dice")
    def roll(wind: float) -> int:
        return random.randrange(seed)

    return roll


def test_rows_are_sorted_by_the_random_key_that_is_shown(
    ctx: BallistaSessionContext,
) -> None:
    ctx.register_udf(dice(1_000_000))
    query = "SELECT k FROM (SELECT dice(wind) AS k FROM parts) ORDER BY k"
    keys = ctx.sql(query).to_pydict()["k"]
    assert keys == sorted(keys)
    assert len(set(keys)) > ROWS // 2


def test_random_partitions_are_as_many_as_keys(ctx: BallistaSessionContext) -> None:
    ctx.register_udf(dice(4))
    query = "SELECT row_number() OVER (PARTITION BY dice(wind)) AS n FROM parts"
    numbers = ctx.sql(query).to_pydict()["n"]
    assert len(numbers) == ROWS
    assert numbers.count(1) == 4


def test_random_ranks_are_all_different(ctx: BallistaSessionContext) -> None:
    ctx.register_udf(dice(10**12))
    query = "SELECT rank() OVER (ORDER BY dice(wind)) AS n FROM parts"
    assert sorted(ctx.sql(query).to_pydict()["n"]) == list(range(1, ROWS + 1))


def test_each_use_of_a_volatile_function_is_a_call(ctx: BallistaSessionContext) -> None:
    ctx.register_udf(dice(10**12))
    rows = ctx.sql("SELECT dice(wind) AS a, dice(wind) AS b FROM parts").to_pylist()
    assert any(row["a"] != row["b"] for row in rows)
