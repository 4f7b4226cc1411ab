"""Lists of Arrow, as lists, tuples and sets of Python."""

from __future__ import annotations

import collections.abc
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.hints.refused_value import refuse_result
from springald.hints.shape import (
    Converter,
    Shape,
    UnfitTypeError,
    Where,
    value_type_of,
)

__all__ = ["ListShape", "is_list"]


@dataclass(frozen=True)
class ListShape(Shape):
    """Values of one kind, in a row.

    Attributes:
        item: What they are.
        made: What the function gets them in: ``tuple``, ``set``, ``frozenset``, or None
            for ``list``.
    """

    item: Shape
    made: type | None

    @property
    def type(self) -> pa.DataType:
        return pa.list_(self.item.type)

    @property
    def hashable(self) -> bool:  # type: ignore[override]
        return self.made is frozenset or (self.made is tuple and self.item.hashable)

    @property
    def classes(self) -> tuple[Any, ...]:
        return self.item.classes

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        item = self.item.from_arrow(_item_type(type_, where), where.at("[]"))
        made: Any = list if self.made is None else self.made
        if item is None:
            return None if made is list else _nullable(made)
        convert: Converter = item
        if made is list:
            return lambda value: None if value is None else [convert(x) for x in value]
        return lambda value: None if value is None else made([convert(x) for x in value])

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        item = self.item.to_arrow(_item_type(type_, where), where.at("[]"))
        made = self.made
        if item is None and made is not frozenset:
            return None  # pyarrow takes lists, tuples and sets

        def convert(value: Any) -> Any:
            if value is None:
                return None
            if value.__class__ is not list and not _is_items(value):
                name = "list" if made is None else made.__name__
                raise refuse_result(where, value, f"which is not a {name}: return one")
            return list(value) if item is None else [item(x) for x in value]

        return convert


def is_list(type_: pa.DataType) -> bool:
    """Return whether `type_` is one of Arrow's lists, of whatever layout."""
    return bool(
        pa.types.is_list(type_)
        or pa.types.is_large_list(type_)
        or pa.types.is_fixed_size_list(type_)
        or pa.types.is_list_view(type_)
        or pa.types.is_large_list_view(type_)
    )


def _item_type(type_: pa.DataType, where: Where) -> pa.DataType:
    type_ = value_type_of(type_)
    if not is_list(type_):
        raise UnfitTypeError(
            f"{where} is hinted as a list, tuple or set, which is not in the type {type_}"
        )
    return type_.value_type


def _nullable(made: Any) -> Converter:
    return lambda value: None if value is None else made(value)


def _is_items(value: Any) -> bool:
    return isinstance(value, collections.abc.Collection) and not isinstance(
        value, str | bytes | bytearray | collections.abc.Mapping
    )
