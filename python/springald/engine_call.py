"""How every method of a context and of a DataFrame enters the engine.

Four things have to be right around such a call, whichever method it is:

* A UDF's exception comes out as itself (see error_crossing.py).
* A call from inside a UDF runs in a thread of its own: the engine cannot wait for a
  query on a thread that is driving another one, and panics ("Cannot start a runtime from
  within a runtime").
* A call from inside an async function keeps new calls away from the event loop that it
  blocks, as they would wait for it.
* Ctrl-C ends the calls in progress, not only the wait for them. Calls of this process
  cannot be told apart by query, so they are ended only when no other thread waits for a
  query of its own; otherwise they end with their batch.
* What functions keep open for a query is closed when it has ended (see queries.py).
"""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from datafusion.record_batch import RecordBatchStream

from springald.async_rows import calling
from springald.engine_threads import EngineThreads
from springald.error_crossing import translated
from springald.errors import UdfCancelledError, UdfError
from springald.event_loops import waiting_for_query
from springald.interrupt_watch import InterruptWatch
from springald.queries import Query
from springald.runtime import (
    in_udf_call,
    interrupt_calls,
    is_exiting,
    listen_to_interrupts,
    resume_calls,
)

if TYPE_CHECKING:
    from springald.cluster import Cluster

__all__ = ["enter_engine", "wrap_method"]

# How long after Ctrl-C a partition of the dropped query may come to its first call, in
# seconds: the engine ends its tasks where they wait, and they may be waiting for the GIL.
_LINGER_S = 1.0

P = ParamSpec("P")
R = TypeVar("R")

# True in the thread that runs a query for a UDF: such a query belongs to the outer one.
_nested: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "springald_nested_query", default=False
)
_lock = threading.Lock()
_waiting_threads: set[int] = set()
_nested_count = 0
# Whether the calls of the main thread's query are being refused, after a Ctrl-C.
_is_holding = False
# Whether they are for _LINGER_S more, or until the next query, because it has just ended.
_is_lingering = False
_threads = EngineThreads()


def enter_engine(method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `method` of the engine and return its result.

    Raises:
        UdfError: What a UDF of the query failed with.
        KeyboardInterrupt: The user's, or one that a UDF raised.
        Exception: Whatever else `method` raises, as the same object.
    """
    if in_udf_call():
        return _in_own_thread(method, *args, **kwargs)
    num_threads = _threads.start()
    if call := calling():
        with waiting_for_query(call, num_threads), translated():
            return method(*args, **kwargs)
    thread = threading.get_ident()
    if thread in _waiting_threads or _nested.get():
        with translated():
            return method(*args, **kwargs)
    with Query() as query:
        result = _as_query(thread, method, *args, **kwargs)
        streams = result if isinstance(result, list) else [result]
        if streams and isinstance(streams[0], RecordBatchStream):
            query.keep_open_for(streams)
    return result


def _as_query(
    thread: int, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    _enter(thread)
    try:
        if threading.current_thread() is threading.main_thread():
            return _in_main_thread(method, *args, **kwargs)
        with translated():
            return method(*args, **kwargs)
    except KeyboardInterrupt as interrupt:
        interrupt.__suppress_context__ = True  # the engine's text about it says nothing
        _interrupt_query(thread)
        raise
    except UdfCancelledError:
        if is_exiting():
            # A daemon thread, which Python ends without a word: so do we.
            raise SystemExit from None
        raise
    finally:
        _leave(thread)


def _enter(thread: int) -> None:
    global _is_lingering
    with _lock:
        _waiting_threads.add(thread)
        if _is_lingering:
            _is_lingering = False
            resume_calls()


def _leave(thread: int) -> None:
    """End a thread's wait; and the refusal of its calls, if there was one.

    Under the lock that a refusal begins under: else one that comes late would stay.
    """
    global _is_holding, _is_lingering
    with _lock:
        _waiting_threads.discard(thread)
        if _is_holding and thread == threading.main_thread().ident:
            _is_holding = False
            # Another thread's query, which began meanwhile, waits no longer than this.
            _is_lingering = not _waiting_threads
            resume_calls(delay_s=_LINGER_S if _is_lingering else 0.0)


def _in_main_thread(method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `method`, and do not let a Ctrl-C be lost on its way through the engine.

    While planning, the engine takes any failure of a function for "not a constant": it
    tries again, and runs the query after all. So once a call was interrupted, all that
    follow fail, whatever the engine makes of it, and the end is a KeyboardInterrupt.
    """
    try:
        with translated(), _watch.armed():
            result = method(*args, **kwargs)
    except UdfCancelledError:
        if _is_holding:
            raise KeyboardInterrupt from None
        raise
    if _is_holding:
        raise KeyboardInterrupt
    return result


def _interrupt_query(thread: int) -> None:
    """End the calls of `thread`'s query, unless other threads wait for theirs.

    Those of the main thread are refused until it leaves the engine, and a little longer.
    """
    global _is_holding
    with _lock:
        # Not if it has just ended: nobody would let calls begin again.
        if _waiting_threads == {thread}:
            _is_holding = thread == threading.main_thread().ident
            interrupt_calls(hold=_is_holding)


def _interrupt_main_query() -> None:
    main = threading.main_thread().ident
    if main is not None:
        _interrupt_query(main)


def _call_was_interrupted() -> None:
    if threading.current_thread() is threading.main_thread():
        _interrupt_main_query()


_watch = InterruptWatch(_interrupt_main_query)
listen_to_interrupts(_call_was_interrupted)


def _in_own_thread(method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    results: list[R] = []
    errors: list[BaseException] = []

    def run() -> None:
        _nested.set(True)
        try:
            results.append(enter_engine(method, *args, **kwargs))
        except BaseException as error:
            errors.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(
        target=context.run, args=(run,), name="springald-nested-query"
    )
    _take_engine_thread()
    try:
        thread.start()
        thread.join()
    finally:
        _return_engine_thread()
    if errors:
        try:
            raise errors[0]
        finally:
            # The frame would otherwise keep the error, and the error the frame, alive.
            errors.clear()
    return results[0]


def _take_engine_thread() -> None:
    """Refuse a query that nobody would be left to run: it would wait for ever."""
    global _nested_count
    limit = max(_threads.count() - 1, 1)
    with _lock:
        if _nested_count >= limit:
            raise UdfError(
                "Too many functions wait for queries of their own at the same time: "
                f"{_nested_count}, and the engine has {limit + 1} threads. Set "
                "TOKIO_WORKER_THREADS to a larger number before the first query"
            )
        _nested_count += 1


def _return_engine_thread() -> None:
    global _nested_count
    with _lock:
        _nested_count -= 1


def wrap_method(method: Callable[..., Any], adopt: Callable[[Any, Any], Any]) -> Any:
    """Return `method` of an engine class as a method that enters the engine.

    `adopt(self, result)` turns what the engine returns into what our class returns. Our
    classes have an attribute `_cluster`, which decides where the method runs.
    """

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        cluster: Cluster | None = self._cluster
        enter = enter_engine if cluster is None else cluster.enter
        return adopt(self, enter(method, self, *args, **kwargs))

    return wrapper
