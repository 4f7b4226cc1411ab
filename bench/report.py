"""A run's tables, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.contenders import CONTENDERS
from bench.limits import Limit
from bench.measure import QUICK_FACTOR
from bench.results import Line, Results
from bench.shapes import SHAPES, shape_of

__all__ = ["limits_table", "text_of"]

_LABEL_WIDTH = 28
_CELL_WIDTH = 9


def text_of(results: Results, limits: Sequence[Limit]) -> str:
    """Return all tables, what is missing in them, and the limits."""
    rows = [line for line in results.lines if not shape_of(line.shape).is_arrow]
    parts = [_heading(results)]
    for null_share in sorted({line.null_share for line in rows}):
        chosen = [
            line for line in rows if (line.null_share, line.threads) == (null_share, 1)
        ]
        if chosen:
            title = f"One thread, {null_share:.0%} nulls"
            parts.append(_row_tables(results, chosen, title))
            if null_share:
                parts.append(_null_notes(chosen))
    if any(line.threads == 2 for line in rows):
        parts.append(_thread_table(rows))
    arrow = [line for line in results.lines if shape_of(line.shape).is_arrow]
    if arrow:
        parts.append(_arrow_table(arrow))
    if missing := list(_missing(results)):
        parts.append("\n".join(["Not shown:", *missing]))
    parts.append(limits_table(limits))
    return "\n\n".join(parts) + "\n"


def _heading(results: Results) -> str:
    machine = results.machine
    return (
        f"{results.rows:,} rows, least of {results.repeats} runs, "
        f"of quick ones {results.repeats * QUICK_FACTOR}, {results.date}\n"
        f"Python {machine['python']}, {machine['cores']} x {machine['processor']}\n"
        "CPU time of the whole process tree above the same query without the function"
    )


def _row_tables(results: Results, lines: list[Line], title: str) -> str:
    heads = _present_shapes(lines)
    nanoseconds = _matrix(lines, heads, lambda line: f"{line.least_cpu_ns:.0f}")

    def ratio(line: Line) -> str:
        found = results.ratio(line)
        return "-" if found is None else f"{found:.2f}"

    ratios = _matrix(lines, heads, ratio)
    return (
        f"{title}: CPU ns a row\n{nanoseconds}\n\n"
        f"{title}: times the comprehension\n{ratios}"
    )


def _present_shapes(lines: Iterable[Line]) -> list[str]:
    names = {line.shape for line in lines}
    return [shape.name for shape in SHAPES if shape.name in names]


def _matrix(lines: list[Line], heads: list[str], text: Callable[[Line], str]) -> str:
    words = [head.split(" ", 1) for head in heads]
    rows = [
        " " * _LABEL_WIDTH + "".join(f"{word[0]:>{_CELL_WIDTH}}" for word in words),
        " " * _LABEL_WIDTH
        + "".join(f"{(word[1:] or [''])[0]:>{_CELL_WIDTH}}" for word in words),
    ]
    for entry in CONTENDERS:
        cells = {line.shape: line for line in lines if line.contender == entry.name}
        if any(line.status == "ok" for line in cells.values()):
            row = f"{entry.label:{_LABEL_WIDTH}}"
            for head in heads:
                line = cells.get(head)
                shown = text(line) if line and line.status == "ok" else "-"
                row += f"{shown:>{_CELL_WIDTH}}"
            rows.append(row)
    return "\n".join(row.rstrip() for row in rows if row.strip())


def _null_notes(lines: list[Line]) -> str:
    """Say what each contender does with nulls."""
    labels: dict[str, list[str]] = {}
    for entry in CONTENDERS:
        if any((line.contender, line.status) == (entry.name, "ok") for line in lines):
            labels.setdefault(entry.nulls, []).append(entry.label)
    notes = [f"  {nulls}: {'; '.join(names)}" for nulls, names in labels.items()]
    return "\n".join(["Nulls are", *notes])


def _thread_table(lines: list[Line]) -> str:
    shapes = _present_shapes(line for line in lines if line.threads == 2)
    rows = []
    head = " " * _LABEL_WIDTH
    for shape in shapes:
        head += f"{shape + ', CPU':>24}{'wall':>12}"
    rows.append(head)
    for entry in CONTENDERS:
        row, is_shown = f"{entry.label:{_LABEL_WIDTH}}", False
        for shape in shapes:
            pair = [
                next(
                    (
                        line
                        for line in lines
                        if (line.shape, line.contender, line.threads, line.null_share)
                        == (shape, entry.name, threads, 0.0)
                        and line.status == "ok"
                    ),
                    None,
                )
                for threads in (1, 2)
            ]
            if pair[1] is not None:
                is_shown = True
                cpu = " / ".join(
                    f"{line.least_cpu_ns:.0f}" if line else "-" for line in pair
                )
                wall = " / ".join(
                    f"{line.least_wall_ns:.0f}" if line else "-" for line in pair
                )
                row += f"{cpu:>24}{wall:>12}"
        if is_shown:
            rows.append(row)
    return (
        "One / two threads, no nulls: ns a row of CPU time and of wall time\n"
        + "\n".join(rows)
    )


def _arrow_table(lines: list[Line]) -> str:
    rows = [f"{'':{_LABEL_WIDTH}}{'8,192 rows':>14}{'1 row':>14}"]
    for entry in CONTENDERS:
        cells = {
            line.shape: line
            for line in lines
            if line.contender == entry.name and line.status == "ok"
        }
        if cells:
            row = f"{entry.label:{_LABEL_WIDTH}}"
            for shape in ("arrow 8192", "arrow 1"):
                line = cells.get(shape)
                row += f"{f'{line.least_cpu_ns / 1e3:.2f}' if line else '-':>14}"
            rows.append(row)
    return "Arrow mode, pc.add(pc.multiply(c, 1.8), 32): CPU µs a batch\n" + "\n".join(
        rows
    )


def _missing(results: Results) -> Iterable[str]:
    labels = {entry.name: entry.label for entry in CONTENDERS}
    for name, reason in results.absent.items():
        yield f"  {labels[name]}: {reason}"
    for line in results.lines:
        if line.status == "ok" or shape_of(line.shape).is_arrow:
            continue
        yield (
            f"  {labels[line.contender]}, {line.shape}, {line.null_share:.0%} nulls, "
            f"{line.threads} thread(s): {line.status}, {line.reason}"
        )


def limits_table(limits: Sequence[Limit]) -> str:
    """Return a line for each limit: whether it is met, and by what."""
    rows = ["Limits"]
    for limit in limits:
        if limit.found is None:
            rows.append(f"  not measured  {limit.promise}")
            continue
        verdict = "met" if limit.is_met else "NOT met"
        rows.append(
            f"  {verdict:12}  {limit.promise}: {limit.found:.2f}, "
            f"limit {limit.limit:.2f} {limit.unit}"
        )
        if limit.note:
            rows.append(f"{'':16}{limit.note}")
    return "\n".join(rows)
