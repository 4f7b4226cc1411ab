"""`BallistaSessionContext`: a `datafusion.SessionContext` for Python UDFs."""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence
from typing import Any, ClassVar

import datafusion
from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext
from datafusion.user_defined import ScalarUDF

from springald.cluster import Cluster, ClusterExecutor, connect
from springald.dataframe import adopt_result
from springald.define import as_udf
from springald.engine_call import enter_engine, wrap_method
from springald.errors import ClusterError, UdfError
from springald.overloads import Overloads
from springald.runtime import UdfMetrics
from springald.scalar_udf import Udf
from springald.sidecar import Sidecar, WorkerOptions
from springald.signature import Options
from springald.sql_calls import explaining_calls
from springald.worker_figures import UdfWorkers

__all__ = ["BallistaSessionContext"]

_BACKENDS = ("embedded", "sidecar")
# Strings are not read as `string_view`: a sorted batch of views shares the buffers of the
# whole input, and an exchange between executors sends all of them with every batch, which
# makes time and memory grow with the square of the rows.
_CLUSTER_SETTINGS = (
    "datafusion.execution.parquet.schema_force_view_types = false",
    "datafusion.sql_parser.map_string_types_to_utf8view = false",
)


class BallistaSessionContext(SessionContext):
    """A session: tables, functions and queries, in this process or on a cluster.

    A ``datafusion.SessionContext`` in every respect, whose :meth:`register_udf` takes
    Python functions in all their forms and whose methods raise
    :class:`springald.UdfError` and its subclasses for failures of UDFs. Its DataFrames do
    the same.

    Any thread may call it. A UDF may itself query a context (not a plain ``datafusion``
    session, whose engine panics there). Ctrl-C ends a query and,
    unless another thread is waiting for a query of its own, its calls of UDFs too;
    otherwise those end with their batch.

    With an address, queries run on the executors of a Ballista cluster, and functions are
    sent there. The session itself stays here: tables, SQL that defines them, settings,
    ``information_schema`` and EXPLAIN. Files are read by the executors, so their paths
    must mean the same there; tables in memory travel with each query, up to 8 MiB.

    With ``udf_backend="sidecar"`` queries run here, and functions in worker processes:
    several at one time, and without harm to this process if they crash, hang or need too
    much memory. They end with the context, or with :meth:`close`.

    Example::

        ctx = BallistaSessionContext()
        ctx.register_udf(domain)
        ctx.register_csv("users", "users.csv")
        ctx.sql("SELECT domain(email), count(*) FROM users GROUP BY 1").show()
    """

    # None where all is done in this process.
    _cluster: Cluster | None = None
    _of_global_session: ClassVar[dict[str, Udf | Overloads]] = {}

    def __init__(
        self,
        address: str | SessionConfig | None = None,
        runtime: RuntimeEnvBuilder | None = None,
        *,
        config: SessionConfig | None = None,
        udf_backend: str = "embedded",
        udf_workers: int | None = None,
        udf_timeout: float | str | None = None,
        udf_memory_limit: int | str | None = None,
        udf_cpu_limit: float | str | None = None,
        udf_max_open_files: int | str | None = None,
        udf_max_result_size: int | str | None = None,
        udf_preload: Sequence[str] | None = None,
    ) -> None:
        """Open a session.

        Args:
            address: ``"df://host:port"`` of a cluster's scheduler; None, the default,
                runs embedded, in this process. A ``SessionConfig`` in this place is taken
                as `config`, as ``datafusion.SessionContext`` takes it.
            runtime: Memory and disk of the engine.
            config: Settings of the session.
            udf_backend: Where UDFs run: ``"embedded"``, in this interpreter, or
                ``"sidecar"``, in worker processes (Linux). The executors of a cluster
                decide for themselves, by their flag ``--udf-backend``.
            udf_workers: How many worker processes there may be; default: one for each
                processor. This and the following are for ``"sidecar"`` only.
            udf_timeout: Seconds that one batch may take, 300 by default; the worker is
                killed then (``UdfTimeoutError``). ``"none"``: no limit, as for the next.
            udf_memory_limit: Memory that a worker may have while it runs a batch, above
                what it had when it started: ``"2GiB"`` by default (``UdfMemoryError``).
            udf_cpu_limit: Seconds of processor time for one batch, of all its threads,
                600 by default (``UdfCpuTimeError``).
            udf_max_open_files: How many files a worker may have open, 1,024 by default
                (``UdfOpenFilesError``).
            udf_max_result_size: How large the result of one batch may be, ``"1GiB"`` by
                default (``UdfResultSizeError``).
            udf_preload: Modules that are imported once, before workers are forked, so
                that they start faster and share memory; default: NumPy and pandas, if
                this process has imported them. One that starts threads when it is
                imported, as polars does, cannot be shared.

        Raises:
            ClusterError: The address is malformed, the package ``springald-ballista`` is
                missing, or no scheduler of this version answers there (within 10 s). A
                cluster that has no executors yet is fine.
            TypeError: An argument is of the wrong kind.
            ValueError: There is no such backend, or a limit is not one, or is given
                without ``udf_backend="sidecar"``.
        """
        if isinstance(address, SessionConfig):
            if config is not None:
                raise TypeError(
                    "config was given twice: as first argument and as config="
                )
            address, config = None, address
        if udf_backend not in _BACKENDS:
            raise ValueError(
                f"There is no udf_backend {udf_backend!r} in this version: use "
                "'embedded' or 'sidecar'"
            )
        options = WorkerOptions(
            workers=udf_workers,
            timeout=udf_timeout,
            memory_limit=udf_memory_limit,
            cpu_limit=udf_cpu_limit,
            max_open_files=udf_max_open_files,
            max_result_size=udf_max_result_size,
            preload=udf_preload,
        )
        _check_place(address, udf_backend, options)
        if address is not None:
            self._cluster = connect(address)
        elif udf_backend == "sidecar":
            self._cluster = Sidecar(options)
        super().__init__(config, runtime)
        self._registered: dict[str, Udf | Overloads] = {}
        if address is not None:
            for setting in _CLUSTER_SETTINGS:
                SessionContext.sql(self, f"SET {setting}")

    @classmethod
    def global_ctx(cls) -> BallistaSessionContext:
        """Return a context on the process's global session."""
        context = cls()
        context.ctx = super().global_ctx().ctx
        context._registered = cls._of_global_session
        return context

    def register_udf(
        self,
        udf: Any,
        *,
        return_type: Any = None,
        input_types: Any = None,
        name: str | None = None,
        mode: str | None = None,
        volatility: Any = None,
        null_handling: str | None = None,
        max_concurrency: int | None = None,
        dtype_backend: str | None = None,
        timeout: float | None = None,
        memory_limit: int | str | None = None,
        cpu_limit: float | None = None,
        max_open_files: int | None = None,
        max_result_size: int | str | None = None,
    ) -> None:
        """Make a Python function known to SQL. A name that is taken is taken over.

        Args:
            udf: A :class:`springald.Udf`; a plain function, with hints or with the types
                below; what :func:`springald.overloads` gives, on a cluster; a ready
                ``datafusion.udf`` object; a function decorated with
                ``datafusion.udf``; an object with ``__datafusion_scalar_udf__``.
            name: The name in SQL, where it is not to be the function's own.
            return_type, input_types, mode, volatility, null_handling, max_concurrency,
                dtype_backend, timeout, memory_limit, cpu_limit, max_open_files,
                max_result_size: As in :func:`springald.udf`.

        Raises:
            UdfDefinitionError: The function cannot be a UDF; see :func:`springald.udf`.
                On a cluster also: it cannot be pickled, or is no Python function. Without
                a cluster also: it has no arguments, or is several functions.
            UdfVersionMismatchError: An executor of the cluster runs another Python.
            ClusterError: The cluster's scheduler does not answer.
        """
        options = Options(
            return_type=return_type,
            input_types=input_types,
            name=name,
            mode=mode,
            volatility=volatility,
            null_handling=null_handling,
            max_concurrency=max_concurrency,
            dtype_backend=dtype_backend,
            timeout=timeout,
            memory_limit=memory_limit,
            cpu_limit=cpu_limit,
            max_open_files=max_open_files,
            max_result_size=max_result_size,
        )
        function = as_udf(udf, options)
        known = function if self._cluster is None else self._cluster.stand_in(function)
        enter_engine(super().register_udf, known)
        if isinstance(function, Udf | Overloads):
            self._registered[function.name] = function
        else:
            self._registered.pop(function.name, None)

    def deregister_udf(self, name: str) -> None:
        """Make SQL forget the function `name`."""
        enter_engine(super().deregister_udf, name)
        self._registered.pop(name, None)

    def udf(self, name: str) -> ScalarUDF:
        """Return the function `name`; as the :class:`springald.Udf` where it is one.

        Raises:
            KeyError: There is no function of this name.
        """
        found = enter_engine(super().udf, name)
        return self._registered.get(name, found)

    def udf_metrics(self) -> dict[str, UdfMetrics]:
        """Return the counters of the functions that were registered here, by name.

        The counters belong to the function and count every use in this process, whichever
        context it came from; on a cluster, every use on its live executors, whichever
        client it came from.

        Raises:
            ClusterError: The cluster's scheduler does not answer.
        """
        if self._cluster is not None:
            return self._cluster.metrics(dict(self._registered))
        return {name: function.metrics() for name, function in self._registered.items()}

    def udf_output(self) -> dict[str, str]:
        """Return the last lines that the functions registered here have printed, by name.

        Of functions in worker processes, here or on the executors of a cluster, where
        each line begins with the executor's address; at most 16 KiB of each. Functions of
        this interpreter print to its own streams, so there is nothing to tell of them.

        Raises:
            ClusterError: The cluster's scheduler does not answer.
        """
        if self._cluster is None:
            return dict.fromkeys(self._registered, "")
        return self._cluster.output(dict(self._registered))

    def udf_workers(self) -> UdfWorkers:
        """Return the figures of the worker processes of ``udf_backend="sidecar"``.

        Raises:
            UdfError: The context has none. Those of a cluster's executors are in
                :meth:`cluster_executors`.
        """
        if not isinstance(self._cluster, Sidecar):
            raise UdfError(
                "This context has no worker processes: its functions run "
                + (
                    "in this process. Make it with udf_backend='sidecar'"
                    if self._cluster is None
                    else "on executors, whose workers cluster_executors() shows"
                )
            )
        return self._cluster.workers()

    def close(self) -> None:
        """End the worker processes of the context, if it has any, and wait for that.

        Calls in progress end with UdfCancelledError, and so do later ones.
        """
        if isinstance(self._cluster, Sidecar):
            self._cluster.close()

    def cluster_executors(self) -> list[ClusterExecutor]:
        """Return the cluster's live executors, each with the functions that it has run.

        Raises:
            ClusterError: The context runs embedded, or the scheduler does not answer.
        """
        if self._cluster is None:
            raise ClusterError(
                "This context runs in this process and has no executors: give it the "
                "address of a cluster, BallistaSessionContext('df://host:port')"
            )
        return self._cluster.executors()

    def enable_url_table(self) -> SessionContext:
        """Return a context that reads ``SELECT * FROM 'a.csv'``; see ``datafusion``."""
        context: BallistaSessionContext = _adopt(
            self, enter_engine(super().enable_url_table)
        )
        # It shares the tables, and has its own functions and settings from now on.
        context._registered = dict(self._registered)
        if self._cluster is not None:
            context._cluster = self._cluster.sibling()
        return context


def _check_place(address: object, udf_backend: str, options: WorkerOptions) -> None:
    """Refuse what would be ignored. Raises ValueError."""
    if address is not None and udf_backend != "embedded":
        raise ValueError(
            f"udf_backend={udf_backend!r} is for queries of this process; the executors "
            "of a cluster are started with `springald executor --udf-backend "
            f"{udf_backend}`"
        )
    if udf_backend == "sidecar" and sys.platform != "linux":
        raise ValueError(
            f"udf_backend='sidecar' needs Linux, and this is {sys.platform!r}: use "
            "'embedded'"
        )
    given = [f"udf_{k}" for k, v in vars(options).items() if v is not None]
    if given and (address is not None or udf_backend != "sidecar"):
        raise ValueError(
            f"{', '.join(given)}: only worker processes can be limited; "
            + (
                "use udf_backend='sidecar'"
                if address is None
                else "give limits to `springald executor`, whose flags have these names"
            )
        )


def _adopt(self: BallistaSessionContext, result: Any) -> Any:
    """Return a result as a class of ours; handles of one session share its functions."""
    if isinstance(result, BallistaSessionContext):
        return _same_session(self, result)
    if type(result) is SessionContext:
        context = BallistaSessionContext.__new__(type(self))
        context.ctx = result.ctx
        return _same_session(self, context)
    return adopt_result(self, result)


def _same_session(
    context: BallistaSessionContext, handle: BallistaSessionContext
) -> BallistaSessionContext:
    handle._registered = context._registered
    handle._cluster = context._cluster
    return handle


for _name, _method in vars(datafusion.SessionContext).items():
    if (
        isinstance(_method, types.FunctionType)
        and _name not in vars(BallistaSessionContext)
        and _name != "__init__"
    ):
        if _name in ("sql", "sql_with_options"):
            _method = explaining_calls(_method)
        setattr(BallistaSessionContext, _name, wrap_method(_method, _adopt))
