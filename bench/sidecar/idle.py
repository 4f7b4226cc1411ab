"""What a pool costs while nothing runs."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from bench.cpu_time import own_cpu_seconds
from bench.sidecar.functions import pause
from bench.sidecar.pool import Pool

__all__ = ["Idle", "measure_idle"]

_PAUSE_SECONDS = 0.2
_SETTLE_SECONDS = 0.5


@dataclass(frozen=True)
class Idle:
    """One process.

    `pss_mib` shares out what several processes share; `private_mib` is what would be
    free without this one. The owner's memory is not the pool's, so it has none; its
    descriptors are those that the pool added. `wakeups` are of all threads.
    """

    process: str
    rss_mib: float | None
    pss_mib: float | None
    private_mib: float | None
    descriptors: int
    cpu_ms: float
    wakeups: int


def measure_idle(seconds: float, num_workers: int = 2) -> list[Idle]:
    """Return the owner, the fork server and the workers, after `seconds` of idle time."""
    owner = os.getpid()
    descriptors = _descriptors(owner)
    with Pool(num_workers) as pool:
        native = pool.native(pause)
        row = pa.array([_PAUSE_SECONDS])
        with ThreadPoolExecutor(num_workers) as threads:
            list(threads.map(lambda _: native(row), range(num_workers)))
        if pool.figures().alive != num_workers:
            raise RuntimeError(f"There are not {num_workers} workers: {pool.figures()}")
        time.sleep(_SETTLE_SECONDS)
        processes = {
            owner: "owner",
            pool.server_pid(): "fork server",
            **{pid: f"worker {n + 1}" for n, pid in enumerate(pool.worker_pids())},
        }
        before = {pid: (own_cpu_seconds(pid), _wakeups(pid)) for pid in processes}
        time.sleep(seconds)
        used = {
            pid: (own_cpu_seconds(pid) - before[pid][0], _wakeups(pid) - before[pid][1])
            for pid in processes
        }
        found = []
        for pid, name in processes.items():
            sizes = (None, None, None) if pid == owner else _memory_mib(pid)
            num_open = _descriptors(pid) - (descriptors if pid == owner else 0)
            cpu_seconds, wakeups = used[pid]
            found.append(Idle(name, *sizes, num_open, cpu_seconds * 1e3, wakeups))
    return found


def _descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def _memory_mib(pid: int) -> tuple[float, float, float]:
    """Return resident, proportional and private memory."""
    kib = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        kib[name] = int(rest.split()[0])
    private = kib["Private_Clean"] + kib["Private_Dirty"]
    return kib["Rss"] / 1024, kib["Pss"] / 1024, private / 1024


def _wakeups(pid: int) -> int:
    """Return how often the threads of a process have waited for something so far."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total
