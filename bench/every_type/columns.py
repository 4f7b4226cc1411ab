"""One column of plausible values for every Arrow type that row mode takes."""

from __future__ import annotations

import datetime
import decimal
import random
import string
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["COLUMNS", "Column", "column_of"]

_SEED = 20261123
_NULL_SHARE = 0.1
_DAY_S = 86_400
_EPOCH = datetime.datetime(1970, 1, 1)

Draw = Callable[[random.Random], Any]


@dataclass(frozen=True)
class Column:
    """A type and how one of its values is drawn.

    Attributes:
        draw: Makes a value that ``pa.array`` takes for `source`.
        source: What the values are made an array of first, where ``pa.array`` does not
            make `type` itself; it is cast.
    """

    type: pa.DataType
    draw: Draw
    source: pa.DataType | None = None
    comes_back: bool = True

    def array(self, num_rows: int) -> pa.Array:
        """Return `num_rows` values, a tenth of them null, the same ones each time."""
        chance = random.Random(_SEED)
        values = [
            None if chance.random() < _NULL_SHARE else self.draw(chance)
            for _ in range(num_rows)
        ]
        if pa.types.is_run_end_encoded(self.type):
            plain = pa.array(values, type=self.source)
            return pc.run_end_encode(plain, run_end_type=self.type.run_end_type)
        if self.source is None:
            return pa.array(values, type=self.type)
        return pa.array(values, type=self.source).cast(self.type)


def _nothing(chance: random.Random) -> None:
    return None


def _int(bits: int, *, signed: bool = True) -> Draw:
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    return lambda chance: chance.randint(low, high)


def _float(chance: random.Random) -> float:
    return chance.uniform(-1000, 1000)


def _half(chance: random.Random) -> np.float16:
    return np.float16(chance.uniform(-1000, 1000))


def _text(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_letters, k=chance.randint(0, 24)))


def _bytes(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(0, 24))


def _decimal(digits: int, scale: int) -> Draw:
    return lambda chance: decimal.Decimal(
        chance.randint(-(10**digits), 10**digits)
    ).scaleb(-scale, decimal.Context(prec=80))


def _instant(step_us: int = 1) -> Draw:
    def draw(chance: random.Random) -> datetime.datetime:
        micros = chance.randint(-2 * 10**15, 2 * 10**15)
        return _EPOCH + datetime.timedelta(microseconds=micros - micros % step_us)

    return draw


def _date(chance: random.Random) -> datetime.date:
    return datetime.date.fromordinal(chance.randint(700_000, 760_000))


def _time(step_us: int = 1) -> Draw:
    def draw(chance: random.Random) -> datetime.time:
        micros = chance.randrange(_DAY_S * 10**6)
        return (
            _EPOCH + datetime.timedelta(microseconds=micros - micros % step_us)
        ).time()

    return draw


def _duration(step_us: int = 1) -> Draw:
    def draw(chance: random.Random) -> datetime.timedelta:
        micros = chance.randint(-(10**14), 10**14)
        return datetime.timedelta(microseconds=micros - micros % step_us)

    return draw


def _interval(chance: random.Random) -> pa.MonthDayNano:
    return pa.MonthDayNano(
        [chance.randint(-99, 99), chance.randint(-99, 99), chance.randint(0, 10**12)]
    )


def _list(item: Draw, length: int | None = None) -> Draw:
    def draw(chance: random.Random) -> list[Any]:
        count = chance.randint(0, 6) if length is None else length
        return [item(chance) for _ in range(count)]

    return draw


def _struct(chance: random.Random) -> dict[str, Any]:
    return {"id": _int(32)(chance), "name": _text(chance), "score": _float(chance)}


def _map(chance: random.Random) -> list[tuple[str, int]]:
    return [(f"key {i}", _int(32)(chance)) for i in range(chance.randint(0, 4))]


def _category(chance: random.Random) -> str:
    return f"category {chance.randint(1, 40)}"


def _uuid(chance: random.Random) -> bytes:
    return uuid.UUID(int=chance.getrandbits(128)).bytes


_RECORD = pa.struct([("id", pa.int64()), ("name", pa.string()), ("score", pa.float64())])
_SECOND, _MILLI = 10**6, 10**3

COLUMNS: Mapping[str, Column] = {
    "null": Column(pa.null(), _nothing),
    "bool": Column(pa.bool_(), lambda chance: chance.random() < 0.5),
    "int8": Column(pa.int8(), _int(8)),
    "int16": Column(pa.int16(), _int(16)),
    "int32": Column(pa.int32(), _int(32)),
    "int64": Column(pa.int64(), _int(64)),
    "uint8": Column(pa.uint8(), _int(8, signed=False)),
    "uint16": Column(pa.uint16(), _int(16, signed=False)),
    "uint32": Column(pa.uint32(), _int(32, signed=False)),
    "uint64": Column(pa.uint64(), _int(64, signed=False)),
    "float16": Column(pa.float16(), _half),
    "float32": Column(pa.float32(), _float),
    "float64": Column(pa.float64(), _float),
    "decimal32(9, 2)": Column(pa.decimal32(9, 2), _decimal(7, 2)),
    "decimal64(18, 4)": Column(pa.decimal64(18, 4), _decimal(12, 4)),
    "decimal128(38, 10)": Column(pa.decimal128(38, 10), _decimal(20, 10)),
    "decimal256(76, 20)": Column(pa.decimal256(76, 20), _decimal(40, 20)),
    "date32": Column(pa.date32(), _date),
    "date64": Column(pa.date64(), _date),
    "time32[s]": Column(pa.time32("s"), _time(_SECOND)),
    "time32[ms]": Column(pa.time32("ms"), _time(_MILLI)),
    "time64[us]": Column(pa.time64("us"), _time()),
    "time64[ns]": Column(pa.time64("ns"), _time()),
    "timestamp[s]": Column(pa.timestamp("s"), _instant(_SECOND)),
    "timestamp[ms]": Column(pa.timestamp("ms"), _instant(_MILLI)),
    "timestamp[us]": Column(pa.timestamp("us"), _instant()),
    "timestamp[ns]": Column(pa.timestamp("ns"), _instant()),
    "timestamp[us, UTC]": Column(pa.timestamp("us", "UTC"), _instant()),
    "timestamp[us, +05:30]": Column(pa.timestamp("us", "+05:30"), _instant()),
    "timestamp[us, Berlin]": Column(pa.timestamp("us", "Europe/Berlin"), _instant()),
    "duration[s]": Column(pa.duration("s"), _duration(_SECOND)),
    "duration[ms]": Column(pa.duration("ms"), _duration(_MILLI)),
    "duration[us]": Column(pa.duration("us"), _duration()),
    "duration[ns]": Column(pa.duration("ns"), _duration()),
    "month_day_nano_interval": Column(pa.month_day_nano_interval(), _interval),
    "string": Column(pa.string(), _text),
    "large_string": Column(pa.large_string(), _text),
    "string_view": Column(pa.string_view(), _text),
    "binary": Column(pa.binary(), _bytes),
    "large_binary": Column(pa.large_binary(), _bytes),
    "binary_view": Column(pa.binary_view(), _bytes),
    "fixed_size_binary": Column(pa.binary(8), lambda chance: chance.randbytes(8)),
    "list<int64>": Column(pa.list_(pa.int64()), _list(_int(32))),
    "list<string>": Column(pa.list_(pa.string()), _list(_text)),
    "large_list<int64>": Column(pa.large_list(pa.int64()), _list(_int(32))),
    "list_view<int64>": Column(pa.list_view(pa.int64()), _list(_int(32))),
    "large_list_view<int64>": Column(pa.large_list_view(pa.int64()), _list(_int(32))),
    "fixed_size_list<float64>[4]": Column(
        pa.list_(pa.float64(), 4), _list(_float, length=4)
    ),
    "struct": Column(_RECORD, _struct),
    "map<string, int64>": Column(pa.map_(pa.string(), pa.int64()), _map),
    "dictionary<string>": Column(
        pa.dictionary(pa.int32(), pa.string()), _category, source=pa.string()
    ),
    "dictionary<int64>": Column(pa.dictionary(pa.int8(), pa.int64()), _int(6)),
    "run_end_encoded<string>": Column(
        pa.run_end_encoded(pa.int32(), pa.string()), _category, source=pa.string()
    ),
    "uuid": Column(pa.uuid(), _uuid),
    "json": Column(pa.json_(), lambda chance: f'{{"id": {chance.randint(1, 99)}}}'),
    "bool8": Column(
        pa.bool8(),
        lambda chance: chance.randint(0, 1),
        source=pa.int8(),
        comes_back=False,
    ),
    "fixed_shape_tensor": Column(
        pa.fixed_shape_tensor(pa.float32(), [4]),
        _list(_float, length=4),
        source=pa.list_(pa.float32(), 4),
    ),
    "list<struct>": Column(pa.list_(_RECORD), _list(_struct)),
    "struct<list, map>": Column(
        pa.struct(
            [("items", pa.list_(pa.int64())), ("tags", pa.map_(pa.string(), pa.int64()))]
        ),
        lambda chance: {"items": _list(_int(32))(chance), "tags": _map(chance)},
    ),
}


def column_of(name: str) -> Column:
    """Return the column of that name; ValueError, with the names, where there is none."""
    if name not in COLUMNS:
        raise ValueError(f"There is no type {name!r}: use one of {', '.join(COLUMNS)}")
    return COLUMNS[name]
