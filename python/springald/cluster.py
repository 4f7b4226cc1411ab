"""The seam between a context and the cluster that its address names.

Everything that only a cluster needs is in the package `springald_ballista`, which is
imported when an address is given. A context and its DataFrames know this protocol alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar
from urllib.parse import urlsplit

from datafusion.user_defined import ScalarUDF

from springald.errors import ClusterError
from springald.runtime import UdfMetrics
from springald.scalar_udf import Udf
from springald.worker_figures import ExecutorWorkers

__all__ = ["Cluster", "ClusterExecutor", "ExecutorFunction", "connect"]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class ExecutorFunction:
    """What one function has done on one executor, whichever client it came from.

    Attributes:
        hash: Hexadecimal SHA-256 of the function's definition.
        name: The name that it was registered under.
        definitions_received: How often the definition was sent to the executor.
        metrics: The counters, as those of an embedded function.
        output: The end of what it has printed lately in worker processes, in lines; at
            most 16 KiB. Where functions run in the executor itself, what they print goes
            to the executor's stdout and stderr, and this is empty.
    """

    hash: str
    name: str
    definitions_received: int
    metrics: UdfMetrics
    output: str = ""


@dataclass(frozen=True)
class ClusterExecutor:
    """One live executor of a cluster.

    Attributes:
        id: The executor's name in the cluster.
        host, port: Where the scheduler reaches it.
        springald: Version of Springald there.
        python: Version of its Python, as ``"3.11.7"``.
        implementation: Which Python it is, as ``"cpython"``.
        pyarrow, cloudpickle: Versions of these packages there.
        functions: The functions that it has run.
        udf_backend: Where they run: ``"sidecar"``, in worker processes of the executor,
            or ``"embedded"``, in the executor itself.
        workers: Its worker processes; None where functions run in the executor itself.
    """

    id: str
    host: str
    port: int
    springald: str
    python: str
    implementation: str
    pyarrow: str
    cloudpickle: str
    functions: tuple[ExecutorFunction, ...]
    udf_backend: str = ""
    workers: ExecutorWorkers | None = None


class Cluster(Protocol):
    """What a context asks of its cluster. Any thread may call."""

    def enter(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `method` of the engine where it belongs: on the cluster, or locally.

        The first argument is our context or DataFrame, which the method is called on.
        Returns and raises what `engine_call.enter_engine` does; also raises ClusterError.
        """

    def stand_in(self, function: ScalarUDF) -> ScalarUDF:
        """Return what stands for `function` in plans, checked against the executors.

        Raises:
            UdfDefinitionError: The function cannot leave this process.
            UdfVersionMismatchError: An executor runs another Python.
            ClusterError: The scheduler does not answer.
        """

    def metrics(self, functions: Mapping[str, ScalarUDF]) -> dict[str, UdfMetrics]:
        """Return the counters of `functions`, summed over the live executors."""

    def output(self, functions: Mapping[str, ScalarUDF]) -> dict[str, str]:
        """Return the end of what `functions` have printed on the live executors.

        One executor after the other; each line begins with ``[host:port]`` of its
        executor. Raises ClusterError.
        """

    def executors(self) -> list[ClusterExecutor]:
        """Return the executors that are alive now. Raises ClusterError."""

    def sibling(self) -> Cluster:
        """Return the same cluster for a session that is split off the context's own."""


def connect(address: object) -> Cluster:
    """Return the cluster at `address`, once its scheduler has answered.

    Raises:
        ClusterError: The address is malformed, the package `springald-ballista` is
            missing, or what answers there is no scheduler of this version. Comes within
            10 seconds.
    """
    host, port = _host_and_port(address)
    try:
        from springald_ballista.connection import connect as connect_to_scheduler
    except ModuleNotFoundError as error:
        if error.name != "springald_ballista":
            raise
        raise ClusterError(
            f"This Python has no cluster support, so {address!r} cannot be used: "
            "pip install springald-ballista. Leave out the address to run embedded, in "
            "this process"
        ) from None
    cluster: Cluster = connect_to_scheduler(host, port)
    return cluster


def placeholder(functions: Sequence[Udf]) -> ScalarUDF:
    """Return what stands for `functions`, which have one name, in plans of any cluster.

    Raises:
        UdfDefinitionError: A function cannot be pickled.
        ClusterError: The package `springald-ballista` is missing.
    """
    try:
        from springald_ballista.functions import placeholder_of
        from springald_ballista.native import load_native
    except ModuleNotFoundError as error:
        if error.name != "springald_ballista":
            raise
        raise ClusterError(
            f"This Python has no cluster support, which {functions[0].name}() needs as a "
            "name of several functions: pip install springald-ballista"
        ) from None
    made: ScalarUDF = placeholder_of(load_native(), functions)
    return made


def _host_and_port(address: object) -> tuple[str, int]:
    if not isinstance(address, str):
        raise ClusterError(
            f"An address is a string like 'df://localhost:50050', not {address!r}"
        )
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:  # the port is no number, or a bracket is missing
        host, port = None, None
    # What is left out, a user, a path or a query, would be ignored.
    is_complete = host and port and address.lower() == f"df://{parts.netloc}".lower()
    if not is_complete or "@" in address:
        raise ClusterError(
            f"The address of a cluster is malformed: {address!r}. It has the form "
            "'df://host:port', as in 'df://localhost:50050'"
        )
    assert host is not None
    assert port is not None
    return host, port
