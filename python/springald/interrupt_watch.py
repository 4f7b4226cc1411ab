"""Notices Ctrl-C while the main thread waits inside the engine.

The engine looks for signals once a second, on a thread that functions may keep busy, and
then drops the query; a function's call in progress would go on. Python's own handler runs
on the main thread only, which is waiting. So the interpreter's wake-up descriptor, which
the C signal handler writes to at once, is pointed at a thread of ours for as long as the
main thread is in the engine.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["InterruptWatch"]


# How long the main thread is given to raise KeyboardInterrupt by itself, in seconds; it
# does so at once if it is running Python code, such as a function of the query.
_GRACE_S = 0.05


class InterruptWatch:
    """Calls `on_interrupt`, from a thread of its own, when SIGINT arrives while armed.

    Only the main thread may arm it. Constant after construction: `on_interrupt`. Written
    by the main thread only: `_writer`, `_process`, `_epoch`. Written by both: `fired`.
    """

    def __init__(self, on_interrupt: Callable[[], None]) -> None:
        self._on_interrupt = on_interrupt
        self._writer: socket.socket | None = None
        self._process = 0
        self._epoch = 0  # odd while armed
        #: Whether `on_interrupt` was called since the watch was armed last.
        self.fired = False

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Watch for SIGINT inside the block.

        Does nothing where SIGINT does not mean KeyboardInterrupt, or where somebody else
        (an asyncio loop) has the wake-up descriptor.
        """
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        ours = self._descriptor()
        previous = signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
        if previous not in (-1, ours):
            signal.set_wakeup_fd(previous)
            yield
            return
        self.fired = False
        self._epoch += 1
        try:
            yield
        finally:
            self._epoch += 1
            signal.set_wakeup_fd(-1)

    def _descriptor(self) -> int:
        if self._writer is None or self._process != os.getpid():
            # A forked child has the parent's sockets, but not its thread.
            reader, self._writer = socket.socketpair()
            self._writer.setblocking(False)
            self._process = os.getpid()
            threading.Thread(
                target=self._watch,
                args=(reader,),
                name="springald-interrupt",
                daemon=True,
            ).start()
        return self._writer.fileno()

    def _watch(self, reader: socket.socket) -> None:
        with reader:
            while received := reader.recv(64):
                epoch = self._epoch
                if signal.SIGINT not in received or epoch % 2 == 0:
                    continue
                time.sleep(_GRACE_S)
                if epoch == self._epoch:
                    self.fired = True
                    self._on_interrupt()
