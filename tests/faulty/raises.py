"""Raises an exception."""

from springald import UdfExecutionError

from .bad_row import BAD_ROW

ERROR = UdfExecutionError
MESSAGE = r"raised ValueError: 600000 is not wanted\n  in row 1984 of its .*\(600000,\)"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        raise ValueError(f"{n} is not wanted")
    return n
