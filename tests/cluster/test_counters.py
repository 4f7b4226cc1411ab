"""A definition goes to an executor once and is loaded there once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from datafusion import col

from springald import BallistaSessionContext, UdfError, UdfMetrics, udf

from .processes import Cluster
from .weather import ROWS, WeatherFiles

QUERIES = (
    "SELECT sum({f}(wind)) FROM parts",
    "SELECT date FROM parts WHERE {f}(wind) > 3 ORDER BY {f}(temp_max), {f}(temp_min)",
    "SELECT {f}(wind), count(*) FROM weather GROUP BY 1",
    "SELECT rank() OVER (PARTITION BY {f}(wind) ORDER BY {f}(temp_max)) FROM lines",
    "SELECT count(*) FROM parts a JOIN weather b ON {f}(a.wind) = {f}(b.temp_max)",
)


def test_once_for_many_tasks_queries_and_sessions(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=2)

    @udf
    def shared(x: float) -> float:
        return x + 1

    contexts = []
    for _ in range(2):
        context = BallistaSessionContext(cluster.address)
        files.register(context)
        context.register_udf(shared)
        contexts.append(context)

    def work(number: int) -> None:
        query = QUERIES[number % len(QUERIES)].format(f="shared")
        contexts[number % 2].sql(query).collect()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(20)))
    counters = cluster.counters("shared")
    assert len(counters) == 2, "both executors took part"
    for each in counters:
        assert (each.definitions_received, each.loads, each.errors) == (1, 1, 0)
        assert each.calls > 1
        assert each.rows > 0
        assert each.python_ns > 0


def test_an_executor_that_comes_later_is_sent_it_once(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1, vcores=1)
    context = BallistaSessionContext(cluster.address)
    files.register(context)
    context.register_udf(lambda x: x, name="same", mode="row", input_types=[pa.float64()],
                         return_type=pa.float64())  # fmt: skip
    query = context.sql(QUERIES[1].format(f="same"))
    query.collect()
    cluster.start_executor().wait_until_ready()
    cluster.wait_for_executors(2)
    for _ in range(10):
        query.collect()
    counters = cluster.counters("same")
    assert {(each.definitions_received, each.loads) for each in counters} == {(1, 1)}


def test_a_function_of_several_megabytes_is_sent_once(
    cluster: Cluster, ctx: BallistaSessionContext
) -> None:
    table = bytes(range(256)) * 16_000

    def heavy(x: float) -> float:
        return x + len(table)

    ctx.register_udf(heavy)
    for _ in range(5):
        result = ctx.sql("SELECT max(heavy(wind) - wind) AS m FROM parts").to_pydict()
        assert round(result["m"][0]) == len(table)
    counters = cluster.counters("heavy")
    assert {(each.definitions_received, each.loads) for each in counters} == {(1, 1)}


def test_unused_functions_are_not_sent(
    cluster: Cluster, ctx: BallistaSessionContext
) -> None:
    for name in ("used_one", "unused_one"):
        ctx.register_udf(
            lambda x: x, name=name, mode="row",
            input_types=[pa.float64()], return_type=pa.float64(),
        )  # fmt: skip
    ctx.sql("SELECT used_one(wind) FROM parts").collect()
    assert cluster.counters("used_one")
    assert not cluster.counters("unused_one")


def test_rows_calls_and_errors_are_counted(
    cluster: Cluster, ctx: BallistaSessionContext
) -> None:
    @udf
    def tallied(x: float) -> float:
        if x > 50:
            raise ValueError("more than fifty")
        return x

    ctx.register_udf(tallied)
    zero = UdfMetrics(loads=0, calls=0, rows=0, python_seconds=0.0, errors=0)
    assert ctx.udf_metrics()["tallied"] == zero
    ctx.sql("SELECT tallied(wind) FROM parts").collect()
    after = ctx.udf_metrics()["tallied"]
    assert (after.rows, after.errors) == (ROWS, 0)
    assert after.calls >= 1
    assert 1 <= after.loads <= 2
    assert after.python_seconds > 0
    with pytest.raises(UdfError):
        ctx.sql("SELECT tallied(51.0)").collect()
    assert ctx.udf_metrics()["tallied"].errors == 1
    assert ctx.udf_metrics()["tallied"].rows >= ROWS
    assert sum(each.rows for each in cluster.counters("tallied")) >= ROWS


def test_counters_are_of_the_definition_and_not_of_the_name(
    ctx: BallistaSessionContext, cluster: Cluster
) -> None:
    def register(context: BallistaSessionContext, number: int) -> None:
        context.register_udf(
            lambda x: x + number, name="named", mode="row",
            input_types=[pa.float64()], return_type=pa.float64(),
        )  # fmt: skip

    register(ctx, 1)
    ctx.sql("SELECT named(wind) FROM parts").collect()
    assert ctx.udf_metrics()["named"].rows == ROWS
    register(ctx, 2)
    assert ctx.udf_metrics()["named"].rows == 0
    ctx.sql("SELECT named(wind) FROM parts").collect()
    assert ctx.udf_metrics()["named"].rows == ROWS
    assert cluster.rows("named") == 2 * ROWS


def test_functions_without_registration_are_counted_on_executors(
    ctx: BallistaSessionContext, cluster: Cluster
) -> None:
    @udf
    def unregistered(x: float) -> float:
        return x

    for _ in range(3):
        ctx.table("parts").select(unregistered(col("wind"))).collect()
    assert cluster.rows("unregistered") == 3 * ROWS
    assert unregistered.metrics().rows == 0
    counters = cluster.counters("unregistered")
    assert {(each.definitions_received, each.loads) for each in counters} == {(1, 1)}


def test_what_the_scheduler_says_about_executors(cluster: Cluster) -> None:
    state: dict[str, Any] = cluster.state()
    assert {"springald", "ballista", "datafusion", "executors"} <= set(state)
    executors = state["executors"]
    assert len({executor["id"] for executor in executors}) == 2
    for executor in executors:
        assert executor["springald"] == state["springald"]
        assert executor["pyarrow"] == pa.__version__
        assert executor["implementation"] == "cpython"
