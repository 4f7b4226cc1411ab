"""What two counts of a case say, as a line of a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instructions.callgrind import Count
from instructions.cases import Case

__all__ = ["Comparison", "as_json", "compared", "summary", "table"]


@dataclass(frozen=True)
class Comparison:
    """One case in two builds; None for a build that cannot run it, with the reason."""

    case: str
    unit: str
    base: Count | None
    now: Count | None
    limit: float
    reason: str = ""

    @property
    def change(self) -> float | None:
        """How many percent more instructions a call takes now."""
        if self.base is None or self.now is None:
            return None
        return _change(self.base.all, self.now.all)

    @property
    def change_of_ours(self) -> float | None:
        """The same of the instructions in springald's own libraries."""
        if self.base is None or self.now is None:
            return None
        return _change(self.base.ours, self.now.ours)

    @property
    def verdict(self) -> str:
        """ "slower" and "faster" (past the limit), "new", "gone", "not run" or "same".

        Only all instructions decide: work that moves from CPython into springald is no
        loss.
        """
        if self.now is None:
            return "not run" if self.base is None else "gone"
        if self.base is None:
            return "new"
        if self.change is None:
            return "same"
        if self.change > self.limit:
            return "slower"
        return "faster" if self.change < -self.limit else "same"

    @property
    def is_worse(self) -> bool:
        """Whether this line alone makes the comparison fail."""
        return self.verdict in ("slower", "gone")


def _change(base: float, now: float) -> float | None:
    return 100.0 * (now - base) / base if base > 0 else None


def compared(
    cases: Iterable[Case],
    base: tuple[Mapping[str, Count], Mapping[str, str]],
    now: tuple[Mapping[str, Count], Mapping[str, str]],
    limit: float,
) -> list[Comparison]:
    """Return a line for each case, of what `count_cases` gave for both builds."""
    return [
        Comparison(
            case.name,
            case.kind.unit,
            base[0].get(case.name),
            now[0].get(case.name),
            limit,
            now[1].get(case.name) or base[1].get(case.name, ""),
        )
        for case in cases
    ]


def table(lines: Sequence[Comparison]) -> str:
    """Return the lines as text."""
    rows = [
        f"{'':34}{'all':^28}{'ours':^26}".rstrip(),
        f"{'case':28}{'per':6}{'base':>9}{'now':>9}{'change':>10}"
        f"{'base':>8}{'now':>8}{'change':>10}",
    ]
    rows += [_row(line) for line in lines]
    return "\n".join(rows)


def _row(line: Comparison) -> str:
    if line.verdict == "not run":
        return f"{line.case:28}not run: {line.reason}"
    note = "" if line.verdict == "same" else f" {line.verdict}"
    all_base, ours_base = _numbers(line.base)
    all_now, ours_now = _numbers(line.now)
    return (
        f"{line.case:28}{line.unit:6}"
        f"{all_base:>9}{all_now:>9}{_percent(line.change):>10}"
        f"{ours_base:>8}{ours_now:>8}{_percent(line.change_of_ours):>10}{note}"
    )


def _numbers(count: Count | None) -> tuple[str, str]:
    return ("-", "-") if count is None else (_number(count.all), _number(count.ours))


def _number(count: float) -> str:
    return f"{count:.1f}" if abs(count) < 9_999 else f"{count:.0f}"


def _percent(change: float | None) -> str:
    return "-" if change is None else f"{change:+.2f} %"


def summary(lines: Sequence[Comparison], limit: float) -> str:
    """Return what the table comes to, in a sentence or two."""
    slower = [line.case for line in lines if line.verdict == "slower"]
    gone = [f"{line.case} ({line.reason})" for line in lines if line.verdict == "gone"]
    said = []
    if slower:
        said.append(f"More than {limit:g} % slower: {'; '.join(slower)}.")
    if gone:
        said.append(f"Cannot be run any more: {'; '.join(gone)}.")
    return " ".join(said) or f"No case got more than {limit:g} % slower."


def as_json(lines: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return the lines as they are written to the JSON file."""
    return [
        {
            "case": line.case,
            "unit": line.unit,
            "base": line.base and vars(line.base),
            "now": line.now and vars(line.now),
            "change_percent": line.change,
            "change_of_ours_percent": line.change_of_ours,
            "verdict": line.verdict,
            "reason": line.reason,
        }
        for line in lines
    ]
