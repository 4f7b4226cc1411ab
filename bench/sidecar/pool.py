"""The worker processes of one context, from outside."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from springald import BallistaSessionContext, Udf, UdfWorkers
from springald.sidecar import Sidecar

__all__ = ["Pool"]

_END_SECONDS = 10.0


class Pool:
    """A context whose functions run in worker processes; leaving it ends them."""

    def __init__(self, num_workers: int) -> None:
        """Starts no process yet."""
        self._context = BallistaSessionContext(
            udf_backend="sidecar", udf_workers=num_workers
        )
        assert isinstance(self._context._cluster, Sidecar)
        self._sidecar = self._context._cluster

    def native(self, function: Udf) -> Callable[..., pa.Array]:
        """Load a function in a worker and return what the engine calls for it."""
        called: Callable[..., pa.Array] = self._sidecar.remote(function)
        return called

    def figures(self) -> UdfWorkers:
        return self._sidecar.workers()

    def server_pid(self) -> int:
        """Return the process that starts the workers, or 0."""
        figures: dict[str, Any] = self._sidecar._runtime.native.workers()
        return int(figures["fork_server_pid"])

    def worker_pids(self) -> list[int]:
        server = self.server_pid()
        children = Path(f"/proc/{server}/task/{server}/children").read_text()
        return [int(pid) for pid in children.split()]

    def kill_workers(self) -> None:
        """End all workers and wait until they have ended."""
        for pid in self.worker_pids():
            process = os.pidfd_open(pid)
            try:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                if not select.select([process], [], [], _END_SECONDS)[0]:
                    raise TimeoutError(f"The worker {pid} does not end")
            finally:
                os.close(process)

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._context.close()
