"""Python values of every kind that a function may return, fit or not, by name.

Each is made anew by a call, which also lets it travel to an executor: some of them
cannot be pickled.
"""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

D = decimal.Decimal
UTC = datetime.UTC
date, time, timedelta = datetime.date, datetime.time, datetime.timedelta
datetime_ = datetime.datetime


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    HELLO = "hello"


class Text(str):
    __slots__ = ()


class Count(int):
    pass


class Share(float):
    pass


class Items(list):
    pass


class Record(dict):
    pass


class Day(date):
    pass


class Moment(datetime_):
    pass


class Exact(D):
    pass


@dataclasses.dataclass
class Point:
    x: float
    y: float


class Pair(collections.namedtuple("Pair", ["x", "y"])):
    __slots__ = ()


class LikeAnInt:
    def __index__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "LikeAnInt()"


class LikeAFloat:
    def __float__(self) -> float:
        return 7.0

    def __repr__(self) -> str:
        return "LikeAFloat()"


class Plain:
    def __repr__(self) -> str:
        return "Plain()"


NUMBERS: Mapping[str, Callable[[], Any]] = {
    "True": lambda: True,
    "False": lambda: False,
    "0": lambda: 0,
    "1": lambda: 1,
    "-1": lambda: -1,
    "300": lambda: 300,
    "2**24+1": lambda: 2**24 + 1,
    "2**31": lambda: 2**31,
    "2**53+1": lambda: 2**53 + 1,
    "2**63-1": lambda: 2**63 - 1,
    "2**63": lambda: 2**63,
    "-2**63-1": lambda: -(2**63) - 1,
    "2**64": lambda: 2**64,
    "2**1100": lambda: 2**1100,
    "0.0": lambda: 0.0,
    "-0.0": lambda: -0.0,
    "1.0": lambda: 1.0,
    "0.1": lambda: 0.1,
    "1e300": lambda: 1e300,
    "5e-324": lambda: 5e-324,
    "nan": lambda: float("nan"),
    "-inf": lambda: float("-inf"),
    "1j": lambda: 1j,
    "Decimal('1.5')": lambda: D("1.5"),
    "Decimal('1.50')": lambda: D("1.50"),
    "Decimal('-0')": lambda: D("-0"),
    "Decimal('1E+5')": lambda: D("1E+5"),
    "Decimal('1E-9')": lambda: D("1E-9"),
    "Decimal of 40 digits": lambda: D("1234567890123456789012345678901234567890"),
    "Decimal('NaN')": lambda: D("NaN"),
    "Decimal('Infinity')": lambda: D("Infinity"),
    "Fraction": lambda: fractions.Fraction(1, 2),
    "Count": lambda: Count(5),
    "Share": lambda: Share(0.5),
    "Exact": lambda: Exact("2.5"),
    "LikeAnInt": LikeAnInt,
    "LikeAFloat": LikeAFloat,
}

TEXTS: Mapping[str, Callable[[], Any]] = {
    "''": lambda: "",
    "'abc'": lambda: "abc",
    "'žluť'": lambda: "žluť",
    "'nul'": lambda: "a\0b",
    "'1'": lambda: "1",
    "'2024-01-01'": lambda: "2024-01-01",
    "'{}'": lambda: "{}",
    "long str": lambda: "long " * 20,
    "lone surrogate": lambda: "a\ud800",
    "b''": lambda: b"",
    "b'abc'": lambda: b"abc",
    "b'\\xff'": lambda: b"\xff",
    "16 bytes": lambda: b"0123456789abcdef",
    "bytearray": lambda: bytearray(b"abc"),
    "memoryview": lambda: memoryview(b"abc"),
    "array.array": lambda: array.array("b", b"abc"),
    "Text": lambda: Text("text"),
    "UUID": lambda: uuid.UUID(int=2**100 + 7),
    "str of a UUID": lambda: str(uuid.UUID(int=2**100 + 7)),
}

MOMENTS: Mapping[str, Callable[[], Any]] = {
    "date": lambda: date(2024, 2, 29),
    "date.min": lambda: date.min,
    "date.max": lambda: date.max,
    "Day": lambda: Day(2024, 2, 29),
    "midnight": lambda: datetime_(2024, 2, 29),
    "datetime": lambda: datetime_(2024, 2, 29, 23, 59, 59, 123456),
    "datetime.min": lambda: datetime_.min,
    "datetime.max": lambda: datetime_.max,
    "whole milliseconds": lambda: datetime_(1969, 12, 31, 23, 59, 59, 123000),
    "Moment": lambda: Moment(2024, 2, 29, 12),
    "in UTC": lambda: datetime_(2024, 2, 29, 12, tzinfo=UTC),
    "in a zone": lambda: datetime_(
        2024, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Asia/Kathmandu")
    ),
    "in a fold": lambda: datetime_(
        2024, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")
    ),
    "in an offset": lambda: datetime_(
        2024, 7, 1, 12, tzinfo=datetime.timezone(timedelta(hours=-3, minutes=-30))
    ),
    "time": lambda: time(23, 59, 59, 123456),
    "time(12)": lambda: time(12),
    "time in UTC": lambda: time(12, tzinfo=UTC),
    "timedelta": lambda: timedelta(days=-1, seconds=3, microseconds=7),
    "timedelta(days=1)": lambda: timedelta(days=1),
    "timedelta.max": lambda: timedelta.max,
    "MonthDayNano": lambda: pa.MonthDayNano([1, -2, 3]),
}

NESTED: Mapping[str, Callable[[], Any]] = {
    "[]": lambda: [],
    "[None]": lambda: [None],
    "[1, None]": lambda: [1, None],
    "[1, 2, 3]": lambda: [1, 2, 3],
    "[1.5]": lambda: [1.5],
    "['a', 'b']": lambda: ["a", "b"],
    "[1, 'a']": lambda: [1, "a"],
    "[[1], []]": lambda: [[1], []],
    "(1, 2)": lambda: (1, 2),
    "(1, 2, 3, 4)": lambda: (1, 2, 3, 4),
    "{1}": lambda: {1},
    "frozenset": lambda: frozenset([1]),
    "range": lambda: range(3),
    "dict keys": lambda: {1: 2}.keys(),
    "deque": lambda: collections.deque([1, 2]),
    "Items": lambda: Items([1]),
    "{}": lambda: {},
    "{'x': 1.0, 'y': 2}": lambda: {"x": 1.0, "y": 2},
    "{'x': 'a'}": lambda: {"x": "a"},
    "{'z': 1}": lambda: {"z": 1},
    "{1: 2}": lambda: {1: 2},
    "{'a': 1}": lambda: {"a": 1},
    "{'id': None}": lambda: {"id": None},
    "{'id': 1, '': 'a'}": lambda: {"id": 1, "": "a"},
    "{b'x': 1.0}": lambda: {b"x": 1.0},
    "Record": lambda: Record(x=1.0),
    "mappingproxy": lambda: MappingProxyType({"x": 1.0}),
    "[('a', 1)]": lambda: [("a", 1)],
    "[('a', 1), ('a', 2)]": lambda: [("a", 1), ("a", 2)],
    "[['a', 1]]": lambda: [["a", 1]],
    "[(None, 1)]": lambda: [(None, 1)],
    "[('x', 1.0), ('y', 2.0)]": lambda: [("x", 1.0), ("y", 2.0)],
    "[('a', 1, 2)]": lambda: [("a", 1, 2)],
    "[(1, [date])]": lambda: [(1, [date(2024, 1, 1)])],
    "Point": lambda: Point(1.0, 2.0),
    "Pair": lambda: Pair(1.0, 2.0),
}

OF_LIBRARIES: Mapping[str, Callable[[], Any]] = {
    "np.bool": lambda: np.bool_(True),
    "np.int8": lambda: np.int8(-5),
    "np.int64": lambda: np.int64(2**40),
    "np.uint8": lambda: np.uint8(200),
    "np.uint64": lambda: np.uint64(2**64 - 1),
    "np.float16": lambda: np.float16(1.5),
    "np.float32": lambda: np.float32(0.1),
    "np.float64": lambda: np.float64(0.1),
    "np.str_": lambda: np.str_("abc"),
    "np.bytes_": lambda: np.bytes_(b"abc"),
    "np.datetime64(D)": lambda: np.datetime64("2024-02-29"),
    "np.datetime64(us)": lambda: np.datetime64("2024-02-29T12:00:00.000001", "us"),
    "np.datetime64(NaT)": lambda: np.datetime64("NaT"),
    "np.timedelta64": lambda: np.timedelta64(5, "s"),
    "np.array of int": lambda: np.array([1, 2, 3]),
    "np.array of int16": lambda: np.array([1, 2, 3], np.int16),
    "np.array of float": lambda: np.array([0.5, np.nan]),
    "np.array of str": lambda: np.array(["a", "b"]),
    "np.array of objects": lambda: np.array(["a", None], dtype=object),
    "np.array 2-d": lambda: np.array([[1, 2], [3, 4]]),
    "np.array 0-d": lambda: np.array(5),
    "pd.Timestamp": lambda: pd.Timestamp("2024-02-29 12:00:00.000001"),
    "pd.Timestamp(ns)": lambda: pd.Timestamp("2024-02-29 12:00:00.000000001"),
    "pd.Timestamp in a zone": lambda: pd.Timestamp("2024-02-29 12:00", tz="Asia/Tokyo"),
    "pd.Timedelta": lambda: pd.Timedelta(seconds=5),
    "pd.NaT": lambda: pd.NaT,
    "pd.NA": lambda: pd.NA,
    "pd.Series": lambda: pd.Series([1, 2]),
    "pa.scalar(int64)": lambda: pa.scalar(5),
    "pa.scalar(string)": lambda: pa.scalar("abc"),
    "pa.scalar(None)": lambda: pa.scalar(None),
    "pa.scalar(list)": lambda: pa.scalar([1, 2]),
    "pa.array": lambda: pa.array([1, 2]),
}

OTHERS: Mapping[str, Callable[[], Any]] = {
    "None": lambda: None,
    "...": lambda: ...,
    "int": lambda: int,
    "Plain": Plain,
    "Colour": lambda: Colour.RED,
    "Level": lambda: Level.LOW,
    "Word": lambda: Word.HELLO,
}

VALUES: Mapping[str, Callable[[], Any]] = {
    **NUMBERS,
    **TEXTS,
    **MOMENTS,
    **NESTED,
    **OF_LIBRARIES,
    **OTHERS,
}
