"""Evaluates the annotations of a function, which may be strings in whole or in part."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from typing import Any

from springald.hints.hint import Hint

__all__ = ["evaluate_annotation"]


def evaluate_annotation(annotation: Any, function: Any) -> Any:
    """Return `annotation`, evaluated where it is a string or has one inside.

    Strings come from ``from __future__ import annotations`` and quoted hints. Names are
    looked up among the globals and the closure variables of `function`. One that cannot
    be evaluated becomes a :class:`Hint` that says so.
    """
    if not isinstance(annotation, str) and typing.get_origin(annotation) is None:
        return annotation
    scope, names = _scope_of(function)
    evaluated: Any = annotation
    try:
        while isinstance(evaluated, str):  # a quoted hint may be quoted once more
            evaluated = eval(evaluated, scope, names)
        if typing.get_origin(evaluated) is not None:
            # Quoted names inside, as in list["Point"].
            holder: Any = types.SimpleNamespace(__annotations__={"it": evaluated})
            hints = typing.get_type_hints(holder, scope, names, include_extras=True)
            evaluated = hints["it"]
    except Exception as error:
        return Hint(
            "unknown",
            reason=f"the hint {annotation!r} cannot be evaluated "
            f"({type(error).__name__}: {error})",
        )
    return evaluated


def _scope_of(function: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    function = inspect.unwrap(function)
    names: dict[str, Any] = {}
    code = getattr(function, "__code__", None)
    closure = getattr(function, "__closure__", None) or ()
    for name, cell in zip(getattr(code, "co_freevars", ()), closure, strict=False):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    scope = getattr(function, "__globals__", None)
    if scope is None:
        module = sys.modules.get(getattr(function, "__module__", None) or "")
        scope = vars(module) if module is not None else {}
    return scope, names
