"""Forks, and both processes go on with the batch and answer it."""

import os

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = "sent what is no answer"
OPTIONS = {}
MAY_SUCCEED = True
LEAVES_PROCESSES = True


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.fork()
    return n
