"""The picture of a run: bars of CPU time as multiples of the comprehension's, in SVG."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from bench.contenders import CONTENDERS, YARDSTICK
from bench.results import Results
from bench.shapes import shape_of

__all__ = ["svg_of"]

_SHAPES = ("float", "int", "short string", "100 distinct")
_WIDTH = 880
_MARGIN, _TOP, _GAP = 20, 66, 30
_PANEL_WIDTH = (_WIDTH - 2 * _MARGIN - _GAP) // 2
_LABEL_WIDTH, _VALUE_WIDTH = 170, 42
_PLOT_WIDTH = _PANEL_WIDTH - _LABEL_WIDTH - _VALUE_WIDTH
_ROW, _BAR, _HEAD = 20, 13, 30
_OURS, _PEER, _TEXT, _FAINT = "#1f6feb", "#b0b7c3", "#1f2328", "#6e7781"


def svg_of(results: Results) -> str:
    """Return an SVG document; a panel is left out where nothing was measured for it.

    Panels show one thread and no nulls. The scale is logarithmic, and the same in all.
    """
    panels = [(shape, bars) for shape in _SHAPES if (bars := _bars(results, shape))]
    factors = [factor for _, bars in panels for _, factor, _ in bars] or [1.0]
    low = min(0.1, *factors)
    high = max(10.0, *factors)
    height = _TOP
    body: list[str] = []
    for index in range(0, len(panels), 2):
        row = panels[index : index + 2]
        for column, (shape, bars) in enumerate(row):
            left = _MARGIN + column * (_PANEL_WIDTH + _GAP)
            body += _panel(shape, bars, left, height, low, high)
        height += _HEAD + _ROW * max(len(bars) for _, bars in row) + 24
    machine = results.machine
    note = (
        f"less is better; {results.rows:,} rows, one thread, no nulls; "
        f"{machine['processor']}, Python {machine['python']}, {results.date[:10]}"
    )
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">',
        "<title>CPU time of Python row functions</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(_MARGIN, 26, "CPU time of a Python function over the rows of a column", 16),
        _text(
            _MARGIN,
            46,
            "times that of a CPython comprehension (the line), logarithmic; " + note,
            10,
            colour=_FAINT,
        ),
    ]
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def _bars(results: Results, shape: str) -> list[tuple[str, float, bool]]:
    """Return label, multiple and whether it is ours, for each contender measured."""
    bars = []
    for entry in CONTENDERS:
        line = results.line(shape, entry.name)
        factor = results.ratio(line) if line else None
        # A time below that of the noise can come out as nothing.
        if entry.name != YARDSTICK and factor is not None:
            bars.append((entry.label, max(factor, 0.01), entry.is_ours))
    return bars


def _panel(
    shape: str,
    bars: list[tuple[str, float, bool]],
    left: int,
    top: int,
    low: float,
    high: float,
) -> list[str]:
    def position(factor: float) -> float:
        share = math.log(factor / low) / math.log(high / low)
        return left + _LABEL_WIDTH + share * _PLOT_WIDTH

    start, one = position(low), position(1.0)
    bottom = top + _HEAD + len(bars) * _ROW
    parts = [
        _text(left, top + 14, f"{shape}:  {shape_of(shape).text}", 12, bold=True),
        f'<line x1="{one:.1f}" y1="{top + _HEAD - 6}" x2="{one:.1f}" y2="{bottom}" '
        f'stroke="{_TEXT}" stroke-dasharray="3 2"/>',
    ]
    for number, (label, factor, is_ours) in enumerate(bars):
        y = top + _HEAD + number * _ROW
        end = max(position(factor), start + 1)
        parts += [
            _text(left, y + 10, label, 11),
            f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="{_BAR}" '
            f'fill="{_OURS if is_ours else _PEER}"/>',
            _text(end + 4, y + 10, _short(factor), 11),
        ]
    return parts


def _short(factor: float) -> str:
    return f"{factor:.2f}" if factor < 10 else f"{factor:.0f}"


def _text(
    x: float,
    y: float,
    text: str,
    size: int,
    *,
    bold: bool = False,
    colour: str = _TEXT,
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{weight} fill="{colour}" '
        # Legible where the line crosses it.
        'stroke="#ffffff" stroke-width="3" paint-order="stroke">'
        f"{escape(text)}</text>"
    )
