"""A contender's process, as the benchmark sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.contenders import Entry
from bench.cpu_time import tree_cpu_seconds
from bench.environments import ROOT, interpreter_of

__all__ = ["ContenderFailed", "ContenderProcess"]

_ANSWER_SECONDS = 300.0


class ContenderFailed(Exception):
    """A contender could not do what it was told, or ended; the text says why."""


class ContenderProcess:
    """Starts a contender's server and asks it. To be used from one thread.

    What it writes to standard error is in `log`. Leaving the context ends it.
    """

    def __init__(self, entry: Entry, num_threads: int, log: Path) -> None:
        """Raises `Absent` where the contender is not installed."""
        self.entry = entry
        self.num_threads = num_threads
        self._log = log
        interpreter = interpreter_of(entry)
        module, _, class_name = entry.class_path.partition(":")
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SPRINGALD_")
        }
        environment |= {
            name: value.format(threads=num_threads)
            for name, value in entry.environment.items()
        }
        # Also the workers of a peer import the functions by their module's name.
        environment["PYTHONPATH"] = str(ROOT)
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [interpreter, "-m", "bench.server", f"bench.peers.{module}", class_name,
                 str(num_threads)],
                cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, bufsize=1,
                start_new_session=True,  # so that its orphans are found
            )  # fmt: skip

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer to a request.

        Raises `ContenderFailed`, also where there is none for 5 minutes: then the process
        is ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        limit = threading.Timer(_ANSWER_SECONDS, self._kill)
        limit.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            limit.cancel()
        if not line:
            raise ContenderFailed(f"its process ended: {self._last_words()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise ContenderFailed(reply["error"].strip().splitlines()[0][:300])
        return reply

    def timed(self, do: str) -> tuple[dict[str, Any], float]:
        """Return an answer and the CPU seconds that the process's whole tree used."""
        before = tree_cpu_seconds(self._process.pid)
        reply = self.ask(do)
        return reply, tree_cpu_seconds(self._process.pid) - before

    def _kill(self) -> None:
        # What it started, too: its session is a group of processes.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _last_words(self) -> str:
        with self._log.open(errors="replace") as log:
            lines = deque((line.strip() for line in log if line.strip()), maxlen=1)
        return lines[0][:300] if lines else "it left no message"

    def __enter__(self) -> ContenderProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()
        self._process.stdout.close()
