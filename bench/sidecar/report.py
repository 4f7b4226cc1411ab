"""A run as Markdown: the tables of docs/performance.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.results import Results
from bench.shapes import shape_of
from bench.sidecar.contenders import (
    BARE_COLUMNS,
    BARE_LISTS,
    EMBEDDED,
    SIDECAR,
    two_process_entries,
)
from bench.sidecar.findings import Findings
from bench.sidecar.idle import Idle
from bench.sidecar.latency import BATCH_ROWS, Latency
from bench.sidecar.parallel import Parallel
from bench.sidecar.samples import Spread
from bench.sidecar.starts import Starts

__all__ = ["put_into", "tables_of"]

_BEGIN = "<!-- bench.sidecar: these tables are written by make bench-sidecar DOC=1 -->"
_END = "<!-- bench.sidecar: end -->"


def tables_of(findings: Findings) -> str:
    """Return all that was measured, without the limits."""
    parts = [_heading(findings)]
    if findings.latencies:
        parts.append(_latencies(findings.latencies))
    if findings.parallels:
        parts.append(_parallels(findings.parallels))
    if findings.starts is not None:
        parts.append(_starts(findings.starts))
    if findings.idle:
        parts.append(_idle(findings.idle, findings.idle_seconds))
    if findings.peers.lines or findings.peers.absent:
        parts.append(_peers(findings.peers))
    return "\n\n".join(parts) + "\n"


def put_into(document: Path, tables: str) -> None:
    """Put the tables between the marks of a document; raises ValueError without marks."""
    text = document.read_text()
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{document} has no place for the tables: {_BEGIN} ... {_END}")
    document.write_text(f"{before}{begin}\n\n{tables}\n{end}{after}")


def _heading(findings: Findings) -> str:
    machine = findings.peers.machine
    loads = " and ".join(f"{load:.1f}" for load in findings.loads)
    return (
        f"{findings.peers.date[:10]}, {machine['cores']} x {machine['processor']}, "
        f"Python {machine['python']}; the machine's load was {loads} before and after."
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _latencies(latencies: Sequence[Latency]) -> str:
    rows = []
    for latency in latencies:
        name = f"`{latency.function}`"
        for way, spread in latency.ways.items():
            numbers = (spread.median, spread.p90, spread.p99)
            rows.append([f"{name}, {way}", *(f"{number:.1f}" for number in numbers)])
        above = latency.above_embedded_us
        rows.append([f"**{name}, sidecar above embedded**", f"**{above:.1f}**", "", ""])
    num_batches = min(s.samples for one in latencies for s in one.ways.values())
    head = f"one batch of {BATCH_ROWS:,} float64, µs of {num_batches:,} batches"
    return _table([head, "median", "p90", "p99"], rows)


def _parallels(parallels: Sequence[Parallel]) -> str:
    heads = ["a call for each row, million rows a second (CPU time of a row)"]
    heads += [f"{shape_of(one.shape).text}, {one.rows:,} rows" for one in parallels]
    labels = {
        BARE_LISTS.name: "two bare processes, lists",
        BARE_COLUMNS.name: "two bare processes, `to_pylist` and `pa.array`",
        SIDECAR.name: "**two workers, `SELECT sum(f(x))`**",
        EMBEDDED.name: "embedded, one thread",
    }
    rows = []
    for name, label in labels.items():
        cells = [
            f"{one.rows_per_second(name) / 1e6:.2f} ({one.cpu_ns(name):,.0f} ns)"
            for one in parallels
        ]
        rows.append([label, *cells])
    for bare, text in ((BARE_LISTS, "lists"), (BARE_COLUMNS, "`to_pylist`")):
        cells = []
        for one in parallels:
            ratios = one.ratios(bare.name)
            median = statistics.median(ratios)
            cells.append(f"{median:.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        rows.append([f"two workers, of two bare processes with {text}", *cells])
    return _table(heads, rows)


def _starts(starts: Starts) -> str:
    def cells(spread: Spread) -> list[str]:
        return [f"{spread.median:.1f}", f"{spread.p90:.1f}", str(spread.samples)]

    rows = [
        ["a worker, from the fork server", *cells(starts.worker)],
        ["one row where the worker is gone: start, load, call",
         *cells(starts.first_batch)],
        ["a function in a worker that runs", *cells(starts.load)],
        ["a context's first function: fork server, worker, load",
         *cells(starts.first_function)],
        ["of that, the fork server", f"{starts.fork_server_ms:.1f}", "", ""],
    ]  # fmt: skip
    return _table(["starting, ms", "median", "p90", "samples"], rows)


def _idle(idle: Sequence[Idle], seconds: float) -> str:
    def size(number: float | None) -> str:
        return "" if number is None else f"{number:.1f}"

    heads = ["idle", "RSS, MiB", "PSS, MiB", "private, MiB", "descriptors",
             f"CPU ms in {seconds:.0f} s", "wake-ups"]  # fmt: skip
    rows = [
        [one.process, size(one.rss_mib), size(one.pss_mib), size(one.private_mib),
         str(one.descriptors), f"{one.cpu_ms:.1f}", str(one.wakeups)]
        for one in idle
    ]  # fmt: skip
    return _table(heads, rows)


def _peers(results: Results) -> str:
    shapes = list(dict.fromkeys(line.shape for line in results.lines))
    heads = [f"two threads or processes, ns a row of {results.rows:,}"]
    for shape in shapes:
        heads += [f"`{shape_of(shape).text}`, wall", "CPU"]
    labels = {entry.name: entry.label for entry in two_process_entries(None)}
    labels[EMBEDDED.name] = "Springald, embedded (one GIL)"
    rows = []
    notes = []
    for name, label in labels.items():
        found = {line.shape: line for line in results.lines if line.contender == name}
        cells = []
        for shape in shapes:
            line = found.get(shape)
            if line is None or line.status != "ok":
                cells += ["-", "-"]
                if line is not None:
                    notes.append(f"{label}, {shape}: {line.status}, {line.reason}")
                continue
            cells += [f"{line.median_wall_ns:,.0f}", f"{line.median_cpu_ns:,.0f}"]
        if found:
            rows.append([label, *cells])
    notes += [f"{labels.get(n, n)}: {why}" for n, why in results.absent.items()]
    table = _table(heads, rows)
    if notes:
        table += "\n\nNot shown: " + "; ".join(notes) + "."
    return table
