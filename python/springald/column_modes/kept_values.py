"""Whether values survive on their way into a column, where pyarrow would let some go."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from springald.errors import UdfResultError

__all__ = ["refuse_lost_values"]


def refuse_lost_values(values: Iterable[Any], column: pa.Array | pa.ChunkedArray) -> None:
    """Raise UdfResultError where a value of `column` is not what it was made of.

    ``pyarrow.array`` of Python objects cuts ``1.5`` to ``1`` for an integer, the time of
    day off for a date, and the zone off a timestamp. Floats may be rounded.

    Args:
        values: What `column` was made of, one for each row.
        column: It, of any type.
    """
    if pa.types.is_floating(column.type) or pa.types.is_null(column.type):
        return
    for row, (given, made) in enumerate(zip(values, column.to_pylist(), strict=True)):
        if not _is_kept(given, made):
            raise UdfResultError(
                f"the value in row {row} does not fit {column.type}: {given!r:.200} "
                f"would become {made!r:.200}. Convert it in the function, or declare "
                "another return type"
            )


def _is_kept(given: Any, made: Any) -> bool:
    if made is None or isinstance(made, str | bytes | float):
        return True
    if isinstance(made, list | tuple):
        if isinstance(given, dict):  # for a map
            given = list(given.items())
        if not hasattr(given, "__len__") or len(given) != len(made):
            return True
        return all(_is_kept(*pair) for pair in zip(given, made, strict=True))
    if isinstance(made, dict):
        if not isinstance(given, dict):
            return True
        return all(_is_kept(given[key], made[key]) for key in made if key in given)
    if isinstance(made, datetime.date) and not isinstance(made, datetime.datetime):
        if isinstance(given, datetime.datetime):
            return given.tzinfo is None and given == datetime.datetime.combine(
                made, datetime.time()
            )
        return not isinstance(given, datetime.date) or given == made
    if isinstance(made, datetime.datetime):
        return not isinstance(given, datetime.datetime) or given == made
    if isinstance(made, datetime.time | datetime.timedelta):
        return not isinstance(given, type(made)) or given == made
    if isinstance(made, int):  # or bool
        return bool(given == made)
    return True
