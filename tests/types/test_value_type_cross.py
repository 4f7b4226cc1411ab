"""Every kind of Python value as the result of a function of every return type.

Each cell is what `pyarrow.array([value], type)` gives, also where that fails. What may
differ stands in `allowed_differences.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from allowed_differences import CRASHES, DIFFERENCES, allowed_values, crashing_values
from carried import not_carried
from catalogue import BY_NAME, ENTRIES, Entry
from contexts import open_context
from row_functions import query, row_function, run
from specification import assert_same_array, refusals, specified, values_of
from values import VALUES

from springald import Udf, UdfResultError

every_type = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
# Numbers of rows in a query: what is no value stands among rows that are.
ORDINARY = -1
NAMES = list(VALUES)


def ordinary_value(entry: Entry) -> Any:
    """Return a value that the type holds, of the class that it is made for."""
    value = values_of(entry.array("ordinary", 1, 0.0))[0]
    return entry.through(value)


def returning(entry: Entry, make: Callable[[int], Any]) -> Udf:
    """Return a function of numbers, which gives the value of that number."""
    return row_function(make, pa.int64(), entry.type)


def difference(
    function: Udf, numbers: list[int], values: list[Any], entry: Entry
) -> str | None:
    """Return how a batch of results differs from pyarrow's, or None if it does not."""
    try:
        expected = specified(values, entry.type)
    except Exception as error:
        return _differs_from_errors(function, numbers, values, entry, error)
    try:
        actual = run(function, pa.array(numbers, pa.int64()))
        assert_same_array(actual, expected)
    except Exception as error:
        return f"pyarrow gives {expected.to_pylist()}; ours: {error!r}"
    except AssertionError as error:
        return str(error)
    return None


def _differs_from_errors(
    function: Udf,
    numbers: list[int],
    values: list[Any],
    entry: Entry,
    together: Exception,
) -> str | None:
    said = f"pyarrow says {type(together).__name__}: {together}"
    refused = refusals(values, entry.type)
    try:
        actual = run(function, pa.array(numbers, pa.int64()))
    except UdfResultError as error:
        expected = [together, *refused.values()]
        if error.row in refused and any(is_that_error(error, one) for one in expected):
            return None
        return f"{said}; ours: {error}"
    except Exception as error:
        return f"{said}; ours: {error!r}"
    return f"{said}; ours: {actual}"


def is_that_error(error: UdfResultError, expected: Exception) -> bool:
    """Return whether ours says what pyarrow does."""
    return (
        error.exception_type.endswith(type(expected).__name__)
        and str(expected) in error.exception_message
    )


@pytest.mark.embedded_only(reason="calls the runtime of this process, without an engine")
@every_type
def test_each_value_gives_what_pyarrow_gives(entry: Entry):
    made = {number: VALUES[name]() for number, name in enumerate(NAMES)}
    made[ORDINARY] = exact = ordinary_value(entry)
    function = returning(entry, made.__getitem__)
    found = {}
    for number, name in enumerate(NAMES):
        if name in crashing_values(entry.name):
            continue
        value = made[number]
        batches = [
            ([number], [value]),
            ([ORDINARY, ORDINARY, number], [exact, exact, value]),
            ([number, ORDINARY], [value, exact]),
        ]
        for numbers, values in batches:
            if text := difference(function, numbers, values, entry):
                found.setdefault(name, text)
    assert set(found) == set(allowed_values(entry.name)), report(found)


def report(found: dict[str, str]) -> str:
    """Return the differences that were found, one a line."""
    return "\n".join(["these differ:", *(f"{n}: {text}" for n, text in found.items())])


@every_type
def test_the_values_that_fit_pass_through_a_query(entry: Entry):
    if entry.name in not_carried():
        return
    skipped = {*allowed_values(entry.name)}
    makers: list[Callable[[], Any]] = []
    for name in NAMES:
        if name not in skipped and fits([*makers, VALUES[name]], name, entry):
            makers.append(VALUES[name])
    function = returning(entry, lambda number: makers[number]())
    expected = specified([make() for make in makers], entry.type)
    numbers = [pa.array(range(len(makers)), pa.int64())]
    assert_same_array(query(open_context(), function, numbers), expected)


def fits(makers: list[Callable[[], Any]], name: str, entry: Entry) -> bool:
    """Return whether pyarrow takes values together, the last of which is `name`."""
    if name in crashing_values(entry.name):
        return False
    try:
        specified([make() for make in makers], entry.type)
    except Exception:
        return False
    return True


# Of each kind one that most types refuse; a query for each cell would take minutes.
REFUSED_IN_QUERIES = ("2**1100", "lone surrogate", "Plain", "[1, 'a']", "time in UTC")


@every_type
def test_values_that_do_not_fit_fail_the_query(entry: Entry):
    if entry.name in not_carried():
        return
    context = open_context()
    for name in REFUSED_IN_QUERIES:
        skipped = {*allowed_values(entry.name), *crashing_values(entry.name)}
        make = VALUES[name]
        if name in skipped or fits([make], name, entry):
            continue
        with pytest.raises(Exception) as expected:  # noqa: PT011
            specified([make()], entry.type)
        function = returning(entry, lambda number, make=make: make() if number else None)
        with pytest.raises(UdfResultError) as caught:
            query(context, function, [pa.array([0, 1], pa.int64())])
        assert is_that_error(caught.value, expected.value), str(caught.value)
        assert caught.value.row == 1


CRASHING = [
    (entry.name, value)
    for entry in ENTRIES
    for value in sorted(crashing_values(entry.name))
]


@pytest.mark.embedded_only(reason="looks at processes of its own")
@pytest.mark.parametrize("side", ["pyarrow", "springald"])
def test_what_ends_the_process_in_pyarrow_does_not_in_ours(side):
    """Also of pyarrow: where that has learned to fail, the cell is an ordinary one."""
    script = Path(__file__).with_name("crashing_cells.py")
    cells = json.dumps(CRASHING)
    command = [sys.executable, str(script), side, cells]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stderr
    may_be = {"crashed"} if side == "pyarrow" else {"UdfResultError", "a valid column"}
    found = [(*cell, outcome) for *cell, outcome in json.loads(result.stdout)]
    assert [cell for *cell, _ in found] == [list(cell) for cell in CRASHING]
    assert [cell for cell in found if cell[-1] not in may_be] == []


def test_there_are_as_many_values_and_types_as_the_proof_needs():
    assert len(VALUES) >= 100
    assert len(ENTRIES) >= 70
    assert len({type(make()) for make in VALUES.values()}) >= 50


def test_each_difference_has_a_reason_and_names_what_there_is():
    for allowed in DIFFERENCES + CRASHES:
        assert len(allowed.reason) > 20
        assert set(allowed.values) <= VALUES.keys()
        assert set(allowed.types) <= BY_NAME.keys()
