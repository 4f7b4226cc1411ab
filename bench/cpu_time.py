"""CPU time of a process with all of its descendants."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["own_cpu_seconds", "tree_cpu_seconds"]

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Of the fields of /proc/PID/stat, counted from the one after the name.
_PARENT, _SESSION, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 3, 13, 14


def tree_cpu_seconds(pid: int) -> float:
    """Return user and system time that a process and its descendants have used so far.

    Counted are ended threads, ended children that were waited for (with the kernel's
    resolution of 10 ms), and orphans in the session that `pid` leads. Lost is an orphan
    that ended. Raises ProcessLookupError where `pid` is gone.
    """
    stats = _all_stats()
    if pid not in stats:
        raise ProcessLookupError(f"There is no process {pid}")
    seconds = 0.0
    for member in _members(pid, stats):
        fields = stats[member]
        ticks = int(fields[_CHILDREN_USER]) + int(fields[_CHILDREN_SYSTEM])
        seconds += ticks / _TICKS_PER_SECOND + own_cpu_seconds(member)
    return seconds


def _all_stats() -> dict[int, list[str]]:
    stats = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:  # it ended meanwhile
                continue
            # The name, in parentheses, may hold anything.
            stats[int(folder.name)] = text.rpartition(")")[2].split()
    return stats


def _members(root: int, stats: dict[int, list[str]]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[_PARENT]), []).append(pid)
    leads = int(stats[root][_SESSION]) == root
    members = set()
    waiting = [root]
    if leads:
        waiting += [pid for pid, f in stats.items() if int(f[_SESSION]) == root]
    while waiting:
        pid = waiting.pop()
        if pid not in members:
            members.add(pid)
            waiting += children.get(pid, ())
    return members


def own_cpu_seconds(pid: int) -> float:
    """Return what the threads of one process have used so far, 0.0 where it is gone."""
    # The clock that clock_getcpuclockid(3) gives: of all threads, in nanoseconds.
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return 0.0
