"""What a type hint says about an argument or a result of a UDF."""

from __future__ import annotations

import collections.abc
import datetime
import inspect
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

__all__ = ["PYTHON_TYPES", "Hint", "evaluate_annotation", "read_hint"]

# The Python types that decide an Arrow type, in the order that messages list them.
PYTHON_TYPES: Mapping[type, pa.DataType] = {
    float: pa.float64(),
    int: pa.int64(),
    bool: pa.bool_(),
    str: pa.string(),
    bytes: pa.binary(),
    datetime.date: pa.date32(),
    datetime.datetime: pa.timestamp("us"),
}
_SUPPORTED = (
    "float, int, bool, str, bytes, datetime.date and datetime.datetime, each also as "
    "`X | None` and as Annotated[X, <an Arrow type such as pa.float32()>]"
)

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
    pa.FloatArray: pa.float32(),
    pa.DoubleArray: pa.float64(),
    pa.StringArray: pa.string(),
    pa.LargeStringArray: pa.large_string(),
    pa.StringViewArray: pa.string_view(),
    pa.BinaryArray: pa.binary(),
    pa.Date32Array: pa.date32(),
}


@dataclass(frozen=True)
class Hint:
    """One hint, read.

    Attributes:
        kind: ``"arrow"``: columns of pyarrow; ``"row"``: one Python value; ``"unknown"``:
            a hint that this version cannot use.
        type: The Arrow type that the hint decides, or None where it leaves that open.
        nullable: Whether the hint has a ``None``; True for columns, which hold nulls.
        reason: For ``"unknown"``, why the hint cannot be used.
    """

    kind: Literal["arrow", "row", "unknown"]
    type: pa.DataType | None = None
    nullable: bool = True
    reason: str = ""


def evaluate_annotation(annotation: Any, function: Any) -> Any:
    """Return `annotation`, evaluated where it is a string.

    Strings come from ``from __future__ import annotations`` and quoted hints. Names are
    looked up among the globals and the closure variables of `function`.
    """
    if not isinstance(annotation, str):
        return annotation
    function = inspect.unwrap(function)
    names: dict[str, Any] = {}
    code = getattr(function, "__code__", None)
    closure = getattr(function, "__closure__", None) or ()
    for name, cell in zip(getattr(code, "co_freevars", ()), closure, strict=False):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    scope = getattr(function, "__globals__", None)
    if scope is None:
        module = sys.modules.get(getattr(function, "__module__", None) or "")
        scope = vars(module) if module is not None else {}
    evaluated: Any = annotation
    try:
        while isinstance(evaluated, str):  # a quoted hint may be quoted once more
            evaluated = eval(evaluated, scope, names)
    except Exception:
        return Hint("unknown", reason=f"the hint {annotation!r} cannot be evaluated")
    return evaluated


def read_hint(annotation: Any) -> Hint | None:
    """Return what an annotation says, or None where there is none (or ``Any``)."""
    if isinstance(annotation, Hint):
        return annotation
    if annotation in (inspect.Parameter.empty, Any, object):
        return None
    return _read(annotation)


def _read(annotation: Any) -> Hint:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _read_annotated(annotation)
    if origin in (typing.Union, types.UnionType):
        return _read_union(annotation)
    if isinstance(annotation, typing.NewType):
        return _read(annotation.__supertype__)
    if hasattr(annotation, "__value__"):  # an alias made by the `type` statement
        return _read(annotation.__value__)
    if origin is not None:
        return _unknown(annotation, origin)
    if annotation in (None, type(None)):
        return Hint("unknown", reason="the hint None says that there is no value at all")
    if not isinstance(annotation, type):
        return _unknown(annotation, None)
    if annotation in PYTHON_TYPES:
        return Hint("row", PYTHON_TYPES[annotation], nullable=False)
    if issubclass(annotation, pa.ChunkedArray):
        return Hint("arrow")
    if issubclass(annotation, pa.Array):
        return Hint("arrow", _ARRAY_TYPES.get(annotation))
    return _unknown(annotation, None)


def _read_annotated(annotation: Any) -> Hint:
    base, *metadata = typing.get_args(annotation)
    declared = [m.type if isinstance(m, pa.Field) else m for m in metadata]
    declared = [m for m in declared if isinstance(m, pa.DataType)]
    if not declared:
        return _read(base)
    hint = read_hint(base)
    if hint is None:
        return Hint("row", declared[0], nullable=True)
    if hint.kind == "unknown":
        # The Arrow type is given, so only the None of the Python type is of interest.
        return Hint("row", declared[0], nullable=type(None) in typing.get_args(base))
    return Hint(hint.kind, declared[0], hint.nullable)


def _read_union(annotation: Any) -> Hint:
    members = typing.get_args(annotation)
    has_none = type(None) in members
    hints = [_read(member) for member in members if member is not type(None)]
    for hint in hints:
        if hint.kind == "unknown":
            return hint
    kinds = {hint.kind for hint in hints}
    if kinds == {"arrow"}:
        known = {hint.type for hint in hints if hint.type is not None}
        return Hint("arrow", known.pop() if len(known) == 1 else None)
    if len(hints) == 1:
        return Hint("row", hints[0].type, nullable=has_none or hints[0].nullable)
    return Hint("unknown", reason=f"the hint {_show(annotation)} has more than one type")


def _unknown(annotation: Any, origin: Any) -> Hint:
    base = origin if origin is not None else annotation
    package = str(getattr(base, "__module__", "")).partition(".")[0]
    if base in (collections.abc.Iterator, collections.abc.Iterable):
        problem = "means iterator mode, which is not in this version"
    elif package in ("pandas", "numpy", "polars"):
        problem = f"means {package} mode, which is not in this version"
    else:
        problem = f"is not one of {_SUPPORTED}"
    return Hint("unknown", reason=f"the hint {_show(annotation)} {problem}")


def _show(annotation: Any) -> str:
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        if annotation.__module__ == "builtins":
            return annotation.__qualname__
        return f"{annotation.__module__}.{annotation.__qualname__}"
    return str(annotation)
