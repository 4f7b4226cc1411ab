"""Iterator mode: batches in, columns out, with one set-up for many batches."""

import gc
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from column_calls import form_of
from contexts import open_context
from datafusion import SessionConfig, SessionContext, col

from springald import Udf, UdfDefinitionError, UdfExecutionError, UdfResultError, udf

# ruff: noqa: UP028 (loops over batches are what is tested)
Batches = Iterator[pa.Int64Array]
embedded_only = pytest.mark.embedded_only(
    reason="executors end their streams later, and in processes of their own"
)


class Log:
    """A file that a function writes to, in whatever process it runs."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        path.touch()

    def add(self, word: str) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.write(descriptor, f"{word}\n".encode())
        os.close(descriptor)

    def words(self) -> list[str]:
        return Path(self.path).read_text().splitlines()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log")


def add_one(log: Log, wait_s: float = 0.0):
    def f(batches: Batches) -> Batches:
        log.add("set-up")
        try:
            for batch in batches:
                time.sleep(wait_s)
                log.add("batch")
                yield pc.add(batch, 1)
            log.add("after")
        finally:
            log.add("finally")

    return f


def numbers(partitions: int, batches: int, rows: int = 4):
    """Return a context with a table t(n) of equal batches."""
    context = open_context(SessionConfig().with_target_partitions(partitions))
    batch = pa.RecordBatch.from_pydict({"n": pa.array(range(rows), pa.int64())})
    context.register_record_batches("t", [[batch] * batches] * partitions)
    return context


def test_one_set_up_for_all_batches_of_a_partition(log):
    context = numbers(partitions=1, batches=5)
    context.register_udf(add_one(log))
    result = context.sql("SELECT f(n) AS r FROM t").to_pydict()
    assert result == {"r": [1, 2, 3, 4] * 5}
    assert log.words()[:2] == ["set-up", "batch"]
    assert log.words().count("set-up") == 1
    assert log.words().count("batch") >= 1


@embedded_only
def test_what_follows_the_loop_runs_when_the_query_has_ended(log):
    context = numbers(partitions=1, batches=3)
    context.register_udf(add_one(log))
    for _ in range(2):
        context.sql("SELECT f(n) AS r FROM t").collect()
    assert log.words() == ["set-up", *["batch"] * 3, "after", "finally"] * 2


@embedded_only
def test_at_most_one_set_up_for_each_partition(log):
    context = numbers(partitions=4, batches=6)
    context.register_udf(add_one(log, wait_s=0.002))
    rows = context.sql("SELECT f(n) AS r FROM t").to_pydict()["r"]
    assert sorted(rows) == sorted([1, 2, 3, 4] * 24)
    words = log.words()
    assert 1 <= words.count("set-up") <= 4
    assert words.count("set-up") == words.count("after") == words.count("finally")
    assert words.count("batch") == 24


def test_several_arguments_are_tuples():
    @udf
    def total(
        batches: Iterator[tuple[pa.Int64Array, pa.DoubleArray]],
    ) -> Iterator[pa.DoubleArray]:
        for n, x in batches:
            yield pc.add(n.cast(pa.float64()), x)

    assert total.mode == "iterator"
    assert total.input_types == [pa.int64(), pa.float64()]
    context = open_context()
    context.from_arrow(pa.table({"n": [1, 2], "x": [0.5, None]}), name="t")
    context.register_udf(total)
    assert context.sql("SELECT total(n, x) AS r FROM t").to_pydict() == {"r": [1.5, None]}
    frame = context.table("t").select(total(col("n"), col("x")).alias("r"))
    assert frame.to_pydict() == {"r": [1.5, None]}
    with pytest.raises(TypeError, match=r"takes 2 arguments and was given 1"):
        total(col("n"))


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_batches_of_pandas(backend):
    @udf(
        return_type=pa.string(),
        input_types=[pa.int64(), pa.string()],
        dtype_backend=backend,
    )
    def labelled(
        batches: Iterator[tuple[pd.Series, ...]],
    ) -> Iterator[pd.Series]:
        for n, name in batches:
            yield name + n.astype(str) + str(n.dtype)

    context = open_context()
    context.from_arrow(pa.table({"n": [1, 2], "s": ["a", None]}), name="t")
    context.register_udf(labelled)
    dtype = {None: "int64", "numpy_nullable": "Int64", "pyarrow": "int64[pyarrow]"}
    result = context.sql("SELECT labelled(n, s) AS r FROM t").to_pydict()
    assert result == {"r": [f"a1{dtype[backend]}", None]}


def test_without_hints_the_mode_is_given():
    def twice(batches):
        for batch in batches:
            yield pc.multiply(batch, 2)

    with pytest.raises(UdfDefinitionError, match=r"mode='iterator'"):
        udf(twice, [pa.int64()], pa.int64())
    context = numbers(partitions=1, batches=2, rows=2)
    context.register_udf(
        twice, mode="iterator", return_type=pa.int64(), input_types=[pa.int64()]
    )
    result = context.sql("SELECT twice(n) AS r FROM t").to_pydict()
    assert result == {"r": [0, 2, 0, 2]}


def pieces(batches: Batches) -> Generator[pa.Int64Array, None, None]:
    for batch in batches:
        for row in range(len(batch)):
            yield batch.slice(row, 0)
            yield batch.slice(row, 1)


def mapped(batches: Iterable[pa.Int64Array]) -> Iterable[pa.Int64Array]:
    return map(lambda batch: batch, batches)


def lists(batches: Batches) -> Batches:
    for batch in batches:
        values = batch.to_pylist()
        yield values[:1]
        yield pa.chunked_array([pa.array(values[1:2], pa.int64()), batch.slice(2)])


class Class:
    """An iterator that is no generator."""

    def __init__(self, batches):
        self._batches = batches

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._batches)


def with_class(batches: Batches) -> Batches:
    return Class(batches)


@pytest.mark.parametrize("function", [pieces, mapped, lists, with_class])
def test_iterators_of_every_kind(function):
    context = numbers(partitions=1, batches=3)
    context.register_udf(function, name="g")
    result = context.sql("SELECT g(n) AS r FROM t").to_pydict()
    assert result == {"r": [0, 1, 2, 3] * 3}


def test_pieces_in_several_encodings_are_joined():
    text = pa.array(["a", "b", "c", "d"])

    def f(batches):
        for _ in batches:
            yield text.slice(0, 1).dictionary_encode()
            yield text.slice(1, 1).cast(pa.string_view())
            yield pa.nulls(1)
            yield ["d"]

    types = {"return_type": pa.large_string(), "input_types": [pa.int8()]}
    form = form_of(f, mode="iterator", **types)
    result = form(pa.array([1, 2, 3, 4], pa.int8()))
    assert (result.type, result.to_pylist()) == (pa.large_string(), ["a", "b", None, "d"])


def ends_early(batches: Batches) -> Batches:
    yield next(batches)


def returns_at_once(batches: Batches) -> Batches:
    return iter(())


def too_many(batches: Batches) -> Batches:
    for batch in batches:
        yield pa.concat_arrays([batch, batch])


def one_too_many(batches: Batches) -> Batches:
    for batch in batches:
        yield batch
        yield batch.slice(0, 1)


def looks_ahead(batches: Batches) -> Batches:
    before = next(batches)
    for batch in batches:
        yield before
        before = batch
    yield before


def drops_rows(batches: Batches) -> Batches:
    for batch in batches:
        yield batch.slice(1)


def all_at_once(batches: Batches) -> Batches:
    return [batch for batch in batches]


def no_iterator(batches: Batches) -> Batches:
    return 5


def yields_values(batches: Batches) -> Batches:
    for _ in batches:
        yield 5


def yields_another_type(batches: Batches) -> Batches:
    for batch in batches:
        yield batch.slice(0, 1).cast(pa.float64())
        yield batch.slice(1)


def yields_strings(batches: Batches) -> Batches:
    for _ in batches:
        yield ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (ends_early, "ended while there are batches: 0 of the 4 rows"),
        (returns_at_once, "ended while there are batches: 0 of the 4 rows"),
        (too_many, "gave 8 rows for a batch of 4"),
        (one_too_many, "gave 1 rows before it took the next batch"),
        (looks_ahead, "asks for the next batch before it has given the rows"),
        (drops_rows, "asks for the next batch before it has given the rows"),
        (all_at_once, "asks for the next batch before it has given the rows"),
        (no_iterator, r"returns an iterator of columns; this one returned 5 \(int\)"),
        (yields_values, r"yields columns.*yielded 5 \(int\)"),
        (
            yields_another_type,
            "yielded column has the wrong type: double, expected int64",
        ),
        (yields_strings, "yielded a list that is not an array of int64"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_refuses_wrong_rows(function, message):
    context = numbers(partitions=1, batches=3)
    context.register_udf(function, name="g")
    with pytest.raises(UdfResultError, match=message) as caught:
        context.sql("SELECT g(n) AS r FROM t").collect()
    assert caught.value.udf_name == "g"
    assert caught.value.traceback_text == ""
    context.register_udf(mapped, name="h")
    assert len(context.sql("SELECT h(n) AS r FROM t").to_pydict()["r"]) == 12


@embedded_only
def test_rows_after_the_last_batch_are_refused():
    @udf
    def f(batches: Batches) -> Batches:
        for batch in batches:
            yield batch
        yield batch

    context = numbers(partitions=1, batches=2)
    context.register_udf(f)
    with pytest.raises(UdfResultError, match=r"UDF 'f': .*4 rows after the last batch"):
        context.sql("SELECT f(n) AS r FROM t").collect()


def test_an_exception_ends_the_query_with_the_users_frames(log):
    @udf
    def f(batches: Batches) -> Batches:
        try:
            for number, batch in enumerate(batches):
                if number == 1:
                    raise LookupError("the second")
                yield batch
        finally:
            log.add("finally")

    context = numbers(partitions=1, batches=3)
    context.register_udf(f)
    with pytest.raises(UdfExecutionError, match=r"LookupError: the second") as caught:
        context.sql("SELECT f(n) AS r FROM t").collect()
    assert "in f\n" in caught.value.traceback_text
    assert "column_modes" not in caught.value.traceback_text
    assert log.words() == ["finally"]


@embedded_only
@pytest.mark.parametrize("where", ["after", "finally"])
def test_an_exception_at_the_end_comes_out_of_the_method(where):
    @udf
    def f(batches: Batches) -> Batches:
        try:
            for batch in batches:
                yield batch
            if where == "after":
                raise LookupError("too late")
        finally:
            if where == "finally":
                raise LookupError("too late")

    context = numbers(partitions=1, batches=2)
    context.register_udf(f)
    frame = context.sql("SELECT f(n) AS r FROM t")
    with pytest.raises(UdfExecutionError, match=r"'f' raised LookupError: too late") as e:
        frame.collect()
    assert isinstance(e.value.__cause__, LookupError)
    assert 'raise LookupError("too late")' in e.value.traceback_text
    assert "row_stream" not in e.value.traceback_text


@embedded_only
def test_a_limit_ends_the_streams(log):
    context = numbers(partitions=2, batches=2000)
    context.register_udf(add_one(log))
    rows = context.sql("SELECT f(n) AS r FROM t LIMIT 3").to_pydict()["r"]
    assert len(rows) == 3
    deadline = time.monotonic() + 10
    while log.words().count("finally") < log.words().count("set-up"):
        assert time.monotonic() < deadline, log.words()[-5:]
        time.sleep(0.01)
    assert log.words().count("batch") < 4000


@embedded_only
def test_a_failing_query_closes_the_other_functions(log, caplog):
    def g(batches: Batches) -> Batches:
        for _ in batches:
            raise LookupError("broken")
        yield

    context = numbers(partitions=1, batches=3)
    context.register_udf(add_one(log))
    context.register_udf(g, name="g")
    with pytest.raises(UdfExecutionError, match=r"broken"):
        context.sql("SELECT g(f(n)) AS r FROM t").collect()
    assert log.words() == ["set-up", "batch", "finally"]


@embedded_only
def test_what_a_closed_function_raises_is_logged(caplog):
    @udf
    def f(batches: Batches) -> Batches:
        try:
            for batch in batches:
                yield batch
        finally:
            raise LookupError("while closing")

    def g(batches: Batches) -> Batches:
        for _ in batches:
            raise KeyError("broken")
        yield

    context = numbers(partitions=1, batches=3)
    context.register_udf(f)
    context.register_udf(g, name="g")
    with (
        caplog.at_level(logging.WARNING, "springald"),
        pytest.raises(UdfExecutionError, match=r"broken"),
    ):
        context.sql("SELECT g(f(n)) AS r FROM t").collect()
    assert "LookupError: while closing" in caplog.text


@embedded_only
def test_a_stream_ends_its_query_when_it_is_read_out_or_dropped(log):
    context = numbers(partitions=1, batches=3)
    context.register_udf(add_one(log))
    stream = context.sql("SELECT f(n) AS r FROM t").execute_stream()
    batches = [batch.to_pyarrow() for batch in stream]
    assert sum(len(batch) for batch in batches) == 12
    whole = ["set-up", *["batch"] * 3, "after", "finally"]
    assert log.words() == whole
    stream = context.sql("SELECT f(n) AS r FROM t").execute_stream()
    next(stream)
    assert log.words() == [*whole, "set-up", "batch"]
    del stream
    gc.collect()
    assert log.words() == [*whole, "set-up", "batch", "finally"]


@embedded_only
def test_streams_of_partitions_share_their_query(log):
    context = numbers(partitions=2, batches=2)
    context.register_udf(add_one(log))
    streams = context.sql("SELECT f(n) AS r FROM t").execute_stream_partitioned()
    assert len(streams) == 2
    assert len(list(streams[0])) == 2
    assert "finally" not in log.words()
    assert len(list(streams[1])) == 2
    assert log.words() == ["set-up", *["batch"] * 4, "after", "finally"]


@embedded_only
def test_an_error_at_the_end_comes_out_of_the_stream():
    @udf
    def f(batches: Batches) -> Batches:
        for batch in batches:
            yield batch
        raise LookupError("too late")

    context = numbers(partitions=1, batches=2)
    context.register_udf(f)
    stream = iter(context.sql("SELECT f(n) AS r FROM t"))
    next(stream), next(stream)
    with pytest.raises(UdfExecutionError, match=r"too late"):
        next(stream)


@embedded_only
def test_queries_at_the_same_time_end_their_own_streams(log):
    begun = threading.Barrier(2, timeout=30)

    @udf
    def slow(batches: Batches) -> Batches:
        log.add("set-up")
        try:
            for batch in batches:
                begun.wait()
                yield batch
        finally:
            log.add("finally")

    context = numbers(partitions=1, batches=1)
    context.register_udf(slow)
    results = []

    def run() -> None:
        results.append(context.sql("SELECT slow(n) AS r FROM t").to_pydict())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [{"r": [0, 1, 2, 3]}] * 2
    assert sorted(log.words()) == ["finally", "finally", "set-up", "set-up"]


@embedded_only
def test_a_plain_session_ends_a_stream_that_gets_no_batches(log, monkeypatch):
    monkeypatch.setattr("springald.column_modes.stream_pool._IDLE_S", 0.2)
    session = SessionContext(SessionConfig().with_target_partitions(1))
    batch = pa.RecordBatch.from_pydict({"n": pa.array(range(4), pa.int64())})
    session.register_record_batches("t", [[batch] * 3])
    session.register_udf(udf(add_one(log)))
    assert session.sql("SELECT f(n) AS r FROM t").to_pydict() == {"r": [1, 2, 3, 4] * 3}
    assert log.words() == ["set-up", *["batch"] * 3]
    deadline = time.monotonic() + 10
    while "finally" not in log.words():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert log.words()[-2:] == ["after", "finally"]


def test_an_engine_that_knows_its_streams(log):
    form = form_of(add_one(log))
    batch = pa.array([1, 2], pa.int64())
    for stream in (7, 8, 7, 8, 8):
        assert form.call_stream(stream, (batch,)).to_pylist() == [2, 3]
    assert log.words().count("set-up") == 2
    form.end_stream(7, False)
    assert log.words()[-2:] == ["after", "finally"]
    form.end_stream(8, True)
    assert log.words().count("after") == 1
    assert log.words().count("finally") == 2
    form.end_stream(9, False)  # was never begun
    assert form.call_stream(7, (batch.slice(2),)).to_pylist() == []
    assert log.words().count("set-up") == 2


def test_dropping_the_function_closes_its_streams(log):
    form = form_of(add_one(log))
    form(pa.array([1], pa.int64()))
    assert log.words() == ["set-up", "batch"]
    del form
    assert log.words() == ["set-up", "batch", "finally"]


def test_empty_batches_need_no_rows(log):
    form = form_of(add_one(log))
    assert form(pa.array([], pa.int64())).to_pylist() == []
    assert log.words() == []


@embedded_only
def test_a_function_that_queries_while_it_ends():
    seen = []
    context = numbers(partitions=1, batches=2)

    @udf
    def f(batches: Batches) -> Batches:
        for batch in batches:
            yield batch
        seen.append(context.sql("SELECT count(*) AS c FROM t").to_pydict()["c"][0])

    context.register_udf(f)
    context.sql("SELECT f(n) AS r FROM t").collect()
    assert seen == [8]


def test_hints_are_checked():
    def plain_result(batches: Batches) -> pa.Int64Array:
        return batches

    def mixed(batches: Iterator[pd.Series]) -> Iterator[pa.Int64Array]:
        return batches

    def tuples(batches: Batches) -> Iterator[tuple[pa.Int64Array, pa.Int64Array]]:
        return batches

    def values(batches: Iterator[int]) -> Iterator[int]:
        return batches

    def open_types(batches: Iterator[tuple[pa.Array, ...]]) -> Batches:
        return batches

    def two(batches: Batches, other: Batches) -> Batches:
        return batches

    def pair(batches: Iterator[tuple[pa.Array, pa.Array]]) -> Batches:
        return batches

    types = {"input_types": [pa.int64()], "return_type": pa.int64()}
    for function, options, message in [
        (plain_result, {}, "The result is hinted as a pyarrow array.*Iterator"),
        (mixed, types, "mix iterators over pyarrow arrays and over pandas"),
        (tuples, {}, "an iterator of tuples: a function yields one column"),
        (values, {}, "'batches': the hint .*does not iterate over pa.Array"),
        (open_types, {}, "does not say how many columns a batch has"),
        (two, {}, r"takes one argument.*this one has 2 \(batches, other\)"),
        (pair, types, "1 types, 2 columns in the hint of 'batches'"),
        (pair, {}, "'batches_0' has no type"),
        (pieces, {"null_handling": "skip"}, "null_handling='skip' is for modes row"),
        (pieces, {"dtype_backend": "pyarrow"}, "this one is of mode 'iterator'"),
    ]:
        with pytest.raises(UdfDefinitionError, match=f"(?s){message}"):
            udf(function, **options)
    assert udf(open_types, **types).input_types == [pa.int64()]


def test_a_definition_travels(log):
    function = udf(pieces)
    arrived = Udf.from_bytes(function.to_bytes())
    assert arrived.mode == "iterator"
    context = numbers(partitions=1, batches=2, rows=2)
    for each in (arrived, arrived.with_name("other")):
        frame = context.table("t").select(each(col("n")).alias("r"))
        assert frame.to_pydict() == {"r": [0, 1, 0, 1]}
    assert "iterator: called once per partition" in function.explain()


SCRIPT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from collections.abc import Iterator
import pyarrow as pa
from datafusion import SessionConfig
from springald import BallistaSessionContext, udf

@udf
def f(batches: Iterator[pa.Int64Array]) -> Iterator[pa.Int64Array]:
    try:
        for number, batch in enumerate(batches):
            if number == 2:
                print("waiting", flush=True)
                time.sleep(WAIT_S)
            yield batch
    finally:
        print("finally", flush=True)

ctx = BallistaSessionContext(config=SessionConfig().with_target_partitions(1))
batch = pa.RecordBatch.from_pydict({"n": pa.array(range(8192), pa.int64())})
ctx.register_record_batches("t", [[batch] * 4])
ctx.register_udf(f)
"""


def start(text: str, wait_s: float) -> subprocess.Popen:
    script = SCRIPT.replace("WAIT_S", str(wait_s)) + textwrap.dedent(text)
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@embedded_only
def test_ctrl_c_ends_the_function():
    text = """
        try:
            ctx.sql("SELECT f(n) AS r FROM t").collect()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """
    with start(text, wait_s=60) as process:
        assert process.stdout.readline().strip() == "waiting"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert out.splitlines() == ["finally", "interrupted"]


@embedded_only
def test_the_end_of_the_process_closes_what_is_open():
    text = """
        stream = ctx.sql("SELECT f(n) AS r FROM t").execute_stream()
        next(stream)
        print("leaving", flush=True)
        """
    with start(text, wait_s=0) as process:
        out, _ = process.communicate(timeout=30)
    assert out.splitlines()[-2:] == ["leaving", "finally"]
    assert process.returncode == 0
