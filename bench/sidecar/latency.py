"""What one batch takes in another process, above the same batch in this one."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from bench.sidecar.bare_process import BareProcess
from bench.sidecar.functions import ARROW_FUNCTIONS, arrow_udf
from bench.sidecar.pool import Pool
from bench.sidecar.samples import Spread, spread_of

__all__ = ["BATCH_ROWS", "WAYS", "Latency", "measure_latency"]

BATCH_ROWS = 8192
WAYS = (
    "pyarrow alone",
    "embedded",
    "sidecar",
    "sidecar, on one core",
    "sidecar, on two cores",
    "bare process, on one core",
)
# Ways take turns after so many batches: a busy moment falls on all alike.
_BLOCK = 50


@dataclass(frozen=True)
class Latency:
    """Microseconds of a call of one batch, from one thread, without an engine.

    The scheduler decides whether the caller and the worker share a core, and keeps to it
    for a while. The last three ways decide that themselves; the last of all calls no
    function, and is what is left where nothing can be left out.
    """

    function: str
    ways: dict[str, Spread]

    @property
    def above_embedded_us(self) -> float:
        return self.ways["sidecar"].median - self.ways["embedded"].median


def measure_latency(num_batches: int) -> list[Latency]:
    """Time at least `num_batches` calls of each function in each way."""
    rng = random.Random(7)
    column = pa.array([rng.uniform(-30.0, 45.0) for _ in range(BATCH_ROWS)])
    found = []
    num_bytes = column.buffers()[1].size
    # Who was moved stays where it is: the free worker is never the one that is moved.
    with Pool(1) as free, Pool(1) as placed, BareProcess(num_bytes) as bare:
        for text, function in ARROW_FUNCTIONS.items():
            ours = arrow_udf(function)
            native = placed.native(ours)
            (worker,) = placed.worker_pids()
            ways = [
                _Way(function),
                _Way(ours._native),
                _Way(free.native(ours)),
                _Way(native, worker, (0, 0)),
                _Way(native, worker, (0, -1)),
            ]
            for way in ways:
                if not way.call(column).equals(function(column)):
                    raise ValueError(f"{text}: the result is not that of pyarrow")
            if not bare.returned(column).equals(column):
                raise ValueError("the bare process gives back something else")
            ways.append(_Way(bare.returned, bare.pid, (0, 0)))
            named = dict(zip(WAYS, ways, strict=True))
            found.append(Latency(text, _in_blocks(named, column, num_batches)))
    return found


@dataclass(frozen=True)
class _Way:
    """What is called; with `cores`, indexes of those for this thread and the worker."""

    call: Callable[[Any], Any]
    worker: int = 0
    cores: tuple[int, int] | None = None

    @contextlib.contextmanager
    def placed(self) -> Iterator[None]:
        if self.cores is None:
            yield
            return
        allowed = os.sched_getaffinity(0)
        ours, theirs = (sorted(allowed)[index] for index in self.cores)
        try:
            _pin(self.worker, {theirs})
            os.sched_setaffinity(0, {ours})
            yield
        finally:
            os.sched_setaffinity(0, allowed)
            _pin(self.worker, allowed)


def _pin(pid: int, cores: set[int]) -> None:
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), cores)


def _in_blocks(
    ways: dict[str, _Way], column: pa.Array, num_batches: int
) -> dict[str, Spread]:
    times: dict[str, list[int]] = {name: [] for name in ways}
    num_blocks = -(-num_batches // _BLOCK)
    # The first round is to warm up.
    for number in range(num_blocks + 1):
        for name, way in ways.items():
            with way.placed():
                block = _block(way.call, column)
            if number:
                times[name] += block
    return {name: spread_of(found, 1e3) for name, found in times.items()}


def _block(call: Callable[[Any], Any], column: pa.Array) -> list[int]:
    now = time.perf_counter_ns
    times = []
    gc.disable()
    try:
        for _ in range(_BLOCK):
            start = now()
            call(column)
            times.append(now() - start)
    finally:
        gc.enable()
    return times
