"""The open streams of a function of mode iterator, and when each of them ends."""

from __future__ import annotations

import logging
import threading
import time
import traceback
import types
import weakref
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from springald.errors import UdfError, UdfExecutionError, UdfResultError
from springald.queries import queries_in_progress

__all__ = ["StreamPool"]

# How long a stream whose query is not known stays open without a batch, in seconds.
_IDLE_S = 10.0
_logger = logging.getLogger("springald")


class OpenStream(Protocol):
    """A run of the function, between two batches."""

    queries: frozenset[int]
    last_used_s: float

    def finish(self) -> None:
        """Let the function come to its end, because there are no more batches."""

    def close(self) -> None:
        """End the function where it stands."""


S = TypeVar("S", bound=OpenStream)


class StreamPool(Generic[S]):
    """Streams between two batches. Any thread may call.

    The engine of this process does not say which partition a batch is of. So a batch
    goes to any stream that waits, and to a new one where none does: there are never more
    than batches at one time. A stream ends when all queries have ended that were in
    progress when it was made. Where none was (a plain ``datafusion`` session, a foreign
    reader of a DataFrame, an executor), it ends when it gets no batch for a while.

    Guarded by the lock, which is reentrant because a collected object may end a query:
    `_idle`, `_has_timer`.
    """

    def __init__(
        self,
        make: Callable[[frozenset[int]], S],
        name: str,
        describe: Callable[[BaseException, str], UdfError] | None = None,
    ) -> None:
        """Has no streams yet.

        Args:
            make: Makes a stream, for these queries in progress.
            name: The function's.
            describe: Makes what is reported of what the end of a stream raises; by
                default as the runtime reports what is raised inside a call.
        """
        self._make = make
        self._name = name
        self._describe = describe or _as_udf_error
        self._lock = threading.RLock()
        self._idle: list[S] = []
        self._has_timer = False

    def take(self) -> S:
        """Return a stream that nobody else has, until :meth:`give_back`."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        queries_in_progress.add_listener(self)
        return self._make(queries_in_progress.current())

    def give_back(self, stream: S) -> None:
        """Keep `stream` for the next batch; or end it, if its queries have ended."""
        with self._lock:
            is_over = _is_over(stream, queries_in_progress.current())
            if not is_over:
                stream.last_used_s = time.monotonic()
                self._idle.append(stream)
                if not stream.queries:
                    self._start_timer()
        if is_over:
            # The query stopped early, while this batch was being computed.
            self._end([stream], early=True)

    def queries_ended(self, current: frozenset[int], *, failed: bool) -> list[UdfError]:
        """End the streams of which no query is in progress any more.

        Args:
            current: The queries that are still in progress.
            failed: Whether the query that ended did not reach its end.

        Returns:
            What the function raised at its end.
        """
        with self._lock:
            over = [s for s in self._idle if _is_over(s, current)]
            self._idle = [s for s in self._idle if s not in over]
        return self._end(over, early=failed)

    def end_all(self) -> None:
        """End all streams that wait, because the process ends."""
        with self._lock:
            idle, self._idle = self._idle, []
        self._log(self._end(idle, early=True))

    def _end(self, streams: list[S], *, early: bool) -> list[UdfError]:
        errors: list[UdfError] = []
        for stream in streams:
            try:
                if early:
                    stream.close()
                else:
                    stream.finish()
            except (Exception, SystemExit) as error:
                errors.append(self._describe(error, self._name))
        return errors

    def _log(self, errors: list[UdfError]) -> None:
        for error in errors:
            _logger.warning("a function raised when it ended: %s", error, exc_info=error)

    def _start_timer(self) -> None:
        if not self._has_timer:
            self._has_timer = True
            timer = threading.Timer(_IDLE_S, _look_at, (weakref.ref(self),))
            timer.daemon = True
            timer.name = "springald-idle-streams"
            timer.start()

    def _end_unused(self) -> None:
        least_s = time.monotonic() - _IDLE_S
        with self._lock:
            self._has_timer = False
            unknown = [stream for stream in self._idle if not stream.queries]
            over = [stream for stream in unknown if stream.last_used_s <= least_s]
            self._idle = [stream for stream in self._idle if stream not in over]
            if len(over) < len(unknown):
                self._start_timer()
        self._log(self._end(over, early=False))


def _is_over(stream: OpenStream, current: frozenset[int]) -> bool:
    return bool(stream.queries) and not stream.queries & current


def _as_udf_error(error: BaseException, name: str) -> UdfError:
    """Return `error` as the runtime reports what is raised inside a call."""
    if isinstance(error, UdfResultError):
        error.udf_name = error.udf_name or name
        return error
    module, kind = type(error).__module__, type(error).__qualname__
    theirs = error.with_traceback(_users_frames(error.__traceback__))
    made = UdfExecutionError(
        str(error),
        udf_name=name,
        exception_type=kind if module in ("builtins", "__main__") else f"{module}.{kind}",
        traceback_text="".join(traceback.format_exception(theirs)),
    )
    made.__cause__ = theirs
    return made


def _users_frames(frames: types.TracebackType | None) -> types.TracebackType | None:
    """Return `frames` without those of this package that come first."""
    while frames is not None and _is_ours(frames.tb_frame):
        frames = frames.tb_next
    return frames


def _is_ours(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith("springald.")


def _look_at(pool: weakref.ref[StreamPool[S]]) -> None:
    held = pool()
    if held is not None:
        held._end_unused()
