"""Every form of a function travels: what it is made of, and what it promises."""

from __future__ import annotations

import functools
import textwrap

import datafusion
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from springald import (
    BallistaSessionContext,
    Udf,
    UdfDefinitionError,
    UdfVersionMismatchError,
    _springald,
    udf,
)

from .weather import ROWS, Both

NUMBERS = ([pa.float64()], pa.float64())
OFFSET = 7.0


def uses_a_global_and_a_helper(x: float) -> float:
    return helper(x) + OFFSET


def helper(x: float) -> float:
    return -x


class Scaler:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: float) -> float:
        return x * self.factor

    def method(self, x: float) -> float:
        return x * self.factor + 1

    @staticmethod
    def static(x: float) -> float:
        return x + 2

    @classmethod
    def of_class(cls, x: float) -> float:
        return x + 3


def closure(step: float):
    def inner(x: float) -> float:
        return x + step

    return inner


def power(x: float, exponent: float) -> float:
    return x**exponent


@datafusion.udf([pa.float64()], pa.float64(), "stable", "upstream")
def decorated_upstream(column):
    return pc.add(column, 4)


FORMS = {
    "helper": uses_a_global_and_a_helper,
    "lambda": udf(lambda x: x + 1, *NUMBERS, mode="row"),
    "closure": closure(0.5),
    "partial": functools.partial(power, exponent=2.0),
    "object": Scaler(3.0),
    "method": Scaler(4.0).method,
    "static method": Scaler.static,
    "class method": Scaler.of_class,
    "builtin": udf(abs, *NUMBERS, mode="row"),
    "arrow": udf(lambda column: pc.multiply(column, 2), *NUMBERS),
    "kernel": udf(pc.negate, *NUMBERS),
    "ready": datafusion.udf(pc.negate, [pa.float64()], pa.float64(), "immutable", "n"),
    "decorated upstream": decorated_upstream,
    "from bytes": Udf.from_bytes(udf(closure(1.5)).to_bytes()),
}


@pytest.mark.parametrize("form", FORMS)
def test_functions_of_every_form(both: Both, form: str) -> None:
    both.register_udf(FORMS[form], name="f")
    assert len(both.same("SELECT f(wind) AS r FROM parts")) == ROWS


def test_functions_of_an_installed_module(both: Both) -> None:
    both.register_udf(
        udf(textwrap.dedent, [pa.string()], pa.string(), mode="row", name="dedent")
    )
    assert both.same("SELECT dedent('  a') AS r") == [{"r": "a"}]


def test_a_function_that_calls_another_udf_and_itself(
    ctx: BallistaSessionContext,
) -> None:
    @udf
    def inner(x: float) -> float:
        return x + 1

    @udf
    def outer(x: float) -> float:
        return inner(x) * 2 if x < 100 else outer(x - 100)

    ctx.register_udf(outer)
    assert ctx.sql(
        "SELECT outer(201.0) AS r".replace("outer", '"outer"')
    ).to_pydict() == {"r": [4.0]}


def test_functions_without_arguments(ctx: BallistaSessionContext) -> None:
    def answer() -> int:
        return 42

    ctx.register_udf(answer)
    ctx.register_udf(
        lambda: 7, name="seven", input_types=[], return_type=pa.int64(), mode="row"
    )
    assert ctx.sql("SELECT answer() AS a, seven() AS s").to_pydict() == {
        "a": [42],
        "s": [7],
    }
    result = ctx.sql("SELECT sum(answer()) AS s FROM parts").to_pydict()
    assert result == {"s": [42 * ROWS]}
    assert ctx.sql("SELECT date FROM parts ORDER BY answer() LIMIT 3").count() == 3


def test_a_volatile_function_without_arguments_is_called_for_each_row(
    ctx: BallistaSessionContext,
) -> None:
    def dice() -> float:
        import random

        return random.random()

    ctx.register_udf(dice, volatility="volatile")
    query = "SELECT count(DISTINCT r) AS c FROM (SELECT dice() AS r FROM parts)"
    assert ctx.sql(query).to_pydict() == {"c": [ROWS]}


@pytest.mark.parametrize("volatility", ["immutable", "stable", "volatile"])
@pytest.mark.parametrize("mode", ["row", "arrow"])
def test_every_mode_and_volatility(both: Both, mode: str, volatility: str) -> None:
    function = (lambda x: x + 1) if mode == "row" else (lambda column: pc.add(column, 1))
    both.register_udf(udf(function, *NUMBERS, name="f", mode=mode, volatility=volatility))
    both.same("SELECT f(wind) AS r, f(2.0) AS two FROM parts WHERE f(wind) > 3")


SOMETIMES = "CASE WHEN wind > 3 THEN wind END"


@pytest.mark.parametrize("null_handling", ["call", "skip"])
def test_null_handling(both: Both, null_handling: str) -> None:
    both.register_udf(
        udf(
            lambda x: -1.0 if x is None else x,
            *NUMBERS,
            name="f",
            mode="row",
            null_handling=null_handling,
        )
    )
    rows = both.same(f"SELECT f({SOMETIMES}) AS r, f(NULL) AS n FROM parts")
    expected = -1.0 if null_handling == "call" else None
    assert {row["n"] for row in rows} == {expected}
    assert expected in {row["r"] for row in rows}


def test_hints_decide_about_nulls(both: Both) -> None:
    @udf
    def joined(a: float, b: float | None) -> str | None:
        return f"{a} {b}" if a > 4 else None

    both.register_udf(joined)
    both.same(f"SELECT joined({SOMETIMES}, {SOMETIMES}) AS r FROM parts")
    both.same(f"SELECT joined(wind, {SOMETIMES}) AS r FROM parts")


TYPES = {
    pa.bool_(): "true",
    pa.int8(): "arrow_cast(-7, 'Int8')",
    pa.uint64(): "arrow_cast(7, 'UInt64')",
    pa.float32(): "arrow_cast(0.5, 'Float32')",
    pa.large_string(): "arrow_cast('größe', 'LargeUtf8')",
    pa.string_view(): "arrow_cast('longer than twelve', 'Utf8View')",
    pa.binary(): "arrow_cast('abc', 'Binary')",
    pa.date32(): "CAST('2024-02-29' AS DATE)",
    pa.timestamp("s"): "arrow_cast('2024-02-29T01:02:03', 'Timestamp(Second, None)')",
    pa.timestamp("ns", "UTC"): "arrow_cast('2024-02-29T01:02:03', "
    "'Timestamp(Nanosecond, Some(\"UTC\"))')",
}


@pytest.mark.parametrize("arrow_type", TYPES, ids=str)
@pytest.mark.parametrize("mode", ["row", "arrow"])
def test_values_of_every_type(both: Both, arrow_type: pa.DataType, mode: str) -> None:
    both.register_udf(udf(lambda v: v, [arrow_type], arrow_type, name="same", mode=mode))
    value = TYPES[arrow_type]
    (row,) = both.same(f"SELECT same({value}) AS a, {value} AS b, same(NULL) AS n")
    assert row["a"] == row["b"]
    assert row["n"] is None


def test_256_arguments(both: Both) -> None:
    function = udf(lambda *a: sum(a), [pa.float64()] * 256, pa.float64(), name="f",
                   mode="row")  # fmt: skip
    both.register_udf(function)
    (row,) = both.same(f"SELECT f({', '.join(map(str, range(256)))}) AS r")
    assert row["r"] == sum(range(256))


def test_a_promise_of_no_nulls_is_kept(both: Both) -> None:
    promised = pa.field("r", pa.float64(), nullable=False)
    both.register_udf(udf(lambda c: pc.fill_null(c, 0), [pa.float64()], promised,
                          name="f"))  # fmt: skip
    both.same(f"SELECT count(*) AS c FROM parts WHERE f({SOMETIMES}) IS NULL")


def test_a_ready_function_that_only_this_process_can_run_is_refused(
    ctx: BallistaSessionContext,
) -> None:
    from springald_ballista import _native

    native = datafusion.udf(_native.Placeholder([udf(helper, name="ours").to_bytes()]))
    with pytest.raises(UdfDefinitionError, match="ours"):
        ctx.register_udf(native)


def test_a_function_of_another_python_is_refused_where_it_would_run(
    ctx: BallistaSessionContext,
) -> None:
    from springald_ballista import _native

    mine = _springald.Definition.decode(udf(helper, name="old_one").to_bytes())
    definition = _springald.Definition.create(
        name="old_one",
        mode=int(mine.mode),
        arguments=mine.arguments,
        result=mine.result,
        volatility=int(mine.volatility),
        null_handling=int(mine.null_handling),
        python_implementation="cpython",
        python_version="3.9.1",
        cloudpickle_version=mine.cloudpickle_version,
        pyarrow_version=mine.pyarrow_version,
        requirements=[],
        source=None,
        payload=mine.payload,
        payload_reference="",
    )
    placeholder = datafusion.udf(_native.Placeholder([definition.to_bytes()]))
    datafusion.SessionContext.register_udf(ctx, placeholder)
    with pytest.raises(UdfVersionMismatchError, match=r"(?s)3\.9.*3\.1\d|3\.1\d.*3\.9"):
        ctx.sql("SELECT old_one(wind) FROM weather").collect()
