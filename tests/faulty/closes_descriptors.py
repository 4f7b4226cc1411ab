"""Closes all descriptors, also those that are not its own."""

import os

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = "while it ran a batch of 8192 rows; it was tried 3 times"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.closerange(0, 4096)
    return n
