"""What a type hint says about an argument or a result of a UDF."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from springald.hints.choice_hints import read_choice
from springald.hints.hint import Hint
from springald.hints.nested_hints import OPEN_CONTAINERS, read_nested
from springald.hints.record_hints import read_record
from springald.hints.refused_value import class_name
from springald.hints.scalar_hints import read_scalar
from springald.hints.shape import (
    Plain,
    Retyped,
    Shape,
    UnfitTypeError,
    UnreadableHintError,
    Where,
)

__all__ = ["read_hint"]

_SUPPORTED = (
    "float, int, bool, str, bytes, date, datetime, time, timedelta, Decimal, UUID, "
    "list[X], set[X], tuple[X, Y], dict[K, V], Literal, Enum, a dataclass, a NamedTuple, "
    "a TypedDict, each also as `X | None` and as Annotated[X, <an Arrow type such as "
    "pa.float32()>]"
)
_SHAPE_READERS = (read_scalar, read_nested, read_choice, read_record)

# The array classes of pyarrow whose Arrow type needs no further parameter.
_ARRAY_TYPES: Mapping[type, pa.DataType] = {
    pa.BooleanArray: pa.bool_(),
    pa.Int8Array: pa.int8(),
    pa.Int16Array: pa.int16(),
    pa.Int32Array: pa.int32(),
    pa.Int64Array: pa.int64(),
    pa.UInt8Array: pa.uint8(),
    pa.UInt16Array: pa.uint16(),
    pa.UInt32Array: pa.uint32(),
    pa.UInt64Array: pa.uint64(),
    pa.HalfFloatArray: pa.float16(),
    pa.FloatArray: pa.float32(),
    pa.DoubleArray: pa.float64(),
    pa.StringArray: pa.string(),
    pa.LargeStringArray: pa.large_string(),
    pa.StringViewArray: pa.string_view(),
    pa.BinaryArray: pa.binary(),
    pa.LargeBinaryArray: pa.large_binary(),
    pa.BinaryViewArray: pa.binary_view(),
    pa.Date32Array: pa.date32(),
    pa.Date64Array: pa.date64(),
    pa.MonthDayNanoIntervalArray: pa.month_day_nano_interval(),
    pa.NullArray: pa.null(),
    pa.UuidArray: pa.uuid(),
}


def read_hint(annotation: Any) -> Hint | None:
    """Return what an annotation says, or None where there is none (or ``Any``)."""
    if isinstance(annotation, Hint):
        return annotation
    if annotation in (inspect.Parameter.empty, Any, object):
        return None
    return _Reader().read(annotation)


class _Reader:
    """Reads one hint, and those inside it; see `HintReader`."""

    def __init__(self, path: str = "", records: tuple[type, ...] = ()) -> None:
        self.path = path
        self.records = records

    def inside(
        self, annotation: Any, step: str, record: type | None = None
    ) -> tuple[Shape, Hint]:
        """See `HintReader`."""
        records = self.records if record is None else (*self.records, record)
        inner = _Reader(self.path + step, records)
        hint = inner.read(annotation)
        if hint.shape is None or hint.type is None:
            what = f"the hint {_show(annotation)} is of columns"
            reason = hint.reason or f"{what}, which are not inside another"
            at = f"at {inner.path}, "
            raise UnreadableHintError(reason if reason.startswith("at ") else at + reason)
        return hint.shape, hint

    def read(self, annotation: Any) -> Hint:
        """Return what `annotation` says."""
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            return self._read_annotated(annotation)
        if origin in (typing.Union, types.UnionType):
            return self._read_union(annotation)
        if origin in (typing.Required, typing.NotRequired):
            return self.read(typing.get_args(annotation)[0])
        if isinstance(annotation, typing.NewType):
            return self.read(annotation.__supertype__)
        if hasattr(annotation, "__value__"):  # an alias made by the `type` statement
            return self.read(annotation.__value__)
        if isinstance(annotation, type) and origin is None:
            if issubclass(annotation, pa.ChunkedArray):
                return Hint("arrow")
            if issubclass(annotation, pa.Array):
                return Hint("arrow", _ARRAY_TYPES.get(annotation))
        return self._read_value(annotation)

    def _read_value(self, annotation: Any) -> Hint:
        if annotation in (None, type(None)):
            return Hint(
                "unknown", reason="the hint None says that there is no value at all"
            )
        if isinstance(annotation, typing.TypeVar):
            return Hint(
                "unknown",
                reason=f"the hint {annotation} is a type variable, which stands for any "
                "type: name one",
            )
        example = OPEN_CONTAINERS.get(typing.get_origin(annotation) or annotation)
        if example is not None and not typing.get_args(annotation):
            if annotation != tuple[()]:
                problem = f"does not say of what: write {example}"
                return Hint("row", None, False, f"the hint {_show(annotation)} {problem}")
        try:
            for read in _SHAPE_READERS:
                shape = read(annotation, self)
                if shape is not None:
                    nullable = typing.get_origin(
                        annotation
                    ) is typing.Literal and None in typing.get_args(annotation)
                    return Hint("row", shape.type, nullable, shape=shape)
        except UnreadableHintError as error:
            return Hint("unknown", reason=str(error))
        return _unknown(annotation)

    def _read_annotated(self, annotation: Any) -> Hint:
        base, *metadata = typing.get_args(annotation)
        declared = [m.type if isinstance(m, pa.Field) else m for m in metadata]
        declared = [m for m in declared if isinstance(m, pa.DataType)]
        if not declared:
            return self.read(base)
        type_ = declared[0]
        if base in (Any, object):
            return Hint("row", type_, nullable=True, shape=Plain(type_))
        hint = self.read(base)
        if hint.kind == "unknown" or (hint.kind == "row" and hint.shape is None):
            # The Arrow type is given, so only the None of the Python type is of interest.
            nullable = type(None) in typing.get_args(base)
            return Hint("row", type_, nullable, shape=Plain(type_))
        if hint.shape is None:
            return dataclasses.replace(hint, type=type_)
        if isinstance(hint.shape, Plain):
            return Hint("row", type_, hint.nullable, shape=Plain(type_))
        try:
            hint.shape.from_arrow(type_, Where("it"))
            hint.shape.to_arrow(type_, Where("it"))
        except UnfitTypeError as error:
            return Hint("unknown", reason=f"of the hint {_show(annotation)}, {error}")
        return Hint("row", type_, hint.nullable, shape=Retyped(hint.shape, type_))

    def _read_union(self, annotation: Any) -> Hint:
        members = typing.get_args(annotation)
        has_none = type(None) in members
        hints = [self.read(member) for member in members if member is not type(None)]
        for hint in hints:
            if hint.kind == "unknown":
                return hint
        kinds = {hint.kind for hint in hints}
        if kinds == {"arrow"}:
            known = {hint.type for hint in hints if hint.type is not None}
            return Hint("arrow", known.pop() if len(known) == 1 else None)
        if len(hints) == 1 and hints[0].kind != "row":
            return hints[0]  # a column holds nulls anyway
        if len(hints) == 1:
            nullable = has_none or hints[0].nullable
            only = hints[0]
            return Hint("row", only.type, nullable, only.reason, only.shape)
        return Hint(
            "unknown", reason=f"the hint {_show(annotation)} has more than one type"
        )


def _unknown(annotation: Any) -> Hint:
    from springald.column_modes.column_hints import read_column_hint

    columns = read_column_hint(annotation)
    if columns is not None:
        return columns
    return Hint(
        "unknown", reason=f"the hint {_show(annotation)} is not one of {_SUPPORTED}"
    )


def _show(annotation: Any) -> str:
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return class_name(annotation)
    return str(annotation)
