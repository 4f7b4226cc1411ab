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
from typing import Any

import pyarrow as pa
from datafusion.user_defined import ScalarUDF

__all__ = ["Recovered", "decorated_udf", "recover"]

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
    if parts is None:
        return None
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


def _captured_parts(ready: ScalarUDF) -> tuple[Any, ...] | None:
    import cloudpickle

    captured: list[tuple[Any, ...]] = []
    thread = threading.get_ident()
    with _lock:
        dumps = cloudpickle.dumps

        def capture(obj: Any, *args: Any, **kwargs: Any) -> bytes:
            if threading.get_ident() != thread:
                return bytes(dumps(obj, *args, **kwargs))
            if isinstance(obj, tuple) and len(obj) == 5 and callable(obj[1]):
                captured.append(obj)
                obj = None
            return bytes(dumps(obj, *args, **kwargs))

        cloudpickle.dumps = capture
        try:
            ScalarUDF.__call__(ready).to_bytes()
        except Exception:
            return None
        finally:
            cloudpickle.dumps = dumps
    return captured[0] if captured else None
