"""Every type of Arrow that Springald is tried with: one entry for each.

A type that is missing here is not proved. `tools/type_table.py` prints this list.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from random_arrays import ArrayMaker


def same(value: Any) -> Any:
    """The row function that all types are tried with."""
    return value


def as_number(value: Any) -> Any:
    """Gives a bool8 what `pyarrow.array` takes for one; it refuses a bool."""
    return None if value is None else int(value)


@dataclass(frozen=True)
class Entry:
    """A type under a short name, which tests have as their id.

    Attributes:
        through: Makes of a value of ``to_pylist`` one that ``pyarrow.array`` takes: the
            value itself, for all types but one.
    """

    name: str
    type: pa.DataType
    through: Callable[[Any], Any] = same

    def array(self, label: str, rows: int, null_share: float = 0.25) -> pa.Array:
        """Return a random array; the same for the same arguments, on any machine."""
        seed = zlib.crc32(f"{self.name} {label} {rows} {null_share}".encode())
        return ArrayMaker(seed, null_share).make(self.type, rows)

    def variants(self, rows: int) -> Iterator[tuple[str, list[pa.Array]]]:
        """Yield columns, each as its chunks, with at least `rows` rows in total."""
        part = rows // 5
        yield "full", [self.array("full", part, 0.0)]
        yield "nulls", [self.array("nulls", part)]
        longer = self.array("sliced", part + 20)
        yield "sliced", [longer.slice(13, part)]
        chunks = [self.array("chunks", part).slice(0, 0)]
        start = 0
        source = self.array("chunks", part)
        for length in (1, 7, 64, 65, 1000, 1, part):
            chunks.append(source.slice(start, length))
            start = min(start + length, part)
        yield "chunked", chunks
        few = self.array("few", 50)
        yield "few", [pa.concat_arrays([few] * (part // 50 + 1)).slice(3, part)]
        yield "empty", [self.array("empty", 0), source.slice(part // 2, 0)]
        yield "all null", [self.array("all null", 100, 1.0)]
        yield "mostly null", [self.array("mostly null", 500, 0.97)]


_KEYS = pa.dictionary(pa.int8(), pa.string())
_POINT = pa.struct([("x", pa.float64()), ("y", pa.float32())])
_RECORD = pa.struct(
    [
        pa.field("id", pa.int64(), nullable=False),
        pa.field("", pa.string()),
        pa.field("when", pa.timestamp("us")),
        pa.field("žluť", pa.decimal128(12, 3)),
    ]
)
_DEEP = pa.list_(
    pa.struct([("m", pa.map_(pa.string(), pa.list_(pa.struct([("v", pa.int32())]))))])
)
_DEEP_VIEWS = pa.struct(
    [("a", pa.large_list(pa.list_(pa.list_(pa.list_(pa.string_view())), 1)))]
)
_ENCODED = pa.struct(
    [
        ("word", _KEYS),
        ("run", pa.run_end_encoded(pa.int32(), pa.string())),
        ("id", pa.uuid()),
    ]
)

_PLAIN: list[tuple[str, pa.DataType]] = [
    ("null", pa.null()),
    ("bool", pa.bool_()),
    ("int8", pa.int8()),
    ("int16", pa.int16()),
    ("int32", pa.int32()),
    ("int64", pa.int64()),
    ("uint8", pa.uint8()),
    ("uint16", pa.uint16()),
    ("uint32", pa.uint32()),
    ("uint64", pa.uint64()),
    ("float16", pa.float16()),
    ("float32", pa.float32()),
    ("float64", pa.float64()),
    ("decimal32(9, 4)", pa.decimal32(9, 4)),
    ("decimal64(18, 0)", pa.decimal64(18, 0)),
    ("decimal128(38, 10)", pa.decimal128(38, 10)),
    ("decimal128(7, -3)", pa.decimal128(7, -3)),
    ("decimal256(76, 38)", pa.decimal256(76, 38)),
    ("date32", pa.date32()),
    ("date64", pa.date64()),
    ("time32(s)", pa.time32("s")),
    ("time32(ms)", pa.time32("ms")),
    ("time64(us)", pa.time64("us")),
    ("time64(ns)", pa.time64("ns")),
    ("timestamp(s)", pa.timestamp("s")),
    ("timestamp(ms)", pa.timestamp("ms")),
    ("timestamp(us)", pa.timestamp("us")),
    ("timestamp(ns)", pa.timestamp("ns")),
    ("timestamp(us, UTC)", pa.timestamp("us", "UTC")),
    ("timestamp(ms, +05:30)", pa.timestamp("ms", "+05:30")),
    ("timestamp(s, Asia/Kathmandu)", pa.timestamp("s", "Asia/Kathmandu")),
    ("timestamp(us, Europe/Berlin)", pa.timestamp("us", "Europe/Berlin")),
    ("timestamp(ns, America/New_York)", pa.timestamp("ns", "America/New_York")),
    ("duration(s)", pa.duration("s")),
    ("duration(ms)", pa.duration("ms")),
    ("duration(us)", pa.duration("us")),
    ("duration(ns)", pa.duration("ns")),
    ("month_day_nano_interval", pa.month_day_nano_interval()),
    ("string", pa.string()),
    ("large_string", pa.large_string()),
    ("string_view", pa.string_view()),
    ("binary", pa.binary()),
    ("large_binary", pa.large_binary()),
    ("binary_view", pa.binary_view()),
    ("binary(16)", pa.binary(16)),
    ("list(int64)", pa.list_(pa.int64())),
    ("list(string)", pa.list_(pa.string())),
    ("large_list(float64)", pa.large_list(pa.float64())),
    ("list_view(int32)", pa.list_view(pa.int32())),
    ("large_list_view(string)", pa.large_list_view(pa.string())),
    ("list(int16, 3)", pa.list_(pa.int16(), 3)),
    ("struct(x, y)", _POINT),
    ("struct(id, …)", _RECORD),
    ("map(string, int64)", pa.map_(pa.string(), pa.int64())),
    ("map(int8, list)", pa.map_(pa.int8(), pa.list_(pa.date32()))),
    ("dictionary(int8, string)", _KEYS),
    ("dictionary(int32, string)", pa.dictionary(pa.int32(), pa.string())),
    ("dictionary(uint16, int64)", pa.dictionary(pa.uint16(), pa.int64())),
    ("dictionary(int8, decimal128)", pa.dictionary(pa.int8(), pa.decimal128(9, 2))),
    ("run_end_encoded(int32, string)", pa.run_end_encoded(pa.int32(), pa.string())),
    ("run_end_encoded(int64, int64)", pa.run_end_encoded(pa.int64(), pa.int64())),
    ("uuid", pa.uuid()),
    ("json", pa.json_()),
    ("fixed_shape_tensor", pa.fixed_shape_tensor(pa.int32(), (2, 2))),
    ("list(timestamp(ns))", pa.list_(pa.timestamp("ns"))),
    ("list(bool)", pa.list_(pa.bool_())),
    ("list(dictionary)", pa.list_(_KEYS)),
    ("struct(encoded)", _ENCODED),
    ("list(list(list))", pa.list_(pa.list_(pa.list_(pa.list_(pa.list_(pa.int8())))))),
    ("deep", _DEEP),
    ("deep views", _DEEP_VIEWS),
]

ENTRIES = [
    *(Entry(name, type_) for name, type_ in _PLAIN),
    Entry("bool8", pa.bool8(), through=as_number),
]
BY_NAME = {entry.name: entry for entry in ENTRIES}
