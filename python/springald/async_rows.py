"""Awaits the rows of a batch together, for functions that are ``async def``."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from springald.class_function import ClassFunction, class_function_in
from springald.event_loops import LoopCall, LoopThread, borrow_loop, return_loop
from springald.own_frames import users_traceback

__all__ = ["DEFAULT_MAX_CONCURRENCY", "AsyncRows", "RowsCall", "calling"]

#: How many rows of a batch are awaited at once where the user says nothing. Enough to
#: hide the latency of a service nearby, and below the connections that clients open at
#: most (100, in the common ones) and the open files that a process may have (1,024), also
#: where a dozen partitions run at once.
DEFAULT_MAX_CONCURRENCY = 64

# How long a step of a cancelled row may keep the loop's thread before it is interrupted,
# in seconds.
_GRACE_S = 0.5

Row: TypeAlias = tuple[Any, ...]

# The call, where an async function's own code runs, and in what it starts from there.
_calling: contextvars.ContextVar[LoopCall | None] = contextvars.ContextVar(
    "springald_async_call", default=None
)


def calling() -> LoopCall | None:
    """Return the call that the caller is a row of: an async function's, by a query.

    Also in threads that it started with ``asyncio.to_thread``.
    """
    return _calling.get()


class AsyncRows:
    """An async function, in the form that the runtime calls once for a batch.

    Immutable; any thread may use it, also several at once. Can be pickled if the function
    can.
    """

    # The runtime knows the form by this name; see cpp/springald/python/gathered_call.h.
    __springald_max_concurrency__: int

    def __init__(
        self,
        function: Callable[..., Awaitable[Any]],
        max_concurrency: int = DEFAULT_MAX_CONCURRENCY,
    ) -> None:
        """Wrap `function`, which returns an awaitable for the values of a row.

        Args:
            function: Becomes ``__wrapped__``.
            max_concurrency: How many rows of one batch are awaited at once; at least 1.
        """
        self.__wrapped__ = function
        self.__springald_max_concurrency__ = max_concurrency

    @property
    def max_concurrency(self) -> int:
        """How many rows of one batch are awaited at once, at most."""
        return self.__springald_max_concurrency__

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.__wrapped__, self.max_concurrency)

    def begin(self, rows: list[Row]) -> RowsCall:
        """Return the call for `rows`, of one batch, which has not begun yet."""
        return RowsCall(self, rows)

    def __call__(self, *row: Any) -> Awaitable[Any]:
        """Return what the function returns for one row, to be awaited."""
        return self.__wrapped__(*row)


class RowsCall:
    """The calls for the rows of one batch. One thread runs it, once; any may cancel it.

    Constant after construction: `_class`, `_function`, `_limit`, `_rows`. The thread that
    runs it writes `_thread` and `_context` before it begins, those that cancel write
    `_is_cancelled`; all else belongs to the loop's thread, until `_done` is released.
    """

    def __init__(self, function: AsyncRows, rows: list[Row]) -> None:
        self._class = class_function_in(function.__wrapped__)
        self._function = function.__wrapped__
        self._limit = function.max_concurrency
        self._rows = rows
        self._context = contextvars.copy_context()
        self._thread: LoopThread | None = None
        self._is_cancelled = False
        self._results: list[Any] = [None] * len(rows)
        self._tasks: set[asyncio.Task[None]] = set()
        self._next = 0
        self._failed_row = -1
        self._error: BaseException | None = None
        self._is_stopping = False
        self._is_finished = False
        self._done = threading.Lock()
        self._done.acquire()

    def run(self) -> list[Any] | tuple[int, BaseException]:
        """Make the calls and wait, without the GIL, until none is left.

        Returns:
            The results in the order of the rows; or the first row that failed, and what
            it raised, with a traceback that begins in the function. The row is -1 where
            it is the function's class that could not be built. After :meth:`cancel`,
            whatever there is.

        Raises:
            KeyboardInterrupt: The user's, in the main thread. The calls were cancelled
                and have ended by then, unless there was a second one.
            UdfError: Python is going down.
        """
        call = borrow_loop(self._function)
        try:
            self._thread = call.thread
            self._context.run(_calling.set, call)
            self._call_soon(self._begin)
            if self._is_cancelled:
                self._call_soon(self._stop)
            self._done.acquire()
        except BaseException:
            self.cancel()
            self._done.acquire()
            raise
        finally:
            return_loop(call)
        if self._error is not None:
            return self._failed_row, self._error
        return self._results

    def cancel(self) -> None:
        """Cancel the calls that are in progress, and begin no more."""
        self._is_cancelled = True
        if self._thread is None or self._is_finished:
            return
        self._call_soon(self._stop)
        with contextlib.suppress(RuntimeError):  # no more threads: Python is going down
            threading.Thread(
                target=self._interrupt, name="springald-async-cancel", daemon=True
            ).start()

    def _call_soon(self, step: Callable[[], None]) -> None:
        assert self._thread is not None
        try:
            self._thread.loop.call_soon_threadsafe(step)
        except RuntimeError:  # the loop is closed: Python is going down
            self._finish()

    def _interrupt(self) -> None:
        """Interrupt functions that block the loop, which then cannot cancel anything."""
        assert self._thread is not None
        time.sleep(_GRACE_S)
        while not self._is_stopping and not self._is_finished:
            self._thread.interrupt(self._tasks)
            time.sleep(_GRACE_S)

    # From here on, on the loop's thread.

    def _begin(self) -> None:
        if self._class is None or self._class.is_built or self._is_stopping:
            self._start_some()
        else:
            self._start(self._build_class(self._class))

    def _start_some(self) -> None:
        while (
            len(self._tasks) < self._limit
            and self._next < len(self._rows)
            and self._error is None
            and not self._is_stopping
        ):
            self._start(self._call_row(self._next))
            self._next += 1
        if not self._tasks:
            self._finish()

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._thread is not None
        task = self._thread.loop.create_task(coroutine, context=self._context.copy())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _finish(self) -> None:
        if not self._is_finished:
            self._is_finished = True
            self._done.release()

    async def _build_class(self, function: ClassFunction) -> None:
        # Here, because what it makes (a client, a lock) may want the loop that it is for.
        try:
            function.instance()
        except BaseException as error:
            self._row_failed(-1, error)

    async def _call_row(self, index: int) -> None:
        if self._is_cancelled:  # and the loop did not come to _stop yet
            return
        try:
            self._results[index] = await self._function(*self._rows[index])
        except BaseException as error:
            # All kinds: to asyncio, some mean that the loop has to end.
            self._row_failed(index, error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start_some()

    def _row_failed(self, index: int, error: BaseException) -> None:
        if self._is_stopping:
            return  # by our cancelling
        if self._error is None:
            # Not now: others may fail in the same round of the loop.
            self._call_soon(self._stop)
        elif index > self._failed_row:
            return
        self._failed_row = index
        self._error = error.with_traceback(users_traceback(error))

    def _stop(self) -> None:
        self._is_stopping = True
        for task in self._tasks:
            task.cancel()
        if not self._tasks:
            self._finish()
