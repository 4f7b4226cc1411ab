"""Counts under callgrind: the cases, the reading of dumps, a build against itself."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from instructions.__main__ import compare, parsed
from instructions.builds import ROOT, base_package, installed
from instructions.callgrind import CallgrindError, Count, Dump, per_unit, read_dump
from instructions.cases import CASES, Kind

PACKAGE = Path("/somewhere/springald")
# 20 of libspringald, then a call from there into CPython (30, of which the caller's side
# says so again), then 7 of another of springald's libraries.
DUMP = """\
# callgrind format
version: 1
desc: Trigger: Client Request: call, int|512
positions: line
events: Ir

ob=(1) /somewhere/springald/libspringald.so
fl=(1) ???
fn=(1) 0x1000
0 15
+3 5
cob=(2) /usr/lib/libpython3.11.so.1.0
cfn=(2) PyObject_Vectorcall
calls=8 0
* 30

ob=(2)
fn=(2)
0 30

ob=(3) /somewhere/springald/_springald.so
fn=(3) Call
12 7

totals: 57
"""

needs_valgrind = pytest.mark.skipif(
    shutil.which("valgrind") is None,
    reason="valgrind is not installed (sudo apt-get install valgrind)",
)


def test_costs_are_told_apart_by_library() -> None:
    assert read_dump(DUMP, PACKAGE) == Dump("call, int", 512, Count(57, 27))


def test_libraries_of_another_folder_are_not_ours() -> None:
    dump = read_dump(DUMP, Path("/elsewhere/springald"))
    assert dump is not None
    assert dump.count == Count(57, 0)


def test_dump_of_the_end_of_the_program_is_no_count() -> None:
    text = DUMP.replace("Client Request: call, int|512", "Program termination")
    assert read_dump(text, PACKAGE) is None


def test_dump_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(CallgrindError, match="do not add up: 57, expected 58"):
        read_dump(DUMP.replace("totals: 57", "totals: 58"), PACKAGE)


def test_what_a_batch_costs_is_taken_off() -> None:
    dumps = [
        Dump("a", 200, Count(2_300, 500)),
        Dump("b", 2, Count(30, 10)),
        Dump("a", 100, Count(1_300, 300)),
        Dump("b", 1, Count(20, 7)),
    ]
    assert per_unit(dumps) == {"a": Count(10, 2), "b": Count(10, 3)}


def test_cases_have_names_of_their_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert not any("|" in name for name in names)


@pytest.mark.parametrize("case", [c for c in CASES if c.make], ids=lambda c: c.name)
def test_values_are_the_same_each_time(case) -> None:  # type: ignore[no-untyped-def]
    columns = case.columns(2_000)
    assert columns == case.columns(2_000)
    assert [column.type for column in columns] == [case.type] * case.num_arguments
    share = columns[0].null_count / 2_000
    assert share == pytest.approx(case.null_share, abs=0.03)
    if case.kind is Kind.ROWS and case.type in (pa.string(), pa.timestamp("us")):
        expected = 100 if case.distinct else 2_000 - columns[0].null_count
        assert len(columns[0].drop_null().unique()) == expected


@needs_valgrind
def test_a_build_counts_the_same_as_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "folder" / "counts.json"
    options = parsed(
        ["--base-package", str(installed()), "--cases", "call, int", "--rows", "256",
         "--json", str(file)]
    )  # fmt: skip
    assert compare(options) == 0
    assert "No case got more than 5 % slower." in capsys.readouterr().out
    written = json.loads(file.read_text())
    (case,) = written["cases"]
    assert case["verdict"] == "same"
    assert abs(case["change_percent"]) <= 0.1
    assert abs(case["change_of_ours_percent"]) <= 0.1
    # A call of a Python function is some hundred instructions; ours are a part of them.
    assert 10 < case["now"]["ours"] < case["now"]["all"] < 5_000
    assert written["valgrind"].startswith("valgrind-")


@needs_valgrind
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--base", "no-such-commit"], "git knows no commit of this name"),
        (["--cases", "no such case"], "No case has this text in its name"),
    ],
)
def test_what_cannot_be_compared_is_said(arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "instructions", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "bench")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(
    "SPRINGALD_SLOW_TESTS" not in os.environ,
    reason="builds a commit, two minutes: set SPRINGALD_SLOW_TESTS=1",
)
@pytest.mark.timeout(900)
def test_commit_is_built_once() -> None:
    package = base_package("HEAD")
    assert (package / "libspringald.so").exists()
    built = package.stat().st_mtime_ns
    assert base_package("HEAD").stat().st_mtime_ns == built
