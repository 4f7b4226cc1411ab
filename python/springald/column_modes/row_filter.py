"""Keeps rows with nulls away from a function, and gives them a null result."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from springald.column_modes.plain_array import plain

__all__ = ["nulls_of", "rows_without_nulls", "select", "spread"]


def rows_without_nulls(
    arrays: Sequence[pa.Array], skips: Sequence[bool]
) -> pa.BooleanArray | None:
    """Return which rows have no null in the arrays that skip; None if that is all."""
    kept = None
    for array, skip in zip(arrays, skips, strict=True):
        if skip and array.null_count:
            valid = array.is_valid()
            kept = valid if kept is None else pc.and_(kept, valid)
    return kept


def select(array: pa.Array, rows: pa.Array) -> pa.Array:
    """Return the values of `array` at `rows`, indices of which some may be null."""
    encoded = plain(array)
    chosen = encoded.take(rows)
    # Arrow takes from no view: so from a copy of another layout, and back.
    return chosen if encoded.type == array.type else chosen.cast(array.type)


def spread(column: pa.Array, kept: pa.BooleanArray) -> pa.Array:
    """Return `column`, which has the kept rows' values, with nulls for the other rows."""
    numbers = pc.subtract(pc.cumulative_sum(kept.cast(pa.int64())), 1)
    return select(column, pc.if_else(kept, numbers, pa.scalar(None, pa.int64())))


def nulls_of(type_: pa.DataType, length: int) -> pa.Array:
    """Return `length` nulls of a type, extension types included."""
    if isinstance(type_, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(type_, pa.nulls(length, type_.storage_type))
    return pa.nulls(length, type_)
