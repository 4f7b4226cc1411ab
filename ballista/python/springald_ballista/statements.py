"""SQL statements and methods of a context whose queries must not run in this process.

The engine runs some statements at once, inside ``ctx.sql``. Those that hold a query,
``CREATE TABLE ... AS SELECT`` and ``SELECT ... INTO``, are run by the hidden session: it
computes the query on the cluster and puts the table into the catalog of the context.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import datafusion
import pyarrow as pa
from datafusion import DataFrameWriteOptions, InsertOp, LogicalPlan, SessionContext

from springald.engine_call import enter_engine
from springald.errors import ClusterError
from springald_ballista.failures import cluster_failures
from springald_ballista.placement import kind_of
from springald_ballista.service import SchedulerService
from springald_ballista.session import HiddenSession

__all__ = ["Statements"]

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
# What may stand before the first word of a statement.
_BEGIN = re.compile(r"(?:[\s(]+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_MAX_BEGIN = 4096
_WORD = re.compile(r"[A-Za-z_]+")
_SETTINGS = ("SetVariable", "ResetVariable")
_INSERT_OPERATIONS = {
    "Append": InsertOp.APPEND,
    "Overwrite": InsertOp.OVERWRITE,
    "Replace": InsertOp.REPLACE,
}


class Statements:
    """Runs the statements of a context, and of all handles on its session."""

    def __init__(
        self, service: SchedulerService, hidden: HiddenSession, failures: cluster_failures
    ) -> None:
        self._service = service
        self._hidden = hidden
        self._failures = failures

    def sql(
        self,
        method: Callable[..., Any],
        context: SessionContext,
        /,
        query: str,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Do what ``SessionContext.sql`` does, with the query of a statement remote."""
        words = _first_words(query)
        if _may_make_table(words, query):
            # EXPLAIN gives the plan of the statement and does not run it.
            explained = enter_engine(method, context, f"EXPLAIN {query}", *args, **kwargs)
            plan = datafusion.DataFrame.logical_plan(explained).inputs()[0]
            if _has_query(plan):
                return self._make_table(context, plan)
        result = enter_engine(method, context, query, *args, **kwargs)
        if words[:1] in (["SET"], ["RESET"]):
            self._hidden.settings_changed()
        return result

    def execute_logical_plan(
        self, method: Callable[..., Any], context: SessionContext, /, plan: LogicalPlan
    ) -> Any:
        """Do what the context's method does, with the query of a statement remote."""
        if _has_query(plan):
            return self._make_table(context, plan)
        result = enter_engine(method, context, plan)
        if kind_of(plan) in _SETTINGS:
            self._hidden.settings_changed()
        return result

    def insert(
        self, context: SessionContext, plan: LogicalPlan, query: datafusion.DataFrame
    ) -> datafusion.DataFrame:
        """Put the rows of `query`, a frame of the hidden session, into a table.

        Returns:
            A local frame with what the engine returns for an INSERT: one row, `count`.

        Raises:
            ClusterError: The table's name cannot be told from the plan.
        """
        statement = plan.to_variant()
        name = _quoted(statement.table_name())
        if not _exists(context, name):
            raise ClusterError(
                f"INSERT cannot find the table {statement.table_name()}: on a cluster a "
                "table's name must not hold a dot"
            )
        batches = datafusion.DataFrame.collect(query)
        schema = batches[0].schema if batches else datafusion.DataFrame.schema(query)
        rows = SessionContext.create_dataframe(context, [batches], schema=schema)
        operation = _INSERT_OPERATIONS[str(statement.op()).rpartition(".")[2]]
        rows.write_table(name, DataFrameWriteOptions(insert_operation=operation))
        count = pa.array([sum(batch.num_rows for batch in batches)], pa.uint64())
        return SessionContext.from_arrow(context, pa.table({"count": count}))

    def _make_table(self, context: SessionContext, plan: LogicalPlan) -> Any:
        self._service.require_executor()
        session = self._hidden.get(context)
        with self._failures:
            result = enter_engine(_execute_for, session, context, plan)
        return HiddenSession.rehome(result.logical_plan(), context)


def _execute_for(
    session: SessionContext, context: SessionContext, plan: LogicalPlan
) -> datafusion.DataFrame:
    """Execute `plan` by `session`, with the catalogs of `context`."""
    for name in SessionContext.catalog_names(context):
        session.register_catalog_provider(name, SessionContext.catalog(context, name))
    return session.execute_logical_plan(plan)


def _exists(context: SessionContext, name: str) -> bool:
    try:
        return SessionContext.table_exist(context, name)
    except Exception:  # its catalog or schema does not exist
        return False


def _first_words(query: str) -> list[str]:
    """Return the words that `query` begins with, in capitals: ``["CREATE", "TABLE"]``."""
    match = _BEGIN.match(query)
    begin = query[0 if match is None else match.end() :][:_MAX_BEGIN]
    words: list[str] = []
    for part in _COMMENT.sub(" ", begin).split():
        match = _WORD.match(part)
        if match is None:
            break
        words.append(match[0].upper())
    return words


def _may_make_table(words: list[str], query: str) -> bool:
    """Return False for all queries that are certainly no CREATE TABLE and SELECT INTO."""
    first = words[0] if words else ""
    if first == "CREATE":
        return "TABLE" in words
    return first in ("SELECT", "WITH", "FROM") and "INTO" in query.upper()


def _has_query(plan: LogicalPlan) -> bool:
    """Return whether `plan` makes a table of a query, rather than an empty one."""
    return kind_of(plan) == "CreateMemoryTable" and any(
        source.display() != "EmptyRelation: rows=0" for source in plan.inputs()
    )


def _quoted(name: str) -> str:
    return ".".join(f'"{part}"' for part in name.replace('"', '""').split("."))
