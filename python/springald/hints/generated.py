"""Makes functions of source text, and leaves frames of ours out of tracebacks.

What is called for each row is written out for its fields and arguments, because a loop
over them would take several times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["compile_function", "leave_out_own_frames"]

_FILE_NAME = "<springald hints>"
_FOLDER = str(Path(__file__).parent)


def compile_function(
    lines: list[str], names: dict[str, Any], name: str
) -> Callable[..., Any]:
    """Return the function `name` that `lines` define, in which `names` mean something."""
    scope = {"__name__": __name__, **names}
    exec(compile("\n".join(lines), _FILE_NAME, "exec"), scope)
    function: Callable[..., Any] = scope[name]
    return function


def leave_out_own_frames(error: BaseException) -> None:
    """Cut the frames of this package off the traceback of `error`, up to the user's."""
    entry = error.__traceback__
    while entry is not None and _is_own(entry.tb_frame.f_code.co_filename):
        entry = entry.tb_next
    error.__traceback__ = entry


def _is_own(file_name: str) -> bool:
    return file_name == _FILE_NAME or file_name.startswith(_FOLDER)
