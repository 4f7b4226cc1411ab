"""The functions that a session has taken to its cluster."""

from __future__ import annotations

import platform
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import datafusion
from datafusion.user_defined import ScalarUDF

from springald.cluster import ClusterExecutor
from springald.default_arguments import with_defaults
from springald.define import udf_in_expression
from springald.errors import UdfDefinitionError, UdfVersionMismatchError
from springald.overloads import Overloads
from springald.recover import Parts
from springald.runtime import UdfMetrics
from springald.scalar_udf import Udf
from springald_ballista.native import Native
from springald_ballista.service import SchedulerService

__all__ = ["ClusterFunctions", "PortableFunction", "placeholder_of"]

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
        # Without the function itself, which would keep itself alive.
        self._shorter: WeakKeyDictionary[Udf, list[Udf]] = WeakKeyDictionary()
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
        if not isinstance(function, Udf | Overloads):
            raise UdfDefinitionError(
                "This function is not a Python function that Springald can run, so its "
                "code is in this process only and cannot be sent to a cluster. Pass the "
                "Python function itself, or run embedded, without an address",
                udf_name=function.name,
            )
        alternatives = self._alternatives(function)
        for alternative in alternatives:
            self.portable(alternative)
        return placeholder_of(self._native, alternatives)

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

    def metrics(self, functions: Mapping[str, ScalarUDF]) -> dict[str, UdfMetrics]:
        """Return the counters of `functions`, summed over the live executors.

        Raises:
            ClusterError: The scheduler does not answer.
        """
        by_hash: dict[str, list[UdfMetrics]] = {}
        for executor in self._service.state().executors:
            for function in executor.functions:
                by_hash.setdefault(function.hash, []).append(function.metrics)
        return {
            name: UdfMetrics.sum(
                counters
                for alternative in self._alternatives(function)
                for counters in by_hash.get(alternative.portable_hash(), [])
            )
            for name, function in functions.items()
            if isinstance(function, Udf | Overloads)
        }

    def output(self, functions: Mapping[str, ScalarUDF]) -> dict[str, str]:
        """Return the end of what `functions` have printed, one executor after the other.

        Raises:
            ClusterError: The scheduler does not answer.
        """
        by_hash: dict[str, list[str]] = {}
        for executor in self._service.state().executors:
            place = f"[{executor.host}:{executor.port}]"
            for function in executor.functions:
                lines = function.output.splitlines()
                by_hash.setdefault(function.hash, []).extend(
                    f"{place} {line}\n" for line in lines
                )
        return {
            name: "".join(
                line
                for alternative in self._alternatives(function)
                for line in by_hash.get(alternative.portable_hash(), [])
            )
            for name, function in functions.items()
            if isinstance(function, Udf | Overloads)
        }

    def _alternatives(self, function: Udf | Overloads) -> Sequence[Udf]:
        """Return the functions that `function` is in SQL, one for each list of types."""
        if isinstance(function, Overloads):
            return function.alternatives
        with self._lock:
            shorter = self._shorter.get(function)
        if shorter is None:
            made = with_defaults(function)[1:]
            with self._lock:
                shorter = self._shorter.setdefault(function, made)
        return [function, *shorter]


def placeholder_of(native: Native, functions: Sequence[Udf]) -> ScalarUDF:
    """Return what stands for `functions`, which have one name, in plans.

    Raises:
        UdfDefinitionError: One cannot be pickled.
    """
    definitions = [function.to_bytes() for function in functions]
    return datafusion.udf(native.Placeholder(definitions))


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
