"""Leaves a thread behind that is no daemon, so that Python would wait for it."""

import threading
import time

from .bad_row import BAD_ROW

ERROR = None
MESSAGE = ""
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        threading.Thread(target=time.sleep, args=(3600,)).start()
    return n
