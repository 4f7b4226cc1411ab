"""Hints that are refused, and values that are not what a hint says."""

import dataclasses
import enum
import typing
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import pyarrow as pa
import pytest
from converting import call_rows, signature_of

from springald import UdfDefinitionError
from springald.hints import RefusedValue

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Mixed(enum.Enum):
    A = 1
    B = "b"


class Planet(enum.Enum):
    EARTH = (1.0, 2.0)


class Empty(enum.Enum):
    pass


@dataclass
class Point:
    x: float
    y: float = 0.0


@dataclass
class Drawing:
    points: list[Point]
    color: Color


@dataclass
class Node:
    value: int
    children: "list[Node]"


@dataclass
class Deep:
    inner: dict[str, tuple[int, list[complex]]]


@dataclass
class Unknown:
    other: "no_such_name"  # noqa: F821


@dataclass
class WithInit:
    x: int
    scale: dataclasses.InitVar[int]


@dataclass
class NoFields:
    pass


@dataclass
class Box(Generic[T]):
    content: T


class Pair(NamedTuple):
    left: int
    color: Color


class User(TypedDict):
    name: str
    age: typing.NotRequired[int]


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (complex, "the hint complex is not one of float, int, .* a dataclass"),
        (int | str, r"the hint int \| str has more than one type"),
        (Color | str, "has more than one type"),
        (list[complex], r"at \[\], the hint complex is not one of"),
        (dict[str, list[int | str]], r"at \[value\]\[\], the hint int \| str has more"),
        (dict[complex, int], r"at \[key\], the hint complex is not"),
        (tuple[int, object], r"at \[1\], the hint object is not one of"),
        (list[Any], r"at \[\], the hint typing.Any is not one of"),
        (list[None], r"at \[\], the hint None says that there is no value"),
        (list[pa.Array], r"at \[\], the hint .*Array.* is of columns"),
        (Deep, r"at \.inner\[value\]\[1\]\[\], the hint complex is not one of"),
        (Node, r"at \.children\[\], test_hint_errors\.Node contains itself"),
        (Unknown, "the hints of .*Unknown cannot be evaluated .*no_such_name"),
        (WithInit, "has the InitVar 'scale' without a default"),
        (NoFields, "NoFields has no fields"),
        (Box, r"at \.content, the hint ~T is a type variable"),
        (list[T], r"at \[\], the hint ~T is a type variable"),
        (list[list], r"at \[\], the hint list does not say of what: write list\[int\]"),
        (tuple[()], "a tuple without items has no Arrow type"),
        (dict[list[int], int], "the keys of .* cannot be hashed"),
        (set[Point], "the items of .* cannot be hashed"),
        (frozenset[dict[str, int]], "the items of .* cannot be hashed"),
        (Mixed, "Mixed has values of several types: int, str"),
        (Planet, "Planet has values of tuple, which is no type of single values"),
        (Empty, "Empty has no values"),
        (Literal[Color.RED, "red"], "mixes members of .*Color with others"),
        (Literal[Color.RED, Mixed.B], "mixes members of"),
        (Literal[1, True], "has values of several types: bool, int"),
        (Annotated[list[int], pa.string()], "is hinted as a list, tuple or set, which"),
        (Annotated[Point, pa.string()], "is hinted .*Point, which is not in the type"),
        (Annotated[uuid.UUID, pa.int64()], "UUID, which is not in the type int64"),
        (Annotated[Color, pa.int64()], "does not hold the values of its hint: 'red'"),
        (
            Annotated[dict[str, int], pa.struct([("a", pa.int64())])],
            "hinted as a dict, which is not in the type struct.*TypedDict",
        ),
        (
            Annotated[tuple[int, int], pa.struct([("a", pa.int64())])],
            "hinted as a tuple of 2 items",
        ),
    ],
)
def test_hint_without_arrow_type_is_refused_with_the_parameters_name(hint, message):
    def f(a: int, b: hint) -> float:
        return 1.0

    with pytest.raises(UdfDefinitionError, match=f"Parameter 'b': .*{message}"):
        signature_of(f)

    def g(a: int) -> hint:
        return a

    with pytest.raises(UdfDefinitionError, match=f"The result: .*{message}"):
        signature_of(g)


@pytest.mark.parametrize(
    "hint",
    [list, dict, tuple, typing.List, set | None],  # noqa: UP006
)
def test_container_that_does_not_say_of_what_needs_a_type(hint):
    def f(x: hint) -> float:
        return 1.0

    with pytest.raises(
        UdfDefinitionError, match=r"Parameter 'x' has no type: .* does not say of what"
    ):
        signature_of(f)


@pytest.mark.parametrize(
    ("hint", "given", "message"),
    [
        (Point, pa.string(), "Argument 'x' is hinted .*Point, which is not in the type"),
        (Point, pa.struct([("y", pa.float64())]), "lacks the field 'x' of .*Point"),
        (list[int], pa.string(), "Argument 'x' is hinted as a list"),
        (list[Color], pa.list_(pa.int8()), r"Argument 'x' at \[\] has the type int8"),
        (tuple[int, int], pa.list_(pa.int8()), "Argument 'x' is hinted as a tuple of 2"),
        (dict[str, int], pa.list_(pa.int8()), "Argument 'x' is hinted as a dict"),
        (
            Drawing,
            pa.struct(
                [
                    ("points", pa.list_(pa.struct([("z", pa.int8())]))),
                    ("color", pa.string()),
                ]
            ),
            r"Argument 'x' at \.points\[\] has the type .* lacks the field 'x'",
        ),
        (
            Point,
            pa.struct([("x", pa.int8()), ("x", pa.int8())]),
            "in which a name comes twice",
        ),
    ],
)
def test_given_type_that_does_not_fit_the_hint_is_refused(hint, given, message):
    def f(x: hint) -> float:
        return 1.0

    with pytest.raises(UdfDefinitionError, match=message) as caught:
        signature_of(f, input_types=[given])
    assert caught.value.udf_name == "f"


def test_given_result_type_has_the_fields_of_the_class():
    def f(x: int) -> Point:
        return Point(x)

    given = pa.struct([("x", pa.float64()), ("z", pa.float64())])
    with pytest.raises(
        UdfDefinitionError,
        match=r"The result has the type .*only one of them has 'y', 'z'",
    ):
        signature_of(f, return_type=given)


# Values


def returning(hint: Any, value: Any) -> Any:
    def f(x: int) -> hint:
        return value

    return f


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("hint", "value", "message"),
    [
        (
            Color,
            "purple",
            r"the result is 'purple' \(str\), which is no value of .*Color:",
        ),
        (Color, Mixed.A, "the result is <Mixed.A: 1>"),
        (Color, [], r"the result is \[\] \(list\)"),
        (Color, Unprintable(), "an object of Unprintable whose repr raised"),
        (Color, "x" * 5000, r"the result is 'x{199}\.\.\. \(str\)"),
        (Literal[Color.RED], Color.GREEN, "which is no value of"),
        (Literal["a", "b"], "c", "the result is 'c' .*, which is not one of 'a', 'b'"),
        (Literal[1], {}, r"the result is \{\} \(dict\), which is not one of 1"),
        (Point, {"x": 1.0}, r"\(dict\), which is not a .*Point: return one"),
        (Point, (1.0, 2.0), "which is not a .*Point: return one"),
        (Point, Pair(1, Color.RED), "which is not a .*Point"),
        (Drawing, Drawing([1], Color.RED), r"the result at \.points\[\] is 1 \(int\)"),
        (Drawing, Drawing([], "x"), r"the result at \.color is 'x' \(str\)"),
        (
            Drawing,
            Drawing("ab", Color.RED),
            r"at \.points is 'ab' .*, which is not a list",
        ),
        (list[Color], {"red": 1}, "which is not a list: return one"),
        (tuple[Color, ...], 5, r"the result is 5 \(int\), which is not a tuple"),
        (tuple[Color, int], (Color.RED,), "which is not a tuple of 2 items"),
        (tuple[Color, int], ("x", 1), r"the result at \[0\] is 'x'"),
        (Pair, (1, "x"), r"the result at \.color is 'x'"),
        (Pair, (1,), "which is not a .*Pair"),
        (dict[str, Color], {"a": "x"}, r"the result at \[value\] is 'x'"),
        (dict[Color, int], {"x": 1}, r"the result at \[key\] is 'x'"),
        (dict[str, int], [1], r"the result is \[1\] \(list\), which is not a dict"),
        (User, {"age": 3}, r"the result is \{'age': 3\} \(dict\), which has no 'name'"),
        (User, {"name": "a", "nom": 1}, "which is not a .*User: return one"),
        (User, "text", "which is not a .*User"),
        (Annotated[uuid.UUID, pa.string()], "text", "which is not a UUID: return one"),
    ],
)
def test_result_that_is_not_what_the_hint_says_is_refused(hint, value, message):
    with pytest.raises(RefusedValue, match=message):
        call_rows(returning(hint, value), [1])


def test_object_of_the_class_without_a_field_is_refused_with_its_name():
    point = Point(1.0)
    del point.x
    with pytest.raises(RefusedValue, match=r"which has no 'x': set it"):
        call_rows(returning(Point, point), [1])


def test_object_of_a_subclass_is_taken_for_its_fields():
    @dataclass
    class Heavy(Point):
        mass: float = 0.0

    assert call_rows(returning(Point, Heavy(1, 2, 3)), [1]) == [{"x": 1.0, "y": 2.0}]


def test_error_of_a_property_is_the_users():
    @dataclass
    class Odd:
        x: float = 1.0

        def __getattribute__(self, name: str) -> Any:
            if name == "x":
                raise ZeroDivisionError("in the property")
            return super().__getattribute__(name)

    with pytest.raises(ZeroDivisionError, match="in the property"):
        call_rows(returning(Odd, Odd.__new__(Odd)), [1])


@pytest.mark.parametrize(
    ("hint", "given", "value", "message"),
    [
        (
            Color,
            None,
            "purple",
            "^argument 'x' is 'purple', which is no value of .*Color",
        ),
        (Literal["a"], None, "b", "^argument 'x' is 'b', which is not one of 'a'"),
        (
            list[Color],
            None,
            ["red", "purple"],
            r"^argument 'x' at \[\] is 'purple', which is no value",
        ),
        (uuid.UUID, pa.string(), "zz", "^argument 'x' is 'zz', which is no UUID"),
        (uuid.UUID, pa.binary(), b"zz", "^argument 'x' is b'zz', which is no UUID"),
        (
            dict[str, int],
            None,
            [("a", 1), ("b", 2), ("a", 3)],
            "^argument 'x' is .*, two keys of which are 'a'",
        ),
    ],
)
def test_argument_that_is_not_what_the_hint_says_is_an_error(hint, given, value, message):
    def f(x: hint) -> float:
        raise AssertionError("is not called")

    options = {} if given is None else {"input_types": [given]}
    with pytest.raises(ValueError, match=message):
        call_rows(f, [value], **options)


def test_keys_that_become_equal_are_an_error():
    class Rounded(enum.Enum):
        ONE = 1
        OTHER = 2

        @classmethod
        def _missing_(cls, value: object) -> "Rounded":
            return cls.OTHER

    def f(x: dict[Rounded, int]) -> int:
        return len(x)

    assert call_rows(f, [[(1, 1), (2, 2)]]) == [2]
    with pytest.raises(ValueError, match=r"two keys of which are .*Rounded.OTHER"):
        call_rows(f, [[(2, 1), (3, 2)]])
