"""A context on a cluster: what is sent there, what stays here, and what comes back."""

import asyncio
import gc
import json
from types import SimpleNamespace

import datafusion
import pyarrow as pa
import pytest
from datafusion import SessionConfig, SessionContext, col, lit
from fake_cluster import executor

from springald import (
    BallistaSessionContext,
    ClusterError,
    DataFrame,
    Udf,
    UdfDefinitionError,
    UdfExecutionError,
    UdfMetrics,
    UdfVersionMismatchError,
    udf,
)
from springald_ballista.arrival import ClusterStream


@udf
def add_one(n: int) -> int:
    return n + 1


@udf
def is_even(n: int) -> bool:
    return n % 2 == 0


@udf
def fail(n: int) -> int:
    raise ValueError(f"not {n}")


ROWS = {"name": ["ada", None, "grace"], "n": [1, 2, 3]}


def counters(function: Udf, **changes: int) -> dict[str, object]:
    return {
        "hash": function.portable_hash(),
        "name": function.name,
        "definitions_received": 1,
        "loads": 1,
        "calls": 2,
        "rows": 10,
        "python_ns": 500_000_000,
        "errors": 0,
        **changes,
    }


# Functions


def test_registering_sends_the_definition(ctx, remote):
    ctx.register_udf(add_one)
    assert ctx.udf("add_one") is add_one
    result = ctx.sql("SELECT add_one(n) AS r FROM people").to_pydict()
    assert result == {"r": [2, 3, 4]}
    assert len(remote) == 1


def test_a_plain_function_and_other_forms(ctx):
    def double(n: int) -> int:
        return 2 * n

    theirs = datafusion.udf(lambda a: a, [pa.int64()], pa.int64(), "stable", "same")
    ctx.register_udf(double)
    ctx.register_udf(theirs)
    rows = ctx.sql("SELECT double(n) AS d, same(n) AS s FROM people").to_pydict()
    assert rows == {"d": [2, 4, 6], "s": [1, 2, 3]}
    assert isinstance(ctx.udf("same"), Udf)


def test_a_function_without_python_is_refused(ctx):
    with pytest.raises(UdfDefinitionError, match=r"abs.*in this process only"):
        ctx.register_udf(SessionContext().udf("abs"))


def test_aggregates_of_the_wheel_are_refused(ctx):
    with pytest.raises(UdfDefinitionError, match=r"'total'.*aggregate function cannot"):
        ctx.register_udaf(SimpleNamespace(name="total"))
    with pytest.raises(UdfDefinitionError, match="window function cannot run on a clust"):
        ctx.register_udwf(object())


@pytest.mark.parametrize("change", [{"python": "3.99.0"}, {"implementation": "pypy"}])
def test_an_executor_of_another_python(scheduler, ctx, change):
    scheduler.answer(executors=[executor(), executor(id="odd", **change)])

    def fresh(n: int) -> int:
        return n

    ctx._cluster._service._last = None
    with pytest.raises(UdfVersionMismatchError) as caught:
        ctx.register_udf(fresh)
    assert "odd at 10.0.0.7:50051" in str(caught.value)
    assert next(iter(change.values())) in str(caught.value)
    assert caught.value.udf_name == "fresh"
    with pytest.raises(KeyError):
        ctx.udf("fresh")


def test_metrics_are_summed_over_executors(scheduler, ctx):
    ctx.register_udf(add_one)
    other = udf(lambda x: x, return_type=pa.int64(), input_types=[pa.int64()], name="o")
    ctx.register_udf(other)
    scheduler.answer(
        executors=[
            executor(functions=[counters(add_one), counters(fail)]),
            executor(id="e2", functions=[counters(add_one, rows=5, errors=1)]),
        ]
    )
    assert ctx.udf_metrics() == {
        "add_one": UdfMetrics(loads=2, calls=4, rows=15, python_seconds=1.0, errors=1),
        "o": UdfMetrics(loads=0, calls=0, rows=0, python_seconds=0.0, errors=0),
    }
    first, second = ctx.cluster_executors()
    assert (first.id, second.id) == ("e1", "e2")
    assert [f.name for f in first.functions] == ["add_one", "fail"]


def test_output_is_that_of_each_executor_in_turn(scheduler, ctx):
    ctx.register_udf(add_one)
    other = udf(lambda x: x, return_type=pa.int64(), input_types=[pa.int64()], name="o")
    ctx.register_udf(other)
    first = [
        {**counters(add_one), "output": "one\ntwo\n"},
        {**counters(fail), "output": "somebody else's\n"},
    ]
    second = [{**counters(add_one), "output": "three"}]
    scheduler.answer(
        executors=[
            executor(functions=first),
            executor(id="e2", host="10.0.0.8", functions=second),
        ]
    )
    assert ctx._cluster.output({"add_one": add_one, "o": other}) == {
        "add_one": "[10.0.0.7:50051] one\n[10.0.0.7:50051] two\n[10.0.0.8:50051] three\n",
        "o": "",
    }


def test_an_embedded_context_has_no_executors():
    with pytest.raises(ClusterError, match=r"in this process.*df://host:port"):
        BallistaSessionContext().cluster_executors()


def test_functions_without_registration(ctx, native, remote):
    people = ctx.table("people")
    for frame in (
        people.select(add_one(col("n")).alias("r")),
        people.with_columns(r=add_one(col("n"))).select("r"),
    ):
        assert list(frame.to_pydict().values()) == [[2, 3, 4]]
    assert people.filter(is_even(col("n"))).to_pydict()["n"] == [2]
    people.sort(add_one(col("n")).sort(ascending=False))
    people.aggregate([add_one(col("n"))], [])
    people.window(add_one(col("n")))
    people.sort_by(add_one(col("n")))
    people.repartition_by_hash(add_one(col("n")), num=2)
    people.distinct_on([add_one(col("n"))], [col("n")], None)
    assert len(native.rewritten) == 9
    assert len(remote) == 3


# What gives rows


TERMINAL = {
    "collect": lambda d: pa.Table.from_batches(d.collect()).to_pydict(),
    "collect_partitioned": lambda d: pa.Table.from_batches(
        [batch for part in d.collect_partitioned() for batch in part]
    ).to_pydict(),
    "to_arrow_table": lambda d: d.to_arrow_table().to_pydict(),
    "to_pandas": lambda d: d.to_pandas().replace({float("nan"): None}).to_dict("list"),
    "to_pydict": lambda d: d.to_pydict(),
    "to_pylist": lambda d: pa.Table.from_pylist(d.to_pylist()).to_pydict(),
    "arrow_c_stream": lambda d: pa.table(d).to_pydict(),
    "execute_stream": lambda d: pa.Table.from_batches(
        [batch.to_pyarrow() for batch in d.execute_stream()]
    ).to_pydict(),
    "execute_stream_partitioned": lambda d: pa.Table.from_batches(
        [b.to_pyarrow() for stream in d.execute_stream_partitioned() for b in stream]
    ).to_pydict(),
    "iter": lambda d: pa.Table.from_batches([b.to_pyarrow() for b in d]).to_pydict(),
    "cache": lambda d: d.cache().to_pydict(),
}


@pytest.mark.parametrize("name", TERMINAL)
def test_rows_come_from_the_cluster(ctx, remote, name):
    if name == "to_pandas":
        pytest.importorskip("pandas")
    assert TERMINAL[name](ctx.table("people")) == ROWS
    assert len(remote) == (2 if name == "cache" else 1)


def test_other_methods_that_run_a_query(ctx, remote, capfd):
    people = ctx.table("people")
    assert people.count() == 3
    assert people.collect_column("n") == pa.chunked_array([[1, 2, 3]]).chunk(0)
    assert "grace" in repr(people)
    assert "grace" in people._repr_html_()
    people.show()
    assert "grace" in capfd.readouterr().out
    assert people.describe().to_pydict()["describe"][0] == "count"
    people.explain(analyze=True)
    assert people.tail(1).to_pydict()["n"] == [3]
    assert len(remote) == 10  # describe's own rows and tail's own count are queries too


def test_async_iteration(ctx, remote):
    async def read() -> int:
        return sum([batch.to_pyarrow().num_rows async for batch in ctx.table("people")])

    assert asyncio.run(read()) == 3
    assert len(remote) == 1


def test_transformations_stay_here_and_are_of_our_class(ctx, remote):
    frame = ctx.table("people")
    joined = frame.join(frame.select(col("n").alias("m")), left_on="n", right_on="m")
    frame = joined.filter("n > 1").with_column("k", lit(1)).limit(5).alias("x")
    assert type(frame) is DataFrame
    assert frame.schema().names == ["name", "n", "m", "k"]
    assert "TableScan" in frame.optimized_logical_plan().display_indent()
    assert remote == []
    assert frame.count() == 2


def test_cached_rows_belong_to_the_users_session(ctx, remote):
    cached = ctx.table("people").cache()
    ctx.register_table("cached", cached.into_view())
    assert ctx.sql("SELECT count(*) AS c FROM cached").to_pydict() == {"c": [3]}
    assert len(remote) == 2


def test_physical_plans_run_where_they_were_made(ctx, remote):
    plan = ctx.table("people").execution_plan()
    assert len(remote) == 1
    rows = [b.to_pyarrow() for p in range(plan.partition_count)
            for b in ctx.execute(plan, p)]  # fmt: skip
    assert pa.Table.from_batches(rows).to_pydict() == ROWS
    local = SessionContext().sql("SELECT 1").execution_plan()
    with pytest.raises(ClusterError, match="not made by a DataFrame of a cluster's"):
        ctx.execute(local, 0)


def test_streams_and_frames_outlive_their_context(open_context):
    def make() -> tuple[object, DataFrame]:
        context = open_context()
        frame = context.from_pydict({"n": [1, 2]})
        return frame.execute_stream(), frame

    stream, frame = make()
    gc.collect()
    assert type(stream) is ClusterStream
    assert sum(batch.to_pyarrow().num_rows for batch in stream) == 2
    assert frame.count() == 2


def test_writing_is_refused_before_anything_runs(ctx, remote, tmp_path):
    people = ctx.table("people")
    for write in (people.write_csv, people.write_json, people.write_parquet):
        with pytest.raises(ClusterError, match="collect the rows"):
            write(str(tmp_path / "out"))
    with pytest.raises(ClusterError, match="COPY writes files"):
        ctx.sql(f"COPY people TO '{tmp_path}/out.csv'").collect()
    assert remote == []
    assert list(tmp_path.iterdir()) == []


# Statements


def test_statements_stay_here(ctx, remote, capfd):
    ctx.sql("CREATE VIEW v AS SELECT n FROM people").collect()
    ctx.sql("CREATE TABLE empty_one (a INT)").collect()
    ctx.sql("CREATE SCHEMA s")
    ctx.sql("DROP VIEW v")
    assert ctx.sql("EXPLAIN SELECT n FROM people").collect()
    assert ctx.sql("DESCRIBE people").to_pydict()["column_name"] == ["name", "n"]
    ctx.table("people").explain()
    assert ctx.table_exist("empty_one")
    assert remote == []


def test_the_catalog_is_asked_here(open_context, remote):
    context = open_context(config=SessionConfig().with_information_schema(True))
    context.from_pydict({"a": [1]}, name="t")
    tables = context.sql("SELECT table_name FROM information_schema.tables").to_pydict()
    assert "t" in tables["table_name"]
    assert context.sql("SHOW TABLES").count() > 0
    assert remote == []
    with pytest.raises(ClusterError, match="both information_schema"):
        context.sql("SELECT * FROM t, information_schema.tables").collect()


@pytest.mark.parametrize(
    "query",
    [
        "CREATE TABLE made AS SELECT n FROM people",
        "create or replace table made as select n from people",
        "-- a comment\n/* and (another) */ CREATE /* here */ TABLE made AS "
        "SELECT n FROM people",
        "SELECT n INTO made FROM people",
        "WITH p AS (SELECT n FROM people) SELECT n INTO made FROM p",
        "CREATE TABLE IF NOT EXISTS made AS SELECT n FROM people",
        "CREATE TABLE datafusion.public.made AS SELECT n FROM people",
    ],
)
def test_tables_of_queries_are_computed_by_the_cluster(
    ctx, remote, native, monkeypatch, query
):
    executed = []
    execute = SessionContext.execute_logical_plan

    def record(self, plan):
        executed.append(type(self))
        return execute(self, plan)

    monkeypatch.setattr(SessionContext, "execute_logical_plan", record)
    assert ctx.sql(query).collect() == []
    assert executed == [SessionContext]  # the hidden one
    assert ctx.sql("SELECT * FROM made").to_pydict() == {"n": [1, 2, 3]}


def test_tables_of_values_in_schemas_of_other_catalogs(ctx):
    ctx.sql("CREATE DATABASE other")
    ctx.sql("CREATE SCHEMA other.s")
    ctx.sql("CREATE TABLE other.s.made AS VALUES (1), (2)")
    assert ctx.sql("SELECT count(*) AS c FROM other.s.made").to_pydict() == {"c": [2]}


def test_a_table_of_a_plan(ctx, remote):
    plan = ctx.sql("EXPLAIN CREATE TABLE made AS SELECT n FROM people").logical_plan()
    ctx.execute_logical_plan(plan.inputs()[0])
    assert ctx.table("made").count() == 3


def test_a_table_that_exists(ctx):
    ctx.sql("CREATE TABLE made AS SELECT n FROM people")
    with pytest.raises(Exception, match="already exists"):
        ctx.sql("CREATE TABLE made AS SELECT n FROM people")


def test_a_query_whose_text_only_looks_so(ctx, remote):
    query = "SELECT 'CREATE TABLE x AS SELECT 1 INTO y' AS s"
    assert ctx.sql(query).to_pydict() == {"s": [query[8:-6]]}


def test_inserting(ctx, remote):
    ctx.sql("CREATE TABLE target (n BIGINT)")
    frame = ctx.sql("INSERT INTO target SELECT n FROM people")
    assert remote == []
    assert frame.to_pydict() == {"count": [3]}
    assert [plan.display() for plan in remote] == ["Projection: people.n AS n"]
    assert ctx.sql("INSERT INTO target VALUES (7)").to_pydict() == {"count": [1]}
    assert ctx.sql("INSERT INTO target SELECT n FROM people WHERE n > 9").to_pydict() == {
        "count": [0]
    }
    assert sorted(ctx.table("target").to_pydict()["n"]) == [1, 2, 3, 7]


def test_inserting_into_names_that_need_quotes(ctx):
    ctx.sql('CREATE SCHEMA "S 1"')
    ctx.sql('CREATE TABLE "S 1"."T" (n BIGINT)')
    assert ctx.sql('INSERT INTO "S 1"."T" VALUES (1)').to_pydict() == {"count": [1]}
    assert ctx.sql('SELECT * FROM "S 1"."T"').to_pydict() == {"n": [1]}
    ctx.sql('CREATE TABLE "a.b" (n BIGINT)')
    with pytest.raises(ClusterError, match="must not hold a dot"):
        ctx.sql('INSERT INTO "a.b" VALUES (1)').collect()


def test_parameters_of_any_name(ctx):
    rows = ctx.sql("SELECT n FROM $method WHERE n > $context",
                   method="people", context=2).to_pydict()  # fmt: skip
    assert rows == {"n": [3]}
    ctx.sql("CREATE TABLE made AS SELECT n FROM $query_of", query_of=ctx.table("people"))
    assert ctx.table("made").count() == 3
    assert ctx.sql("SELECT $1 AS x", param_values={"1": 5}).to_pydict() == {"x": [5]}


# Settings


def settings(context: BallistaSessionContext) -> str:
    session = context._cluster._hidden.get(context)
    return session.sql("SHOW datafusion.execution.target_partitions").to_pydict()[
        "value"
    ][0]


def test_settings_reach_the_cluster(open_context):
    config = SessionConfig().with_target_partitions(5).with_information_schema(True)
    context = open_context(config=config)
    assert settings(context) == "5"
    context.sql("SET datafusion.execution.target_partitions = 7")
    assert settings(context) == "7"
    context.sql("set datafusion.execution.target_partitions to 8")
    assert settings(context) == "8"
    plan = context.sql("EXPLAIN SET datafusion.execution.target_partitions = 9")
    context.execute_logical_plan(plan.logical_plan().inputs()[0])
    assert settings(context) == "9"
    context.sql("RESET datafusion.execution.target_partitions")
    assert settings(context) not in ("5", "9")


def test_one_hidden_session_for_all_queries(ctx, native):
    for _ in range(3):
        ctx.table("people").count()
    assert len(native.options) == 1
    options = json.loads(native.options[0])
    assert options["address"].startswith("127.0.0.1:")
    assert options["session_id"]
    assert options["max_inline_bytes"] == 8 * 1024 * 1024
    assert options["settings"] == {}


def test_handles_of_one_session_share_it(ctx, remote):
    handle = ctx.with_python_udf_inlining(enabled=False)
    assert type(handle) is BallistaSessionContext
    assert handle._cluster is ctx._cluster
    assert handle.table("people").count() == 3
    assert len(remote) == 1


def test_url_tables(ctx, remote, tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n2\n")
    context = ctx.enable_url_table()
    assert context._cluster is not None
    assert context._cluster is not ctx._cluster
    assert context.sql(f"SELECT * FROM '{tmp_path}/a.csv'").count() == 2
    assert len(remote) == 1


# Failures


def test_errors_of_functions(ctx):
    ctx.register_udf(fail)
    with pytest.raises(UdfExecutionError, match="not 1"):
        ctx.sql("SELECT fail(n) FROM people").collect()
    stream = ctx.sql("SELECT fail(n) FROM people").execute_stream()
    with pytest.raises(UdfExecutionError, match="not 1"):
        next(stream)


REFUSED = "Execution error: tonic::transport::Error(Transport, Connection refused)"


def run_losing(context: BallistaSessionContext, text: str) -> None:
    """Run a query whose execution fails with `text`."""

    def collect(frame: object) -> None:
        raise RuntimeError(text)

    context._cluster.enter(collect, context.table("people"))


def test_the_scheduler_is_lost(ctx, scheduler):
    ctx.table("people").count()
    scheduler.stop()
    with pytest.raises(ClusterError) as caught:
        run_losing(ctx, REFUSED)
    assert "The scheduler was lost during the query: No scheduler answers" in str(
        caught.value
    )
    assert REFUSED in str(caught.value)
    assert caught.value.retryable
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_all_executors_are_lost(ctx, scheduler):
    ctx.table("people").count()
    scheduler.answer(executors=[])
    with pytest.raises(ClusterError, match="has no live executor any more"):
        run_losing(ctx, "h2 protocol error: http2 error")


def test_an_executor_is_lost(ctx):
    with pytest.raises(
        ClusterError, match=r"executor of df.*was lost.*e1 at 10\.0\.0\.7"
    ):
        run_losing(ctx, REFUSED)


def test_an_executor_is_lost_while_a_stream_is_read(ctx):
    class Broken:
        def __next__(self) -> None:
            raise RuntimeError(REFUSED)

    stream = ctx.table("people").execute_stream()
    stream.rbs = Broken()
    with pytest.raises(ClusterError, match="was lost during the query"):
        next(stream)


def test_a_task_is_refused(ctx):
    with pytest.raises(ClusterError, match="could not prepare a task") as caught:
        run_losing(
            ctx, "task could not be prepared or was rejected by executor" + "x" * 10_000
        )
    assert len(str(caught.value)) < 5000


def test_other_errors_are_the_engines(ctx):
    with pytest.raises(RuntimeError, match="no field named x"):
        run_losing(ctx, "Schema error: no field named x")


def test_no_executor_at_a_query(ctx, scheduler, monkeypatch):
    monkeypatch.setattr("springald_ballista.service._EXECUTOR_WAIT_S", 0.2)
    scheduler.answer(executors=[])
    for run in (
        lambda: ctx.table("people").collect(),
        lambda: ctx.sql("CREATE TABLE made AS SELECT n FROM people"),
    ):
        ctx._cluster._service._last = None
        with pytest.raises(ClusterError, match="no live executor"):
            run()
    assert not ctx.table_exist("made")
