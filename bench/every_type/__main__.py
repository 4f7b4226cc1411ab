"""Measures row mode over a column of every Arrow type, against pyarrow, in one process.

usage: python -m bench.every_type [--rows N] [--repeats N] [--types 'A;B'] [--json FILE]
                             [--check]

The peer is what row mode is defined by: `to_pylist`, a comprehension, `pa.array`. Both
call the same function; "in" only looks at the value, "in and out" returns it. A tenth of
the rows is null. They take turns, and the least CPU time of each counts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.environments import ROOT
from bench.every_type.columns import COLUMNS, column_of
from bench.every_type.measure import FUNCTIONS, TypeLine, measure_type, ways_of

__all__ = ["main"]


def text_of(lines: Sequence[TypeLine]) -> str:
    """Return the table: nanoseconds a row and the ratio, for each way."""
    found = {(line.type_name, line.way): line for line in lines}
    rows = [
        "| type |" + "".join(f" {way}: ours | pyarrow | ratio |" for way in FUNCTIONS)
    ]
    rows.append("| --- |" + " --- | --- | --- |" * len(FUNCTIONS))
    for name in dict.fromkeys(line.type_name for line in lines):
        cells = ""
        for way in FUNCTIONS:
            line = found.get((name, way))
            if line is None:
                cells += " - | - | - |"
                continue
            cells += f" {line.ours_ns:,.0f} | {line.pyarrow_ns:,.0f} | {line.ratio:.2f} |"
        rows.append(f"| {name} |{cells}")
    return "\n".join(rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--types", help="names, separated by semicolons; all without it")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench/types.json")
    parser.add_argument(
        "--check", action="store_true", help="fail where Springald is not faster"
    )
    return parser.parse_args()


def main() -> int:
    options = arguments()
    names = options.types.split(";") if options.types else list(COLUMNS)
    lines = []
    for name in (name.strip() for name in names):
        column = column_of(name)
        rows = column.array(options.rows)
        lines += [
            measure_type(name, way, rows, options.repeats) for way in ways_of(column)
        ]
    print(f"Row mode, CPU ns a row of {options.rows:,} rows, a tenth of them null\n")
    print(text_of(lines))
    slower = [line for line in lines if line.ratio >= 1.0]
    worst = max(lines, key=lambda line: line.ratio)
    print(
        f"\nFaster in {len(lines) - len(slower)} of {len(lines)}; closest: "
        f"{worst.type_name}, {worst.way}, {worst.ratio:.2f}"
    )
    options.json.parent.mkdir(parents=True, exist_ok=True)
    content = [vars(line) | {"ratio": line.ratio} for line in lines]
    options.json.write_text(json.dumps(content, indent=2) + "\n")
    return 1 if options.check and slower else 0


if __name__ == "__main__":
    sys.exit(main())
