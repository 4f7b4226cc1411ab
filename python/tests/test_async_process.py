"""Async functions and the process: Ctrl-C, its end, forks, warnings.

Each test is a script in a process of its own, with all warnings as errors.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PRELUDE = """
import asyncio, os, signal, sys, threading, time
# A job in the background of a shell inherits that SIGINT is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import pyarrow as pa
from datafusion import SessionConfig
from springald import BallistaSessionContext, UdfExecutionError, udf

def say(*words):
    print(*words, flush=True)

def context(partitions, rows=100):
    ctx = BallistaSessionContext(SessionConfig().with_target_partitions(partitions))
    batch = pa.RecordBatch.from_pydict({"n": pa.array(range(rows), pa.int64())})
    ctx.register_record_batches("t", [[batch]] * partitions)
    return ctx

@udf
async def double(n: int) -> int:
    await asyncio.sleep(0)
    return n * 2
"""

pytestmark = pytest.mark.embedded_only(reason="about this process, not about executors")


@pytest.fixture
def start(tmp_path):
    running = []

    def started(text: str) -> subprocess.Popen:
        path = tmp_path / "script.py"
        path.write_text(PRELUDE + textwrap.dedent(text))
        with (tmp_path / "stderr").open("w") as complaints:
            running.append(
                subprocess.Popen(
                    [sys.executable, "-W", "error", str(path)],
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    text=True,
                    cwd=tmp_path,
                )
            )
        return running[-1]

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def no_complaints(tmp_path, start):
    yield
    assert (tmp_path / "stderr").read_text() == ""


def rest(process: subprocess.Popen) -> str:
    """Return what the process prints until it ends, as it should."""
    output = process.stdout.read()
    assert process.wait(timeout=60) == 0
    return output


INTERRUPTED = """
started, ended = [], []

@udf(volatility="volatile")
async def waits(n: int) -> int:
    started.append(n)
    if len(started) == 64:
        say("started")
    try:
        WAIT
    finally:
        ended.append(n)
    return n

ctx = context(PARTITIONS)
ctx.register_udf(waits)
ctx.register_udf(double)
try:
    ctx.sql("SELECT sum(waits(n)) FROM t").collect()
except KeyboardInterrupt:
    say("interrupted", time.time())
deadline = time.time() + 10
while sorted(ended) != sorted(started) and time.time() < deadline:
    time.sleep(0.01)
say(sorted(ended) == sorted(started))
say(ctx.sql("SELECT sum(double(n)) AS r FROM t").to_pydict())
"""


@pytest.mark.parametrize("partitions", [1, 4])
def test_ctrl_c_ends_calls_that_wait(start, partitions):
    text = INTERRUPTED.replace("WAIT", "await asyncio.sleep(1000)")
    process = start(text.replace("PARTITIONS", str(partitions)))
    assert process.stdout.readline() == "started\n"
    time.sleep(0.2)
    sent = time.time()
    os.kill(process.pid, signal.SIGINT)
    word, at = process.stdout.readline().split()
    assert word == "interrupted"
    assert float(at) - sent < 10
    assert rest(process) == f"True\n{{'r': [{9900 * partitions}]}}\n"


@pytest.mark.parametrize("partitions", [1, 4])
def test_ctrl_c_ends_a_function_that_blocks_the_loop(start, partitions):
    text = INTERRUPTED.replace("== 64", "== 1").replace(
        "WAIT", "while True: time.sleep(0)"
    )
    process = start(text.replace("PARTITIONS", str(partitions)))
    assert process.stdout.readline() == "started\n"
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    assert process.stdout.readline().startswith("interrupted")
    assert rest(process) == f"True\n{{'r': [{9900 * partitions}]}}\n"


def test_a_failure_leaves_no_warning(start):
    process = start(
        """
        @udf
        async def fails(n: int) -> int:
            await asyncio.sleep(0)
            raise ValueError(n)

        ctx = context(4)
        ctx.register_udf(fails)
        for _ in range(5):
            try:
                ctx.sql("SELECT sum(fails(n)) FROM t").collect()
            except UdfExecutionError as error:
                say(error.exception_type)
        """
    )
    assert rest(process) == "ValueError\n" * 5


def test_python_ends_with_tasks_and_calls_left_behind(start):
    process = start(
        """
        kept = []

        @udf(volatility="volatile")
        async def leaves(n: int) -> int:
            kept.append(asyncio.create_task(asyncio.sleep(1000)))
            return n

        @udf(volatility="volatile")
        async def waits(n: int) -> int:
            entered.set()
            await asyncio.sleep(1000)
            return n

        entered = threading.Event()
        ctx = context(2)
        ctx.register_udf(leaves)
        ctx.register_udf(waits)
        say(ctx.sql("SELECT sum(leaves(n)) AS s FROM t").to_pydict())
        threading.Thread(
            target=lambda: ctx.sql("SELECT sum(waits(n)) FROM t").collect(), daemon=True
        ).start()
        entered.wait()
        """
    )
    before = time.time()
    assert rest(process) == "{'s': [9900]}\n"
    assert time.time() - before < 20


def test_a_forked_child_has_a_loop_of_its_own(start):
    process = start(
        """
        ctx = context(1)
        ctx.register_udf(double)
        say(ctx.sql("SELECT sum(double(n)) AS s FROM t").to_pydict())
        child = os.fork()
        if child == 0:
            say(double._native(pa.array([1, 2])).to_pylist())
            os._exit(0)
        say(os.waitpid(child, 0)[1])
        say(ctx.sql("SELECT sum(double(n)) AS s FROM t").to_pydict())
        """
    )
    assert rest(process) == "{'s': [9900]}\n[2, 4]\n0\n{'s': [9900]}\n"
