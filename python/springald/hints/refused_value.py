"""The error for a result that is not what the function's hint says."""

from __future__ import annotations

from typing import Any

from springald.hints.shape import Where

__all__ = ["RefusedValue", "class_name", "refuse_argument", "refuse_result", "shown"]

_MAX_SHOWN = 200


class RefusedValue(TypeError):
    """A value is not what the hint says.

    Raised by a converter of results only; `errors.make_error` knows this class by its
    name, also from another process, and makes a ``UdfResultError`` of it.
    """


def shown(value: Any) -> str:
    """Return the `repr` of `value`, cut to a bound."""
    try:
        text = repr(value)
    except Exception:
        return f"an object of {type(value).__qualname__} whose repr raised"
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def class_name(kind: type) -> str:
    """Return how messages call a class: with its module, where that tells something."""
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def refuse_result(where: Where, value: Any, problem: str) -> RefusedValue:
    """Return the error for `value`, which the function returned; `problem` says why."""
    kind = class_name(type(value))
    return RefusedValue(f"{where} is {shown(value)} ({kind}), {problem}")


def refuse_argument(where: Where, value: Any, problem: str) -> ValueError:
    """Return the error for `value`, which a column held; `problem` says why."""
    return ValueError(f"{where} is {shown(value)}, {problem}")
