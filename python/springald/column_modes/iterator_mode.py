"""Mode iterator: an iterator of batches in, an iterator of columns out."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from springald.column_modes.column_form import ColumnForm, ColumnPlan
from springald.column_modes.row_filter import nulls_of
from springald.column_modes.row_stream import RowStream
from springald.column_modes.stream_pool import StreamPool
from springald.errors import UdfResultError

__all__ = ["IteratorForm"]


class IteratorForm(ColumnForm):
    """Calls a function of iterators, as often as there are partitions at one time.

    An engine that knows which stream a batch is of calls :meth:`call_stream` and
    :meth:`end_stream`; for others, each call is of any stream.
    """

    __slots__ = ("_lock", "_make", "_numbered", "_pool")

    def __init__(self, function: Callable[..., Any], plan: ColumnPlan) -> None:
        super().__init__(function, plan)
        # Of the function, not of this object: nothing then keeps it alive but its owner,
        # and dropping it ends its streams.
        self._make = functools.partial(_make_stream, function, plan)
        self._pool: StreamPool[RowStream] = StreamPool(self._make, plan.name)
        self._lock = threading.Lock()
        self._numbered: dict[int, RowStream] = {}  # guarded by the lock

    def _column(self, arrays: Sequence[pa.Array]) -> pa.Array:
        if len(arrays[0]) == 0:
            return nulls_of(self._plan.result.type, 0)
        stream = self._pool.take()
        # One that raises has ended, and is forgotten.
        column = self._column_of(stream, arrays)
        self._pool.give_back(stream)
        return column

    def call_stream(self, stream: int, arrays: tuple[pa.Array, ...]) -> pa.Array:
        """Return the column of results for one batch of a stream.

        Args:
            stream: A number that no other open stream of this function has. The first
                call begins it; its calls come one after the other.
            arrays: One column per argument.

        Raises:
            UdfResultError: What the function gave is not what was promised.
            Exception: Whatever the function raises. The stream has ended then.
        """
        if len(arrays[0]) == 0:
            return nulls_of(self._plan.result.type, 0)
        with self._lock:
            running = self._numbered.pop(stream, None)
        if running is None:
            running = self._make(frozenset())
        column = self._column_of(running, arrays)
        with self._lock:
            self._numbered[stream] = running
        return column

    def end_stream(self, stream: int, error: bool) -> None:
        """End a stream; one that does not run is no mistake.

        Args:
            stream: As in :meth:`call_stream`.
            error: Whether it stops early: the function is closed where it stands.
                Otherwise its input ends, and what follows its loop runs.

        Raises:
            Exception: Whatever the function raises at its end.
        """
        with self._lock:
            running = self._numbered.pop(stream, None)
        if running is None:
            return
        if error:
            running.close()
        else:
            running.finish()

    def _column_of(self, stream: RowStream, arrays: Sequence[pa.Array]) -> pa.Array:
        columns = stream.columns_of(_batch(self._plan, arrays), len(arrays[0]))
        if len(columns) == 1:
            return columns[0]
        type_ = self._plan.result.type
        return pa.concat_arrays([_of_type(column, type_) for column in columns])


def _make_stream(
    function: Callable[..., Any], plan: ColumnPlan, queries: frozenset[int]
) -> RowStream:
    return RowStream(function, functools.partial(_to_arrow, plan), queries)


def _batch(plan: ColumnPlan, arrays: Sequence[pa.Array]) -> Any:
    columns: Sequence[Any] = arrays
    if plan.choices.pieces == "pandas":
        from springald.column_modes.pandas_arguments import to_pandas

        columns = [
            to_pandas(array, field, plan.choices.dtype_backend)
            for array, field in zip(arrays, plan.arguments, strict=True)
        ]
    return tuple(columns) if plan.choices.in_tuples else columns[0]


def _to_arrow(plan: ColumnPlan, yielded: Any) -> pa.Array:
    type_ = plan.result.type
    if plan.choices.pieces == "pandas":
        from springald.column_modes.pandas_results import from_pandas

        return _one_array(from_pandas(yielded, type_))
    if isinstance(yielded, pa.Array | pa.ChunkedArray):
        return _one_array(yielded)
    is_sequence = isinstance(yielded, list | tuple)
    if is_sequence or hasattr(yielded, "__arrow_c_array__"):
        try:
            return _one_array(pa.array(yielded, type_ if is_sequence else None))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise UdfResultError(
                f"the function yielded a {type(yielded).__name__} that is not an array "
                f"of {type_}: {error}"
            ) from error
    raise UdfResultError(
        "an iterator-mode function yields columns: a pyarrow.Array, a ChunkedArray or a "
        f"list; this one yielded {yielded!r:.200} ({type(yielded).__name__})"
    )


def _one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _of_type(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return `column` in the encoding of `type_`, so that columns can be joined."""
    if column.type == type_:
        return column
    values = column.type
    while pa.types.is_dictionary(values) or pa.types.is_run_end_encoded(values):
        values = values.value_type
    if values == type_ or pa.types.is_null(values) or _are_text(values, type_):
        return column.cast(type_)
    raise UdfResultError(
        f"a yielded column has the wrong type: {column.type}, expected {type_}"
    )


def _are_text(left: pa.DataType, right: pa.DataType) -> bool:
    """Return whether both are strings, or both binary, of whatever layout."""
    kinds = [
        str(type_).removeprefix("large_").removesuffix("_view") for type_ in (left, right)
    ]
    return kinds in (["string"] * 2, ["binary"] * 2)
