"""The columns and the measuring of `python -m bench.every_type`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from bench.every_type.__main__ import text_of
from bench.every_type.columns import COLUMNS, column_of
from bench.every_type.measure import FUNCTIONS, TypeLine, measure_type, ways_of

ROOT = Path(__file__).parents[2]
ROWS = 200


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_has_its_type_and_nulls(name: str) -> None:
    array = column_of(name).array(ROWS)
    array.validate(full=True)
    assert array.type == COLUMNS[name].type
    assert len(array) == ROWS
    assert array.equals(column_of(name).array(ROWS))
    assert 0 < sum(value is None for value in array.to_pylist()) <= ROWS


@pytest.mark.parametrize(
    ("name", "way"),
    [(n, way) for n, column in COLUMNS.items() for way in ways_of(column)],
)
def test_both_ways_give_the_same(name: str, way: str) -> None:
    line = measure_type(name, way, column_of(name).array(ROWS), repeats=1)
    assert line.ours_ns > 0
    assert line.pyarrow_ns > 0


def test_a_result_that_differs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bench.every_type.measure._array", lambda values, type_: pa.nulls(3)
    )
    with pytest.raises(ValueError, match=r"int8, in: .* is not that of pyarrow"):
        measure_type("int8", "in", pa.array([1, 2, 3], pa.int8()), repeats=1)


def test_the_table_has_both_ways_and_their_ratios() -> None:
    lines = [TypeLine("int8", "in", 50.0, 100.0), TypeLine("int8", "in and out", 90, 60)]
    assert (
        text_of(lines).splitlines()[-1] == "| int8 | 50 | 100 | 0.50 | 90 | 60 | 1.50 |"
    )


def test_the_program_measures_what_it_is_asked_to(tmp_path: Path) -> None:
    path = tmp_path / "types.json"
    command = [sys.executable, "-m", "bench.every_type", "--types", "int8; string"]
    command += ["--rows", "500", "--repeats", "1", "--json", str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert [
        (line["type_name"], line["way"]) for line in json.loads(path.read_text())
    ] == [(name, way) for name in ("int8", "string") for way in FUNCTIONS]
    assert "| string |" in run.stdout


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(ValueError, match="no type 'int7': use one of null, bool"):
        column_of("int7")
