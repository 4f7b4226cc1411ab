"""A cluster of real processes on this machine, on ports that the system gives.

Whatever happens to the process that started it, nothing of it stays behind: it is stopped
on leaving the `with` block, and the kernel kills it when that process dies.
"""

from __future__ import annotations

import http.client
import json
import signal
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .program import Program, marked_processes, parent_of

HOST = "127.0.0.1"
GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class Counters:
    """What one executor has done with one definition so far."""

    definitions_received: int
    loads: int
    calls: int
    rows: int
    python_ns: int
    errors: int


class Cluster:
    """A scheduler and executors. Use it in a `with` statement, in the main thread.

    Leaving the block stops all of it, and fails with AssertionError if a program did not
    stop by itself, or left a process or a temporary file behind.
    """

    def __init__(
        self,
        folder: Path,
        *,
        executors: int = 2,
        vcores: int = 2,
        host: str = HOST,
        port: int = 0,
        scheduler_flags: Sequence[object] = (),
        executor_flags: Sequence[object] = (),
    ) -> None:
        """Does not start anything yet; `folder` must exist and be the cluster's own.

        `host` and `port` are the scheduler's; port 0 lets the system choose.
        """
        self._folder = folder
        self._mark = uuid.uuid4().hex
        self._first_executors = executors
        self._vcores = vcores
        self._host = host
        self._wanted_port = port
        self._scheduler_flags = scheduler_flags
        self._executor_flags = executor_flags
        self.executors: list[Program] = []

    def __enter__(self) -> Cluster:
        self.scheduler = Program(
            "scheduler", "--bind-host", self._host, "--bind-port", self._wanted_port,
            *self._scheduler_flags,
            folder=self._folder / "scheduler", mark=self._mark,
        )  # fmt: skip
        try:
            self.port = int(self.scheduler.wait_until_ready()["port"])
            started = [self.start_executor() for _ in range(self._first_executors)]
            for executor in started:
                executor.wait_until_ready()
            if started:
                self.wait_for_executors(self._first_executors)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        if problems := self._stop():
            raise AssertionError("\n".join([*problems, self.report()]))

    @property
    def address(self) -> str:
        """What a BallistaSessionContext takes."""
        return f"df://{self._host}:{self.port}"

    def start_executor(
        self, *flags: object, environment: dict[str, str] | None = None
    ) -> Program:
        """Start one more executor; does not wait until it is ready."""
        folder = self._folder / f"executor-{len(self.executors) + 1}"
        (folder / "work").mkdir(parents=True)
        executor = Program(
            "executor", "--bind-host", HOST, "--bind-port", 0, "--bind-grpc-port", 0,
            "--bind-health-port", 0, "--scheduler-host", self._host,
            "--scheduler-port", self.port, "--vcores", self._vcores,
            "--work-dir", folder / "work", *self._executor_flags, *flags,
            folder=folder, mark=self._mark, environment=environment,
        )  # fmt: skip
        self.executors.append(executor)
        return executor

    def wait_for_executors(self, count: int, seconds: float = 15.0) -> None:
        """Wait until the scheduler lists `count` live executors.

        Raises:
            AssertionError: It did not do so in time; holds the logs.
        """
        end = time.monotonic() + seconds
        while (seen := len(self.state()["executors"])) != count:
            if time.monotonic() > end:
                raise AssertionError(
                    f"The scheduler lists {seen} executors after {seconds} s, "
                    f"not {count}\n{self.report()}"
                )
            time.sleep(0.05)

    def state(self) -> dict[str, Any]:
        """Return what the scheduler says about the cluster."""
        connection = http.client.HTTPConnection(self._host, self.port, timeout=5)
        try:
            connection.request("GET", "/springald/v1/cluster")
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        assert response.status == 200, (response.status, body)
        return dict(json.loads(body))

    def counters(self, name: str) -> list[Counters]:
        """Return the counters of the functions `name`, one for each executor that has it.

        Several definitions of one name on an executor are one entry each.
        """
        names = [field.name for field in fields(Counters)]
        return [
            Counters(*(function[field] for field in names))
            for executor in self.state()["executors"]
            for function in executor["functions"]
            if function["name"] == name
        ]

    def rows(self, name: str) -> int:
        """Return the rows that executors have put through the functions `name`."""
        return sum(counters.rows for counters in self.counters(name))

    def programs(self) -> list[Program]:
        """Return every program that was started, the scheduler first."""
        first = [self.scheduler] if hasattr(self, "scheduler") else []
        return [*first, *self.executors]

    def executor_of(self, process: int) -> Program:
        """Return the executor that a function was in, which saw itself in `process`.

        That is the executor itself, or a worker: a process that is below it.
        """
        executors = {executor.pid: executor for executor in self.executors}
        while process not in executors:
            process = parent_of(process)
        return executors[process]

    def processes(self) -> set[int]:
        """Return the ids of its processes, also of those that the programs started."""
        return set(marked_processes(self._mark))

    def report(self) -> str:
        """Return what the programs have written, for a failure's text."""
        return "\n".join(program.report() for program in self.programs())

    def _stop(self) -> list[str]:
        """Stop executors, then the scheduler, and return what went wrong."""
        problems = []
        for group in (self.executors, self.programs()[:1]):
            for program in group:
                if program.is_running():
                    program.send(signal.SIGTERM)
            end = time.monotonic() + GRACE_SECONDS
            for program in group:
                problems += program.reap(end)
        if strays := marked_processes(self._mark):
            problems.append(f"processes that left their group: {strays}")
        return problems
