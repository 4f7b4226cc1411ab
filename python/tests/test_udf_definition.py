"""What can be a UDF, what it is then, and what is refused."""

from __future__ import annotations

import copy
import datetime
import functools
import io
import pickle
import threading
import typing
from typing import Annotated, Any, Optional

import datafusion
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datafusion import Expr, col, lit
from datafusion.user_defined import ScalarUDF, Volatility

import springald
from springald import BallistaSessionContext, Udf, UdfDefinitionError, UdfError, udf


def add_one(values):
    return pc.add(values, 1)


def refused(message: str):
    return pytest.raises(UdfDefinitionError, match=message)


# Forms


def test_decorator_without_arguments_takes_types_from_hints():
    @udf
    def domain(email: str) -> str | None:
        return email.partition("@")[2] or None

    assert isinstance(domain, Udf)
    assert isinstance(domain, ScalarUDF)
    assert (domain.name, domain.mode) == ("domain", "row")
    assert domain.input_types == [pa.string()]
    assert domain.return_type == pa.string()
    assert (domain.volatility, domain.null_handling) == ("immutable", "skip")
    assert len(bytes.fromhex(domain.hash)) == 32


def test_decorator_with_empty_parentheses_is_the_same():
    @udf()
    def twice(x: float) -> float:
        return 2 * x

    assert twice.input_types == [pa.float64()]


def test_decorator_with_keywords():
    @udf(
        return_type=pa.int64(), input_types=[pa.int64()], name="Plus", volatility="stable"
    )
    def plus(values):
        return pc.add(values, 1)

    assert (plus.name, plus.mode, plus.volatility) == ("Plus", "arrow", "stable")
    assert plus.null_handling == "call"


@pytest.mark.parametrize(
    "make",
    [
        lambda: udf(add_one, [pa.int64()], pa.int64(), "immutable", "f"),
        lambda: udf(add_one, [pa.int64()], pa.int64(), "immutable", name="f"),
        lambda: udf(add_one, pa.int64(), pa.int64(), Volatility.Immutable, "f"),
        lambda: udf(
            add_one, pa.field("v", pa.int64()), pa.field("", pa.int64()), name="f"
        ),
        lambda: udf(add_one, (pa.int64(),), return_field=pa.int64(), name="f"),
        lambda: udf(func=add_one, input_fields=[pa.int64()], return_field=pa.int64(),
                    volatility="immutable", name="f"),
        lambda: udf([pa.int64()], pa.int64(), "immutable", "f")(add_one),
        lambda: udf([pa.int64()], pa.int64(), volatility="immutable", name="f")(add_one),
        lambda: udf(input_fields=[pa.int64()], return_field=pa.int64(),
                    volatility="immutable", name="f")(add_one),
        lambda: udf(add_one, return_type=pa.int64(), input_types=pa.int64(), name="f"),
        lambda: udf(return_type=pa.int64(), input_types=[pa.int64()], name="f")(add_one),
        lambda: udf(udf(add_one, [pa.int64()], pa.int64()), name="f"),
        lambda: udf(datafusion.udf(add_one, [pa.int64()], pa.int64(), "immutable", "f")),
        lambda: udf(datafusion.udf([pa.int64()], pa.int64(), "immutable", "f")(add_one)),
    ],
)  # fmt: skip
def test_every_form_of_upstream_and_ours_makes_the_same_function(make, ctx):
    function = make()
    assert isinstance(function, Udf)
    assert (function.name, function.mode) == ("f", "arrow")
    assert function.input_types == [pa.int64()]
    assert function.return_type == pa.int64()
    assert function.volatility == "immutable"
    result = ctx.table("people").select(function(col("n")).alias("r")).to_pydict()
    assert result == {"r": [1, 2, 3, 4, 5]}


def test_conflicting_values_are_refused_like_python_does():
    with pytest.raises(TypeError, match="more than one value for input_types"):
        udf(add_one, [pa.int64()], pa.int64(), input_types=[pa.int64()])
    with pytest.raises(TypeError, match="too many positional arguments"):
        udf(add_one, [pa.int64()], pa.int64(), "immutable", "f", "g")


class Exporter:
    """An object of another extension library."""

    def __datafusion_scalar_udf__(self):
        raise NotImplementedError("asked for the capsule")


def test_foreign_objects_are_handed_to_the_engine():
    with pytest.raises(NotImplementedError, match="asked for the capsule"):
        udf(Exporter())


# Names


class Doubler:
    def __call__(self, x: int) -> int:
        return 2 * x

    def times(self, x: int) -> int:
        return 2 * x


def CamelCase(x: int) -> int:
    return x


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (CamelCase, "camelcase"),
        (Doubler(), "doubler"),
        (Doubler().times, "times"),
        (functools.partial(CamelCase), "camelcase"),
    ],
)
def test_default_name_is_the_functions_in_lower_case(function, name):
    assert udf(function).name == name


def test_lambda_is_called_lambda():
    f = udf(lambda x: x, input_types=[pa.int64()], return_type=pa.int64())
    assert f.name == "<lambda>"


@pytest.mark.parametrize("name", ["", 7])
def test_refuses_names_that_are_no_text(name):
    with refused("name must be a string"):
        udf(CamelCase, name=name)


# Types and hints


@pytest.mark.parametrize(
    ("hint", "arrow_type", "nullable"),
    [
        (float, pa.float64(), False),
        (int, pa.int64(), False),
        (bool, pa.bool_(), False),
        (str, pa.string(), False),
        (bytes, pa.binary(), False),
        (datetime.date, pa.date32(), False),
        (datetime.datetime, pa.timestamp("us"), False),
        (float | None, pa.float64(), True),
        (Optional[int], pa.int64(), True),  # noqa: UP045
        (typing.Union[str, None], pa.string(), True),  # noqa: UP007
        (Annotated[float, pa.float32()], pa.float32(), False),
        (Annotated[int | None, pa.uint8()], pa.uint8(), True),
        (Annotated[int, pa.int16()] | None, pa.int16(), True),
        (Annotated[str, "a comment", pa.large_string()], pa.large_string(), False),
        (Annotated[datetime.datetime, pa.timestamp("ns", "UTC")],
         pa.timestamp("ns", "UTC"), False),
        (typing.NewType("Email", str), pa.string(), False),
    ],
)  # fmt: skip
def test_hints_of_python_types(hint, arrow_type, nullable):
    def f(x, y: Any = None):
        return x

    f.__annotations__ = {"x": hint, "return": hint}
    function = udf(functools.partial(f, y=1))
    assert function.input_types == [arrow_type]
    assert function.return_type == arrow_type
    assert function.mode == "row"
    assert function.null_handling == "skip"
    assert function._signature.arguments[0].nullable is nullable
    assert function._signature.result.nullable is nullable


def test_string_hints_see_globals_and_closures():
    Celsius = float

    def convert(t: "Celsius", d: "datetime.date | None") -> "float":  # noqa: UP037
        return t if d and Celsius else 0.0

    function = udf(convert)
    assert function.input_types == [pa.float64(), pa.date32()]


def test_array_hints_choose_arrow_mode():
    def concrete(x: pa.DoubleArray, s: pa.StringArray) -> pa.DoubleArray:
        return x

    def bare(x: pa.Array) -> pa.Array | pa.ChunkedArray:
        return x

    def annotated(x: Annotated[pa.Array, pa.int8()]) -> Annotated[pa.Array, pa.int8()]:
        return x

    assert udf(concrete).mode == "arrow"
    assert udf(concrete).input_types == [pa.float64(), pa.string()]
    explicit = udf(bare, input_types=[pa.int8()], return_type=pa.int8())
    assert (explicit.mode, explicit.null_handling) == ("arrow", "call")
    assert udf(annotated).return_type == pa.int8()
    with refused("'x' has no type: its hint does not say which Arrow type"):
        udf(bare)


def test_explicit_types_win_over_hints_and_hints_keep_the_mode():
    def half(x: float) -> float | None:
        return x / 2

    function = udf(half, input_types=[pa.float32()], return_type=pa.float32())
    assert (function.mode, function.null_handling) == ("row", "skip")
    assert function.input_types == [pa.float32()]
    only_result = udf(half, return_type=pa.float32())
    assert only_result.input_types == [pa.float64()]
    assert only_result.return_type == pa.float32()


def test_explicit_mode_wins_over_hints():
    def f(x: float) -> float:
        return x

    assert udf(f, mode="arrow").mode == "arrow"
    assert udf(f, mode="arrow").null_handling == "call"
    row = udf(add_one, [pa.int64()], pa.int64(), mode="row")
    assert (row.mode, row.null_handling) == ("row", "call")


def test_explicit_null_handling_wins_over_hints():
    def f(x: float, y: float | None) -> float | None:
        return x

    assert udf(f, null_handling="call").null_handling == "call"
    assert [a.nullable for a in udf(f)._signature.arguments] == [False, True]
    skip = udf(lambda x: x, [pa.int64()], pa.int64(), mode="row", null_handling="skip")
    assert [a.nullable for a in skip._signature.arguments] == [False]


def test_only_a_field_that_is_not_nullable_promises_the_engine_no_nulls():
    def f(x: float) -> float:
        return x

    assert udf(f)._signature.engine_result.nullable
    promised = pa.field("r", pa.float64(), nullable=False)
    never = udf(f, return_type=promised, null_handling="call")
    assert not never._signature.engine_result.nullable
    # A skipped row is null after all.
    assert udf(f, return_type=promised)._signature.engine_result.nullable


def test_defaults_need_not_have_a_type():
    def f(x, scale=2.0):
        return pc.multiply(x, scale)

    one = udf(f, [pa.float64()], pa.float64())
    two = udf(f, [pa.float64(), pa.float64()], pa.float64())
    assert len(one.input_types) == 1
    assert len(two.input_types) == 2


def test_star_arguments_with_explicit_types():
    def total(*values: float) -> float:
        return sum(values)

    function = udf(total, input_types=[pa.float64()] * 256)
    assert len(function.input_types) == 256
    assert (function.mode, function.null_handling) == ("row", "skip")


# Refusals


def generator(x: float):
    yield x


async def async_generator(x: float):
    yield x


class GeneratorCall:
    def __call__(self, x: float):
        yield x

    def method(self, x: float):
        yield x


@pytest.mark.parametrize(
    "function",
    [
        generator,
        async_generator,
        functools.partial(generator),
        functools.lru_cache(generator),
        GeneratorCall(),
        GeneratorCall().method,
        functools.partial(functools.partial(GeneratorCall().method)),
    ],
)
def test_refuses_generator_functions_with_the_reason(function):
    with refused("generator function cannot be a UDF, because a call of it returns a"):
        udf(function, [pa.float64()], pa.float64())


def test_refuses_functions_without_arguments_where_an_engine_has_no_row_count():
    def answer() -> float:
        return 42.0

    function = udf(answer)
    assert (function.name, function.mode, function()) == ("answer", "row", 42.0)
    again = pickle.loads(pickle.dumps(function))
    assert (again.name, again.input_types, again()) == ("answer", [], 42.0)
    reason = "'answer'.* without arguments is not possible here, because the engine does"
    for context in (BallistaSessionContext(), datafusion.SessionContext()):
        with refused(reason):
            context.register_udf(function)
        assert "answer" not in context.udfs()
    with refused(reason):
        BallistaSessionContext().register_udf(answer)
    with refused(reason):
        ScalarUDF.__call__(function)


def test_refuses_functions_without_arguments_in_arrow_mode():
    with refused("without arguments is not possible in arrow mode"):
        udf(lambda: 1, [], pa.int64())


def test_refuses_words_it_does_not_know():
    with refused("no mode 'rows': use one of 'arrow', 'row'"):
        udf(add_one, [pa.int64()], pa.int64(), mode="rows")
    with refused("no volatility 'often': use one of 'immutable'"):
        udf(add_one, [pa.int64()], pa.int64(), "often")
    with refused("no null_handling 'drop': use one of 'call', 'skip'"):
        udf(add_one, [pa.int64()], pa.int64(), mode="row", null_handling="drop")
    with refused("null_handling='skip' is for modes row, pandas and numpy"):
        udf(add_one, [pa.int64()], pa.int64(), null_handling="skip")


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (list[complex], r"'x': at \[\], the hint complex is not one of float, int"),
        (complex, "'x': the hint complex is not one of float"),
        (int | str, r"'x': the hint int \| str has more than one type"),
        (pl.Series, "'x': the hint polars.*Series is not one of"),
        (None, "'x': the hint None says that there is no value"),
        ("no_such_name", "'x': the hint 'no_such_name' cannot be evaluated"),
    ],
)
def test_refuses_hints_it_cannot_use_by_parameter(hint, message):
    def f(x) -> float:
        return x

    f.__annotations__["x"] = hint
    with refused(f"UDF 'f': Parameter {message}"):
        udf(f)
    with refused("pass mode='arrow' or mode='row'"):
        udf(f, [pa.int64()], pa.float64())
    assert udf(f, [pa.int64()], pa.float64(), mode="row").mode == "row"


def test_refuses_missing_types_by_parameter():
    with refused("Parameter 'values' has no type: it has no hint"):
        udf(add_one)
    with refused("The result has no type: it has no hint.*return_type=pa.float64"):
        udf(add_one, input_types=[pa.int64()])

    def half_hinted(x: float, y) -> float:
        return x

    with refused("UDF 'half_hinted': Parameter 'y' has no type"):
        udf(half_hinted)
    with refused("number of arguments is not known"):
        udf(lambda *values: values[0], return_type=pa.int64())
    with refused("The result has no type"):
        udf(lambda x: x, input_types=[pa.int64()], mode="arrow")


def test_refuses_hints_that_mix_columns_and_values():
    def f(x: pa.DoubleArray, y: float) -> float:
        return y

    with refused("mix columns and single values.*: Parameter 'x' .* Parameter 'y'"):
        udf(f)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            "double",
            r"not an Arrow type: 'double'. Pass a pyarrow type such as pa.float64\(\)",
        ),
        ([float], r"not an Arrow type: <class 'float'>.*pa.float64\(\)"),
        ([bool], r"pa.bool_?\(\)"),
        ([None], "not an Arrow type: None"),
        (7, "not an Arrow type: 7"),
        ([np.dtype("f8")], "not an Arrow type"),
    ],
)
def test_refuses_types_that_are_not_arrow_types(bad, message):
    with refused(message):
        udf(add_one, bad, pa.int64())
    with refused("not an Arrow type"):
        udf(add_one, [pa.int64()], "double")


def test_refuses_a_wrong_number_of_types_naming_both():
    def f(a, b, c=0):
        return a

    with refused(r"1 types, 3 parameters \(a, b, c\)"):
        udf(f, [pa.int64()], pa.int64())
    with refused("4 types, 3 parameters"):
        udf(f, [pa.int64()] * 4, pa.int64())


def test_refuses_required_keyword_only_parameters():
    def f(a, *, unit):
        return a

    with refused("'unit' can be given by keyword only"):
        udf(f, [pa.int64()], pa.int64())


def test_refuses_what_is_not_callable():
    with refused("not callable: 5"):
        udf([pa.int64()], pa.int64(), "immutable")(5)


UNION = pa.sparse_union([pa.field("a", pa.int64()), pa.field("b", pa.string())])


@pytest.mark.parametrize(
    ("arrow_type", "inside"),
    [
        (UNION, "sparse_union"),
        (pa.list_(UNION), "sparse_union"),
        (pa.struct([("a", pa.map_(pa.string(), UNION))]), "sparse_union"),
    ],
)
def test_row_mode_refuses_unsupported_types_by_name(arrow_type, inside):
    def f(x):
        return x

    with refused("argument 'x'") as caught:
        udf(f, input_types=[arrow_type], return_type=pa.int64(), mode="row")
    assert inside in str(caught.value)
    with refused("the result") as caught:
        udf(f, input_types=[pa.int64()], return_type=arrow_type, mode="row")
    assert inside in str(caught.value)
    assert udf(f, input_types=[arrow_type], return_type=arrow_type).mode == "arrow"


EITHER = pa.dense_union([pa.field("a", pa.int8()), pa.field("b", pa.string())])


@pytest.mark.parametrize(
    "arrow_type",
    [EITHER, pa.list_(EITHER), pa.struct([("a", pa.map_(pa.string(), EITHER))])],
)
def test_refuses_unsupported_arrow_types_by_name(arrow_type):
    def f(x):
        return x

    with refused("the result has the type") as caught:
        udf(f, [pa.int64()], arrow_type, mode="row")
    assert str(arrow_type) in str(caught.value)
    assert str(EITHER) in str(caught.value)
    assert 'use mode="arrow"' in str(caught.value)


@pytest.mark.parametrize(
    "arrow_type",
    [EITHER, pa.list_(EITHER), pa.null(), pa.list_(pa.int64()), pa.decimal256(50, 2),
     pa.struct([("a", pa.int8())]), pa.time32("s"), pa.dictionary(pa.int8(), pa.string()),
     pa.run_end_encoded(pa.int16(), pa.string()), pa.month_day_nano_interval(),
     pa.uuid(), pa.list_(pa.uuid())],
)  # fmt: skip
def test_arrow_mode_takes_every_arrow_type(arrow_type):
    function = udf(lambda x: x, [arrow_type], arrow_type)
    assert function.input_types == [arrow_type]
    assert function.return_type == arrow_type


def test_definition_error_is_a_type_error_and_names_the_function():
    with pytest.raises(TypeError) as caught:
        udf(generator)
    assert isinstance(caught.value, UdfError)
    assert caught.value.udf_name == "generator"
    assert str(caught.value).startswith("UDF 'generator': ")


# Calling


@udf
def scaled(x: float, factor: float = 10.0) -> float:
    """Multiply."""
    return x * factor


def test_without_expressions_it_is_the_plain_function():
    assert scaled(2.0) == 20.0
    assert scaled(2.0, factor=3.0) == 6.0
    assert scaled.__wrapped__(1.0) == 10.0
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Multiply."
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        scaled()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: scaled(col("n")), [0.0, 10.0, 20.0, 30.0, 40.0]),
        (lambda: scaled(col("n"), 2), [0.0, 2.0, 4.0, 6.0, 8.0]),
        (lambda: scaled(factor=lit(2.0), x=col("n")), [0.0, 2.0, 4.0, 6.0, 8.0]),
        (lambda: scaled(1.5, factor=col("n")), [0.0, 1.5, 3.0, 4.5, 6.0]),
        (lambda: scaled(pa.scalar(2.0), col("n")), [0.0, 2.0, 4.0, 6.0, 8.0]),
        (lambda: scaled(None, col("n")), [None] * 5),
    ],
)
def test_expressions_take_keywords_defaults_and_plain_values(ctx, call, expected):
    expression = call()
    assert isinstance(expression, Expr)
    assert ctx.table("people").select(expression.alias("r")).to_pydict() == {
        "r": expected
    }


def test_a_wrong_call_is_a_type_error():
    with pytest.raises(TypeError, match="unexpected keyword argument 'scale'"):
        scaled(col("n"), scale=2)
    with pytest.raises(TypeError, match="too many positional arguments"):
        scaled(col("n"), 1, 2)


# Bytes


def test_bytes_bring_the_function_back(ctx):
    factor = 3

    def times(x: int) -> int:
        return x * factor

    original = udf(times)
    data = original.to_bytes()
    assert original.to_bytes() is data or original.to_bytes() == data
    back = Udf.from_bytes(data)
    assert (back.name, back.mode, back.null_handling) == ("times", "row", "skip")
    assert back.input_types == [pa.int64()]
    assert back.hash == Udf.from_bytes(data).hash
    ctx.register_udf(back)
    assert ctx.sql("SELECT times(n) AS r FROM people").to_pydict() == {
        "r": [0, 3, 6, 9, 12]
    }
    assert back(5) == 15
    assert back(x=5) == 15
    assert ctx.table("people").select(back(x=col("n")).alias("r")).count() == 5


@pytest.mark.embedded_only(reason="counts the loads of this process")
def test_equal_bytes_are_loaded_once(ctx):
    data = udf(CamelCase).to_bytes()
    first, second = Udf.from_bytes(data), Udf.from_bytes(data)
    for function in (first, second):
        ctx.register_udf(function)
        ctx.sql("SELECT camelcase(n) FROM people").collect()
    assert second.metrics().loads == 1
    assert second.metrics().rows == 10


def test_pickle_goes_through_the_bytes():
    back = pickle.loads(pickle.dumps(scaled))
    assert back.name == "scaled"
    assert back(2.0) == 20.0
    assert copy.deepcopy(scaled) is scaled
    assert copy.copy(scaled) is scaled


@udf
def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial(n - 1)


def test_a_function_that_calls_itself_can_be_pickled():
    assert pickle.loads(pickle.dumps(factorial))(5) == 120


def test_expressions_with_our_functions_can_leave_the_process(ctx):
    data = scaled(col("n"), 2.0).to_bytes(ctx)
    expression = Expr.from_bytes(data, ctx)
    result = ctx.table("people").select(expression.alias("r")).to_pydict()
    assert result == {"r": [0.0, 2.0, 4.0, 6.0, 8.0]}


def test_unpicklable_function_names_the_variable_and_the_reason():
    lock = threading.Lock()

    def locked(x: int) -> int:
        with lock:
            return x

    with refused("UDF 'locked': The variable 'lock' cannot be pickled .*lock") as caught:
        udf(locked).to_bytes()
    assert isinstance(caught.value.__cause__, TypeError)
    with refused("The bound argument 'guard' cannot be pickled"):
        udf(functools.partial(lambda x, guard=None: x, guard=lock), [pa.int64()],
            pa.int64()).to_bytes()  # fmt: skip
    with refused("The default value 0 cannot be pickled"):
        udf(lambda x, guard=lock: x, [pa.int64()], pa.int64()).to_bytes()


def test_damaged_bytes_are_refused():
    data = bytearray(udf(CamelCase).to_bytes())
    for damaged in (b"", b"no definition", bytes(data[: len(data) // 2])):
        with pytest.raises(UdfDefinitionError) as caught:
            Udf.from_bytes(damaged)
        assert str(caught.value)


def test_definition_carries_source_and_requirements():
    from springald import _springald

    definition = _springald.Definition.decode(
        udf(add_one, [pa.int64()], pa.int64()).to_bytes()
    )
    assert ("pyarrow", pa.__version__) in [tuple(r) for r in definition.requirements]
    file_name, first_line, text = definition.source
    assert file_name == __file__
    assert text.startswith("def add_one(values):")
    assert first_line == add_one.__code__.co_firstlineno
    assert definition.pyarrow_version == pa.__version__


# Documentation


def test_help_answers_a_newcomer():
    text = io.StringIO()
    import pydoc

    pydoc.Helper(output=text).help(springald.udf)
    for piece in (
        "BallistaSessionContext()",
        "register_udf",
        "input_types",
        "float | None",
        "UdfDefinitionError",
        "null_handling",
        "microseconds",
    ):
        assert piece in text.getvalue()


def test_everything_public_has_a_docstring():
    for name in springald.__all__:
        thing = getattr(springald, name)
        assert thing.__doc__, name
        for attribute, value in vars(thing).items() if isinstance(thing, type) else ():
            if callable(value) and not attribute.startswith("_"):
                assert value.__doc__, f"{name}.{attribute}"
