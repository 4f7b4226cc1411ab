"""Loops for ever, and goes on whatever is raised in it."""

import contextlib

from springald import UdfTimeoutError

from .bad_row import BAD_ROW

ERROR = UdfTimeoutError
MESSAGE = r"timeout of 1 s(.|\n)*swallows_interrupt\.py\", line \d+ in faulty"
OPTIONS = {"timeout": 1}


def loop_for_ever() -> None:
    while True:
        pass


def faulty(n: int) -> int:
    if n == BAD_ROW:
        while True:
            with contextlib.suppress(BaseException):
                loop_for_ever()
    return n
