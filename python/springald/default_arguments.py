"""The signatures that a function has besides its own: parameters may have defaults."""

from __future__ import annotations

import dataclasses
import inspect

from springald.scalar_udf import Udf
from springald.signature import resolve_signature

__all__ = ["with_defaults"]

_POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def with_defaults(function: Udf) -> list[Udf]:
    """Return `function`, then the same with one argument less for each default.

    For ``def f(x: float, k: float = 2.0)`` these are ``f(x, k)`` and ``f(x)``, and where
    ``f(x)`` runs Python puts the default in. One without any argument is there in row
    mode only: no other mode could know how many rows to return.
    """
    alternatives = [function]
    fields = function._signature.arguments
    for count in range(len(fields) - 1, -1, -1):
        if not _has_default(function, count) or (count == 0 and function.mode != "row"):
            break
        options = dataclasses.replace(
            function._options,
            input_types=list(fields[:count]),
            name=function.name,
            mode=function.mode,
        )
        python_function = function._python_function()
        signature = resolve_signature(python_function, options)
        alternatives.append(Udf(python_function, signature, options))
    return alternatives


def _has_default(function: Udf, index: int) -> bool:
    if function._signature.parameters is None:
        return False
    parameters = list(function._signature.parameters.parameters.values())
    return (
        index < len(parameters)
        and parameters[index].kind in _POSITIONAL
        and parameters[index].default is not inspect.Parameter.empty
    )
