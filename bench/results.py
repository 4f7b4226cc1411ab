"""What a run found, and its form as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.contenders import YARDSTICK

__all__ = ["Line", "Results"]


@dataclass
class Line:
    """One contender at one shape.

    Times are nanoseconds above the scan, for a row in row mode and for a batch in Arrow
    mode. `status` is "ok", or says why there are none: "unsupported", "wrong" or
    "failed", with the reason.
    """

    shape: str
    null_share: float
    threads: int
    contender: str
    status: str = "ok"
    reason: str = ""
    least_cpu_ns: float = 0.0
    median_cpu_ns: float = 0.0
    least_wall_ns: float = 0.0
    median_wall_ns: float = 0.0


@dataclass
class Results:
    """A whole run. `absent` has the reason for each contender that was left out."""

    date: str
    machine: dict[str, Any]
    rows: int
    repeats: int
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def line(
        self, shape: str, contender: str, null_share: float = 0.0, threads: int = 1
    ) -> Line | None:
        """Return the line with times, or None."""
        for line in self.lines:
            key = (line.shape, line.contender, line.null_share, line.threads)
            if key == (shape, contender, null_share, threads) and line.status == "ok":
                return line
        return None

    def ratio(self, line: Line) -> float | None:
        """Return a line's CPU time as a multiple of the comprehension's, or None."""
        yardstick = self.line(line.shape, YARDSTICK, line.null_share)
        if yardstick is None:
            return None
        return line.least_cpu_ns / yardstick.least_cpu_ns

    def write(self, path: Path, **more: Any) -> None:
        """Write everything, with more entries, as JSON."""
        content = asdict(self) | more
        for entry, line in zip(content["lines"], self.lines, strict=True):
            entry["ratio"] = self.ratio(line) if line.status == "ok" else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> Results:
        """Return what `write` wrote."""
        content = json.loads(path.read_text())
        lines = [
            Line(**{key: value for key, value in entry.items() if key != "ratio"})
            for entry in content.pop("lines")
        ]
        names = ("date", "machine", "rows", "repeats", "versions", "absent")
        return cls(**{name: content[name] for name in names}, lines=lines)
