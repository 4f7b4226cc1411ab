"""What a function itself says about its calls, in whatever process they are."""

from __future__ import annotations

import ast
import os
import time
from pathlib import Path
from typing import Any


class CallLog:
    """A file that calls append to; travels with the function that uses it."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        path.touch()

    def add(self, value: object) -> None:
        """Append one call: the process, and a value that `repr` writes in full."""
        line = f"{os.getpid()} {value!r}\n".encode()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, line)  # one write, so that lines do not mix
        finally:
            os.close(descriptor)

    def read(self) -> list[tuple[int, Any]]:
        """Return (process, value) of every call so far, in order."""
        lines = Path(self._path).read_text().splitlines()
        parts = (line.split(" ", 1) for line in lines)
        return [(int(process), ast.literal_eval(value)) for process, value in parts]

    def values(self) -> list[Any]:
        """Return the values of the calls so far, in order."""
        return [value for _, value in self.read()]

    def processes(self) -> set[int]:
        """Return the ids of the processes that calls were in."""
        return {process for process, _ in self.read()}

    def wait_for_calls(self, count: int = 1, seconds: float = 15.0) -> None:
        """Wait until there are `count` calls.

        Raises:
            AssertionError: There are fewer after `seconds`.
        """
        end = time.monotonic() + seconds
        while (seen := len(self.read())) < count:
            assert time.monotonic() < end, f"{seen} calls after {seconds} s, not {count}"
            time.sleep(0.02)
