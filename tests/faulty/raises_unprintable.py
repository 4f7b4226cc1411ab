"""Raises an exception that cannot be printed."""

from springald import UdfExecutionError

from .bad_row import BAD_ROW

ERROR = UdfExecutionError
MESSAGE = "Unprintable"
OPTIONS = {}


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("has no text")

    __repr__ = __str__


def faulty(n: int) -> int:
    if n == BAD_ROW:
        raise Unprintable
    return n
