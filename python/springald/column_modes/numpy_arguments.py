"""Arrow columns as NumPy arrays that cannot be written to.

=======================  ==================================  ==========================
Arrow type               array                               a null is
=======================  ==================================  ==========================
integers                 the same dtype                      refused; masked in a
bool                     bool                                ``np.ma.MaskedArray``
floats                   the same dtype                      NaN
timestamp, date          datetime64 (of a zone: in UTC)      NaT
duration                 timedelta64                         NaT
fixed-size list, tensor  one dimension more for each level   as that of its values
all others               object, of the values that row      None
                         mode gives
=======================  ==================================  ==========================

Numbers, timestamps, durations, fixed-size lists and tensors of these, without nulls, are
views of the engine's memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from springald.column_modes.plain_array import plain, unusable

__all__ = ["to_numpy"]


def to_numpy(array: pa.Array, argument: pa.Field, masked: bool = False) -> Any:
    """Return the values of `array` as a read-only NumPy array.

    Args:
        array: The column.
        argument: Its name and type, for errors.
        masked: Whether to return a ``np.ma.MaskedArray``, whose mask says what is null.

    Raises:
        UdfExecutionError: The array cannot hold the values; the message names the
            argument.
    """
    try:
        values = _masked(array, argument) if masked else _array(plain(array), argument)
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise unusable(argument, error) from error
    values.flags.writeable = False
    return values


def _array(array: pa.Array, argument: pa.Field) -> Any:
    type_ = array.type
    if pa.types.is_dictionary(type_):
        return _array(plain(array.dictionary_decode()), argument)
    if isinstance(type_, pa.FixedShapeTensorType) and not array.null_count:
        return array.to_numpy_ndarray()
    if pa.types.is_fixed_size_list(type_) and _is_flat(type_):
        return _rows_of_lists(array, argument)
    if pa.types.is_integer(type_) or pa.types.is_boolean(type_):
        if array.null_count:
            raise unusable(
                argument,
                f"{array.null_count} of its {len(array)} values are null, and a NumPy "
                f"array of {type_} has no nulls. Hint it as np.ma.MaskedArray to get "
                "them as a mask, or pass null_handling='skip' to be given the other rows "
                "only",
            )
        return array.to_numpy(zero_copy_only=not pa.types.is_boolean(type_))
    if (
        pa.types.is_floating(type_)
        or pa.types.is_timestamp(type_)
        or pa.types.is_date(type_)
        or pa.types.is_duration(type_)
    ):
        return array.to_numpy(zero_copy_only=False)
    return _objects(array)


def _is_flat(type_: pa.DataType) -> bool:
    """Return whether lists of this type are a block of memory without references."""
    while pa.types.is_fixed_size_list(type_):
        type_ = type_.value_type
    return bool(
        pa.types.is_integer(type_)
        or pa.types.is_floating(type_)
        or pa.types.is_boolean(type_)
        or pa.types.is_timestamp(type_)
        or pa.types.is_duration(type_)
    )


def _rows_of_lists(array: pa.FixedSizeListArray, argument: pa.Field) -> Any:
    size = array.type.list_size
    if array.null_count:
        # A null list has values, which mean nothing: a null for each of them instead.
        nulls = np.repeat(array.is_null().to_numpy(zero_copy_only=False), size)
        places = pa.array(np.arange(len(nulls)), mask=nulls)
        values = array.values.slice(array.offset * size, len(nulls)).take(places)
    else:
        values = array.flatten()
    flat = _array(values, argument)
    return flat.reshape(len(array), size, *flat.shape[1:])


def _objects(array: pa.Array) -> Any:
    objects = np.empty(len(array), dtype=object)
    # One by one: of a list of lists NumPy would make an array of two dimensions.
    for row, value in enumerate(array.to_pylist(maps_as_pydicts="strict")):
        objects[row] = value
    return objects


def _masked(array: pa.Array, argument: pa.Field) -> Any:
    mask = array.is_null().to_numpy(zero_copy_only=False)
    array = plain(array)
    if array.null_count and pa.types.is_integer(array.type):
        array = array.fill_null(0)
    elif array.null_count and pa.types.is_boolean(array.type):
        array = array.fill_null(False)
    values = _array(array, argument)
    if values.ndim > 1:
        mask = np.broadcast_to(mask.reshape(-1, *[1] * (values.ndim - 1)), values.shape)
    return np.ma.MaskedArray(values, mask)
