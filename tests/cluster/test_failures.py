"""Programs that are missing or go away: an error in ten seconds that says which."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from springald import (
    BallistaSessionContext,
    ClusterError,
    Udf,
    UdfError,
    UdfWorkerLostError,
    udf,
)

from .call_log import CallLog
from .processes import HOST, Cluster
from .weather import ROWS, WeatherFiles

PROMISED_SECONDS = 10.0

pytestmark = pytest.mark.timeout(120)


@contextmanager
def soon() -> Iterator[None]:
    """The block ends within the promised time."""
    started = time.monotonic()
    yield
    elapsed = time.monotonic() - started
    assert elapsed < PROMISED_SECONDS, f"took {elapsed:.1f} s"


def opened(cluster: Cluster, files: WeatherFiles) -> BallistaSessionContext:
    context = BallistaSessionContext(cluster.address)
    files.register(context)
    return context


def slow(calls: CallLog, seconds: float = 0.003) -> Udf:
    """A function that takes a few seconds for all rows, and says where it runs."""

    @udf(volatility="stable")
    def crawl(wind: float) -> float:
        calls.add(wind)
        time.sleep(seconds)
        return wind

    return crawl


class Query:
    """A query in a thread of its own, while the test does something to the cluster."""

    def __init__(self, context: BallistaSessionContext, sql: str) -> None:
        self._pool = ThreadPoolExecutor(1)
        frame = context.sql(sql)
        self._result: Future[Any] = self._pool.submit(frame.to_pylist)

    def result(self, seconds: float = PROMISED_SECONDS) -> Any:
        """Return the rows or raise what the query raised, within `seconds`."""
        try:
            return self._result.result(seconds)
        except TimeoutError:
            pytest.fail(f"the query did not end within {seconds} s")
        finally:
            self._pool.shutdown(wait=False)

    def outcome(self, seconds: float) -> Any:
        """Return the rows, or the ClusterError that the query raised."""
        try:
            return self.result(seconds)
        except ClusterError as error:
            return error


SUM = "SELECT count(*) AS c, round(sum(crawl(wind))) AS s FROM parts"
EXPECTED = [{"c": ROWS, "s": 4735.0}]


# Addresses


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        port = unused.getsockname()[1]
    with soon(), pytest.raises(ClusterError, match=rf"{HOST}:{port}"):
        BallistaSessionContext(f"df://{HOST}:{port}")


def test_a_host_that_does_not_exist() -> None:
    with soon(), pytest.raises(ClusterError, match=r"no-such-host\.invalid"):
        BallistaSessionContext("df://no-such-host.invalid:50050")


def test_a_listener_that_never_answers() -> None:
    with socket.create_server((HOST, 0)) as silent:
        address = f"df://{HOST}:{silent.getsockname()[1]}"
        with soon(), pytest.raises(ClusterError, match=str(silent.getsockname()[1])):
            BallistaSessionContext(address)


def test_a_listener_that_is_something_else() -> None:
    with socket.create_server((HOST, 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        address = f"df://{HOST}:{other.getsockname()[1]}"
        with soon(), pytest.raises(ClusterError, match=r"(?i)scheduler"):
            BallistaSessionContext(address)
        thread.join()


def test_the_address_of_an_executor(cluster: Cluster) -> None:
    port = cluster.executors[0].wait_until_ready()["port"]
    with soon(), pytest.raises(ClusterError, match=port):
        BallistaSessionContext(f"df://{HOST}:{port}")


# Executors


def test_no_executor(start_cluster: Callable[..., Cluster], files: WeatherFiles) -> None:
    cluster = start_cluster(executors=0)
    context = opened(cluster, files)
    with soon(), pytest.raises(ClusterError, match=r"(?i)no (live )?executor"):
        context.sql("SELECT count(*) FROM parts").collect()
    cluster.start_executor().wait_until_ready()
    cluster.wait_for_executors(1)
    result = context.sql("SELECT count(*) AS c FROM parts").to_pydict()
    assert result == {"c": [ROWS]}, "it goes on as soon as there is one"


def test_one_of_two_executors_is_killed_during_a_query(
    start_cluster: Callable[..., Cluster], files: WeatherFiles, calls: CallLog
) -> None:
    """The query is run again on the other one, or fails and says why."""
    cluster = start_cluster(executors=2, vcores=1)
    context = opened(cluster, files)
    context.register_udf(slow(calls))
    query = Query(context, SUM)
    calls.wait_for_calls(20)
    cluster.executor_of(calls.read()[0][0]).kill()
    # All rows once more on one executor, after the loss of the other was noticed.
    outcome = query.outcome(PROMISED_SECONDS + 10)
    assert outcome == EXPECTED or "executor" in str(outcome).lower()
    with soon():
        assert context.sql(SUM.replace("crawl(wind)", "wind")).to_pylist() == EXPECTED


def test_the_only_executor_is_killed_during_a_query(
    start_cluster: Callable[..., Cluster], files: WeatherFiles, calls: CallLog
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    context.register_udf(slow(calls))
    query = Query(context, SUM)
    calls.wait_for_calls()
    cluster.executors[0].kill()
    with soon(), pytest.raises(ClusterError, match=r"(?i)executor"):
        query.result()
    cluster.start_executor().wait_until_ready()
    cluster.wait_for_executors(1)
    assert context.sql(SUM).to_pylist() == EXPECTED, "a new one takes its place"


def test_all_executors_are_killed_before_a_query(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=2)
    context = opened(cluster, files)
    assert context.sql("SELECT count(*) AS c FROM parts").to_pydict() == {"c": [ROWS]}
    for executor in cluster.executors:
        executor.kill()
    with soon(), pytest.raises(ClusterError, match=r"(?i)executor"):
        context.sql("SELECT count(*) AS c FROM parts").collect()


def test_an_executor_that_is_asked_to_stop_during_a_query(
    start_cluster: Callable[..., Cluster], files: WeatherFiles, calls: CallLog
) -> None:
    cluster = start_cluster(executors=2, vcores=1)
    context = opened(cluster, files)
    context.register_udf(slow(calls))
    query = Query(context, SUM)
    calls.wait_for_calls(20)
    stopped = cluster.executor_of(calls.read()[0][0])
    stopped.send(signal.SIGTERM)
    outcome = query.outcome(PROMISED_SECONDS + 10)
    assert outcome == EXPECTED or "executor" in str(outcome).lower()
    assert stopped.wait() == 0
    cluster.wait_for_executors(1)


def test_a_function_that_ends_its_executor(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    """Where it runs in the executor itself; test_sidecar.py has the other case."""
    cluster = start_cluster(executors=1, executor_flags=("--udf-backend", "embedded"))
    context = opened(cluster, files)

    @udf(volatility="volatile")
    def crash(wind: float) -> float:
        os._exit(3)

    context.register_udf(crash)
    with soon(), pytest.raises((ClusterError, UdfWorkerLostError)) as caught:
        context.sql("SELECT crash(wind) FROM parts").collect()
    assert isinstance(caught.value, UdfError)
    cluster.executors[0].was_killed = True


def test_a_killed_executor_is_not_listed_any_more(
    start_cluster: Callable[..., Cluster],
) -> None:
    cluster = start_cluster(executors=2)
    cluster.executors[0].kill()
    cluster.wait_for_executors(1, seconds=PROMISED_SECONDS)


# The scheduler


def test_the_scheduler_is_killed_before_a_query(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    frame = context.sql("SELECT count(*) FROM parts")
    cluster.scheduler.kill()
    with soon(), pytest.raises(ClusterError, match=rf"{HOST}:{cluster.port}"):
        frame.collect()
    with soon(), pytest.raises(ClusterError, match=rf"{HOST}:{cluster.port}"):
        BallistaSessionContext(cluster.address)
    with soon(), pytest.raises(ClusterError, match=rf"{HOST}:{cluster.port}"):
        context.udf_metrics()


def test_the_scheduler_is_killed_during_a_query(
    start_cluster: Callable[..., Cluster], files: WeatherFiles, calls: CallLog
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    context.register_udf(slow(calls))
    query = Query(context, SUM)
    calls.wait_for_calls()
    cluster.scheduler.kill()
    with soon(), pytest.raises(ClusterError, match=r"(?i)scheduler"):
        query.result()


def test_a_cluster_that_came_back_at_the_same_address(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    query = "SELECT max(f(wind)) > 0 AS m FROM parts"
    context.register_udf(udf(lambda_of_wind, name="f"))
    assert context.sql(query).to_pydict() == {"m": [True]}
    for program in reversed(cluster.programs()):
        program.kill()
    port = cluster.port
    with socket.socket() as probe:  # skip where somebody else took it meanwhile
        if probe.connect_ex((HOST, port)) == 0:
            pytest.skip(f"port {port} was taken")
    again = start_cluster(executors=1, port=port)
    assert again.port == port
    with soon():
        assert context.sql(query).to_pydict() == {"m": [True]}


def test_a_scheduler_that_is_started_anew_finds_its_executors(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1)
    context = opened(cluster, files)
    context.register_udf(udf(lambda_of_wind, name="f"))
    cluster.scheduler.kill()
    again = start_cluster(executors=0, port=cluster.port)
    again.wait_for_executors(1)
    query = "SELECT max(f(wind)) > 0 AS m FROM parts"
    assert context.sql(query).to_pydict() == {"m": [True]}


def test_a_scheduler_that_was_not_told_its_name(
    start_cluster: Callable[..., Cluster], files: WeatherFiles
) -> None:
    """It calls itself localhost, which leads an executor elsewhere to itself."""
    cluster = start_cluster(executors=1, host="127.0.0.2")
    with soon():
        rows = opened(cluster, files).sql("SELECT count(*) AS c FROM parts").to_pydict()
    assert rows == {"c": [ROWS]}


def lambda_of_wind(wind: float) -> float:
    return wind + 1


# Ctrl-C


@pytest.mark.parametrize("method", ["collect", "count", "to_pandas", "show"])
def test_ctrl_c_ends_a_query_and_frees_the_executor(
    start_cluster: Callable[..., Cluster],
    files: WeatherFiles,
    calls: CallLog,
    interrupt_after: Callable[[Callable[[], None]], None],
    method: str,
) -> None:
    cluster = start_cluster(executors=1, vcores=1)
    context = opened(cluster, files)
    context.register_udf(slow(calls, seconds=0.03))
    frame = context.sql("SELECT date FROM parts WHERE crawl(wind) > 0 ORDER BY date")
    interrupt_after(calls.wait_for_calls)
    with soon(), pytest.raises(KeyboardInterrupt):
        getattr(frame, method)()
    with soon():  # all rows would take 44 s
        assert context.sql("SELECT count(*) AS c FROM parts").to_pydict() == {"c": [ROWS]}


def test_ctrl_c_where_the_executor_does_not_answer(
    start_cluster: Callable[..., Cluster],
    files: WeatherFiles,
    interrupt_after: Callable[[Callable[[], None]], None],
) -> None:
    cluster = start_cluster(executors=1)
    frame = opened(cluster, files).sql("SELECT count(*) AS c FROM parts")
    cluster.executors[0].send(signal.SIGSTOP)
    interrupt_after(lambda: time.sleep(2.0))
    try:
        with soon(), pytest.raises((KeyboardInterrupt, ClusterError)):
            frame.collect()
    finally:
        cluster.executors[0].kill()
