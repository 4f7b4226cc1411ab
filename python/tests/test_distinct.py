"""Equal rows share one call of an immutable function, and the result does not show it."""

from __future__ import annotations

import bisect
import datetime
import enum
import functools
import json
import math
import operator
import random
import re
import string
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springald import BallistaSessionContext, UdfError, udf
from springald.distinct import distinct_plan

pytestmark = pytest.mark.embedded_only(
    reason="compares two ways of this process to call a function, chosen here"
)

CODES = {"a": 1, "b": 2}
PATTERN = re.compile(r"\d+")
seen: list[Any] = []
counter = 0


def weight(text: str | None) -> int | None:
    return CODES.get(text or "") if text != "b" else None


def digits(text: str) -> str:
    found = PATTERN.search(text)
    if found is None:
        raise ValueError(f"no digits in {text!r}")
    return found.group().zfill(4)


def signed(x: float) -> float:
    return math.copysign(1.0, x)


def nested(x: int, text: str) -> str:
    return f"{helper(x)}:{text.title()}:{string.digits[x % 10]}"


def helper(x: int) -> int:
    return sum(divmod(x, 7))


def too_large(x: int) -> int:
    return x << 62


def not_an_int(x: int) -> int:
    return "text" if x == 3 else x  # type: ignore[return-value]


def nothing(x: int) -> int:
    return None if x == 3 else x  # type: ignore[return-value]


Case = tuple[Callable[..., Any], list[list[Any]], list[pa.DataType] | None]
MANY = 400
WORDS = ["a", "b", None, "ü", "", "a" * 40, "x" * 7, "b"]
CASES: list[Case] = [
    (weight, [WORDS * 50], None),
    (digits, [["a1", "22b", "a1", "7"] * 100], None),
    (digits, [["a1"] * 250 + ["none"] + ["a1"] * 149], None),  # raises in row 250
    (digits, [["x1"] * 90 + ["worse"] * 2 + ["none"] * 9 + ["worse"] * 299], None),
    (signed, [[0.0, -0.0, float("nan"), -float("nan"), 1.5, None] * 70], None),
    (nested, [[1, 2, 3, None] * 100, ["ab", "cd"] * 200], None),
    (nested, [[1, 2, 300, -4] * 100, ["ab", None, "ab", "ab"] * 100], None),
    (too_large, [[0, 1] * 200], None),
    (too_large, [[0, 1] * 200 + [2] + [3] * 100], None),  # does not fit in row 400
    (not_an_int, [[1, 2] * 100 + [3, 1]], None),
    (nothing, [[1, 2] * 100 + [1, 3, 3]], None),
    (lambda b: not b, [[True, False, False] * 100], [pa.bool_()]),
    (lambda b: b[:1], [[b"ab", b"", b"cd"] * 100], [pa.binary()]),
    (lambda b: b[:1], [["ab", "", "cd"] * 100], [pa.large_string()]),
    (lambda d: d.year, [[datetime.date(2020, 1, 1), None] * 100], [pa.date32()]),
    (str.upper, [["ab", "c"] * 100], [pa.string()]),
    (lambda x: x, [[float("inf"), 1.0, -0.0, 0.0] * 50], [pa.float32()]),
    (lambda x: x + 1, [[255, 7] * 50], [pa.uint8()]),
    (lambda x: x - 1, [[2**64 - 1, 2**63] * 50], [pa.uint64()]),
]


def outcome(case: Case, distinct: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    function, columns, types = case
    monkeypatch.setenv("SPRINGALD_DISTINCT", "1" if distinct else "0")
    keywords: dict[str, Any] = {}
    if types is not None:
        keywords = {
            "input_types": types,
            "return_type": types[0] if "year" not in _names(function) else pa.int64(),
            "mode": "row",
        }
    wrapped = udf(function, name="f", **keywords)
    ctx = BallistaSessionContext()
    ctx.register_udf(wrapped)
    names = [f"c{i}" for i in range(len(columns))]
    arrays = [pa.array(v, t) for v, t in zip(columns, wrapped.input_types, strict=True)]
    ctx.register_record_batches("t", [[pa.record_batch(arrays, names=names)]])
    try:
        table = ctx.sql(f"SELECT f({', '.join(names)}) AS r FROM t").to_arrow_table()
    except UdfError as error:
        return type(error), error.row, error.arguments, str(error)
    assert (wrapped._native.describe()["repeated_rows"] > 0) == distinct
    return list(map(repr, table.column("r").to_pylist())), table.schema


def _names(function: Any) -> tuple[str, ...]:
    return getattr(getattr(function, "__code__", None), "co_names", ())


@pytest.mark.parametrize("inline", ["0", "1"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].__name__)
def test_results_and_errors_are_those_of_single_calls(
    case: Case, inline: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPRINGALD_INLINE", inline)
    assert outcome(case, True, monkeypatch) == outcome(case, False, monkeypatch)


def counting(x: int) -> int:
    seen.append(x)
    return x


def printing(x: int) -> int:
    print(x)
    return x


def counting_globally(x: int) -> int:
    global counter
    counter += 1
    return counter


def numbering() -> Callable[[int], int]:
    number = 0

    def next_number(x: int) -> int:
        nonlocal number
        number += 1
        return number

    return next_number


def through_a_helper(x: int) -> int:
    return counting(x) + 1


class CountingInt(int):
    def __add__(self, other: int) -> int:
        seen.append(other)
        return len(seen)


class CountingZone(datetime.tzinfo):
    def utcoffset(self, _: Any) -> datetime.timedelta:
        seen.append(1)
        return datetime.timedelta(minutes=len(seen))


class Busy(enum.IntFlag):
    ON = 1

    @property
    def effect(self) -> int:
        return counting(1)


class Color(enum.Enum):
    RED = "r"


SUBCLASSED = CountingInt(5)
ZONED = datetime.datetime(2000, 1, 1, tzinfo=CountingZone())


class Scaler:
    factor = 2

    def scale(self, x: int) -> int:
        return x * self.factor


SCALER = Scaler()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (counting, "it may change 'seen', a list"),
        (printing, "of 'print': it calls builtins.print"),
        (counting_globally, "it changes the global 'counter'"),
        (numbering(), "it changes the outer variable 'number'"),
        (through_a_helper, "it may change 'seen', a list"),
        (lambda x: operator.setitem(seen, 0, x), "it may change 'seen', a list"),
        (lambda x: len(operator.iadd(seen, [1])), "it may change 'seen', a list"),
        (lambda x: functools.reduce(operator.iadd, [seen, [1]]), "it may change 'seen'"),
        (lambda x: bisect.insort(seen, x), "it may change 'seen', a list"),
        (lambda x: CODES.__setitem__(x, 1), "it may change 'CODES', a dict"),
        (lambda x: CODES.__ior__({x: 1}), "it may change 'CODES', a dict"),
        (lambda x: getattr(seen, "append")(x), "it may change 'seen', a list"),  # noqa: B009
        (lambda x: operator.attrgetter("append")(seen)(x), "it may change 'seen'"),
        (lambda x: operator.methodcaller("append", 1)(seen), "it may change 'seen'"),
        (lambda x: list(map(seen.append, [x])), "it may change 'seen', a list"),
        (lambda x: SUBCLASSED + x, "it uses 'SUBCLASSED', a CountingInt"),
        (lambda x: ZONED.utcoffset(), "it uses 'ZONED', a datetime"),
        (lambda x: Busy.ON.effect, "it uses the class Busy"),
        (lambda x: random.random(), "it uses the module random"),
        (lambda x: np.random.rand(), "it uses the attribute 'random'"),
        (lambda x: time.time(), "it uses the module time"),
        (lambda x: uuid.uuid4().int, "it uses the module uuid"),
        (lambda x: datetime.datetime.now().year, "it uses the attribute 'now'"),
        (lambda x: SCALER.scale(x), "it uses 'SCALER', a Scaler"),
        (lambda x: Scaler().scale(x), "it uses the class Scaler"),
        (SCALER.scale, "it is a method"),
        (functools.lru_cache(lambda x: x), "which may keep a state"),
        (lambda x, kept=[]: len(kept), "a default value is a list"),
        (lambda x: missing, "the name 'missing', which means nothing"),  # noqa: F821
        (lambda x: setattr(math, "x", x), "of 'setattr': it calls builtins.setattr"),
        (random.random, "it calls random of a Random"),
        (time.perf_counter, "it calls time.perf_counter"),
    ],
)
def test_a_function_that_may_do_more_than_compute_is_called_for_each_row(
    function: Callable[..., Any], reason: str
) -> None:
    assert reason in distinct_plan(function)[0]


@pytest.mark.parametrize(
    "function",
    [case[0] for case in CASES]
    + [
        math.sqrt,
        len,
        lambda text: sorted(set(text))[0] + text.encode().hex(),
        lambda x: [y for y in range(x) if y % 2][-1:],
        lambda text: re.sub(r"a(.)", lambda found: found[1].upper(), text),
        lambda x: datetime.date(2020, 1, 1) + datetime.timedelta(days=x),
        lambda x: Color.RED.value if x else Color(x).name,
        lambda text: json.loads(text)["a"],
        lambda x: operator.neg(x) + np.sqrt(x),
    ],
)
def test_a_function_that_only_computes_may_share_calls(
    function: Callable[..., Any],
) -> None:
    assert distinct_plan(function)[0] == ""


def rows_called(function: Any, values: list[Any], **keywords: Any) -> int:
    """Return how many of the rows were called for."""
    wrapped = udf(function, name="f", **keywords)
    ctx = BallistaSessionContext()
    ctx.register_udf(wrapped)
    array = pa.array(values, wrapped.input_types[0])
    ctx.register_record_batches("t", [[pa.record_batch([array], names=["c"])]])
    ctx.sql("SELECT f(c) FROM t").collect()
    return len(values) - int(wrapped._native.describe()["repeated_rows"])


def test_volatility_and_a_tracer_switch_it_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = ["a", "b"] * 500
    assert rows_called(weight, values) == 2
    assert rows_called(weight, values, volatility="stable") == 1000
    assert rows_called(weight, values, volatility="volatile") == 1000
    previous = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        assert rows_called(weight, values) == 1000
    finally:
        sys.settrace(previous)
    monkeypatch.setitem(globals(), "CODES", CODES)
    assert rows_called(weight, values) == 2


def test_a_changed_helper_is_judged_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = udf(nested, name="f")
    ctx = BallistaSessionContext()
    ctx.register_udf(wrapped)
    query = "SELECT f(x % 3, 'a') AS r FROM (SELECT * FROM range(500)) AS t(x)"
    first = ctx.sql(query).to_pydict()
    calls = []
    monkeypatch.setitem(
        globals(), "helper", lambda x: calls.append(x) or sum(divmod(x, 7))
    )
    assert ctx.sql(query).to_pydict() == first
    assert len(calls) == 500


@pytest.mark.parametrize(
    ("module", "name", "function"),
    [
        (math, "floor", lambda x: math.floor(x / 2)),
        (json, "loads", lambda x: json.loads(str(x))),
        (operator, "neg", lambda x: operator.neg(x)),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_function_of_a_module_that_is_replaced_is_called(
    module: Any, name: str, function: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapped = udf(function, input_types=[pa.int64()], return_type=pa.int64(), mode="row")
    values = pa.array([1, 2, 3, 4] * 50)
    expected = [function(x) for x in values.to_pylist()]
    assert wrapped._native(values).to_pylist() == expected
    assert wrapped._native.describe()["repeated_rows"] == 196
    numbers = iter(range(1000))
    monkeypatch.setattr(module, name, lambda _: next(numbers))
    assert wrapped._native(values).to_pylist() == list(range(200))
    again = udf(function, input_types=[pa.int64()], return_type=pa.int64(), mode="row")
    assert again._native(values).to_pylist() == list(range(200, 400))


def test_different_rows_are_not_compared_for_long() -> None:
    """After batches of different values, the next ones are left out."""
    wrapped = udf(lambda x: x + 1, input_types=[pa.int64()], return_type=pa.int64(),
                  mode="row", name="f")  # fmt: skip
    function = wrapped._native
    different = pa.array(range(1000), pa.int64())
    equal = pa.array([7] * 1000, pa.int64())
    for _ in range(5):
        function(different)
    function(equal)
    assert function.describe()["repeated_rows"] == 0
    for _ in range(31):
        function(equal)
    assert function.describe()["repeated_rows"] > 0


VALUES = {
    pa.int64(): st.integers(-3, 3),
    pa.string(): st.text("aéb", max_size=3),
    pa.float64(): st.sampled_from([0.0, -0.0, 1.5, float("nan")]),
    pa.bool_(): st.booleans(),
    pa.binary(): st.binary(max_size=20),
}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_columns_any_slice(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3))
    size = data.draw(st.integers(64, 300))
    pool = [
        data.draw(st.lists(st.none() | VALUES[t], min_size=1, max_size=5)) for t in types
    ]
    picks = random.Random(data.draw(st.integers(0, 99)))
    start = data.draw(st.integers(0, 70))
    columns = [
        pa.array([picks.choice(p) for _ in range(size + start)], t)[start:]
        for p, t in zip(pool, types, strict=True)
    ]
    function = {
        1: lambda a: repr((a,)),
        2: lambda a, b: repr((a, b)),
        3: lambda a, b, c: repr((a, b, c)),
    }[len(types)]
    wrapped = udf(function, input_types=types, return_type=pa.string(), mode="row",
                  name="f", null_handling="call")  # fmt: skip
    result = wrapped._native(*columns)
    expected = [repr(row) for row in zip(*(c.to_pylist() for c in columns), strict=True)]
    assert result.to_pylist() == expected
    result.validate(full=True)
