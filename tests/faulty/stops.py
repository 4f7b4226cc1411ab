"""Stops its process, which then neither reads nor answers."""

import os
import signal

from springald import UdfTimeoutError

from .bad_row import BAD_ROW

ERROR = UdfTimeoutError
MESSAGE = "timeout of 1 s"
OPTIONS = {"timeout": 1}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.kill(os.getpid(), signal.SIGSTOP)
    return n
