"""Sends a frame of its own, as if it were the result: well-formed, and empty."""

import os
import struct

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = "sent what is no answer .*; it was tried 3 times"
OPTIONS = {}
CONTROL = 3
MAGIC, VERSION, RESULT = 0x4C525053, 1, 33


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.write(CONTROL, struct.pack("<IHH", MAGIC, VERSION, RESULT) + bytes(64))
    return n
