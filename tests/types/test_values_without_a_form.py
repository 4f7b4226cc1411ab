"""Columns with values that Python has no object for: an error that names the row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from contexts import open_context
from row_functions import query, row_function

from springald import UdfError


def raw(type_: pa.DataType, *numbers: int) -> pa.Array:
    """Return a column of the numbers that stand in a type's buffer."""
    data = np.array(numbers, f"i{type_.bit_width // 8}").tobytes()
    return pa.Array.from_buffers(type_, len(numbers), [None, pa.py_buffer(data)])


def not_utf8() -> pa.Array:
    offsets = np.array([0, 1, 2], "i4").tobytes()
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"a\xff")]
    return pa.Array.from_buffers(pa.string(), 2, buffers)


def in_lists(column: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(range(len(column) + 1), column)


def twice_named() -> pa.Array:
    columns = [pa.array([None, 1]), pa.array([None, 2])]
    mask = pa.array([True, False])
    return pa.StructArray.from_arrays(columns, ["a", "a"], mask=mask)


DAY = 86_400
# In each of them the first value is an ordinary one, and the second has no form.
WITHOUT_FORM = {
    "date32 after 9999": raw(pa.date32(), 0, 2_932_897),
    "date32 before 1": raw(pa.date32(), 0, -719_163),
    "date64 after 9999": raw(pa.date64(), 0, 2_932_897 * DAY * 1000),
    "timestamp(s) after 9999": raw(pa.timestamp("s"), 0, 2_932_897 * DAY),
    "timestamp(us) before 1": raw(pa.timestamp("us"), 0, -719_163 * DAY * 10**6),
    "timestamp in a zone": raw(pa.timestamp("s", "+05:00"), 0, 2_932_897 * DAY - 1),
    "timestamp of 64 bits": raw(pa.timestamp("s"), 0, 2**62),
    "duration(s)": raw(pa.duration("s"), 0, 10**9 * DAY),
    "duration(ms)": raw(pa.duration("ms"), 0, -(2**63) + 1),
    "list of dates": in_lists(raw(pa.date32(), 0, 2_932_897)),
    "dictionary of dates": pa.DictionaryArray.from_arrays(
        pa.array([0, 1], pa.int8()), raw(pa.date32(), 0, 2_932_897)
    ),
    "struct with a name twice": twice_named(),
}
# pyarrow gives objects of pandas for these, or cuts them.
BELOW_MICROSECONDS = {
    "timestamp(ns)": raw(pa.timestamp("ns"), 1000, 1001),
    "timestamp(ns) before 1970": raw(pa.timestamp("ns"), -1000, -1),
    "timestamp(ns) in a zone": raw(pa.timestamp("ns", "Europe/Berlin"), 0, 999),
    "time64(ns)": raw(pa.time64("ns"), 1000, 1001),
    "duration(ns)": raw(pa.duration("ns"), 1000, -1001),
    "list of timestamp(ns)": in_lists(raw(pa.timestamp("ns"), 1000, 1001)),
}


@pytest.mark.parametrize("name", WITHOUT_FORM)
def test_what_to_pylist_refuses_is_an_error_of_that_row(name):
    column = WITHOUT_FORM[name]
    column.slice(0, 1).to_pylist()
    with pytest.raises((OverflowError, ValueError)) as said:
        column.to_pylist()
    error = error_of(column)
    assert error.row == 1
    assert type(said.value).__name__ in str(error)


@pytest.mark.parametrize("name", BELOW_MICROSECONDS)
def test_nanoseconds_that_are_no_whole_microseconds_are_an_error(name):
    column = BELOW_MICROSECONDS[name]
    assert column.to_pylist(), "pyarrow makes something of it"
    error = error_of(column)
    assert error.row == 1
    assert "whole microseconds" in str(error)


@pytest.mark.embedded_only(reason="no engine sends a string that is no UTF-8")
def test_a_string_that_is_no_utf8_is_an_error_of_its_row():
    column = not_utf8()
    with pytest.raises(UnicodeDecodeError):
        column.to_pylist()
    error = error_of(column)
    assert error.row == 1
    assert "UnicodeDecodeError" in str(error)


def error_of(column: pa.Array) -> UdfError:
    """Return how a function fails that is given `column` in a query."""
    function = row_function(lambda value: value is None, column.type, pa.bool_())
    with pytest.raises(UdfError) as caught:
        query(open_context(), function, [column])
    return caught.value


@pytest.mark.parametrize("name", [*WITHOUT_FORM, *BELOW_MICROSECONDS])
def test_the_rows_before_are_not_harmed(name):
    column = (WITHOUT_FORM | BELOW_MICROSECONDS)[name].slice(0, 1)
    function = row_function(lambda value: value is None, column.type, pa.bool_())
    nulls = [value is None for value in column.to_pylist()]
    assert query(open_context(), function, [column]).to_pylist() == nulls
