"""Hints of classes with fields: dataclasses, NamedTuples and TypedDicts."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

from springald.hints.record_shapes import (
    DataclassShape,
    NamedTupleShape,
    RecordField,
    TypedDictShape,
)
from springald.hints.refused_value import class_name
from springald.hints.shape import HintReader, Shape, UnreadableHintError

__all__ = ["read_record"]


def read_record(annotation: Any, reader: HintReader) -> Shape | None:
    """Return the shape of a class with fields, or None where it is none.

    A generic class may have its parameters: ``Box[int]``.

    Raises:
        UnreadableHintError: A field has no Arrow type, or the class contains itself.
    """
    kind = typing.get_origin(annotation) or annotation
    if not isinstance(kind, type):
        return None
    is_tuple = issubclass(kind, tuple) and hasattr(kind, "_fields")
    if not (dataclasses.is_dataclass(kind) or is_tuple or typing.is_typeddict(kind)):
        return None
    if kind in reader.records:
        raise UnreadableHintError(
            f"{class_name(kind)} contains itself, which an Arrow type cannot"
        )
    hints = _field_hints(kind, annotation)
    if not hints:
        raise UnreadableHintError(f"{class_name(kind)} has no fields with hints")
    if dataclasses.is_dataclass(kind):
        return DataclassShape(kind, _of_dataclass(kind, hints, reader))
    if is_tuple:
        return NamedTupleShape(kind, _of_named_tuple(kind, hints, reader))
    return TypedDictShape(kind, _of_typed_dict(kind, hints, reader))


def _of_dataclass(
    kind: Any, hints: Mapping[str, Any], reader: HintReader
) -> tuple[RecordField, ...]:
    made = [field for field in dataclasses.fields(kind) if field.init]
    missing = dataclasses.MISSING
    for name, field in kind.__dataclass_fields__.items():
        if (
            field._field_type is dataclasses._FIELD_INITVAR  # type: ignore[attr-defined]
            and field.default is missing
        ):
            raise UnreadableHintError(
                f"{class_name(kind)} has the InitVar {name!r} without a default, which "
                "no column gives"
            )
    if not made:
        raise UnreadableHintError(f"{class_name(kind)} has no fields")
    return tuple(
        _field(
            kind,
            field.name,
            hints,
            reader,
            required=field.default is missing and field.default_factory is missing,
            keyword_only=field.kw_only is True,
        )
        for field in made
    )


def _of_named_tuple(
    kind: Any, hints: Mapping[str, Any], reader: HintReader
) -> tuple[RecordField, ...]:
    return tuple(
        _field(kind, name, hints, reader, required=name not in kind._field_defaults)
        for name in kind._fields
    )


def _of_typed_dict(
    kind: Any, hints: Mapping[str, Any], reader: HintReader
) -> tuple[RecordField, ...]:
    return tuple(
        _field(kind, name, hints, reader, required=name in kind.__required_keys__)
        for name in hints
    )


def _field(
    kind: type,
    name: str,
    hints: Mapping[str, Any],
    reader: HintReader,
    *,
    required: bool,
    keyword_only: bool = False,
) -> RecordField:
    if name not in hints:
        raise UnreadableHintError(f"{class_name(kind)} has no hint for {name!r}")
    shape, hint = reader.inside(hints[name], f".{name}", kind)
    return RecordField(name, shape, required, keyword_only, hint.nullable)


def _field_hints(kind: type, annotation: Any) -> dict[str, Any]:
    """Return the hints of the fields of `kind`, with its parameters filled in."""
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except Exception as first:
        try:  # one that names itself, and is not in its module
            names = {kind.__name__: kind}
            hints = typing.get_type_hints(kind, localns=names, include_extras=True)
        except Exception:
            raise UnreadableHintError(
                f"the hints of {class_name(kind)} cannot be evaluated "
                f"({type(first).__name__}: {first}): define what they name at the top of "
                "its module"
            ) from None
    arguments = typing.get_args(annotation)
    parameters = getattr(kind, "__parameters__", ())
    given = dict(zip(parameters, arguments, strict=False))
    return {name: _filled(hint, given) for name, hint in hints.items()}


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    if hint in given:
        return given[hint]
    inner = getattr(hint, "__parameters__", ())
    if given and inner and typing.get_origin(hint) is not None:
        return hint[tuple(given.get(parameter, parameter) for parameter in inner)]
    return hint
