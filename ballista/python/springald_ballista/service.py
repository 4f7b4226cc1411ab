"""What the scheduler says about its cluster, over HTTP.

The scheduler answers ``GET /springald/v1/cluster`` on the port that Ballista uses,
because clients may not be able to reach executors.
"""

from __future__ import annotations

import http.client
import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from springald.cluster import ClusterExecutor, ExecutorFunction
from springald.errors import ClusterError
from springald.runtime import UdfMetrics
from springald.worker_figures import ExecutorWorkers

__all__ = ["ClusterState", "SchedulerService"]

R = TypeVar("R")

_PATH = "/springald/v1/cluster"
_MAX_ANSWER_BYTES = 64 << 20
_SOCKET_TIMEOUT_S = 5.0
# Of a whole request: a name that is looked up and tried at several addresses included.
_REQUEST_TIMEOUT_S = 8.0
# How long a query waits for a first executor, and what it is told is taken for true.
_EXECUTOR_WAIT_S = 5.0
_EXECUTOR_POLL_S = 0.25
_FRESH_S = 1.0


@dataclass(frozen=True)
class ClusterState:
    """What a scheduler knew when it was asked.

    Attributes:
        springald, ballista, datafusion: Versions of the scheduler's parts.
        executors: The executors that are alive.
    """

    springald: str
    ballista: str
    datafusion: str
    executors: tuple[ClusterExecutor, ...]


class SchedulerService:
    """Asks one scheduler. Any thread may call."""

    def __init__(self, host: str, port: int) -> None:
        """Connects to nobody yet."""
        self._host = host
        self._port = port
        self._last: tuple[float, ClusterState] | None = None

    @property
    def authority(self) -> str:
        """``host:port``, as a URL has it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    @property
    def address(self) -> str:
        """``df://host:port``, as users write it."""
        return f"df://{self.authority}"

    def state(self, *, max_age_s: float = 0.0) -> ClusterState:
        """Return what the scheduler says, or said at most `max_age_s` seconds ago.

        Raises:
            ClusterError: Nobody answers, or somebody who is no scheduler of Springald.
                Comes within 8 seconds.
        """
        last = self._last
        if last is not None and time.monotonic() - last[0] <= max_age_s:
            return last[1]
        state = self._parsed(self._answer())
        self._last = time.monotonic(), state
        return state

    def require_executor(self) -> None:
        """Wait a few seconds for an executor, if the cluster has none.

        Raises:
            ClusterError: None came, or the scheduler does not answer.
        """
        deadline = time.monotonic() + _EXECUTOR_WAIT_S
        state = self.state(max_age_s=_FRESH_S)
        while not state.executors:
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"The cluster at {self.address} has no live executor: start one with "
                    f"`springald executor --scheduler-host {self._host} "
                    f"--scheduler-port {self._port}`",
                    retryable=True,
                )
            time.sleep(_EXECUTOR_POLL_S)
            state = self.state()

    def _answer(self) -> bytes:
        try:
            status, body = _within(_REQUEST_TIMEOUT_S, self._get)
        except http.client.HTTPException as error:
            raise self._stranger(f"its answer is not HTTP ({error!r})") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: no host can be named so
            raise ClusterError(
                f"No scheduler answers at {self.address} ({_reason(error)}). Is "
                f"`springald scheduler --bind-port {self._port}` running there?",
                retryable=True,
            ) from error
        if status != http.client.OK:
            raise self._stranger(f"it answers {_PATH} with the HTTP status {status}")
        return body

    def _get(self) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(
            self._host, self._port, timeout=_SOCKET_TIMEOUT_S
        )
        try:
            connection.request("GET", _PATH, headers={"Accept": "application/json"})
            response = connection.getresponse()
            return response.status, response.read(_MAX_ANSWER_BYTES + 1)
        finally:
            connection.close()

    def _parsed(self, body: bytes) -> ClusterState:
        if len(body) > _MAX_ANSWER_BYTES:
            raise self._stranger(f"its answer is longer than {_MAX_ANSWER_BYTES} bytes")
        try:
            return _state_of(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._stranger(f"its answer cannot be read ({error!r})") from error

    def _stranger(self, why: str) -> ClusterError:
        return ClusterError(
            f"What listens at {self.address} is not a Springald scheduler: {why}. Give "
            "the address that `springald scheduler` printed when it was ready"
        )


def _within(seconds: float, call: Callable[[], R]) -> R:
    """Return `call()`, or raise TimeoutError after `seconds`.

    In a thread of its own, because looking up a name and reading an answer that drips
    cannot be bounded otherwise.
    """
    outcomes: queue.SimpleQueue[tuple[list[R], Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcomes.put(([call()], None))
        except Exception as error:
            outcomes.put(([], error))

    threading.Thread(target=run, name="springald-scheduler-request", daemon=True).start()
    try:
        results, error = outcomes.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:.0f} seconds") from None
    if error is not None:
        raise error
    return results[0]


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _state_of(answer: Mapping[str, Any]) -> ClusterState:
    return ClusterState(
        springald=str(answer["springald"]),
        ballista=str(answer.get("ballista", "")),
        datafusion=str(answer.get("datafusion", "")),
        executors=tuple(_executor_of(executor) for executor in answer["executors"]),
    )


def _executor_of(executor: Mapping[str, Any]) -> ClusterExecutor:
    return ClusterExecutor(
        id=str(executor["id"]),
        host=str(executor["host"]),
        port=int(executor["port"]),
        springald=str(executor.get("springald", "")),
        python=str(executor["python"]),
        implementation=str(executor["implementation"]),
        pyarrow=str(executor.get("pyarrow", "")),
        cloudpickle=str(executor.get("cloudpickle", "")),
        functions=tuple(_function_of(f) for f in executor.get("functions") or ()),
        udf_backend=str(executor.get("udf_backend", "")),
        workers=_workers_of(executor.get("workers")),
    )


def _workers_of(workers: Mapping[str, Any] | None) -> ExecutorWorkers | None:
    if workers is None:
        return None
    return ExecutorWorkers(
        max=int(workers["max"]),
        alive=int(workers["alive"]),
        busy=int(workers["busy"]),
        started=int(workers["started"]),
        retired=int(workers["retired"]),
        lost=int(workers["lost"]),
        killed=int(workers["killed"]),
        retried=int(workers["retried"]),
        last_start_seconds=int(workers["last_start_us"]) / 1e6,
    )


def _function_of(function: Mapping[str, Any]) -> ExecutorFunction:
    return ExecutorFunction(
        hash=str(function["hash"]),
        name=str(function["name"]),
        definitions_received=int(function["definitions_received"]),
        metrics=UdfMetrics(
            loads=int(function["loads"]),
            calls=int(function["calls"]),
            rows=int(function["rows"]),
            python_seconds=int(function["python_ns"]) / 1e9,
            errors=int(function["errors"]),
        ),
        output=str(function.get("output", "")),
    )
