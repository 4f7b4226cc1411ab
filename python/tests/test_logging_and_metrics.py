"""What can be seen from outside: records of Python's `logging`, and counters."""

import dataclasses
import logging
import time

import pyarrow as pa
import pytest
from contexts import on_cluster, open_context
from datafusion import SessionConfig

from springald import Udf, UdfError, UdfMetrics, udf


def times_two(n: int) -> int:
    return 2 * n


@pytest.mark.embedded_only(reason="executors log in their own processes")
def test_records_carry_the_functions_name_and_hash(ctx, caplog):
    with caplog.at_level(logging.DEBUG, logger="springald"):
        function = udf(times_two, name="logged")
        ctx.register_udf(function)
        ctx.sql("SELECT logged(n) FROM people").collect()
    records = [r for r in caplog.records if getattr(r, "udf_name", "") == "logged"]
    assert records
    assert {r.name for r in records} == {"springald"}
    assert {r.udf_hash for r in records} == {function.hash}
    assert all(r.getMessage() for r in records)


@pytest.mark.embedded_only(reason="executors log in their own processes")
def test_errors_are_logged(ctx, caplog):
    @udf
    def broken(n: int) -> int:
        raise ValueError("broken on purpose")

    ctx.register_udf(broken)
    with caplog.at_level(logging.DEBUG, logger="springald"), pytest.raises(UdfError):
        ctx.sql("SELECT broken(n) FROM people").collect()
    logged = [r for r in caplog.records if getattr(r, "udf_name", "") == "broken"]
    assert any("broken on purpose" in r.getMessage() or "ValueError" in r.getMessage()
               for r in logged)  # fmt: skip


def test_the_library_prints_nothing(ctx, capfd):
    @udf
    def broken(n: int) -> int:
        raise ValueError

    ctx.register_udf(broken)
    with pytest.raises(UdfError):
        ctx.sql("SELECT broken(n) FROM people").collect()
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_log_handler_that_fails_does_not_fail_the_query(ctx):
    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("the handler's own problem")

    logger = logging.getLogger("springald")
    handler, level = Broken(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        ctx.register_udf(times_two)
        result = ctx.sql("SELECT times_two(n) AS r FROM people").to_pydict()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert result == {"r": [0, 2, 4, 6, 8]}


def test_counters_start_at_zero_and_count():
    context = open_context(SessionConfig().with_target_partitions(1))
    context.from_arrow(pa.table({"n": pa.array([1, 2, None], pa.int64())}), name="t")
    context.register_udf(udf(times_two, name="counted"))
    before = context.udf_metrics()["counted"]
    assert (before.calls, before.rows, before.python_seconds, before.errors) == (
        0,
        0,
        0.0,
        0,
    )
    for _ in range(3):
        context.sql("SELECT counted(n) FROM t").collect()
    after = context.udf_metrics()["counted"]
    assert (after.calls, after.rows, after.errors) == (3, 9, 0)


def test_time_is_counted_in_seconds(ctx):
    def slow(n: int) -> int:
        time.sleep(0.02)
        return n

    ctx.register_udf(slow)
    ctx.sql("SELECT slow(n) FROM people").collect()
    assert 0.09 < ctx.udf_metrics()["slow"].python_seconds < 5.0


def test_failed_calls_are_counted(ctx):
    def fails(n: int) -> int:
        raise ValueError

    ctx.register_udf(fails)
    for _ in range(2):
        with pytest.raises(UdfError):
            ctx.sql("SELECT fails(n) FROM people").collect()
    metrics = ctx.udf_metrics()["fails"]
    assert metrics.errors == 2
    assert metrics.calls == 2


def test_loads_are_counted_once_per_definition(ctx):
    data = udf(times_two, name="loaded").to_bytes()
    functions = [Udf.from_bytes(data) for _ in range(3)]
    for function in functions:
        ctx.register_udf(function)
        ctx.sql("SELECT loaded(n) FROM people").collect()
    if on_cluster():
        assert ctx.udf_metrics()["loaded"].loads <= 2, "once for each executor"
    else:
        assert {f.metrics().loads for f in functions} == {1}


def test_each_name_has_its_own_counters(ctx):
    function = udf(times_two, name="one")
    ctx.register_udf(function)
    ctx.register_udf(function, name="other")
    ctx.sql("SELECT other(n) FROM people").collect()
    metrics = ctx.udf_metrics()
    assert (metrics["one"].rows, metrics["other"].rows) == (0, 5)


def test_metrics_cannot_be_changed():
    metrics = UdfMetrics(loads=1, calls=2, rows=3, python_seconds=0.5, errors=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        metrics.calls = 5
