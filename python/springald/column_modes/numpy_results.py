"""What a function of mode numpy returned, as an Arrow column."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pyarrow as pa

from springald.column_modes.kept_values import refuse_lost_values
from springald.column_modes.plain_array import exact_dates
from springald.errors import UdfResultError

__all__ = ["from_numpy"]

# The list that holds a result, a local variable, and the argument of `getrefcount`.
_OWN_REFERENCES = 3
# Units that Arrow lacks and that are whole seconds. (The years of a duration are not.)
_COARSE_UNITS = {"M": ("Y", "M", "W", "h", "m"), "m": ("W", "D", "h", "m")}


def from_numpy(returned: list[Any], type_: pa.DataType, nulls: Any = None) -> pa.Array:
    """Return what the function returned, the only element of `returned`, as a column.

    Memory is shared where it is of the type already and nobody else can change it: it is
    the engine's own, or only `returned` holds it.

    Args:
        returned: A NumPy array, masked or not, a list or tuple, or an Arrow array.
        type_: The type that was promised. A fixed-size list or a tensor takes an array of
            more dimensions, a struct a structured array.
        nulls: Rows in which a NaN is a null, as an array of bool; or None.

    Raises:
        UdfResultError: It is none of these, or its values are not of the type.
    """
    value = returned[0]
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value
    if not isinstance(value, np.ndarray | list | tuple):
        raise UdfResultError(
            "a numpy-mode function returns a NumPy array with one value per row; this "
            f"one returned {value!r:.200} ({type(value).__name__})"
        )
    del value
    try:
        is_shareable = _is_shareable(returned)
        return _column(returned[0], type_, nulls, is_shareable)
    except UdfResultError:
        raise
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        what = type(returned[0]).__name__
        if isinstance(returned[0], np.ndarray):
            what += f" of dtype {returned[0].dtype} and shape {returned[0].shape}"
        raise UdfResultError(
            f"the function returned a {what} that is not an array of {type_}: {error}"
        ) from error


def _is_shareable(returned: list[Any]) -> bool:
    """Return whether nobody can change the memory of the array in `returned` any more."""
    array = returned[0]
    if not isinstance(array, np.ndarray):
        return False
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if owner.base is not None:
        return _is_of_engine(owner)
    if owner is array:
        return sys.getrefcount(array) <= _OWN_REFERENCES + 1  # `owner`
    return (
        array.base is owner  # a view of a view may be changed through that
        and sys.getrefcount(array) <= _OWN_REFERENCES
        and sys.getrefcount(owner) <= _OWN_REFERENCES  # `base` in place of the list
    )


def _is_of_engine(owner: Any) -> bool:
    """Return whether `owner` has memory of Arrow's, which nobody writes to."""
    is_arrow = isinstance(owner.base, pa.Buffer | pa.Array | pa.Tensor)
    return is_arrow and not owner.flags.writeable


def _column(
    array: Any, type_: pa.DataType, nulls: Any, is_shareable: bool = False
) -> pa.Array:
    if not isinstance(array, np.ndarray):
        column = pa.array(array, type=type_)
        refuse_lost_values(array, column)
        return column
    if array.ndim == 0:
        raise UdfResultError(
            f"the function returned an array of 0 dimensions, {array!r:.200}: return one "
            "value for each row"
        )
    if isinstance(type_, pa.FixedShapeTensorType):
        return _tensors(array, type_, is_shareable)
    if pa.types.is_fixed_size_list(type_) and array.ndim > 1:
        return _lists(array, type_, is_shareable)
    if array.ndim > 1:
        if not (pa.types.is_list(type_) or pa.types.is_large_list(type_)):
            raise UdfResultError(
                f"the function returned an array of shape {array.shape}, and the "
                f"result's type is {type_}: return an array of 1 dimension"
            )
        return pa.array(list(array), type=type_)
    if array.dtype.names is not None and pa.types.is_struct(type_):
        return _structs(array, type_)
    return _values(array, type_, nulls, is_shareable)


def _values(array: Any, type_: pa.DataType, nulls: Any, is_shareable: bool) -> pa.Array:
    mask = None
    if isinstance(array, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(array)
        array = array.data
    elif nulls is not None and array.dtype.kind == "f" and len(array) == len(nulls):
        mask = np.logical_and(nulls, np.isnan(array))
    kind = array.dtype.kind
    if kind == "S" or (kind in "biuf" and pa.types.is_decimal(type_)):
        array = array.astype(object)
    elif kind in "mM":
        array = _known_unit(array)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if kind == "M" and pa.types.is_date(type_) and array.dtype != np.dtype("M8[D]"):
        return exact_dates(pa.array(array, mask=mask), type_)
    column = pa.array(array if is_shareable else array.copy(), type=type_, mask=mask)
    if array.dtype.kind == "O" or (kind in "iuf" and pa.types.is_boolean(type_)):
        refuse_lost_values(array.tolist(), column)
    return column


def _known_unit(array: Any) -> Any:
    unit, count = np.datetime_data(array.dtype)
    if unit in _COARSE_UNITS[array.dtype.kind]:
        unit = "s"
    elif count == 1:
        return array
    return array.astype(f"{array.dtype.kind}8[{unit}]")


def _lists(array: Any, type_: pa.DataType, is_shareable: bool) -> pa.Array:
    size = type_.list_size
    if array.shape[1] != size:
        raise UdfResultError(
            f"the function returned an array of shape {array.shape}, and the result's "
            f"type is {type_}: the second dimension must be {size}"
        )
    rest = array.shape[2:]
    flat = array.reshape(array.shape[0] * size, *rest)
    is_shareable = is_shareable and np.shares_memory(flat, array)
    values = _column(flat, type_.value_type, None, is_shareable)
    return pa.FixedSizeListArray.from_arrays(values, type=type_)


def _tensors(array: Any, type_: pa.FixedShapeTensorType, is_shareable: bool) -> pa.Array:
    axes = type_.permutation or range(len(type_.shape))
    shape = tuple(type_.shape[axis] for axis in axes)
    if array.shape[1:] != shape:
        raise UdfResultError(
            f"the function returned an array of shape {array.shape}, and the result's "
            f"type is {type_}: each row must have the shape {shape}"
        )
    array = array.transpose(0, *(np.argsort(axes) + 1))
    flat = np.ascontiguousarray(array).reshape(len(array), -1)
    storage = _lists(flat, type_.storage_type, is_shareable)
    return pa.ExtensionArray.from_storage(type_, storage)


def _structs(array: Any, type_: pa.StructType) -> pa.Array:
    names = [field.name for field in type_]
    if sorted(array.dtype.names) != sorted(names):
        raise UdfResultError(
            "the fields of the returned array are not those of the struct: "
            f"{', '.join(array.dtype.names)}, expected {', '.join(names)}"
        )
    columns = [_column(array[field.name], field.type, None) for field in type_]
    return pa.StructArray.from_arrays(columns, fields=list(type_))
