"""What conversions of Arrow columns to pandas and to NumPy have in common."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from springald.errors import UdfExecutionError, UdfResultError

__all__ = ["EXACT_IN_FLOAT64", "exact_dates", "plain", "refuse_inexact", "unusable"]

# Beyond this, not every integer is a float64.
EXACT_IN_FLOAT64 = 2**53


def plain(array: pa.Array) -> pa.Array:
    """Return `array` in the encoding that conversions know best, with the same values."""
    type_ = array.type
    if pa.types.is_run_end_encoded(type_):
        return plain(pc.run_end_decode(array))
    if pa.types.is_string_view(type_):
        return array.cast(pa.large_string())
    if pa.types.is_binary_view(type_):
        return array.cast(pa.large_binary())
    return array


def unusable(argument: pa.Field, problem: object) -> UdfExecutionError:
    """Return the error for an argument that cannot be handed to the function."""
    return UdfExecutionError(
        f"argument {argument.name!r} of type {argument.type} cannot be given to the "
        f"function: {problem}"
    )


def refuse_inexact(array: pa.Array, argument: pa.Field, advice: str) -> None:
    """Raise UdfExecutionError where float64 does not hold integers beside nulls exactly.

    Looks into lists and maps, whose values become arrays of one dtype as well.
    """
    type_ = array.type
    if pa.types.is_map(type_):
        refuse_inexact(array.items, argument, advice)
    elif (
        pa.types.is_list(type_)
        or pa.types.is_large_list(type_)
        or pa.types.is_fixed_size_list(type_)
        or pa.types.is_list_view(type_)
        or pa.types.is_large_list_view(type_)
    ):
        refuse_inexact(array.flatten(), argument, advice)
    elif type_ in (pa.int64(), pa.uint64()) and array.null_count:
        least, most = (pc.min_max(array)[end].as_py() or 0 for end in ("min", "max"))
        worst = max(most, least, key=abs)
        if abs(worst) > EXACT_IN_FLOAT64:
            raise unusable(
                argument,
                "integers beside nulls become float64, which is not exact beyond 2**53: "
                f"{worst}. {advice}",
            )


def exact_dates(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return timestamps as dates; raise UdfResultError where a time of day is lost."""
    dates = column.cast(type_)
    changed = pc.not_equal(dates.cast(column.type), column)
    if pc.any(changed).as_py():
        row = pc.index(changed, True).as_py()
        raise UdfResultError(
            f"the value in row {row} is not a whole day, and the result's type is "
            f"{type_}: {column[row]}"
        )
    return dates
