"""What hypothesis draws: types to depth 5, and values that may or may not fit."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import os
import uuid
import zoneinfo
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# `make soak` sets it: how many examples each test tries, with another seed each time.
SOAK_EXAMPLES = int(os.environ.get("SPRINGALD_SOAK_EXAMPLES", "0"))
EXAMPLES = 500
EXAMPLES_IN_QUERIES = 40
MAX_DEPTH = 5


def proof(examples: int) -> settings:
    """Return settings with which a test is the same in each run, but for a soak."""
    return settings(
        max_examples=SOAK_EXAMPLES or examples,
        derandomize=not SOAK_EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


_WIDTHS = {
    pa.int8(): (-(2**7), 2**7 - 1),
    pa.int16(): (-(2**15), 2**15 - 1),
    pa.int32(): (-(2**31), 2**31 - 1),
    pa.int64(): (-(2**63), 2**63 - 1),
    pa.uint8(): (0, 2**8 - 1),
    pa.uint32(): (0, 2**32 - 1),
    pa.uint64(): (0, 2**64 - 1),
}
_MOMENTS = st.datetimes(datetime.datetime(1800, 1, 1), datetime.datetime(2200, 1, 1))
_ZONES = {
    "UTC": datetime.UTC,
    "America/New_York": zoneinfo.ZoneInfo("America/New_York"),
}
_DELTAS = st.timedeltas(
    datetime.timedelta(days=-100_000), datetime.timedelta(days=100_000)
)
_TEXTS = st.text(max_size=20)
_BYTES = st.binary(max_size=20)
_INTERVALS = st.builds(
    lambda *parts: pa.MonthDayNano(parts),
    st.integers(-100, 100),
    st.integers(-100, 100),
    st.integers(-(10**15), 10**15),
)


def _decimals(type_: pa.DataType) -> st.SearchStrategy[Any]:
    most = 10**type_.precision - 1
    return st.integers(-most, most).map(
        lambda n: decimal.Decimal((n < 0, [int(c) for c in str(abs(n))], -type_.scale))
    )


_LEAVES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.null(): st.none(),
    pa.bool_(): st.booleans(),
    **{type_: st.integers(*ends) for type_, ends in _WIDTHS.items()},
    pa.float16(): st.floats(width=16),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.decimal32(7, 2): _decimals(pa.decimal32(7, 2)),
    pa.decimal128(38, 9): _decimals(pa.decimal128(38, 9)),
    pa.decimal256(60, -2): _decimals(pa.decimal256(60, -2)),
    pa.date32(): st.dates(),
    pa.date64(): st.dates(),
    pa.time32("ms"): st.times(),
    pa.time64("ns"): st.times(),
    pa.timestamp("s"): _MOMENTS,
    pa.timestamp("us"): _MOMENTS,
    pa.timestamp("ns"): _MOMENTS,
    **{
        pa.timestamp(unit, zone): _MOMENTS.map(lambda m, z=info: m.replace(tzinfo=z))
        for (zone, info), unit in zip(_ZONES.items(), ("us", "ns"), strict=True)
    },
    pa.duration("s"): _DELTAS,
    pa.duration("ns"): _DELTAS,
    pa.month_day_nano_interval(): _INTERVALS,
    pa.string(): _TEXTS,
    pa.large_string(): _TEXTS,
    pa.string_view(): _TEXTS,
    pa.binary(): _BYTES,
    pa.binary_view(): _BYTES,
    pa.binary(3): st.binary(min_size=3, max_size=3),
}
# Those that pyarrow makes only where nothing is around them.
_OUTER: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.uuid(): st.uuids(),
    pa.json_(): _TEXTS,
    pa.run_end_encoded(pa.int32(), pa.string()): _TEXTS,
    pa.run_end_encoded(pa.int16(), pa.int64()): st.integers(0, 3),
}
_HASHED = (pa.string(), pa.int64(), pa.float64(), pa.date32(), pa.binary())

_INNER = [*_LEAVES, *(pa.dictionary(pa.int16(), type_) for type_ in _HASHED)]
_NAMES = ("a", "b", "", "žluť")


@st.composite
def types(draw: st.DrawFn) -> pa.DataType:
    """Draw a type of up to MAX_DEPTH levels; the simplest is one level of numbers."""
    depth = draw(st.integers(1, MAX_DEPTH))
    if depth == 1:
        return draw(st.sampled_from([*_INNER, *_OUTER]))
    return _nested(draw, depth)


def _nested(draw: st.DrawFn, depth: int) -> pa.DataType:
    if depth == 1:
        return draw(st.sampled_from(_INNER))
    inside = _nested(draw, depth - 1)
    kind = draw(st.sampled_from(_KINDS))
    if kind is pa.struct:
        count = draw(st.integers(0, 2))
        others = [_nested(draw, 1) for _ in range(count)]
        return pa.struct(list(zip(_NAMES, [inside, *others], strict=False)))
    if kind is pa.map_:
        return pa.map_(draw(st.sampled_from([pa.string(), pa.int16()])), inside)
    if kind is _fixed_size_list:
        return _fixed_size_list(inside, draw(st.integers(1, 3)))
    return kind(inside)


def _fixed_size_list(type_: pa.DataType, size: int) -> pa.DataType:
    return pa.list_(type_, size)


_KINDS = (
    pa.list_,
    pa.struct,
    pa.map_,
    pa.large_list,
    pa.list_view,
    pa.large_list_view,
    _fixed_size_list,
)


@dataclasses.dataclass(frozen=True)
class Odd:
    """A value of a class that no type is made for."""

    number: int


# What a function may return by mistake, inside of a value or in place of it.
MISTAKES = st.sampled_from(
    [
        Odd(1), "text", b"\xff", "\ud800", 2**70, 300, -1, 1.5, float("nan"), True,
        [1, "a"], (), {}, {"a": 1}, {1: 2}, [("a", 1)], object,
        datetime.date(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
        datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), datetime.time(1, 2, 3, 4),
        datetime.timedelta.max, decimal.Decimal("1.23456789"), decimal.Decimal("NaN"),
        uuid.UUID(int=1),
    ]
)  # fmt: skip


@st.composite
def columns(draw: st.DrawFn, type_: pa.DataType, *, mistakes: bool) -> list[Any]:
    """Draw up to 8 values of `type_`, some of them None.

    Args:
        mistakes: Whether a part of a value, at any depth, may be one that does not fit.
    """
    count = draw(st.integers(0, 8))
    return [_value(draw, type_, mistakes) for _ in range(count)]


def _value(draw: st.DrawFn, type_: pa.DataType, mistakes: bool) -> Any:
    if draw(_ONE_IN_TEN):
        return None
    return _not_none(draw, type_, mistakes)


def _not_none(draw: st.DrawFn, type_: pa.DataType, mistakes: bool) -> Any:
    if mistakes and draw(_ONE_IN_TEN):
        return draw(MISTAKES)
    for known in (_LEAVES, _OUTER):
        if type_ in known:
            return draw(known[type_])
    if pa.types.is_dictionary(type_):
        return draw(_LEAVES[type_.value_type])
    if pa.types.is_struct(type_):
        return {
            field.name: _value(draw, field.type, mistakes)
            for field in type_
            if not draw(_ONE_IN_TEN)
        }
    if pa.types.is_map(type_):
        # An entry is a pair, whatever is in it: None for one ends pyarrow's process.
        return [
            (
                _not_none(draw, type_.key_type, mistakes),
                _value(draw, type_.item_type, mistakes),
            )
            for _ in range(draw(_LENGTHS))
        ]
    fixed = pa.types.is_fixed_size_list(type_)
    length = type_.list_size if fixed else draw(_LENGTHS)
    return [_value(draw, type_.value_type, mistakes) for _ in range(length)]


# The simplest is False.
_ONE_IN_TEN = st.integers(0, 9).map(lambda number: number == 9)
_LENGTHS = st.integers(0, 3)
