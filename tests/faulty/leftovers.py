"""What is there because of worker processes: processes, descriptors, shared memory."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# In the environment of workers, and of all that they start, so that strays can be found.
MARK = "SPRINGALD_TEST_FAULTY_MARK"
WORKER = "springald-work"
SHARED_MEMORY = "memfd:springald"


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until `holds()`, at most `seconds`; return whether it does."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@dataclass(frozen=True)
class Process:
    """A process, as the kernel describes it."""

    pid: int
    name: str
    state: str
    parent: int


def marked_processes(mark: str) -> list[Process]:
    """Return the processes, also strays, that were started with `mark`; no zombies."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(_process(int(entry.name)))
    return [process for process in found if process.state != "Z"]


def children_of(pid: int) -> list[Process]:
    """Return the children of a process, also those that it has not waited for."""
    found = []
    with contextlib.suppress(OSError):  # it has ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                with contextlib.suppress(OSError):
                    found.append(_process(int(child)))
    return found


def descriptors() -> list[str]:
    """Return what the open descriptors of this process are of."""
    found = []
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # that of this listing
            found.append(os.readlink(f"/proc/self/fd/{entry}"))
    return found


def shared_memory() -> list[str]:
    """Return the descriptors and mappings of this process that are of shared columns."""
    mappings = Path("/proc/self/maps").read_text().splitlines()
    return [text for text in descriptors() + mappings if SHARED_MEMORY in text]


def _process(pid: int) -> Process:
    text = Path(f"/proc/{pid}/stat").read_text()
    # The name is in parentheses and may hold any character.
    before, _, after = text.rpartition(")")
    state, parent = after.split()[:2]
    return Process(pid, before.partition("(")[2], state, int(parent))
