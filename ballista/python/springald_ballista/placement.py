"""What runs where: each method of a DataFrame, and each kind of plan.

Nothing that computes rows of a query runs locally. What this table does not know, such as
a method of a later version of the engine, is refused.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datafusion import LogicalPlan

from springald.errors import ClusterError

__all__ = [
    "DATAFRAME_METHODS",
    "Place",
    "Placement",
    "is_analyze",
    "kind_of",
    "place_method",
    "place_plan",
]


class Place(enum.Enum):
    """Where a method or a plan runs."""

    #: In this process: it makes a plan, or describes one, and computes no rows.
    LOCAL = "local"
    #: As LOCAL, after functions in its arguments were replaced by placeholders.
    LOCAL_WITH_EXPRESSIONS = "local with expressions"
    #: On the executors, with the plan of the DataFrame.
    CLUSTER = "cluster"
    #: On the executors with ``analyze=True``, else in this process.
    EXPLAIN = "explain"
    #: The query on the executors; its rows are then put into the table by this process.
    INSERT = "insert"
    #: Nowhere in this version.
    REFUSED = "refused"


DATAFRAME_METHODS: Mapping[str, Place] = {
    # Give rows, or count them.
    "collect": Place.CLUSTER,
    "collect_partitioned": Place.CLUSTER,
    "collect_column": Place.CLUSTER,
    "count": Place.CLUSTER,
    "show": Place.CLUSTER,
    "to_arrow_table": Place.CLUSTER,
    "to_pandas": Place.CLUSTER,
    "to_polars": Place.CLUSTER,
    "to_pydict": Place.CLUSTER,
    "to_pylist": Place.CLUSTER,
    "execute_stream": Place.CLUSTER,
    "execute_stream_partitioned": Place.CLUSTER,
    "__arrow_c_stream__": Place.CLUSTER,
    "__repr__": Place.CLUSTER,
    "_repr_html_": Place.CLUSTER,
    # Run the query and give a DataFrame of its rows, which are then here in memory.
    "cache": Place.CLUSTER,
    "describe": Place.CLUSTER,
    # The plan that the cluster runs, for `ctx.execute`.
    "execution_plan": Place.CLUSTER,
    "explain": Place.EXPLAIN,
    # Call the methods above on the same DataFrame.
    "__iter__": Place.LOCAL,
    "__aiter__": Place.LOCAL,
    "tail": Place.LOCAL,
    # Make a plan of a plan.
    "__getitem__": Place.LOCAL,
    "alias": Place.LOCAL,
    "cast": Place.LOCAL,
    "distinct": Place.LOCAL,
    "drop": Place.LOCAL,
    "except_all": Place.LOCAL,
    "fill_nan": Place.LOCAL,
    "fill_null": Place.LOCAL,
    "head": Place.LOCAL,
    "intersect": Place.LOCAL,
    "into_view": Place.LOCAL,
    "join": Place.LOCAL,
    "limit": Place.LOCAL,
    "repartition": Place.LOCAL,
    "select_exprs": Place.LOCAL,
    "transform": Place.LOCAL,
    "union": Place.LOCAL,
    "union_by_name": Place.LOCAL,
    "union_distinct": Place.LOCAL,
    "unnest_columns": Place.LOCAL,
    "with_column_renamed": Place.LOCAL,
    "aggregate": Place.LOCAL_WITH_EXPRESSIONS,
    "distinct_on": Place.LOCAL_WITH_EXPRESSIONS,
    "filter": Place.LOCAL_WITH_EXPRESSIONS,
    "join_on": Place.LOCAL_WITH_EXPRESSIONS,
    "repartition_by_hash": Place.LOCAL_WITH_EXPRESSIONS,
    "select": Place.LOCAL_WITH_EXPRESSIONS,
    "sort": Place.LOCAL_WITH_EXPRESSIONS,
    "sort_by": Place.LOCAL_WITH_EXPRESSIONS,
    "window": Place.LOCAL_WITH_EXPRESSIONS,
    "with_column": Place.LOCAL_WITH_EXPRESSIONS,
    "with_columns": Place.LOCAL_WITH_EXPRESSIONS,
    # Describe the plan.
    "col": Place.LOCAL,
    "column": Place.LOCAL,
    "find_qualified_columns": Place.LOCAL,
    "logical_plan": Place.LOCAL,
    "optimized_logical_plan": Place.LOCAL,
    "parse_sql_expr": Place.LOCAL,
    "schema": Place.LOCAL,
    # Write where the executors are.
    "write_csv": Place.REFUSED,
    "write_json": Place.REFUSED,
    "write_parquet": Place.REFUSED,
    "write_parquet_with_options": Place.REFUSED,
    "write_table": Place.REFUSED,
}


@dataclass(frozen=True)
class Placement:
    """Where a plan runs, and for a refused one, why."""

    place: Place
    reason: str = ""


_WRITES = (
    "writes files, which a cluster cannot do in this version: collect the rows and write "
    "them here, for example with pyarrow.parquet.write_table(df.to_arrow_table(), path)"
)
# Plans by the kind of their topmost node; all others run on the cluster.
_PLANS: Mapping[str, Placement] = {
    # Describe a plan or a table.
    "Explain": Placement(Place.LOCAL),
    "DescribeTable": Placement(Place.LOCAL),
    # Change the session; the engine refuses those that are not to be run as a query.
    "CreateCatalog": Placement(Place.LOCAL),
    "CreateCatalogSchema": Placement(Place.LOCAL),
    "CreateExternalTable": Placement(Place.LOCAL),
    "CreateFunction": Placement(Place.LOCAL),
    "CreateIndex": Placement(Place.LOCAL),
    "CreateMemoryTable": Placement(Place.LOCAL),
    "CreateView": Placement(Place.LOCAL),
    "Deallocate": Placement(Place.LOCAL),
    "DropCatalogSchema": Placement(Place.LOCAL),
    "DropFunction": Placement(Place.LOCAL),
    "DropTable": Placement(Place.LOCAL),
    "DropView": Placement(Place.LOCAL),
    "Execute": Placement(Place.LOCAL),
    "Prepare": Placement(Place.LOCAL),
    "ResetVariable": Placement(Place.LOCAL),
    "SetVariable": Placement(Place.LOCAL),
    "TransactionEnd": Placement(Place.LOCAL),
    "TransactionStart": Placement(Place.LOCAL),
    # Change data.
    "CopyTo": Placement(Place.REFUSED, f"COPY {_WRITES}"),
}
# What INSERT is called in a plan; other statements of this kind are refused.
_INSERTS = ("Insert Into", "Insert Overwrite")

_SCAN = re.compile(r"^\s*TableScan: (\S+)", re.MULTILINE)
_RECURSION = re.compile(r"^\s*RecursiveQuery: ", re.MULTILINE)
_INFORMATION_SCHEMA = re.compile(r"^(?:[^.]+\.)?information_schema\.")


def place_method(name: str) -> Place:
    """Return where the method `name` of a DataFrame runs.

    Raises:
        ClusterError: Nowhere in this version.
    """
    place = DATAFRAME_METHODS.get(name, Place.REFUSED)
    if place is Place.REFUSED and name in DATAFRAME_METHODS:
        raise ClusterError(f"{name}() {_WRITES}")
    if place is Place.REFUSED:
        raise ClusterError(
            f"{name}() is not known to this version of Springald, which cannot say "
            "whether it runs a query: use one of its other methods on a cluster"
        )
    return place


def is_analyze(method: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> bool:
    """Return whether a call of ``DataFrame.explain`` runs the query."""
    bound = inspect.signature(method).bind(None, *args, **kwargs)
    return bool(bound.arguments.get("analyze", False))


def place_plan(plan: LogicalPlan) -> Placement:
    """Return where the rows of `plan` are computed."""
    kind = kind_of(plan)
    if kind in _PLANS:
        return _PLANS[kind]
    if kind == "EmptyRelation" and plan.display() == "EmptyRelation: rows=0":
        return Placement(Place.LOCAL)  # the result of a statement
    if kind == "DmlStatement":
        operation = plan.display().partition("op=[")[2].partition("]")[0]
        if operation in _INSERTS:
            return Placement(Place.INSERT)
        return Placement(
            Place.REFUSED,
            f"{operation.upper()} changes a table in place, which a cluster cannot do in "
            "this version: make a new table, CREATE TABLE ... AS SELECT ...",
        )
    text = plan.display_indent()
    if _RECURSION.search(text):
        return Placement(
            Place.REFUSED,
            "WITH RECURSIVE cannot run on a cluster in this version: use a context "
            "without an address for this query",
        )
    return _place_scans(set(_scans(text)))


def _place_scans(scans: set[bool]) -> Placement:
    if True not in scans:
        return Placement(Place.CLUSTER)
    if False not in scans:
        return Placement(Place.LOCAL)
    return Placement(
        Place.REFUSED,
        "The query reads both information_schema, which only this process knows, and "
        "tables, which only the cluster reads: query information_schema first, and "
        "register its rows with ctx.from_arrow(df.to_arrow_table(), name=...)",
    )


def _scans(text: str) -> Iterator[bool]:
    """Yield for each table that a plan reads whether it is one of information_schema.

    From the plan's text, because that shows the subqueries in expressions too.
    """
    for match in _SCAN.finditer(text):
        yield _INFORMATION_SCHEMA.match(match[1]) is not None


def kind_of(plan: LogicalPlan) -> str:
    """Return the kind of a plan's topmost node, as ``"Projection"``."""
    try:
        return type(plan.to_variant()).__name__
    except Exception:  # a kind without a class
        return plan.display().partition(":")[0].partition(" ")[0]
