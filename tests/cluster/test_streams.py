"""Functions of iterator mode on executors: one run for each task, from set-up to end."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from cluster.call_log import CallLog
from springald import BallistaSessionContext, Udf, UdfExecutionError, udf


def logged(calls: CallLog) -> Udf:
    """Return a function that passes temperatures on and says what it does."""

    def passed(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        calls.add("set-up")
        try:
            for batch in batches:
                calls.add(len(batch))
                if batch[0].as_py() == -999.0:
                    raise ValueError("too cold")
                yield batch
            calls.add("after the loop")
        finally:
            calls.add("finally")

    return udf(passed, input_types=[pa.float64()], return_type=pa.float64())


def test_a_task_sets_up_once_and_ends_with_finally(
    ctx: BallistaSessionContext, calls: CallLog
) -> None:
    ctx.register_udf(logged(calls))
    ctx.sql("SET datafusion.execution.batch_size = 100")
    query = "SELECT count(passed(temp_max)) AS n, count(*) AS all FROM parts"
    counted = ctx.sql(query).to_pylist()[0]
    assert counted["n"] == counted["all"]
    values = calls.values()
    batches = [value for value in values if isinstance(value, int)]
    assert sum(batches) == counted["all"]
    tasks = values.count("set-up")
    assert 1 <= tasks < len(batches)
    calls.wait_for_calls(len(batches) + 3 * tasks)
    assert calls.values().count("after the loop") == tasks
    assert calls.values().count("finally") == tasks


def test_a_task_that_fails_runs_finally(
    ctx: BallistaSessionContext, calls: CallLog
) -> None:
    ctx.register_udf(logged(calls))
    with pytest.raises(UdfExecutionError, match="too cold"):
        ctx.sql("SELECT passed(-999.0 + 0 * temp_max) FROM parts").collect()
    calls.wait_for_calls(3)
    assert "after the loop" not in calls.values()
    assert calls.values().count("finally") == calls.values().count("set-up")
