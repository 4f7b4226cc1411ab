"""Structs of Arrow, as objects of dataclasses and NamedTuples, and as TypedDicts."""

from __future__ import annotations

import collections.abc
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.hints.generated import compile_function
from springald.hints.refused_value import class_name, refuse_result
from springald.hints.shape import (
    Converter,
    Shape,
    UnfitTypeError,
    Where,
    value_type_of,
)

__all__ = ["DataclassShape", "NamedTupleShape", "RecordField", "TypedDictShape"]


@dataclass(frozen=True)
class RecordField:
    """One field of a record.

    Attributes:
        name: Its name, in Python and in Arrow.
        shape: What is in it.
        required: Whether a record must have it: it has no default, or its key must be
            there.
        keyword_only: Whether the class takes it by keyword only.
        nullable: Whether its hint has a ``None``.
    """

    name: str
    shape: Shape
    required: bool = True
    keyword_only: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class RecordShape(Shape):
    """Named values; a struct of Arrow, whose values are dictionaries.

    Attributes:
        kind: The class.
        fields: Its fields, in the order of the class.
    """

    kind: type
    fields: tuple[RecordField, ...]

    @property
    def type(self) -> pa.DataType:
        return pa.struct([(field.name, field.shape.type) for field in self.fields])

    @property
    def classes(self) -> tuple[Any, ...]:
        inner = [kind for field in self.fields for kind in field.shape.classes]
        return (self.kind, *inner)

    @abstractmethod
    def _reading(self, present: list[RecordField], items: dict[str, str]) -> list[str]:
        """Return the lines that make an object of `value`, of an expression per field."""

    @abstractmethod
    def _check(self) -> str:
        """Return the condition for a result that is no such record."""

    @abstractmethod
    def _item(self, field: RecordField) -> str:
        """Return the expression for a field of the result `value`."""

    @abstractmethod
    def _missing(self, value: Any) -> list[str]:
        """Return the names of the required fields that the result `value` lacks."""

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        types = self._types_by_name(type_, where)
        present = [field for field in self.fields if field.name in types]
        for field in self.fields:
            if field.required and field.name not in types:
                raise UnfitTypeError(
                    f"{where} has the type {type_}, which lacks the field "
                    f"{field.name!r} of {class_name(self.kind)}: add it, or give the "
                    "field a default"
                )
        names: dict[str, Any] = {"kind": self.kind}
        items: dict[str, str] = {}
        for index, field in enumerate(present):
            inner = where.at(f".{field.name}")
            converter = field.shape.from_arrow(types[field.name], inner)
            item = f"value[{field.name!r}]"
            if converter is not None:
                names[f"c{index}"] = converter
                item = f"c{index}({item})"
            items[field.name] = item
        reading = self._reading(present, items)
        if not reading:
            return None
        lines = ["def convert(value):", "    if value is None: return None"]
        lines += [f"    {line}" for line in reading]
        return compile_function(lines, names, "convert")

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        types = self._types_by_name(type_, where)
        known = {field.name: field for field in self.fields}
        if set(types) != set(known):
            kind = class_name(self.kind)
            differing = ", ".join(repr(n) for n in sorted(set(types) ^ set(known)))
            raise UnfitTypeError(
                f"{where} has the type {type_}, whose fields are not those of {kind}; "
                f"only one of them has {differing}"
            )
        names: dict[str, Any] = {"kind": self.kind}
        items = []
        for index, (name, inner_type) in enumerate(types.items()):
            converter = known[name].shape.to_arrow(inner_type, where.at(f".{name}"))
            item = self._item(known[name])
            if converter is not None:
                names[f"c{index}"] = converter
                item = f"c{index}({item})"
            items.append(item)
        if self._is_ready(list(types), names):
            return None
        problem = f"which is not a {class_name(self.kind)}: return one"

        def refused(value: Any) -> Exception:
            return refuse_result(where, value, problem)

        def refused_for(value: Any, error: Exception) -> Exception:
            missing = self._missing(value)
            if not missing:
                return error
            lacking = ", ".join(map(repr, missing))
            return refuse_result(where, value, f"which has no {lacking}: set it")

        # Tuples, whose items pyarrow takes by position: they are read faster than
        # dictionaries, and are of one form for all rows.
        lines = [
            "def convert(value):",
            "    if value is None: return None",
            f"    if {self._check()}: raise refused(value)",
            "    try:",
            f"        return ({', '.join(items)},)",
            "    except (AttributeError, KeyError) as error:",
            "        raise refused_for(value, error) from None",
        ]
        names |= {"refused": refused, "refused_for": refused_for, **self._names()}
        return compile_function(lines, names, "convert")

    def _is_ready(self, order: list[str], names: dict[str, Any]) -> bool:
        """Return whether pyarrow takes the function's own results."""
        return False

    def _names(self) -> dict[str, Any]:
        return {}

    def _types_by_name(self, type_: pa.DataType, where: Where) -> dict[str, pa.DataType]:
        type_ = value_type_of(type_)
        if not pa.types.is_struct(type_):
            raise UnfitTypeError(
                f"{where} is hinted {class_name(self.kind)}, which is not in the type "
                f"{type_}: use a struct such as {self.type}"
            )
        types = {field.name: field.type for field in type_}
        if len(types) < type_.num_fields:
            raise UnfitTypeError(
                f"{where} has the type {type_}, in which a name comes twice"
            )
        return types


@dataclass(frozen=True)
class DataclassShape(RecordShape):
    """Objects of a dataclass."""

    @property
    def hashable(self) -> bool:  # type: ignore[override]
        return self.kind.__hash__ is not None

    def _reading(self, present: list[RecordField], items: dict[str, str]) -> list[str]:
        return [_call(self.fields, present, items)]

    def _check(self) -> str:
        return "value.__class__ is not kind and not isinstance(value, kind)"

    def _item(self, field: RecordField) -> str:
        return f"value.{field.name}"

    def _missing(self, value: Any) -> list[str]:
        return [f.name for f in self.fields if not hasattr(value, f.name)]


@dataclass(frozen=True)
class NamedTupleShape(RecordShape):
    """Objects of a NamedTuple; as a result, any tuple of that length."""

    @property
    def hashable(self) -> bool:  # type: ignore[override]
        return all(field.shape.hashable for field in self.fields)

    def _reading(self, present: list[RecordField], items: dict[str, str]) -> list[str]:
        return [_call(self.fields, present, items)]

    def _check(self) -> str:
        return f"not isinstance(value, tuple) or len(value) != {len(self.fields)}"

    def _item(self, field: RecordField) -> str:
        return f"value[{self.fields.index(field)}]"

    def _missing(self, value: Any) -> list[str]:
        return []

    def _is_ready(self, order: list[str], names: dict[str, Any]) -> bool:
        return order == [f.name for f in self.fields] and set(names) == {"kind"}


@dataclass(frozen=True)
class TypedDictShape(RecordShape):
    """Dictionaries with known keys."""

    hashable = False

    def _reading(self, present: list[RecordField], items: dict[str, str]) -> list[str]:
        optional = [f.name for f in present if not f.required and not f.nullable]
        if not optional and all(items[n] == f"value[{n!r}]" for n in items):
            return []
        made = ", ".join(f"{name!r}: {item}" for name, item in items.items())
        lines = [f"result = {{{made}}}"]
        lines += [f"if result[{n!r}] is None: del result[{n!r}]" for n in optional]
        return [*lines, "return result"]

    def _check(self) -> str:
        return "not isinstance(value, mapping) or not keys.issuperset(value)"

    def _item(self, field: RecordField) -> str:
        name = repr(field.name)
        return f"value[{name}]" if field.required else f"value.get({name})"

    def _missing(self, value: Any) -> list[str]:
        return [f.name for f in self.fields if f.required and f.name not in value]

    def _names(self) -> dict[str, Any]:
        return {
            "mapping": collections.abc.Mapping,
            "keys": frozenset(field.name for field in self.fields),
        }


def _call(
    fields: tuple[RecordField, ...], present: list[RecordField], items: dict[str, str]
) -> str:
    """Return the line that calls the class, by position as far as that goes."""
    arguments = []
    by_position = True
    for field in fields:
        if field not in present or field.keyword_only:
            by_position = False
        if field in present:
            item = items[field.name]
            arguments.append(item if by_position else f"{field.name}={item}")
    return f"return kind({', '.join(arguments)})"
