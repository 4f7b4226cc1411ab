"""One run of a function of mode iterator: from its set-up to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from springald.column_modes.batch_feed import BatchFeed
from springald.errors import UdfResultError

__all__ = ["RowStream"]


class RowStream:
    """Drives the iterator that a function returned, one batch at a time.

    Any thread may, but one at a time. Constant: `queries`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        convert: Callable[[Any], pa.Array],
        queries: frozenset[int],
    ) -> None:
        """Make a stream of `function` that has not begun.

        Args:
            function: Takes an iterator of batches, returns an iterator of columns.
            convert: Makes an Arrow column of what that yields.
            queries: Those in progress: when all of them have ended, so has this stream.
        """
        self.queries = queries
        #: When it was used last, on the monotonic clock, in seconds.
        self.last_used_s = 0.0
        self._function = function
        self._convert = convert
        self._feed = BatchFeed()
        self._output: Iterator[Any] | None = None

    def columns_of(self, batch: Any, num_rows: int) -> list[pa.Array]:
        """Return what the function yields for `batch`: columns with `num_rows` together.

        Raises:
            UdfResultError: It yields too many rows, or ends.
            Exception: Whatever it raises. The stream has ended then.
        """
        self._feed.put(batch)
        columns: list[pa.Array] = []
        missing = num_rows
        while missing > 0:
            column = self._next_column()
            if column is None:
                raise UdfResultError(
                    "the function has ended while there are batches: "
                    f"{num_rows - missing} of the {num_rows} rows of this one were "
                    "given. Loop over all batches, and yield as many rows as each has"
                )
            if len(column) and not self._feed.is_taken:
                raise UdfResultError(
                    f"the function gave {len(column)} rows before it took the next "
                    "batch, more than the batches before had"
                )
            columns.append(column)
            missing -= len(column)
        if missing < 0:
            raise UdfResultError(
                f"the function gave {num_rows - missing} rows for a batch of {num_rows}"
            )
        return columns

    def finish(self) -> None:
        """Say that there are no more batches, and let the function run to its end.

        Raises:
            UdfResultError: It yields more rows.
            Exception: Whatever it raises.
        """
        self._feed.end()
        if self._output is None:
            return
        while (column := self._next_column()) is not None:
            if len(column):
                self.close()
                raise UdfResultError(
                    f"the function gave {len(column)} rows after the last batch, more "
                    "than the batches had"
                )

    def close(self) -> None:
        """End the function where it stands, as ``generator.close()`` does.

        Raises:
            Exception: Whatever its ``finally`` raises.
        """
        self._feed.end()
        output, self._output = self._output, None
        close = getattr(output, "close", None)
        if close is not None:
            close()

    def _next_column(self) -> pa.Array | None:
        try:
            if self._output is None:
                self._output = self._begin()
            yielded = next(self._output)
        except StopIteration:
            return None
        except UdfResultError as error:
            if error is not self._feed.refusal:
                raise
            # Without the function's frames it is a wrong result, and no failure of its.
            raise error.with_traceback(None) from None
        return self._convert(yielded)

    def _begin(self) -> Iterator[Any]:
        returned = self._function(self._feed)
        try:
            return iter(returned)
        except TypeError:
            raise UdfResultError(
                "an iterator-mode function returns an iterator of columns; this one "
                f"returned {returned!r:.200} ({type(returned).__name__}). Use `yield`"
            ) from None
