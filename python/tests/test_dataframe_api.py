"""The DataFrames of our contexts are `datafusion.DataFrame`s in every respect."""

import asyncio
import gc

import datafusion
import pyarrow as pa
import pytest
from contexts import open_context
from datafusion import col, lit
from datafusion import functions as f

from springald import DataFrame, RecordBatchStream, udf


@udf
def fahrenheit(celsius: float) -> float:
    return celsius * 9.0 / 5.0 + 32.0


@udf
def initial(s: str) -> str | None:
    return s[:1] or None


@pytest.fixture
def people(ctx) -> DataFrame:
    return ctx.table("people")


def test_functions_in_every_transformation(people):
    result = (
        people.filter(fahrenheit(col("celsius")) > lit(30.0))
        .with_column("f", fahrenheit(col("celsius")))
        .with_columns(initial(col("email")).alias("i"))
        .sort(fahrenheit(col("celsius")).sort(ascending=False))
        .select("i", "f")
        .to_pydict()
    )
    assert result == {
        "i": [None, "a", "g"],
        "f": [31.1 * 9 / 5 + 32, 12.8 * 9 / 5 + 32, 32.0],
    }


def test_functions_in_aggregates_and_joins(people):
    grouped = people.aggregate(
        [initial(col("email")).alias("i")], [f.sum(col("n")).alias("s")]
    )
    assert sorted(grouped.to_pylist(), key=str) == [
        {"i": "a", "s": 0}, {"i": "g", "s": 3}, {"i": "n", "s": 2}, {"i": None, "s": 5},
    ]  # fmt: skip
    other = people.select(fahrenheit(col("celsius")).alias("key"), col("n").alias("m"))
    joined = people.join_on(other, fahrenheit(col("celsius")) == col("key"))
    assert joined.count() == 4


def test_functions_nest(people):
    expression = fahrenheit(fahrenheit(col("celsius"))).alias("r")
    assert people.select(expression).to_pydict()["r"][3] == 32.0 * 9 / 5 + 32


TRANSFORMATIONS = {
    "getitem": lambda d: d["n"],
    "alias": lambda d: d.alias("x"),
    "select_exprs": lambda d: d.select_exprs("n + 1 AS m"),
    "drop": lambda d: d.drop("n"),
    "window": lambda d: d.window(f.row_number().alias("k")),
    "with_column_renamed": lambda d: d.with_column_renamed("n", "m"),
    "cast": lambda d: d.cast({"n": pa.int32()}),
    "limit": lambda d: d.limit(1, offset=1),
    "head": lambda d: d.head(2),
    "tail": lambda d: d.tail(2),
    "cache": lambda d: d.cache(),
    "distinct": lambda d: d.distinct(),
    "distinct_on": lambda d: d.distinct_on([col("n")], [col("n")]),
    "join": lambda d: d.join(d.select(col("n").alias("m")), left_on="n", right_on="m"),
    "repartition": lambda d: d.repartition(2),
    "repartition_by_hash": lambda d: d.repartition_by_hash(col("n"), num=2),
    "union": lambda d: d.union(d),
    "union_distinct": lambda d: d.union(d, distinct=True),
    "intersect": lambda d: d.intersect(d),
    "except_all": lambda d: d.except_all(d),
    "union_by_name": lambda d: d.union_by_name(d),
    "sort_by": lambda d: d.sort_by("n"),
    "transform": lambda d: d.transform(lambda x, k: x.limit(k), 2),
    "fill_null": lambda d: d.fill_null(0.0, subset=["celsius"]),
    "fill_null of nothing": lambda d: d.fill_null(0.0, subset=[]),
    "fill_nan": lambda d: d.fill_nan(0.0),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_transformations_give_our_class_and_upstreams_rows(ctx, people, name):
    ours = TRANSFORMATIONS[name](people)
    theirs = TRANSFORMATIONS[name](datafusion.DataFrame(people.df))
    assert type(ours) is DataFrame
    assert not isinstance(theirs, DataFrame)
    key = str
    assert sorted(map(key, ours.to_pylist())) == sorted(map(key, theirs.to_pylist()))


def test_terminal_methods_give_what_upstream_gives(people, capfd):
    theirs = datafusion.DataFrame(people.df)
    assert people.collect() == theirs.collect()
    assert people.collect_partitioned() == theirs.collect_partitioned()
    assert people.collect_column("n") == theirs.collect_column("n")
    assert people.to_arrow_table() == theirs.to_arrow_table()
    assert people.to_pandas().equals(theirs.to_pandas())
    assert people.to_pylist() == theirs.to_pylist()
    assert people.count() == theirs.count() == 5
    assert people.schema() == theirs.schema()
    assert repr(people) == repr(theirs)
    assert people._repr_html_().startswith("\n") or "<table" in people._repr_html_()
    people.show()
    ours = capfd.readouterr().out
    theirs.show()
    assert ours == capfd.readouterr().out
    assert pa.table(people) == pa.table(theirs)


def test_streams_are_of_our_class(people):
    stream = people.execute_stream()
    assert isinstance(stream, RecordBatchStream)
    assert stream.next().to_pyarrow().num_rows == 5
    assert list(stream) == []
    (only,) = people.execute_stream_partitioned()
    assert isinstance(only, RecordBatchStream)
    assert sum(batch.to_pyarrow().num_rows for batch in people) == 5


def test_async_streams(people):
    async def read() -> int:
        return sum([batch.to_pyarrow().num_rows async for batch in people])

    assert asyncio.run(read()) == 5


@pytest.mark.embedded_only(reason="a physical plan is of the process that made it")
def test_plans_and_physical_execution(ctx, people):
    frame = people.select(fahrenheit(col("celsius")).alias("r"))
    assert "fahrenheit" in frame.logical_plan().display_indent()
    assert "fahrenheit" in frame.optimized_logical_plan().display_indent()
    plan = frame.execution_plan()
    assert type(ctx.execute(plan, 0)) is RecordBatchStream


def test_a_dataframe_outlives_its_context():
    def make() -> DataFrame:
        context = open_context()
        context.register_udf(fahrenheit)
        context.from_pydict({"c": [0.0, 100.0]}, name="t")
        return context.sql("SELECT fahrenheit(c) AS f FROM t")

    frame = make()
    gc.collect()
    assert frame.limit(2).to_pydict() == {"f": [32.0, 212.0]}


def test_a_plain_dataframe_can_be_joined(ctx, people):
    plain = datafusion.SessionContext().from_pydict({"m": [0, 1]})
    assert people.join(plain, left_on="n", right_on="m").count() == 2


@pytest.mark.embedded_only(reason="this version does not write files on a cluster")
def test_writing_and_reading_back(ctx, people, tmp_path):
    frame = people.select(fahrenheit(col("celsius")).alias("f"))
    frame.write_parquet(str(tmp_path / "out.parquet"))
    frame.write_csv(str(tmp_path / "out.csv"), with_header=True)
    assert ctx.read_parquet(str(tmp_path / "out.parquet")).count() == 5
    assert ctx.read_csv(str(tmp_path / "out.csv")).count() == 5
