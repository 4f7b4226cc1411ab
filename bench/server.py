"""One contender in a process of its own, told what to do by lines of JSON.

usage: python -m bench.server MODULE CLASS NUM_THREADS

Each line on standard input is an object with `do`, and is answered by one on standard
output; an answer with `error` or `unsupported` says what went wrong.
  prepare (shape, parquet)   read the table, define the function
  check                      run it over all rows: `digest` of the results
  scan, query                run; `seconds` of wall time, and the `value` of a query
  versions                   `versions` of the packages that matter
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import platform
import sys
import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.contender import Contender, Unsupported
from bench.digest import digest_of
from bench.shapes import shape_of

_PACKAGES = (
    "springald", "datafusion", "duckdb", "polars", "daft", "arrow-udf", "pyspark",
    "pyspark-client", "pysail", "pyarrow",
)  # fmt: skip


def answer(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    match request["do"]:
        case "prepare":
            contender.prepare(shape_of(request["shape"]), Path(request["parquet"]))
            return {}
        case "check":
            return {"digest": digest_of(contender.results())}
        case "scan":
            start = time.perf_counter()
            contender.scan()
            return {"seconds": time.perf_counter() - start}
        case "query":
            start = time.perf_counter()
            value = contender.query()
            seconds = time.perf_counter() - start
            if isinstance(value, datetime):
                value = value.isoformat()
            return {"seconds": seconds, "value": value}
        case "versions":
            return {"versions": versions()}
        case other:
            raise ValueError(f"There is nothing to do named {other!r}")


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def main() -> None:
    module, class_name, num_threads = sys.argv[1:]
    # What an engine prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    kind = getattr(importlib.import_module(module), class_name)
    contender: Contender = kind(int(num_threads))
    for line in sys.stdin:
        try:
            reply = answer(contender, json.loads(line))
        except Unsupported as error:
            reply = {"unsupported": str(error)}
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers)
    contender.close()


if __name__ == "__main__":
    main()
