"""Contexts whose functions run in worker processes: what only they have.

That everything else is the same, all tests of this folder show with --sidecar.
"""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from datafusion import col
from datafusion import udf as datafusion_udf

import springald
from springald import (
    BallistaSessionContext,
    UdfCancelledError,
    UdfDefinitionError,
    UdfError,
    UdfExecutionError,
    UdfWorkers,
    udf,
)

NUMBERS = list(range(10))


@pytest.fixture
def ctx() -> Iterator[BallistaSessionContext]:
    context = BallistaSessionContext(udf_backend="sidecar", udf_workers=2)
    context.from_pydict({"n": NUMBERS}, name="numbers")
    yield context
    context.close()


def pid_of(n: int) -> int:
    return os.getpid()


def alive(pid: int) -> bool:
    """Return whether there is such a process, and not only what is left of one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 10
    while any(map(alive, pids)):
        assert time.monotonic() < deadline, "a process is left"
        time.sleep(0.02)


def pids_of(ctx: BallistaSessionContext, query: str) -> set[int]:
    (column,) = ctx.sql(query).to_pydict().values()
    return set(column)


def test_sql_runs_in_a_worker(ctx):
    ctx.register_udf(udf(pid_of))
    (pid,) = pids_of(ctx, "SELECT pid_of(n) FROM numbers")
    assert pid != os.getpid()
    assert alive(pid)


def test_expressions_run_in_a_worker(ctx):
    function = udf(pid_of)
    df = ctx.table("numbers")
    rows = df.select(
        function(col("n")).alias("p"), (function(col("n")) + 1).alias("q")
    ).to_pydict()
    (pid,) = set(rows["p"])
    assert pid != os.getpid()
    assert set(rows["q"]) == {pid + 1}
    in_filter = df.filter(function(col("n")) != os.getpid())
    assert in_filter.count() == len(NUMBERS)
    aggregated = df.aggregate([function(col("n"))], [])
    assert aggregated.count() == 1


def test_a_function_of_datafusion_runs_in_a_worker_too(ctx):
    function = datafusion_udf(
        lambda n: pa.array([os.getpid()] * len(n), pa.int64()),
        [pa.int64()],
        pa.int64(),
        "stable",
        name="upstream",
    )
    ctx.register_udf(function)
    (pid,) = pids_of(ctx, "SELECT upstream(n) FROM numbers")
    (same,) = set(
        ctx.table("numbers").select(function(col("n"))).to_pydict().popitem()[1]
    )
    assert pid != os.getpid()
    assert same != os.getpid()


def test_the_same_function_stays_embedded_elsewhere(ctx):
    function = udf(pid_of)
    ctx.register_udf(function)
    here = BallistaSessionContext()
    here.from_pydict({"n": NUMBERS}, name="numbers")
    here.register_udf(function)
    assert pids_of(here, "SELECT pid_of(n) FROM numbers") == {os.getpid()}
    assert function(1) == os.getpid()


def test_what_cannot_be_pickled_is_refused_where_it_is_registered(ctx):
    lock = __import__("threading").Lock()

    @udf
    def locked(n: int) -> int:
        with lock:
            return n

    with pytest.raises(UdfDefinitionError, match="variable 'lock' cannot be pickled"):
        ctx.register_udf(locked)
    with pytest.raises(UdfDefinitionError, match="variable 'lock' cannot be pickled"):
        ctx.table("numbers").select(locked(col("n")))


def test_counters_and_workers(ctx):
    ctx.register_udf(udf(pid_of))
    ctx.sql("SELECT pid_of(n) FROM numbers").collect()
    metrics = ctx.udf_metrics()["pid_of"]
    assert (metrics.loads, metrics.calls, metrics.rows) == (1, 1, len(NUMBERS))
    workers = ctx.udf_workers()
    assert isinstance(workers, UdfWorkers)
    assert (workers.max, workers.alive, workers.busy, workers.started) == (2, 1, 0, 1)
    assert 0 < workers.last_start_seconds
    assert workers.shared_bytes > 0


def test_a_closed_context_says_so(ctx):
    ctx.register_udf(udf(pid_of))
    ctx.close()
    with pytest.raises(UdfCancelledError, match="shut down, as by close"):
        ctx.sql("SELECT pid_of(n) FROM numbers").collect()
    assert ctx.sql("SELECT count(*) AS n FROM numbers").to_pydict() == {
        "n": [len(NUMBERS)]
    }


class ProcessorsSeen:
    """Say how many processors there were when the function was made, and are now."""

    def __init__(self) -> None:
        self._at_first = len(os.sched_getaffinity(0))

    def __call__(self, n: int) -> int:
        return self._at_first * 1_000 + len(os.sched_getaffinity(0))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor")
def test_a_function_is_loaded_with_all_processors():
    # Short calls share their caller's; threads that a library starts would stay there.
    num_processors = len(os.sched_getaffinity(0))
    everywhere = num_processors * 1_000 + num_processors
    with_batches = [[pa.record_batch({"n": [n]}) for n in range(60)]]
    context = BallistaSessionContext(udf_backend="sidecar", udf_workers=1)
    context.register_record_batches("batches", with_batches)
    for name in ("first", "second"):
        context.register_udf(ProcessorsSeen, name=name, volatility="volatile")
        (seen,) = context.sql(f"SELECT {name}(n) FROM batches").to_pydict().values()
        assert seen[:15] == [everywhere] * 15
    assert context.udf_workers().started == 1
    context.close()


def test_two_batches_run_at_the_same_time(ctx):
    @udf
    def slow(n: int) -> int:
        time.sleep(0.02)
        return os.getpid()

    batches = [[pa.record_batch({"n": NUMBERS})] for _ in range(2)]
    ctx.register_record_batches("parts", batches)
    ctx.register_udf(slow)
    assert len(pids_of(ctx, "SELECT slow(n) FROM parts")) == 2
    assert ctx.udf_workers().alive == 2


def test_print_is_visible_to_who_asks(ctx, caplog):
    @udf
    def talking(n: int) -> int:
        print("row", n)
        if n == 3:
            print("to stderr", file=sys.stderr)
        return n

    ctx.register_udf(talking)
    with caplog.at_level(logging.INFO, logger="springald"):
        ctx.sql("SELECT talking(n) FROM numbers").collect()
    lines = ctx.udf_output()["talking"].splitlines()
    assert [line for line in lines if line != "to stderr"] == [
        f"row {n}" for n in NUMBERS
    ]
    assert "to stderr" in lines
    said = [r for r in caplog.records if r.levelno == logging.INFO]
    assert {r.udf_name for r in said} == {"talking"}
    assert "row 9" in [r.getMessage() for r in said]


def test_an_exception_has_all_but_the_object(ctx):
    @udf
    def picky(n: int) -> int:
        if n == 7:
            raise LookupError("seven")
        return n

    ctx.register_udf(picky)
    with pytest.raises(UdfExecutionError) as caught:
        ctx.sql("SELECT picky(n) FROM numbers").collect()
    error = caught.value
    assert (error.exception_type, error.exception_message) == ("LookupError", "seven")
    assert (error.row, error.arguments) == (7, "(7,)")
    assert 'raise LookupError("seven")' in error.traceback_text
    assert error.__cause__ is None


def test_a_function_may_keep_its_columns(ctx):
    @udf(return_type=pa.int64(), input_types=[pa.int64()], volatility="volatile")
    class Keeping:
        def __init__(self):
            self.kept = []

        def __call__(self, n):
            self.kept.append(n)
            return pa.array([sum(map(sum, (k.to_pylist() for k in self.kept)))] * len(n))

    batches = [pa.record_batch({"n": [i] * 3}) for i in range(5)]
    ctx.register_record_batches("series", [batches])
    ctx.register_udf(Keeping)
    (column,) = ctx.sql("SELECT keeping(n) FROM series").to_pydict().values()
    # What came later did not write over what was kept.
    assert sorted(set(column)) == [0, 3, 9, 18, 30]


def test_workers_have_random_numbers_of_their_own(ctx):
    numpy = pytest.importorskip("numpy")
    numpy.random.seed(1)  # so that NumPy is there before workers are forked

    @udf(volatility="volatile")
    def draw(n: int) -> float:
        import random
        import time

        import numpy

        time.sleep(0.02)
        return random.random() + float(numpy.random.random())

    batches = [[pa.record_batch({"n": NUMBERS})] for _ in range(2)]
    ctx.register_record_batches("parts", batches)
    ctx.register_udf(draw)
    (column,) = ctx.sql("SELECT draw(n) FROM parts").to_pydict().values()
    assert ctx.udf_workers().alive == 2
    assert len(set(column)) == 2 * len(NUMBERS)


def test_workers_import_what_this_process_can(ctx, tmp_path, monkeypatch):
    (tmp_path / "springald_beside_the_script.py").write_text("FACTOR = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    @udf
    def scaled(n: int) -> int:
        import springald_beside_the_script

        return n * springald_beside_the_script.FACTOR

    ctx.register_udf(scaled)
    (column,) = ctx.sql("SELECT scaled(n) FROM numbers").to_pydict().values()
    assert column == [n * 3 for n in NUMBERS]


def test_programs_of_functions_have_the_environment_of_this_process(ctx, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/springald/nowhere")

    @udf
    def variable(n: int) -> str:
        names = [k for k in os.environ if k.startswith("SPRINGALD_WORKER")]
        return f"{names} {os.environ.get('PYTHONPATH')}"

    ctx.register_udf(variable)
    (column,) = ctx.sql("SELECT variable(n) FROM numbers").to_pydict().values()
    assert set(column) == {"[] /springald/nowhere"}


def test_closing_ends_the_processes(ctx):
    ctx.register_udf(udf(pid_of))
    (pid,) = pids_of(ctx, "SELECT pid_of(n) FROM numbers")
    ctx.close()
    wait_until_gone(pid)
    with pytest.raises(springald.UdfCancelledError):
        ctx.sql("SELECT pid_of(n) FROM numbers").collect()
    ctx.close()
    assert ctx.sql("SELECT sum(n) AS s FROM numbers").to_pydict() == {"s": [45]}


def test_a_context_that_is_dropped_ends_its_workers():
    context = BallistaSessionContext(udf_backend="sidecar", udf_workers=1)
    context.from_pydict({"n": NUMBERS}, name="numbers")
    context.register_udf(udf(pid_of))
    (pid,) = pids_of(context, "SELECT pid_of(n) FROM numbers")
    del context
    gc.collect()
    wait_until_gone(pid)


def test_preloaded_modules_are_there():
    context = BallistaSessionContext(
        udf_backend="sidecar", udf_workers=1, udf_preload=["calendar", "springald_absent"]
    )
    context.from_pydict({"n": NUMBERS}, name="numbers")

    @udf
    def is_there(n: int) -> bool:
        return "calendar" in sys.modules

    context.register_udf(is_there)
    (column,) = context.sql("SELECT is_there(n) FROM numbers").to_pydict().values()
    assert set(column) == {True}
    context.close()


def test_a_module_that_starts_threads_cannot_be_preloaded(tmp_path, monkeypatch):
    (tmp_path / "springald_threads.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, "
        "daemon=True).start()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    context = BallistaSessionContext(
        udf_backend="sidecar", udf_preload=["springald_threads"]
    )
    with pytest.raises(UdfError, match=r"must have one thread, and what it imported"):
        context.register_udf(udf(pid_of))
    context.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"udf_workers": 0}, "udf_workers"),
        ({"udf_timeout": -1}, "udf_timeout"),
        ({"udf_timeout": "soon"}, "udf_timeout"),
        ({"udf_memory_limit": "much"}, "udf_memory_limit"),
        ({"udf_max_open_files": 1.5}, "udf_max_open_files"),
        ({"udf_preload": "a b"}, "udf_preload takes names of modules"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        BallistaSessionContext(udf_backend="sidecar", **options)


def test_limits_need_workers():
    with pytest.raises(ValueError, match=r"udf_timeout: only worker processes"):
        BallistaSessionContext(udf_timeout=5)
    with pytest.raises(ValueError, match=r"give limits to `springald executor`"):
        BallistaSessionContext("df://localhost:1", udf_memory_limit="1GiB")
    with pytest.raises(ValueError, match=r"springald executor --udf-backend sidecar"):
        BallistaSessionContext("df://localhost:1", udf_backend="sidecar")


def test_contexts_without_workers_say_so():
    context = BallistaSessionContext()
    with pytest.raises(UdfError, match="udf_backend='sidecar'"):
        context.udf_workers()
    context.close()
    context.register_udf(udf(pid_of))
    assert context.udf_output() == {"pid_of": ""}


def test_the_module_is_for_springald_only():
    run = subprocess.run(
        [sys.executable, "-m", "springald.worker"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 2
    assert "is started by springald itself" in run.stderr
