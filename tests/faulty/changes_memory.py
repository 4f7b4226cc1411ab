"""Writes to the memory that results are in, at any time, also after it has answered."""

import ctypes
import re
import threading
import time
from pathlib import Path

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = "sent what is no answer"
OPTIONS = {}

# The metadata that a result begins with, so that a change of it is never a wrong number.
HEADER_BYTES = 64
MAPPING = re.compile(r"([0-9a-f]+)-[0-9a-f]+ rw-s .*memfd:springald-columns")
MAY_SUCCEED = True


def scribble() -> None:
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for match in MAPPING.finditer(Path("/proc/self/maps").read_text()):
            ctypes.memset(int(match[1], 16), 0xFF, HEADER_BYTES)


def faulty(n: int) -> int:
    if n == BAD_ROW:
        threading.Thread(target=scribble, daemon=True).start()
    return n
