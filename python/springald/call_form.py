"""What the runtime calls for a user's function, where that is not the function itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from springald.async_rows import DEFAULT_MAX_CONCURRENCY, AsyncRows
from springald.callables import is_async
from springald.column_modes import COLUMN_MODES, ColumnForm, column_form
from springald.hints import ConvertedFunction, convert_function, converters_of
from springald.signature import Signature

__all__ = ["called_by", "completed", "direct", "executable"]


def executable(function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """Return what the runtime binds, and pickles, for `function`.

    The function itself, or a form of it that takes and returns what the runtime has where
    the function wants something else. A form can be pickled if its function can, and has
    the function as ``__wrapped__``.

    Raises:
        UdfDefinitionError: A package that the form needs is missing.
    """
    if signature.mode in COLUMN_MODES:
        return column_form(function, signature)
    converted = convert_function(function, signature.converters)
    if is_async(function):
        return AsyncRows(converted, signature.max_concurrency or DEFAULT_MAX_CONCURRENCY)
    return converted


def direct(callable_: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does the same as `callable_` and is called faster, or `callable_`.

    It is for this process: only what :func:`executable` returns is made for pickling.
    """
    return callable_.call if isinstance(callable_, ConvertedFunction) else callable_


def called_by(callable_: Callable[..., Any]) -> Callable[..., Any]:
    """Return the user's function that :func:`executable` made `callable_` of."""
    while (
        isinstance(callable_, AsyncRows | ColumnForm)
        or converters_of(callable_) is not None
    ):
        callable_ = callable_.__wrapped__  # type: ignore[attr-defined]
    return callable_


def completed(signature: Signature, callable_: Callable[..., Any]) -> Signature:
    """Return `signature`, read from a definition, with what only `callable_` knows."""
    if isinstance(callable_, ColumnForm):
        return dataclasses.replace(signature, columns=callable_.choices)
    if isinstance(callable_, AsyncRows):
        signature = dataclasses.replace(
            signature, max_concurrency=callable_.max_concurrency
        )
        callable_ = callable_.__wrapped__
    return dataclasses.replace(signature, converters=converters_of(callable_))
