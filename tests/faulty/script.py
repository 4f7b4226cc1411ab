"""A program that uses worker processes, as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from .leftovers import MARK, Process, marked_processes, wait_until

# `begun` is for functions: it tells the test, through a file, that it was called.
PRELUDE = """
import os, signal, sys, threading, time
# A job in the background of a shell inherits that SIGINT is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import pyarrow as pa
import springald
from springald import BallistaSessionContext, udf

FOLDER = sys.argv[1]

def begun(name="begun"):
    with open(os.path.join(FOLDER, name), "w") as file:
        file.write(str(os.getpid()))

def say(*words):
    print(*words, flush=True)

context = BallistaSessionContext(udf_backend="sidecar", udf_workers=2, udf_timeout=60)
# One batch, so that one worker runs one call, and nothing else happens.
rows = pa.record_batch({"n": pa.array(range(8192), pa.int64())})
context.register_record_batches("numbers", [[rows]])
"""


class Script:
    """`text` as a program, after the prelude; kill it at the end of a ``with`` block.

    Its workers, and all that they start, are found by its own mark.
    """

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.mark = f"{folder}-{os.getpid()}"
        path = folder / "script.py"
        path.write_text(PRELUDE + textwrap.dedent(text))
        # A file, because strays of the program would keep a pipe open.
        self._output = folder / "output"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(path), str(folder)],
                env={**os.environ, MARK: self.mark},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def processes(self) -> list[Process]:
        """Return the processes that it has started, itself left out, that live."""
        found = marked_processes(self.mark)
        return [process for process in found if process.pid != self._process.pid]

    def wait_for(self, name: str = "begun", seconds: float = 30.0) -> int:
        """Wait until a function has called `begun(name)`; return its process.

        Raises:
            AssertionError: None has, in time; holds what was printed, if it has ended.
        """
        file = self.folder / name
        end = time.monotonic() + seconds
        while not (file.exists() and (text := file.read_text())):
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"there is no {name!r}: {self.output()}")
            time.sleep(0.01)
        return int(text)

    def wait(self, seconds: float = 30.0) -> tuple[int, str]:
        """Return its exit status and what it has printed, when it has ended by itself."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"it has not ended, and printed: {self.output()}"
            ) from None
        return status, self.output()

    def output(self) -> str:
        """Return what it has printed so far."""
        return self._output.read_text()

    def leaves_nothing(self, seconds: float = 10.0) -> bool:
        """Whether what it has started ends, within `seconds`."""
        return wait_until(lambda: not self.processes(), seconds)
