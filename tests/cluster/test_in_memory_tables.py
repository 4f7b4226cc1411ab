"""Tables of the client's memory travel with the query, up to a limit."""

from __future__ import annotations

import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pytest
from datafusion import col

from springald import BallistaSessionContext, ClusterError, udf

from .processes import Cluster
from .weather import ROWS, Both, WeatherFiles


@udf
def doubled(n: int) -> int:
    return 2 * n


TABLE = pa.table({"n": pa.array(range(1000), pa.int64()), "s": ["a", None] * 500})

MAKERS = {
    "from_pydict": lambda c: c.from_pydict(TABLE.to_pydict(), name="t"),
    "from_pylist": lambda c: c.from_pylist(TABLE.to_pylist(), name="t"),
    "from_arrow": lambda c: c.from_arrow(TABLE, name="t"),
    "from_pandas": lambda c: c.from_pandas(TABLE.to_pandas(), name="t"),
    "create_dataframe": lambda c: c.create_dataframe([TABLE.to_batches()], name="t"),
    "record batches": lambda c: c.register_record_batches(
        "t", [TABLE.to_batches(max_chunksize=100)]
    ),
    "partitions": lambda c: c.register_record_batches(
        "t", [[batch] for batch in TABLE.to_batches(max_chunksize=300)]
    ),
    "one batch": lambda c: c.register_batch("t", TABLE.to_batches()[0]),
    "dataset": lambda c: c.register_dataset("t", pyarrow.dataset.dataset(TABLE)),
    "cached frame": lambda c: c.register_view("t", c.from_arrow(TABLE).cache()),
    "view": lambda c: c.register_view("t", c.from_arrow(TABLE, name="base")),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_every_kind_of_table(ctx: BallistaSessionContext, maker: str) -> None:
    MAKERS[maker](ctx)
    ctx.register_udf(doubled)
    before = ctx.udf_metrics()["doubled"].rows
    frame = ctx.sql("SELECT sum(doubled(n)) AS s, count(s) AS c FROM t")
    assert frame.to_pydict() == {"s": [999_000], "c": [500]}
    assert ctx.udf_metrics()["doubled"].rows - before == 1000
    again = ctx.sql("SELECT n FROM t ORDER BY doubled(n) DESC LIMIT 2").to_pydict()
    assert again == {"n": [999, 998]}


def test_without_a_name(ctx: BallistaSessionContext) -> None:
    frame = ctx.from_arrow(TABLE).filter(doubled(col("n")) < 10)
    assert frame.to_pydict()["n"] == [0, 1, 2, 3, 4]
    assert ctx.read_batches(TABLE.to_batches()).count() == 1000


def test_joined_with_files_and_with_itself(both: Both) -> None:
    kinds = pa.table({"weather": ["sun", "rain"], "nice": [True, False]})
    for context in (both.embedded, both.remote):
        context.from_arrow(kinds, name="kinds")
    both.same(
        "SELECT k.nice, count(*) AS c, max(fahrenheit(temp_max)) AS m FROM parts p "
        "JOIN kinds k ON p.weather = k.weather GROUP BY k.nice"
    )
    both.same("SELECT a.nice, b.weather FROM kinds a CROSS JOIN kinds b")
    both.same("SELECT * FROM kinds WHERE initial(weather) = 's'")


def test_empty_tables(ctx: BallistaSessionContext) -> None:
    ctx.from_arrow(TABLE.slice(0, 0), name="none")
    ctx.register_udf(doubled)
    assert ctx.sql("SELECT doubled(n) AS r FROM none").to_pydict() == {"r": []}
    assert ctx.sql("SELECT count(doubled(n)) AS c FROM none").to_pydict() == {"c": [0]}
    assert ctx.read_empty().count() == BallistaSessionContext().read_empty().count()


@pytest.mark.parametrize("partitions", [1, 3])
def test_limits(ctx: BallistaSessionContext, partitions: int) -> None:
    batches = TABLE.to_batches(max_chunksize=400)
    ctx.register_record_batches(
        "t", [TABLE.to_batches()] if partitions == 1 else [[b] for b in batches]
    )
    assert len(ctx.sql("SELECT n FROM t LIMIT 3").to_pydict()["n"]) == 3
    assert len(ctx.sql("SELECT n FROM t LIMIT 3 OFFSET 998").to_pydict()["n"]) == 2
    inner = "SELECT sum(n) AS s FROM (SELECT n FROM t ORDER BY n LIMIT 3)"
    assert ctx.sql(inner).to_pydict() == {"s": [3]}
    assert len(ctx.table("t").head(2).to_pylist()) == 2
    ctx.register_udf(doubled)
    assert len(ctx.sql("SELECT doubled(n) AS d FROM t LIMIT 1").to_pylist()) == 1


def test_values_of_every_type_arrive_unchanged(ctx: BallistaSessionContext) -> None:
    table = pa.table(
        {
            "b": [True, None],
            "i": pa.array([-128, None], pa.int8()),
            "u": pa.array([2**64 - 1, 0], pa.uint64()),
            "f": [0.1, None],
            "t": ["größe 🐎", None],
            "v": pa.array(["a view that is longer than twelve", None], pa.string_view()),
            "x": [b"\0\xff", None],
            "d": [datetime.date(2024, 2, 29), None],
            "m": pa.array([1, None], pa.timestamp("ns", "Europe/Berlin")),
            "l": [[1, None], None],
            "s": [{"a": 1, "b": "x"}, None],
            "k": pa.array(["a", None]).dictionary_encode(),
            "z": pa.array(["1.25", None]).cast(pa.decimal128(10, 2)),
        }
    )
    ctx.from_arrow(table, name="t")
    result = ctx.sql("SELECT * FROM t").to_arrow_table()
    assert result.to_pylist() == table.to_pylist()
    assert result.schema.types == table.schema.types


def test_a_table_changed_after_the_query_was_made(ctx: BallistaSessionContext) -> None:
    ctx.from_arrow(TABLE, name="t")
    old = ctx.sql("SELECT count(*) AS c FROM t")
    ctx.deregister_table("t")
    ctx.from_arrow(TABLE.slice(0, 10), name="t")
    assert old.to_pydict() == {"c": [1000]}
    assert ctx.sql("SELECT count(*) AS c FROM t").to_pydict() == {"c": [10]}


def test_one_megabyte_passes(ctx: BallistaSessionContext) -> None:
    numbers = pa.table({"n": pa.array(range(125_000), pa.int64())})
    ctx.from_arrow(numbers, name="t")
    ctx.register_udf(doubled)
    result = ctx.sql("SELECT sum(doubled(n)) AS s FROM t").to_pydict()
    assert result == {"s": [125_000 * 124_999]}


def test_above_the_limit_the_error_says_size_limit_and_what_to_do(
    ctx: BallistaSessionContext,
) -> None:
    numbers = pa.table({"n": pa.array(range(5_000_000), pa.int64())})
    ctx.from_arrow(numbers, name="large")
    with pytest.raises(ClusterError, match=r"(?is)\d.*(limit|most).*(parquet|file)"):
        ctx.sql("SELECT sum(n) FROM large").collect()
    assert ctx.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}, "the session goes on"


def test_several_tables_count_together(ctx: BallistaSessionContext) -> None:
    for name in "abcdefgh":
        part = pa.table({f"{name}_n": pa.array(range(600_000), pa.int64())})
        ctx.from_arrow(part, name=name)
    union = " UNION ALL ".join(f"SELECT {n}_n FROM {n}" for n in "abcdefgh")
    with pytest.raises(ClusterError, match=r"(?i)limit|most"):
        ctx.sql(f"SELECT count(*) FROM ({union}) t(n) WHERE n >= 0").collect()


def test_pandas_and_several_sessions(cluster: Cluster, files: WeatherFiles) -> None:
    for number in range(3):
        context = BallistaSessionContext(cluster.address)
        context.from_pandas(pd.DataFrame({"n": [number] * 10}), name="t")
        context.register_udf(doubled)
        result = context.sql("SELECT sum(doubled(n)) AS s FROM t").to_pydict()
        assert result == {"s": [20 * number]}


def test_a_function_whose_result_is_larger_than_the_limit(
    ctx: BallistaSessionContext,
) -> None:
    """The limit is for what goes in: results stream back whatever their size."""

    @udf
    def padded(day: str) -> str:
        return day * 4000

    ctx.register_udf(padded)
    table = ctx.sql("SELECT padded(date) AS p FROM parts").to_arrow_table()
    assert table.num_rows == ROWS
    assert table.nbytes > 50_000_000
