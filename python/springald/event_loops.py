"""The event loops that async functions run on: one for the process, as a rule.

A loop of ours runs in a daemon thread of ours from its first use until the interpreter
ends, so what a function makes once and keeps (a session of an HTTP client, a pool of
connections, a lock) stays usable from batch to batch and from query to query.

A function that waits on its loop's thread for a query of its own (``ctx.sql(...)`` inside
``async def``) keeps that loop from running. Calls that begin meanwhile, among them those
that the query itself makes, go to other loops, each to one of its own; without that they
would wait for the query, and it for them.

Any thread may call everything here. A forked child has none of its parent's loops, and
starts its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator

from springald.errors import UdfError
from springald.runtime import call_when_exiting

__all__ = ["LoopCall", "LoopThread", "borrow_loop", "return_loop", "waiting_for_query"]

# How long the interpreter's end waits for tasks that it has cancelled, in seconds.
_END_WAIT_S = 5.0

_lock = threading.Lock()
_loops: list[LoopThread] = []
_here = threading.local()  # .loop: the LoopThread whose thread this is
# Loops of the parent process, which a forked child must neither use nor close.
_of_parents: list[LoopThread] = []
_is_ended = False


class LoopThread:
    """One event loop and the daemon thread that runs it. Any thread may call.

    Constant after construction: `loop`. Guarded by the module's lock: `is_blocked` and
    `calls`, whose rows run here.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.is_blocked = False
        self.calls: set[LoopCall] = set()
        self._is_ending = False
        self._thread = threading.Thread(
            target=self._run, name="springald-async", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        _here.loop = self
        asyncio.set_event_loop(self.loop)
        while not self._is_ending:
            # A task of the user's that raises KeyboardInterrupt or SystemExit stops the
            # loop, which all other calls need.
            with contextlib.suppress(BaseException):
                self.loop.run_forever()

    @property
    def is_idle(self) -> bool:
        """Whether no call is here; to be asked under the lock."""
        return not self.is_blocked and not self.calls

    def interrupt(self, tasks: set[asyncio.Task[None]]) -> None:
        """End the step of one of `tasks` that keeps the loop's thread busy, if one does.

        Only a step that runs Python code can be ended, as in a plain function.
        """
        thread = self._thread.ident
        if thread is not None and asyncio.current_task(self.loop) in tasks:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread), ctypes.py_object(asyncio.CancelledError)
            )

    def end(self) -> None:
        """Cancel what still runs here, wait for it some seconds, and close the loop."""
        ended = threading.Event()

        async def cancel_all() -> None:
            try:
                tasks = asyncio.all_tasks() - {asyncio.current_task()}
                for task in tasks:
                    task.cancel()
                if tasks:
                    await asyncio.wait(tasks, timeout=_END_WAIT_S)
                await self.loop.shutdown_asyncgens()
            finally:
                self._is_ending = True
                self.loop.stop()
                ended.set()

        # The coroutine is made there, because one that is never run makes a warning.
        self.loop.call_soon_threadsafe(lambda: _keep(self.loop.create_task(cancel_all())))
        if ended.wait(_END_WAIT_S + 1.0):
            self._thread.join(1.0)
            if not self._thread.is_alive():
                self.loop.close()


_kept: set[asyncio.Task[None]] = set()  # the loop itself refers to its tasks weakly


def _keep(task: asyncio.Task[None]) -> None:
    _kept.add(task)
    task.add_done_callback(_kept.discard)


class LoopCall:
    """One call, of one batch, that runs on a loop. Any thread may have it.

    Constant after construction: `function`, which is called, and `thread`. Guarded by the
    module's lock: `num_queries`, for which its rows wait in threads of their own.
    """

    def __init__(self, function: object, thread: LoopThread) -> None:
        self.function = function
        self.thread = thread
        self.num_queries = 0


def borrow_loop(function: object) -> LoopCall:
    """Return a call of `function` that begins now, with its loop, which is running.

    Whoever calls this calls :func:`return_loop` when the call has ended.

    Raises:
        UdfError: The interpreter is going down.
    """
    with _lock:
        if _is_ended:
            raise UdfError("Python is going down, so an async function cannot run")
        here = getattr(_here, "loop", None)  # which the caller is about to block
        # Where queries are inside functions, a call shares no loop with others, as one of
        # them may block it for a query and leave the others waiting.
        is_shared = here is None and not any(one.is_blocked for one in _loops)
        usable = next((one for one in _loops if is_shared or one.is_idle), None)
        if usable is None:
            if not _loops:
                call_when_exiting(_end_all)
            usable = LoopThread()
            _loops.append(usable)
        call = LoopCall(function, usable)
        usable.calls.add(call)
        return call


def return_loop(call: LoopCall) -> None:
    """Say that `call`, which :func:`borrow_loop` returned, has ended."""
    with _lock:
        call.thread.calls.discard(call)


@contextlib.contextmanager
def waiting_for_query(call: LoopCall, num_engine_threads: int) -> Iterator[None]:
    """Say that a row of `call` waits for a query of its own inside the block.

    In a loop's thread, keeps new calls away from that loop; in other threads, in which a
    function's row waits without blocking its loop, only counts.

    Raises:
        UdfError: So many of the engine's `num_engine_threads` threads wait for functions
            that nobody would be left to run one more query.
    """
    thread: LoopThread | None = getattr(_here, "loop", None)
    was_blocked = thread is not None and thread.is_blocked  # a query inside a query
    with _lock:
        waiting = _num_waiting(call, thread)
        if waiting >= max(num_engine_threads, 2):
            raise UdfError(
                "Too many calls of async functions wait for queries of their own at the "
                f"same time: {waiting}, and the engine has {num_engine_threads} threads. "
                "Set TOKIO_WORKER_THREADS to a larger number before the first query, or "
                "lower target_partitions"
            )
        if thread is not None:
            thread.is_blocked = True
        else:
            call.num_queries += 1
    try:
        yield
    finally:
        with _lock:
            if thread is not None:
                thread.is_blocked = was_blocked
            else:
                call.num_queries -= 1


def _num_waiting(asking: LoopCall, thread: LoopThread | None) -> int:
    """Return how many calls may be waiting for queries once `asking` does, in `thread`.

    To be asked under the lock. Where rows wait in threads, that is all calls of their
    functions: a row may wait until another leaves one of those threads, or a lock. Other
    functions, such as those that the queries call, are taken to end by themselves.
    """
    calls = [call for one in _loops for call in one.calls]
    functions = {id(call.function) for call in calls if call.num_queries}
    if thread is None:
        functions.add(id(asking.function))
    return sum(
        call.thread.is_blocked or call.thread is thread or id(call.function) in functions
        for call in calls
    )


def _end_all() -> None:
    global _is_ended
    with _lock:
        _is_ended = True
        loops = list(_loops)
        _loops.clear()  # a forked child asks for this once more
    for one in loops:
        one.end()


def _forget_parents() -> None:
    global _lock
    _lock = threading.Lock()
    _of_parents.extend(_loops)
    _loops.clear()
    _here.__dict__.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)
