"""Functions in the DataFrame API, which need not be registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datafusion
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datafusion import col, lit
from datafusion import functions as f
from datafusion.expr import Window

from springald import BallistaSessionContext, DataFrame, UdfDefinitionError, udf

from .processes import Cluster
from .weather import ROWS, Both, decade, fahrenheit, half, initial, month, windy

FRAMES: dict[str, Callable[[DataFrame], Any]] = {
    "select": lambda df: df.select(fahrenheit(col("temp_max")).alias("f"), "date"),
    "filter": lambda df: df.filter(windy(col("wind"))),
    "filters": lambda df: df.filter(windy(col("wind")), month(col("date")) == lit(5)),
    "with_column": lambda df: df.with_column("m", month(col("date"))),
    "with_columns": lambda df: df.with_columns(
        half(col("wind")).alias("h"), m=month(col("date"))
    ),
    "aggregate": lambda df: df.aggregate(
        [month(col("date")).alias("m")], [f.sum(half(col("wind"))).alias("s")]
    ).with_column("s", f.round(col("s"), lit(6))),
    "aggregate one": lambda df: df.aggregate(
        month(col("date")), f.count(col("wind")).alias("c")
    ),
    "sort": lambda df: df.sort(fahrenheit(col("temp_max")), col("date")).limit(10),
    "sort expression": lambda df: df.sort(
        fahrenheit(col("temp_max")).sort(ascending=False, nulls_first=False), "date"
    ).limit(10),
    "sort_by": lambda df: df.sort_by(decade(col("temp_max")), col("date")).limit(10),
    "distinct_on": lambda df: df.distinct_on(
        [month(col("date"))],
        [month(col("date")).alias("m"), col("date")],
        [month(col("date")).sort(), col("date").sort()],
    ),
    "join_on": lambda df: df.select(col("date").alias("day"), col("wind").alias("w"))
    .join_on(df, col("day") == col("date"), decade(col("w")) == decade(col("wind"))),
    "window": lambda df: df.select(
        col("date"),
        f.rank(
            partition_by=[month(col("date"))],
            order_by=[fahrenheit(col("temp_max")).sort()],
        ).alias("r"),
    ),
    "over": lambda df: df.select(
        col("date"),
        f.max(half(col("wind")))
        .over(Window(partition_by=[month(col("date"))]))
        .alias("m"),
    ),
    "aggregate filter": lambda df: df.aggregate(
        [], [f.count(col("wind"), filter=windy(col("wind"))).alias("c")]
    ),
    "nested": lambda df: df.select(
        decade(fahrenheit(half(col("temp_max")) + lit(1.0)) * lit(2)).alias("r")
    ),
    "case": lambda df: df.select(
        f.case(month(col("date")))
        .when(lit(1), initial(col("weather")))
        .otherwise(lit("-"))
        .alias("c")
    ),
    "cast and between": lambda df: df.select(
        month(col("date")).cast(pa.int8()).alias("m"),
        decade(col("wind")).between(lit(1), lit(9)).alias("b"),
        initial(col("weather")).is_null().alias("n"),
    ),
    "literal": lambda df: df.select(fahrenheit(lit(100.0)).alias("f")).limit(1),
    "select_exprs": lambda df: df.select_exprs("month(date) AS m", "half(wind) AS h"),
    "text filter": lambda df: df.filter("windy(wind)"),
    "union": lambda df: df.filter(windy(col("wind"))).union(
        df.filter(decade(col("wind")) == lit(10))
    ),
    "transform": lambda df: df.transform(lambda d: d.filter(windy(col("wind")))),
    "in list": lambda df: df.select(
        f.in_list(month(col("date")), [lit(1), month(lit("2012/02/01"))]).alias("i")
    ),
}  # fmt: skip


def rows(frame: DataFrame) -> list[str]:
    return sorted(map(repr, frame.to_pylist()))


@pytest.mark.parametrize("name", FRAMES)
def test_in_every_transformation(both: Both, name: str) -> None:
    ours, theirs = (
        FRAMES[name](context.table("parts")) for context in (both.remote, both.embedded)
    )
    assert type(ours) is DataFrame
    assert rows(ours) == rows(theirs) != []


@pytest.mark.parametrize("name", FRAMES)
def test_nothing_of_it_runs_in_the_client(
    both: Both, cluster: Cluster, name: str
) -> None:
    functions = (decade, fahrenheit, half, initial, month, windy)
    before = [function.metrics().rows for function in functions]
    there = sum(cluster.rows(function.name) for function in functions)
    FRAMES[name](both.remote.table("parts")).collect()
    assert [function.metrics().rows for function in functions] == before
    assert sum(cluster.rows(function.name) for function in functions) > there


def test_without_registration(ctx: BallistaSessionContext) -> None:
    @udf
    def plus(x: float, step: float = 10.0) -> float:
        return x + step

    parts = ctx.table("parts")
    for expression, expected in (
        (plus(col("wind")), 10.0),
        (plus(col("wind"), 2.5), 2.5),
        (plus(x=col("wind"), step=lit(1.0)), 1.0),
        (plus(plus(col("wind"))), 20.0),
    ):
        frame = parts.select(f.round(expression - col("wind"), lit(3)).alias("d"))
        assert frame.distinct().to_pydict() == {"d": [expected]}
    assert "plus" not in ctx.udfs()


def test_two_functions_of_one_name_in_one_expression(ctx: BallistaSessionContext) -> None:
    one, two = (
        udf(function, [pa.float64()], pa.float64(), name="g", mode="row")
        for function in (lambda x: x + 1, lambda x: x * 2)
    )
    frame = ctx.table("parts").select(
        (one(col("wind")) - col("wind")).alias("a"),
        (two(col("wind")) / col("wind")).alias("b"),
        (two(one(lit(3.0)))).alias("c"),
    )
    row = frame.filter(col("b") > 0).limit(1).to_pylist()[0]
    assert (round(row["a"], 6), round(row["b"], 6), row["c"]) == (1.0, 2.0, 8.0)


def test_a_name_that_is_registered_as_another_function(
    ctx: BallistaSessionContext,
) -> None:
    ctx.register_udf(lambda x: x + 1, name="h", mode="row", input_types=[pa.float64()],
                     return_type=pa.float64())  # fmt: skip
    other = udf(lambda x: x + 5, [pa.float64()], pa.float64(), name="h", mode="row")
    frame = ctx.sql("SELECT wind, h(wind) AS a FROM parts").select(
        f.round(col("a") - col("wind")).alias("a"),
        f.round(other(col("wind")) - col("wind")).alias("b"),
    )
    assert frame.distinct().to_pylist() == [{"a": 1.0, "b": 5.0}]


def test_functions_made_by_the_engines_own_udf(ctx: BallistaSessionContext) -> None:
    negate = datafusion.udf(pc.negate, [pa.float64()], pa.float64(), "immutable", "neg")
    frame = ctx.table("parts").select((negate(col("wind")) + col("wind")).alias("z"))
    assert frame.distinct().to_pydict() == {"z": [0.0]}


def test_what_cannot_be_pickled_is_named_where_it_is_used(
    ctx: BallistaSessionContext, cluster: Cluster
) -> None:
    rows = (1.0 for _ in range(10_000))

    @udf
    def reads(x: float) -> float:
        return x + next(rows)

    with pytest.raises(UdfDefinitionError, match="'rows' cannot be pickled"):
        ctx.table("parts").select(reads(col("wind"))).collect()
    assert ctx.table("parts").count() == ROWS
