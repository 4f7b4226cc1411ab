"""Leaves a daemon behind: a grandchild in a session of its own."""

import os
import time

from .bad_row import BAD_ROW

ERROR = None
MESSAGE = ""
OPTIONS = {}
LEAVES_PROCESSES = True


def faulty(n: int) -> int:
    if n == BAD_ROW:
        child = os.fork()
        if child == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(3600)
            os._exit(0)
        os.waitpid(child, 0)
    return n
