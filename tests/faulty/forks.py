"""Forks a child that lives on with the descriptors of the worker."""

import os
import time

from .bad_row import BAD_ROW

ERROR = None
MESSAGE = ""
OPTIONS = {}
LEAVES_PROCESSES = True


def faulty(n: int) -> int:
    if n == BAD_ROW:
        if os.fork() == 0:
            time.sleep(3600)
            os._exit(0)
    return n
