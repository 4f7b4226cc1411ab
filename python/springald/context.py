"""`BallistaSessionContext`: a `datafusion.SessionContext` for Python UDFs."""

from __future__ import annotations

import types
from typing import Any, ClassVar

import datafusion
from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext
from datafusion.user_defined import ScalarUDF

from springald.cluster import Cluster, ClusterExecutor, connect
from springald.dataframe import adopt_result
from springald.define import as_udf
from springald.engine_call import enter_engine, wrap_method
from springald.errors import ClusterError
from springald.overloads import Overloads
from springald.runtime import UdfMetrics
from springald.scalar_udf import Udf
from springald.signature import Options
from springald.sql_calls import explaining_calls

__all__ = ["BallistaSessionContext"]

_BACKENDS = ("embedded",)
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

    Example::

        ctx = BallistaSessionContext()
        ctx.register_udf(domain)
        ctx.register_csv("users", "users.csv")
        ctx.sql("SELECT domain(email), count(*) FROM users GROUP BY 1").show()
    """

    # None where queries run in this process.
    _cluster: Cluster | None = None
    _of_global_session: ClassVar[dict[str, Udf | Overloads]] = {}

    def __init__(
        self,
        address: str | SessionConfig | None = None,
        runtime: RuntimeEnvBuilder | None = None,
        *,
        config: SessionConfig | None = None,
        udf_backend: str = "embedded",
    ) -> None:
        """Open a session.

        Args:
            address: ``"df://host:port"`` of a cluster's scheduler; None, the default,
                runs embedded, in this process. A ``SessionConfig`` in this place is taken
                as `config`, as ``datafusion.SessionContext`` takes it.
            runtime: Memory and disk of the engine.
            config: Settings of the session.
            udf_backend: Where UDFs run: ``"embedded"``, in this interpreter.

        Raises:
            ClusterError: The address is malformed, the package ``springald-ballista`` is
                missing, or no scheduler of this version answers there (within 10 s). A
                cluster that has no executors yet is fine.
            TypeError: An argument is of the wrong kind.
            ValueError: There is no such backend.
        """
        if isinstance(address, SessionConfig):
            if config is not None:
                raise TypeError(
                    "config was given twice: as first argument and as config="
                )
            address, config = None, address
        if udf_backend not in _BACKENDS:
            raise ValueError(
                f"There is no udf_backend {udf_backend!r} in this version: use 'embedded'"
            )
        if address is not None:
            self._cluster = connect(address)
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
