"""Makes functions of source text.

What is called for each row is written out for its fields and arguments, because a loop
over them would take several times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["compile_function"]

_FILE_NAME = "<springald hints>"


def compile_function(
    lines: list[str], names: dict[str, Any], name: str
) -> Callable[..., Any]:
    """Return the function `name` that `lines` define, in which `names` mean something."""
    # By its module a frame is known for one of ours, and left out of tracebacks.
    scope = {"__name__": __name__, **names}
    exec(compile("\n".join(lines), _FILE_NAME, "exec"), scope)
    function: Callable[..., Any] = scope[name]
    return function
