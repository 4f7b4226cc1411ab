"""Hints of a few values: ``Literal`` and ``Enum``."""

from __future__ import annotations

import enum
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from springald.hints.refused_value import class_name, refuse_argument, refuse_result
from springald.hints.scalar_hints import PYTHON_TYPES
from springald.hints.shape import (
    Converter,
    HintReader,
    Shape,
    UnfitTypeError,
    UnreadableHintError,
    Where,
)

__all__ = ["read_choice"]

_MAX_LISTED = 10


def read_choice(annotation: Any, reader: HintReader) -> Shape | None:
    """Return the shape of a Literal or an Enum, or None where it is neither.

    Raises:
        UnreadableHintError: Its values have no Arrow type in common.
    """
    if typing.get_origin(annotation) is Literal:
        values = [v for v in typing.get_args(annotation) if v is not None]
        enums = {type(value) for value in values if isinstance(value, enum.Enum)}
        if not enums:
            return _Values(*_common_type(values, annotation))
        kind = enums.pop()
        if enums or not all(isinstance(value, kind) for value in values):
            raise UnreadableHintError(
                f"the hint {annotation} mixes members of {class_name(kind)} with others"
            )
        return _Members(*_common_type(values, annotation), kind, False)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        members = list(annotation.__members__.values())
        # A Flag has members for all combinations, and a class may have a rule of its own.
        has_rule = _rule_of(annotation) is not _rule_of(enum.Enum)
        may_be_more = has_rule or issubclass(annotation, enum.Flag)
        return _Members(*_common_type(members, annotation), annotation, may_be_more)
    return None


def _rule_of(kind: type[enum.Enum]) -> Any:
    """Return what a class does with a value that no member has."""
    return getattr(kind._missing_, "__func__", None)


def _common_type(
    values: list[Any], annotation: Any
) -> tuple[pa.DataType, Mapping[Any, Any]]:
    """Return the Arrow type of `values`, and the values by what Arrow has for them."""
    in_arrow = [v._value_ if isinstance(v, enum.Enum) else v for v in values]
    kinds = {type(value) for value in in_arrow}
    what = class_name(annotation) if isinstance(annotation, type) else str(annotation)
    if not kinds:
        raise UnreadableHintError(f"the hint {what} has no values")
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise UnreadableHintError(f"the hint {what} has values of several types: {names}")
    kind = kinds.pop()
    if kind not in PYTHON_TYPES:
        raise UnreadableHintError(
            f"the hint {what} has values of {class_name(kind)}, which is no type of "
            "single values"
        )
    return PYTHON_TYPES[kind], dict(zip(in_arrow, values, strict=True))


@dataclass(frozen=True)
class _Values(Shape):
    """The values of a Literal: as they are, but checked."""

    type: pa.DataType
    values: Mapping[Any, Any]

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        _check_fits(self.values, type_, where)
        values = self.values
        problem = f"which is not one of {_listed(values)}"

        def convert(value: Any) -> Any:
            if value is None or value in values:
                return value
            raise refuse_argument(where, value, problem)

        return convert

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        _check_fits(self.values, type_, where)
        values = self.values
        problem = f"which is not one of {_listed(values)}"

        def convert(value: Any) -> Any:
            try:
                if value is None or value in values:
                    return value
            except TypeError:  # it cannot be hashed
                pass
            raise refuse_result(where, value, problem)

        return convert


@dataclass(frozen=True)
class _Members(Shape):
    """The members of an Enum, which are their values in Arrow."""

    type: pa.DataType
    by_value: Mapping[Any, Any]
    kind: type[enum.Enum]
    may_be_more: bool  # the class has members for other values, too

    @property
    def classes(self) -> tuple[Any, ...]:
        return (self.kind,)

    def _problem(self) -> str:
        return f"which is no value of {class_name(self.kind)}: {_listed(self.by_value)}"

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        _check_fits(self.by_value, type_, where)
        # None, too, so that it needs no test of its own.
        members = {None: None, **self.by_value}
        kind, may_be_more, problem = self.kind, self.may_be_more, self._problem()

        def convert(value: Any) -> Any:
            try:
                return members[value]
            except KeyError:
                pass
            if may_be_more:
                try:
                    return kind(value)
                except ValueError:
                    pass
            raise refuse_argument(where, value, problem)

        return convert

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        _check_fits(self.by_value, type_, where)
        kind, may_be_more, problem = self.kind, self.may_be_more, self._problem()
        by_value = self.by_value

        def convert(value: Any) -> Any:
            if value.__class__ is kind:
                result = value._value_
                if may_be_more or result in by_value:
                    return result
            elif value is None:
                return None
            else:
                try:
                    if value in by_value and not isinstance(value, enum.Enum):
                        return value
                    if may_be_more and not isinstance(value, enum.Enum):
                        return kind(value)._value_
                except (TypeError, ValueError):
                    pass
            raise refuse_result(where, value, problem)

        return convert


def _check_fits(values: Mapping[Any, Any], type_: pa.DataType, where: Where) -> None:
    """Refuse an Arrow type that does not give back the values that it was given."""
    try:
        fits = pa.array(list(values), type_).to_pylist() == list(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise UnfitTypeError(
            f"{where} has the type {type_}, which does not hold the values of its hint: "
            f"{_listed(values)}"
        )


def _listed(values: Mapping[Any, Any]) -> str:
    texts = [repr(value) for value in values]
    if len(texts) > _MAX_LISTED:
        texts = [*texts[:_MAX_LISTED], "..."]
    return ", ".join(texts)
