"""Constants and missing arguments: one value for all rows, or one call for all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from springald import BallistaSessionContext, UdfExecutionError, udf

from .call_log import CallLog
from .weather import ROWS, Both


def test_each_row_gets_the_one_object(ctx: BallistaSessionContext) -> None:
    @udf(volatility="volatile")
    def seen(wind: float, text: str) -> int:
        return id(text)

    ctx.register_udf(seen)
    query = (
        "SELECT count(DISTINCT i) AS c FROM (SELECT seen(wind, 'abc') AS i FROM weather)"
    )
    (row,) = ctx.sql(query).to_pylist()
    # One object for each batch, of which 1461 rows of a file of one partition make one.
    assert row["c"] < 10


def test_a_row_cannot_change_the_value_of_the_next(ctx: BallistaSessionContext) -> None:
    types = [pa.float64(), pa.list_(pa.int64())]

    def popped(wind, values):  # type: ignore[no-untyped-def]
        return values.pop()

    ctx.register_udf(
        popped, input_types=types, return_type=pa.int64(), mode="row", name="popped"
    )
    query = "SELECT DISTINCT popped(wind, [1, 2]) AS r FROM parts"
    assert ctx.sql(query).to_pylist() == [{"r": 2}]


def test_modes_and_nulls(both: Both) -> None:
    @udf
    def joined(x: float, text: str | None, n: int) -> str:
        return f"{x} {text} {n}"

    @udf(input_types=[pa.float64(), pa.float64()], return_type=pa.float64())
    def added(column, constant):
        assert len(column) == len(constant)
        return pc.add(column, constant)

    for function in (joined, added):
        both.register_udf(function)
    both.same("SELECT joined(wind, 'a', 3) AS r FROM parts")
    both.same("SELECT joined(wind, NULL, 3) AS r FROM parts")
    both.same("SELECT joined(wind, 'a', NULL) AS r FROM parts")
    both.same("SELECT added(wind, 3.0) AS r, added(1.0, wind) AS s FROM parts")
    both.same("SELECT added(wind, NULL) AS r, added(1.0, 2.0) AS s FROM parts")
    both.same("SELECT joined(wind, 'a', 3) AS r FROM parts WHERE wind < -1")


@pytest.mark.parametrize("mode", ["row", "arrow"])
@pytest.mark.parametrize("volatility", ["immutable", "stable", "volatile"])
def test_a_call_of_constants_is_one_call_unless_volatile(
    ctx: BallistaSessionContext, volatility: str, mode: str
) -> None:
    ctx.register_udf(
        udf(lambda x: x, [pa.float64()], pa.float64(), volatility, "same", mode=mode)
    )
    rows = ctx.sql("SELECT same(2.5) AS r FROM parts").to_pydict()["r"]
    assert rows == [2.5] * ROWS
    computed = ctx.udf_metrics()["same"].rows
    assert computed == ROWS if volatility == "volatile" else computed < ROWS / 50


def test_an_immutable_function_without_arguments_is_called_once_a_batch(
    ctx: BallistaSessionContext, calls: CallLog
) -> None:
    def answer() -> int:
        return 42

    ctx.register_udf(answer)
    query = "SELECT date FROM parts WHERE answer() = 42"
    assert ctx.sql(query).count() == ROWS
    assert (
        ctx.sql("SELECT answer() AS a, wind FROM parts").to_pydict()["a"] == [42] * ROWS
    )
    assert ctx.sql("VALUES (answer(), 1), (2, answer())").to_pylist() == [
        {"column1": 42, "column2": 1},
        {"column1": 2, "column2": 42},
    ]


def test_constants_are_not_tried_where_there_are_no_rows(
    ctx: BallistaSessionContext,
) -> None:
    @udf
    def refuses(x: float) -> float:
        raise ValueError("called")

    ctx.register_udf(refuses)
    assert ctx.sql("SELECT refuses(1.0) AS r FROM parts WHERE wind < -1").count() == 0
    with pytest.raises(UdfExecutionError, match="called"):
        ctx.sql("SELECT refuses(1.0) AS r FROM parts").collect()


def test_an_error_shows_constants(ctx: BallistaSessionContext) -> None:
    @udf
    def fails(x: float, text: str) -> float:
        raise ValueError("never")

    ctx.register_udf(fails)
    with pytest.raises(UdfExecutionError, match="never") as raised:
        ctx.sql("SELECT fails(temp_max, 'abc') FROM weather").collect()
    assert "'abc'" in str(raised.value.arguments)
