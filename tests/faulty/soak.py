"""Queries for hours, while their workers are killed: ``python -m tests.faulty.soak``.

Every answer is checked, and this process must not grow. Exits with 1 if anything is
wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from springald import BallistaSessionContext, UdfWorkerLostError

from .leftovers import children_of, descriptors, wait_until
from .soak_functions import QUERIES, register

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT)
# Between the kills of fork servers, with which all workers end: one that is killed
# before it has started a worker is taken for one that cannot start.
SERVER_SECONDS = 5.0
SAMPLE_SECONDS = 0.2
REPORT_SECONDS = 10.0
# What is left out of the samples: allocators and engine take what they keep.
WARM_UP_SHARE = 0.2
# How much larger the median of the last fifth of the samples may be than of the first.
MEMORY_TOLERANCE_BYTES = 32 << 20
DESCRIPTOR_TOLERANCE = 10


class Soak:
    """Threads that query one context, and one that kills its workers.

    For one thread. Guarded by the lock: the counters and `problems`.
    """

    def __init__(self, workers: int, seed: int) -> None:
        self.problems: list[str] = []
        self._descriptors_before = sorted(descriptors())
        self._context = BallistaSessionContext(
            udf_backend="sidecar", udf_workers=workers, udf_timeout=60
        )
        register(self._context)
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._num_queries = 0
        self._num_lost = 0
        self._num_kills = 0
        self._memory: list[int] = []
        self._num_descriptors: list[int] = []
        self._is_over = threading.Event()
        self._begin = time.monotonic()

    def run(self, seconds: float, kill_every: float) -> bool:
        """Go on for `seconds`, print how it is, and return whether all was well."""
        threads = [
            self._start(lambda i=i: self._query(i)) for i in range(2)
        ]  # more calls than workers: some wait
        threads.append(self._start(lambda: self._kill(kill_every)))
        next_report = REPORT_SECONDS
        while (elapsed := time.monotonic() - self._begin) < seconds and not self.problems:
            self._memory.append(resident_bytes())
            self._num_descriptors.append(len(descriptors()))
            if elapsed >= next_report:
                self._report()
                next_report += REPORT_SECONDS
            time.sleep(SAMPLE_SECONDS)
        self._is_over.set()
        for thread in threads:
            thread.join(120)
            if thread.is_alive():
                self._complain("a query goes on and on")
        self._report()
        self._look_at_what_is_left()
        self._look_for_growth("memory", self._memory, MEMORY_TOLERANCE_BYTES)
        self._look_for_growth("descriptors", self._num_descriptors, DESCRIPTOR_TOLERANCE)
        for problem in self.problems:
            print(f"PROBLEM: {problem}", flush=True)
        print("failed" if self.problems else "all is well", flush=True)
        return not self.problems

    def _start(self, body: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                body()
            except BaseException as error:
                self._complain(f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread

    def _complain(self, problem: str) -> None:
        with self._lock:
            self.problems.append(problem)

    def _query(self, first: int) -> None:
        index = first
        while not self._is_over.is_set() and not self.problems:
            query = QUERIES[index % len(QUERIES)]
            index += 1
            is_lost = False
            try:
                answer = query.ask(self._context)
            except UdfWorkerLostError:
                if not query.may_be_lost:
                    raise
                is_lost = True
            else:
                if answer != query.answer:
                    self._complain(
                        f"{query.expression} is {answer}, expected {query.answer}"
                    )
            with self._lock:
                self._num_queries += 1
                self._num_lost += is_lost

    def _kill(self, every: float) -> None:
        next_server = time.monotonic() + SERVER_SECONDS
        while not self._is_over.wait(self._random.uniform(0.5, 1.5) * every):
            servers = [process.pid for process in children_of(os.getpid())]
            workers = [process.pid for pid in servers for process in children_of(pid)]
            if not workers:
                continue
            victim, how = self._random.choice(workers), self._random.choice(SIGNALS)
            if time.monotonic() >= next_server:
                next_server = time.monotonic() + SERVER_SECONDS
                victim, how = servers[0], signal.SIGKILL
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, how)
                with self._lock:
                    self._num_kills += 1

    def _report(self) -> None:
        figures = self._context.udf_workers()
        with self._lock:
            print(
                f"{time.monotonic() - self._begin:7.0f} s: {self._num_queries} queries, "
                f"{self._num_lost} lost; {self._num_kills} kills, {figures.lost} workers "
                f"lost, {figures.retried} batches retried; "
                f"{self._memory[-1] >> 20} MiB, {self._num_descriptors[-1]} descriptors",
                flush=True,
            )

    def _look_at_what_is_left(self) -> None:
        processes = children_of(os.getpid())
        self._context.close()
        if left := [p for p in children_of(os.getpid()) if p in processes]:
            self._complain(f"processes are left: {left}")
        # Of the engine's threads, which may end with some delay.
        if not wait_until(lambda: sorted(descriptors()) == self._descriptors_before):
            self._complain(f"descriptors are left: {sorted(descriptors())}")

    def _look_for_growth(self, what: str, samples: list[int], tolerance: int) -> None:
        warm = samples[int(len(samples) * WARM_UP_SHARE) :]
        fifth = max(len(warm) // 5, 1)
        first = statistics.median(warm[:fifth])
        last = statistics.median(warm[-fifth:])
        print(
            f"{what}: the median was {first:,.0f} in the first fifth, and {last:,.0f} in "
            f"the last; {tolerance:,} more are allowed",
            flush=True,
        )
        if last > first + tolerance:
            self._complain(f"{what} grew from {first:,.0f} to {last:,.0f}")


def resident_bytes() -> int:
    """Return the memory that this process uses."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def main() -> int:
    """Run as the arguments say, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--kill-every", type=float, default=0.3, help="seconds between kills, on average"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    # The engine's threads and descriptors are no growth.
    BallistaSessionContext().sql("SELECT 1").collect()
    soak = Soak(arguments.workers, arguments.seed)
    return 0 if soak.run(arguments.seconds, arguments.kill_every) else 1


if __name__ == "__main__":
    sys.exit(main())
