"""Sessions do not see each other's functions, and plans keep those of their time."""

from __future__ import annotations

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from springald import BallistaSessionContext, DataFrame, Udf, udf

from .processes import Cluster
from .weather import ROWS, WeatherFiles


def adding(number: int, name: str = "f") -> Udf:
    return udf(lambda x: x + number, [pa.float64()], pa.float64(), name=name, mode="row")


ONE = "SELECT f(1.0) AS r"


@pytest.fixture
def session(cluster: Cluster, files: WeatherFiles):
    """Makes sessions on the cluster, with the tables."""

    def make() -> BallistaSessionContext:
        context = BallistaSessionContext(cluster.address)
        files.register(context)
        return context

    return make


def test_one_name_for_two_functions_in_two_sessions(session) -> None:
    first, second = session(), session()
    first.register_udf(adding(1))
    second.register_udf(adding(2))
    query = "SELECT sum(f(wind) - wind) AS s FROM parts GROUP BY f(wind) > 0"
    for _ in range(3):
        assert round(first.sql(query).to_pydict()["s"][0]) == ROWS
        assert round(second.sql(query).to_pydict()["s"][0]) == 2 * ROWS


def test_one_name_in_many_sessions_at_once(session) -> None:
    def work(number: int) -> list[float]:
        context = session()
        context.register_udf(adding(number))
        frame = context.sql("SELECT DISTINCT round(f(wind) - wind) AS d FROM parts "
                            "ORDER BY d")  # fmt: skip
        return frame.to_pydict()["d"]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(24)))
    assert results == [[float(number)] for number in range(24)]


def test_a_function_registered_anew_under_its_old_name(session) -> None:
    context = session()
    context.register_udf(adding(1))
    old = context.sql("SELECT f(wind) - wind AS d FROM parts ORDER BY f(wind) LIMIT 1")
    context.register_udf(adding(5))
    new = context.sql("SELECT f(wind) - wind AS d FROM parts ORDER BY f(wind) LIMIT 1")
    assert round(new.to_pydict()["d"][0]) == 5
    assert round(old.to_pydict()["d"][0]) == 1, "made before, runs the function of then"
    assert round(old.limit(1).to_pydict()["d"][0]) == 1
    assert context.sql(ONE).to_pydict() == {"r": [6.0]}


def test_both_functions_of_one_name_in_one_plan(session) -> None:
    context = session()
    context.register_udf(adding(1))
    old = context.sql("SELECT date, round(f(wind) - wind) AS a FROM parts")
    context.register_udf(adding(5))
    new = context.sql("SELECT date AS day, round(f(wind) - wind) AS b FROM parts")
    joined = old.join(new, left_on="date", right_on="day").select("a", "b").distinct()
    assert joined.to_pylist() == [{"a": 1.0, "b": 5.0}]


def test_another_type_under_the_old_name(session) -> None:
    context = session()
    context.register_udf(adding(1))
    context.register_udf(udf(str.upper, [pa.string()], pa.string(), name="f", mode="row"))
    assert context.sql("SELECT f('a') AS r").to_pydict() == {"r": ["A"]}


def test_deregistered_functions_are_gone(session) -> None:
    context, other = session(), session()
    for each in (context, other):
        each.register_udf(adding(1))
    context.deregister_udf("f")
    with pytest.raises(Exception, match=r"(?i)function.*'?f'?"):
        context.sql(ONE)
    assert other.sql(ONE).to_pydict() == {"r": [2.0]}


def test_a_dataframe_and_a_stream_outlive_their_context(session) -> None:
    def make() -> DataFrame:
        context = session()
        context.register_udf(adding(1))
        return context.sql("SELECT f(wind) AS r FROM parts")

    frame = make()
    gc.collect()
    assert frame.count() == ROWS
    assert len(frame.limit(3).to_pylist()) == 3
    stream = make().execute_stream()
    gc.collect()
    assert sum(batch.to_pyarrow().num_rows for batch in stream) == ROWS


def test_handles_of_one_session_share_its_functions(session) -> None:
    context = session()
    handle = context.with_python_udf_inlining(enabled=False)
    assert type(handle) is BallistaSessionContext
    handle.register_udf(adding(3))
    assert context.sql(ONE).to_pydict() == {"r": [4.0]}
    assert handle.sql("SELECT count(f(wind)) AS c FROM parts").to_pydict() == {
        "c": [ROWS]
    }
    assert context.udf_metrics()["f"].rows > 0


def test_a_session_that_reads_urls_has_the_functions_of_then(session) -> None:
    context = session()
    context.register_udf(adding(1))
    other = context.enable_url_table()
    assert type(other) is BallistaSessionContext
    other.register_udf(adding(3))
    assert context.sql(ONE).to_pydict() == {"r": [2.0]}
    assert other.sql(ONE).to_pydict() == {"r": [4.0]}


def test_a_stream_that_is_dropped_leaves_the_cluster_free(session) -> None:
    context = session()
    context.register_udf(adding(1))
    for _ in range(10):
        next(iter(context.sql("SELECT f(wind) AS r FROM parts").execute_stream()))
    assert context.sql(ONE).to_pydict() == {"r": [2.0]}


def test_a_client_that_is_another_process(cluster: Cluster, files: WeatherFiles) -> None:
    """Its function is defined in __main__, and is not that of this process."""
    program = f"""
from springald import BallistaSessionContext, udf

@udf
def f(x: float) -> float:
    return helper(x)

def helper(x):
    return x + 100

ctx = BallistaSessionContext({cluster.address!r})
ctx.register_csv("weather", {str(files.csv)!r})
ctx.register_udf(f)
print(ctx.sql("SELECT min(f(wind) - wind) AS m, count(*) AS c FROM weather").to_pylist())
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == f"[{{'m': 100.0, 'c': {ROWS}}}]\n"
