"""Which queries of this process are in progress, for what has to end with them.

A query begins when a method of a context or of a DataFrame enters the engine, and ends
when that method returns; or, where it returned streams, when the last of them is read to
its end or dropped.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Protocol

from springald.errors import UdfError

__all__ = ["QueriesInProgress", "Query", "QueryShare", "queries_in_progress"]

_logger = logging.getLogger("springald")


class Listener(Protocol):
    """What wants to know that queries have ended."""

    def queries_ended(self, current: frozenset[int], *, failed: bool) -> list[UdfError]:
        """Return what went wrong; `current` are the queries still in progress."""

    def end_all(self) -> None:
        """The process ends."""


class QueriesInProgress:
    """The numbers of the queries in progress. Any thread may call.

    Guarded by the lock, which is reentrant because a collected stream ends its query:
    `_current`, which is replaced and never changed, and `_listeners`.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._current: frozenset[int] = frozenset()
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._is_registered = False

    def current(self) -> frozenset[int]:
        """Return the queries in progress."""
        return self._current

    def add_listener(self, listener: Listener) -> None:
        """Tell `listener`, as long as it lives, whenever a query ends."""
        with self._lock:
            self._listeners.add(listener)
            if not self._is_registered:
                self._is_registered = True
                atexit.register(self._end_all)

    def begin(self) -> int:
        """Return the number of a query that begins."""
        with self._lock:
            number = next(self._numbers)
            self._current |= {number}
        return number

    def end(self, number: int, *, failed: bool) -> list[UdfError]:
        """Say that a query has ended, and return what its functions raised at that."""
        with self._lock:
            self._current -= {number}
            current, listeners = self._current, list(self._listeners)
        errors: list[UdfError] = []
        for listener in listeners:
            errors += listener.queries_ended(current, failed=failed)
        return errors

    def run_if_none(self, action: Callable[[], object]) -> None:
        """Run `action` if no query is in progress, and let none begin meanwhile."""
        with self._lock:
            if not self._current:
                action()

    def _end_all(self) -> None:
        for listener in list(self._listeners):
            listener.end_all()


queries_in_progress = QueriesInProgress()


class Query:
    """A query in progress, from the start of a ``with`` block to its end.

    Raises at the end of the block what functions raise when they end; if the block
    raises, that is logged, and the block's own exception is the one that counts.
    """

    def __enter__(self) -> Query:
        self._number = queries_in_progress.begin()
        self._lock = threading.Lock()
        self._num_shares = 0
        self._failed = False
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._num_shares:
            return
        failed = error is not None and not isinstance(error, StopIteration)
        _report(queries_in_progress.end(self._number, failed=failed), quietly=failed)

    def keep_open_for(self, streams: Sequence[Any]) -> None:
        """Let the query go on until all `streams` have ended, which get a `query_share`.

        REQUIRES: to be inside the block.
        """
        self._num_shares = len(streams)
        for stream in streams:
            stream.query_share = QueryShare(self)

    def _end_share(self, *, failed: bool, quietly: bool) -> None:
        with self._lock:
            self._num_shares -= 1
            self._failed |= failed
            is_last = self._num_shares == 0
        if is_last:
            errors = queries_in_progress.end(self._number, failed=self._failed)
            _report(errors, quietly=quietly)


class QueryShare:
    """What a stream has of its query. Dropping it ends it, as a stream not read out."""

    def __init__(self, query: Query) -> None:
        self._query: Query | None = query

    def end(self, *, failed: bool, quietly: bool | None = None) -> None:
        """Say that the stream has ended; the second time means nothing.

        Args:
            failed: Whether it stopped before its end.
            quietly: Whether errors are logged, not raised. Default: if it failed.
        """
        query, self._query = self._query, None
        if query is not None:
            query._end_share(
                failed=failed, quietly=failed if quietly is None else quietly
            )

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.end(failed=True)


def _report(errors: list[UdfError], *, quietly: bool) -> None:
    """Raise the first of `errors`, unless `quietly`; log those that are not raised."""
    raised = [] if quietly else errors[:1]
    for error in errors[len(raised) :]:
        _logger.warning("a function raised when it ended: %s", error, exc_info=error)
    if raised:
        raise raised[0]
