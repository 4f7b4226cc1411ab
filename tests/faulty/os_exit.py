"""Ends its process at once."""

import os

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = "exited with status 3 while it ran a batch of 8192 rows; it was tried 3 times"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os._exit(3)
    return n
