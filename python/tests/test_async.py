"""Async functions: the rows of a batch are awaited together, on the process's loop."""

import asyncio
import contextvars
import functools
import pickle
import threading
import time

import pyarrow as pa
import pytest
from contexts import elsewhere, open_context
from datafusion import SessionConfig, col

import springald.engine_call
from springald import (
    BallistaSessionContext,
    Udf,
    UdfDefinitionError,
    UdfExecutionError,
    UdfResultError,
    udf,
)

EMBEDDED = pytest.mark.embedded_only(reason="looks at what functions do in this process")


def run(function, *columns, types=None, partitions: int = 1) -> list:
    """Return what `function` gives for `columns`, in one batch for each partition."""
    context = open_context(SessionConfig().with_target_partitions(partitions))
    names = [f"c{i}" for i in range(len(columns))]
    arrays = [
        pa.array(values, types[i] if types else None) for i, values in enumerate(columns)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, names=names)
    context.register_record_batches("t", [[batch]] * partitions)
    frame = context.table("t").select(function(*map(col, names)).alias("r"))
    return [value for one in frame.collect() for value in one.column(0).to_pylist()]


@udf
async def double(n: int) -> int:
    await asyncio.sleep(0)
    return n * 2


# Results


def test_results_are_in_the_order_of_the_rows():
    @udf
    async def slower_first(n: int) -> str:
        await asyncio.sleep((50 - n) / 5000)
        return f"row {n}"

    assert run(slower_first, list(range(50))) == [f"row {n}" for n in range(50)]


def test_nulls_are_skipped_or_given_as_in_row_mode():
    @udf
    async def both(a: int, b: str | None) -> str | None:
        return None if b == "none" else f"{a} {b}"

    assert run(both, [1, None, 3, 4], ["x", "y", None, "none"]) == [
        "1 x", None, "3 None", None,
    ]  # fmt: skip
    called = udf(
        lambda_like, input_types=[pa.int64()], return_type=pa.bool_(), mode="row"
    )
    assert run(called, [1, None]) == [False, True]


async def lambda_like(value):
    return value is None


def test_a_batch_of_nulls_only_calls_nothing():
    @udf
    async def fails(n: int) -> int:
        raise ValueError("called")

    assert run(fails, [None, None], types=[pa.int64()]) == [None, None]


class Client:
    def __init__(self, factor: int) -> None:
        self.factor = factor

    async def times(self, n: int) -> int:
        await asyncio.sleep(0)
        return n * self.factor

    async def __call__(self, n: int) -> int:
        return await self.times(n)


async def power(exponent: int, n: int) -> int:
    return n**exponent


@pytest.mark.parametrize(
    "function",
    [
        Client(3).times,
        Client(3),
        functools.partial(Client(3).times),
        functools.partial(Client.times, Client(3)),
    ],
    ids=["method", "instance", "partial of a method", "partial of a function"],
)
def test_every_kind_of_callable(function):
    assert run(udf(function, name="f"), [1, 2, 3]) == [3, 6, 9]


def test_partial_with_a_bound_argument():
    assert run(udf(functools.partial(power, 2)), [1, 2, 3]) == [1, 4, 9]


def test_in_sql_on_several_partitions(ctx):
    ctx.register_udf(double)
    result = ctx.sql("SELECT double(n) AS r FROM people WHERE double(n) > 2 ORDER BY r")
    assert result.to_pydict() == {"r": [4, 6, 8]}
    assert sorted(run(double, list(range(1000)), partitions=4)) == sorted(
        [n * 2 for n in range(1000)] * 4
    )


def test_with_plain_values_it_is_the_async_function():
    assert asyncio.run(double(21)) == 42


@pytest.mark.embedded_only(reason="an executor's own rules are the same")
def test_without_arguments_through_the_bytes():
    @udf
    async def seven() -> int:
        return 7

    assert asyncio.run(Udf.from_bytes(seven.to_bytes())()) == 7


# How many at once


def test_rows_are_awaited_together():
    """Each row waits until all rows of the batch do."""
    barriers: list[asyncio.Barrier] = []

    @udf(max_concurrency=40)
    async def meet(n: int) -> int:
        if not barriers:
            barriers.append(asyncio.Barrier(40))
        return await barriers[0].wait()

    assert sorted(run(meet, list(range(40)))) == list(range(40))


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (7, 7), (None, 64), (500, 200)])
def test_not_more_than_max_concurrency_at_once(limit, expected):
    running: set[int] = set()
    most: list[int] = [0]

    @udf(max_concurrency=limit, volatility="volatile")
    async def at_once(n: int) -> int:
        running.add(n)
        most[0] = max(most[0], len(running))
        for _ in range(3):
            await asyncio.sleep(0.001)
        running.discard(n)
        return most[0]

    assert max(run(at_once, list(range(200)))) == expected


# What is refused


@pytest.mark.parametrize("limit", [0, -1, True, 2.0, "3"])
def test_refuses_other_bounds(limit):
    with pytest.raises(UdfDefinitionError, match="whole number of at least 1"):
        udf(power, max_concurrency=limit)


def test_refuses_a_bound_for_plain_functions():
    with pytest.raises(
        UdfDefinitionError, match="max_concurrency is for async functions"
    ):
        udf(lambda n: n, input_types=[pa.int64()], return_type=pa.int64(),
            mode="row", max_concurrency=2)  # fmt: skip


def test_refuses_arrow_mode():
    types = {"input_types": [pa.int64()], "return_type": pa.bool_()}
    for more in ({}, {"mode": "arrow"}):
        with pytest.raises(UdfDefinitionError, match=r"in arrow mode.*pass mode='row'"):
            udf(lambda_like, **types, **more)


def test_refuses_async_generators():
    async def generator(n: int):
        yield n

    with pytest.raises(UdfDefinitionError, match="async generator function"):
        udf(generator)


# Errors


def failing(function, *columns) -> UdfExecutionError:
    with pytest.raises(UdfExecutionError) as caught:
        run(function, *columns)
    return caught.value


def test_an_error_says_what_where_and_with_which_values():
    @udf
    async def check(n: int) -> int:
        await asyncio.sleep(0.001)
        return await checked(n)

    error = failing(check, [0, 1, 2, -3, 4])
    assert (error.exception_type, error.exception_message) == ("ValueError", "bad -3")
    assert (error.row, error.arguments) == (3, "(-3,)")
    lines = error.traceback_text.splitlines()
    assert "in check" in lines[1], "the first frame is the user's"
    assert "return await checked(n)" in lines[2]
    assert elsewhere() or isinstance(error.__cause__, ValueError)


async def checked(n: int) -> int:
    if n < 0:
        raise ValueError(f"bad {n}")
    return n


@EMBEDDED
def test_the_others_are_cancelled_and_their_finally_runs():
    started, ended = [], []

    @udf(max_concurrency=10)
    async def waits(n: int) -> int:
        started.append(n)
        try:
            if n == 5:
                raise ValueError("five")
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0)
            ended.append(n)
        return n

    assert failing(waits, list(range(100))).row == 5
    assert sorted(ended) == sorted(started)
    assert len(started) <= 15


def test_of_rows_that_fail_at_once_the_first_is_told():
    @udf
    async def late(n: int) -> int:
        gate.append(n)
        while len(gate) < 10:
            await asyncio.sleep(0)
        raise ValueError(f"row {n}")

    gate: list[int] = []
    assert failing(late, list(range(10))).row == 0


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (SystemExit(3), "SystemExit"),
        (asyncio.CancelledError("mine"), "CancelledError"),
        (StopIteration(1), "RuntimeError"),
        (GeneratorExit(), "GeneratorExit"),
    ],
    ids=lambda value: getattr(type(value), "__name__", None),
)
def test_every_exception_but_one_is_an_error_of_the_function(raised, told):
    @udf
    async def ends(n: int) -> int:
        if n == 2:
            raise raised
        return n

    error = failing(ends, [1, 2, 3])
    assert error.exception_type.rpartition(".")[2] == told
    assert error.row == 1
    assert run(double, [1, 2]) == [2, 4], "the loop goes on"


@EMBEDDED
def test_keyboard_interrupt_is_the_users():
    @udf
    async def stops(n: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(stops, [1])
    assert run(double, [1, 2]) == [2, 4]


def test_wrong_results_are_told_by_their_row():
    @udf
    async def text(n: int) -> int:
        return "no number" if n == 2 else n

    @udf
    async def nothing(n: int) -> int:
        return None if n == 3 else n

    for function, row in ((text, 1), (nothing, 2)):
        with pytest.raises(UdfResultError) as caught:
            run(function, [1, 2, 3])
        assert (caught.value.row, caught.value.arguments) == (row, f"({row + 1},)")


# The loop


def test_all_batches_and_partitions_run_on_one_loop():
    loops: list[asyncio.AbstractEventLoop] = []

    @udf(volatility="volatile")
    async def is_first(n: int) -> bool:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return loops[0] is asyncio.get_running_loop()

    for _ in range(2):
        assert all(run(is_first, list(range(20)), partitions=4))


def test_a_lock_serves_batch_after_batch():
    locks: list[asyncio.Lock] = []

    @udf(volatility="volatile")
    async def alone(n: int) -> int:
        if not locks:
            locks.append(asyncio.Lock())
        async with locks[0]:
            await asyncio.sleep(0)
            return n

    for _ in range(2):
        assert sorted(set(run(alone, [1, 2, 3], partitions=3))) == [1, 2, 3]


@EMBEDDED
def test_each_row_has_a_context_of_its_own():
    tenant = contextvars.ContextVar("tenant", default="nobody")

    @udf
    async def who(n: int) -> str:
        before = tenant.get()
        tenant.set(f"row {n}")
        await asyncio.sleep(0)
        return f"{before}, {tenant.get()}"

    tenant.set("caller")
    assert run(who, [1, 2]) == ["caller, row 1", "caller, row 2"]
    assert tenant.get() == "caller"


def test_asyncio_run_still_works_in_plain_functions():
    @udf
    def runs(n: int) -> int:
        async def main() -> int:
            await asyncio.sleep(0)
            return n + 1

        return asyncio.run(main())

    assert run(runs, [1, 2], partitions=2) == [2, 3] * 2


def test_a_query_in_a_running_loop():
    async def main() -> list:
        return run(double, [1, 2, 3])

    assert asyncio.run(main()) == [2, 4, 6]


@EMBEDDED
def test_tasks_that_a_row_leaves_behind_go_on():
    done = threading.Event()

    @udf
    async def leaves(n: int) -> int:
        async def later() -> None:
            await asyncio.sleep(0.01)
            done.set()

        kept.append(asyncio.create_task(later()))
        return n

    kept: list[asyncio.Task] = []
    assert run(leaves, [1]) == [1]
    assert done.wait(10)


# Queries inside


@udf
def plus_one(m: int) -> int:
    return m + 1


@pytest.fixture
def inner() -> BallistaSessionContext:
    context = open_context(SessionConfig().with_target_partitions(4))
    batch = pa.RecordBatch.from_pydict({"m": [1, 2, 3]})
    context.register_record_batches("small", [[batch]] * 4)
    context.register_udf(double)
    context.register_udf(plus_one)
    return context


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("name", ["double", "plus_one"])
@pytest.mark.parametrize("threaded", [False, True])
def test_queries_inside_async_functions(inner, name, partitions, threaded):
    sql = f"SELECT sum({name}(m)) AS s FROM small"

    def ask() -> int:
        return inner.sql(sql).to_pydict()["s"][0]

    @udf(volatility="volatile")
    async def asks(n: int) -> int:
        await asyncio.sleep(0)
        return n + (await asyncio.to_thread(ask) if threaded else ask())

    total = {"double": 48, "plus_one": 36}[name]
    assert sorted(run(asks, [0, 1, 2], partitions=partitions)) == sorted(
        [total, total + 1, total + 2] * partitions
    )


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_a_query_is_not_refused_for_calls_that_wait_for_none(inner, monkeypatch):
    """As are the calls that other rows' queries make."""
    monkeypatch.setattr(springald.engine_call._threads, "_count", 5)
    begun: list[int] = []
    may_end = threading.Event()

    @udf(volatility="volatile")
    async def lingers(m: int) -> int:
        begun.append(m)
        while not may_end.is_set():
            await asyncio.sleep(0.001)
        return m

    inner.register_udf(lingers)

    def ask(sql: str) -> int:
        return inner.sql(sql).to_pydict()["s"][0]

    @udf(volatility="volatile")
    async def asks(n: int) -> int:
        if n == 0:
            return await asyncio.to_thread(ask, "SELECT sum(lingers(m)) AS s FROM small")
        try:
            while len(begun) < 12:  # four calls, of three rows each
                await asyncio.sleep(0.001)
            return await asyncio.to_thread(ask, "SELECT sum(m) AS s FROM small")
        finally:
            may_end.set()

    assert run(asks, [0, 1]) == [24, 24]


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
@pytest.mark.parametrize("threaded", [True, False])
def test_more_waiting_calls_than_threads_are_refused(inner, monkeypatch, threaded):
    monkeypatch.setattr(springald.engine_call._threads, "_count", 4)
    lock = asyncio.Lock()
    begun: list[int] = []
    ended: list[int] = []

    def ask() -> int:
        return inner.sql("SELECT sum(m) AS s FROM small").to_pydict()["s"][0]

    @udf(volatility="volatile")
    async def asks(n: int) -> int:
        begun.append(n)
        while len(begun) < 4:
            await asyncio.sleep(0.001)
        async with lock:  # so one would wait for the query, and three for that one
            try:
                if ended:
                    return 0
                return await asyncio.to_thread(ask) if threaded else ask()
            finally:
                ended.append(n)

    with pytest.raises(UdfExecutionError, match="Too many calls of async functions wait"):
        run(asks, [0], partitions=4)
    while len(ended) < 4:  # the other partitions' calls outlive the query
        time.sleep(0.001)


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_queries_inside_queries_inside(inner):
    @udf(volatility="volatile")
    async def deeper(n: int) -> int:
        return n + inner.sql("SELECT max(double(m)) AS s FROM small").to_pydict()["s"][0]

    inner.register_udf(deeper)

    @udf(volatility="volatile")
    async def asks(n: int) -> int:
        return n + inner.sql("SELECT max(deeper(m)) AS s FROM small").to_pydict()["s"][0]

    assert run(asks, [0, 1], partitions=2) == [9, 10] * 2


# What is told of it


def test_it_is_explained():
    @udf(max_concurrency=5)
    async def looked_up(n: int) -> int:
        return n

    text = looked_up.explain()
    assert "awaited together, at most 5 at once" in text
    assert "one call each, because it is async" in text
    assert "inlined     no, because it is async" in text


def test_copies_keep_the_bound():
    @udf(max_concurrency=5)
    async def looked_up(n: int) -> int:
        return n

    back = Udf.from_bytes(looked_up.to_bytes())
    for renamed in (looked_up.with_name("other"), back.with_name("other"), back):
        assert "at most 5 at once" in renamed.explain()
        assert run(renamed, [1, 2]) == [1, 2]


@EMBEDDED
def test_pickled_it_is_the_same_function():
    copy = pickle.loads(pickle.dumps(double))
    assert run(copy, [1, 2, None]) == [2, 4, None]
    assert asyncio.run(copy(4)) == 8
    assert "at most 64 at once" in copy.explain()
