"""Generated types and values: the same column as the specification's, or its error.

The specification is pyarrow's, row by row. `make test` tries 2,000 examples, always the
same; `make soak` tries others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from contexts import open_context
from generated import EXAMPLES, EXAMPLES_IN_QUERIES, SOAK_EXAMPLES, columns, proof, types
from hypothesis import assume, given
from hypothesis import strategies as st
from row_functions import query, row_function, run
from specification import (
    assert_same_array,
    ends_the_process,
    refusals,
    specified,
    values_of,
)

from springald import Udf, UdfExecutionError, UdfResultError

pytestmark = pytest.mark.timeout(0 if SOAK_EXAMPLES else 400)
tried = proof(EXAMPLES)
typed_columns = types().flatmap(
    lambda type_: st.tuples(st.just(type_), columns(type_, mistakes=False))
)
typed_results = types().flatmap(
    lambda type_: st.tuples(st.just(type_), columns(type_, mistakes=True))
)
straight = pytest.mark.embedded_only(
    reason="calls the runtime of this process, without an engine"
)


class Failure(Exception):
    """What the generated functions raise."""


def check(
    function: Udf,
    column: pa.Array,
    model: Callable[[Any], Any],
    call: Callable[[Udf, pa.Array], pa.Array] = run,
) -> None:
    """Assert that `function` does to a column what the specification says of `model`."""
    results = []
    for row, value in enumerate(values_of(column)):
        try:
            results.append(model(value))
        except Failure as failure:
            assert_raises(function, column, row, failure, call)
            return
    assume(not any(ends_the_process(v, function.return_type) for v in results))
    try:
        expected = specified(results, function.return_type)
    except Exception as refusal:
        assert_refuses(function, column, results, refusal, call)
    else:
        assert_same_array(call(function, column), expected)


def assert_raises(function, column, row, failure, call) -> None:
    with pytest.raises(UdfExecutionError) as caught:
        call(function, column)
    assert caught.value.row == row
    assert caught.value.exception_type.endswith("Failure")
    assert caught.value.exception_message == str(failure)


def assert_refuses(function, column, results, together, call) -> None:
    """Assert that a value that pyarrow refuses is to blame, in its own words."""
    refused = refusals(results, function.return_type)
    with pytest.raises(UdfResultError) as caught:
        call(function, column)
    error = caught.value
    assert any(
        str(said) in error.exception_message
        and error.exception_type.endswith(type(said).__name__)
        for said in [together, *refused.values()]
    ), f"{refused} {error}"
    assert error.row in refused


def in_a_query(function: Udf, column: pa.Array) -> pa.Array:
    return query(open_context(), function, [column])


@straight
@tried
@given(typed_columns, st.integers(0, 3), st.integers(0, 3))
def test_values_pass_through(typed, before, after):
    type_, values = typed
    column = specified([*values[:before], *values, *values[:after]], type_)
    column = column.slice(len(values[:before]), len(values))

    def same(value):
        return value

    check(row_function(same, type_, type_), column, same)


@straight
@tried
@given(typed_results)
def test_results_that_may_not_fit(typed):
    type_, results = typed
    numbers = pa.array(range(len(results)), pa.int64())
    check(
        row_function(results.__getitem__, pa.int64(), type_), numbers, results.__getitem__
    )


@straight
@tried
@given(typed_columns, types(), st.integers(0, 9))
def test_values_of_one_type_returned_as_another(typed, result, none_at):
    type_, values = typed
    seen: list[Any] = []

    def some(value):
        seen.append(value)
        return None if len(seen) == none_at else value

    def model(value):
        rows.append(value)
        return None if len(rows) == none_at else value

    rows: list[Any] = []
    function = row_function(some, type_, result, volatility="volatile")
    check(function, specified(values, type_), model)


@straight
@tried
@given(typed_results, st.integers(0, 7), st.text(max_size=10).filter(str.strip))
def test_functions_that_raise_in_a_row(typed, at, message):
    type_, results = typed
    numbers = pa.array(range(len(results)), pa.int64())

    def fail_at(number):
        if number == at:
            raise Failure(message)
        return results[number]

    check(row_function(fail_at, pa.int64(), type_), numbers, fail_at)


@proof(EXAMPLES_IN_QUERIES)
@given(typed_results, st.integers(0, 20))
def test_the_same_in_queries(typed, at):
    type_, results = typed
    numbers = pa.array(range(len(results)), pa.int64())

    def fail_at(number):
        if number == at:
            raise Failure("on purpose")
        return results[number]

    check(row_function(fail_at, pa.int64(), type_), numbers, fail_at, in_a_query)
