"""Random columns of every type, straight through the runtime and through queries.

The function gets what `to_pylist` gives, and the column that comes back is what
`pyarrow.array` makes of its results.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from carried import NOT_EMBEDDED, NOT_ON_CLUSTER, not_carried
from catalogue import BY_NAME, ENTRIES, Entry
from contexts import open_context
from row_functions import query, row_function, run
from specification import (
    assert_same_array,
    assert_same_values,
    shown,
    specified,
    values_of,
)

from springald import UdfDefinitionError

ROWS = 100_000
ROWS_OF_A_QUERY = 3_000

every_type = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
straight = pytest.mark.embedded_only(
    reason="calls the runtime of this process, without an engine"
)


@straight
@every_type
def test_every_type_passes_through_the_runtime(entry: Entry):
    seen: list[Any] = []

    def record(value):
        seen.append(value)
        return through(value)

    through = entry.through
    plain = row_function(through, entry.type, entry.type)
    recording = row_function(record, entry.type, entry.type, volatility="volatile")
    rows = 0
    for label, chunks in entry.variants(ROWS):
        for column in chunks:
            values = values_of(column)
            expected = specified([through(value) for value in values], entry.type)
            seen.clear()
            assert_same_array(run(recording, column), expected, label)
            assert_same_values(seen, values, label)
            assert_same_array(run(plain, column), expected, label)
            rows += len(column)
    assert rows >= ROWS


@straight
@every_type
def test_rows_with_a_null_are_skipped_where_that_is_asked_for(entry: Entry):
    def fail_for_none(value):
        assert value is not None
        return through(value)

    through = entry.through
    function = row_function(fail_for_none, entry.type, entry.type, null_handling="skip")
    column = entry.array("skip", 2_000)
    expected = specified([through(value) for value in values_of(column)], entry.type)
    assert_same_array(run(function, column), expected)


@every_type
def test_every_type_passes_through_a_query(entry: Entry):
    if reason := not_carried().get(entry.name):
        assert_refused(entry, reason)
        return
    context = open_context()
    for label, chunks in entry.variants(ROWS_OF_A_QUERY):
        values = [value for chunk in chunks for value in values_of(chunk)]
        expected = specified([entry.through(value) for value in values], entry.type)
        function = row_function(entry.through, entry.type, entry.type)
        assert_same_array(query(context, function, chunks), expected, label)


@every_type
def test_a_function_in_a_query_gets_the_values_of_to_pylist(entry: Entry):
    if not_carried().get(entry.name):
        return  # refused, which the test above shows
    chunks = [entry.array("first", 200), entry.array("second", 100).slice(9)]
    look = row_function(shown, entry.type, pa.string())
    expected = [shown(value) for chunk in chunks for value in values_of(chunk)]
    assert query(open_context(), look, chunks).to_pylist() == expected


def assert_refused(entry: Entry, reason: str) -> None:
    """Assert that a function with this type is refused, with the table's reason."""
    with pytest.raises(UdfDefinitionError) as caught:
        open_context().register_udf(row_function(entry.through, entry.type, entry.type))
    assert reason in str(caught.value)


def test_the_tables_of_refused_types_name_types_of_the_catalogue():
    assert not (NOT_EMBEDDED.keys() | NOT_ON_CLUSTER.keys()) - BY_NAME.keys()
    assert all(NOT_EMBEDDED.values())
    assert all(NOT_ON_CLUSTER.values())


def test_a_type_has_one_name():
    assert len(BY_NAME) == len(ENTRIES)
    assert len({entry.type for entry in ENTRIES}) == len(ENTRIES)
