"""What is known of worker processes, for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ExecutorWorkers", "UdfWorkers"]


@dataclass(frozen=True)
class ExecutorWorkers:
    """The worker processes of one executor: now, and since the executor was started.

    Attributes:
        max: How many there may be at one time.
        alive: How many there are now.
        busy: How many of these run a function now.
        started: How many were started. This and all below are since the beginning.
        retired: How many were ended because they had done their share, were not needed,
            or had been interrupted.
        lost: How many ended by themselves, such as in a crash.
        killed: How many were ended because a function went over a limit, or did not end
            when it was interrupted.
        retried: Batches that were given to another worker.
        last_start_seconds: What the newest worker took to start, in seconds.
    """

    max: int
    alive: int
    busy: int
    started: int
    retired: int
    lost: int
    killed: int
    retried: int
    last_start_seconds: float


@dataclass(frozen=True)
class UdfWorkers(ExecutorWorkers):
    """The worker processes of a context: now, and since it was made.

    Attributes:
        shared_bytes: Shared memory for columns now, in bytes.
        max, alive, busy, started, retired, lost, killed, retried, last_start_seconds:
            as in `ExecutorWorkers`.
    """

    shared_bytes: int
