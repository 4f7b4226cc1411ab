"""What a function of mode pandas returned, as an Arrow column.

The rules of ``pyarrow.Array.from_pandas``, with the promised type: NaN and NaT of NumPy's
dtypes are nulls, as they are for pandas; dtypes that tell NaN and NA apart keep both. The
index is ignored.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from springald.column_modes.kept_values import refuse_lost_values
from springald.column_modes.plain_array import exact_dates
from springald.errors import UdfResultError

__all__ = ["from_pandas"]


def from_pandas(returned: Any, type_: pa.DataType) -> pa.Array:
    """Return `returned` as a column of `type_`, which shares no memory with it.

    Args:
        returned: A Series, an Index or array of pandas, a NumPy array, a list or tuple,
            an Arrow array; for a struct also a DataFrame.
        type_: The type that was promised.

    Raises:
        UdfResultError: It is none of these, or its values are not of the type.
    """
    if isinstance(returned, pa.Array | pa.ChunkedArray):
        return returned
    if isinstance(returned, pd.DataFrame):
        return _struct_of(returned, type_)
    if isinstance(returned, np.ndarray | list | tuple):
        if isinstance(returned, np.ndarray) and returned.ndim != 1:
            raise UdfResultError(
                f"the function returned a NumPy array of {returned.ndim} dimensions, "
                f"shape {returned.shape}; return one of 1 dimension, with one value for "
                "each row"
            )
        return _converted(returned, returned, type_)
    if isinstance(returned, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return _converted(pd.Series(returned), returned, type_)
    raise UdfResultError(
        "a pandas-mode function returns a Series with one value per row, or for a struct "
        f"a DataFrame; this one returned {returned!r:.200} ({type(returned).__name__})"
    )


def _struct_of(frame: pd.DataFrame, type_: pa.DataType) -> pa.Array:
    if not pa.types.is_struct(type_):
        raise UdfResultError(
            f"the function returned a DataFrame, and the result's type is {type_}: "
            "return one of its columns, or declare a struct"
        )
    names = [field.name for field in type_]
    by_name = any(isinstance(name, str) for name in frame.columns)
    if by_name and sorted(map(str, frame.columns)) != sorted(names):
        raise UdfResultError(
            "the columns of the returned DataFrame are not the fields of the struct: "
            f"{', '.join(map(str, frame.columns))}, expected {', '.join(names)}"
        )
    if len(frame.columns) != len(names):
        raise UdfResultError(
            "the returned DataFrame has the wrong number of columns: "
            f"{len(frame.columns)}, expected {len(names)} ({', '.join(names)})"
        )
    columns = [
        from_pandas(frame[field.name] if by_name else frame.iloc[:, place], field.type)
        for place, field in enumerate(type_)
    ]
    if not columns:
        return pa.array([{}] * len(frame), type_)
    return pa.StructArray.from_arrays(
        [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in columns],
        fields=list(type_),
    )


def _converted(values: Any, returned: Any, type_: pa.DataType) -> pa.Array:
    try:
        return _to_arrow(values, type_)
    except UdfResultError:
        raise
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        dtype = getattr(returned, "dtype", None)
        what = type(returned).__name__ + ("" if dtype is None else f" of dtype {dtype}")
        raise UdfResultError(
            f"the function returned a {what} that is not an array of {type_}: {error}"
        ) from error


def _to_arrow(values: Any, type_: pa.DataType) -> pa.Array:
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype):
        if dtype.kind in "biuf" and pa.types.is_decimal(type_):
            # So that integers are taken, and floats refused, as single values are.
            values = values.astype(object)
        elif dtype.kind == "S" or dtype.byteorder == ">":
            values = values.astype(object if dtype.kind == "S" else dtype.newbyteorder())
        elif dtype.kind != "O":
            # The function may keep what it returned, and change it.
            values = values.copy()
    _refuse_other_zone(dtype, type_)
    if pa.types.is_date(type_) and _is_timestamp(dtype):
        return exact_dates(_one(pa.array(values, from_pandas=True)), type_)
    column = pa.array(values, type=type_, from_pandas=True)
    if _may_lose(dtype, type_):
        refuse_lost_values(values, column)
    if isinstance(type_, pa.BaseExtensionType) and column.type == type_.storage_type:
        return pa.ExtensionArray.from_storage(type_, _one(column))
    return column


def _may_lose(dtype: Any, type_: pa.DataType) -> bool:
    """Return whether pyarrow converts such values without asking what is lost."""
    if dtype is None or dtype == np.dtype(object) or isinstance(dtype, pd.StringDtype):
        return True
    return pa.types.is_boolean(type_) and getattr(dtype, "kind", "") in "iuf"


def _one(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _is_timestamp(dtype: Any) -> bool:
    if isinstance(dtype, pd.ArrowDtype):
        return bool(pa.types.is_timestamp(dtype.pyarrow_dtype))
    return getattr(dtype, "kind", "") == "M"


def _refuse_other_zone(dtype: Any, type_: pa.DataType) -> None:
    """Raise where values of a zone would become values of none, or the other way."""
    if not pa.types.is_timestamp(type_) or not _is_timestamp(dtype):
        return
    zone = dtype.pyarrow_dtype.tz if isinstance(dtype, pd.ArrowDtype) else None
    zone = getattr(dtype, "tz", None) if zone is None else zone
    if zone is not None and type_.tz is None:
        raise UdfResultError(
            f"the function returned timestamps with a zone, {zone}, and the result's "
            f"type is {type_}: declare pa.timestamp({type_.unit!r}, {str(zone)!r}), or "
            "take the zone away with series.dt.tz_localize(None)"
        )
    if zone is None and type_.tz is not None:
        raise UdfResultError(
            f"the function returned timestamps without a zone, and the result's type is "
            f"{type_}: give them one with series.dt.tz_localize(...)"
        )
