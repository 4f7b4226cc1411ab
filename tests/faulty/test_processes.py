"""Processes that are killed, interrupted or forked: what goes on, and what is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from springald import UdfCancelledError, UdfWorkerLostError

from .healthy import HEALTHY_SUM, healthy_sum, open_context, sum_of
from .leftovers import (
    WORKER,
    Process,
    children_of,
    descriptors,
    marked_processes,
    wait_until,
)
from .script import Script

FORK_SERVER = "springald-forks"

HANGS = {
    "in Python": "any(iter(int, 1))",
    "in C code": "sum(range(10**13))",
    "without the GIL": "time.sleep(3600)",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
}


def query_of(body: str, after: str = "") -> str:
    """Return a script that queries a function with this body, at row 5,000."""
    return f"""
# A function of its own: what is raised in a loop that is all of a `try` passes its
# handlers by, in Python 3.11.
def spin():
    while True:
        pass

@udf
def hangs(n: int) -> int:
    if n == 5_000:
        {body}
    return n

context.register_udf(hangs)
query = lambda: context.sql("SELECT sum(hangs(n)) AS s FROM numbers").to_pylist()
{after or "say(query())"}
"""


def server_process(mark: str) -> int:
    found = marked_processes(mark)
    # A worker that has just been forked has its name for a moment.
    workers = {p.pid for p in found if p.parent in {other.pid for other in found}}
    (pid,) = [p.pid for p in found if p.name == FORK_SERVER and p.pid not in workers]
    return pid


def worker_processes(mark: str) -> list[int]:
    return [p.pid for p in marked_processes(mark) if p.name == WORKER]


# The end of the program that has the workers


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS.keys())
def test_killed_program_leaves_nothing(tmp_path: Path, hang: str) -> None:
    with Script(tmp_path, query_of(f"begun(); {hang}")) as script:
        script.wait_for()
        assert len(script.processes()) >= 2
        script.send(signal.SIGKILL)
        assert script.leaves_nothing()


@pytest.mark.parametrize(
    "start",
    [
        "os.fork() or time.sleep(3600)",
        "os.fork() or (os.setsid(), time.sleep(3600))",
        "__import__('subprocess').Popen(['sleep', '3600'])",
    ],
    ids=["a fork", "a fork in a session of its own", "a program"],
)
def test_killed_program_leaves_nothing_of_what_functions_have_started(
    tmp_path: Path, start: str
) -> None:
    with Script(tmp_path, query_of(f"{start}; begun(); time.sleep(3600)")) as script:
        script.wait_for()
        assert len(script.processes()) >= 3
        script.send(signal.SIGKILL)
        assert script.leaves_nothing(5)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("pass", 0),
        ("sys.exit(5)", 5),
        ("raise ValueError", 1),
        ("os._exit(6)", 6),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_program_that_does_not_close_leaves_nothing(
    tmp_path: Path, end: str, status: int
) -> None:
    text = query_of("pass", after=f"say(query()); begun()\n{end}")
    with Script(tmp_path, text) as script:
        script.wait_for()
        returned, output = script.wait()
        assert returned == status, output
        assert f"[{{'s': {sum(range(8192))}}}]" in output
        assert script.leaves_nothing()


def test_program_that_exits_in_a_query_leaves_nothing(tmp_path: Path) -> None:
    text = query_of(
        "begun(); time.sleep(3600)",
        after="""
threading.Thread(target=query, daemon=True).start()
while not os.path.exists(os.path.join(FOLDER, "begun")):
    time.sleep(0.01)
""",
    )
    with Script(tmp_path, text) as script:
        assert script.wait() == (0, "")
        assert script.leaves_nothing()


# Ctrl-C

INTERRUPTIBLE = """
        begun()
        try:
            spin()
        finally:
            begun("cleaned up")
"""
STUBBORN = """
        begun()
        while True:
            try:
                spin()
            except KeyboardInterrupt:
                begun("went on")
"""


def test_interrupted_query_ends_the_program(tmp_path: Path) -> None:
    with Script(tmp_path, query_of("begun(); time.sleep(3600)")) as script:
        script.wait_for()
        script.send(signal.SIGINT)
        status, output = script.wait()
        assert status == -signal.SIGINT
        assert output.splitlines()[-1] == "KeyboardInterrupt"
        assert script.leaves_nothing()


AFTER_INTERRUPT = """
try:
    query()
except KeyboardInterrupt:
    say("interrupted")
end = time.monotonic() + 10
while context.udf_workers().busy and time.monotonic() < end:
    time.sleep(0.01)
figures = context.udf_workers()
say(figures.busy, figures.lost, figures.killed, figures.retired)
@udf
def healthy(n: int) -> int:
    return int(str(n))

context.register_udf(healthy)
say(context.sql("SELECT sum(healthy(n)) AS s FROM numbers").to_pylist())
"""
GOES_ON = f"[{{'s': {sum(range(8192))}}}]"


def test_interrupted_function_cleans_up(tmp_path: Path) -> None:
    text = query_of(INTERRUPTIBLE.strip(), after=AFTER_INTERRUPT)
    with Script(tmp_path, text) as script:
        worker = script.wait_for()
        script.send(signal.SIGINT)
        assert script.wait_for("cleaned up") == worker
        _, output = script.wait()
        assert output.splitlines()[-3:] == ["interrupted", "0 0 0 1", GOES_ON]
        assert script.leaves_nothing()


@pytest.mark.parametrize("hang", [STUBBORN.strip(), "begun(); sum(range(10**13))"],
                         ids=["in Python", "in C code"])  # fmt: skip
def test_function_that_ignores_an_interrupt_is_killed(tmp_path: Path, hang: str) -> None:
    text = query_of(hang, after=AFTER_INTERRUPT)
    with Script(tmp_path, text) as script:
        worker = script.wait_for()
        script.send(signal.SIGINT)
        assert wait_until(lambda: worker not in worker_processes(script.mark), 5)
        _, output = script.wait()
        assert output.splitlines()[-3:] == ["interrupted", "0 0 1 0", GOES_ON]
        assert script.leaves_nothing()


def test_interrupted_query_prints_nothing(tmp_path: Path) -> None:
    text = query_of("begun(); time.sleep(3600)", after=AFTER_INTERRUPT)
    with Script(tmp_path, text) as script:
        script.wait_for()
        script.send(signal.SIGINT)
        _, output = script.wait()
        assert output.splitlines() == ["interrupted", "0 0 0 1", GOES_ON]


# Workers and the fork server


def test_killed_worker_is_replaced(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "begun"

    def waits_once(n: int) -> int:
        if n == 500_000 and not path.exists():
            path.write_text(str(os.getpid()))
            time.sleep(3600)
        return n

    context = open_context()
    context.register_udf(waits_once)
    with ThreadPoolExecutor(1) as executor:
        asking = executor.submit(sum_of, context, "waits_once(n)")
        assert wait_until(lambda: path.exists() and bool(path.read_text()))
        before = context.udf_workers()
        os.kill(int(path.read_text()), signal.SIGKILL)
        assert asking.result(30) == sum(range(1_000_000))
    after = context.udf_workers()
    assert (after.lost, after.retried) == (before.lost + 1, before.retried + 1)
    assert after.killed == before.killed
    context.close()
    assert marked_processes(mark) == []


def test_killed_fork_server_is_replaced(mark: str) -> None:
    context = open_context()
    with ThreadPoolExecutor(2) as executor:
        for _ in range(3):
            asking = [executor.submit(healthy_sum, context) for _ in range(2)]
            assert wait_until(lambda: context.udf_workers().busy > 0)
            server = server_process(mark)
            os.kill(server, signal.SIGKILL)
            assert [one.result(30) for one in asking] == [HEALTHY_SUM] * 2
            assert server_process(mark) != server
    assert context.udf_workers().lost >= 3
    assert len(worker_processes(mark)) == context.udf_workers().alive <= 2
    context.close()
    assert marked_processes(mark) == []


def test_workers_killed_while_idle_are_replaced(mark: str) -> None:
    context = open_context()
    assert healthy_sum(context) == HEALTHY_SUM
    workers = worker_processes(mark)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    # Until somebody has waited for them: before that, a thread of theirs may be left.
    assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert healthy_sum(context) == HEALTHY_SUM
    assert context.udf_workers().retried == 0
    context.close()
    assert marked_processes(mark) == []


@pytest.mark.parametrize(
    ("volatility", "num_calls"), [("volatile", 1), ("stable", 3), ("immutable", 3)]
)
def test_only_repeatable_functions_are_tried_again(
    tmp_path: Path, volatility: str, num_calls: int
) -> None:
    path = tmp_path / "calls"

    def dies(n: int) -> int:
        if n == 100_000:
            with path.open("a") as file:
                file.write("called\n")
            os._exit(1)
        return n

    context = open_context()
    context.register_udf(dies, volatility=volatility)
    with pytest.raises(UdfWorkerLostError, match="exited with status 1"):
        sum_of(context, "dies(n)")
    assert path.read_text().splitlines() == ["called"] * num_calls
    assert context.udf_workers().retried == num_calls - 1
    context.close()


def test_lost_stream_is_no_failure_of_another_query(
    tmp_path: Path, new_children: Callable[[], list[Process]]
) -> None:
    def workers() -> set[int]:
        return {one.pid for server in new_children() for one in children_of(server.pid)}

    begun, go = tmp_path / "begun", tmp_path / "go"

    def waits(n: int) -> int:
        if n == 0:
            begun.write_text(str(os.getpid()))
            while not go.exists():
                time.sleep(0.01)
        return n

    def streamed(columns: Iterator[pa.Array]) -> Iterator[pa.Array]:
        yield from columns

    context = open_context()
    context.register_udf(waits)
    context.register_udf(
        streamed, mode="iterator", return_type=pa.int64(), input_types=[pa.int64()]
    )
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(sum_of, context, "waits(n)")
        assert wait_until(lambda: begun.exists() and bool(begun.read_text()))
        try:
            assert sum_of(context, "streamed(n)") == sum(range(1_000_000))
            (idle,) = workers() - {int(begun.read_text())}
            os.kill(idle, signal.SIGKILL)
            assert wait_until(lambda: idle not in workers())
        finally:
            go.touch()
        assert waiting.result(30) == sum(range(1_000_000))
    context.close()


# Forks of the program


FORKED = """
child = os.fork()
if child == 0:
    try:
        {use}
    except BaseException as error:
        say(type(error).__name__, error)
    else:
        say("no error")
    {end}
_, status = os.waitpid(child, 0)
say("child", os.waitstatus_to_exitcode(status))
say(query())
figures = context.udf_workers()
say(figures.lost, figures.killed, figures.retired, figures.started)
context.close()
"""


def test_fork_of_the_program_is_refused(tmp_path: Path) -> None:
    """What needs no engine, whose threads a fork has not, and a fork cannot use."""
    use = "context.register_udf(udf(lambda n: n, name='other', **types))"
    types = "types = {'return_type': pa.int64(), 'input_types': [pa.int64()]}\n"
    text = types + "say(query())\n" + FORKED.format(use=use, end="os._exit(0)")
    with Script(tmp_path, query_of("pass", after=text)) as script:
        status, output = script.wait()
        lines = output.splitlines()
        assert status == 0, output
        assert "of which this one is a fork: make a new context here" in lines[1]
        assert lines[2:4] == ["child 0", lines[0]]
        assert lines[4].startswith("0 0 0 ")
        assert script.leaves_nothing()


@pytest.mark.parametrize(
    ("use", "end"),
    [
        ("context.udf_workers()", "os._exit(0)"),
        ("pass", "sys.exit(0)"),
        ("context.close()", "os._exit(0)"),
        ("import gc; del query, hangs, context; gc.collect()", "os._exit(0)"),
    ],
    ids=["looks", "exits", "closes", "drops"],
)
def test_fork_of_the_program_does_no_harm(tmp_path: Path, use: str, end: str) -> None:
    text = query_of("pass", after="say(query())\n" + FORKED.format(use=use, end=end))
    with Script(tmp_path, text) as script:
        status, output = script.wait(10)
        lines = output.splitlines()
        assert status == 0, output
        assert lines[1:4] == ["no error", "child 0", lines[0]]
        assert lines[4].startswith("0 0 0 ")
        assert script.leaves_nothing()


# Ends of queries


def loop_for_ever() -> None:
    while True:
        pass


def test_close_ends_calls(mark: str, tmp_path: Path) -> None:
    cleaned_up = tmp_path / "cleaned up"

    def hangs(n: int) -> int:
        try:
            loop_for_ever()
        finally:
            cleaned_up.touch()
        return n

    context = open_context()
    context.register_udf(hangs)
    with ThreadPoolExecutor(1) as executor:
        asking = executor.submit(sum_of, context, "hangs(n)")
        # Calls of both workers, and in them: what is cancelled before has no `finally`.
        assert wait_until(lambda: context.udf_workers().busy == 2)
        time.sleep(0.5)
        context.close()
        assert marked_processes(mark) == []
        with pytest.raises(UdfCancelledError):
            asking.result(10)
    assert cleaned_up.exists()
    assert context.udf_workers().alive == 0
    with pytest.raises(UdfCancelledError):
        healthy_sum(context)


def test_close_ends_a_call_whose_worker_is_being_started(
    mark: str, new_children: Callable[[], list[Process]]
) -> None:
    def hangs(n: int) -> int:
        loop_for_ever()
        return n

    context = open_context()
    context.register_udf(hangs)
    server = server_process(mark)
    num_pipes = sum("pipe:" in one for one in descriptors())
    os.kill(server, signal.SIGSTOP)

    def close() -> tuple[int, list[Process]]:
        context.close()
        return context.udf_workers().alive, new_children()

    with ThreadPoolExecutor(2) as executor:
        asking = executor.submit(sum_of, context, "hangs(n)")
        # One call has the only worker; the other has made the pipes of its own.
        assert wait_until(lambda: context.udf_workers().busy == 1)
        assert wait_until(
            lambda: sum("pipe:" in one for one in descriptors()) >= num_pipes + 4
        )
        closing = executor.submit(close)
        time.sleep(0.2)
        os.kill(server, signal.SIGCONT)
        assert closing.result(10) == (0, [])
        with pytest.raises(UdfCancelledError):
            asking.result(10)


def test_dropped_stream_ends_its_calls(tmp_path: Path) -> None:
    begun, cleaned_up = tmp_path / "begun", tmp_path / "cleaned up"

    def hangs(n: int) -> int:
        if n >= 9_000:
            begun.touch()
            try:
                loop_for_ever()
            finally:
                cleaned_up.touch()
        return n

    context = open_context()
    context.register_udf(hangs)
    try:
        stream = context.sql("SELECT hangs(n) FROM numbers").execute_stream()
        next(stream)  # of the first batch
        assert wait_until(begun.exists)
        del stream
        assert wait_until(lambda: context.udf_workers().busy == 0, 3)
        assert cleaned_up.exists()
    finally:
        context.close()
