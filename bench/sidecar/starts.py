"""What it takes until a worker is there."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pyarrow as pa

from bench.sidecar.functions import new_function
from bench.sidecar.pool import Pool
from bench.sidecar.samples import Spread, spread_of

__all__ = ["Starts", "measure_starts"]

# Meanwhile the fork server buries the worker that has ended.
_BURIAL_SECONDS = 0.05


@dataclass(frozen=True)
class Starts:
    """Milliseconds.

    `worker` is a start as the pool counts it; `first_batch` one row from a context whose
    worker has ended: start, loading the function, the row. `load` is another function
    in a worker that runs. `first_function` is the first one of a context: fork server,
    worker, loading.
    """

    worker: Spread
    first_batch: Spread
    load: Spread
    first_function: Spread

    @property
    def fork_server_ms(self) -> float:
        """What of the first function is left for the start of the fork server."""
        return self.first_function.median - self.worker.median - self.load.median


def measure_starts(num_starts: int, num_contexts: int) -> Starts:
    worker, first_batch, load, first_function = [], [], [], []
    row = pa.array([1.0])
    number = 0
    for _ in range(num_contexts):
        with Pool(1) as pool:
            number += 1
            first_function.append(_milliseconds(pool, number))
    with Pool(1) as pool:
        native = pool.native(new_function(0))
        for _ in range(num_starts):
            number += 1
            load.append(_milliseconds(pool, number))
        for _ in range(num_starts):
            pool.kill_workers()
            time.sleep(_BURIAL_SECONDS)
            before = pool.figures().started
            start = time.perf_counter()
            native(row)
            first_batch.append((time.perf_counter() - start) * 1e3)
            figures = pool.figures()
            if figures.started != before + 1:
                raise RuntimeError(f"No worker was started for a batch: {figures}")
            worker.append(figures.last_start_seconds * 1e3)
    return Starts(*map(spread_of, (worker, first_batch, load, first_function)))


def _milliseconds(pool: Pool, number: int) -> float:
    function = new_function(number)
    start = time.perf_counter()
    pool.native(function)
    return (time.perf_counter() - start) * 1e3
