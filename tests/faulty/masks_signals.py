"""Blocks the signals that it is interrupted with, and loops for ever."""

import signal

from springald import UdfTimeoutError

from .bad_row import BAD_ROW

ERROR = UdfTimeoutError
MESSAGE = "timeout of 1 s"
OPTIONS = {"timeout": 1}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            pass
    return n
