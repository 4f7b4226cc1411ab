"""The process's one runtime, its log and its counters."""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from springald import _springald
from springald.error_crossing import make_recorded_error

__all__ = [
    "UdfMetrics",
    "call_when_exiting",
    "get_runtime",
    "in_udf_call",
    "interrupt_calls",
    "is_exiting",
    "listen_to_interrupts",
    "make_worker_runtime",
    "resume_calls",
]

# How long the interpreter's end waits for calls of functions in progress, in seconds.
_EXIT_WAIT_S = 5.0
_EXIT_QUIET_S = 0.05

_logger = logging.getLogger("springald")
# Without a handler of the application's, `logging` would print warnings itself.
_logger.addHandler(logging.NullHandler())
_lock = threading.Lock()
_runtime: _springald.Runtime | None = None
# Those whose functions run in worker processes, as long as somebody uses them.
_worker_runtimes: weakref.WeakSet[WorkerRuntime] = weakref.WeakSet()
_listener: Callable[[], None] | None = None
_was_interrupted = False
_is_exiting = False
_exit_callbacks: list[Callable[[], None]] = []


@dataclass(frozen=True)
class UdfMetrics:
    """What one function has done, whoever called it, in this process or on a cluster.

    Attributes:
        loads: How often the function was unpickled or taken over as a live object.
        calls: Batches that the function was called for.
        rows: Rows in those batches.
        python_seconds: Wall-clock time inside those calls, in seconds.
        errors: Calls that failed.
    """

    loads: int
    calls: int
    rows: int
    python_seconds: float
    errors: int

    @classmethod
    def from_counters(cls, counters: Mapping[str, Any]) -> UdfMetrics:
        """Return the counters that the native runtime reports."""
        return cls(
            loads=int(counters["loads"]),
            calls=int(counters["calls"]),
            rows=int(counters["rows"]),
            python_seconds=float(counters["python_seconds"]),
            errors=int(counters["errors"]),
        )

    @classmethod
    def sum(cls, metrics: Iterable[UdfMetrics]) -> UdfMetrics:
        """Return the counters of several functions or processes, added up."""
        several = list(metrics)
        return cls(
            loads=sum(m.loads for m in several),
            calls=sum(m.calls for m in several),
            rows=sum(m.rows for m in several),
            python_seconds=sum((m.python_seconds for m in several), 0.0),
            errors=sum(m.errors for m in several),
        )


def get_runtime() -> _springald.Runtime:
    """Return the runtime of this process; the first call makes it."""
    global _runtime
    if _runtime is None:
        with _lock:
            if _runtime is None:
                _runtime = _springald.Runtime(log=_log, make_error=_make_error)
                atexit.register(_at_exit)
    return _runtime


class WorkerRuntime:
    """A runtime with worker processes of its own. Any thread may call."""

    def __init__(self, workers: _springald.Workers) -> None:
        """Starts nothing yet."""
        self.native = _springald.Runtime(
            log=_log, make_error=_make_error, workers=workers
        )


def make_worker_runtime(workers: _springald.Workers) -> WorkerRuntime:
    """Return a runtime whose calls are interrupted and ended with all others."""
    get_runtime()  # which sees to the end
    made = WorkerRuntime(workers)
    _worker_runtimes.add(made)
    return made


def _runtimes() -> list[_springald.Runtime]:
    return (
        []
        if _runtime is None
        else [
            _runtime,
            *(one.native for one in list(_worker_runtimes)),
        ]
    )


def interrupt_calls(*, hold: bool = False) -> None:
    """End the calls of functions that are in progress in this process.

    Args:
        hold: End also those that begin later, until :func:`resume_calls`.
    """
    global _was_interrupted
    for runtime in _runtimes():
        _was_interrupted = True
        runtime.interrupt(hold)


def resume_calls(*, delay_s: float = 0.0) -> None:
    """Let calls begin again after ``interrupt_calls(hold=True)``.

    Args:
        delay_s: How long calls are still ended, in seconds.
    """
    for runtime in _runtimes():
        runtime.resume(delay_s)


def listen_to_interrupts(listener: Callable[[], None]) -> None:
    """Have `listener` called, in its thread, when a call ends with KeyboardInterrupt."""
    global _listener
    _listener = listener


def _make_error(info: Mapping[str, Any], original: BaseException | None) -> BaseException:
    error = make_recorded_error(info, original)
    if isinstance(error, KeyboardInterrupt) and _listener is not None:
        _listener()
    return error


def call_when_exiting(callback: Callable[[], None]) -> None:
    """Have `callback` called when Python goes down, after calls in progress ended."""
    if not _exit_callbacks:
        # Those of a later start run first, so this is before what functions need is gone.
        get_runtime()
    _exit_callbacks.append(callback)


def _at_exit() -> None:
    _end_calls()
    for callback in _exit_callbacks:
        callback()
    for one in list(_worker_runtimes):
        one.native.shutdown()


def _end_calls() -> None:
    """End the calls that a dropped query left behind: threads must not outlive Python."""
    global _is_exiting
    _is_exiting = True
    quiet = not _was_interrupted
    deadline = time.monotonic() + _EXIT_WAIT_S
    while (running := sum(one.interrupt() for one in _runtimes())) or not quiet:
        if time.monotonic() > deadline:
            return
        # A thread that is about to call is not counted yet, so one more look is needed.
        quiet = running == 0
        time.sleep(_EXIT_QUIET_S)


def is_exiting() -> bool:
    """Return whether the interpreter is going down and calls are being ended for it."""
    return _is_exiting


def in_udf_call() -> bool:
    """Return whether the calling thread is inside a function that the engine called."""
    return _runtime is not None and _runtime.in_call()


def _log(level: int, message: str, udf_name: str, udf_hash: str) -> None:
    _logger.log(level, message, extra={"udf_name": udf_name, "udf_hash": udf_hash})
