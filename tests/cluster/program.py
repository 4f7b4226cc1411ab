"""One program of a cluster, a process in a session of its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMAND = Path(sys.executable).parent / "springald"

# What every process of a cluster has in its environment, so that strays can be found.
MARK = "SPRINGALD_TEST_CLUSTER_MARK"

READY = {
    "scheduler": re.compile(
        r"^springald scheduler is ready on (?P<host>\S+):(?P<port>\d+)$", re.MULTILINE
    ),
    "executor": re.compile(
        r"^springald executor is ready: (?P<id>\S+) on (?P<host>\S+):(?P<port>\d+), "
        r"scheduler (?P<scheduler>\S+)$",
        re.MULTILINE,
    ),
}

# Becomes the program, which the kernel kills when this process dies, however it does.
_DIES_WITH_PARENT = """
import ctypes, os, signal, sys
parent, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(parent):
    os.execv(command[0], command)
"""


class Program:
    """`springald <kind>` as a process; make it with the arguments after the kind.

    Standard output and standard error go to files in `folder`, and its temporary files
    to `folder/tmp`. One thread at a time may call it, and it has to be made in a thread
    that lives as long as the program is to run.
    """

    def __init__(
        self,
        kind: str,
        *arguments: object,
        folder: Path,
        mark: str = "",
        environment: dict[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.name = folder.name
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.stdout = folder / "stdout"
        self.log = folder / "stderr"
        self.was_killed = False
        command = [str(COMMAND), kind, *map(str, arguments)]
        with self.stdout.open("wb") as out, self.log.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _DIES_WITH_PARENT,
                 str(os.getpid()), *command],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True,
                env={**os.environ, "TMPDIR": str(self.temporary), MARK: mark,
                     **(environment or {})},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self.process.pid

    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait_until_ready(self, seconds: float = 30.0) -> re.Match[str]:
        """Return the match of the line that it prints when it is ready.

        Raises:
            AssertionError: It ended, or printed no such line in time; holds its output.
        """
        end = time.monotonic() + seconds
        while True:
            was_running = self.is_running()
            if found := READY[self.kind].search(self.output()):
                return found
            if not was_running:
                raise AssertionError(
                    f"{self.name} ended with status {self.process.returncode} before it "
                    f"was ready\n{self.report()}"
                )
            if time.monotonic() > end:
                raise AssertionError(
                    f"{self.name} printed no ready line in {seconds} s\n{self.report()}"
                )
            time.sleep(0.02)

    def output(self) -> str:
        """Return what it has written to standard output so far."""
        return self.stdout.read_text(errors="replace")

    def log_text(self) -> str:
        """Return what it has written to standard error so far."""
        return self.log.read_text(errors="replace")

    def report(self, characters: int = 6000) -> str:
        """Return its standard output and the last of its log, for a failure's text."""
        return (
            f"--- {self.name}, stdout\n{self.output()}"
            f"--- {self.name}, stderr\n{self.log_text()[-characters:]}"
        )

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill it and all of its group without warning, and reap it."""
        self.was_killed = True
        self._kill_group()
        self.process.wait(10)

    def wait(self, seconds: float = 10.0) -> int:
        """Return its exit status.

        Raises:
            AssertionError: It did not end in time; holds its output.
        """
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} did not end within {seconds} s\n{self.report()}"
            ) from None

    def reap(self, end: float) -> list[str]:
        """Wait until `end` (monotonic), then kill; return what is wrong with its end.

        REQUIRES: it was told to stop, unless it was killed.
        """
        problems = []
        try:
            status = self.process.wait(max(end - time.monotonic(), 0.1))
            if status != 0 and not self.was_killed:
                problems.append(f"{self.name} ended with status {status}")
        except subprocess.TimeoutExpired:
            problems.append(f"{self.name} did not stop on SIGTERM and was killed")
            self.was_killed = True
        if self._kill_group() and not self.was_killed:
            problems.append(f"{self.name} left processes of its group behind")
        self.process.wait(10)
        if not self.was_killed and (left := sorted(os.listdir(self.temporary))):
            problems.append(f"{self.name} left temporary files behind: {left}")
        return problems

    def _kill_group(self) -> bool:
        """Kill the group; return whether there was one."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
            return True
        return False


def marked_processes(mark: str) -> list[int]:
    """Return the ids of the processes, also strays, that have `mark`."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def parent_of(process: int) -> int:
    """Return the id of the process that started `process`.

    Raises:
        AssertionError: There is no such process, or nobody started it.
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        raise AssertionError(f"process {process} has ended") from None
    # After the name, which is in parentheses and may hold any character.
    parent = int(text.rpartition(")")[2].split()[1])
    assert parent > 1, f"process {process} has no parent any more"
    return parent
