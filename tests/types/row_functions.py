"""Runs row functions: straight in the runtime, or in queries of any context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from contexts import open_context
from specification import specified

from springald import BallistaSessionContext, Udf, udf


def row_function(
    function: Callable[..., Any],
    argument: pa.DataType,
    result: pa.DataType,
    **options: Any,
) -> Udf:
    """Return `function` as a UDF of one argument that is called for each row.

    Its name in SQL is ``f``.
    """
    options = {"null_handling": "call", "name": "f"} | options
    return udf(
        function, input_types=[argument], return_type=result, mode="row", **options
    )


def run(function: Udf, array: pa.Array) -> pa.Array:
    """Return what the runtime makes of a column: the call that an engine does."""
    result: pa.Array = function._native(array)
    return result


def run_query(function: Udf, chunks: list[pa.Array]) -> pa.Array:
    """Return what a query makes of a column of a table, in the order of its rows.

    Raises:
        UdfError: The function or its types are refused, or it fails.
    """
    return query(open_context(), function, chunks)


def query(
    context: BallistaSessionContext, function: Udf, chunks: list[pa.Array]
) -> pa.Array:
    """Return the same in `context`, which must have no table ``t``."""
    context.register_udf(function)
    column = pa.chunked_array(chunks, function.input_types[0])
    ends = []
    first = 0
    for chunk in chunks:
        ends.append(pa.array(range(first, first + len(chunk)), pa.int64()))
        first += len(chunk)
    rows = pa.chunked_array(ends, pa.int64())
    context.from_arrow(pa.table({"i": rows, "c": column}), name="t")
    try:
        table = context.sql("SELECT i, f(c) AS r FROM t").to_arrow_table()
    finally:
        context.deregister_table("t")
    return in_order(table, function.return_type)


def in_order(table: pa.Table, type_: pa.DataType) -> pa.Array:
    """Return the column `r` of a result, sorted by `i`, in one array of type `type_`.

    An extension type may arrive as its storage: plans of a cluster keep no more of it.
    """
    order = sorted(range(table.num_rows), key=table.column("i").to_pylist().__getitem__)
    chunks = table.column("r").chunks
    if order == list(range(table.num_rows)):
        found = pa.concat_arrays(chunks) if chunks else specified([], type_)
    else:
        rows = [chunk.slice(i, 1) for chunk in chunks for i in range(len(chunk))]
        found = pa.concat_arrays([rows[i] for i in order])
    if isinstance(type_, pa.BaseExtensionType) and found.type == type_.storage_type:
        return pa.ExtensionArray.from_storage(type_, found)
    return found
