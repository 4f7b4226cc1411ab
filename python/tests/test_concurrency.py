"""Several partitions, threads and queries at once; queries inside functions."""

import contextvars
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from contexts import open_context
from datafusion import SessionConfig, SessionContext, col

import springald
from springald import BallistaSessionContext, UdfExecutionError, udf

ROWS = 20_000


def table_of(context, partitions: int = 4, rows: int = ROWS) -> None:
    batches = [
        pa.RecordBatch.from_pydict(
            {"n": pa.array(range(start, rows, partitions), pa.int64())}
        )
        for start in range(partitions)
    ]
    context.register_record_batches("t", [[batch] for batch in batches])


@pytest.fixture
def wide() -> BallistaSessionContext:
    config = SessionConfig().with_target_partitions(4).with_batch_size(256)
    context = open_context(config)
    table_of(context)
    return context


@udf
def plus_one(n: int) -> int:
    return n + 1


@udf(return_type=pa.int64(), input_types=[pa.int64()])
def plus_two(n):
    return pc.add(n, 2)


SUMS = """
    SELECT sum(plus_one(n)) AS a, sum(plus_two(n)) AS b, count(DISTINCT plus_one(n)) AS c
    FROM t
"""
EXPECTED = {"a": [ROWS * (ROWS + 1) // 2], "b": [ROWS * (ROWS + 3) // 2], "c": [ROWS]}


def test_several_partitions(wide):
    wide.register_udf(plus_one)
    wide.register_udf(plus_two)
    assert wide.sql(SUMS).to_pydict() == EXPECTED


def test_several_queries_of_one_context_at_once(wide):
    wide.register_udf(plus_one)
    wide.register_udf(plus_two)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: wide.sql(SUMS).to_pydict(), range(16)))
    assert results == [EXPECTED] * 16


def test_several_contexts_define_and_query_at_once():
    def work(k: int) -> list[int]:
        context = open_context()
        context.from_pydict({"n": [1, 2, 3]}, name="t")
        context.register_udf(
            lambda n: n * k, name="times", mode="row",
            input_types=[pa.int64()], return_type=pa.int64(),
        )  # fmt: skip
        return context.sql("SELECT times(n) AS r FROM t").to_pydict()["r"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [[k, 2 * k, 3 * k] for k in range(40)]


def test_failing_and_working_queries_at_once(wide):
    @udf
    def fails(n: int) -> int:
        if n > 100:
            raise ValueError(f"value {n}")
        return n

    wide.register_udf(fails)
    wide.register_udf(plus_one)
    wide.register_udf(plus_two)

    def work(index: int):
        if index % 2:
            with pytest.raises(UdfExecutionError, match="ValueError: value"):
                wide.sql("SELECT sum(fails(n)) FROM t").collect()
            return EXPECTED
        return wide.sql(SUMS).to_pydict()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(24))) == [EXPECTED] * 24


def test_threads_raise_their_own_errors(wide):
    @udf
    def identify(n: int, k: int) -> int:
        raise ValueError(f"query {k}")

    wide.register_udf(identify)

    def work(k: int) -> str:
        with pytest.raises(UdfExecutionError) as caught:
            wide.sql(f"SELECT identify(n, {k}) FROM t").collect()
        return caught.value.exception_message

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(60))) == [f"query {k}" for k in range(60)]


# Queries inside functions


def nested_in(inner: SessionContext):
    def total(n: int) -> int:
        return (
            inner.sql("SELECT sum(plus_one(m)) AS s FROM small").to_pydict()["s"][0] + n
        )

    return udf(total)


@pytest.fixture
def small() -> BallistaSessionContext:
    context = open_context()
    context.from_pydict({"m": [1, 2, 3]}, name="small")
    context.register_udf(plus_one)
    return context


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT total(n) AS r FROM few ORDER BY n",
        "SELECT max(total(n)) AS r FROM few GROUP BY n ORDER BY n",
        "SELECT total(a.n) r FROM few a JOIN few b ON total(a.n) = total(b.n) ORDER BY 1",
    ],
)
def test_a_function_may_query_another_context(small, sql):
    outer = open_context()
    outer.from_pydict({"n": [10, 20]}, name="few")
    outer.register_udf(nested_in(small))
    assert outer.sql(sql).to_pydict() == {"r": [19, 29]}
    assert outer.sql("SELECT total(1) AS r").to_pydict() == {"r": [10]}, "while planning"


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_a_function_may_query_its_own_context(small):
    small.register_udf(nested_in(small))
    assert small.sql("SELECT total(m) AS r FROM small").to_pydict() == {"r": [10, 11, 12]}


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_a_function_may_query_two_levels_down(small):
    @udf
    def deeper(m: int) -> int:
        return small.sql(f"SELECT total({m}) AS r FROM small LIMIT 1").to_pydict()["r"][0]

    small.register_udf(nested_in(small))
    small.register_udf(deeper)
    assert small.sql("SELECT deeper(m) AS r FROM small").to_pydict() == {
        "r": [10, 11, 12]
    }


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_nested_queries_see_the_context_variables(small):
    tenant = contextvars.ContextVar("tenant", default="nobody")
    seen = []

    class Spy(BallistaSessionContext):
        def read(self):
            return self.table("small").transform(self.look)

        def look(self, frame):
            seen.append(tenant.get())
            return frame

    spy = Spy()
    spy.from_pydict({"m": [1]}, name="small")

    @udf
    def peek(m: int) -> int:
        tenant.set("somebody")
        return spy.read().count()

    small.register_udf(peek)
    assert small.sql("SELECT peek(m) AS r FROM small LIMIT 1").to_pydict() == {"r": [1]}
    assert seen == ["somebody"]


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_nested_streams_and_dataframes(small):
    @udf
    def rows(m: int) -> int:
        frame = small.table("small").filter(col("m") >= m)
        streamed = sum(batch.to_pyarrow().num_rows for batch in frame.execute_stream())
        assert len(repr(frame)) > 10
        assert frame.count() == streamed
        return streamed

    small.register_udf(rows)
    assert small.sql("SELECT rows(m) AS r FROM small").to_pydict() == {"r": [3, 2, 1]}


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_every_partition_may_wait_for_a_query_of_several_partitions():
    """More waiting functions than cores: the engine needs threads beside theirs."""
    inner = open_context(SessionConfig().with_target_partitions(4))
    table_of(inner, rows=1000)
    outer = open_context(SessionConfig().with_target_partitions(4))
    table_of(outer, rows=8)

    @udf
    def groups(n: int) -> int:
        sql = "SELECT count(*) AS c FROM (SELECT n % 7 AS k FROM t GROUP BY k)"
        return inner.sql(sql).to_pydict()["c"][0]

    outer.register_udf(groups)
    assert outer.sql("SELECT sum(groups(n)) AS s FROM t").to_pydict() == {"s": [56]}


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_more_waiting_functions_than_threads_are_refused(small, monkeypatch):
    small.register_udf(nested_in(small))
    monkeypatch.setattr(springald.engine_call, "_nested_count", 10_000)
    with pytest.raises(UdfExecutionError, match="Too many functions wait for queries"):
        small.sql("SELECT total(m) FROM small").collect()


@pytest.mark.parametrize("plain_first", [True, False])
def test_the_pool_of_the_engine_is_made_once(plain_first):
    first = "datafusion.SessionContext().sql('SELECT 1')" if plain_first else "pass"
    script = f"""
import datafusion, os
from springald.engine_threads import EngineThreads
{first}
threads = EngineThreads()
print(threads.start(), threads.start(), "TOKIO_WORKER_THREADS" in os.environ)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    cores = len(os.sched_getaffinity(0))
    expected = cores if plain_first else max(16, 2 * cores)
    assert done.stdout == f"{expected} {expected} False\n"


# The interpreter's lock


def test_no_deadlock_while_other_threads_keep_the_interpreter_busy(wide):
    wide.register_udf(plus_one)
    wide.register_udf(plus_two)
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            sum(range(1000))

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            assert wide.sql(SUMS).to_pydict() == EXPECTED
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.embedded_only(reason="a barrier cannot be pickled")
def test_functions_that_wait_for_each_other_do_not_deadlock():
    """Two partitions meet in a barrier, so the lock is given up while one waits."""
    context = open_context(SessionConfig().with_target_partitions(2))
    table_of(context, partitions=2, rows=2)
    barrier = threading.Barrier(2, timeout=20)

    @udf(volatility="volatile")
    def meet(n: int) -> int:
        barrier.wait()
        return n

    context.register_udf(meet)
    assert context.sql("SELECT sum(meet(n)) AS s FROM t").to_pydict() == {"s": [1]}


@pytest.mark.embedded_only(reason="a lock cannot be pickled")
def test_a_function_may_use_a_lock_that_the_caller_holds_while_planning():
    context = open_context()
    lock = threading.RLock()

    @udf
    def locked(n: int) -> int:
        with lock:
            return n

    context.register_udf(locked)
    with lock:
        assert context.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}
    assert context.sql("SELECT locked(7) AS r").to_pydict() == {"r": [7]}


def test_a_function_may_import():
    sys.modules.pop("colorsys", None)
    context = open_context()

    @udf
    def hue(n: int) -> float:
        import colorsys

        return colorsys.rgb_to_hsv(n, n, n)[0]

    context.register_udf(hue)
    assert context.sql("SELECT hue(1) AS r").to_pydict() == {"r": [0.0]}


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_recursion_through_queries_is_an_error_and_not_a_crash(small):
    @udf(volatility="volatile")  # else planning alone calls it several times a level
    def endless(m: int) -> int:
        if m > 6:
            raise RecursionError("deep enough")
        return small.sql(f"SELECT endless({m + 1}) AS r").to_pydict()["r"][0]

    small.register_udf(endless)
    with pytest.raises(UdfExecutionError) as caught:
        small.sql("SELECT endless(0)").collect()
    depth, error = 0, caught.value
    while isinstance(error, UdfExecutionError):
        depth, error = depth + 1, error.__cause__
    assert depth == 8
    assert isinstance(error, RecursionError)
