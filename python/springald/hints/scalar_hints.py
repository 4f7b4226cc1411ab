"""Hints of single values: numbers, text, moments, decimals, UUIDs."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.hints.refused_value import refuse_argument, refuse_result
from springald.hints.shape import (
    Converter,
    HintReader,
    Plain,
    Shape,
    UnfitTypeError,
    Where,
    value_type_of,
)

__all__ = ["PYTHON_TYPES", "read_scalar"]

# The Python types that decide an Arrow type, in the order that messages list them. Their
# values are those of `to_pylist`.
PYTHON_TYPES: Mapping[type, pa.DataType] = {
    float: pa.float64(),
    int: pa.int64(),
    bool: pa.bool_(),
    str: pa.string(),
    bytes: pa.binary(),
    datetime.date: pa.date32(),
    datetime.datetime: pa.timestamp("us"),
    datetime.time: pa.time64("us"),
    datetime.timedelta: pa.duration("us"),
    decimal.Decimal: pa.decimal128(38, 18),
    pa.MonthDayNano: pa.month_day_nano_interval(),
}


def read_scalar(annotation: Any, reader: HintReader) -> Shape | None:
    """Return the shape of a class of single values, or None where it is none."""
    if annotation is uuid.UUID:
        return _Uuid()
    if isinstance(annotation, type) and annotation in PYTHON_TYPES:
        return Plain(PYTHON_TYPES[annotation])
    return None


@dataclass(frozen=True)
class _Uuid(Shape):
    """``uuid.UUID``: Arrow's own for the type uuid, made of text or of 16 bytes."""

    @property
    def type(self) -> pa.DataType:
        return pa.uuid()

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        is_text = _is_text(type_, where)
        if is_text is None:
            return None

        def convert(value: Any) -> Any:
            if value is None:
                return None
            try:
                return uuid.UUID(value) if is_text else uuid.UUID(bytes=value)
            except ValueError:
                problem = "which is no UUID: mend the column, or hint it with "
                problem += "str" if is_text else "bytes"
                raise refuse_argument(where, value, problem) from None

        return convert

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        is_text = _is_text(type_, where)
        if is_text is None:
            return None

        def convert(value: Any) -> Any:
            if value is None:
                return None
            if not isinstance(value, uuid.UUID):
                raise refuse_result(where, value, "which is not a UUID: return one")
            return str(value) if is_text else value.bytes

        return convert


def _is_text(type_: pa.DataType, where: Where) -> bool | None:
    """Return whether UUIDs are text in `type_`; None where Arrow has UUIDs itself."""
    if type_ == pa.uuid():
        return None
    inner = value_type_of(type_)
    if (
        pa.types.is_string(inner)
        or pa.types.is_large_string(inner)
        or pa.types.is_string_view(inner)
    ):
        return True
    if (
        pa.types.is_binary(inner)
        or pa.types.is_large_binary(inner)
        or pa.types.is_binary_view(inner)
        or inner == pa.binary(16)
    ):
        return False
    raise UnfitTypeError(
        f"{where} is hinted UUID, which is not in the type {type_}: use pa.uuid(), "
        "pa.string() or pa.binary(16)"
    )
