"""Streams of record batches that raise a UDF's own errors."""

from __future__ import annotations

import datafusion.record_batch
from datafusion.record_batch import RecordBatch

from springald.engine_call import enter_engine
from springald.error_crossing import translated
from springald.queries import QueryShare

__all__ = ["RecordBatchStream"]


class RecordBatchStream(datafusion.record_batch.RecordBatchStream):
    """A stream of record batches; see ``datafusion.record_batch.RecordBatchStream``.

    Its query ends when it is read to its end, or dropped.
    """

    #: What it has of its query, where functions of this process run for it.
    query_share: QueryShare | None = None

    def __next__(self) -> RecordBatch:
        """Return the next batch. Raises the errors of a DataFrame's methods."""
        try:
            return enter_engine(super().__next__)
        except BaseException as error:
            self._end_query(failed=not isinstance(error, StopIteration))
            raise

    async def __anext__(self) -> RecordBatch:
        """Return the next batch. Raises the errors of a DataFrame's methods."""
        try:
            with translated():
                return await super().__anext__()
        except BaseException as error:
            self._end_query(failed=not isinstance(error, StopAsyncIteration))
            raise

    def _end_query(self, *, failed: bool) -> None:
        if self.query_share is not None:
            self.query_share.end(failed=failed)
