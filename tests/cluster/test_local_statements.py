"""What is about the session stays in the session, and needs no executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from datafusion import SessionConfig, SQLOptions, col

from springald import BallistaSessionContext, ClusterError, UdfError, udf

from .processes import Cluster
from .weather import ROWS, Both, WeatherFiles, fahrenheit


@pytest.fixture(scope="module")
def empty_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler without executors: what runs here runs in the client."""
    with Cluster(tmp_path_factory.mktemp("empty-cluster"), executors=0) as cluster:
        yield cluster


@pytest.fixture
def alone(empty_cluster: Cluster, files: WeatherFiles) -> BallistaSessionContext:
    config = SessionConfig().with_information_schema(True)
    context = BallistaSessionContext(empty_cluster.address, config=config)
    files.register(context)
    context.register_udf(fahrenheit)
    return context


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE made (a INT, b TEXT)",
        "CREATE SCHEMA drawer",
        "CREATE VIEW hot AS SELECT fahrenheit(temp_max) AS f FROM weather",
        "CREATE OR REPLACE VIEW hot AS SELECT * FROM weather WHERE temp_max > 30",
        "SET datafusion.execution.batch_size = 99",
        "SET TIME ZONE = '+01:00'",
        "DROP TABLE IF EXISTS nothing",
        "DROP VIEW IF EXISTS nothing",
    ],
)
def test_statements(alone: BallistaSessionContext, statement: str) -> None:
    alone.sql(statement).collect()


def test_settings_are_set(alone: BallistaSessionContext) -> None:
    alone.sql("SET datafusion.execution.batch_size = 99").collect()
    (row,) = alone.sql("SHOW datafusion.execution.batch_size").to_pylist()
    assert row["value"] == "99"


def test_external_tables(alone: BallistaSessionContext, files: WeatherFiles) -> None:
    alone.sql(
        f"CREATE EXTERNAL TABLE outside STORED AS CSV LOCATION '{files.csv}' "
        "OPTIONS ('format.has_header' 'true')"
    ).collect()
    assert "outside" in alone.catalog().schema().names()
    alone.sql("DROP TABLE outside").collect()
    assert not alone.table_exist("outside")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SHOW TABLES", "weather"),
        ("SHOW COLUMNS FROM weather", "precipitation"),
        ("DESCRIBE weather", "temp_max"),
        ("SELECT table_name FROM information_schema.tables", "parts"),
        ("SELECT column_name, data_type FROM information_schema.columns "
         "WHERE table_name = 'weather' ORDER BY column_name LIMIT 3", "date"),
        ("SHOW ALL", "datafusion.execution.batch_size"),
    ],
)  # fmt: skip
def test_questions_about_the_session(
    alone: BallistaSessionContext, query: str, expected: str
) -> None:
    assert expected in str(alone.sql(query).to_pydict())


def test_explain(
    alone: BallistaSessionContext, capfd: pytest.CaptureFixture[str]
) -> None:
    query = "SELECT fahrenheit(temp_max) AS f FROM weather ORDER BY fahrenheit(wind)"
    frame = alone.sql(query)
    frame.explain()
    assert "fahrenheit" in capfd.readouterr().out
    assert "fahrenheit" in str(alone.sql(f"EXPLAIN {query}").to_pydict())
    assert "fahrenheit" in frame.logical_plan().display_indent()
    assert "fahrenheit" in frame.optimized_logical_plan().display_indent()


def test_catalog_and_schemas(alone: BallistaSessionContext) -> None:
    assert alone.table_exist("weather")
    assert {"weather", "parts", "lines"} <= alone.catalog().schema().names()
    assert alone.table("parts").schema().names[:2] == ["date", "precipitation"]
    alone.deregister_table("parts")
    assert not alone.table_exist("parts")


def test_queries_do_need_an_executor(alone: BallistaSessionContext) -> None:
    with pytest.raises(ClusterError, match=r"(?i)executor"):
        alone.sql("SELECT count(*) FROM weather").collect()


# With executors


def test_a_view_and_an_external_table_are_read_by_executors(
    both: Both, files: WeatherFiles
) -> None:
    for context in (both.embedded, both.remote):
        context.sql(
            "CREATE VIEW summer AS SELECT *, fahrenheit(temp_max) AS f FROM parts "
            "WHERE month(date) = 7"
        ).collect()
        context.sql(
            f"CREATE EXTERNAL TABLE outside STORED AS CSV LOCATION '{files.csv}' "
            "OPTIONS ('format.has_header' 'true')"
        ).collect()
    before = both.remote.udf_metrics()["month"].rows
    both.same("SELECT s.f, o.wind FROM summer s JOIN outside o ON s.date = o.date")
    assert both.remote.udf_metrics()["month"].rows > before


def refusal(action: Callable[[], object]) -> str:
    """Return the text of the ClusterError that `action` raises, or "" if it works."""
    try:
        action()
    except ClusterError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE copied AS SELECT date, counted(wind) AS w FROM parts",
        "INSERT INTO target SELECT counted(wind) FROM parts",
    ],
)
def test_the_query_of_a_statement_never_runs_in_the_client(
    ctx: BallistaSessionContext, statement: str
) -> None:
    """It runs on executors and has its effect, or is refused before anything runs."""

    @udf
    def counted(wind: float) -> float:
        return wind

    ctx.register_udf(counted)
    ctx.sql("CREATE TABLE target (w DOUBLE)").collect()
    before = ctx.udf_metrics()["counted"].rows  # equal definitions are one function
    if refusal(lambda: ctx.sql(statement).collect()):
        assert ctx.udf_metrics()["counted"].rows == before
    else:
        assert ctx.udf_metrics()["counted"].rows == before + ROWS
        name = "copied" if "copied" in statement else "target"
        assert ctx.sql(f"SELECT count(w) AS c FROM {name}").to_pydict() == {"c": [ROWS]}
    assert counted.metrics().rows == 0


def test_writing_runs_on_executors_or_is_refused(
    ctx: BallistaSessionContext, tmp_path: Path
) -> None:
    @udf
    def written(wind: float) -> float:
        return wind

    ctx.register_udf(written)
    frame = ctx.sql("SELECT date, written(wind) AS w FROM parts")
    writers = {
        "parquet": lambda path: frame.write_parquet(path),
        "csv": lambda path: frame.write_csv(path),
        "json": lambda path: frame.write_json(path),
        "copy": lambda path: ctx.sql(
            f"COPY (SELECT written(wind) FROM parts) TO '{path}' STORED AS CSV"
        ).collect(),
    }
    for name, write in writers.items():
        before = ctx.udf_metrics()["written"].rows
        path = tmp_path / name
        if error := refusal(lambda: write(str(path))):  # noqa: B023
            assert "collect" in error, "says what to do instead"
            assert not path.exists()
            assert ctx.udf_metrics()["written"].rows == before
        else:
            assert ctx.udf_metrics()["written"].rows == before + ROWS
            assert path.exists()
        assert written.metrics().rows == 0


def test_options_forbid_statements(ctx: BallistaSessionContext) -> None:
    options = SQLOptions().with_allow_ddl(False)
    with pytest.raises(Exception, match="DDL not supported"):
        ctx.sql_with_options("CREATE TABLE x AS SELECT 1", options)
    assert ctx.sql_with_options("SELECT 1 AS a", options).to_pydict() == {"a": [1]}


def test_what_no_executor_can_run_is_refused_by_name(ctx: BallistaSessionContext) -> None:
    """A recursive query has no form in which it could travel."""
    query = (
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) "
        "SELECT sum(i) AS s FROM n"
    )
    with pytest.raises(UdfError, match=r"(?i)recursive"):
        ctx.sql(query).collect()


def test_the_wheels_own_aggregates_are_refused_where_they_come_in(
    ctx: BallistaSessionContext,
) -> None:
    import datafusion
    import pyarrow as pa

    class Count(datafusion.Accumulator):
        def __init__(self) -> None:
            self.seen = 0

        def state(self) -> list[pa.Scalar]:
            return [pa.scalar(self.seen)]

        def update(self, values: pa.Array) -> None:
            self.seen += len(values)

        def merge(self, states: list[pa.Array]) -> None:
            self.seen += sum(states[0].to_pylist())

        def evaluate(self) -> pa.Scalar:
            return pa.scalar(self.seen)

    own = datafusion.udaf(
        Count, pa.float64(), pa.int64(), [pa.int64()], "stable", name="own_count"
    )
    with pytest.raises(UdfError, match=r"own_count.*aggregate function"):
        ctx.register_udaf(own)
    assert "own_count" not in ctx.udafs()
    with pytest.raises(UdfError, match="own_count"):
        ctx.table("parts").aggregate([], [own(col("wind"))]).collect()
