"""Tuples whose items differ: structs of Arrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.hints.generated import compile_function
from springald.hints.list_shape import is_list
from springald.hints.refused_value import RefusedValue, refuse_result
from springald.hints.shape import (
    Converter,
    Shape,
    UnfitTypeError,
    Where,
    value_type_of,
)

__all__ = ["TupleShape"]


@dataclass(frozen=True)
class TupleShape(Shape):
    """A fixed number of values, by position: a struct, or a list of fixed size."""

    items: tuple[Shape, ...]

    @property
    def type(self) -> pa.DataType:
        return pa.struct([(f"f{i}", item.type) for i, item in enumerate(self.items)])

    @property
    def hashable(self) -> bool:  # type: ignore[override]
        return all(item.hashable for item in self.items)

    @property
    def classes(self) -> tuple[Any, ...]:
        return tuple(kind for item in self.items for kind in item.classes)

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        converters = [
            item.from_arrow(inner, where.at(f"[{i}]"))
            for i, (item, inner) in enumerate(
                zip(self.items, self._item_types(type_, where), strict=True)
            )
        ]
        is_struct = pa.types.is_struct(value_type_of(type_))
        names, calls = _calls(converters)
        values = "value.values()" if is_struct else "value"
        made = f"tuple({values})"
        if any(converter is not None for converter in converters):
            made = f"({', '.join(calls)},)"
        lines = ["def convert(value):", "    if value is None: return None"]
        if made != f"tuple({values})":
            lines.append(f"    {''.join(f'x{i}, ' for i in range(len(calls)))}= {values}")
        return compile_function([*lines, f"    return {made}"], names, "convert")

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        converters = [
            item.to_arrow(inner, where.at(f"[{i}]"))
            for i, (item, inner) in enumerate(
                zip(self.items, self._item_types(type_, where), strict=True)
            )
        ]
        if all(converter is None for converter in converters):
            return None  # pyarrow takes tuples
        count = len(converters)

        def refused(value: Any) -> RefusedValue:
            return refuse_result(
                where, value, f"which is not a tuple of {count} items: return one"
            )

        names, calls = _calls(converters)
        lines = [
            "def convert(value):",
            "    if value is None: return None",
            f"    if not isinstance(value, tuple) or len(value) != {count}:",
            "        raise refused(value)",
            f"    {''.join(f'x{i}, ' for i in range(count))}= value",
            f"    return ({', '.join(calls)},)",
        ]
        return compile_function(lines, {**names, "refused": refused}, "convert")

    def _item_types(self, type_: pa.DataType, where: Where) -> list[pa.DataType]:
        type_ = value_type_of(type_)
        count = len(self.items)
        if pa.types.is_struct(type_) and type_.num_fields == count:
            return [type_.field(i).type for i in range(count)]
        if is_list(type_) and getattr(type_, "list_size", -1) == count:
            return [type_.value_type] * count
        raise UnfitTypeError(
            f"{where} is hinted as a tuple of {count} items, which is not in the type "
            f"{type_}: use a struct of {count} fields"
        )


def _calls(converters: list[Converter | None]) -> tuple[dict[str, Any], list[str]]:
    """Return names for `converters`, and for each item the expression that makes it."""
    names = {f"c{i}": c for i, c in enumerate(converters) if c is not None}
    calls = [
        f"x{i}" if converter is None else f"c{i}(x{i})"
        for i, converter in enumerate(converters)
    ]
    return names, calls
