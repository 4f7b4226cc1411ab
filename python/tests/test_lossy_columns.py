"""Columns of Python objects in modes pandas and numpy: nothing is lost without a word."""

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from springald import UdfResultError, udf

FIVE = datetime.datetime(2020, 1, 1, 5)
BERLIN = FIVE.replace(tzinfo=ZoneInfo("Europe/Berlin"))


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


LOST = {
    "a list of fractions": (lambda n: [1.5] * n, pa.int64()),
    "objects with fractions": (lambda n: objects(*[1.5] * n), pa.int64()),
    "lists of fractions": (lambda n: [[1.0, 1.7]] * n, pa.list_(pa.int64())),
    "a field of a struct": (lambda n: [{"a": 1.5}] * n, pa.struct([("a", pa.int8())])),
    "an entry of a map": (lambda n: [{"a": 1.5}] * n, pa.map_(pa.string(), pa.int8())),
    "a time of day": (lambda n: objects(*[FIVE] * n), pa.date32()),
    "a zone": (lambda n: [BERLIN] * n, pa.timestamp("us")),
    "no zone": (lambda n: [FIVE] * n, pa.timestamp("us", "Europe/Berlin")),
    "microseconds": (lambda n: [FIVE.replace(microsecond=5)] * n, pa.timestamp("s")),
    "a number for a bool": (lambda n: np.arange(n) + 1, pa.bool_()),
    "a fraction for a bool": (lambda n: np.full(n, 0.5), pa.bool_()),
}
KEPT = {
    "whole floats": (lambda n: [2.0] * n, pa.int64(), 2),
    "midnight": (lambda n: [FIVE.replace(hour=0)] * n, pa.date32(), FIVE.date()),
    "the same moment": (lambda n: [BERLIN] * n, pa.timestamp("us", "UTC"), BERLIN),
    "rounded floats": (lambda n: [0.1] * n, pa.float32(), float(np.float32(0.1))),
    "ones": (lambda n: np.ones(n), pa.bool_(), True),
    "nothing": (lambda n: [None] * n, pa.int64(), None),
    "pairs": (lambda n: [{"a": 1}] * n, pa.map_(pa.string(), pa.int8()), [("a", 1)]),
}
MODES = pytest.mark.parametrize("mode", ["pandas", "numpy"])


def run(mode, make, type_):
    function = udf(
        lambda column: make(len(column)),
        name="f",
        mode=mode,
        input_types=[pa.int64()],
        return_type=type_,
    )
    return function._native(pa.array([1, 2, 3])).to_pylist()


@pytest.mark.embedded_only(reason="calls the runtime of this process")
@MODES
@pytest.mark.parametrize("name", LOST)
def test_what_would_be_lost_is_refused(mode, name):
    with pytest.raises(UdfResultError):
        run(mode, *LOST[name])


@pytest.mark.embedded_only(reason="calls the runtime of this process")
@MODES
@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_taken(mode, name):
    make, type_, expected = KEPT[name]
    assert run(mode, make, type_) == [expected] * 3


@pytest.mark.embedded_only(reason="calls the runtime of this process")
def test_text_is_no_number_in_pandas():
    with pytest.raises(UdfResultError, match=r"row 0 does not fit int64: '1' would"):
        run("pandas", lambda n: pd.Series(["1"] * n), pa.int64())
