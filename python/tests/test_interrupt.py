"""Ctrl-C: the query ends, the calls of its functions end, and the user sees it.

Each test runs a script in a process of its own and sends it the signal that Ctrl-C sends.
"""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PRELUDE = """
import os, signal, sys, threading, time
# A job in the background of a shell inherits that SIGINT is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import pyarrow as pa
from datafusion import SessionConfig, SessionContext
from springald import BallistaSessionContext, UdfError, udf

def table(ctx, partitions, rows):
    batch = pa.RecordBatch.from_pydict({"n": pa.array(range(rows), pa.int64())})
    ctx.register_record_batches("t", [[batch]] * partitions)

started = threading.Event()
def say(*words):
    print(*words, flush=True)
"""

pytestmark = pytest.mark.embedded_only(
    reason="Ctrl-C on a cluster is a subject of tests/cluster/test_failures.py"
)

# A batch of 8,192 rows that takes minutes, and a query on one or several partitions: with
# one, the engine calls the function on the main thread, else on threads of its own.
ROW_MODE = """
rows = 0

@udf
def slow(n: int) -> int:
    global rows
    rows += 1
    if rows == 20:  # the main thread waits in the engine by now, not on its way to it
        say("started")
    time.sleep(0.02)
    return n

ctx = BallistaSessionContext(SessionConfig().with_target_partitions(PARTITIONS))
table(ctx, PARTITIONS, 8192)
ctx.register_udf(slow)
try:
    METHOD
except KeyboardInterrupt as error:
    say("interrupted", type(error).__name__, time.time())
time.sleep(1.0)
after = rows
time.sleep(0.5)
say("rows since", rows - after)
say(ctx.sql("SELECT slow(1) AS r").to_pydict())
"""

COLLECT = "ctx.sql('SELECT sum(slow(n)) FROM t').collect()"


class Script:
    """A script that runs; its standard output is read line by line."""

    def __init__(self, tmp_path, text: str) -> None:
        path = tmp_path / "script.py"
        path.write_text(PRELUDE + textwrap.dedent(text))
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", str(path)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def line(self) -> str:
        return self._process.stdout.readline().strip()

    def interrupt(self) -> float:
        sent = time.time()
        os.kill(self._process.pid, signal.SIGINT)
        return sent

    def rest(self) -> list[str]:
        output, _ = self._process.communicate(timeout=40)
        return output.splitlines()

    @property
    def returncode(self) -> int:
        return self._process.returncode

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@pytest.fixture
def script(tmp_path):
    running = []

    def start(text: str) -> Script:
        running.append(Script(tmp_path, text))
        return running[-1]

    yield start
    for one in running:
        one.end()


def interrupted_after(line: str, sent: float) -> float:
    match = re.fullmatch(r"interrupted KeyboardInterrupt ([\d.]+)", line)
    assert match, line
    return float(match[1]) - sent


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize(
    "method",
    [
        COLLECT,
        "list(ctx.sql('SELECT slow(n) FROM t'))",
        "ctx.sql('SELECT slow(n) FROM t').show()",
        "ctx.sql('SELECT slow(n) FROM t ORDER BY 1').to_pandas()",
    ],
    ids=["collect", "iterate", "show", "to_pandas"],
)
def test_row_mode_stops_within_two_seconds(script, partitions, method):
    running = script(
        ROW_MODE.replace("PARTITIONS", str(partitions)).replace("METHOD", method)
    )
    assert running.line() == "started"
    sent = running.interrupt()
    assert interrupted_after(running.line(), sent) < 4.0  # 2 s, and a busy machine
    assert running.rest() == ["rows since 0", "{'r': [1]}"]
    assert running.returncode == 0


def test_a_call_that_begins_late_ends_too(script):
    """A partition may begin its first batch when the query has just been dropped."""
    running = script(
        """
        from springald.engine_call import enter_engine

        @udf
        def slow(n: int) -> int:
            time.sleep(0.01)
            return n

        ctx = BallistaSessionContext()
        plain = SessionContext()  # its queries are none of enter_engine's
        plain.register_udf(slow)
        ctx.register_udf(slow)

        def late():
            time.sleep(0.1)
            try:
                say(plain.sql("SELECT slow(1) AS r").to_pydict())
            except BaseException as error:
                say("UdfCancelledError" in str(error))

        thread = threading.Thread(target=late)
        def dropped():
            thread.start()
            raise KeyboardInterrupt

        try:
            enter_engine(dropped)
        except KeyboardInterrupt:
            thread.join()
        say(ctx.sql("SELECT slow(1) AS r").to_pydict())
        say(plain.sql("SELECT slow(2) AS r").to_pydict())
        try:
            enter_engine(lambda: os.kill(os.getpid(), signal.SIGINT))
        except KeyboardInterrupt:
            time.sleep(1.5)
        say(plain.sql("SELECT slow(3) AS r").to_pydict())
        """
    )
    assert running.rest() == ["True", "{'r': [1]}", "{'r': [2]}", "{'r': [3]}"]


def test_an_interrupt_nobody_catches_ends_the_program(script):
    running = script(
        ROW_MODE.replace("PARTITIONS", "4")
        .replace("METHOD", COLLECT)
        .replace("except KeyboardInterrupt", "except ZeroDivisionError")
    )
    assert running.line() == "started"
    sent = running.interrupt()
    assert running.rest()[-1] == "KeyboardInterrupt"
    assert time.time() - sent < 6.0
    assert running.returncode in (130, -signal.SIGINT)


def test_one_long_column_ends_with_its_batch(script):
    running = script(
        """
        calls = 0

        @udf(return_type=pa.int64(), input_types=[pa.int64()])
        def slow(n):
            global calls
            calls += 1
            say("started")
            deadline = time.monotonic() + 3.0
            while time.monotonic() < deadline:  # a kernel that looks at no signal
                try:
                    pa.compute.sort_indices(pa.array(range(2000)))
                except KeyboardInterrupt:
                    raise SystemExit("the signal reached the function")
            return n

        import pyarrow.compute
        ctx = BallistaSessionContext(SessionConfig().with_target_partitions(2))
        table(ctx, 2, 8192 * 4)
        ctx.register_udf(slow)
        try:
            ctx.sql("SELECT sum(slow(n)) FROM t").collect()
        except KeyboardInterrupt as error:
            say("interrupted", type(error).__name__, time.time())
        time.sleep(4)
        say("calls", calls <= 2)
        """
    )
    assert running.line() == "started"
    sent = running.interrupt()
    lines = [line for line in running.rest() if line != "started"]
    assert interrupted_after(lines[0], sent) < 6.0
    assert lines[1:] == ["calls True"]


def test_a_query_of_another_thread_goes_on(script):
    running = script(
        """
        @udf
        def slow(n: int) -> int:
            time.sleep(0.001)
            return n

        ctx = BallistaSessionContext(SessionConfig().with_target_partitions(2))
        table(ctx, 2, 2000)
        ctx.register_udf(slow)
        results = []

        def other():
            try:
                results.append(ctx.sql("SELECT sum(slow(n)) AS s FROM t").to_pydict())
            except UdfError as error:
                results.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.3)
        say("started")
        try:
            ctx.sql("SELECT sum(slow(n)) FROM t").collect()
        except KeyboardInterrupt as error:
            say("interrupted", type(error).__name__, time.time())
        thread.join()
        say(results)
        """
    )
    assert running.line() == "started"
    time.sleep(0.3)
    sent = running.interrupt()
    assert interrupted_after(running.line(), sent) < 6.0
    assert running.rest() == [f"[{{'s': [{2 * 1999 * 1000}]}}]"]


@pytest.mark.parametrize("partitions", [1, 2])
def test_a_query_inside_a_function_ends_too(script, partitions):
    running = script(
        f"""
        rows = 0

        @udf
        def slow(n: int) -> int:
            global rows
            rows += 1
            if rows == 3:
                say("started")
            time.sleep(0.02)
            return n

        inner = BallistaSessionContext()
        table(inner, 1, 8192)
        inner.register_udf(slow)

        @udf
        def nested(n: int) -> int:
            return inner.sql("SELECT sum(slow(n)) AS s FROM t").to_pydict()["s"][0]

        ctx = BallistaSessionContext(SessionConfig().with_target_partitions({partitions}))
        table(ctx, {partitions}, 2)
        ctx.register_udf(nested)
        try:
            ctx.sql("SELECT sum(nested(n)) FROM t").collect()
        except KeyboardInterrupt as error:
            say("interrupted", type(error).__name__, time.time())
        time.sleep(1)
        after = rows
        time.sleep(0.5)
        say("rows since", rows - after)
        """
    )
    assert running.line() == "started"
    sent = running.interrupt()
    assert interrupted_after(running.line(), sent) < 4.0
    assert running.rest() == ["rows since 0"]


@pytest.mark.parametrize("pause", ["time.sleep(0.01)", "sum(range(100_000))"])
def test_a_constant_call_while_planning_ends_too(script, pause):
    """The engine takes a failure while planning for "not a constant", and tries again."""
    running = script(
        f"""
        @udf
        def endless(n: int) -> int:
            say("started") if n == 1 else None
            while n:
                {pause}
            return n

        ctx = BallistaSessionContext()
        ctx.register_udf(endless)
        try:
            ctx.sql("SELECT endless(1)").collect()
        except KeyboardInterrupt as error:
            say("interrupted", type(error).__name__, time.time())
        say(ctx.sql("SELECT endless(0) AS r").to_pydict())
        """
    )
    assert running.line() == "started"
    sent = running.interrupt()
    lines = [running.line()]
    while lines[-1] == "started":  # the engine's further tries, which are refused
        lines.append(running.line())
    assert interrupted_after(lines[-1], sent) < 4.0  # 2 s, and a busy machine
    assert running.line() == "{'r': [0]}"
