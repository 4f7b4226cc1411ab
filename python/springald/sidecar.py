"""Functions of a context in worker processes: ``udf_backend="sidecar"``.

Queries run in this process as ever; what the engine calls for a function hands its
batches to workers, which run the function as it was pickled. A function is taken there
where it is registered, and where an expression that it made enters a method.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from datafusion import Expr, SessionContext
from datafusion.user_defined import ScalarUDF

from springald import _springald
from springald.cluster import ClusterExecutor
from springald.define import udf_in_expression
from springald.engine_call import enter_engine
from springald.error_crossing import translated
from springald.errors import ClusterError, UdfError
from springald.expression_arguments import functions_in, rewritten_arguments
from springald.limits import parse_count, parse_seconds, parse_size
from springald.overloads import Overloads
from springald.queries import queries_in_progress
from springald.recover import Parts, pickled_with
from springald.runtime import UdfMetrics, WorkerRuntime, make_worker_runtime
from springald.scalar_udf import Udf
from springald.streamed_function import StreamedFunction
from springald.worker_figures import UdfWorkers

__all__ = ["Sidecar", "WorkerOptions"]

P = ParamSpec("P")
R = TypeVar("R")

# Imported before workers are forked, if this process uses them already.
_WORTH_SHARING = ("numpy", "pandas")
# When partitions of a query that was given up may come to one more call, in seconds: the
# engine ends them where they wait.
_LINGER_S = (0.1, 1.0)
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class WorkerOptions:
    """What ``BallistaSessionContext`` was given about its workers; None is the default.

    The limits may also be ``"none"``. See there for the meaning.
    """

    workers: int | None = None
    timeout: float | str | None = None
    memory_limit: int | str | None = None
    cpu_limit: float | str | None = None
    max_open_files: int | str | None = None
    max_result_size: int | str | None = None
    preload: Sequence[str] | None = None

    def native(self) -> _springald.Workers:
        """Return the options as the runtime takes them.

        Raises:
            ValueError: One is of the wrong kind; says which, and what is accepted.
        """
        native = _springald.Workers()
        if self.workers is not None:
            native.max_workers = parse_count(self.workers, "udf_workers")
        for field, value, parameter, parse in (
            ("timeout_ms", self.timeout, "udf_timeout", parse_seconds),
            ("memory_limit_bytes", self.memory_limit, "udf_memory_limit", parse_size),
            ("cpu_limit_ms", self.cpu_limit, "udf_cpu_limit", parse_seconds),
            ("max_open_files", self.max_open_files, "udf_max_open_files", parse_count),
            ("max_result_bytes", self.max_result_size, "udf_max_result_size", parse_size),
        ):
            if value is not None:
                number = -1 if value == "none" else parse(value, parameter)
                setattr(native, field, number)
        modules = [name for name in _WORTH_SHARING if name in sys.modules]
        if self.preload is not None:
            modules = _modules(self.preload)
        native.preload = modules
        return native


def _modules(preload: object) -> list[str]:
    names = [preload] if isinstance(preload, str) else preload
    if not isinstance(names, Iterable):
        names = [names]
    modules = list(names)
    for name in modules:
        if not isinstance(name, str) or not _MODULE.fullmatch(name):
            raise ValueError(
                f"udf_preload takes names of modules, such as 'numpy', not {name!r}"
            )
    return modules


class Sidecar:
    """Implements `springald.cluster.Cluster` for the workers of one session.

    Any thread may call.
    """

    def __init__(self, options: WorkerOptions) -> None:
        """Starts nothing yet. Raises ValueError; see :meth:`WorkerOptions.native`."""
        self._runtime: WorkerRuntime = make_worker_runtime(options.native())
        self._lock = threading.Lock()
        # What the engine calls for a function, by the hash of its definition.
        self._remote: dict[str, Any] = {}
        self._natives: dict[str, _springald.Function] = {}
        self._expression_session = SessionContext()
        queries_in_progress.add_listener(self)

    def queries_ended(self, current: frozenset[int], *, failed: bool) -> list[UdfError]:
        """End the calls that a query has left behind which nobody reads to its end.

        Calls cannot be told apart by query, so only where no other one is in progress;
        else they end with their batch.
        """
        if failed:
            self._interrupt()
            for delay_s in _LINGER_S:
                timer = threading.Timer(delay_s, self._interrupt)
                timer.daemon = True
                timer.name = "springald-abandoned-calls"
                timer.start()
        return []

    def _interrupt(self) -> None:
        queries_in_progress.run_if_none(self._runtime.native.interrupt)

    def end_all(self) -> None:
        """Leave calls to the runtime, which ends them when the process ends."""

    def enter(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """See `springald.cluster.Cluster`."""
        owner, *rest = args
        replaced, named = rewritten_arguments(rest, kwargs, self._rewritten)
        return enter_engine(method, owner, *replaced, **named)  # type: ignore[arg-type]

    def stand_in(self, function: ScalarUDF) -> ScalarUDF:
        """See `springald.cluster.Cluster`."""
        if isinstance(function, Overloads):
            function._udf  # noqa: B018  (raises: this process has no such functions)
        if not isinstance(function, Udf):
            return function  # no Python function: it needs no interpreter
        function._udf  # noqa: B018  (raises where it has no arguments)
        signature = function._signature
        return ScalarUDF(
            signature.name,
            self.remote(function),
            [field.with_nullable(True) for field in signature.arguments],
            signature.engine_result,
            signature.volatility,
        )

    def remote(self, function: Udf) -> Any:
        """Return what the engine calls for `function`: it runs in the workers.

        Raises:
            UdfDefinitionError: It cannot be pickled, or not be loaded in a worker.
            UdfDependencyError: A module that it needs is missing there.
            UdfWorkerLostError: No worker can be started.
        """
        key = function.portable_hash()
        with self._lock:
            found = self._remote.get(key)
        if found is not None:
            return found
        with translated():
            native = self._runtime.native.load(function._portable(), None)
        made: Any = native
        if function.mode == "iterator":
            made = StreamedFunction(native, function.name)
        with self._lock:
            self._natives.setdefault(key, native)
            return self._remote.setdefault(key, made)

    def metrics(self, functions: Mapping[str, ScalarUDF]) -> dict[str, UdfMetrics]:
        """See `springald.cluster.Cluster`."""
        return {
            name: UdfMetrics.from_counters(self._natives[key].metrics())
            for name, key in self._keys(functions)
        }

    def output(self, functions: Mapping[str, ScalarUDF]) -> dict[str, str]:
        """Return the last lines that each of `functions` has printed."""
        return {name: self._natives[key].output() for name, key in self._keys(functions)}

    def _keys(self, functions: Mapping[str, ScalarUDF]) -> list[tuple[str, str]]:
        keys = [
            (name, function.portable_hash())
            for name, function in functions.items()
            if isinstance(function, Udf)
        ]
        return [(name, key) for name, key in keys if key in self._natives]

    def executors(self) -> list[ClusterExecutor]:
        """See `springald.cluster.Cluster`."""
        raise ClusterError(
            "This context runs in this process and has no executors: give it the "
            "address of a cluster, BallistaSessionContext('df://host:port')"
        )

    def sibling(self) -> Sidecar:
        """See `springald.cluster.Cluster`."""
        return self

    def workers(self) -> UdfWorkers:
        """Return the figures of the worker processes."""
        figures = dict(self._runtime.native.workers())
        figures.pop("fork_server_pid")
        seconds = figures.pop("last_start_us") / 1e6
        return UdfWorkers(last_start_seconds=seconds, **figures)

    def close(self) -> None:
        """End the worker processes, for good."""
        self._runtime.native.shutdown()

    def _rewritten(self, expression: Expr, known: dict[bytes, Expr]) -> Expr:
        """Return `expression` with functions that run in the workers.

        Equal expressions become one object, which `known` holds; see
        `expression_arguments.rewritten_arguments`.
        """
        session = self._expression_session
        functions = functions_in(expression, session, "given to worker processes")
        if functions is None:
            return expression
        _, found = functions
        # Outside of the writing: pickling a function runs its user's code.
        moved = [self._moved(parts[1], parts) for parts in found]
        if all(new is parts[1] for new, parts in zip(moved, found, strict=True)):
            return expression
        remaining = iter(moved)
        with _passing:
            try:
                written = pickled_with(
                    lambda: expression.to_bytes(session),
                    lambda parts: (parts[0], _Passed(next(remaining)), *parts[2:]),
                )
                if written not in known:
                    known[written] = Expr.from_bytes(written, session)
            finally:
                _passed.clear()
        return known[written]

    def _moved(self, called: Any, parts: Parts) -> Any:
        """Return what the engine calls in place of `called`; itself, if it is ours."""
        with self._lock:
            if any(called is made for made in self._remote.values()):
                return called
        return self.remote(udf_in_expression(parts))


# Objects of this process that a pickle refers to, while it is written and read.
_passed: dict[int, Any] = {}
_passing = threading.RLock()


class _Passed:
    """Stands for an object of this process in a pickle that is read here at once."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self) -> None:
        """Nobody calls it; it is callable because a function is expected there."""

    def __reduce__(self) -> tuple[Any, ...]:
        _passed[id(self._value)] = self._value
        return _take_passed, (id(self._value),)


def _take_passed(key: int) -> Any:
    return _passed[key]
