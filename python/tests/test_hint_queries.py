"""Functions with converted values in queries, in pickles and in expressions."""

import datetime
import decimal
import enum
import inspect
import subprocess
import sys
import threading
import traceback
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import cloudpickle
import pyarrow as pa
import pytest
from contexts import open_context
from converting import signature_of
from datafusion import col, lit

from springald import Udf, UdfDefinitionError, UdfExecutionError, UdfResultError, udf
from springald.call_form import called_by, direct, executable
from springald.hints import ConvertedFunction, RefusedValue


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    ends: tuple[Point, ...]
    color: Color | None = None


class Pair(NamedTuple):
    left: int
    right: str


POINT = pa.struct([("x", pa.float64()), ("y", pa.float64())])


def table_of(**columns: pa.Array) -> Any:
    """Return a DataFrame with these columns, in a context of the kind that is tested."""
    return open_context().from_arrow(pa.table(columns))


def results_of(function: Udf, *columns: pa.Array) -> list[Any]:
    frame = table_of(**{f"c{i}": column for i, column in enumerate(columns)})
    called = function(*(col(f"c{i}") for i in range(len(columns))))
    batches = frame.select(called.alias("it")).collect()
    return [value for batch in batches for value in batch.column(0).to_pylist()]


# Types that row mode has as they are


def test_enum_comes_and_goes():
    @udf
    def other(color: Color) -> Color:
        assert isinstance(color, Color)
        return Color.GREEN if color is Color.RED else Color.RED

    assert results_of(other, pa.array(["red", None, "green"])) == ["green", None, "red"]


def test_int_enum_and_literal_with_two_arguments():
    @udf
    def f(level: Level | None, how: Literal["up", "down"]) -> Level | None:
        assert level is None or isinstance(level, Level)
        return Level.HIGH if how == "up" else level

    levels, hows = pa.array([1, 2, None]), pa.array(["up", "down", "down"])
    assert results_of(f, levels, hows) == [2, 2, None]


def test_uuid_of_text():
    some = uuid.UUID(int=7)

    @udf
    def f(x: Annotated[uuid.UUID, pa.string()]) -> Annotated[uuid.UUID, pa.string()]:
        return uuid.UUID(int=x.int + 1)

    assert results_of(f, pa.array([str(some)])) == [str(uuid.UUID(int=8))]


def test_equal_rows_share_a_call_where_the_hints_name_plain_enums():
    @udf
    def first(color: Color) -> str:
        return color.value[0]

    colors = pa.array(["red", "green"] * 4096)
    assert results_of(first, colors) == ["r", "g"] * 4096
    assert "share one call" in first.explain()
    assert "its values are converted, as its hints say" in first.explain()


def test_equal_rows_do_not_share_a_call_where_an_enum_has_code():
    calls = []

    class Counted(enum.Enum):
        A = "a"

        def count(self) -> int:
            calls.append(self)
            return len(calls)

    @udf
    def f(x: Counted) -> int:
        return x.count()

    assert "which may keep a state" in f.explain()
    assert results_of(f, pa.array(["a"] * 5)) == [1, 2, 3, 4, 5]


# Errors


def test_refused_result_is_a_result_error_with_row_and_arguments():
    @udf
    def paint(x: int) -> Color:
        return Color.RED if x else "purple"

    with pytest.raises(UdfResultError) as caught:
        results_of(paint, pa.array([1, 1, 0]))
    error = caught.value
    assert error.udf_name == "paint"
    assert error.exception_message.startswith("the result is 'purple' (str), which is no")
    assert (error.exception_type, error.traceback_text) == ("", "")
    assert (error.row, error.arguments) == (2, "(0,)")
    assert str(error).startswith("UDF 'paint': the result is 'purple' (str), which is no")


def test_argument_outside_the_hint_is_an_error_without_frames_of_ours():
    @udf
    def f(color: Color) -> float:
        return 1.0

    with pytest.raises(UdfExecutionError) as caught:
        results_of(f, pa.array(["red", "purple"]))
    error = caught.value
    assert error.exception_type == "ValueError"
    assert error.exception_message.startswith("argument 'color' is 'purple', which is no")
    assert error.row == 1
    assert "hints" not in error.traceback_text
    assert "File" not in error.traceback_text


def test_traceback_begins_in_the_users_function():
    def inner(color: Color) -> float:
        raise KeyError(color.name)

    @udf
    def f(color: Color) -> Color:
        return inner(color)

    with pytest.raises(UdfExecutionError) as caught:
        results_of(f, pa.array(["red"]))
    lines = caught.value.traceback_text.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert [line.split(" in ")[1] for line in lines if " in " in line] == ["f", "inner"]
    assert "springald hints" not in caught.value.traceback_text


def test_traceback_of_a_class_of_the_user_is_shown():
    class Careful(enum.Enum):
        A = "a"

        @classmethod
        def _missing_(cls, value: object) -> Any:
            raise ZeroDivisionError(value)

    def f(x: Careful) -> float:
        return 1.0

    call = direct(executable(f, signature_of(f)))
    with pytest.raises(ZeroDivisionError) as caught:
        call("b")
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[0] == "test_traceback_of_a_class_of_the_user_is_shown"
    assert frames[-1] == "_missing_"


def test_session_goes_on_after_a_refused_value():
    @udf
    def f(x: int) -> Literal["a"]:
        return "a" if x else "b"

    for _ in range(2):
        with pytest.raises(UdfResultError, match="which is not one of 'a'"):
            results_of(f, pa.array([0]))
        assert results_of(f, pa.array([1])) == ["a"]


# Forms of functions


def test_called_by_gives_the_function_back():
    def f(color: Color) -> Color:
        return color

    signature = signature_of(f)
    wrapped = executable(f, signature)
    assert isinstance(wrapped, ConvertedFunction)
    assert called_by(wrapped) is f
    assert called_by(direct(wrapped)) is f
    assert called_by(f) is f
    assert wrapped("red") == direct(wrapped)("red") == "red"
    assert direct(wrapped).__name__ == "f"


def test_plain_hints_leave_the_function_alone():
    def f(x: float) -> float:
        return x

    assert direct(executable(f, signature_of(f))) is f


def test_udf_with_plain_values_is_the_plain_function():
    @udf
    def f(color: Color) -> Color:
        return color

    assert f(Color.RED) is Color.RED
    assert f("anything") == "anything"


def test_with_name_converts_as_well():
    @udf
    def f(color: Color) -> str:
        return color.name

    assert results_of(f.with_name("g"), pa.array(["red"])) == ["RED"]
    copy = Udf.from_bytes(f.to_bytes())
    assert results_of(copy, pa.array(["red"])) == ["RED"]
    assert results_of(copy.with_name("h"), pa.array(["red"])) == ["RED"]
    assert copy(Color.RED) == "RED"


def test_variable_that_cannot_be_pickled_is_named():
    lock = threading.Lock()

    @udf
    def f(color: Color) -> str:
        with lock:
            return color.name

    with pytest.raises(UdfDefinitionError, match="variable 'lock' cannot be pickled"):
        f.to_bytes()


def test_coroutine_function_is_awaited_between_the_converters():
    import asyncio

    async def f(color: Color) -> Color:
        await asyncio.sleep(0)
        return color

    from springald.hints import convert_function
    from springald.hints.converted_function import Converters
    from springald.hints.read_hint import read_hint

    shape = read_hint(Color).shape
    converters = Converters.of([("color", pa.string(), shape)], (pa.string(), shape))
    call = convert_function(f, converters).call
    assert inspect.iscoroutinefunction(call)
    assert asyncio.run(call("red")) == "red"
    with pytest.raises(ValueError, match="argument 'color' is 'x'"):
        asyncio.run(call("x"))


SCRIPT = """
import pickle, sys
call = pickle.load(sys.stdin.buffer)
row = {"ends": [{"x": 1.0, "y": 2.0}], "color": "red"}
print(call(row), call(None))
try:
    call({"ends": [], "color": None})
except Exception as error:
    print(type(error).__module__, type(error).__name__, error)
"""


def test_converted_function_arrives_in_another_process():
    namespace: dict[str, Any] = {"__name__": "__main__"}
    source = inspect.getsource(Color) + inspect.getsource(Point) + inspect.getsource(Line)
    source += """
def mirrored(line: Line | None) -> Line | None:
    if line is None:
        return None
    assert isinstance(line, Line) and isinstance(line.ends, tuple)
    ends = tuple(Point(p.y, p.x) for p in line.ends)
    return Line(ends, Color.GREEN if ends else 1)
"""
    exec("import enum\nfrom dataclasses import dataclass\n" + source, namespace)
    function = namespace["mirrored"]
    data = cloudpickle.dumps(executable(function, signature_of(function)))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], input=data, capture_output=True
    )
    assert done.stderr.decode() == ""
    assert done.stdout.decode().splitlines() == [
        "([(2.0, 1.0)], 'green') None",
        "springald.hints.refused_value RefusedValue the result at .color is 1 (int), "
        "which is no value of Color: 'red', 'green'",
    ]


# Expressions


def test_values_of_hinted_classes_are_literals_in_expressions():
    @udf
    def same(x: str, color: Color) -> bool:
        return x == color.value

    frame = table_of(x=pa.array(["red", "green"]))
    for value in (Color.RED, "red", lit("red"), pa.scalar("red")):
        batches = frame.select(same(col("x"), value).alias("it")).collect()
        assert [v for b in batches for v in b.column(0).to_pylist()] == [True, False]


def test_value_that_is_not_of_the_hinted_class_is_refused_in_an_expression():
    @udf
    def same(x: str, color: Color) -> bool:
        return x == color.value

    with pytest.raises(
        TypeError, match=r"same\(\): argument 'color' is 'purple' \(str\)"
    ):
        same(col("x"), "purple")


def test_default_value_of_a_hinted_class_is_used_in_an_expression():
    @udf
    def same(x: str, color: Color = Color.GREEN) -> bool:
        return x == color.value

    frame = table_of(x=pa.array(["red", "green"]))
    batches = frame.select(same(col("x")).alias("it")).collect()
    assert [v for b in batches for v in b.column(0).to_pylist()] == [False, True]


def test_dataclass_is_a_literal():
    @udf
    def distance(p: Point, q: Point) -> float:
        return abs(p.x - q.x) + abs(p.y - q.y)

    frame = table_of(p=pa.array([{"x": 1.0, "y": 2.0}], POINT))
    batches = frame.select(distance(col("p"), Point(0.0, 0.5)).alias("it")).collect()
    assert batches[0].column(0).to_pylist() == [2.5]


# Types that are nested, and the rest of single values


def test_dataclass_comes_and_goes():
    @udf
    def mirrored(p: Point) -> Point | None:
        return Point(p.y, p.x) if p.x else None

    points = pa.array([{"x": 1.0, "y": 2.0}, None, {"x": 0.0, "y": 0.0}], POINT)
    assert results_of(mirrored, points) == [{"x": 2.0, "y": 1.0}, None, None]


def test_dataclass_is_taken_from_a_column_with_fields_in_another_order():
    @udf(input_types=[pa.struct([("y", pa.float64()), ("x", pa.float64())])])
    def difference(p: Point) -> float:
        return p.x - p.y

    column = pa.array([{"y": 1.0, "x": 3.0}])
    assert results_of(difference, column) == [2.0]


def test_nested_containers_come_and_go():
    @udf
    def f(
        lines: list[Line], names: dict[str, Color], pair: Pair, both: tuple[int, str]
    ) -> tuple[Color | None, dict[str, list[Point]], Pair]:
        assert isinstance(both, tuple)
        return lines[0].color, {k: list(lines[0].ends) for k in names}, pair

    line = pa.struct([("ends", pa.list_(POINT)), ("color", pa.string())])
    ends = [{"x": 1.0, "y": 2.0}]
    pair = pa.struct([("left", pa.int64()), ("right", pa.string())])
    both = pa.struct([("f0", pa.int64()), ("f1", pa.string())])
    result = results_of(
        f,
        pa.array([[{"ends": ends, "color": "red"}]], pa.list_(line)),
        pa.array([[("a", "green")]], pa.map_(pa.string(), pa.string())),
        pa.array([{"left": 1, "right": "r"}], pair),
        pa.array([{"f0": 1, "f1": "x"}], both),
    )
    assert result == [{"f0": "red", "f1": [("a", ends)], "f2": {"left": 1, "right": "r"}}]


def test_times_durations_and_sets_come_and_go():
    @udf
    def f(t: datetime.time, d: datetime.timedelta, s: set[int]) -> datetime.timedelta:
        assert isinstance(t, datetime.time)
        return d * len(s)

    result = results_of(
        f,
        pa.array([datetime.time(1, 2, 3)], pa.time64("us")),
        pa.array([datetime.timedelta(hours=1)], pa.duration("us")),
        pa.array([[1, 2, 2]]),
    )
    assert result == [datetime.timedelta(hours=2)]


PRICE = pa.decimal128(10, 2)


def test_decimal_is_taken_from_a_column_that_is_cast():
    @udf
    def doubled(x: decimal.Decimal) -> decimal.Decimal:
        return 2 * x

    frame = table_of(x=pa.array([decimal.Decimal("1.25"), None], PRICE))
    called = doubled(col("x").cast(doubled.input_types[0]))
    batches = frame.select(called.alias("it")).collect()
    assert batches[0].column(0).to_pylist() == [decimal.Decimal("2.5"), None]


def test_decimal_of_another_type_is_hinted_with_it():
    @udf
    def doubled(
        x: Annotated[decimal.Decimal, PRICE],
    ) -> Annotated[decimal.Decimal, PRICE]:
        return 2 * x

    column = pa.array([decimal.Decimal("1.25"), None], PRICE)
    assert results_of(doubled, column) == [decimal.Decimal("2.50"), None]


def test_decimal_that_does_not_fit_is_a_result_error():
    @udf
    def third(x: Annotated[decimal.Decimal, PRICE]) -> decimal.Decimal:
        return x / 3

    with pytest.raises(UdfResultError, match="decimal128"):
        results_of(third, pa.array([decimal.Decimal("1.00")], PRICE))


def test_uuid_comes_and_goes():
    @udf
    def following(x: uuid.UUID) -> uuid.UUID:
        return uuid.UUID(int=x.int + 1)

    @udf
    def text(x: uuid.UUID) -> str:
        assert isinstance(x, uuid.UUID)
        return str(x)

    column = pa.array([uuid.UUID(int=6), None], pa.uuid())
    frame = table_of(x=column)
    batches = frame.select(text(following(col("x"))).alias("it")).collect()
    assert batches[0].column(0).to_pylist() == [str(uuid.UUID(int=7)), None]


def test_refused_value_is_known_by_its_name():
    from springald import errors

    kind = RefusedValue
    assert f"{kind.__module__}.{kind.__qualname__}" == errors._REFUSED_VALUE
