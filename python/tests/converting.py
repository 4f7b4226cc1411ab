"""Runs a row function over arrays in Python, as the specification of row mode says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from springald.call_form import direct, executable
from springald.signature import Options, Signature, resolve_signature


def signature_of(function: Callable[..., Any], **options: Any) -> Signature:
    """Return the signature of `function` as a UDF; `options` are those of `udf`."""
    return resolve_signature(function, Options(**options))


def call_rows(
    function: Callable[..., Any], *columns: list[Any], **options: Any
) -> list[Any]:
    """Return the results of `function` for rows of Arrow's Python values.

    The columns and the results go through arrays of the function's types.
    """
    signature = signature_of(function, **options)
    call = direct(executable(function, signature))
    fields = zip(columns, signature.arguments, strict=True)
    arrays = [pa.array(column, field.type).to_pylist() for column, field in fields]
    results = [call(*row) for row in zip(*arrays, strict=True)]
    return pa.array(results, signature.result.type).to_pylist()
