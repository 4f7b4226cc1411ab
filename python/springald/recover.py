"""Gets the live Python function back out of a ready `datafusion` UDF.

The wheel keeps the function where Python cannot reach it, and hands it out in one place:
when it writes an expression to bytes it calls ``cloudpickle.dumps`` on a tuple that holds
the function itself. Standing in for ``cloudpickle.dumps`` during that one call gives us
the object (not a copy, which would have lost its closure's state).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
from datafusion.user_defined import ScalarUDF

__all__ = [
    "Parts",
    "Recovered",
    "decorated_udf",
    "pickled_with",
    "recover",
    "recovered_from",
]

Parts: TypeAlias = tuple[Any, ...]
_lock = threading.Lock()


@dataclass(frozen=True)
class Recovered:
    """What a ready `datafusion` UDF is made of."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[pa.Field, ...]
    result: pa.Field
    volatility: str


def recover(ready: ScalarUDF) -> Recovered | None:
    """Return what `ready` is made of, or None where it is not a Python function."""
    parts = _captured_parts(ready)
    return None if parts is None else recovered_from(parts)


def recovered_from(parts: Parts) -> Recovered:
    """Return `parts`, which :func:`pickled_with` found, in a readable form."""
    name, function, arguments, result, volatility = parts
    return Recovered(
        name=str(name),
        function=function,
        arguments=tuple(pa.ipc.read_schema(pa.py_buffer(arguments))),
        result=pa.ipc.read_schema(pa.py_buffer(result)).field(0),
        volatility=str(volatility).lower(),
    )


def decorated_udf(function: Any) -> ScalarUDF | None:
    """Return the UDF behind a function decorated with ``datafusion.udf``, or None.

    That decorator returns a plain function, whose closure holds the UDF as `udf_caller`.
    """
    code = getattr(function, "__code__", None)
    closure = getattr(function, "__closure__", None) or ()
    for name, cell in zip(getattr(code, "co_freevars", ()), closure, strict=False):
        if name == "udf_caller" and isinstance(cell.cell_contents, ScalarUDF):
            return cell.cell_contents
    return None


def pickled_with(write: Callable[[], bytes], stand_in: Callable[[Parts], Any]) -> bytes:
    """Return what `write()`, a call that writes an expression to bytes, returns.

    In place of each Python function in it, ``stand_in(parts)`` is pickled, in the order
    of the expression; `parts` are (name, function, argument types, result type,
    volatility) as the wheel writes them. Nothing of the function itself is pickled.
    `stand_in` must not write expressions itself.
    """
    import cloudpickle

    thread = threading.get_ident()
    with _lock:
        dumps = cloudpickle.dumps

        def dump(obj: Any, *args: Any, **kwargs: Any) -> bytes:
            is_ours = threading.get_ident() == thread
            if is_ours and isinstance(obj, tuple) and len(obj) == 5 and callable(obj[1]):
                obj = stand_in(obj)
            return bytes(dumps(obj, *args, **kwargs))

        cloudpickle.dumps = dump
        try:
            return bytes(write())
        finally:
            cloudpickle.dumps = dumps


def _captured_parts(ready: ScalarUDF) -> Parts | None:
    captured: list[Parts] = []
    try:
        pickled_with(lambda: ScalarUDF.__call__(ready).to_bytes(), captured.append)
    except Exception:
        return None
    return captured[0] if captured else None
