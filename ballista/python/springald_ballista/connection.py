"""A context's connection to its cluster: decides for each call where it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

import datafusion
from datafusion import SessionContext
from datafusion.user_defined import ScalarUDF

import springald
from springald.cluster import ClusterExecutor
from springald.engine_call import enter_engine
from springald.errors import ClusterError, UdfDefinitionError
from springald.runtime import UdfMetrics
from springald_ballista.arrival import ClusterExecutionPlan, arrived
from springald_ballista.expressions import ExpressionRewriter
from springald_ballista.failures import cluster_failures
from springald_ballista.functions import ClusterFunctions
from springald_ballista.native import Native, load_native
from springald_ballista.placement import Place, is_analyze, place_method, place_plan
from springald_ballista.service import SchedulerService
from springald_ballista.session import HiddenSession
from springald_ballista.statements import Statements

__all__ = ["Connection", "connect"]

P = ParamSpec("P")
R = TypeVar("R")

# Methods of a context that do more than to define something.
_SQL = "sql"
_EXECUTE_LOGICAL_PLAN = "execute_logical_plan"
_EXECUTE = "execute"
_OTHER_FUNCTIONS = {"register_udaf": "aggregate", "register_udwf": "window"}
_TAKES_EXPRESSIONS = ("read_parquet", "register_listing_table", "register_parquet")


def connect(host: str, port: int) -> Connection:
    """Return a connection to the scheduler at `host` and `port`, which has answered.

    Raises:
        ClusterError: Nobody answers, or no scheduler of this version of Springald.
    """
    service = SchedulerService(host, port)
    theirs, ours = service.state().springald, springald.__version__
    if theirs != ours:
        raise ClusterError(
            f"The scheduler at {service.address} is Springald {theirs}, and this process "
            f"has Springald {ours}: use the same version on both sides"
        )
    native = load_native()
    functions = ClusterFunctions(service, native)
    return Connection(
        service, native, functions, HiddenSession(native, service.authority)
    )


class Connection:
    """Implements `springald.cluster.Cluster`. Any thread may call."""

    def __init__(
        self,
        service: SchedulerService,
        native: Native,
        functions: ClusterFunctions,
        hidden: HiddenSession,
    ) -> None:
        """Use :func:`connect` instead."""
        self._service = service
        self._native = native
        self._functions = functions
        self._hidden = hidden
        self._failures = cluster_failures(service)
        self._rewriter = ExpressionRewriter(native, hidden, functions)
        self._statements = Statements(service, hidden, self._failures)

    def enter(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """See `springald.cluster.Cluster`."""
        owner, *rest = args
        if isinstance(owner, SessionContext):
            result = self._enter_context(method, owner, tuple(rest), dict(kwargs))
        else:
            result = self._enter_dataframe(method, owner, tuple(rest), dict(kwargs))
        return cast(R, result)

    def stand_in(self, function: ScalarUDF) -> ScalarUDF:
        """See `springald.cluster.Cluster`."""
        return self._functions.placeholder(function)

    def metrics(self, functions: Mapping[str, ScalarUDF]) -> dict[str, UdfMetrics]:
        """See `springald.cluster.Cluster`."""
        return self._functions.metrics(functions)

    def output(self, functions: Mapping[str, ScalarUDF]) -> dict[str, str]:
        """See `springald.cluster.Cluster`."""
        return self._functions.output(functions)

    def executors(self) -> list[ClusterExecutor]:
        """See `springald.cluster.Cluster`."""
        return list(self._service.state().executors)

    def sibling(self) -> Connection:
        """See `springald.cluster.Cluster`."""
        return Connection(
            self._service, self._native, self._functions, self._hidden.sibling()
        )

    def _enter_context(
        self,
        method: Callable[..., Any],
        context: SessionContext,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        name = method.__name__
        if name == _SQL:
            return self._statements.sql(method, context, *args, **kwargs)
        if name == _EXECUTE_LOGICAL_PLAN:
            return self._statements.execute_logical_plan(method, context, *args, **kwargs)
        if name == _EXECUTE:
            return self._execute(*args, **kwargs)
        if name in _OTHER_FUNCTIONS:
            function = next(iter((*args, *kwargs.values())), None)
            raise UdfDefinitionError(
                f"A Python {_OTHER_FUNCTIONS[name]} function cannot run on a cluster in "
                "this version: use a context without an address for it",
                udf_name=str(getattr(function, "name", "")),
            )
        if name in _TAKES_EXPRESSIONS:
            args, kwargs = self._rewriter.arguments(args, kwargs)
        return enter_engine(method, context, *args, **kwargs)

    def _execute(self, plan: Any, partition: int) -> Any:
        if not isinstance(plan, ClusterExecutionPlan):
            raise ClusterError(
                "This physical plan was not made by a DataFrame of a cluster's context, "
                "and executing it would run it in this process: use df.execution_plan()"
            )
        self._service.require_executor()
        with self._failures:
            stream = enter_engine(SessionContext.execute, plan.session, plan, partition)
        return arrived(stream, plan.session, plan.session, self._failures)

    def _enter_dataframe(
        self,
        method: Callable[..., Any],
        frame: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        place = place_method(method.__name__)
        if place is Place.EXPLAIN:
            analyze = is_analyze(method, args, kwargs)
            place = Place.CLUSTER if analyze else Place.LOCAL
        if place is Place.CLUSTER:
            return self._run(method, frame, args, kwargs)
        if place is Place.LOCAL_WITH_EXPRESSIONS:
            args, kwargs = self._rewriter.arguments(args, kwargs)
        return enter_engine(method, frame, *args, **kwargs)

    def _run(
        self,
        method: Callable[..., Any],
        frame: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call `method`, which needs the rows of `frame`, where these are computed."""
        context: SessionContext = frame._context
        plan = datafusion.DataFrame.logical_plan(frame)
        placement = place_plan(plan)
        if placement.place is Place.REFUSED:
            raise ClusterError(placement.reason)
        if placement.place is Place.LOCAL:
            return enter_engine(method, frame, *args, **kwargs)
        if placement.place is Place.INSERT and method.__name__ == "execution_plan":
            raise ClusterError("INSERT has no plan of its own on a cluster: collect() it")
        self._service.require_executor()
        session = self._hidden.get(context)

        def run() -> Any:
            if placement.place is Place.INSERT:
                query = HiddenSession.rehome(plan.inputs()[0], session)
                count = self._statements.insert(context, plan, query)
                return method(count, *args, **kwargs)
            result = method(HiddenSession.rehome(plan, session), *args, **kwargs)
            return arrived(result, session, context, self._failures)

        with self._failures:
            return enter_engine(run)
