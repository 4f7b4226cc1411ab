"""Medians and percentiles."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Spread", "spread_of"]


@dataclass(frozen=True)
class Spread:
    median: float
    p90: float
    p99: float
    samples: int


def spread_of(samples: Sequence[float], unit: float = 1.0) -> Spread:
    """Return how samples are spread, in units of `unit`. REQUIRES: there are some."""
    ordered = sorted(samples)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / unit

    median = statistics.median(ordered) / unit
    return Spread(median, at(0.90), at(0.99), len(ordered))
