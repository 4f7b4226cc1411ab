"""Streams of record batches that raise a UDF's own errors."""

from __future__ import annotations

import datafusion.record_batch
from datafusion.record_batch import RecordBatch

from springald.engine_call import enter_engine
from springald.error_crossing import translated

__all__ = ["RecordBatchStream"]


class RecordBatchStream(datafusion.record_batch.RecordBatchStream):
    """A stream of record batches; see ``datafusion.record_batch.RecordBatchStream``."""

    def __next__(self) -> RecordBatch:
        """Return the next batch. Raises the errors of a DataFrame's methods."""
        return enter_engine(super().__next__)

    async def __anext__(self) -> RecordBatch:
        """Return the next batch. Raises the errors of a DataFrame's methods."""
        with translated():
            return await super().__anext__()
