"""Has its process hang when it is told to end."""

import atexit
import time

from .bad_row import BAD_ROW

ERROR = None
MESSAGE = ""
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        atexit.register(time.sleep, 3600)
    return n
