"""Runs examples/weather.py on a Ballista cluster of its own, on this machine.

Starts a scheduler and two executors as processes through the command `springald`, on
ports that the system gives, runs the example on them, compares what it prints with
examples/weather.stdout.txt, which the embedded run printed, and stops them.
"""

import contextlib
import difflib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
SPRINGALD = Path(sys.executable).parent / "springald"
NUM_EXECUTORS = 2
READY_SECONDS = 60.0
STOP_SECONDS = 10.0
EXAMPLE_SECONDS = 120.0


class Program:
    """A program of the cluster, in a process group of its own.

    Raises:
        SystemExit: it ends or says nothing for `READY_SECONDS`; shows its log.
    """

    def __init__(self, name: str, *flags: object, folder: Path) -> None:
        self.name = name
        self._out = folder / f"{name}.out"
        self._log = folder / f"{name}.log"
        with self._out.open("wb") as out, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(SPRINGALD), *map(str, flags)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self, line: str) -> re.Match[str]:
        """Return the match of the pattern `line` with what the program printed."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if ready := re.search(f"^{line}$", self._out.read_text(), re.MULTILINE):
                print(f"  {ready[0]} (process {self._process.pid})", flush=True)
                return ready
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        status = self._process.poll()
        what = "is not ready" if status is None else f"ended with status {status}"
        raise SystemExit(f"The {self.name} {what}. Its log:\n{self.log()}")

    def log(self) -> str:
        """Return what the program wrote to its standard error."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End the program: asks, and kills its process group if that does not help."""
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        status = self._process.wait()
        print(f"  the {self.name} stopped with status {status}", flush=True)


def run_example(address: str) -> str:
    """Return what the example prints on the cluster at `address`."""
    example = subprocess.run(
        [sys.executable, EXAMPLES / "weather.py", address],
        stdout=subprocess.PIPE,
        text=True,
        timeout=EXAMPLE_SECONDS,
    )
    print(example.stdout, flush=True)
    if example.returncode != 0:
        raise SystemExit(f"examples/weather.py ended with status {example.returncode}")
    return example.stdout


def compare(printed: str) -> None:
    """Fail with the differences, if there are any."""
    expected = (EXAMPLES / "weather.stdout.txt").read_text()
    if printed != expected:
        lines = expected.splitlines(), printed.splitlines()
        difference = difflib.unified_diff(*lines, "embedded", "cluster", lineterm="")
        raise SystemExit("\n".join(["The output is another one:", *difference]))
    print("The output is that of the embedded run.", flush=True)


def main() -> None:
    """Run the demo. SIGTERM stops the cluster as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    local = ("--bind-host", "127.0.0.1", "--bind-port", 0)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print(f"Starting a scheduler and {NUM_EXECUTORS} executors", flush=True)
        scheduler = Program("scheduler", "scheduler", *local, folder=folder)
        stack.callback(scheduler.stop)
        ready = scheduler.wait_until_ready(r"springald scheduler is ready on (\S+):(\d+)")
        executors = []
        for number in range(1, NUM_EXECUTORS + 1):
            work = folder / f"work-{number}"
            work.mkdir()
            executor = Program(
                f"executor {number}", "executor", *local, "--bind-grpc-port", 0,
                "--scheduler-host", ready[1], "--scheduler-port", ready[2],
                "--work-dir", work, folder=folder,
            )  # fmt: skip
            stack.callback(executor.stop)
            executors.append(executor)
        for executor in executors:
            executor.wait_until_ready(r"springald executor is ready: .*")
        address = f"df://{ready[1]}:{ready[2]}"
        print(f"Running examples/weather.py {address}\n", flush=True)
        compare(run_example(address))
        print("Stopping them", flush=True)


if __name__ == "__main__":
    main()
