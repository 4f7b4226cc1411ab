"""Row mode: one Python value per argument in, one out.

The specification is executable: a row UDF returns what
``pa.array([f(*row) for row in rows], type=return_type)`` returns, and fails where that
does.
"""

import datetime
import functools
import importlib.util
import subprocess
import sys
import textwrap
import threading
from typing import Annotated

import pyarrow as pa
import pytest
from contexts import open_context
from datafusion import SessionConfig, col
from hypothesis import given, settings
from hypothesis import strategies as st

from springald import UdfError, UdfResultError, udf

UTC = datetime.UTC
MOMENTS = [
    datetime.datetime(1970, 1, 1),
    None,
    datetime.datetime(2024, 2, 29, 23, 59, 59, 999999),
    datetime.datetime(1900, 1, 1, 0, 0, 0, 1),
    datetime.datetime(2106, 2, 7),
]
WHOLE_SECONDS = [v if v is None else v.replace(microsecond=0) for v in MOMENTS]
WHOLE_MILLISECONDS = [v if v is None else v.replace(microsecond=7000) for v in MOMENTS]


def limits(bits: int, signed: bool) -> list:
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    return [low, None, high, 0, 1]


TEXT = ["", None, "ascii", "žluťoučký kůň", "日本語 🐎", "x" * 40, "nul\0inside"]
COLUMNS = {
    pa.bool_(): [True, None, False, True, False],
    pa.int8(): limits(8, True),
    pa.int16(): limits(16, True),
    pa.int32(): limits(32, True),
    pa.int64(): limits(64, True),
    pa.uint8(): limits(8, False),
    pa.uint16(): limits(16, False),
    pa.uint32(): limits(32, False),
    pa.uint64(): limits(64, False),
    pa.float32(): [0.5, None, -0.0, float("inf"), 1.5e38, float("nan")],
    pa.float64(): [0.1, None, -0.0, float("-inf"), 5e-324, float("nan")],
    pa.string(): TEXT,
    pa.large_string(): TEXT,
    pa.string_view(): TEXT,
    pa.binary(): [b"", None, b"\0\xff", b"abc" * 20],
    pa.date32(): [datetime.date(1970, 1, 1), None, datetime.date(9999, 12, 31),
                  datetime.date(1, 1, 1), datetime.date(2024, 2, 29)],
    pa.timestamp("s"): WHOLE_SECONDS,
    pa.timestamp("ms"): WHOLE_MILLISECONDS,
    pa.timestamp("us"): MOMENTS,
    pa.timestamp("ns"): MOMENTS,
    pa.timestamp("us", "UTC"): MOMENTS,
    pa.timestamp("ns", "Europe/Berlin"): MOMENTS,
    pa.timestamp("ms", "+05:30"): WHOLE_MILLISECONDS,
}  # fmt: skip


def run(function, *columns: pa.Array) -> pa.Array:
    """Return what the engine gives for a UDF over columns, as one array."""
    context = open_context()
    names = [f"c{index}" for index in range(len(columns))]
    context.from_arrow(pa.table(dict(zip(names, columns, strict=True))), name="t")
    frame = context.table("t").select(function(*map(col, names)).alias("r"))
    result = frame.to_arrow_table().column("r").combine_chunks()
    return result if isinstance(result, pa.Array) else pa.concat_arrays(result.chunks)


def specified(function, return_type: pa.DataType, *columns: pa.Array) -> pa.Array:
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([function(*row) for row in rows], type=return_type)


def assert_same(actual: pa.Array, expected: pa.Array) -> None:
    actual.validate(full=True)
    assert actual.type == expected.type
    assert len(actual) == len(expected)
    # repr, because NaN is not equal to itself and -0.0 is equal to 0.0.
    assert repr(actual.to_pylist()) == repr(expected.to_pylist())


def same(value):
    return value


@pytest.fixture(params=COLUMNS.items(), ids=lambda item: str(item[0]))
def column(request) -> pa.Array:
    arrow_type, values = request.param
    if getattr(arrow_type, "tz", None):
        values = [v if v is None else v.replace(tzinfo=UTC) for v in values]
    return pa.array(values, arrow_type)


def identity(arrow_type: pa.DataType, **options):
    return udf(same, [arrow_type], arrow_type, mode="row", **options)


def test_values_of_every_type_pass_through(column):
    assert_same(run(identity(column.type), column), column)


def test_columns_without_nulls_pass_through(column):
    full = pa.array([v for v in column.to_pylist() if v is not None], column.type)
    assert_same(run(identity(column.type), full), full)


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_sliced_columns_pass_through(column, offset):
    long = pa.concat_arrays([column] * 5)
    sliced = long.slice(offset, len(long) - offset - 2)
    assert sliced.offset == offset
    assert_same(run(identity(column.type), sliced), sliced)


def test_empty_columns_and_columns_of_nulls(column):
    empty = column.slice(0, 0)
    assert_same(run(identity(column.type), empty), empty)
    nulls = pa.nulls(4, column.type)
    assert_same(run(identity(column.type), nulls), nulls)
    assert_same(run(identity(column.type, null_handling="skip"), nulls), nulls)


def test_the_function_is_given_the_values_of_to_pylist(column):
    def look(value):
        return f"{type(value)} {value!r}"

    seen = run(udf(look, [column.type], pa.string(), mode="row"), column)
    if pa.types.is_timestamp(column.type):
        # With pandas installed, to_pylist gives its Timestamp for nanoseconds.
        column = column.cast(pa.timestamp("us", column.type.tz))
    assert seen.to_pylist() == [look(value) for value in column.to_pylist()]


def test_chunked_tables_are_given_chunk_by_chunk():
    chunked = pa.chunked_array([[1, None], [], [3, 4, 5]], pa.int64())
    context = open_context()
    context.from_arrow(pa.table({"c": chunked}), name="t")
    result = context.table("t").select(identity(pa.int64())(col("c")).alias("r"))
    assert result.to_pydict() == {"r": [1, None, 3, 4, 5]}


# Conversions of results are those of pa.array, and so are their failures.

CONVERSIONS = [
    (pa.float64(), [1, True, 2.5, None, 10**15]),
    (pa.float64(), ["1.5"]),
    (pa.float64(), [2**1100]),
    (pa.float32(), [1, 0.1, 1e300]),
    (pa.int64(), [1, True, 2.0]),
    (pa.int64(), [2.5]),
    (pa.int64(), ["7"]),
    (pa.int64(), [2**63]),
    (pa.int64(), [-(2**63)]),
    (pa.int8(), [128]),
    (pa.int8(), [-129]),
    (pa.uint8(), [-1]),
    (pa.uint64(), [2**64 - 1]),
    (pa.uint64(), [2**64]),
    (pa.bool_(), [1]),
    (pa.bool_(), [True, False, None]),
    (pa.string(), ["a", b"bytes"]),
    (pa.string(), [b"\xff"]),
    (pa.string(), ["\ud800"]),
    (pa.string(), [7]),
    (pa.string_view(), ["a" * 13, "b"]),
    (pa.binary(), ["text", b"x", bytearray(b"y")]),
    (pa.date32(), [datetime.datetime(2024, 1, 1, 12), datetime.date(2024, 1, 2)]),
    (pa.date32(), ["2024-01-01"]),
    (pa.timestamp("us"), [datetime.date(2024, 1, 1)]),
    (pa.timestamp("us"), [datetime.datetime(2024, 1, 1, tzinfo=UTC)]),
    (pa.timestamp("us", "UTC"), [datetime.datetime(2024, 1, 1)]),
    (pa.timestamp("s"), [datetime.datetime(2024, 1, 1, 0, 0, 0, 1)]),
    (pa.timestamp("ns"), [datetime.datetime(1, 1, 1)]),
    (pa.timestamp("us"), [5]),
    (pa.int64(), [[1]]),
    (pa.float64(), [float("nan"), object()]),
]


@pytest.mark.parametrize(("return_type", "values"), CONVERSIONS, ids=str)
def test_results_are_converted_as_pyarrow_does(return_type, values):
    def pick(index):
        return values[index]

    indices = pa.array(range(len(values)), pa.int64())
    function = udf(pick, [pa.int64()], return_type, mode="row")
    try:
        expected = specified(pick, return_type, indices)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        with pytest.raises(UdfError) as caught:
            run(function, indices)
        assert caught.value.udf_name == "pick"
    else:
        assert_same(run(function, indices), expected)


def test_a_value_that_does_not_fit_names_its_row():
    function = udf(
        lambda x: "text" if x == 2 else x, [pa.int64()], pa.int64(), mode="row"
    )
    with pytest.raises(UdfResultError, match="row 2") as caught:
        run(function, pa.array([0, 1, 2, 3]))
    assert caught.value.row == 2
    assert caught.value.arguments == "(2,)"


def test_subclasses_of_the_values_types_are_accepted():
    class Count(int):
        pass

    class Name(str):
        __slots__ = ()

    counts = udf(lambda x: Count(x + 1), [pa.int64()], pa.int64(), mode="row")
    names = udf(lambda x: Name(x), [pa.string()], pa.string(), mode="row")
    assert run(counts, pa.array([1, 2])).to_pylist() == [2, 3]
    assert run(names, pa.array(["a"])).to_pylist() == ["a"]


def test_nanoseconds_below_microseconds_are_an_error():
    column = pa.array([1], pa.timestamp("ns"))
    with pytest.raises(UdfError, match="value 1 is not whole microseconds"):
        run(identity(pa.timestamp("ns")), column)


# Null policy


def test_hinted_arguments_skip_nulls_and_optional_ones_get_none():
    @udf
    def join(a: str, b: str | None) -> str:
        return a + (b or "-")  # an error where `a` is None

    a = pa.array(["x", None, "y", None])
    b = pa.array(["1", "2", None, None])
    assert run(join, a, b).to_pylist() == ["x1", None, "y-", None]


def test_without_hints_the_function_is_called_with_none():
    function = udf(lambda x: x is None, [pa.int64()], pa.bool_(), mode="row")
    assert run(function, pa.array([1, None])).to_pylist() == [False, True]


def test_explicit_null_handling():
    def f(x: int) -> int:
        return 0 if x is None else x

    column = pa.array([1, None])
    assert run(udf(f, null_handling="call"), column).to_pylist() == [1, 0]
    skip = udf(
        lambda x: x + 1, [pa.int64()], pa.int64(), mode="row", null_handling="skip"
    )
    assert run(skip, column).to_pylist() == [2, None]


def test_none_for_a_result_without_none_is_an_error():
    @udf
    def maybe(x: int) -> int:
        return None if x == 3 else x

    with pytest.raises(UdfResultError, match="maybe") as caught:
        run(maybe, pa.array([1, 2, 3]))
    assert caught.value.row == 2


# Shapes of calls


@pytest.mark.parametrize("count", [1, 2, 8, 64, 256])
def test_many_arguments(count):
    def total(*values):
        assert len(values) == count
        return sum(values)

    function = udf(total, [pa.int64()] * count, pa.int64(), mode="row")
    columns = [pa.array([index, index + 1], pa.int64()) for index in range(count)]
    first = count * (count - 1) // 2
    assert run(function, *columns).to_pylist() == [first, first + count]


def test_constant_arguments(ctx):
    @udf
    def clip(x: float, low: float, high: float) -> float:
        return min(max(x, low), high)

    ctx.register_udf(clip)
    result = ctx.sql("SELECT clip(celsius, 0, 20.0) AS r FROM people").to_pydict()
    assert result == {"r": [12.8, None, 0.0, 0.0, 20.0]}
    assert ctx.sql("SELECT clip(5.0, 6.0, 7.0) AS r").to_pydict() == {"r": [6.0]}
    assert ctx.sql(
        "SELECT clip(celsius, NULL, 1) AS r FROM people LIMIT 1"
    ).to_pydict() == {"r": [None]}


def test_nested_calls_and_every_clause(ctx):
    @udf
    def length(s: str) -> int:
        return len(s)

    @udf
    def parity(n: int) -> str:
        return "odd" if n % 2 else "even"

    ctx.register_udf(length)
    ctx.register_udf(parity)
    result = ctx.sql(
        """
        SELECT parity(length(a.email)) AS p, count(*) AS c
        FROM people a JOIN people b ON length(a.email) = length(b.email)
        WHERE length(a.email) >= 0
        GROUP BY parity(length(a.email)) HAVING length(parity(length(a.email))) > 0
        ORDER BY parity(length(a.email))
        """
    ).to_pydict()
    assert result == {"p": ["even", "odd"], "c": [3, 1]}


def test_many_batches_keep_their_order():
    context = open_context(SessionConfig().with_batch_size(7))
    values = pa.array(range(1000), pa.int64())
    context.from_arrow(pa.table({"n": values}), name="t")
    context.register_udf(
        udf(lambda n: -n, [pa.int64()], pa.int64(), name="neg", mode="row")
    )
    result = context.sql("SELECT neg(n) AS r FROM t").to_pydict()["r"]
    assert sorted(result, reverse=True) == [-n for n in range(1000)]


# Kinds of callables


@pytest.mark.embedded_only(
    reason="on a cluster a function runs on a copy of what it refers to"
)
def test_closures_see_their_live_objects():
    lock = threading.Lock()
    seen = []

    @udf
    def remember(x: int) -> int:
        with lock:
            seen.append(x)
        return x

    run(remember, pa.array([1, 2, 3]))
    assert seen == [1, 2, 3]


def test_helpers_defined_after_the_function():
    @udf
    def late(x: int) -> int:
        return helper(x)

    def helper(x):
        return x * 100

    assert run(late, pa.array([1])).to_pylist() == [100]


class Counter:
    def __init__(self):
        self.calls = 0

    def __call__(self, x: int) -> int:
        self.calls += 1
        return x + self.calls

    def method(self, x: int) -> int:
        self.calls += 1
        return x

    @staticmethod
    def static(x: int) -> int:
        return x + 1

    @classmethod
    def of_class(cls, x: int) -> int:
        return x + 2


@pytest.mark.embedded_only(reason="on a cluster each executor has a copy of the object")
def test_bound_methods_and_callable_objects_keep_their_state():
    counter = Counter()
    assert run(udf(counter), pa.array([0, 0])).to_pylist() == [1, 2]
    assert run(udf(counter.method), pa.array([5])).to_pylist() == [5]
    assert counter.calls == 3
    assert run(udf(Counter.static), pa.array([5])).to_pylist() == [6]
    assert run(udf(Counter.of_class), pa.array([5])).to_pylist() == [7]


def test_partials_lambdas_and_builtins():
    def power(x: int, exponent: int) -> int:
        return x**exponent

    column = pa.array([2, 3, 2])
    assert run(udf(functools.partial(power, exponent=2)), column).to_pylist() == [4, 9, 4]
    assert run(udf(functools.partial(power, 2)), column).to_pylist() == [4, 8, 4]
    upper = udf(str.upper, [pa.string()], pa.string(), mode="row")
    assert run(upper, pa.array(["a"])).to_pylist() == ["A"]
    absolute = udf(abs, [pa.int64()], pa.int64(), mode="row")
    assert run(absolute, pa.array([-1])).to_pylist() == [1]


@pytest.mark.embedded_only(reason="a local cached function cannot be pickled")
def test_cached_functions():
    @functools.lru_cache
    def cached(x: int) -> int:
        return -x

    assert run(udf(cached), pa.array([2, 3, 2])).to_pylist() == [-2, -3, -2]
    assert cached.cache_info().hits == 1


def test_functions_of_an_installed_module():
    from textwrap import dedent

    function = udf(dedent, [pa.string()], pa.string(), mode="row")
    assert run(function, pa.array(["  a\n  b"])).to_pylist() == ["a\nb"]


def test_functions_of_a_module_loaded_by_path(tmp_path):
    path = tmp_path / "users_module.py"
    path.write_text("K = 5\n\ndef f(x: int) -> int:\n    return x + K\n")
    spec = importlib.util.spec_from_file_location("users_module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert run(udf(module.f), pa.array([1])).to_pylist() == [6]


def test_functions_of_main_and_of_a_notebook_cell(tmp_path):
    script = tmp_path / "main.py"
    script.write_text(
        textwrap.dedent(
            """
            import os
            from springald import BallistaSessionContext, Udf, udf

            @udf
            def shout(s: str) -> str:
                return helper(s) + "!"

            def helper(s):
                return s.upper()

            ctx = BallistaSessionContext(os.environ.get("SPRINGALD_TEST_ADDRESS"))
            ctx.register_udf(shout)
            ctx.register_udf(Udf.from_bytes(shout.to_bytes()), name="again")
            print(ctx.sql("SELECT shout('a') AS a, again('b') AS b").to_pylist())

            cell = "def whisper(s: str) -> str:\\n    return s.lower()"
            namespace = {"__name__": "__main__"}
            exec(compile(cell, "<ipython-input-1>", "exec"), namespace)
            ctx.register_udf(namespace["whisper"])
            print(ctx.sql("SELECT whisper('A') AS c").to_pylist())
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == "[{'a': 'A!', 'b': 'B!'}]\n[{'c': 'a'}]\n"


# The specification, at random

SCALARS = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(),
    pa.string(): st.text(max_size=20),
    pa.bool_(): st.booleans(),
    pa.binary(): st.binary(max_size=20),
    pa.timestamp("us"): st.datetimes(),
    pa.date32(): st.dates(),
}


@pytest.mark.parametrize("arrow_type", SCALARS, ids=str)
def test_random_columns_pass_through(arrow_type):
    function = identity(arrow_type)

    @settings(max_examples=25, deadline=None, database=None)
    @given(st.lists(st.none() | SCALARS[arrow_type], max_size=70), st.integers(0, 9))
    def check(values, offset):
        column = pa.array(values, arrow_type).slice(offset)
        assert_same(run(function, column), column)

    check()


@pytest.mark.embedded_only(reason="calls the runtime of this process")
def test_a_null_among_the_values_of_a_dictionary_is_a_null_to_skip():
    words = pa.dictionary(pa.int8(), pa.string())

    @udf
    def shout(word: Annotated[str, words]) -> str:
        return word.upper()

    column = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None], pa.int8()), pa.array(["a", None])
    )
    assert shout._native(column).to_pylist() == ["A", None, None]
