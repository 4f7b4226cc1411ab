"""Queries on the cluster give what they give embedded, whatever the tables are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from datafusion import SessionConfig

from springald import BallistaSessionContext

from .processes import Cluster
from .weather import ROWS, Both, WeatherFiles

TABLES = ("weather", "parts", "lines")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT date, fahrenheit(temp_max) AS f FROM {table}",
        "SELECT sum(fahrenheit(temp_max)) > 0 AS s, count(*) AS c FROM {table}",
        "SELECT initial(weather) AS i, count(*) AS c FROM {table} GROUP BY 1",
        "SELECT month(date) AS m, max(half(wind)) AS w FROM {table} "
        "WHERE windy(wind) GROUP BY month(date)",
    ],
)
def test_files_of_every_format(both: Both, table: str, query: str) -> None:
    assert both.same(query.format(table=table))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a.date, b.wind FROM weather a JOIN parts b ON a.date = b.date",
        "SELECT * FROM weather WHERE date IN (SELECT date FROM lines WHERE wind > 6)",
        "SELECT date FROM weather EXCEPT SELECT date FROM parts WHERE wind < 5",
        "SELECT weather, count(*) AS c FROM (SELECT weather FROM weather "
        "UNION ALL SELECT weather FROM parts) GROUP BY ROLLUP (weather)",
        "WITH hot AS (SELECT * FROM parts WHERE decade(temp_max) >= 30) "
        "SELECT month(date) AS m, count(*) AS c FROM hot GROUP BY 1",
        "SELECT count(*) AS c, count(*) FILTER (WHERE windy(wind)) AS w FROM parts",
        "SELECT count(DISTINCT weather) AS d, median(temp_max) AS m FROM parts",
        "SELECT date, lag(wind) OVER (ORDER BY date) AS l FROM parts",
        "SELECT wind, wind AS w2, fahrenheit(wind) AS f, fahrenheit(wind) AS f2 "
        "FROM parts",
        "SELECT value FROM generate_series(1, 10) t(value)",
        "SELECT 1 AS a, 'x' AS b, NULL AS c",
        "SELECT date FROM weather WHERE false",
        "SELECT CASE WHEN windy(wind) THEN initial(weather) ELSE 'calm' END AS c "
        "FROM parts",
        "SELECT unnest([month(date), 0]) AS m FROM parts",
    ],
)
def test_queries_of_every_kind(both: Both, query: str) -> None:
    both.same(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT date, temp_max FROM parts ORDER BY temp_max DESC, date",
        "SELECT date FROM weather ORDER BY fahrenheit(temp_max), date LIMIT 10",
        "SELECT date FROM weather ORDER BY date LIMIT 5 OFFSET 100",
        "SELECT decade(temp_max) AS d, count(*) AS c FROM parts GROUP BY 1 ORDER BY 1",
    ],
)
def test_order_is_kept(both: Both, query: str) -> None:
    assert both.same(query, in_order=True)


def test_a_query_with_no_columns_counts_its_rows(both: Both) -> None:
    assert both.same("SELECT count(*) AS c FROM parts") == [{"c": ROWS}]


def test_repeated_column_names(ctx: BallistaSessionContext) -> None:
    table = ctx.sql(
        "SELECT a.wind, b.wind FROM weather a JOIN parts b USING (date) LIMIT 3"
    ).to_arrow_table()
    assert table.schema.names == ["wind", "wind"]


def test_parameters_and_views(both: Both) -> None:
    for context in (both.embedded, both.remote):
        context.register_view(
            "warm", context.sql("SELECT date, fahrenheit(temp_max) AS f FROM weather")
        )
    assert both.same("SELECT count(*) AS c, max(f) AS m FROM warm WHERE f > 60")
    query = "SELECT count(*) AS c FROM weather WHERE fahrenheit(temp_max) > $least"
    expected = both.embedded.sql(query, param_values={"least": 70.0}).to_pydict()
    assert both.remote.sql(query, param_values={"least": 70.0}).to_pydict() == expected


def test_the_sessions_settings_reach_the_executors(
    cluster: Cluster, files: WeatherFiles
) -> None:
    config = SessionConfig().with_target_partitions(3).with_batch_size(100)
    context = BallistaSessionContext(cluster.address, config=config)
    files.register(context)
    context.register_udf(
        lambda column: pa.array([len(column)] * len(column)),
        name="length",
        return_type=pa.int64(),
        input_types=[pa.float64()],
    )
    longest = "SELECT max(length(wind)) AS m FROM weather"
    assert context.sql(longest).to_pydict()["m"][0] <= 100
    context.sql("SET datafusion.execution.batch_size = 50").collect()
    assert context.sql(longest).to_pydict()["m"][0] <= 50


def test_eight_queries_at_once(both: Both) -> None:
    query = "SELECT decade(temp_max) AS d, count(*) AS c FROM parts GROUP BY 1 ORDER BY 1"
    expected = both.embedded.sql(query).to_pydict()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: both.remote.sql(query).to_pydict(), range(24)))
    assert results == [expected] * 24


def test_a_file_that_is_gone_gives_what_it_gives_embedded(
    both: Both, tmp_path: Path
) -> None:
    """No rows: the engine lists the files of a table when the query begins."""
    path = tmp_path / "gone.csv"
    path.write_text("a\n1\n2\n")
    for context in (both.embedded, both.remote):
        context.register_csv("gone", path)
    assert len(both.same("SELECT a FROM gone")) == 2
    path.unlink()
    assert both.same("SELECT a FROM gone") == []


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_that_has_become_another_is_an_error(
    ctx: BallistaSessionContext, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"changed.{kind}"
    table = pa.table({"a": [1, 2]})
    if kind == "csv":
        pa.csv.write_csv(table, path)
        ctx.register_csv("changed", path)
    else:
        pq.write_table(table, path)
        ctx.register_parquet("changed", path)
    frame = ctx.table("changed")
    path.write_text("a\nno number in this file\n")
    with pytest.raises(Exception, match=r"(?i)no number|parquet"):
        frame.collect()
    assert ctx.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}, "the session goes on"


def test_sorted_strings_of_a_file_bring_only_themselves(
    cluster: Cluster, tmp_path: Path
) -> None:
    rows = 40_000
    table = pa.table(
        {
            "k": [(i * 7919) % rows for i in range(rows)],
            "s": [f"user{i}@host{i % 50}.example.org" for i in range(rows)],
        }
    )
    pq.write_table(table, tmp_path / "s.parquet")
    context = BallistaSessionContext(cluster.address)
    context.register_parquet("t", tmp_path / "s.parquet")
    result = context.sql("SELECT s FROM t ORDER BY k").to_arrow_table()
    assert result.num_rows == rows
    assert result.get_total_buffer_size() < 4 * table.get_total_buffer_size()
