"""What each hint decides, and what the function gets and may return."""

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import typing
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import pyarrow as pa
import pytest
from converting import call_rows, signature_of

T = TypeVar("T")
Money = typing.NewType("Money", decimal.Decimal)
SOME_ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Unit(enum.StrEnum):
    METRE = "m"
    SECOND = "s"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Known(enum.Enum):
    ONE = 1
    OTHER = 0

    @classmethod
    def _missing_(cls, value: object) -> "Known":
        return cls.OTHER


@dataclass
class Point:
    x: float
    y: float = 0.0


@dataclass(frozen=True)
class Pixel:
    at: Point | None
    color: Color
    tags: tuple[str, ...] = ()


@dataclass
class Sum:
    x: int
    total: int = field(init=False)
    kept: typing.ClassVar[int] = 0

    def __post_init__(self) -> None:
        self.total = self.x + 1


@dataclass
class Named:
    a: int
    _: dataclasses.KW_ONLY
    b: int = 2
    c: "Color | None" = None


@dataclass
class Box(Generic[T]):
    content: T
    others: list[T]


class Pair(NamedTuple):
    left: int
    right: Color = Color.RED


class User(TypedDict):
    name: str
    color: typing.NotRequired[Color]
    age: typing.NotRequired[int | None]


class Bare(TypedDict):
    a: int
    b: str


def struct(**fields: pa.DataType) -> pa.DataType:
    return pa.struct(list(fields.items()))


POINT = struct(x=pa.float64(), y=pa.float64())

# Hint, its Arrow type, a value of Arrow, and what the function gets for it.
CASES: list[tuple[Any, pa.DataType, Any, Any]] = [
    (float, pa.float64(), 1.5, 1.5),
    (int, pa.int64(), -3, -3),
    (bool, pa.bool_(), True, True),
    (str, pa.string(), "ä", "ä"),
    (bytes, pa.binary(), b"\0", b"\0"),
    (datetime.date, pa.date32(), *[datetime.date(1969, 12, 31)] * 2),
    (datetime.datetime, pa.timestamp("us"), *[datetime.datetime(1969, 1, 1, 3)] * 2),
    (datetime.time, pa.time64("us"), *[datetime.time(1, 2, 3, 4)] * 2),
    (datetime.timedelta, pa.duration("us"), *[datetime.timedelta(-1, 5)] * 2),
    (
        decimal.Decimal,
        pa.decimal128(38, 18),
        decimal.Decimal("1.5"),
        decimal.Decimal("1.500000000000000000"),
    ),
    (Money, pa.decimal128(38, 18), decimal.Decimal(2), decimal.Decimal(2)),
    (uuid.UUID, pa.uuid(), SOME_ID, SOME_ID),
    (Annotated[uuid.UUID, pa.string()], pa.string(), str(SOME_ID), SOME_ID),
    (Annotated[uuid.UUID, pa.binary(16)], pa.binary(16), SOME_ID.bytes, SOME_ID),
    (Annotated[uuid.UUID, pa.binary()], pa.binary(), SOME_ID.bytes, SOME_ID),
    (
        pa.MonthDayNano,
        pa.month_day_nano_interval(),
        *[pa.MonthDayNano([1, 2, 3])] * 2,
    ),
    (list[int], pa.list_(pa.int64()), [1, None], [1, None]),
    (collections.abc.Sequence[str], pa.list_(pa.string()), ["a"], ["a"]),
    (typing.List[int], pa.list_(pa.int64()), [1], [1]),  # noqa: UP006
    (list[Color], pa.list_(pa.string()), ["red", None], [Color.RED, None]),
    (set[int], pa.list_(pa.int64()), [1, 2, 1], {1, 2}),
    (frozenset[Level], pa.list_(pa.int64()), [1], frozenset([Level.LOW])),
    (tuple[int, ...], pa.list_(pa.int64()), [1, 2], (1, 2)),
    (tuple[Color, ...], pa.list_(pa.string()), ["green"], (Color.GREEN,)),
    (
        tuple[int, str],
        struct(f0=pa.int64(), f1=pa.string()),
        {"f0": 1, "f1": None},
        (1, None),
    ),
    (
        tuple[Color, int, Level],
        struct(f0=pa.string(), f1=pa.int64(), f2=pa.int64()),
        {"f0": "red", "f1": 7, "f2": 2},
        (Color.RED, 7, Level.HIGH),
    ),
    (tuple[Color], struct(f0=pa.string()), {"f0": "red"}, (Color.RED,)),
    (
        Annotated[tuple[int, int], pa.list_(pa.int16(), 2)],
        pa.list_(pa.int16(), 2),
        [3, 4],
        (3, 4),
    ),
    (
        dict[str, int],
        pa.map_(pa.string(), pa.int64()),
        [("a", 1), ("b", None)],
        {"a": 1, "b": None},
    ),
    (
        collections.abc.Mapping[Color, tuple[int, ...]],
        pa.map_(pa.string(), pa.list_(pa.int64())),
        [("red", [1]), ("green", [])],
        {Color.RED: (1,), Color.GREEN: ()},
    ),
    (dict[int, Level], pa.map_(pa.int64(), pa.int64()), [(1, 2)], {1: Level.HIGH}),
    (dict[Level, int], pa.map_(pa.int64(), pa.int64()), [(1, 2)], {Level.LOW: 2}),
    (Literal["a", "b"], pa.string(), "b", "b"),
    (Literal[1, 2], pa.int64(), 1, 1),
    (Literal[Color.RED], pa.string(), "red", Color.RED),
    (Color, pa.string(), "green", Color.GREEN),
    (Level, pa.int64(), 2, Level.HIGH),
    (Unit, pa.string(), "m", Unit.METRE),
    (Right, pa.int64(), 3, Right.READ | Right.WRITE),
    (Known, pa.int64(), 1, Known.ONE),
    (
        Annotated[Color, pa.dictionary(pa.int8(), pa.string())],
        pa.dictionary(pa.int8(), pa.string()),
        "red",
        Color.RED,
    ),
    (Annotated[Level, pa.int8()], pa.int8(), 2, Level.HIGH),
    (Point, POINT, {"x": 1.0, "y": None}, Point(1.0, None)),
    (
        Pixel,
        struct(at=POINT, color=pa.string(), tags=pa.list_(pa.string())),
        {"at": {"x": 1.0, "y": 2.0}, "color": "red", "tags": ["a", "b"]},
        Pixel(Point(1.0, 2.0), Color.RED, ("a", "b")),
    ),
    (Sum, struct(x=pa.int64()), {"x": 1}, Sum(1)),
    (
        Named,
        struct(a=pa.int64(), b=pa.int64(), c=pa.string()),
        {"a": 1, "b": 5, "c": "red"},
        Named(1, b=5, c=Color.RED),
    ),
    (
        Box[Color],
        struct(content=pa.string(), others=pa.list_(pa.string())),
        {"content": "red", "others": ["green"]},
        Box(Color.RED, [Color.GREEN]),
    ),
    (
        Pair,
        struct(left=pa.int64(), right=pa.string()),
        {"left": 1, "right": "green"},
        Pair(1, Color.GREEN),
    ),
    (Bare, struct(a=pa.int64(), b=pa.string()), *[{"a": 1, "b": "x"}] * 2),
    (
        User,
        struct(name=pa.string(), color=pa.string(), age=pa.int64()),
        {"name": "a", "color": None, "age": None},
        {"name": "a", "age": None},
    ),
    (
        User,
        struct(name=pa.string(), color=pa.string(), age=pa.int64()),
        {"name": "a", "color": "red", "age": 3},
        {"name": "a", "color": Color.RED, "age": 3},
    ),
    (
        Annotated[Point, struct(x=pa.float32(), y=pa.float32())],
        struct(x=pa.float32(), y=pa.float32()),
        {"x": 1.0, "y": 2.0},
        Point(1.0, 2.0),
    ),
    (
        dict[str, list[dict[Color, list[Pixel]]]],
        pa.map_(
            pa.string(),
            pa.list_(
                pa.map_(
                    pa.string(),
                    pa.list_(
                        struct(at=POINT, color=pa.string(), tags=pa.list_(pa.string()))
                    ),
                )
            ),
        ),
        [("k", [[("red", [{"at": None, "color": "green", "tags": ["t"]}])]])],
        {"k": [{Color.RED: [Pixel(None, Color.GREEN, ("t",))]}]},
    ),
]


def identity_of(hint: Any, seen: list[Any]) -> Any:
    def same(x: hint) -> hint:
        seen.append(x)
        return x

    return same


@pytest.mark.parametrize(("hint", "arrow_type", "in_arrow", "in_python"), CASES)
def test_hint_decides_type_and_values_both_ways(hint, arrow_type, in_arrow, in_python):
    seen: list[Any] = []
    function = identity_of(hint, seen)
    signature = signature_of(function)
    assert signature.mode == "row"
    assert signature.arguments == (pa.field("x", arrow_type, nullable=False),)
    assert signature.result == pa.field("return", arrow_type, nullable=False)

    expected = pa.array([in_arrow], arrow_type).to_pylist()
    if hint in (set[int],):
        expected = [sorted(set(expected[0]))]
    assert call_rows(function, [in_arrow]) == expected
    assert seen == [in_python]
    assert type(seen[0]) is type(in_python)


@pytest.mark.parametrize(("hint", "arrow_type", "in_arrow", "in_python"), CASES)
def test_hint_with_none_gets_and_returns_none(hint, arrow_type, in_arrow, in_python):
    seen: list[Any] = []
    function = identity_of(hint | None, seen)
    signature = signature_of(function)
    assert signature.arguments == (pa.field("x", arrow_type),)
    assert signature.result.nullable
    assert call_rows(function, [None]) == [None]
    assert seen == [None]


@pytest.mark.parametrize(("hint", "arrow_type", "in_arrow", "in_python"), CASES)
def test_hint_inside_a_list_and_a_struct_is_the_same(
    hint, arrow_type, in_arrow, in_python
):
    @dataclass
    class Outer:
        inner: hint
        more: list[hint | None]

    if arrow_type == pa.uuid():
        pytest.skip("pyarrow makes no arrays of UUIDs inside others")
    seen: list[Any] = []
    outer_type = struct(inner=arrow_type, more=pa.list_(arrow_type))
    value = {"inner": in_arrow, "more": [in_arrow, None]}
    function = identity_of(Outer, seen)
    assert signature_of(function).result.type == outer_type
    assert seen == []
    results = call_rows(function, [value])
    assert [(seen[0].inner, seen[0].more)] == [(in_python, [in_python, None])]
    if hint not in (set[int],):
        assert results == pa.array([value], outer_type).to_pylist()


@pytest.mark.parametrize(
    "hint",
    [
        float, int, str, datetime.datetime, decimal.Decimal, uuid.UUID, list[int],
        list[list[str]], float | None, list[list[bytes] | None],
        Annotated[list[int], pa.large_list(pa.int32())],
    ],
)  # fmt: skip
def test_function_runs_as_it_is_where_arrow_has_the_same_values(hint):
    assert signature_of(identity_of(hint, [])).converters is None


def test_quoted_names_inside_a_hint_are_evaluated():
    def f(points: "list['Point']", more: list["Point"]) -> "Point | None":
        return points[0]

    signature = signature_of(f)
    assert [a.type for a in signature.arguments] == [pa.list_(POINT)] * 2
    assert signature.result.type == POINT
    assert call_rows(f, [[{"x": 1.0, "y": 2.0}]], [[]]) == [{"x": 1.0, "y": 2.0}]


def test_literal_with_none_may_be_null():
    def f(x: Literal["a", None]) -> Literal["a", None]:
        return x

    assert signature_of(f).arguments == (pa.field("x", pa.string()),)
    assert call_rows(f, ["a", None]) == ["a", None]


def test_enum_result_may_be_the_value_of_a_member():
    def f(x: int) -> Color:
        return "red" if x else Color.GREEN

    assert call_rows(f, [0, 1]) == ["green", "red"]


def test_enum_with_a_rule_for_other_values_uses_it():
    seen: list[Any] = []
    assert call_rows(identity_of(Known, seen), [17]) == [0]
    assert seen == [Known.OTHER]


def test_only_some_arguments_are_converted():
    def f(a: int, b: Color, c: str, d: Point) -> str:
        return f"{a} {b.name} {c} {d.x}"

    converters = signature_of(f).converters
    assert [c is None for c in converters.arguments] == [True, False, True, False]
    assert converters.result is None
    assert call_rows(f, [1], ["red"], ["c"], [{"x": 2.0, "y": 0.0}]) == ["1 RED c 2.0"]


def test_only_the_result_is_converted():
    def f() -> Color:
        return Color.RED

    signature = signature_of(f)
    assert signature.converters.arguments == ()
    assert signature.converters.result is not None

    def g(a: int) -> Point:
        return Point(a)

    assert call_rows(g, [3]) == [{"x": 3.0, "y": 0.0}]


# Types that are given


def test_given_struct_may_have_fields_in_another_order_and_more():
    seen: list[Any] = []
    given = pa.struct([("z", pa.int8()), ("y", pa.float32()), ("x", pa.float64())])

    def f(p: Point) -> None:
        seen.append(p)

    call_rows(
        f,
        [{"x": 1.0, "y": 2.0, "z": 3}],
        input_types=[given],
        return_type=pa.float64(),
        mode="row",
    )
    assert seen == [Point(1.0, 2.0)]


def test_given_struct_may_lack_a_field_with_a_default():
    seen: list[Any] = []

    def f(p: Named) -> int:
        seen.append(p)
        return 1

    given = pa.struct([("c", pa.string()), ("a", pa.int8())])
    call_rows(f, [{"a": 1, "c": "red"}], input_types=[given])
    assert seen == [Named(1, c=Color.RED)]


def test_result_is_ordered_as_the_given_struct():
    given = pa.struct([("right", pa.string()), ("left", pa.int8())])

    def pair(x: int) -> Pair:
        return Pair(x, Color.GREEN)

    def point(x: int) -> Point:
        return Point(x, 5)

    assert call_rows(pair, [1], return_type=given) == [{"right": "green", "left": 1}]
    given = pa.struct([("y", pa.float32()), ("x", pa.int8())])
    assert call_rows(point, [1], return_type=given) == [{"y": 5.0, "x": 1}]


def test_converters_of_hints_stay_with_given_types():
    seen: list[Any] = []

    def f(a: uuid.UUID, b: list[Color], c: Level) -> uuid.UUID:
        seen.append((a, b, c))
        return a

    types = [pa.large_string(), pa.large_list(pa.string_view()), pa.uint8()]
    result = call_rows(
        f,
        [str(SOME_ID)],
        [["red"]],
        [1],
        input_types=types,
        return_type=pa.string(),
    )
    assert seen == [(SOME_ID, [Color.RED], Level.LOW)]
    assert result == [str(SOME_ID)]


def test_mode_arrow_converts_nothing():
    def f(p: Color) -> Color:
        return p

    signature = signature_of(
        f, mode="arrow", input_types=[pa.string()], return_type=pa.string()
    )
    assert (signature.mode, signature.converters) == ("arrow", None)


def test_open_container_takes_a_given_type():
    def f(x: list, y: dict | None) -> float:
        return float(len(x))

    given = [pa.list_(pa.int8()), pa.map_(pa.string(), pa.int8())]
    signature = signature_of(f, input_types=given)
    assert signature.mode == "row"
    assert [field.type for field in signature.arguments] == given
    assert [field.nullable for field in signature.arguments] == [False, True]
    assert call_rows(f, [[1, 2]], [None], input_types=given) == [2.0]
