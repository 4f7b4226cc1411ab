"""The executor: hosted by the user's Python, with whose packages its functions run."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from springald_ballista import _native

__all__ = ["main"]


def main(flags: Sequence[str]) -> NoReturn:
    """Run an executor until SIGTERM or SIGINT, and end the process with its status.

    Call it from the main thread of a process of its own: it takes over the signals.

    Args:
        flags: Those of the command line, without the program's name.
    """
    _end_process(_native.run_executor(["springald executor", *flags]))


def _end_process(status: int) -> NoReturn:
    """End the process as ``sys.exit`` does, but for taking the interpreter down.

    Native threads may still be inside a function. When such a thread comes back to an
    interpreter that is being taken down, CPython ends it from inside of C++ code, which
    aborts the process. Left alone, they end with the process.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)
