"""Row functions that are one expression run as one loop, and nobody can tell."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from springald import BallistaSessionContext, UdfError, udf
from springald.inlining import batch_form

pytestmark = pytest.mark.embedded_only(
    reason="compares two ways of this process to call a function, chosen here"
)

FACTOR = 3
NAMES = {1: "one"}
batch = 5  # names that the generated code has, too
rows = 7


def documented(c: float) -> float:
    """Has a docstring, which is no part of the body."""
    return c * 9 / 5 + 32


def shout(text: str, times: int | None) -> str:
    return f"{text.upper():>8}|{times!r}" if times is not None else text.strip()


def divide(a: int, b: int) -> float:
    return a / b


def outer(x: int) -> int:
    return x * FACTOR + batch - rows


def builtin(x: int, y: int) -> float:
    return round(max(abs(x), y) / 7, 2) + math.sqrt(abs(y)) + len(str(x)) * math.pi


def second(x: int, y: str, z: float) -> str:
    return y.upper()


def between(x: int, y: str, z: int) -> int:
    return z - x


def table(x: int) -> str:
    return NAMES[x]


def effect(x: int) -> int:
    return print(x) or x


def bits(x: int) -> int:
    return -x if x % 2 else x << 40


INTS: list[int | None] = [0, 1, -1, 5, 256, 257, 2**31, -(2**62), None, 7] * 30
TEXTS = ["a@b", "", "é@ü", " x@y ", None, "long " * 9 + "@z"] * 20
Case = tuple[Callable[..., Any], list[pa.DataType], pa.DataType, list[list[Any]]]

CASES: list[Case] = [
    (documented, [pa.float64()], pa.float64(), [[1.5, None, -0.0, 1e308, float("inf")]]),
    (documented, [pa.float32()], pa.float32(), [[1.5, 2.5] * 100]),
    (bits, [pa.int64()], pa.int64(), [[value or 0 for value in INTS]]),
    (bits, [pa.int64()], pa.int64(), [[0, 2**40, 1]]),  # does not fit
    (lambda x: x, [pa.int32()], pa.int32(), [[1, 300, None, -5] * 50]),
    (lambda x: x, [pa.uint64()], pa.float64(), [[1, 2**64 - 1]]),  # not exact
    (lambda x: x > 3, [pa.int8()], pa.bool_(), [[1, 5, None]]),  # None > 3 raises
    (divide, [pa.int64(), pa.int64()], pa.float64(), [INTS, [1, 2, 3, 4, 5] * 60]),
    (divide, [pa.int64(), pa.int64()], pa.float64(), [[1] * 200, [1] * 150 + [0] * 50]),
    (shout, [pa.string(), pa.int64()], pa.string(), [TEXTS, [1, None, 3] * 40]),
    (lambda s: s.split("@")[1], [pa.string()], pa.string(), [TEXTS]),  # None, no "@"
    (lambda b: b[:2], [pa.binary()], pa.binary(), [[b"abc", b"", b"\xff" * 5]]),
    (lambda d: d.year * 100 + d.month, [pa.date32()], pa.int32(), [[date(2020, 2, 29)]]),
    (lambda t: t.date(), [pa.timestamp("us")], pa.date32(), [[datetime(1969, 12, 31)]]),
    (lambda x: "text", [pa.int64()], pa.int64(), [[1, 2]]),  # a wrong type
    (outer, [pa.int64()], pa.int64(), [[value or 0 for value in INTS]]),
    (builtin, [pa.int64(), pa.int64()], pa.float64(), [[1, -5, 2**62], [2, 0, -3]]),
    (builtin, [pa.int64(), pa.int64()], pa.float64(), [[1, None], [2, 0]]),
    (
        second,
        [pa.int64(), pa.string(), pa.float64()],
        pa.string(),
        [[1, None, 3] * 40, TEXTS, [0.5, None, 1.5] * 40],  # None has no upper
    ),
    (
        between,
        [pa.int64(), pa.string(), pa.int64()],
        pa.int64(),
        [INTS[:8] * 15, TEXTS, list(range(120))],
    ),
    (
        lambda t, x: x + 1,  # a value that nobody uses, and that cannot be made
        [pa.timestamp("ns"), pa.int64()],
        pa.int64(),
        [[pa.scalar(1_000_000_001, pa.timestamp("ns"))] * 2, [1, 2]],
    ),
    (lambda x: None if x < 3 else x, [pa.int64()], pa.int64(), [[1, 5]]),
]


def outcome(case: Case, inline: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    function, input_types, return_type, columns = case
    monkeypatch.setenv("SPRINGALD_INLINE", "1" if inline else "0")
    wrapped = udf(
        function, input_types=input_types, return_type=return_type, mode="row", name="f"
    )
    ctx = BallistaSessionContext()
    ctx.register_udf(wrapped)
    names = [f"c{i}" for i in range(len(columns))]
    arrays = [pa.array(v, t) for v, t in zip(columns, input_types, strict=True)]
    ctx.register_record_batches("t", [[pa.record_batch(arrays, names=names)]])
    try:
        table = ctx.sql(f"SELECT f({', '.join(names)}) AS r FROM t").to_arrow_table()
    except UdfError as error:
        return type(error), error.row, error.arguments, str(error)
    return table.column("r").to_pylist(), table.schema


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].__name__)
def test_results_and_errors_are_those_of_the_calls(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert batch_form(case[0], len(case[1])).reason == ""
    called = outcome(case, False, monkeypatch)
    assert outcome(case, True, monkeypatch) == called


def changed(x: int) -> int:
    return x + 1


changed.__code__ = (lambda x: x + 2).__code__


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (table, "it uses 'NAMES', a dict"),
        (effect, "it calls 'print'"),
        (lambda x: max(x, x, key=len), "it uses 'len'"),
        (lambda x: [x].append(x), "it uses the attribute 'append'"),
        (lambda x: missing(x), "its name 'missing' means nothing yet"),  # noqa: F821
        (lambda x: x(1)(2), "it calls the result of an expression"),
        (lambda x: (y := x) + y, "it contains a NamedExpr"),
        (lambda x: x is FACTOR, "it compares objects by `is`"),
        (lambda x: x is x, "it compares objects by `is`"),
        (lambda x, *rest: x, "it has other parameters than one for each argument"),
        (changed, "its source is not known"),
        (eval("lambda x: x + 1"), "its source is not known"),
        (len, "it is an object of the class builtin_function_or_method"),
    ],
)
def test_other_functions_are_called(function: Callable[..., Any], reason: str) -> None:
    form = batch_form(function, 1)
    assert form.function is None
    assert reason in form.reason


def adder(step: int) -> tuple[Callable[[int], int], Callable[[int], None]]:
    def add(x: int) -> int:
        return x + step

    def change(value: int) -> None:
        nonlocal step
        step = value

    return add, change


def test_an_outer_name_that_gets_another_value_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add, change = adder(2)
    size = udf(lambda x: len(x), input_types=[pa.string()], return_type=pa.int64(),
               mode="row", name="size", volatility="volatile")  # fmt: skip
    scaled = udf(outer, volatility="volatile")
    added = udf(add, volatility="volatile")
    ctx = BallistaSessionContext()
    for function in (size, scaled, added):
        ctx.register_udf(function)
        assert "inlined" in function.explain()
        assert function._native.describe()["not_inlined_reason"] is None
    query = "SELECT outer(CAST(1 AS BIGINT)), add(CAST(1 AS BIGINT)), size('abc')"

    def row() -> tuple[Any, ...]:
        (only,) = ctx.sql(query).to_pylist()
        return tuple(only.values())

    assert row() == (1, 3, 3)
    monkeypatch.setitem(globals(), "FACTOR", 10)
    change(40)
    monkeypatch.setitem(globals(), "len", lambda text: -1)
    assert row() == (8, 41, -1)


def test_warnings_come_once_and_name_the_line_of_the_function(tmp_path: Path) -> None:
    scope: dict[str, Any] = {}
    path = tmp_path / "warned.py"
    path.write_text("\n\ndef f(x): return None if 7 is None else x == 'a'\n")
    with pytest.warns(SyntaxWarning):
        exec(compile(path.read_text(), str(path), "exec"), scope)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        form = batch_form(scope["f"], 1)
    assert form.function is not None
    assert form.function.__code__.co_filename == str(path)
    whole = form.function.__code__
    # Python 3.11 runs a comprehension as a function of its own.
    codes = [whole, *(c for c in whole.co_consts if hasattr(c, "co_code"))]
    assert 3 in {line for code in codes for *_, line in code.co_lines()}


def test_two_lambdas_of_one_line_are_told_apart() -> None:
    one, two = (lambda x: x + 1), (lambda x: x + 1.0)
    values = [form.function([1]) for form in (batch_form(one, 1), batch_form(two, 1))]
    assert list(map(repr, values)) == ["[2]", "[2.0]"]


def test_a_profiler_sees_every_call() -> None:
    wrapped = udf(changed_later, name="f")
    ctx = BallistaSessionContext()
    ctx.register_udf(wrapped)
    calls = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is changed_later.__code__

    sys.setprofile(profile)
    try:
        ctx.sql("SELECT f(CAST(1 AS BIGINT))").collect()
    finally:
        sys.setprofile(None)
    assert calls >= 1


def changed_later(x: int) -> int:
    return x + 1


def test_a_function_whose_code_is_replaced_runs_the_new_code() -> None:
    def replaced(x: int) -> int:
        return x + 1

    ctx = BallistaSessionContext()
    ctx.register_udf(udf(replaced, volatility="volatile"))
    query = "SELECT replaced(CAST(1 AS BIGINT)) AS r"
    assert ctx.sql(query).to_pylist() == [{"r": 2}]
    replaced.__code__ = (lambda x: x + 10).__code__
    assert ctx.sql(query).to_pylist() == [{"r": 11}]
