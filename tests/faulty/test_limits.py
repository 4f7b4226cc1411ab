"""Limits of the context and of functions, and what functions print."""

from __future__ import annotations

import logging
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest

from springald import (
    BallistaSessionContext,
    UdfCpuTimeError,
    UdfError,
    UdfMemoryError,
    UdfOpenFilesError,
    UdfResultSizeError,
    UdfTimeoutError,
    udf,
)

from .healthy import open_context, sum_of

MIB = 1 << 20
NUM_FEW = 10

Open = Callable[..., BallistaSessionContext]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens contexts with options, and closes them at the end of the test."""
    contexts = []

    def opened(**options: Any) -> BallistaSessionContext:
        contexts.append(open_context(**options))
        few = pa.record_batch({"n": pa.array(range(NUM_FEW), pa.int64())})
        contexts[-1].register_record_batches("few", [[few]])
        return contexts[-1]

    yield opened
    for context in contexts:
        context.close()


def ask(context: BallistaSessionContext, function: Any) -> list[Any]:
    """Return what `function` gives for the rows of `few`, which are one batch."""
    context.register_udf(function)
    name = function.name if hasattr(function, "name") else function.__name__
    return [
        row["r"] for row in context.sql(f"SELECT {name}(n) AS r FROM few").to_pylist()
    ]


# What one batch may use

# Each uses as much as it is told to: seconds, seconds, MiB, files, MiB.


def sleeps(n: int) -> int:
    time.sleep(n)
    return n


def computes(n: int) -> int:
    begin = time.process_time()
    while time.process_time() - begin < n:
        pass
    return n


def uses_memory(n: int) -> int:
    kept = [b"x" * MIB for _ in range(n)]
    time.sleep(0.2 if kept else 0)  # it is looked at now and then
    return n


def opens_files(n: int) -> int:
    descriptors = []
    try:
        for _ in range(n):
            descriptors.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return n


def returns(n: int) -> str:
    return "x" * n * MIB


CASES = [
    (sleeps, "timeout", 1, 30, UdfTimeoutError, "timeout of 1 s"),
    (computes, "cpu_limit", 1, 30, UdfCpuTimeError, "the limit is 1 s"),
    (uses_memory, "memory_limit", "100MiB", 300, UdfMemoryError, "limit is 100 MiB"),
    (opens_files, "max_open_files", 50, 300, UdfOpenFilesError, "50 files open"),
    (returns, "max_result_size", "2MiB", 9, UdfResultSizeError, "at most 2097152 are"),
]
LIMITS = pytest.mark.parametrize(
    ("function", "option", "limit", "too_much", "error", "message"),
    CASES,
    ids=[case[1] for case in CASES],
)
# As above, but more than is used.
ENOUGH = {
    "timeout": 60,
    "cpu_limit": 60,
    "memory_limit": "1GiB",
    "max_open_files": 1000,
    "max_result_size": "100MiB",
}


def use(context: BallistaSessionContext, amount: int) -> None:
    # Not of a constant: the optimizer tries those too, many times where they fail.
    context.sql(f"SELECT uses(n + {amount}) AS r FROM few WHERE n = 0").collect()


@LIMITS
@pytest.mark.parametrize("wider", ["of function", "of context", "none", "not given"])
def test_tightest_limit_wins(
    opened: Open,
    function: Any,
    option: str,
    limit: Any,
    too_much: int,
    error: type[UdfError],
    message: str,
    wider: str,
) -> None:
    of_context: dict[str, Any] = {f"udf_{option}": limit}
    of_function: dict[str, Any] = {option: limit}
    if wider == "of function":
        of_function = {option: ENOUGH[option]}
    elif wider == "of context":
        of_context = {f"udf_{option}": ENOUGH[option]}
    elif wider == "none":
        of_context = {f"udf_{option}": "none"}
    else:
        of_function = {}
    context = opened(**of_context)
    context.register_udf(function, name="uses", **of_function)
    use(context, 0)
    with pytest.raises(error, match=message) as raised:
        use(context, too_much)
    assert type(raised.value) is error
    assert raised.value.udf_name == "uses"
    use(context, 0)


def test_limit_is_for_one_batch(opened: Open) -> None:
    """Not for the worker, which has used more by now."""
    context = opened(udf_cpu_limit=0.6, udf_workers=1)
    for _ in range(4):
        assert ask(context, udf(computes_a_bit)) == list(range(NUM_FEW))
    assert context.udf_workers().started == 1


def computes_a_bit(n: int) -> int:
    begin = time.process_time()
    while time.process_time() - begin < 0.02:
        pass
    return n


def test_none_is_no_limit(opened: Open) -> None:
    def limits(n: int) -> str:
        files = resource.getrlimit(resource.RLIMIT_NOFILE)
        memory = resource.getrlimit(resource.RLIMIT_DATA)
        return f"{files[0] == files[1]} {memory[0] == resource.RLIM_INFINITY}"

    names = ("timeout", "memory_limit", "cpu_limit", "max_open_files", "max_result_size")
    context = opened(**{f"udf_{name}": "none" for name in names})
    assert set(ask(context, limits)) == {"True True"}
    assert set(ask(opened(), limits)) == {"False False"}


# What other functions have used


def keeps_files(n: int) -> int:
    sys.springald_test_kept = kept = []  # type: ignore[attr-defined]
    while True:
        kept.append(open(os.devnull))


def keeps_memory(n: int) -> int:
    sys.springald_test_kept = kept = []  # type: ignore[attr-defined]
    while True:
        kept.append(bytes(32 * MIB))


def opens_one(n: int) -> int:
    open(os.devnull).close()
    return n


def needs_memory(n: int) -> int:
    return len(b"x" * 100 * MIB) // MIB


@pytest.mark.parametrize(
    ("greedy", "error", "modest", "volatility", "answer"),
    [
        (keeps_files, UdfOpenFilesError, opens_one, "volatile", list(range(NUM_FEW))),
        (keeps_memory, UdfMemoryError, needs_memory, "volatile", [100] * NUM_FEW),
        (keeps_memory, UdfMemoryError, needs_memory, "immutable", [100] * NUM_FEW),
    ],
    ids=["files", "memory", "memory, repeatable"],
)
def test_what_one_function_keeps_is_not_the_failure_of_another(
    opened: Open,
    greedy: Any,
    error: type[UdfError],
    modest: Any,
    volatility: str,
    answer: list[int],
) -> None:
    context = opened(udf_workers=1, udf_memory_limit="512MiB", udf_max_open_files=64)
    modest = udf(modest, volatility=volatility)
    assert ask(context, modest) == answer
    with pytest.raises(error):
        ask(context, greedy)
    assert ask(context, modest) == answer


# What functions print


def test_print_goes_to_the_output_and_the_log(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    @udf(name="talker")
    def talks(n: int) -> int:
        if n == 0:
            print("to stdout")
            print("to stderr", file=sys.stderr)
            os.write(1, b"bytes \xff that are no text\n")
            sys.stdout.write("without an end")
        return n

    context = opened(udf_workers=1)
    with caplog.at_level(logging.INFO, "springald"):
        ask(context, talks)
    lines = {"to stdout", "to stderr", "bytes � that are no text", "without an end"}
    records = [r for r in caplog.records if getattr(r, "udf_name", "") == "talker"]
    assert {r.getMessage() for r in records} == lines
    assert {(r.name, r.levelno) for r in records} == {("springald", logging.INFO)}
    assert set(context.udf_output()["talker"].splitlines()) == lines
    assert context.udf_output()["healthy"] == ""


def test_null_characters_are_logged(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    @udf
    def talks(n: int) -> int:
        print("before\0after")
        return n

    with caplog.at_level(logging.INFO, "springald"):
        ask(opened(), talks)
    assert r"before\x00after" in caplog.messages


def test_print_reaches_no_stream_of_this_process(
    opened: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    @udf
    def talks(n: int) -> int:
        print("to stdout")
        print("to stderr", file=sys.stderr)
        return n

    ask(opened(), talks)
    assert capfd.readouterr() == ("", "")


def test_output_is_bounded(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    @udf
    def chats(n: int) -> int:
        print(f"row {n}")
        return n

    context = opened(udf_workers=1)
    context.register_udf(chats)
    with caplog.at_level(logging.INFO, "springald"):
        assert sum_of(context, "chats(n)") == sum(range(1_000_000))
    output = context.udf_output()["chats"]
    assert len(output.encode()) <= 16 << 10
    assert re.fullmatch(r"(row \d+\n)+", output)
    # Of each batch the first lines are logged, and that there were more.
    assert "... more lines of this batch are left out" in caplog.messages
    assert len(caplog.messages) <= 201 * 123


def test_long_lines_are_cut(opened: Open) -> None:
    @udf
    def rambles(n: int) -> int:
        if n == 0:
            print("x" * 100_000)
            print("short")
        return n

    context = opened()
    ask(context, rambles)
    long, short = context.udf_output()["rambles"].splitlines()
    assert long == "x" * len(long)
    assert 1000 < len(long) < 5000
    assert short == "short"


def test_output_stays_when_the_worker_is_lost(opened: Open) -> None:
    @udf(volatility="volatile")
    def says_goodbye(n: int) -> int:
        print("goodbye", flush=True)
        os._exit(1)

    context = opened()
    with pytest.raises(UdfError):
        ask(context, says_goodbye)
    assert context.udf_output()["says_goodbye"] == "goodbye\n"
