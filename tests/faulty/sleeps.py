"""Sleeps, without the GIL."""

import time

from springald import UdfTimeoutError

from .bad_row import BAD_ROW

ERROR = UdfTimeoutError
MESSAGE = r"timeout of 1 s(.|\n)*sleeps\.py\", line \d+ in faulty"
OPTIONS = {"timeout": 1}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        time.sleep(3600)
    return n
