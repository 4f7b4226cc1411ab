"""Says how to call a function in SQL, where the engine only says that a call is wrong."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from springald.scalar_udf import Udf
from springald.sidecar import Sidecar

__all__ = ["explaining_calls"]

# How the engine names the function of a call that it cannot plan.
_FUNCTION = re.compile(
    r"call to '([^']+)' function"
    r"|'([^']+)' does not support zero arguments"
    r"|Function '([^']+)' does not support named arguments"
)


def explaining_calls(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return `method` of a context, whose errors say how to call a function of ours."""

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            if self._cluster is None or isinstance(self._cluster, Sidecar):
                _explain(error, self._registered)
            raise

    return wrapper


def _explain(error: Exception, registered: Mapping[str, Udf]) -> None:
    found = _FUNCTION.search(str(error))
    function = registered.get(next(filter(None, found.groups()))) if found else None
    if function is None:
        return
    parameters = function.call_parameters()
    note = f"The function is {function.name}({', '.join(_written(function))})."
    if any(one.default is not one.empty for one in parameters):
        note += (
            " In this process SQL has to give it every argument, also those with a "
            f"default: write {function.name}"
            f"({', '.join(field.name for field in function._signature.arguments)}). In "
            "Python, and in SQL on a cluster, defaults can be left out."
        )
    elif "named arguments" in str(error):
        note += " In this process SQL gives arguments by their place, without names."
    error.add_note(note)


def _written(function: Udf) -> list[str]:
    """Return each argument as in ``factor: double = 2.0``."""
    parameters = function.call_parameters()
    written = []
    for index, field in enumerate(function._signature.arguments):
        text = f"{field.name}: {field.type}"
        default = (
            parameters[index].default
            if index < len(parameters)
            else inspect.Parameter.empty
        )
        if default is not inspect.Parameter.empty:
            text += f" = {default!r}"
        written.append(text)
    return written
