"""The programs as an operator meets them: flags, help, ready line, logs, signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import springald
from springald import BallistaSessionContext, udf

from .call_log import CallLog
from .processes import HOST, Cluster
from .program import COMMAND, Program, marked_processes
from .weather import WeatherFiles

ANY_PORTS = ("--bind-port", 0, "--bind-grpc-port", 0, "--bind-health-port", 0)
LOCAL = ("--bind-host", HOST)


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True, text=True, timeout=60, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start one program; kills what the test has left running."""
    own: list[Program] = []

    def make(kind: str, *flags: object) -> Program:
        folder = tmp_path / f"{kind}-{len(own) + 1}"
        own.append(Program(kind, *LOCAL, *flags, folder=folder))
        return own[-1]

    yield make
    for program in reversed(own):
        program.kill()


# Help and mistakes


@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        ("scheduler", ("--bind-host", "--bind-port", "--log-level-setting")),
        ("executor", ("--bind-host", "--bind-port", "--bind-grpc-port", "--work-dir",
                      "--scheduler-host", "--scheduler-port", "--vcores",
                      "--log-level-setting", "--udf-backend", "--udf-workers",
                      "--udf-timeout", "--udf-memory-limit", "--udf-cpu-limit",
                      "--udf-max-open-files", "--udf-max-result-size",
                      "--udf-max-batches", "--udf-idle-timeout", "--udf-preload")),
    ],
)  # fmt: skip
def test_help_explains_every_flag(kind: str, flags: tuple[str, ...]) -> None:
    done = run(kind, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"springald {kind}" in done.stdout
    for flag in flags:
        assert flag in done.stdout


def test_help_of_the_command_names_the_programs() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("scheduler", "executor"):
        assert word in done.stdout


def test_version() -> None:
    for arguments in (("--version",), ("scheduler", "--version"),
                      ("executor", "--version")):  # fmt: skip
        done = run(*arguments)
        assert done.returncode == 0
        assert springald.__version__ in done.stdout


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "springald", "--version"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert springald.__version__ in done.stdout


@pytest.mark.parametrize("kind", ["scheduler", "executor"])
@pytest.mark.parametrize(
    "flags", [("--no-such-flag",), ("--bind-port", "many"), ("--bind-port", "70000")]
)
def test_mistakes_in_flags_are_named(kind: str, flags: tuple[str, ...]) -> None:
    done = run(kind, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert flags[0] in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "pieces"),
    [
        (("--udf-backend", "flight"), ("'flight'", "sidecar, embedded")),
        (("--udf-timeout", "soon"), ("'soon'", "--udf-timeout", "or none")),
        (("--udf-memory-limit", "2GX"), ("'2GX'", "--udf-memory-limit", "512MiB")),
        (("--udf-workers", "0"), ("'0'", "--udf-workers", "at least 1")),
        (("--udf-preload", "a b"), ("'a b'", "--udf-preload", "names of modules")),
        (("--udf-backend", "embedded", "--udf-timeout", "3"),
         ("--udf-timeout", "need --udf-backend sidecar")),
    ],
)  # fmt: skip
def test_mistakes_in_flags_for_functions_say_what_is_accepted(
    flags: tuple[str, ...], pieces: tuple[str, ...]
) -> None:
    done = run("executor", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    for piece in pieces:
        assert piece in done.stderr


def test_an_unknown_program_is_named() -> None:
    done = run("catapult")
    assert done.returncode == 2
    assert "catapult" in done.stderr
    assert "Traceback" not in done.stderr


# Starting


def test_the_ready_line_is_all_of_stdout(cluster: Cluster) -> None:
    assert cluster.scheduler.output() == (
        f"springald scheduler is ready on {HOST}:{cluster.port}\n"
    )
    identities = {executor["id"] for executor in cluster.state()["executors"]}
    for executor in cluster.executors:
        found = executor.wait_until_ready()
        assert found["scheduler"] == f"{HOST}:{cluster.port}"
        assert found["id"] in identities
        assert executor.output() == found[0] + "\n"


def test_ready_means_ready(start: Callable[..., Program]) -> None:
    """A client that comes right after the lines gets its answer."""
    port = start("scheduler", "--bind-port", 0).wait_until_ready()["port"]
    executor = start("executor", *ANY_PORTS, "--scheduler-host", HOST,
                     "--scheduler-port", port)  # fmt: skip
    executor.wait_until_ready()
    context = BallistaSessionContext(f"df://{HOST}:{port}")
    assert context.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}


@pytest.mark.parametrize("kind", ["scheduler", "executor"])
def test_a_port_that_is_taken_is_named(
    cluster: Cluster, start: Callable[..., Program], kind: str
) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        flags = () if kind == "scheduler" else (
            *ANY_PORTS[2:], "--scheduler-host", HOST, "--scheduler-port", cluster.port
        )  # fmt: skip
        program = start(kind, "--bind-port", port, *flags)
        assert program.wait() not in (0, None)
    assert str(port) in program.log_text()
    assert program.output() == ""


def test_an_executor_without_a_scheduler_says_so(start: Callable[..., Program]) -> None:
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        port = unused.getsockname()[1]
        executor = start("executor", *ANY_PORTS, "--scheduler-host", HOST,
                         "--scheduler-port", port)  # fmt: skip
        assert executor.wait() not in (0, None)
    assert f"{HOST}:{port}" in executor.log_text()
    assert "Traceback" not in executor.log_text()
    assert "panicked" not in executor.log_text()


def test_a_work_folder_that_is_none(
    cluster: Cluster, start: Callable[..., Program], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    executor = start(
        "executor", *ANY_PORTS, "--scheduler-host", HOST,
        "--scheduler-port", cluster.port, "--work-dir", tmp_path / "file",
    )  # fmt: skip
    assert executor.wait() not in (0, None)
    assert str(tmp_path / "file") in executor.log_text()


# Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_the_programs_and_nothing_is_left(
    start: Callable[..., Program], files: WeatherFiles, number: signal.Signals
) -> None:
    scheduler = start("scheduler", "--bind-port", 0)
    port = scheduler.wait_until_ready()["port"]
    executor = start("executor", *ANY_PORTS, "--scheduler-host", HOST,
                     "--scheduler-port", port)  # fmt: skip
    executor.wait_until_ready()
    context = BallistaSessionContext(f"df://{HOST}:{port}")
    files.register(context)
    context.register_udf(shout)
    query = "SELECT shout(weather) AS w, count(*) AS c FROM parts GROUP BY 1"
    assert len(context.sql(query).to_pylist()) == 5
    for program in (executor, scheduler):
        program.send(number)
        assert program.wait() == 0
        assert "Traceback" not in program.log_text()
        assert "panicked" not in program.log_text()
        assert list(program.temporary.iterdir()) == []


@udf
def shout(word: str) -> str:
    return word.upper()


def test_a_scheduler_stops_while_executors_stay(start_cluster) -> None:
    cluster = start_cluster(executors=1)
    cluster.scheduler.send(signal.SIGTERM)
    assert cluster.scheduler.wait() == 0
    assert cluster.executors[0].is_running()


def test_an_executor_that_stops_is_not_listed_any_more(start_cluster) -> None:
    cluster = start_cluster(executors=2)
    cluster.executors[0].send(signal.SIGTERM)
    assert cluster.executors[0].wait() == 0
    cluster.wait_for_executors(1, seconds=5)


def test_an_executor_in_the_middle_of_a_call_stops(
    start_cluster, files: WeatherFiles, calls: CallLog
) -> None:
    """A batch that would take a minute does not keep the program from stopping."""
    cluster = start_cluster(executors=1, vcores=1)
    context = BallistaSessionContext(cluster.address)
    files.register(context)

    @udf(volatility="volatile")
    def long(wind: float) -> float:
        calls.add(wind)
        time.sleep(0.05)
        return wind

    context.register_udf(long)
    stream = context.sql("SELECT long(wind) FROM weather").execute_stream()
    reader = threading.Thread(target=drain, args=(stream,), daemon=True)
    reader.start()
    calls.wait_for_calls()
    cluster.executors[0].send(signal.SIGTERM)
    assert cluster.executors[0].wait(10) == 0
    reader.join(15)
    assert not reader.is_alive()


def test_functions_of_atexit_run_when_an_executor_stops(
    start_cluster, files: WeatherFiles, calls: CallLog
) -> None:
    """Those that functions have registered where they run in the executor itself."""
    cluster = start_cluster(executors=1, executor_flags=("--udf-backend", "embedded"))
    context = BallistaSessionContext(cluster.address)

    @udf(volatility="volatile")
    def registers(number: int) -> int:
        import atexit

        atexit.register(calls.add, "at exit")
        atexit.register(print, "not flushed yet")
        return number

    context.register_udf(registers)
    assert context.sql("SELECT registers(1) AS r").to_pydict() == {"r": [1]}
    assert calls.values() == []
    cluster.executors[0].send(signal.SIGTERM)
    assert cluster.executors[0].wait(10) == 0
    assert calls.values() == ["at exit"]
    assert "not flushed yet" in cluster.executors[0].output()


def drain(stream: object) -> None:
    try:
        list(stream)
    except Exception:
        return


# What they are made of


def mapped_files(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def test_the_scheduler_has_no_python_in_it(cluster: Cluster, files: WeatherFiles) -> None:
    context = BallistaSessionContext(cluster.address)
    files.register(context)
    context.register_udf(shout)
    context.sql("SELECT shout(weather) FROM parts ORDER BY shout(date)").collect()
    maps = mapped_files(cluster.scheduler.pid)
    assert "libspringald_ballista" in maps
    assert "libpython" not in maps
    assert not re.search(r"/python3[.0-9]*$", maps, re.MULTILINE)
    assert "cpython-" not in maps
    program = Path(f"/proc/{cluster.scheduler.pid}/exe").resolve()
    assert program.name == "springald-scheduler"
    linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    assert "libpython" not in linked


def test_an_executor_is_the_users_python(cluster: Cluster) -> None:
    for executor in cluster.executors:
        program = Path(f"/proc/{executor.pid}/exe").resolve()
        assert program == Path(sys.executable).resolve()
        assert mapped_files(executor.pid).count("libspringald.so") >= 1


def test_one_copy_of_the_runtime(cluster: Cluster) -> None:
    for executor in cluster.executors:
        paths = {
            line.split()[-1]
            for line in mapped_files(executor.pid).splitlines()
            if re.search(r"/libspringald\.so[.0-9]*$", line)
        }
        assert len(paths) == 1


def test_sockets_are_on_the_given_host_only(cluster: Cluster) -> None:
    listening = "0A"
    for program in cluster.programs():
        inodes = {
            os.readlink(entry)[8:-1]
            for entry in Path(f"/proc/{program.pid}/fd").iterdir()
            if os.readlink(entry).startswith("socket:[")
        }
        for family in ("tcp", "tcp6"):
            lines = Path(f"/proc/net/{family}").read_text().splitlines()[1:]
            for fields in map(str.split, lines):
                if fields[9] in inodes and fields[3] == listening:
                    assert fields[1].startswith("0100007F:"), fields[1]


# Logs


def log_of(start: Callable[..., Program], level: str) -> str:
    scheduler = start("scheduler", "--bind-port", 0, "--log-level-setting", level)
    port = scheduler.wait_until_ready()["port"]
    executor = start("executor", *ANY_PORTS, "--scheduler-host", HOST,
                     "--scheduler-port", port, "--log-level-setting", level)  # fmt: skip
    executor.wait_until_ready()
    context = BallistaSessionContext(f"df://{HOST}:{port}")
    context.sql("SELECT 1 AS one").collect()
    for program in (executor, scheduler):
        program.send(signal.SIGTERM)
        program.wait()
    return scheduler.log_text() + executor.log_text()


def test_log_levels(start: Callable[..., Program]) -> None:
    quiet, normal, loud = (log_of(start, level) for level in ("error", "info", "debug"))
    assert "INFO" not in quiet
    assert "INFO" in normal
    assert "DEBUG" not in normal
    assert "DEBUG" in loud


def test_an_error_of_a_function_is_in_the_executors_log_once_and_short(
    start_cluster, files: WeatherFiles
) -> None:
    cluster = start_cluster(executors=1)
    context = BallistaSessionContext(cluster.address)
    files.register(context)

    @udf
    def broken(wind: float) -> float:
        raise ValueError("broken on purpose")

    context.register_udf(broken)
    with pytest.raises(springald.UdfExecutionError):
        context.sql("SELECT broken(wind) FROM weather").collect()
    log = cluster.executors[0].log_text()
    assert "broken on purpose" in log
    assert "panicked" not in log


# The fixture itself


def test_nothing_survives_the_process_that_started_a_cluster(tmp_path: Path) -> None:
    script = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from cluster.processes import Cluster
with Cluster(Path({str(tmp_path)!r}), executors=1) as cluster:
    print(cluster._mark, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as starter:
        mark = starter.stdout.readline().strip()
        assert len(marked_processes(mark)) >= 2
        starter.kill()
    end = time.monotonic() + 10
    while left := marked_processes(mark):
        assert time.monotonic() < end, left
        time.sleep(0.05)


def test_the_session_cluster_is_still_whole(cluster: Cluster) -> None:
    assert len(cluster.state()["executors"]) == 2
    assert all(program.is_running() for program in cluster.programs())
    context = BallistaSessionContext(cluster.address)
    assert context.sql("SELECT 1 AS one").count() == 1
