"""Kills the process that workers come from, and with it all other workers."""

import os
import signal
import time

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = "while it ran a batch of 8192 rows; it was tried 3 times"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return n
