"""The iterator that a function of mode iterator gets its batches from."""

from __future__ import annotations

from typing import Any

from springald.errors import UdfResultError

__all__ = ["BatchFeed"]

_NOTHING = object()


class BatchFeed:
    """Gives the batch that is there, and ends when there are no more.

    It cannot wait for the next batch, because whoever asks is called by whoever would
    bring it. One thread at a time may use it.
    """

    __slots__ = ("_batch", "_is_ended", "refusal")

    def __init__(self) -> None:
        self._batch: Any = _NOTHING
        self._is_ended = False
        #: What the function was told when it asked too early.
        self.refusal: UdfResultError | None = None

    def __iter__(self) -> BatchFeed:
        return self

    def __next__(self) -> Any:
        """Return the batch that was put in last.

        Raises:
            StopIteration: There are no more.
            UdfResultError: The one before is not answered yet.
        """
        if self._batch is not _NOTHING:
            batch, self._batch = self._batch, _NOTHING
            return batch
        if self._is_ended:
            raise StopIteration
        self.refusal = UdfResultError(
            "the function asks for the next batch before it has given the rows of the "
            "one before: yield as many rows as a batch has before taking the next"
        )
        raise self.refusal

    @property
    def is_taken(self) -> bool:
        """Whether the function has taken the batch that was put in last."""
        return self._batch is _NOTHING

    def put(self, batch: Any) -> None:
        """Have `batch` ready for whoever asks."""
        self._batch = batch

    def end(self) -> None:
        """Say that there are no more batches."""
        self._batch = _NOTHING
        self._is_ended = True
