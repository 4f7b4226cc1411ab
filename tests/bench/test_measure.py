"""Measuring through processes: times, wrong results, failures, absent peers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench.contenders import CONTENDERS, Entry
from bench.cpu_time import tree_cpu_seconds
from bench.environments import Absent, interpreter_of
from bench.measure import Case, measure
from bench.process import ContenderFailed, ContenderProcess
from bench.results import Results
from bench.run import run
from bench.shapes import shape_of

ENTRIES = {entry.name: entry for entry in CONTENDERS}
CASE = Case(shape_of("int"), num_rows=1000, null_share=0.1, num_threads=1, repeats=2)


class Liar:
    """A contender's process whose answers are made up."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.entry = ENTRIES["duckdb"]
        self.answers = {"prepare": {}, "scan": {"seconds": 0.1}} | answers

    def ask(self, do: str, **arguments: Any) -> Any:
        answer = self.answers[do]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def timed(self, do: str) -> tuple[Any, float]:
        return self.ask(do), 0.1


def started(name: str, folder: Path) -> ContenderProcess:
    return ContenderProcess(ENTRIES[name], 1, folder / f"{name}.log")


def test_contenders_of_two_processes_get_times(tmp_path):
    with started("comprehension", tmp_path) as one, started("springald", tmp_path) as two:
        lines = measure(CASE, [one, two])
        assert "springald" in two.ask("versions")["versions"]
    assert [(line.contender, line.status) for line in lines] == [
        ("comprehension", "ok"),
        ("springald", "ok"),
    ]
    # Of 1,000 rows a time above the scan may be lost in the noise: only that it is there.
    assert all(line.least_cpu_ns != 0.0 and line.median_wall_ns for line in lines)
    assert (lines[0].shape, lines[0].null_share, lines[0].threads) == ("int", 0.1, 1)


def test_wrong_results_are_said_and_have_no_time():
    digest = {"rows": 1000, "nulls": 0, "classes": ["int"], "sum": 5}
    (line,) = measure(CASE, [Liar({"check": {"digest": digest}})])
    assert line.status == "wrong"
    assert "'sum': 5" in line.reason
    assert "expected {'rows': 1000" in line.reason
    assert line.least_cpu_ns == 0.0


def test_rows_are_not_compared_where_the_aggregate_is_enough(monkeypatch):
    monkeypatch.setattr("bench.measure.aggregate_of", lambda values, kind: 7)
    answers = {"query": {"seconds": 0.1, "value": 7}, "check": ContenderFailed("asked")}
    (line,) = measure(replace(CASE, checks_rows=False), [Liar(answers)])
    assert line.status == "ok"


def test_a_wrong_aggregate_is_said(monkeypatch):
    monkeypatch.setattr("bench.measure.digest_of", lambda values: {})
    answers = {"check": {"digest": {}}, "query": {"seconds": 0.1, "value": 7}}
    (line,) = measure(CASE, [Liar(answers)])
    assert line.status == "wrong"
    assert "its aggregate is 7, expected" in line.reason


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"unsupported": "no such type"}, "unsupported"),
        (ContenderFailed("TypeError: no such type"), "failed"),
    ],
)
def test_a_contender_that_cannot_has_the_reason_in_its_line(answer, status):
    (line,) = measure(CASE, [Liar({"prepare": answer})])
    assert line.status == status
    assert "no such type" in line.reason


def test_a_process_answers_after_an_error_and_tells_its_end(tmp_path):
    with started("comprehension", tmp_path) as contender:
        with pytest.raises(ContenderFailed, match="no shape 'circle'"):
            contender.ask("prepare", shape="circle", parquet="")
        assert "versions" in contender.ask("versions")
        contender._process.kill()
        with pytest.raises(ContenderFailed, match="its process ended"):
            contender.ask("versions")


def test_a_process_that_does_not_answer_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.process._ANSWER_SECONDS", 0.01)
    with started("comprehension", tmp_path) as contender:
        with pytest.raises(ContenderFailed, match="ended: it left no message"):
            contender.ask("versions")


def test_an_absent_peer_is_skipped_and_named(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(
        "bench.process.interpreter_of", lambda entry: interpreter_of(entry, tmp_path)
    )
    results = Results(date="", machine={}, rows=10, repeats=1)
    run(results, [ENTRIES["duckdb"]], [shape_of("int")], tmp_path)
    message = "duckdb is not installed: make bench-peers"
    assert results.absent == {"duckdb": message}
    assert f"Leaving out DuckDB, native: {message}" in capfd.readouterr().err
    assert results.lines == []


def test_without_java_its_peers_are_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Absent, match="Java is missing: install openjdk"):
        interpreter_of(ENTRIES["pyspark-arrow"], tmp_path)


def test_an_environment_of_other_requirements_is_absent(tmp_path):
    (tmp_path / "duckdb").mkdir()
    (tmp_path / "duckdb" / "made-from.txt").write_text("duckdb==1.0.0\n")
    entry: Entry = ENTRIES["duckdb"]
    with pytest.raises(Absent, match="make bench-peers"):
        interpreter_of(entry, tmp_path)


BURN = "import time\nwhile time.process_time() < 0.4: pass\n"


def test_cpu_time_of_a_living_child_counts():
    code = f"{BURN}print('done', flush=True)\ninput()\n"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    before = tree_cpu_seconds(os.getpid())
    with child:
        child.stdout.readline()
        used = tree_cpu_seconds(os.getpid()) - before
        assert tree_cpu_seconds(child.pid) >= 0.4
        child.communicate(b"\n")
    assert 0.25 < used < 5.0


def test_cpu_time_of_an_ended_child_and_of_a_grandchild_counts():
    before = tree_cpu_seconds(os.getpid())
    nested = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])"
    subprocess.run([sys.executable, "-c", nested], check=True)
    assert 0.35 < tree_cpu_seconds(os.getpid()) - before < 5.0


def test_cpu_time_of_waiting_is_none():
    before = tree_cpu_seconds(os.getpid())
    time.sleep(0.2)
    assert tree_cpu_seconds(os.getpid()) - before < 0.15


def test_cpu_time_of_nobody_is_an_error():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    with pytest.raises(ProcessLookupError, match=str(child.pid)):
        tree_cpu_seconds(child.pid)
