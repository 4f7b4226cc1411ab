"""What a run found, what Springald promises about it, and its form as JSON."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.limits import Limit
from bench.results import Results
from bench.shapes import shape_of
from bench.sidecar.contenders import BARE_LISTS
from bench.sidecar.idle import Idle
from bench.sidecar.latency import BATCH_ROWS, Latency
from bench.sidecar.parallel import Parallel
from bench.sidecar.starts import Starts

__all__ = ["Findings"]


@dataclass
class Findings:
    """A whole run. What was left out of it is empty.

    `peers` also has the date, the machine, and who is absent. `loads` are the machine's
    load averages of one minute before and after the run: of two cores, 2 is busy.
    """

    peers: Results
    loads: list[float] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    parallels: list[Parallel] = field(default_factory=list)
    starts: Starts | None = None
    idle: list[Idle] = field(default_factory=list)
    idle_seconds: float = 0.0

    def limits(self) -> list[Limit]:
        """Return all promises with what the run found."""
        limits = [
            Limit(
                f"a batch of {BATCH_ROWS:,} float64 above embedded, {latency.function}",
                30.0,
                "µs",
                latency.above_embedded_us,
            )
            for latency in self.latencies
        ]
        limits += [
            Limit(
                f"two workers, {shape_of(parallel.shape).text}",
                0.9,
                "of two bare processes",
                statistics.median(parallel.ratios(BARE_LISTS.name)),
                is_floor=True,
            )
            for parallel in self.parallels
        ]
        if self.starts is not None:
            limits.append(
                Limit("start of a worker", 20.0, "ms", self.starts.worker.median)
            )
        return limits

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        content = asdict(self)
        content["limits"] = [
            {**vars(limit), "is_met": limit.is_met} for limit in self.limits()
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n")
