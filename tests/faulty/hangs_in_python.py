"""Loops for ever, in Python code."""

from springald import UdfTimeoutError

from .bad_row import BAD_ROW

ERROR = UdfTimeoutError
MESSAGE = r"timeout of 1 s(.|\n)*hangs_in_python\.py\", line \d+ in faulty"
OPTIONS = {"timeout": 1}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        while True:
            pass
    return n
