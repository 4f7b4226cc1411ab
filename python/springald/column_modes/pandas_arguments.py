"""Arrow columns as Series and DataFrames.

A Series is the function's own: it may be changed. Its index counts the rows of the batch.

==================  ===========================  ======================  ===============
Arrow type          ``"numpy"``                  ``"numpy_nullable"``    ``"pyarrow"``
==================  ===========================  ======================  ===============
integers            the same; float64 with NaN   ``Int64``, ...          ``ArrowDtype``
                    where there are nulls
floats              the same, NaN for a null     ``Float64``, ...        of the column's
bool                bool; object with None       ``boolean``             own type, for
strings             as the version of pandas     ``string``              every type
timestamp           datetime64, with its zone    as ``"numpy"``
duration            timedelta64                  as ``"numpy"``
dictionary          category                     as ``"numpy"``
struct              DataFrame                    DataFrame               DataFrame
date, time,         object, of Python's classes  as ``"numpy"``
decimal, binary
list                object, of ndarrays          as ``"numpy"``
map                 object, of dicts             as ``"numpy"``
==================  ===========================  ======================  ===============

Integers beside nulls that float64 does not hold exactly are refused, never rounded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from springald.column_modes.plain_array import plain, refuse_inexact, unusable

__all__ = ["to_pandas"]

_ADVICE = "Pass dtype_backend='pyarrow' or dtype_backend='numpy_nullable'"
_NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
}


def to_pandas(array: pa.Array, argument: pa.Field, dtype_backend: str) -> Any:
    """Return a Series, or of a struct a DataFrame, with the values of `array`.

    Args:
        array: The column.
        argument: Its name and type, for errors.
        dtype_backend: ``"numpy"``, ``"numpy_nullable"`` or ``"pyarrow"``.

    Raises:
        UdfExecutionError: The values do not fit the dtypes; the message names the
            argument.
    """
    if pa.types.is_struct(array.type):
        return _frame(array, argument, dtype_backend)
    try:
        if dtype_backend == "pyarrow":
            return pd.Series(pd.arrays.ArrowExtensionArray(array))
        array = plain(array)
        if dtype_backend == "numpy_nullable" and pa.types.is_floating(array.type):
            return _nullable_floats(array)
        if dtype_backend == "numpy_nullable" and array.type in _NULLABLE:
            return pd.Series(_NULLABLE[array.type].__from_arrow__(array))
        refuse_inexact(array, argument, _ADVICE)
        return _numpy_series(array)
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise unusable(argument, error) from error


def _frame(array: pa.StructArray, argument: pa.Field, dtype_backend: str) -> Any:
    # A null of the struct is a null in each of its fields.
    columns = [
        to_pandas(column, field.with_name(f"{argument.name}.{field.name}"), dtype_backend)
        for column, field in zip(array.flatten(), array.type, strict=True)
    ]
    if any(isinstance(column, pd.DataFrame) for column in columns):
        columns = [_as_series(column) for column in columns]
    if not columns:
        return pd.DataFrame(index=pd.RangeIndex(len(array)))
    frame = pd.concat(columns, axis=1)
    frame.columns = [field.name for field in array.type]
    return frame


def _as_series(column: Any) -> Any:
    """Return a struct inside a struct as dicts: a DataFrame has no DataFrames inside."""
    if not isinstance(column, pd.DataFrame):
        return column
    return pd.Series(column.to_dict("records"), dtype=object)


def _nullable_floats(array: pa.Array) -> Any:
    values = array.to_numpy(zero_copy_only=False)
    if pa.types.is_float16(array.type):
        return pd.Series(values.copy())  # pandas has no nullable dtype of this width
    # Made here and not by pandas, which would take each NaN for a null.
    mask = array.is_null().to_numpy(zero_copy_only=False)
    return pd.Series(pd.arrays.FloatingArray(values.copy(), mask))


def _numpy_series(array: pa.Array) -> Any:
    if isinstance(array.type, pa.FixedShapeTensorType):
        return _objects(list(array.to_numpy_ndarray()), array)
    series = array.to_pandas(maps_as_pydicts="strict")
    if isinstance(series.dtype, np.dtype) and series.dtype != object:
        # Where nothing had to be converted, this is memory of the engine's.
        return series.copy()
    return series


def _objects(values: list[Any], array: pa.Array) -> Any:
    objects = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        objects[row] = value if array[row].is_valid else None
    return pd.Series(objects)
