"""Calls functions of columns: in a query, or by their form alone."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from contexts import open_context
from datafusion import SessionConfig, col

from springald import Udf
from springald.call_form import executable
from springald.signature import Options, resolve_signature


def query(function: Udf, *columns: pa.Array) -> pa.ChunkedArray:
    """Return what a query gives for `function` of the columns, in one batch."""
    context = open_context(SessionConfig().with_target_partitions(1))
    names = [f"c{index}" for index in range(len(columns))]
    context.from_arrow(pa.table(dict(zip(names, columns, strict=True))), name="t")
    frame = context.table("t").select(function(*map(col, names)).alias("r"))
    return frame.to_arrow_table().column("r")


def form_of(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Return what the runtime calls for `function`: pyarrow arrays in and out.

    For types that functions take, and this engine does not.
    """
    return executable(function, resolve_signature(function, Options(**options)))
