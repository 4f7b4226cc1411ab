"""Classes as functions: one instance for each process, built at its first batch."""

import abc
import asyncio
import dataclasses
import functools
import os
import pickle
import threading
import time
import types
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from contexts import elsewhere, open_context
from datafusion import SessionConfig, col

from springald import Udf, UdfDefinitionError, UdfExecutionError, udf

EMBEDDED = pytest.mark.embedded_only(reason="looks at what functions do in this process")


def run(function, values, *, partitions: int = 1, batches: int = 1) -> list:
    """Return what `function` gives for `values`, that often."""
    context = open_context(SessionConfig().with_target_partitions(partitions))
    batch = pa.RecordBatch.from_pydict({"c": values})
    context.register_record_batches("t", [[batch] * batches] * partitions)
    frame = context.table("t").select(function(col("c")).alias("r"))
    return [value for one in frame.collect() for value in one.column(0).to_pylist()]


@udf
class Scale:
    """Multiplies."""

    def __init__(self, factor: int = 3) -> None:
        self.factor = factor

    def __call__(self, n: int) -> int:
        return n * self.factor


class Logged:
    """Writes a line for each instance that is built, with its process and number."""

    def __init__(self, path: str) -> None:
        time.sleep(0.05)
        with Path(path).open("a") as log:
            log.write(f"{os.getpid()}\n")
        self.calls = 0

    def __call__(self, n: int) -> int:
        self.calls += 1
        return os.getpid()


# Definition


def test_hints_and_name_come_from_the_class():
    assert (Scale.name, Scale.mode, Scale.null_handling) == ("scale", "row", "skip")
    assert (Scale.input_types, Scale.return_type) == ([pa.int64()], pa.int64())
    assert Scale.__doc__ == "Multiplies."
    assert Scale.__wrapped__.__qualname__ == "Scale"
    assert udf(Scale.__wrapped__, name="other").name == "other"


def test_decorator_with_keywords():
    @udf(name="Plus", input_types=[pa.int32()], return_type=pa.int32(), mode="row")
    class Adder:
        def __call__(self, n):
            return n + 1

    assert Adder.name == "Plus"
    assert run(Adder, pa.array([1, 2], pa.int32())) == [2, 3]


def test_a_partial_of_a_class_gives_it_arguments():
    times_five = udf(functools.partial(Scale.__wrapped__, factor=5))
    assert times_five.name == "scale"
    assert run(times_five, [1, 2]) == [5, 10]


@udf
@dataclasses.dataclass
class Shift:
    by: int = 100

    def __call__(self, n: int, more: int = 0) -> int:
        return n + self.by + more


def test_dataclasses_and_defaults_of_call():
    assert run(functools.partial(Shift, more=1000), [1]) == [1101]
    assert run(Shift, [1]) == [101]


class StaticCall:
    @staticmethod
    def __call__(n: int) -> int:
        return n + 1


class ClassCall:
    step = 2

    @classmethod
    def __call__(cls, n: int) -> int:
        return n + cls.step


class Inherited(StaticCall):
    pass


@pytest.mark.parametrize(
    ("kind", "expected"), [(StaticCall, 2), (ClassCall, 3), (Inherited, 2)]
)
def test_every_kind_of_call_method(kind, expected):
    assert run(udf(kind), [1]) == [expected]


def test_arrow_mode():
    @udf(input_types=[pa.int64()], return_type=pa.int64())
    class Columns:
        def __init__(self) -> None:
            self.step = 10

        def __call__(self, column):
            return pc.add(column, self.step)

    assert Columns.mode == "arrow"
    assert run(Columns, [1, 2], partitions=2) == [11, 12] * 2


def test_async_call():
    @udf(max_concurrency=8)
    class Fetch:
        def __init__(self) -> None:
            self.loop = asyncio.get_running_loop()
            self.lock = asyncio.Lock()

        async def __call__(self, n: int) -> bool:
            async with self.lock:
                return self.loop is asyncio.get_running_loop()

    assert "at most 8 at once" in Fetch.explain()
    assert run(Fetch, [1, 2, 3], partitions=2, batches=2) == [True] * 12


# What is refused


class NeedsArguments:
    def __init__(self, path: str, *, size: int) -> None:
        self.path = path

    def __call__(self, n: int) -> int:
        return n


class NoCall:
    pass


class Abstract(abc.ABC):
    @abc.abstractmethod
    def transform(self, n: int) -> int: ...

    def __call__(self, n: int) -> int:
        return self.transform(n)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            NeedsArguments,
            r"needs arguments: path, size.*functools.partial\(NeedsArguments, path=..., "
            r"size=...\)",
        ),
        (functools.partial(NeedsArguments, "a"), "needs arguments: size"),
        (NoCall, "NoCall cannot be a UDF, because its instances cannot be called"),
        (int, "int cannot be a UDF, because its instances cannot be called"),
        (Abstract, "it is abstract: transform"),
    ],
)
def test_refuses_what_cannot_be_built_or_called(kind, message):
    with pytest.raises(UdfDefinitionError, match=message) as caught:
        udf(kind)
    assert caught.value.udf_name


def test_refuses_a_generator_as_call():
    class Yields:
        def __call__(self, n: int):
            yield n

    with pytest.raises(UdfDefinitionError, match="generator function"):
        udf(Yields)


def test_a_missing_hint_is_that_of_call():
    class Unhinted:
        def __call__(self, number) -> int:
            return 1

    with pytest.raises(UdfDefinitionError, match="'number' has no type"):
        udf(Unhinted)


# One instance


def test_built_once_in_each_process_and_not_before(tmp_path):
    log = tmp_path / "log"
    function = udf(functools.partial(Logged, str(log)), volatility="volatile")
    function(col("c"))
    assert not log.exists()
    used: set[int] = set()
    for _ in range(3):
        used.update(run(function, list(range(100)), partitions=4, batches=3))
    built = [int(line) for line in log.read_text().split()]
    assert sorted(built) == sorted(used), "each process that calls builds one"
    assert elsewhere() or built == [os.getpid()]


def test_calls_of_all_batches_reach_the_one_instance():
    @udf(volatility="volatile")
    class Counter:
        def __init__(self) -> None:
            self.count = 0

        def __call__(self, n: int) -> int:
            self.count += 1
            return self.count

    results = run(Counter, [1, 2, 3], batches=4)
    assert elsewhere() or sorted(results) == list(range(1, 13))


@EMBEDDED
def test_several_threads_build_one():
    built = []

    @udf(volatility="volatile")
    class Slow:
        def __init__(self) -> None:
            built.append(threading.get_ident())
            time.sleep(0.1)

        def __call__(self, n: int) -> int:
            return n

    threads = [threading.Thread(target=run, args=(Slow, [1])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


@EMBEDDED
def test_plain_values_and_queries_share_the_instance():
    built = []

    @udf
    class Once:
        def __init__(self) -> None:
            built.append(self)

        def __call__(self, n: int) -> int:
            return n + len(built)

    assert Once(1) == 2
    assert run(Once, [1]) == [2]
    assert run(Once.with_name("again"), [1]) == [2]
    assert Once(n=5) == 6


@EMBEDDED
def test_a_forked_child_builds_its_own():
    @udf
    class Where:
        def __init__(self) -> None:
            self.process = os.getpid()

        def __call__(self, n: int) -> int:
            return self.process

    assert Where(1) == os.getpid()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(Where(1)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read() == str(child)


# Errors and pickles


def test_an_error_in_init_says_so_and_the_next_query_tries_again(tmp_path):
    model = tmp_path / "model"

    class Model:
        def __init__(self, path: str) -> None:
            with open(path) as file:  # the line that fails
                self.factor = int(file.read())

        def __call__(self, n: int) -> int:
            return n * self.factor

    function = udf(functools.partial(Model, str(model)))
    with pytest.raises(UdfExecutionError) as caught:
        run(function, [1, 2])
    error = caught.value
    assert error.udf_name == "model"
    assert error.exception_type == "FileNotFoundError"
    assert (error.row, error.arguments) == (None, "")
    assert "the line that fails" in error.traceback_text
    assert "building the class Model for its first call" in str(error)
    assert "class_function.py" not in str(error)
    model.write_text("7")
    assert run(function, [1, 2]) == [7, 14]


def test_an_error_in_an_async_class_says_so():
    @udf
    class Broken:
        def __init__(self) -> None:
            raise LookupError("no such model")

        async def __call__(self, n: int) -> int:
            return n

    with pytest.raises(UdfExecutionError) as caught:
        run(Broken, [1, 2])
    assert caught.value.row is None
    assert "building the class Broken for its first call" in str(caught.value)
    assert "springald/" not in caught.value.traceback_text


def test_an_error_in_call_is_that_of_its_row():
    @udf
    class Picky:
        def __call__(self, n: int) -> int:
            if n == 2:
                raise ValueError("two")  # in __call__
            return n

    with pytest.raises(UdfExecutionError) as caught:
        run(Picky, [1, 2, 3])
    assert (caught.value.row, caught.value.arguments) == (1, "(2,)")
    assert "# in __call__" in caught.value.traceback_text
    assert "class_function.py" not in caught.value.traceback_text


@EMBEDDED
def test_it_is_pickled_without_the_instance():
    @udf
    class Holds:
        def __init__(self) -> None:
            self.lock = threading.Lock()  # cannot be pickled

        def __call__(self, n: int) -> int:
            with self.lock:
                return n + 1

    assert Holds(1) == 2
    copy = pickle.loads(pickle.dumps(Holds))
    assert isinstance(copy, Udf)
    assert run(copy, [1]) == [2]
    assert copy(5) == 6


def test_what_cannot_be_pickled_is_named():
    class Keeps:
        def __init__(self, lock) -> None:
            self.lock = lock

        def __call__(self, n: int) -> int:
            return n

    function = udf(functools.partial(Keeps, lock=threading.Lock()))
    with pytest.raises(
        UdfDefinitionError, match="bound argument 'lock' cannot be pickled"
    ):
        function.to_bytes()


def test_rows_are_not_shared_and_the_class_is_named():
    text = Scale.explain()
    assert "because it is an object of the class Scale" in text
    assert "because it is a Scale, which may keep a state" in text


@udf
class Names:
    """Uses what it is called."""

    TABLE = types.MappingProxyType({1: 10})

    @classmethod
    def more(cls) -> int:
        return 1

    @staticmethod
    def most() -> int:
        return 2

    def __call__(self, n: int) -> int:
        if not isinstance(self, Names) or isinstance(n, Names):
            return -1
        below = Names(n - 1) if n > 1 else 0
        return Names.TABLE.get(n, 0) + Names.more() + Names.most() + below


def test_a_class_may_use_its_own_name():
    assert run(Names, [1, 2, 3]) == [13, 16, 19]
    assert Names.TABLE == {1: 10}
    with pytest.raises(AttributeError, match="no attribute 'OTHER'"):
        _ = Names.OTHER


def test_a_class_that_uses_its_name_can_be_pickled():
    assert pickle.loads(pickle.dumps(Names))(2) == 16
