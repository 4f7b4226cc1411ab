"""The parts of `python -m bench.sidecar`, over few rows, and its tables."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bench.contender import Unsupported
from bench.peers.bare import Columns, Lists
from bench.results import Line, Results
from bench.shapes import made_table, shape_of
from bench.sidecar import __main__ as program
from bench.sidecar.contenders import (
    BARE_COLUMNS,
    BARE_LISTS,
    EMBEDDED,
    SIDECAR,
    two_process_entries,
)
from bench.sidecar.findings import Findings
from bench.sidecar.idle import Idle, measure_idle
from bench.sidecar.latency import WAYS, Latency, measure_latency
from bench.sidecar.parallel import Parallel, Runs, _check, measure_parallel
from bench.sidecar.peers import measure_peers
from bench.sidecar.report import _BEGIN, _END, put_into, tables_of
from bench.sidecar.samples import Spread, spread_of
from bench.sidecar.starts import Starts, measure_starts


def test_percentiles_are_those_of_the_samples() -> None:
    assert spread_of([30.0, 10.0, 20.0], 10.0) == Spread(2.0, 3.0, 3.0, 3)
    hundred = spread_of(range(100))
    assert (hundred.median, hundred.p90, hundred.p99) == (49.5, 90.0, 99.0)


def test_batches_are_timed_in_each_way() -> None:
    allowed = os.sched_getaffinity(0)
    latencies = measure_latency(60)
    assert [latency.function for latency in latencies] == [
        "return c",
        "pc.multiply(c, TWO)",
    ]
    for latency in latencies:
        assert tuple(latency.ways) == WAYS
        # Whole blocks, and not the one that warms up.
        assert {spread.samples for spread in latency.ways.values()} == {100}
        assert latency.above_embedded_us > 0.0
    # Cores are given back.
    assert os.sched_getaffinity(0) == allowed


def test_starts_are_of_new_workers() -> None:
    starts = measure_starts(2, 1)
    assert starts.worker.samples == starts.load.samples == 2
    assert starts.first_function.samples == 1
    assert 0.0 < starts.worker.median < starts.first_batch.median
    assert 0.0 < starts.fork_server_ms < starts.first_function.median


def test_idle_processes_have_sizes_and_use_no_time() -> None:
    owner, server, *workers = measure_idle(0.2)
    assert [owner.process, server.process] == ["owner", "fork server"]
    assert [worker.process for worker in workers] == ["worker 1", "worker 2"]
    assert owner.pss_mib is None
    for one in (server, *workers):
        assert 0.0 < one.private_mib <= one.pss_mib <= one.rss_mib
        assert one.descriptors > 3
        assert one.cpu_ms < 20.0


def test_bare_processes_and_workers_run_the_same_rows(tmp_path: Path) -> None:
    found = measure_parallel(shape_of("polynomial"), 20_000, 2, tmp_path)
    names = [BARE_LISTS.name, BARE_COLUMNS.name, SIDECAR.name, EMBEDDED.name]
    assert list(found.runs) == names
    for runs in found.runs.values():
        assert len(runs.wall) == len(runs.cpu) == 2
        assert min(runs.wall) > 0.0
    assert len(found.ratios(BARE_LISTS.name)) == 2
    assert found.rows_per_second(SIDECAR.name) > 0.0


@pytest.mark.parametrize("bare", [Lists, Columns])
def test_bare_processes_compute_what_the_function_does(bare, tmp_path: Path) -> None:
    shape = shape_of("short string")
    table = made_table(shape, 20_000, 0.0)
    pq.write_table(table, tmp_path / "values.parquet")
    made = bare(2)
    made.prepare(shape, tmp_path / "values.parquet")
    made.scan()
    assert made.query() is None
    expected = [shape.function(s) for s in table["a"].to_pylist()]
    assert sorted(made.results()) == sorted(expected)
    pids = [process.pid for process, _ in made._processes]
    assert len(set(pids)) == 2
    # What the scheduler knows them by; see `Columns`.
    assert {os.getsid(pid) for pid in pids} == {os.getsid(0)}
    made.close()
    assert not multiprocessing.active_children()


def test_bare_processes_refuse_what_they_have_no_form_for(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="functions of one column"):
        Lists(1).prepare(shape_of("two ints"), tmp_path / "values.parquet")


class Told:
    """A contender's process whose results are given."""

    entry = SIDECAR

    def __init__(self, value: float | None, digest: int) -> None:
        self.answers = {"query": {"value": value}, "check": {"digest": digest}}

    def ask(self, do: str) -> dict[str, object]:
        return self.answers[do]


def test_other_results_than_those_of_the_function_are_an_error() -> None:
    expected: dict[str, object] = {"sum": 3.0, "digest": 7}
    _check(Told(3.0, 0), expected)
    _check(Told(None, 7), expected)
    with pytest.raises(ValueError, match=r"sidecar: found 4.0, expected 3.0"):
        _check(Told(4.0, 7), expected)
    with pytest.raises(ValueError, match="found 6, expected 7"):
        _check(Told(None, 6), expected)


def test_peers_are_chosen_by_their_names() -> None:
    def names(chosen: str | None) -> list[str]:
        return [entry.name for entry in two_process_entries(chosen)]

    ours = ["springald", "springald-sidecar"]
    assert names(None) == [*ours, "pyspark-arrow", "daft-processes"]
    assert names("daft") == [*ours, "daft-processes"]
    assert names("polars") == ours
    with pytest.raises(ValueError, match="no contender nobody"):
        names("nobody")


def test_peers_get_times_with_two_processes(tmp_path: Path) -> None:
    results = Results(date="", machine={}, rows=30_000, repeats=1)
    measure_peers(results, [EMBEDDED, SIDECAR], [shape_of("float")], tmp_path)
    assert [(line.contender, line.threads, line.status) for line in results.lines] == [
        ("springald", 2, "ok"),
        ("springald-sidecar", 2, "ok"),
    ]
    assert "springald" in results.versions[SIDECAR.name]


@pytest.fixture
def findings() -> Findings:
    def spread(median: float) -> Spread:
        return Spread(median, 2 * median, 3 * median, 5_000)

    machine = {"processor": "a CPU", "cores": 2, "python": "3.13.1"}
    peers = Results(
        date="2026-01-02T03:04:05+00:00",
        machine=machine,
        rows=4_000_000,
        repeats=5,
        absent={"pyspark-arrow": "Java is missing"},
        lines=[
            Line("float", 0.0, 2, "springald", median_wall_ns=90.4, median_cpu_ns=91.4),
            Line("float", 0.0, 2, SIDECAR.name, median_wall_ns=50.4, median_cpu_ns=95.0),
            Line("float", 0.0, 2, "daft-processes", "failed", "it ended"),
        ],
    )
    calls = map(spread, (0.1, 1.0, 26.0, 20.0, 90.0, 9.0))
    names = (BARE_LISTS.name, BARE_COLUMNS.name, SIDECAR.name, EMBEDDED.name)
    walls = ([1.8, 1.6], [2.0, 2.0], [2.0, 2.0], [4.0, 4.0])
    runs = {name: Runs(wall, [4.0]) for name, wall in zip(names, walls, strict=True)}
    return Findings(
        peers,
        loads=[0.25, 1.5],
        latencies=[
            Latency("return c", dict(zip(WAYS, calls, strict=True)))
        ],
        parallels=[Parallel("polynomial", 4_000_000, runs)],
        starts=Starts(spread(3.0), spread(20.0), spread(2.0), spread(250.0)),
        idle=[
            Idle("owner", None, None, None, 16, 0.5, 2),
            Idle("worker 1", 47.25, 17.0, 3.5, 5, 0.0, 0),
        ],
        idle_seconds=10.0,
    )  # fmt: skip


def test_tables_have_what_was_found(findings) -> None:
    text = tables_of(findings)
    for line in (
        "2026-01-02, 2 x a CPU, Python 3.13.1; the machine's load was 0.2 and "
        "1.5 before and after.",
        "| `return c`, sidecar | 26.0 | 52.0 | 78.0 |",
        "| `return c`, sidecar, on two cores | 90.0 | 180.0 | 270.0 |",
        "| `return c`, bare process, on one core | 9.0 | 18.0 | 27.0 |",
        "| **`return c`, sidecar above embedded** | **25.0** |  |  |",
        "| **two workers, `SELECT sum(f(x))`** | 2.00 (1,000 ns) |",
        "| two workers, of two bare processes with lists | 0.85 (0.80 to 0.90) |",
        "| two workers, of two bare processes with `to_pylist` | 1.00 (1.00 to 1.00) |",
        "| a worker, from the fork server | 3.0 | 6.0 | 5000 |",
        "| of that, the fork server | 245.0 |  |  |",
        "| owner |  |  |  | 16 | 0.5 | 2 |",
        "| worker 1 | 47.2 | 17.0 | 3.5 | 5 | 0.0 | 0 |",
        "| Springald, 2 workers | 50 | 95 |",
        "Not shown: Daft, use_process, float: failed, it ended; PySpark, Arrow: Java is "
        "missing.",
    ):
        assert line in text.splitlines()


def test_limits_say_what_is_met(findings) -> None:
    found = {limit.promise: limit for limit in findings.limits()}
    latency = found["a batch of 8,192 float64 above embedded, return c"]
    assert (latency.found, latency.is_met) == (25.0, True)
    parallel = found["two workers, a loop of 10 steps"]
    assert parallel.found == pytest.approx(0.85)
    assert parallel.is_met is False
    assert found["start of a worker"].is_met is True


def test_a_run_of_one_part_shows_that_part_only() -> None:
    machine = {"processor": "a CPU", "cores": 2, "python": "3.13.1"}
    empty = Findings(Results(date="", machine=machine, rows=1, repeats=1))
    assert "|" not in tables_of(empty)
    assert empty.limits() == []


def test_tables_go_to_their_place_in_a_document(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{_BEGIN}\nold\n{_END}\nafter\n")
    put_into(page, "new\n")
    put_into(page, "newer\n")
    assert page.read_text() == f"before\n{_BEGIN}\n\nnewer\n\n{_END}\nafter\n"
    page.write_text("no marks\n")
    with pytest.raises(ValueError, match="no place for the tables"):
        put_into(page, "new\n")
    document = Path(__file__).parents[2] / "docs" / "performance.md"
    assert _BEGIN in document.read_text()


@pytest.mark.parametrize(("check", "status"), [([], 0), (["--check"], 1)])
def test_only_check_fails_where_a_limit_is_not_met(
    findings, check, status, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(program, "measured", lambda options, parts: findings)
    path = tmp_path / "new" / "sidecar.json"
    monkeypatch.setattr("sys.argv", ["sidecar", "--json", str(path), *check])
    assert program.main() == status
    assert (
        "NOT met       two workers, a loop of 10 steps: 0.85" in capsys.readouterr().out
    )
    content = json.loads(path.read_text())
    assert content["latencies"][0]["ways"]["sidecar"]["median"] == 26.0
    assert [limit["is_met"] for limit in content["limits"]] == [True, False, True]
    assert content["peers"]["absent"] == {"pyspark-arrow": "Java is missing"}


def test_an_unknown_part_is_refused_with_the_known_ones(monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["sidecar", "--parts", "idle,lunch"])
    with pytest.raises(SystemExit, match="no part lunch; there are: latency, parallel"):
        program.main()
