"""The text of ``Udf.explain()``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from springald.runtime import UdfMetrics
from springald.signature import Signature

__all__ = ["explain"]

_MODES = {
    "arrow": "arrow: called once per batch, with pyarrow arrays",
    "row": "row: computed row by row, from Python values",
    "pandas": "pandas: called once per batch, with Series",
    "numpy": "numpy: called once per batch, with NumPy arrays",
    "iterator": "iterator: called once per partition at a time, with its batches",
}
_NULLS = {
    "call": "call: the function gets None for a null",
    "skip": "skip: a null gives null without a call, where the argument takes no None",
}
_SKIPPED = "skip: the function gets the rows without nulls, the others give null"
_VOLATILITIES = {
    "immutable": "immutable: the same input always gives the same result",
    "stable": "stable: the same input gives the same result within a query",
    "volatile": "volatile: computed for every row, and never tried again",
}


def explain(
    signature: Signature, described: Mapping[str, Any], metrics: UdfMetrics
) -> str:
    """Return the explanation as lines of text.

    Args:
        signature: What the function takes and returns.
        described: What the native function's ``describe()`` returns.
        metrics: What it did so far.
    """
    arguments = ", ".join(f"{field.name}: {field.type}" for field in signature.arguments)
    lines = [
        f"{signature.name}({arguments}) -> {signature.result.type}",
        _line("mode", _MODES[signature.mode]),
    ]
    if signature.mode == "row":
        if signature.max_concurrency is not None:
            lines.append(
                _line(
                    "async",
                    "the rows of a batch are awaited together, at most "
                    f"{signature.max_concurrency:,} at once",
                )
            )
        lines += [
            _line("nulls", _NULLS[signature.null_handling]),
            _line("volatility", _VOLATILITIES[signature.volatility]),
            _line(
                "inlined",
                _answer(
                    described["not_inlined_reason"],
                    "its body runs as one loop over a batch, without calls",
                ),
            ),
            _line(
                "equal rows",
                _answer(
                    described["not_distinct_reason"],
                    "share one call, where a batch has few different ones",
                    no="one call each",
                ),
            ),
        ]
    else:
        if signature.null_handling == "skip":
            lines.append(_line("nulls", _SKIPPED))
        lines.append(_line("volatility", _VOLATILITIES[signature.volatility]))
    lines.append(_line("so far", _so_far(described, metrics)))
    return "\n".join(lines)


def _line(head: str, text: str) -> str:
    return f"  {head:<11} {text}"


def _answer(reason: str | None, yes: str, no: str = "no") -> str:
    return yes if reason is None else f"{no}, because {reason}"


def _so_far(described: Mapping[str, Any], metrics: UdfMetrics) -> str:
    text = (
        f"{_count(metrics.rows, 'row')} in {_count(metrics.calls, 'batch', 'es')}, "
        f"{metrics.python_seconds:.3f} s"
    )
    if described["inlined_rows"]:
        text += f"; {_count(described['inlined_rows'], 'row')} inlined"
    if described["repeated_rows"]:
        repeated = _count(described["repeated_rows"], "row")
        text += f"; {repeated} with the result of an equal one"
    return text


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{plural}"
