"""Calls `sys.exit`."""

import sys

from springald import UdfExecutionError

from .bad_row import BAD_ROW

ERROR = UdfExecutionError
MESSAGE = "raised SystemExit: 3"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        sys.exit(3)
    return n
