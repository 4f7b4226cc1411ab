"""The time of a row function over a column, in Springald and by way of pyarrow."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.every_type.columns import Column
from springald import udf

__all__ = ["FUNCTIONS", "TypeLine", "measure_type", "ways_of"]


def _look(value: Any) -> bool:
    found = value is None
    return found


def _same(value: Any) -> Any:
    found = value
    return found


# What is done with a value. Two statements, so that each row is a call: what Springald
# gains by computing an expression without a call is not the subject here.
FUNCTIONS: dict[str, tuple[Callable[[Any], Any], pa.DataType | None]] = {
    "in": (_look, pa.bool_()),
    "in and out": (_same, None),
}


def ways_of(column: Column) -> list[str]:
    """Return the names of the functions that a column can be given to."""
    return [way for way in FUNCTIONS if column.comes_back or way == "in"]


@dataclass(frozen=True)
class TypeLine:
    """The least CPU time of one process, in nanoseconds a row, of calls in turns."""

    type_name: str
    way: str
    ours_ns: float
    pyarrow_ns: float

    @property
    def ratio(self) -> float:
        """Springald's time as a share of pyarrow's."""
        return self.ours_ns / self.pyarrow_ns


def measure_type(name: str, way: str, column: pa.Array, repeats: int) -> TypeLine:
    """Measure one function over one column.

    Raises ValueError where the two results differ.
    """
    function, result = FUNCTIONS[way]
    result_type = column.type if result is None else result
    ours = udf(
        function,
        input_types=[column.type],
        return_type=result_type,
        mode="row",
        null_handling="call",
        volatility="volatile",
    )

    def by_springald() -> pa.Array:
        return ours._native(column)

    def by_pyarrow() -> pa.Array:
        return _array([function(value) for value in column.to_pylist()], result_type)

    if not _is_same(by_springald(), by_pyarrow()):
        raise ValueError(f"{name}, {way}: Springald's result is not that of pyarrow")
    times: dict[Callable[[], pa.Array], list[float]] = {by_springald: [], by_pyarrow: []}
    for _ in range(repeats):
        for run, found in times.items():
            gc.collect()
            start = time.process_time_ns()
            run()
            found.append((time.process_time_ns() - start) / len(column))
    return TypeLine(name, way, min(times[by_springald]), min(times[by_pyarrow]))


def _array(values: list[Any], type_: pa.DataType) -> pa.Array:
    if pa.types.is_run_end_encoded(type_):  # pa.array does not make these
        return pc.run_end_encode(
            pa.array(values, type=type_.value_type), run_end_type=type_.run_end_type
        )
    return pa.array(values, type=type_)


def _is_same(left: pa.Array, right: pa.Array) -> bool:
    return left.type == right.type and repr(left.to_pylist()) == repr(right.to_pylist())
