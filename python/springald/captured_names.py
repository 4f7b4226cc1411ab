"""What a function's code reads from outside: globals, built-in names, closure cells.

The runtime remembers them as a list of tuples and asks before each batch whether all of
them still mean the same object: ``(container, key, object)``, where `container` is the
dictionary of a module or a closure's cell (its key is None), and ``(container, key)`` for
a name that must not be there, because a built-in one of that name is meant.
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable
from typing import Any

__all__ = ["CapturedNames", "is_observed"]


class CapturedNames:
    """The names that one function, or several, read from outside.

    Attributes:
        entries: What the runtime compares.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[Any, ...]] = []

    def find(self, function: Callable[..., Any], name: str) -> Any:
        """Return what `name` means in the code of `function`, and remember it.

        Raises:
            LookupError: It means nothing yet.
        """
        assert isinstance(function, types.FunctionType)
        free = function.__code__.co_freevars
        if name in free:
            cell = (function.__closure__ or ())[free.index(name)]
            try:
                value = cell.cell_contents
            except ValueError:
                raise LookupError(name) from None
            self.entries.append((cell, None, value))
            return value
        value = self._remember(function.__globals__, name)
        if name in function.__globals__:
            return value
        # A function's own built-in names may not be those of this interpreter.
        if getattr(function, "__builtins__", None) is not vars(builtins):
            raise LookupError(name)
        if name not in vars(builtins):
            raise LookupError(name)
        return self._remember(vars(builtins), name)

    def find_attribute(self, module: types.ModuleType, name: str) -> Any:
        """Return the attribute `name` of `module`, or None, and remember it."""
        return self._remember(vars(module), name)

    def _remember(self, scope: dict[str, Any], name: str) -> Any:
        if name not in scope:
            self.entries.append((scope, name))
            return None
        self.entries.append((scope, name, scope[name]))
        return scope[name]


def is_observed() -> bool:
    """Return whether a debugger, profiler or coverage tool counts the calls."""
    if sys.gettrace() is not None or sys.getprofile() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and any(map(monitoring.get_tool, range(6)))
