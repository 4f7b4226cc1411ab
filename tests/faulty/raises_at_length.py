"""Raises an exception with more text than a frame has room for."""

from springald import UdfExecutionError

from .bad_row import BAD_ROW

ERROR = UdfExecutionError
MESSAGE = "raised ValueError: äöü"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        # Three characters of two bytes: a cut at a byte would split one.
        raise ValueError("äöü" * 5_000_000)
    return n
