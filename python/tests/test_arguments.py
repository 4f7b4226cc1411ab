"""How functions are given arguments: defaults, keywords, nulls, constants, `*args`."""

import functools

import pyarrow as pa
import pytest
from contexts import open_context
from datafusion import Expr, col, lit

from springald import BallistaSessionContext, UdfDefinitionError, udf


@pytest.fixture
def numbers() -> BallistaSessionContext:
    """A context with a table t: x and y (float64), with nulls, and n (int64)."""
    context = open_context()
    context.from_pydict(
        {"x": [1.0, None, 3.0], "y": [None, 2.0, 5.0], "n": [1, 2, 3]}, name="t"
    )
    return context


def select(context, expression: Expr) -> list:
    assert isinstance(expression, Expr)
    return context.table("t").select(expression.alias("r")).to_pydict()["r"]


# Defaults and keywords in Python


@udf
def scaled(x: float, factor: float = 2.0) -> float:
    return x * factor


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: scaled(col("x")), [2.0, None, 6.0]),
        (lambda: scaled(col("x"), factor=lit(3)), [3.0, None, 9.0]),
        (lambda: scaled(col("x"), factor=3), [3.0, None, 9.0]),
        (lambda: scaled(col("x"), lit(3)), [3.0, None, 9.0]),
        (lambda: scaled(factor=col("n"), x=col("x")), [1.0, None, 9.0]),
        (lambda: scaled(x=3, factor=col("n")), [3.0, 6.0, 9.0]),
        (lambda: scaled(col("x"), factor=None), [None, None, None]),
    ],
)
def test_defaults_are_filled_in_and_keywords_find_their_place(numbers, call, expected):
    assert select(numbers, call()) == expected


def test_a_default_that_is_no_float_is_converted(numbers):
    @udf
    def shifted(x: float, by: float = 1) -> float:
        assert isinstance(by, float)
        return x + by

    assert select(numbers, shifted(col("x"))) == [2.0, None, 4.0]


def test_a_default_of_none_is_given_as_none(numbers):
    @udf
    def filled(x: float, other: float = None) -> float:  # noqa: RUF013
        return x if other is None else x + other

    @udf
    def hinted(x: float, other: float | None = None) -> float:
        return x if other is None else x + other

    for function in (filled, hinted):
        assert select(numbers, function(col("x"))) == [1.0, None, 3.0]
        assert select(numbers, function(col("x"), col("y"))) == [1.0, None, 8.0]


def test_positional_only_parameters_have_no_keyword(numbers):
    @udf
    def added(x: float, /, y: float = 3.0) -> float:
        return x + y

    assert select(numbers, added(col("x"), y=4)) == [5.0, None, 7.0]
    with pytest.raises(TypeError, match=r"added\(\): 'x' parameter is positional only"):
        added(x=col("x"))


def test_keyword_only_parameters_keep_their_default(numbers):
    @udf
    def added(x: float, *, by: float = 10.0) -> float:
        return x + by

    assert select(numbers, added(col("x"))) == [11.0, None, 13.0]
    assert added(1.0, by=2.0) == 3.0
    for value in (2.0, lit(2.0), col("n")):
        with pytest.raises(TypeError, match=r"takes by by keyword only.*partial"):
            added(col("x"), by=value)
    bound = udf(functools.partial(added.__wrapped__, by=5.0))
    assert select(numbers, bound(col("x"))) == [6.0, None, 8.0]


def test_other_keywords_are_not_dropped_without_a_word(numbers):
    @udf
    def same(x: float, **more: float) -> float:
        return x

    assert select(numbers, same(col("x"))) == [1.0, None, 3.0]
    with pytest.raises(TypeError, match="takes z by keyword only"):
        same(col("x"), z=1)


def test_star_arguments_take_as_many_as_there_are_types(numbers):
    @udf(input_types=[pa.float64()] * 3, return_type=pa.float64(), mode="row")
    def total(*values):
        return sum(value or 0.0 for value in values)

    assert select(numbers, total(col("x"), col("y"), col("n"))) == [2.0, 4.0, 11.0]
    numbers.register_udf(total)
    assert numbers.sql("SELECT total(x, y, n) AS r FROM t").to_pydict() == {
        "r": [2.0, 4.0, 11.0]
    }
    for arguments in (["x", "y"], ["x", "y", "n", "n"]):
        with pytest.raises(TypeError, match="takes 3 arguments and was given"):
            total(*map(col, arguments))


def test_a_parameter_with_a_default_needs_a_type_all_the_same():
    def f(x: float, scale=2.5) -> float:
        return x * scale

    with pytest.raises(UdfDefinitionError, match="'scale' has no type: it has no hint"):
        udf(f)


# Nulls


NULLS = [(1.0, None), (None, 2.0), (3.0, 5.0)]


@pytest.mark.parametrize(
    ("null_handling", "expected"),
    [(None, [(3.0, 5.0)]), ("skip", [(3.0, 5.0)]), ("call", NULLS)],
)
def test_hinted_arguments_without_none_are_skipped(numbers, null_handling, expected):
    @udf(null_handling=null_handling)
    def both(x: float, y: float) -> str | None:
        return f"{(x, y)}"

    results = select(numbers, both(col("x"), col("y")))
    assert results == [f"{row}" if row in expected else None for row in NULLS]


def test_each_argument_says_by_itself_whether_it_takes_none(numbers):
    @udf
    def first(x: float | None, y: float) -> str:
        return f"{(x, y)}"

    @udf
    def second(x: float, y: float | None) -> str:
        return f"{(x, y)}"

    assert select(numbers, first(col("x"), col("y"))) == [None, *map(str, NULLS[1:])]
    assert select(numbers, second(col("x"), col("y"))) == [
        str(NULLS[0]), None, str(NULLS[2]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("null_handling", "expected"),
    [(None, NULLS), ("call", NULLS), ("skip", [(3.0, 5.0)])],
)
def test_without_hints_nulls_are_given(numbers, null_handling, expected):
    function = udf(
        lambda x, y: f"{(x, y)}",
        name="both", mode="row", null_handling=null_handling,
        input_types=[pa.float64()] * 2, return_type=pa.string(),
    )  # fmt: skip
    results = select(numbers, function(col("x"), col("y")))
    assert results == [f"{row}" if row in expected else None for row in NULLS]


# Constants


def test_constants_are_arguments_like_others(numbers):
    numbers.register_udf(scaled)
    for sql, expected in [
        ("SELECT scaled(x, 3) AS r FROM t", [3.0, None, 9.0]),
        ("SELECT scaled(4, 3) AS r", [12.0]),
        ("SELECT scaled(2, n) AS r FROM t", [2.0, 4.0, 6.0]),
        ("SELECT scaled(NULL, n) AS r FROM t", [None] * 3),
        ("SELECT n AS r FROM t WHERE n = scaled(1, 2)", [2]),
    ]:
        assert numbers.sql(sql).to_pydict() == {"r": expected}, sql


def test_constants_in_arrow_mode_have_the_length_of_the_columns(numbers):
    @udf(input_types=[pa.int64(), pa.int64()], return_type=pa.int64(), name="lengths")
    def lengths(a, b):
        assert len(a) == len(b)
        return [len(a) * value.as_py() for value in b]

    assert select(numbers, lengths(col("n"), lit(2))) == [6] * 3


# In SQL, without a cluster


embedded_only = pytest.mark.embedded_only(reason="a cluster carries defaults and names")


def refused(context, sql: str) -> str:
    with pytest.raises(ValueError, match=r"Error during planning|Schema error") as caught:
        context.sql(sql)
    assert context.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}
    return "\n".join(getattr(caught.value, "__notes__", []))


@embedded_only
@pytest.mark.parametrize(
    "call", ["scaled(x)", "scaled(x, 1, 2)", "scaled()", "scaled(x => x, factor => 2.0)"]
)
def test_a_call_that_the_engine_refuses_is_explained(numbers, call):
    numbers.register_udf(scaled)
    note = refused(numbers, f"SELECT {call} FROM t")
    assert "The function is scaled(x: double, factor: double = 2.0)." in note
    assert "write scaled(x, factor)" in note


@embedded_only
def test_without_defaults_the_explanation_is_the_signature(numbers):
    @udf
    def f(a: int, b: int) -> int:
        return a

    numbers.register_udf(f)
    assert refused(numbers, "SELECT f(n) FROM t") == (
        "The function is f(a: int64, b: int64)."
    )
    assert "by their place, without names" in refused(
        numbers, "SELECT f(a => n, b => n) FROM t"
    )


@embedded_only
def test_errors_about_other_things_are_left_alone(numbers):
    numbers.register_udf(scaled)
    assert refused(numbers, "SELECT nothing(x) FROM t") == ""
    assert refused(numbers, "SELECT sqrt() FROM t") == ""
    assert refused(numbers, "SELECT scaled(nowhere, 1) FROM t") == ""


@embedded_only
def test_no_arguments_are_refused_when_registered(numbers):
    @udf
    def seven() -> int:
        return 7

    assert seven() == 7
    with pytest.raises(
        UdfDefinitionError, match="without arguments is not possible here"
    ):
        numbers.register_udf(seven)


@embedded_only
def test_a_second_function_of_a_name_takes_it_over(numbers):
    numbers.register_udf(udf(lambda n: n + 1, [pa.int64()], pa.int64(), name="f"))
    numbers.register_udf(scaled.with_name("f"))
    assert numbers.sql("SELECT f(x, 10) AS r FROM t").to_pydict()["r"] == [
        10.0,
        None,
        30.0,
    ]


def test_a_keyword_may_leave_out_defaults_before_it():
    @udf
    def scaled(x: float, k: float = 2.0, plus: float = 0.5) -> float:
        return x * k + plus

    context = open_context()
    context.from_pydict({"x": [1.0, 3.0]}, name="t")
    frame = context.table("t").select(scaled(col("x"), plus=0.0).alias("r"))
    assert sorted(frame.to_pydict()["r"]) == [2.0, 6.0]
