"""Gives the engine threads enough to work while functions keep some of them busy.

The `datafusion` wheel runs all queries of a process on one pool of threads, as many as
there are cores, and a function occupies one for as long as its batch takes. When
functions occupy all of them, nobody is left to run the queries that those functions wait
for, or to look for Ctrl-C once a second. Threads that wait cost next to nothing, so we
have the pool made larger. Its size is read from the environment, once, when it is made.
"""

from __future__ import annotations

import os
import threading

from datafusion import SessionContext

__all__ = ["EngineThreads"]

_VARIABLE = "TOKIO_WORKER_THREADS"
_LEAST = 16


class EngineThreads:
    """The engine's pool of threads. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0  # 0 until the pool is known to be there

    def start(self) -> int:
        """Make the pool, unless there is one, and return its number of threads.

        A pool that a plain `datafusion` session made before stays as it is, and so does a
        size that the user has set in the environment.
        """
        if self._count == 0:
            with self._lock:
                if self._count == 0:
                    self._count = _make_pool()
        return self._count

    def count(self) -> int:
        """Return the number of threads; one per core where it is not known."""
        return self._count or _core_count()


def _make_pool() -> int:
    cores = _core_count()
    chosen = os.environ.get(_VARIABLE, "")
    if chosen.isdigit() and int(chosen) > 0:
        return int(chosen)
    wanted = max(2 * cores, _LEAST)
    before = _thread_count()
    os.environ[_VARIABLE] = str(wanted)
    try:
        SessionContext().sql("SELECT 1")
    finally:
        del os.environ[_VARIABLE]
    grown = _thread_count() - before
    return wanted if before == 0 or grown >= wanted else cores


def _core_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _thread_count() -> int:
    """Return this process's number of threads, or 0 where the system does not say."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0
