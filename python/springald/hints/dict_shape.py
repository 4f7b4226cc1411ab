"""Maps of Arrow, as dictionaries."""

from __future__ import annotations

import collections
import collections.abc
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.hints.refused_value import refuse_argument, refuse_result
from springald.hints.shape import (
    Converter,
    Shape,
    UnfitTypeError,
    Where,
    value_type_of,
)

__all__ = ["DictShape"]


@dataclass(frozen=True)
class DictShape(Shape):
    """Values by key; a map of Arrow, whose values are lists of pairs."""

    key: Shape
    value: Shape
    hashable = False

    @property
    def type(self) -> pa.DataType:
        return pa.map_(self.key.type, self.value.type)

    @property
    def classes(self) -> tuple[Any, ...]:
        return (*self.key.classes, *self.value.classes)

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        key_type, item_type = _inner_types(type_, where)
        key = self.key.from_arrow(key_type, where.at("[key]"))
        item = self.value.from_arrow(item_type, where.at("[value]"))

        if key is None and item is None:
            read: Converter = dict
        elif key is None:
            read = _reading_values(item)
        else:
            read = _reading_both(key, item)

        def convert(pairs: Any) -> Any:
            if pairs is None:
                return None
            result = read(pairs)
            if len(result) != len(pairs):
                raise self._twice(pairs, key, where)
            return result

        return convert

    def _twice(self, pairs: Any, key: Converter | None, where: Where) -> ValueError:
        keys = collections.Counter(k if key is None else key(k) for k, _ in pairs)
        return refuse_argument(
            where,
            pairs,
            f"two keys of which are {keys.most_common(1)[0][0]!r}: mend the column, or "
            "pass input_types and take the list of pairs, without a hint",
        )

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        key_type, item_type = _inner_types(type_, where)
        key = self.key.to_arrow(key_type, where.at("[key]"))
        item = self.value.to_arrow(item_type, where.at("[value]"))

        def convert(value: Any) -> Any:
            if value.__class__ is dict:
                if key is None and item is None:
                    return value
            elif value is None:
                return None
            elif not isinstance(value, collections.abc.Mapping):
                raise refuse_result(where, value, "which is not a dict: return one")
            return [
                (k if key is None else key(k), v if item is None else item(v))
                for k, v in value.items()
            ]

        return convert


def _reading_values(item: Any) -> Converter:
    return lambda pairs: {k: item(v) for k, v in pairs}


def _reading_both(key: Converter, item: Converter | None) -> Converter:
    if item is None:
        return lambda pairs: {key(k): v for k, v in pairs}
    convert = item
    return lambda pairs: {key(k): convert(v) for k, v in pairs}


def _inner_types(type_: pa.DataType, where: Where) -> tuple[pa.DataType, pa.DataType]:
    type_ = value_type_of(type_)
    if not pa.types.is_map(type_):
        raise UnfitTypeError(
            f"{where} is hinted as a dict, which is not in the type {type_}: use a map, "
            "or hint it with a TypedDict for a struct"
        )
    return type_.key_type, type_.item_type
