"""Functions of mode iterator in worker processes, for the engine of this process.

The engine does not say which partition a batch is of; see column_modes/stream_pool.py,
which this process uses in place of the worker: here it is known which queries run.
"""

from __future__ import annotations

import itertools
import time

import pyarrow as pa

from springald import _springald
from springald.column_modes.stream_pool import StreamPool
from springald.error_crossing import translated
from springald.errors import UdfError

__all__ = ["StreamedFunction"]

_numbers = itertools.count(1)


class _WorkerStream:
    """A stream of batches in some worker, which keeps it."""

    def __init__(self, native: _springald.Function, queries: frozenset[int]) -> None:
        self._native = native
        self._number = next(_numbers)
        self.queries = queries
        self.last_used_s = time.monotonic()

    def column_of(self, arrays: tuple[pa.Array, ...]) -> pa.Array:
        """Return the results for a batch. If it raises, the stream has ended."""
        return self._native.call_stream(self._number, *arrays)

    def finish(self) -> None:
        """Let the function come to its end."""
        with translated():
            self._native.end_stream(self._number, False)

    def close(self) -> None:
        """End the function where it stands."""
        with translated():
            self._native.end_stream(self._number, True)


def _as_reported(error: BaseException, name: str) -> UdfError:
    """Return what a worker has reported already, which is all that can come from one."""
    return error if isinstance(error, UdfError) else UdfError(str(error), udf_name=name)


class StreamedFunction:
    """What the engine calls in place of a native function. Any thread may call."""

    def __init__(self, native: _springald.Function, name: str) -> None:
        self.native = native
        self._pool: StreamPool[_WorkerStream] = StreamPool(
            lambda queries: _WorkerStream(native, queries), name, _as_reported
        )

    def __call__(self, *arrays: pa.Array) -> pa.Array:
        """Return the column of results for one batch, of some stream."""
        stream = self._pool.take()
        # One that raises has ended, and is forgotten.
        column = stream.column_of(arrays)
        self._pool.give_back(stream)
        return column
