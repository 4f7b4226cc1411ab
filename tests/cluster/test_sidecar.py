"""Functions in worker processes of executors: what goes wrong in one stays in it."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pyarrow as pa
import pytest

from springald import (
    BallistaSessionContext,
    ExecutorWorkers,
    Udf,
    UdfMemoryError,
    UdfTimeoutError,
    UdfWorkerLostError,
    udf,
)

from .call_log import CallLog
from .processes import Cluster
from .weather import ROWS, WeatherFiles

PROMISED_SECONDS = 10.0

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., Cluster]


@contextmanager
def soon(seconds: float = PROMISED_SECONDS) -> Iterator[None]:
    """The block ends within the promised time."""
    started = time.monotonic()
    yield
    elapsed = time.monotonic() - started
    assert elapsed < seconds, f"took {elapsed:.1f} s"


def wait_until(holds: Callable[[], bool], seconds: float = PROMISED_SECONDS) -> None:
    """Wait until `holds()`, or fail after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


def opened(cluster: Cluster, files: WeatherFiles) -> BallistaSessionContext:
    context = BallistaSessionContext(cluster.address)
    files.register(context)
    return context


def workers(context: BallistaSessionContext) -> ExecutorWorkers:
    """Return the worker processes of the only executor."""
    (executor,) = context.cluster_executors()
    assert executor.workers is not None
    return executor.workers


def is_healthy(context: BallistaSessionContext) -> bool:
    """Whether a function that does nothing special still runs, on all rows."""

    @udf
    def plus_one(x: float) -> float:
        return x + 1

    context.register_udf(plus_one)
    rows = context.sql("SELECT count(plus_one(wind)) AS c FROM parts").to_pylist()
    return bool(rows == [{"c": ROWS}])


def segmentation_fault() -> None:
    ctypes.string_at(0)


def exit_at_once() -> None:
    os._exit(3)


def abort() -> None:
    os.abort()


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(600)


def doing(what: Callable[[], None], calls: CallLog, volatility: str = "volatile") -> Udf:
    """Return a function that says that it was called, and then does `what`."""

    @udf(name="fated", volatility=volatility)
    def fated(x: float) -> float:
        calls.add(x)
        what()
        return x

    return fated


# Where functions run


def test_worker_processes_are_the_default(
    start_cluster: Start, files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1, vcores=2)
    context = opened(cluster, files)

    @udf(volatility="volatile")
    def where(x: int) -> int:
        return os.getpid()

    context.register_udf(where)
    (row,) = context.sql("SELECT where(1) AS p").to_pylist()
    assert row["p"] not in (os.getpid(), cluster.executors[0].pid)
    assert row["p"] in cluster.processes()
    (executor,) = context.cluster_executors()
    assert executor.udf_backend == "sidecar"
    assert workers(context).max == 2
    assert workers(context).started >= workers(context).alive >= 1
    assert workers(context).last_start_seconds > 0
    assert (workers(context).lost, workers(context).killed) == (0, 0)


@pytest.mark.parametrize("backend", ["sidecar", "embedded"])
def test_both_backends_give_the_same(
    start_cluster: Start, files: WeatherFiles, backend: str
) -> None:
    cluster = start_cluster(executors=1, executor_flags=("--udf-backend", backend))
    context = opened(cluster, files)

    @udf(volatility="volatile")
    def where(x: float) -> int:
        return os.getpid()

    @udf
    def initial(word: str) -> str | None:
        return word[:1] if word != "fog" else None

    context.register_udf(where)
    context.register_udf(initial)
    query = "SELECT initial(weather) AS i, count(*) AS c FROM parts GROUP BY 1 ORDER BY 1"
    letters = {row["i"]: row["c"] for row in context.sql(query).to_pylist()}
    assert sum(letters.values()) == ROWS
    assert set(letters) == {"d", "r", "s", None}
    places = {row["p"] for row in context.sql("SELECT where(1.0) AS p").to_pylist()}
    assert (places == {cluster.executors[0].pid}) == (backend == "embedded")
    (executor,) = context.cluster_executors()
    assert executor.udf_backend == backend
    assert (executor.workers is None) == (backend == "embedded")
    assert {function.name for function in executor.functions} == {"where", "initial"}


def test_functions_of_one_executor_run_side_by_side(
    start_cluster: Start, files: WeatherFiles, calls: CallLog
) -> None:
    context = opened(start_cluster(executors=1, vcores=2), files)

    @udf(volatility="volatile")
    def meets(x: float) -> bool:
        """Whether another process is inside this function, too."""
        calls.add(x)
        end = time.monotonic() + PROMISED_SECONDS
        while len(calls.processes()) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        return len(calls.processes()) >= 2

    context.register_udf(meets)
    query = "SELECT bool_and(meets(wind)) AS m FROM (SELECT * FROM parts WHERE wind > 7)"
    with soon(30):
        assert context.sql(query).to_pylist() == [{"m": True}]


def test_more_streams_than_workers(start_cluster: Start, files: WeatherFiles) -> None:
    """Functions that keep something between batches do not keep a worker from others."""
    cluster = start_cluster(executors=1, vcores=2, executor_flags=("--udf-workers", 1))
    context = opened(cluster, files)

    def numbered(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        seen = 0
        for batch in batches:
            yield pa.array(range(seen, seen + len(batch)), pa.int64())
            seen += len(batch)

    for name in ("first_number", "second_number"):
        context.register_udf(
            numbered, name=name, input_types=[pa.float64()], return_type=pa.int64()
        )
    context.sql("SET datafusion.execution.batch_size = 50")
    query = (
        "SELECT count(*) AS c, sum(first_number(wind)) = sum(second_number(temp_max)) "
        "AS same FROM parts"
    )
    with soon(30):
        assert context.sql(query).to_pylist() == [{"c": ROWS, "same": True}]
    assert workers(context).max == 1


# Processes that end


@pytest.mark.parametrize("what", [segmentation_fault, exit_at_once, abort, be_killed])
def test_a_function_that_ends_its_process(
    start_cluster: Start, files: WeatherFiles, calls: CallLog, what: Callable[[], None]
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    context.register_udf(doing(what, calls))
    with soon(), pytest.raises(UdfWorkerLostError) as caught:
        context.sql("SELECT fated(wind) FROM parts").collect()
    assert caught.value.udf_name == "fated"
    assert cluster.executors[0].is_running()
    assert workers(context).lost >= 1
    assert is_healthy(context)


@pytest.mark.parametrize("volatility", ["immutable", "volatile"])
def test_only_what_may_run_again_is_tried_again(
    start_cluster: Start, files: WeatherFiles, calls: CallLog, volatility: str
) -> None:
    context = opened(start_cluster(executors=1), files)
    context.register_udf(doing(exit_at_once, calls, volatility))
    with soon(), pytest.raises(UdfWorkerLostError):
        context.sql("SELECT fated(1.0)").collect()
    retried = workers(context).retried
    assert len(calls.read()) == 1 + retried, "and the cluster did not try again either"
    assert (retried == 0) == (volatility == "volatile")


def test_a_lost_worker_is_replaced_without_a_word(
    start_cluster: Start, files: WeatherFiles, calls: CallLog
) -> None:
    context = opened(start_cluster(executors=1, vcores=1), files)

    @udf(volatility="immutable")
    def unlucky(x: float) -> float:
        if not calls.read():
            calls.add("killed")
            be_killed()
        return x

    context.register_udf(unlucky)
    rows = context.sql("SELECT count(unlucky(wind)) AS c FROM parts").to_pylist()
    assert rows == [{"c": ROWS}]
    assert (workers(context).lost, workers(context).retried) == (1, 1)


def test_idle_workers_end(start_cluster: Start, files: WeatherFiles) -> None:
    cluster = start_cluster(executors=1, executor_flags=("--udf-idle-timeout", 1))
    context = opened(cluster, files)
    assert is_healthy(context)
    wait_until(lambda: workers(context).alive == 0)
    assert workers(context).retired >= 1
    assert is_healthy(context)


# Limits


@pytest.mark.parametrize("what", [spin, sleep])
def test_a_batch_that_takes_too_long(
    start_cluster: Start, files: WeatherFiles, calls: CallLog, what: Callable[[], None]
) -> None:
    cluster = start_cluster(executors=1, executor_flags=("--udf-timeout", 1))
    context = opened(cluster, files)
    context.register_udf(doing(what, calls, "immutable"))
    with soon(), pytest.raises(UdfTimeoutError) as caught:
        context.sql("SELECT fated(1.0)").collect()
    assert caught.value.udf_name == "fated"
    assert len(calls.read()) == 1, "it is not tried again"
    assert workers(context).retried == 0
    assert cluster.executors[0].is_running()
    assert is_healthy(context)


def test_a_batch_that_needs_too_much_memory(
    start_cluster: Start, files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1, executor_flags=("--udf-memory-limit", "256MiB"))
    context = opened(cluster, files)

    @udf(volatility="volatile")
    def hungry(megabytes: int) -> int:
        return len(b"x" * (megabytes << 20))

    context.register_udf(hungry)
    assert context.sql("SELECT hungry(16) AS n").to_pylist() == [{"n": 16 << 20}]
    with soon(20), pytest.raises(UdfMemoryError) as caught:
        context.sql("SELECT hungry(2048)").collect()
    assert caught.value.udf_name == "hungry"
    assert cluster.executors[0].is_running()
    assert is_healthy(context)


def test_no_limit_is_the_default_where_one_is_given(
    start_cluster: Start, files: WeatherFiles
) -> None:
    flags = ("--udf-timeout", "none", "--udf-memory-limit", 0, "--udf-cpu-limit", "none",
             "--udf-max-open-files", "none", "--udf-max-result-size", "none",
             "--udf-max-batches", 1, "--udf-idle-timeout", "none",
             "--udf-preload", "json,decimal")  # fmt: skip
    context = opened(start_cluster(executors=1, vcores=1, executor_flags=flags), files)
    assert is_healthy(context)
    assert is_healthy(context)
    assert workers(context).retired >= 1, "a worker runs one batch"


# Queries that are cancelled, and executors that end


@pytest.mark.parametrize("what", [spin, sleep])
def test_ctrl_c_ends_the_call_in_the_worker(
    start_cluster: Start,
    files: WeatherFiles,
    calls: CallLog,
    interrupt_after: Callable[[Callable[[], None]], None],
    what: Callable[[], None],
) -> None:
    """Also one that no Python code can end: a call into C code."""
    context = opened(start_cluster(executors=1, vcores=1), files)
    context.register_udf(doing(what, calls))
    interrupt_after(calls.wait_for_calls)
    with soon(), pytest.raises(KeyboardInterrupt):
        context.sql("SELECT fated(wind) FROM parts").collect()
    wait_until(lambda: workers(context).busy == 0)
    with soon():
        assert is_healthy(context)


def start_call(context: BallistaSessionContext, calls: CallLog) -> Thread:
    """Start a query whose function sleeps, and return when it does."""
    context.register_udf(doing(sleep, calls))
    frame = context.sql("SELECT fated(wind) FROM parts")

    def run() -> Any:
        try:
            return frame.collect()
        except Exception:
            return None  # how it fails is not what these tests are about

    thread = Thread(target=run, daemon=True)
    thread.start()
    calls.wait_for_calls()
    return thread


@pytest.mark.parametrize("in_a_call", [False, True])
def test_no_worker_outlives_an_executor_that_is_killed(
    start_cluster: Start, files: WeatherFiles, calls: CallLog, in_a_call: bool
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    assert is_healthy(context)
    if in_a_call:
        start_call(context, calls)
        assert calls.processes() <= cluster.processes()
    executor = cluster.executors[0]
    assert cluster.processes() > {executor.pid, cluster.scheduler.pid}
    executor.was_killed = True
    executor.send(signal.SIGKILL)  # to the executor alone, not to its group
    wait_until(lambda: cluster.processes() == {cluster.scheduler.pid}, seconds=5)


@pytest.mark.parametrize("in_a_call", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_an_executor_that_stops(
    start_cluster: Start,
    files: WeatherFiles,
    calls: CallLog,
    number: signal.Signals,
    in_a_call: bool,
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    assert is_healthy(context)
    if in_a_call:
        start_call(context, calls)
    cluster.executors[0].send(number)
    assert cluster.executors[0].wait(10) == 0
    assert cluster.processes() == {cluster.scheduler.pid}
    assert "panicked" not in cluster.executors[0].log_text()


# What functions print


def test_what_functions_print_comes_back(
    start_cluster: Start, files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)

    @udf(volatility="volatile")
    def talks(x: int) -> int:
        import sys

        print("to stdout:", x)
        print("to stderr:", x, file=sys.stderr)
        return x

    context.register_udf(talks)
    assert context.udf_output() == {"talks": ""}
    assert context.sql("SELECT talks(7) AS t").to_pylist() == [{"t": 7}]
    (executor,) = context.cluster_executors()
    place = f"[{executor.host}:{executor.port}]"
    wait_until(lambda: context.udf_output()["talks"].count("\n") == 2)
    assert sorted(context.udf_output()["talks"].splitlines()) == [
        f"{place} to stderr: 7",
        f"{place} to stdout: 7",
    ]
    log = cluster.executors[0].log_text()
    assert "UDF 'talks': to stdout: 7" in log
    assert "UDF 'talks': to stderr: 7" in log
    ready_line = cluster.executors[0].wait_until_ready()[0]
    assert cluster.executors[0].output() == ready_line + "\n"


def test_the_end_of_much_output_is_kept(
    start_cluster: Start, files: WeatherFiles
) -> None:
    context = opened(start_cluster(executors=1), files)

    @udf(volatility="volatile")
    def chatters(lines: int) -> int:
        for number in range(lines):
            print("line", number)
        return lines

    context.register_udf(chatters)
    assert context.sql("SELECT chatters(20000) AS c").to_pylist() == [{"c": 20000}]
    wait_until(lambda: context.udf_output()["chatters"].endswith("line 19999\n"))
    (executor,) = context.cluster_executors()
    (function,) = executor.functions
    assert len(function.output.encode()) <= 16 << 10
    assert is_healthy(context)
