"""The values that random columns draw from, beside what random bits give."""

from __future__ import annotations

import functools
import random

import instants
import numpy as np
import pyarrow as pa

TEXTS = [
    "", "a", "ascii", "exactly 12 b", "thirteen char", "nul\0inside", "\0",
    "žluťoučký kůň", "日本語", "🐎", "é", "e\u0301", "\u200f", "\uffff", "\U0010ffff",
    "x" * 40, "long é " * 30, "line\nbreak\ttab", "'quotes\" \\", "NULL", " ",
]  # fmt: skip
BYTES = [
    b"", b"\0", b"\xff", b"ascii", b"exactly 12 b", b"\0\xff" * 7, b"x" * 300,
    bytes(range(256)),
]  # fmt: skip
JSON = [
    "{}",
    "null",
    "[1, 2.5]",
    '{"key": "žluť", "n": [null]}',
    '""',
    "1e400",
    "not json",
]
INTERVAL = np.dtype([("months", "i4"), ("days", "i4"), ("nanoseconds", "i8")])


@functools.cache
def unscaled_decimals(type_: pa.DataType) -> np.ndarray:
    """Return the bytes of 500 decimals of a type, of all lengths up to its precision."""
    source = random.Random(type_.precision)
    numbers = decimal_extremes(type_)
    for _ in range(500):
        digits = source.randint(1, type_.precision)
        numbers.append(source.choice((-1, 1)) * source.randrange(10**digits))
    return _decimal_bytes(type_, numbers)


def decimal_extremes(type_: pa.DataType) -> list[int]:
    """Return the unscaled numbers at a decimal type's ends."""
    most = 10**type_.precision - 1
    return [0, 1, -1, most, -most, most // 10, 10 ** (type_.precision - 1)]


def _decimal_bytes(type_: pa.DataType, numbers: list[int]) -> np.ndarray:
    width = type_.bit_width // 8
    data = b"".join(n.to_bytes(width, "little", signed=True) for n in numbers)
    return np.frombuffer(data, f"V{width}")


@functools.cache
def extremes(type_: pa.DataType, dtype: np.dtype) -> np.ndarray:
    """Return the extreme values of a type whose values have one width."""
    if pa.types.is_integer(type_):
        info = np.iinfo(dtype)
        return np.array([info.min, info.max, 0, 1, info.max - 1], dtype)
    if pa.types.is_floating(type_):
        info = np.finfo(dtype)
        special = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0]
        ends = [info.max, info.min, info.tiny, info.smallest_subnormal, info.eps]
        return np.array([*special, *ends, -info.smallest_subnormal], dtype)
    if pa.types.is_decimal(type_):
        return _decimal_bytes(type_, decimal_extremes(type_))
    if type_ == pa.month_day_nano_interval():
        low, high = -(2**31), 2**31 - 1
        rows = [(0, 0, 0), (low, low, -(2**63)), (high, high, 2**63 - 1), (1, -1, 1)]
        return np.array(rows, INTERVAL)
    return np.array(instants.extremes(type_), dtype)
