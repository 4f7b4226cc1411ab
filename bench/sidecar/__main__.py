"""Measures worker processes: against this process, bare processes, and peers, in one run.

usage: python -m bench.sidecar [--rows N] [--repeats N] [--batches N] [--starts N]
                               [--contexts N] [--idle-seconds N] [--peer-repeats N]
                               [--parts A,B] [--peers A,B] [--json FILE]
                               [--document FILE] [--check]

The parts are
  latency   one batch of 8,192 rows from one thread, without the engine
  parallel  rows a second of two workers and of two Python processes without an engine
  starts    a worker, a function, the process that starts the workers
  idle      memory, descriptors and processor time of a pool that does nothing
  peers     PySpark and Daft with two processes, over the same rows as Springald's
Who is compared takes turns; times are wall time, because with several processes that is
what counts, and medians. `--document` puts the tables where the document has them.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path

from bench.environments import ROOT
from bench.report import limits_table
from bench.results import Results
from bench.run import machine
from bench.shapes import shape_of
from bench.sidecar.contenders import two_process_entries
from bench.sidecar.findings import Findings
from bench.sidecar.idle import measure_idle
from bench.sidecar.latency import measure_latency
from bench.sidecar.parallel import measure_parallel
from bench.sidecar.peers import measure_peers
from bench.sidecar.report import put_into, tables_of
from bench.sidecar.starts import measure_starts

__all__ = ["main"]

_OUTPUT = ROOT / "build" / "bench"
_PARTS = ("latency", "parallel", "starts", "idle", "peers")
# Of the rows, the long function gets this part, because it takes that many times as long.
_PARALLEL = {"polynomial": 1, "long polynomial": 4}
_PEER_SHAPES = ("float", "short string")


def measured(options: argparse.Namespace, parts: list[str]) -> Findings:
    logs = _OUTPUT / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    entries = two_process_entries(options.peers or None)
    results = Results(
        date=datetime.now().astimezone().isoformat(timespec="seconds"),
        machine=machine(),
        rows=options.rows,
        repeats=options.peer_repeats,
    )
    findings = Findings(results, [os.getloadavg()[0]])
    for part in parts:
        print(f"Measuring: {part}", file=sys.stderr, flush=True)
        match part:
            case "latency":
                findings.latencies = measure_latency(options.batches)
            case "parallel":
                findings.parallels = [
                    measure_parallel(
                        shape_of(name), options.rows // share, options.repeats, logs
                    )
                    for name, share in _PARALLEL.items()
                ]
            case "starts":
                findings.starts = measure_starts(options.starts, options.contexts)
            case "idle":
                findings.idle_seconds = options.idle_seconds
                findings.idle = measure_idle(options.idle_seconds)
            case "peers":
                shapes = [shape_of(name) for name in _PEER_SHAPES]
                measure_peers(results, entries, shapes, logs)
    findings.loads.append(os.getloadavg()[0])
    return findings


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batches", type=int, default=5_000)
    parser.add_argument("--peer-repeats", type=int, default=3)
    parser.add_argument("--starts", type=int, default=40)
    parser.add_argument("--contexts", type=int, default=7, help="whose start is timed")
    parser.add_argument("--idle-seconds", type=float, default=10.0)
    parser.add_argument("--parts", help="names, separated by commas; all without it")
    parser.add_argument("--peers", help="names, separated by commas; all without it")
    parser.add_argument("--json", type=Path, default=_OUTPUT / "sidecar.json")
    parser.add_argument("--document", type=Path, help="put the tables into it")
    parser.add_argument(
        "--check", action="store_true", help="fail where a limit is not met"
    )
    return parser.parse_args()


def main() -> int:
    options = arguments()
    parts = [name.strip() for name in (options.parts or ",".join(_PARTS)).split(",")]
    if unknown := set(parts) - set(_PARTS):
        raise SystemExit(
            f"There is no part {', '.join(sorted(unknown))}; there are: "
            + ", ".join(_PARTS)
        )
    try:
        findings = measured(options, parts)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    limits = findings.limits()
    print(tables_of(findings))
    if limits:
        print(limits_table(limits))
    findings.write(options.json)
    print(f"\nWritten: {options.json}")
    if options.document:
        put_into(options.document, tables_of(findings))
        print(f"Written: {options.document}")
    return 1 if options.check and any(limit.is_met is False for limit in limits) else 0


if __name__ == "__main__":
    sys.exit(main())
