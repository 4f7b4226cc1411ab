"""The kinds of callables that Python has, and which of them can be a UDF."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

from springald.class_function import ClassFunction, is_class
from springald.errors import UdfDefinitionError

__all__ = [
    "as_function",
    "class_name",
    "default_name",
    "is_async",
    "refuse_unsuitable",
    "underlying_function",
]


def as_function(function: Any) -> Any:
    """Return `function`, or what calls an instance of it where it is a class.

    Raises:
        UdfDefinitionError: It is a class that cannot be built or called.
    """
    return ClassFunction(function) if is_class(function) else function


def underlying_function(function: Any) -> Any:
    """Return the Python function inside partials, methods, callable objects and classes.

    Of a class it is the function that its instances are called by.
    """
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif isinstance(function, types.FunctionType | types.BuiltinFunctionType):
            return function
        elif isinstance(function, staticmethod | classmethod):
            function = function.__func__
        elif isinstance(function, type):
            call = inspect.getattr_static(function, "__call__", None)
            if isinstance(call, types.WrapperDescriptorType) or call is None:
                return function
            function = call
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


def refuse_unsuitable(function: Any, *, may_yield: bool = False) -> None:
    """Raise UdfDefinitionError, with the reason, for what cannot be a UDF.

    Args:
        function: Whatever the user gave.
        may_yield: Whether it may be a generator function, as in mode iterator.
    """
    if not callable(function):
        raise UdfDefinitionError(
            f"A UDF needs a function, and this is not callable: {function!r}"
        )
    inner = underlying_function(function)
    is_async_generator = inspect.isasyncgenfunction(inner)
    is_generator = inspect.isgeneratorfunction(inner)
    if is_async_generator or (is_generator and not may_yield):
        raise UdfDefinitionError(
            f"{'An async' if is_async_generator else 'A'} generator function cannot be a "
            "UDF, because a call of it returns a generator and no value: use `return` "
            "where it has `yield`; or, where it loops over batches, pass "
            "mode='iterator'"
        )


def is_async(function: Any) -> bool:
    """Return whether a call of `function` gives a coroutine, which is to be awaited."""
    return inspect.iscoroutinefunction(underlying_function(function))


def class_name(function: Any) -> str:
    """Return the name of the class of `function`, an object that can be called."""
    kind = function.class_ if isinstance(function, ClassFunction) else type(function)
    return str(kind.__name__)
