"""Reads address 0."""

import ctypes

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = r"signal 11 \(SIGSEGV\)(.|\n)*segfaults\.py\", line \d+ in faulty"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        ctypes.string_at(0)
    return n
