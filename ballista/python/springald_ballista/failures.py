"""Failures of the cluster itself, which the engine reports as text of its own."""

from __future__ import annotations

from types import TracebackType

from springald.errors import ClusterError, UdfError
from springald_ballista.service import SchedulerService

__all__ = ["cluster_failures"]

# What the text of an engine's error holds where the fault is the cluster's.
_TRANSPORT = (
    "transport error",
    "connection refused",
    "tcp connect error",
    "h2 protocol error",
    "stream closed without job completing",
    "broken pipe",
    "connection reset",
)
_REFUSED_TASK = ("task could not be prepared",)
_MAX_TEXT = 4000


class cluster_failures:
    """Raise ClusterError, which says what is wrong, for what the cluster failed with.

    Every other exception passes through unchanged. Around calls that run on the cluster
    only: a query in this process may meet a "connection refused" of its own.
    """

    def __init__(self, service: SchedulerService) -> None:
        self._service = service

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, UdfError):
            return
        text = str(error)
        lower = text.lower()
        if any(mark in lower for mark in _TRANSPORT):
            raise ClusterError(
                f"{self._diagnosis()}. The engine says: {_cut(text)}", retryable=True
            ) from error
        if any(mark in lower for mark in _REFUSED_TASK):
            raise ClusterError(
                "An executor could not prepare a task of the query, most likely because "
                "it uses something that cannot travel to executors; the scheduler's log "
                f"has the reason. The engine says: {_cut(text)}"
            ) from error

    def _diagnosis(self) -> str:
        """Return what the scheduler, or its silence, says about a lost connection."""
        try:
            executors = self._service.state().executors
        except ClusterError as error:
            return f"The scheduler was lost during the query: {error.exception_message}"
        if not executors:
            return (
                f"The cluster at {self._service.address} has no live executor any more: "
                "start one with `springald executor`, and run the query again"
            )
        alive = ", ".join(f"{e.id} at {e.host}:{e.port}" for e in executors)
        return (
            f"An executor of {self._service.address} was lost during the query, or this "
            f"process cannot reach it to fetch the result; alive are {alive}"
        )


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 3] + "..."
