"""The kinds of callables that Python has, and which of them can be a UDF."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

from springald.errors import UdfDefinitionError

__all__ = ["default_name", "refuse_unsuitable", "underlying_function"]


def underlying_function(function: Any) -> Any:
    """Return the Python function inside partials, methods and callable objects."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif isinstance(function, types.FunctionType | types.BuiltinFunctionType):
            return function
        elif callable(getattr(function, "__wrapped__", None)):  # functools.lru_cache
            function = function.__wrapped__
        elif callable(function) and isinstance(
            type(function).__call__, types.FunctionType
        ):
            return type(function).__call__
        else:
            return function


def default_name(function: Any) -> str:
    """Return the name of a UDF that was given none: its function's, in lower case.

    Lower case, because SQL folds names that are not quoted to lower case.
    """
    if isinstance(function, functools.partial):
        return default_name(function.func)
    name = getattr(function, "__name__", None)
    return str(name if name is not None else type(function).__name__).lower()


def refuse_unsuitable(function: Any) -> None:
    """Raise UdfDefinitionError, with the reason, for what cannot be a UDF."""
    if not callable(function):
        raise UdfDefinitionError(
            f"A UDF needs a function, and this is not callable: {function!r}"
        )
    if inspect.isclass(function):
        raise UdfDefinitionError(
            f"Classes are not in this version: {function.__qualname__}. Pass an instance "
            "that has __call__"
        )
    inner = underlying_function(function)
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        raise UdfDefinitionError(
            "A generator function cannot be a UDF, because a call of it returns a "
            "generator and no value: use `return` where it has `yield`"
        )
    if inspect.iscoroutinefunction(inner):
        raise UdfDefinitionError(
            "Async functions are not in this version: use a plain `def`"
        )
