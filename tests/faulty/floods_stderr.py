"""Writes 100 MB to stderr, half of it as one line."""

import os

from .bad_row import BAD_ROW

ERROR = None
MESSAGE = ""
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        for _ in range(50):
            os.write(2, b"x" * 1_000_000)
        for _ in range(50):
            os.write(2, b"a line of twenty chs\n" * 50_000)
    return n
