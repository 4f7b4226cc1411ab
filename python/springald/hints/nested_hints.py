"""Hints of containers: lists, sets, tuples and dictionaries."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Mapping
from typing import Any

from springald.hints.dict_shape import DictShape
from springald.hints.list_shape import ListShape
from springald.hints.shape import HintReader, Shape, UnreadableHintError
from springald.hints.tuple_shape import TupleShape

__all__ = ["OPEN_CONTAINERS", "read_nested"]

# What the function gets for a list of Arrow; None stands for the list itself.
_LISTS: Mapping[Any, type | None] = {
    list: None,
    collections.abc.Sequence: None,
    collections.abc.MutableSequence: None,
    collections.abc.Collection: None,
    set: set,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
    frozenset: frozenset,
}
_DICTIONARIES = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
# Containers that need parameters, with an example of them.
OPEN_CONTAINERS: Mapping[Any, str] = {
    **{kind: f"{kind.__name__}[int]" for kind in _LISTS},
    **{kind: f"{kind.__name__}[str, int]" for kind in _DICTIONARIES},
    tuple: "tuple[int, ...] or tuple[str, float]",
}


def read_nested(annotation: Any, reader: HintReader) -> Shape | None:
    """Return the shape of a container with parameters, or None where it is none.

    Raises:
        UnreadableHintError: What it holds has no Arrow type, or cannot be in it.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _LISTS:
        return _read_list(annotation, _LISTS[origin], arguments[0], reader)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return _read_list(annotation, tuple, arguments[0], reader)
        if not arguments:
            raise UnreadableHintError("a tuple without items has no Arrow type")
        items = [reader.inside(a, f"[{i}]")[0] for i, a in enumerate(arguments)]
        return TupleShape(tuple(items))
    if origin in _DICTIONARIES:
        key = reader.inside(arguments[0], "[key]")[0]
        if not key.hashable:
            raise UnreadableHintError(
                f"the keys of {annotation} cannot be hashed, so it cannot be a dict: use "
                "a tuple or a frozen dataclass for the keys"
            )
        return DictShape(key, reader.inside(arguments[1], "[value]")[0])
    return None


def _read_list(
    annotation: Any, made: type | None, argument: Any, reader: HintReader
) -> Shape:
    item = reader.inside(argument, "[]")[0]
    if made in (set, frozenset) and not item.hashable:
        raise UnreadableHintError(
            f"the items of {annotation} cannot be hashed, so it cannot be a set: use a "
            "list"
        )
    return ListShape(item, made)
