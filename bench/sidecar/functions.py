"""The functions whose batches are timed one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from springald import Udf, udf

__all__ = ["ARROW_FUNCTIONS", "arrow_udf", "new_function", "pause"]


# Without pandas, pyarrow looks for it each time that it is given a Python number.
TWO = pa.scalar(2.0)


def same(c: Any) -> Any:
    return c


def doubled(c: Any) -> Any:
    return pc.multiply(c, TWO)


# Functions of Arrow mode, by their text.
ARROW_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "return c": same,
    "pc.multiply(c, TWO)": doubled,
}


def arrow_udf(function: Callable[[Any], Any]) -> Udf:
    return udf(
        function, return_type=pa.float64(), input_types=[pa.float64()], mode="arrow"
    )


def new_function(number: int) -> Udf:
    """Return a function that no worker has loaded, a different one for each number."""

    def shifted(x: float) -> float:
        moved = x + number
        return moved

    return udf(shifted)


@udf(volatility="volatile")
def pause(x: float) -> float:
    """Keep a worker for a moment, so that another one is started."""
    time.sleep(x)
    return x
