"""The functions that a session has taken to its cluster."""

from __future__ import annotations

import platform
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import datafusion
from datafusion.user_defined import ScalarUDF

from springald.cluster import ClusterExecutor
from springald.define import udf_in_expression
from springald.errors import UdfDefinitionError, UdfVersionMismatchError
from springald.recover import Parts
from springald.runtime import UdfMetrics
from springald.scalar_udf import Udf
from springald_ballista.native import Native
from springald_ballista.service import SchedulerService

__all__ = ["ClusterFunctions", "PortableFunction"]

# Executors do not change their Python within this many seconds.
_FRESH_S = 1.0
# Functions of `datafusion.udf` whose pickles are kept, so that each is sent once.
_MAX_RECOVERED = 256


@dataclass(frozen=True)
class PortableFunction:
    """A function as it travels: its encoded definition and the hash of that."""

    hash: str
    definition: bytes


class ClusterFunctions:
    """Makes functions ready to travel, and counts what they did. Any thread may call."""

    def __init__(self, service: SchedulerService, native: Native) -> None:
        self._service = service
        self._native = native
        self._lock = threading.Lock()
        self._checked: set[str] = set()
        self._recovered: OrderedDict[tuple[object, ...], Udf] = OrderedDict()

    def portable(self, function: Udf) -> PortableFunction:
        """Return `function` as it travels. It is pickled and checked once.

        Raises:
            UdfDefinitionError: It cannot be pickled.
            UdfVersionMismatchError: An executor runs another Python than this process.
            ClusterError: The scheduler does not answer.
        """
        portable = PortableFunction(function.portable_hash(), function.to_bytes())
        if portable.hash not in self._checked:
            for executor in self._service.state(max_age_s=_FRESH_S).executors:
                _check_python(function.name, executor)
            self._checked.add(portable.hash)
        return portable

    def placeholder(self, function: ScalarUDF) -> ScalarUDF:
        """Return what stands for `function` in plans; see :meth:`portable`."""
        if not isinstance(function, Udf):
            raise UdfDefinitionError(
                "This function is not a Python function that Springald can run, so its "
                "code is in this process only and cannot be sent to a cluster. Pass the "
                "Python function itself, or run embedded, without an address",
                udf_name=function.name,
            )
        definition = self.portable(function).definition
        return datafusion.udf(self._native.Placeholder(definition))

    def found(self, parts: Parts) -> PortableFunction:
        """Return the function that was found in an expression; see :meth:`portable`.

        `parts` are what `springald.recover.pickled_with` gives for it.
        """
        # The function is kept with its Udf, so its id is not taken by another one.
        key = (id(parts[1]), *(p for p in parts if isinstance(p, str | bytes)))
        with self._lock:
            function = self._recovered.get(key)
        if function is None:
            function = udf_in_expression(parts)
            with self._lock:
                function = self._recovered.setdefault(key, function)
                if len(self._recovered) > _MAX_RECOVERED:
                    self._recovered.popitem(last=False)
        return self.portable(function)

    def metrics(self, functions: Mapping[str, Udf]) -> dict[str, UdfMetrics]:
        """Return the counters of `functions`, summed over the live executors.

        Raises:
            ClusterError: The scheduler does not answer.
        """
        by_hash: dict[str, list[UdfMetrics]] = {}
        for executor in self._service.state().executors:
            for function in executor.functions:
                by_hash.setdefault(function.hash, []).append(function.metrics)
        return {
            name: _sum(by_hash.get(function.portable_hash(), []))
            for name, function in functions.items()
        }


def _check_python(name: str, executor: ClusterExecutor) -> None:
    ours = (sys.implementation.name, _minor(platform.python_version()))
    theirs = (executor.implementation, _minor(executor.python))
    if ours != theirs:
        raise UdfVersionMismatchError(
            f"This process runs {ours[0]} {platform.python_version()} and executor "
            f"{executor.id} at {executor.host}:{executor.port} runs {theirs[0]} "
            f"{executor.python}, so the function cannot be sent there: run both with the "
            f"same Python, {ours[0]} {ours[1]} or {theirs[0]} {theirs[1]}",
            udf_name=name,
        )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _sum(counters: list[UdfMetrics]) -> UdfMetrics:
    return UdfMetrics(
        loads=sum(c.loads for c in counters),
        calls=sum(c.calls for c in counters),
        rows=sum(c.rows for c in counters),
        python_seconds=sum(c.python_seconds for c in counters),
        errors=sum(c.errors for c in counters),
    )
