"""What the hidden session returns, as the caller's session has it."""

from __future__ import annotations

from typing import Any

import datafusion
from datafusion import ExecutionPlan, SessionContext
from datafusion.record_batch import RecordBatch
from datafusion.record_batch import RecordBatchStream as _Stream

from springald.record_batch import RecordBatchStream
from springald_ballista.failures import cluster_failures
from springald_ballista.session import HiddenSession

__all__ = ["ClusterExecutionPlan", "ClusterStream", "arrived"]


class ClusterStream(RecordBatchStream):
    """A stream of rows that come from executors."""

    def __init__(
        self, stream: Any, session: SessionContext, failures: cluster_failures
    ) -> None:
        super().__init__(stream)
        self._session = session  # keeps it alive; see HiddenSession
        self._failures = failures

    def __next__(self) -> RecordBatch:
        """Return the next batch. Raises the errors of a DataFrame's methods."""
        with self._failures:
            return super().__next__()

    async def __anext__(self) -> RecordBatch:
        """Return the next batch. Raises the errors of a DataFrame's methods."""
        with self._failures:
            return await super().__anext__()


class ClusterExecutionPlan(ExecutionPlan):
    """A physical plan that runs on the cluster, whoever executes it."""

    def __init__(self, plan: Any, session: SessionContext) -> None:
        super().__init__(plan)
        self.session = session


def arrived(
    result: Any,
    session: SessionContext,
    context: SessionContext,
    failures: cluster_failures,
) -> Any:
    """Return `result` of the hidden `session` as something that `context` can go on with.

    DataFrames become those of `context`; streams keep `session` alive.
    """
    kind = type(result)
    if kind is datafusion.DataFrame:
        return HiddenSession.rehome(result.logical_plan(), context)
    if kind is _Stream:
        return ClusterStream(result.rbs, session, failures)
    if kind is list and result and type(result[0]) is _Stream:
        return [ClusterStream(stream.rbs, session, failures) for stream in result]
    if kind is ExecutionPlan:
        return ClusterExecutionPlan(result._raw_plan, session)
    return result
