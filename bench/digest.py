"""What is kept of results to compare them: a few numbers, whatever their order."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

__all__ = ["aggregate_of", "digest_of", "is_same"]

_RELATIVE_TOLERANCE = 1e-9  # of sums of floats, which depend on the order


def digest_of(values: Iterable[Any]) -> dict[str, Any]:
    """Return the number of rows and of nulls, and a sum of what is in the others.

    Numbers are summed; of strings and moments, which have no sum, checksums are.
    """
    num_rows = num_nulls = 0
    floats: list[float] = []
    total = 0
    classes = set()
    for value in values:
        num_rows += 1
        if value is None:
            num_nulls += 1
            continue
        classes.add(type(value).__name__)
        match value:
            case float():
                floats.append(value)
            case str():
                total += zlib.crc32(value.encode())
            case datetime():
                total += zlib.crc32(value.isoformat().encode())
            case _:
                total += int(value)
    return {
        "rows": num_rows,
        "nulls": num_nulls,
        "classes": sorted(classes),
        "sum": math.fsum(floats) if floats else total,
    }


def aggregate_of(values: Iterable[Any], kind: str) -> Any:
    """Return what a query over results of that kind must give."""
    present = [value for value in values if value is not None]
    match kind:
        case "float":
            return math.fsum(present)
        case "int" | "bool":
            return sum(present)
        case "timestamp":
            return max(present).isoformat()
        case _:
            return max(present)


def is_same(found: Any, expected: Any) -> bool:
    """Return whether values are equal: floats nearly, all others exactly."""
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and found.keys() == expected.keys()
            and all(is_same(found[key], expected[key]) for key in expected)
        )
    if isinstance(expected, float) and isinstance(found, int | float):
        return math.isclose(found, expected, rel_tol=_RELATIVE_TOLERANCE)
    return type(found) is type(expected) and found == expected
