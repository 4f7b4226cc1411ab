"""Aborts, as C++ code with an uncaught exception does."""

import os

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = r"signal 6 \(SIGABRT\)(.|\n)*aborts\.py\", line \d+ in faulty"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.abort()
    return n
