"""What may differ from `pyarrow.array`: all of it, each with its reason.

`test_value_type_cross.py` fails where something differs and is not in here, and where
something in here no longer differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Cells of a value and a type where a row function gives another result than pyarrow.

    Attributes:
        values: Names of `values.VALUES`.
        types: Names of the catalogue's entries.
        reason: Why that is right.
    """

    values: tuple[str, ...]
    types: tuple[str, ...]
    reason: str


_SCALARS = ("pa.scalar(int64)", "pa.scalar(string)", "pa.scalar(list)")
_DICTIONARIES = (
    "dictionary(int8, string)",
    "dictionary(int32, string)",
    "dictionary(uint16, int64)",
)
_MAPS = ("map(string, int64)", "map(int8, list)")
DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        values=(
            "''",
            "b''",
            "[]",
            "{}",
            "{'x': 1.0, 'y': 2}",
            "{'x': 'a'}",
            "{'z': 1}",
            "{1: 2}",
            "{'a': 1}",
            "{'id': None}",
            "{b'x': 1.0}",
            "Record",
            "[('a', 1)]",
            "[('a', 1), ('a', 2)]",
            "[(None, 1)]",
            "[('x', 1.0), ('y', 2.0)]",
            "[(1, [date])]",
        ),
        types=("struct(id, …)",),
        reason="pyarrow puts nulls into the field `id`, which is declared without nulls, "
        "so that the engine may read them as values: that is an error of the result",
    ),
    Difference(
        values=("[1, None]", "np.array of objects", "np.array 0-d"),
        types=_MAPS,
        reason="another text of the same refusal: the entries of a map are looked at "
        "first, because pyarrow aborts the process where one is None",
    ),
    Difference(
        values=("np.array 0-d",),
        types=("deep",),
        reason="another text of the same refusal, as for maps, which are inside",
    ),
    Difference(
        values=("pa.scalar(None)",),
        types=_DICTIONARIES,
        reason="refused, not null: values are made first and encoded then, because "
        "pyarrow reads a scalar of a plain type as one of a dictionary's type",
    ),
    Difference(
        values=("np.array 0-d", "np.array 2-d"),
        types=("list(dictionary)",),
        reason="the text of the refusal names the list of values that is encoded later",
    ),
)

# Cells where `pyarrow.array` ends the process, or gives a column that reads memory which
# is not its own. A row function must not: there it says that the value does not fit.
CRASHES: tuple[Difference, ...] = (
    Difference(
        values=("[None]",),
        types=("map(string, int64)", "map(int8, list)"),
        reason="pyarrow aborts the process for a map with None in place of a pair",
    ),
    Difference(
        values=("{1}",),
        types=("list(int16, 3)", "fixed_shape_tensor"),
        reason="pyarrow does not look at the length of a set for a list of a fixed size",
    ),
    Difference(
        values=_SCALARS,
        types=_DICTIONARIES,
        reason="pyarrow reads a scalar of a plain type as one of a dictionary's type",
    ),
    Difference(
        values=("pa.scalar(list)", "pa.array"),
        types=("list(dictionary)",),
        reason="pyarrow reads a scalar of a plain type as one of a dictionary's type",
    ),
)


def crashing_values(type_name: str) -> frozenset[str]:
    """Return the names of the values that pyarrow cannot be asked about here."""
    return frozenset(
        value for crash in CRASHES if type_name in crash.types for value in crash.values
    )


def allowed_values(type_name: str) -> Iterator[str]:
    """Yield the names of the values that may differ for a type."""
    for difference in DIFFERENCES:
        if type_name in difference.types:
            yield from difference.values
