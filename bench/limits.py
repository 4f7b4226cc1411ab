"""What Springald promises about its speed, and whether a run kept it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.contenders import CONTENDERS, YARDSTICK
from bench.results import Line, Results
from bench.shapes import shape_of

__all__ = ["Limit", "checked_limits"]

_OURS = "springald"
_PEERS = [
    entry.name
    for entry in CONTENDERS
    if not entry.is_ours and entry.name != YARDSTICK
]  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """A promise. `found` is None where the run did not measure it.

    What is found may be at most `limit`, or, with `is_floor`, must be at least that.
    """

    promise: str
    limit: float
    unit: str
    found: float | None
    note: str = ""
    is_floor: bool = False

    @property
    def is_met(self) -> bool | None:
        if self.found is None:
            return None
        return self.found >= self.limit if self.is_floor else self.found <= self.limit


def checked_limits(results: Results) -> list[Limit]:
    """Return all promises with what the run found."""
    return [
        _ratio(results, "springald-call", "float", 0.85),
        _ratio(results, "springald-call", "int", 0.85),
        _ratio(results, "springald-call", "short string", 1.0),
        _ratio(results, "springald-call", "long string", 1.0),
        _ratio(results, "springald-inlined", "int", 0.7),
        _distinct(results),
        _arrow(results, "arrow 8192"),
        _arrow(results, "arrow 1"),
        _against_peers(results),
    ]


def _ratio(results: Results, contender: str, shape: str, limit: float) -> Limit:
    line = results.line(shape, contender)
    how = "inlined" if contender == "springald-inlined" else "called"
    text = f"{shape}, {shape_of(shape).text}, {how}"
    return Limit(
        text, limit, "of the comprehension", results.ratio(line) if line else None
    )


def _distinct(results: Results) -> Limit:
    line = results.line("100 distinct", _OURS)
    found = line.least_cpu_ns if line else None
    return Limit("100 distinct strings, as shipped", 15.0, "ns a row", found)


def _arrow(results: Results, shape: str) -> Limit:
    ours, theirs = (results.line(shape, name) for name in (_OURS, "datafusion"))
    found = None
    if ours and theirs:
        found = (ours.least_cpu_ns - theirs.least_cpu_ns) / 1e3
    rows = f"{shape_of(shape).batch_rows:,}"
    text = f"Arrow mode above datafusion.udf, rows in a batch: {rows}"
    return Limit(text, 1.0, "µs a batch", found)


def _against_peers(results: Results) -> Limit:
    worst: tuple[float, str] | None = None
    num_lines = num_faster = 0
    slower = []
    for ours in results.lines:
        if ours.contender != _OURS or ours.status != "ok" or _is_arrow(ours):
            continue
        best = _best_peer(results, ours)
        if best is None:
            continue
        share = ours.least_cpu_ns / best.least_cpu_ns
        where = (
            f"{ours.shape}, {ours.null_share:.0%} nulls, {ours.threads} thread(s): "
            f"{ours.least_cpu_ns:.0f} ns, {best.contender} {best.least_cpu_ns:.0f} ns"
        )
        num_lines += 1
        num_faster += share < 1.0
        if share >= 1.0:
            slower.append(where)
        if worst is None or share > worst[0]:
            worst = (share, where)
    promise = "row mode against the fastest peer, at the worst line"
    if worst is None:
        return Limit(promise, 1.0, "of its time", None)
    note = f"faster in {num_faster} of {num_lines} lines; " + (
        "not at " + "; ".join(slower) if slower else f"closest at {worst[1]}"
    )
    return Limit(promise, 1.0, "of its time", worst[0], note)


def _is_arrow(line: Line) -> bool:
    return shape_of(line.shape).is_arrow


def _best_peer(results: Results, ours: Line) -> Line | None:
    found = [
        line
        for name in _PEERS
        if (line := results.line(ours.shape, name, ours.null_share, ours.threads))
    ]
    return min(found, key=lambda line: line.least_cpu_ns, default=None)
