"""Writes garbage to the socket that its worker answers on."""

import os

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = r"sent what is no answer \(what came is no frame: .*; it was tried 3 times"
OPTIONS = {}
CONTROL = 3


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.write(CONTROL, b"garbage " * 100)
    return n
