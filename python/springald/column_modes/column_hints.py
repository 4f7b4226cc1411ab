"""Hints of columns that are not Arrow's: what they say about mode and type.

=======================================  ========  =====================================
hint                                     mode      Arrow type
=======================================  ========  =====================================
``pd.Series``                            pandas    to be given
``pd.DataFrame``                         pandas    to be given, a struct
``np.ndarray``                           numpy     to be given
``NDArray[np.float64]``                  numpy     that of the NumPy type
``np.ma.MaskedArray``                    numpy     as ``np.ndarray``; nulls are the mask
``Iterator[pa.Array]``                   iterator  that of the array class, if it has one
``Iterator[pd.Series]``                  iterator  to be given
``Iterator[tuple[X, Y]]``, of an         iterator  those of ``X`` and ``Y``
argument
``Iterator[tuple[X, ...]]``              iterator  to be given
=======================================  ========  =====================================

``Iterable`` and ``Generator`` mean what ``Iterator`` means.
"""

from __future__ import annotations

import collections.abc
import sys
import typing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.hints.hint import Hint

__all__ = ["ColumnHint", "IteratorHint", "read_column_hint"]

_ITERATORS = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
)


@dataclass(frozen=True)
class ColumnHint(Hint):
    """The hint of one column of pandas or NumPy.

    Attributes:
        container: The name of its class, such as ``"Series"``.
    """

    container: str = ""


@dataclass(frozen=True)
class IteratorHint(Hint):
    """The hint of batches, or of the columns that a function yields.

    Attributes:
        columns: The hint of each column of a batch; one where `is_open`.
        in_tuples: Whether a batch is a tuple of columns.
        is_open: Whether the tuple has as many columns as the function has arguments.
    """

    columns: tuple[Hint, ...] = ()
    in_tuples: bool = False
    is_open: bool = False


def read_column_hint(annotation: Any) -> Hint | None:
    """Return what `annotation` says, or None where it is no hint of this module.

    Annotations that cannot be used give a hint of kind ``"unknown"``, with the reason.
    """
    origin = typing.get_origin(annotation)
    base = annotation if origin is None else origin
    if base in _ITERATORS:
        return _read_iterator(annotation)
    if base in _classes("pandas", "Series", "DataFrame"):
        return ColumnHint("pandas", container=base.__name__)
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(base, type) or not issubclass(base, numpy.ndarray):
        return None
    is_masked = issubclass(base, numpy.ma.MaskedArray)
    return ColumnHint(
        "numpy",
        _type_of_elements(typing.get_args(annotation)),
        container="MaskedArray" if is_masked else "ndarray",
    )


def _classes(module: str, *names: str) -> list[type]:
    """Return classes of a module that is imported; else nobody can have hinted them."""
    imported = sys.modules.get(module)
    found = [getattr(imported, name, None) for name in names]
    return [each for each in found if isinstance(each, type)]


def _type_of_elements(arguments: tuple[Any, ...]) -> pa.DataType | None:
    """Return the type for the arguments of ``ndarray[shape, dtype[scalar]]``."""
    if len(arguments) != 2 or not typing.get_args(arguments[1]):
        return None
    try:
        return pa.from_numpy_dtype(typing.get_args(arguments[1])[0])
    except (pa.ArrowException, TypeError):  # np.object_, np.datetime64 without a unit
        return None


def _read_iterator(annotation: Any) -> Hint:
    arguments = typing.get_args(annotation)
    if not arguments:
        return _unusable(annotation, "does not say what it iterates over")
    in_tuples = typing.get_origin(arguments[0]) is tuple
    elements = typing.get_args(arguments[0]) if in_tuples else arguments[:1]
    is_open = len(elements) == 2 and elements[1] is Ellipsis
    if is_open:
        elements = elements[:1]
    from springald.hints.read_hint import read_hint  # which reads through this module

    columns = tuple(read_hint(element) or Hint("arrow") for element in elements)
    kinds = {column.kind for column in columns}
    if kinds not in ({"arrow"}, {"pandas"}):
        return _unusable(
            annotation, "does not iterate over pa.Array or pd.Series, or tuples of these"
        )
    type_ = columns[0].type if len(columns) == 1 else None
    return IteratorHint(
        "iterator", type_, columns=columns, in_tuples=in_tuples, is_open=is_open
    )


def _unusable(annotation: Any, problem: str) -> Hint:
    return Hint(
        "unknown",
        reason=f"the hint {annotation} {problem}; write it as Iterator[pa.Array] or as "
        "Iterator[tuple[pa.Array, ...]]",
    )
