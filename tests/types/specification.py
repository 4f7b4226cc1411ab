"""Row mode, as DESIGN says it in one line of pyarrow, for a test to compare with.

``pa.array([f(*row) for row in zip(a.to_pylist(), ...)], type=return_type)``

Three things of it need a word more:

* Nanoseconds are values of the standard library here, where pyarrow gives those of
  pandas if that is installed (`values_of`).
* `to_pylist` of pyarrow 26 reads wrong entries of a map whose entries have an offset.
  What counts is what it gives for the same maps without one (`values_of`).
* pyarrow has no converter for some types inside of others (run-ends, extensions,
  dictionaries of decimals). There the column is what it gives for the same type without
  those encodings, encoded afterwards (`specified`).
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def values_of(array: pa.Array) -> list[Any]:
    """Return what a row function is to get: `to_pylist`, without classes of pandas."""
    if contains(array.type, pa.types.is_map):
        array = pa.concat_arrays([array, array.slice(0, 0)])
    values = array.to_pylist()
    if contains(array.type, _is_nanoseconds):
        return [_standard(value) for value in values]
    return values


def _standard(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime(warn=False)
    if isinstance(value, pd.Timedelta):
        return value.to_pytimedelta()
    if type(value) in (list, tuple):
        return type(value)(_standard(item) for item in value)
    if type(value) is dict:
        return {key: _standard(item) for key, item in value.items()}
    return value


def specified(values: list[Any], type_: pa.DataType) -> pa.Array:
    """Return the column of what a row function has returned.

    Raises:
        Exception: Whatever `pyarrow.array` raises for these values.
    """
    if pyarrow_makes(type_):
        made = pa.array(values, type_)
        return made if isinstance(made, pa.Array) else pa.concat_arrays(made.chunks)
    return _encoded(pa.array(values, _plain(type_)), type_)


def ends_the_process(value: Any, type_: pa.DataType) -> bool:
    """Return whether `pyarrow.array` would crash: for a map with None for a pair.

    `allowed_differences.CRASHES` has what else does; hypothesis draws none of it.
    """
    if isinstance(value, dict) and pa.types.is_struct(type_):
        return any(ends_the_process(value.get(f.name), f.type) for f in type_)
    if not isinstance(value, list | tuple | set):
        return False
    if pa.types.is_map(type_):
        return any(
            item is None
            or (
                isinstance(item, tuple | list)
                and len(item) == 2
                and ends_the_process(item[1], type_.item_type)
            )
            for item in value
        )
    if type_.num_fields != 1:
        return False
    return any(ends_the_process(item, type_.field(0).type) for item in value)


def pyarrow_makes(type_: pa.DataType) -> bool:
    """Return whether `pyarrow.array` has a converter for a type and all inside of it."""
    try:
        pa.array([], type_)
    except pa.ArrowNotImplementedError:
        return False
    return True


def contains(type_: pa.DataType, test: Callable[[pa.DataType], bool]) -> bool:
    """Return whether `test` is true of a type or of one inside of it."""
    return test(type_) or any(contains(field.type, test) for field in fields_of(type_))


def fields_of(type_: pa.DataType) -> list[pa.Field]:
    """Return the fields of what is inside of a type, of any kind of nesting."""
    if isinstance(type_, pa.BaseExtensionType):
        return fields_of(type_.storage_type)
    if pa.types.is_dictionary(type_):
        return [pa.field("", type_.value_type)]
    if pa.types.is_run_end_encoded(type_):
        return [pa.field("", type_.value_type)]
    return [type_.field(i) for i in range(type_.num_fields)]


def _is_nanoseconds(type_: pa.DataType) -> bool:
    timed = pa.types.is_timestamp(type_) or pa.types.is_duration(type_)
    return timed and type_.unit == "ns"


# --- types that pyarrow makes only in parts -----------------------------------------


def _plain(type_: pa.DataType) -> pa.DataType:
    """Return a type without its encodings and extensions, at every depth."""
    if isinstance(type_, pa.BaseExtensionType):
        return _plain(type_.storage_type)
    if pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        return _plain(type_.value_type)
    return _rebuilt(type_, [f.with_type(_plain(f.type)) for f in fields_of(type_)])


def _rebuilt(type_: pa.DataType, fields: list[pa.Field]) -> pa.DataType:
    if pa.types.is_list(type_):
        return pa.list_(fields[0])
    if pa.types.is_large_list(type_):
        return pa.large_list(fields[0])
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(fields[0], type_.list_size)
    if pa.types.is_list_view(type_):
        return pa.list_view(fields[0])
    if pa.types.is_large_list_view(type_):
        return pa.large_list_view(fields[0])
    if pa.types.is_map(type_):
        return pa.map_(fields[0].type.field(0), fields[0].type.field(1))
    return pa.struct(fields) if pa.types.is_struct(type_) else type_


def _encoded(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return a column of the plain type as one of `type_`, at every depth."""
    if array.type == type_:
        return array
    if isinstance(type_, pa.BaseExtensionType):
        storage = _encoded(array, type_.storage_type)
        return pa.ExtensionArray.from_storage(type_, storage)
    if pa.types.is_dictionary(type_):
        found = array.dictionary_encode()
        indices = found.indices.cast(type_.index_type)
        return pa.DictionaryArray.from_arrays(indices, found.dictionary)
    if pa.types.is_run_end_encoded(type_):
        return pc.run_end_encode(array, run_end_type=type_.run_end_type)
    if pa.types.is_struct(type_):
        children, own = [array.field(i) for i in range(type_.num_fields)], 1
    elif pa.types.is_map(type_):
        entries = pa.StructArray.from_arrays(
            [array.keys, array.items], fields=list(array.type.field(0).type)
        )
        children, own = [entries], 2
    elif pa.types.is_fixed_size_list(type_):
        children, own = [array.values], 1
    else:
        views = pa.types.is_list_view(type_) or pa.types.is_large_list_view(type_)
        children, own = [array.values], 3 if views else 2
    encoded = [
        _encoded(child, field.type)
        for child, field in zip(children, fields_of(type_), strict=True)
    ]
    buffers = array.buffers()[:own]
    return pa.Array.from_buffers(type_, len(array), buffers, children=encoded)


# --- comparing ------------------------------------------------------------------------


def _interval(*parts: int) -> Any:
    return pa.MonthDayNano(parts)


def _reduced_interval(value: Any) -> tuple[Any, tuple[int, ...]]:
    return _interval, tuple(value)


# pyarrow's class has no module in which pickle could find it.
copyreg.pickle(pa.MonthDayNano, _reduced_interval)


def exact(values: object) -> bytes:
    """Return bytes that are equal for equal values of equal classes, at every depth.

    Unlike ``==`` they tell -0.0 from 0.0, True from 1, a fold from none and
    Decimal('1.0') from Decimal('1.00'), and NaN is equal to itself.
    """
    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=5)
    pickler.fast = True  # without references to what came before
    pickler.dump(values)
    return out.getvalue()


def shown(value: Any) -> str:
    """Return a value's class and text, which are the same for NaN of other bits."""
    if isinstance(value, list | tuple):
        inside = ", ".join(shown(item) for item in value)
        return f"{type(value).__qualname__}({inside})"
    if isinstance(value, dict):
        inside = ", ".join(f"{shown(k)}: {shown(v)}" for k, v in value.items())
        return f"{type(value).__qualname__}({inside})"
    return f"{type(value).__qualname__} {value!r}"


def assert_same_values(actual: list[Any], expected: list[Any], what: str = "") -> None:
    """Assert that two lists have the same values of the same classes, in order."""
    assert len(actual) == len(expected), what
    if exact(actual) == exact(expected):
        return
    for row, (ours, theirs) in enumerate(zip(actual, expected, strict=True)):
        assert shown(ours) == shown(theirs), f"{what} row {row}"


def assert_same_array(actual: pa.Array, expected: pa.Array, what: str = "") -> None:
    """Assert that two columns have the same type and values, and that ours is valid."""
    assert actual.type == expected.type, what
    if _is_valid(expected):
        actual.validate(full=True)
    if contains(expected.type, pa.types.is_floating) or not actual.equals(expected):
        # Equality of Arrow knows neither NaN nor -0.0.
        assert_same_values(values_of(actual), values_of(expected), what)


def _is_valid(array: pa.Array) -> bool:
    # pyarrow gives an index into an empty dictionary for [None] as a list of structs
    # with a dictionary in them, which it then calls invalid.
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def refusals(values: list[Any], type_: pa.DataType) -> dict[int, Exception]:
    """Return the rows that may be blamed where pyarrow refuses values, and its words.

    The first value that it refuses alone, and the last of the shortest beginning that
    it refuses: a struct's first value decides whether those after it may be tuples.
    """
    found: dict[int, Exception] = {}
    for row in range(len(values)):
        try:
            specified(values[: row + 1], type_)
        except Exception as together:
            found[row] = together
            break
    for row, value in enumerate(values):
        try:
            specified([value], type_)
        except Exception as alone:
            found.setdefault(row, alone)
            break
    return found
