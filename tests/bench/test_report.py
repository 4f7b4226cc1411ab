"""Tables, limits, the picture and the JSON of a run, from one that is written here."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest
from bench import run as program
from bench.limits import checked_limits
from bench.picture import svg_of
from bench.report import text_of
from bench.results import Line, Results
from bench.shapes import SHAPES

SVG = "{http://www.w3.org/2000/svg}"
COSTS = {
    "comprehension": 100.0,
    "springald-call": 80.0,
    "springald-inlined": 60.0,
    "springald": 50.0,
    "datafusion": 150.0,
    "duckdb": 240.0,
}


@pytest.fixture
def results() -> Results:
    machine = {"processor": "a CPU <fast>", "cores": 2, "python": "3.13.1"}
    made = Results(
        date="2026-01-02T03:04:05+00:00",
        machine=machine,
        rows=1000,
        repeats=5,
        absent={"polars": "polars is not installed: make bench-peers"},
    )
    for shape in SHAPES:
        for name, cost in COSTS.items():
            if shape.is_arrow:
                cost = 30_000.0 + 500.0 * (name == "springald")
            made.lines.append(
                Line(shape.name, 0.0, 1, name, least_cpu_ns=cost, median_cpu_ns=cost)
            )
    made.lines.append(
        Line("float", 0.0, 2, "springald", least_cpu_ns=55.0, least_wall_ns=56.0)
    )
    made.lines.append(Line("int", 0.1, 1, "duckdb", "wrong", "its results are {}"))
    return made


def set_cost(results: Results, shape: str, contender: str, cost: float) -> None:
    line = results.line(shape, contender)
    assert line is not None
    line.least_cpu_ns = cost


def test_tables_show_costs_and_multiples(results):
    text = text_of(results, checked_limits(results))
    lines = text.splitlines()
    calls = [line.split() for line in lines if line.startswith("Springald, a call")]
    assert calls[0][-9:] == ["80"] * 9
    assert calls[1][-9:] == ["0.80"] * 9
    assert any("50 / 55" in line for line in lines)
    assert any(line.split()[-2:] == ["30.50", "30.50"] for line in lines)
    assert max(map(len, lines)) < 140


def test_what_is_not_shown_is_said_with_its_reason(results):
    text = text_of(results, [])
    assert "Polars, map_elements: polars is not installed: make bench-peers" in text
    assert (
        "DuckDB, native, int, 10% nulls, 1 thread(s): wrong, its results are {}" in text
    )


def test_limits_are_met(results):
    limits = checked_limits(results)
    found = {limit.promise: limit for limit in limits}
    assert found["int, x + 1, inlined"].found == 0.6
    arrow = found["Arrow mode above datafusion.udf, rows in a batch: 8,192"]
    assert (arrow.found, arrow.is_met) == (0.5, True)
    assert [limit.promise for limit in limits if not limit.is_met] == [
        "100 distinct strings, as shipped"
    ]
    assert "NOT met       100 distinct strings, as shipped: 50.00" in text_of(
        results, limits
    )


def test_a_peer_that_is_faster_is_named(results):
    set_cost(results, "year", "duckdb", 40.0)
    limit = checked_limits(results)[-1]
    assert limit.is_met is False
    assert limit.found == 1.25
    assert "faster in 8 of 9 lines; not at year" in limit.note
    assert "duckdb 40 ns" in limit.note


def test_limits_of_what_did_not_run_are_not_measured(results):
    results.lines = [line for line in results.lines if line.shape == "float"]
    limits = checked_limits(results)
    assert sum(limit.is_met is None for limit in limits) == 7
    assert "not measured  int, x + 1, inlined" in text_of(results, limits)


def test_json_is_read_back(results, tmp_path):
    results.write(tmp_path / "new" / "results.json", limits=[1])
    assert Results.read(tmp_path / "new" / "results.json") == results
    content = json.loads((tmp_path / "new" / "results.json").read_text())
    assert content["lines"][1]["ratio"] == 0.8
    assert content["lines"][-1]["ratio"] is None
    assert content["limits"] == [1]


def test_the_picture_has_a_bar_for_each_contender(results):
    root = ElementTree.fromstring(svg_of(results))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert texts.count("Springald, as shipped") == 4
    assert texts.count("2.40") == 4
    assert any("a CPU <fast>" in text for text in texts)
    assert len(list(root.iter(f"{SVG}rect"))) == 1 + 4 * (len(COSTS) - 1)
    height = int(root.attrib["height"])
    assert all(float(element.attrib["y"]) < height for element in root.iter(f"{SVG}text"))


def test_a_picture_of_nothing_is_still_one(results):
    results.lines = []
    assert ElementTree.fromstring(svg_of(results)).tag == f"{SVG}svg"


@pytest.mark.parametrize(("check", "status"), [([], 0), (["--check"], 1)])
def test_only_check_fails_where_a_limit_is_not_met(
    results, check, status, tmp_path, monkeypatch, capsys
):
    def pretended(found, entries, shapes, logs):
        found.lines = results.lines

    monkeypatch.setattr(program, "run", pretended)
    paths = ["--json", str(tmp_path / "r.json"), "--picture", str(tmp_path / "p.svg")]
    monkeypatch.setattr("sys.argv", ["run.py", *paths, *check])
    assert program.main() == status
    assert "NOT met" in capsys.readouterr().out
    assert (tmp_path / "p.svg").read_text().startswith("<svg")
