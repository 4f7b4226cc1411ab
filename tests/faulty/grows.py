"""Takes memory step by step, and uses it."""

import time

from springald import UdfMemoryError

from .bad_row import BAD_ROW

ERROR = UdfMemoryError
MESSAGE = "the memory is over: .*the limit is 128 MiB"
OPTIONS = {"memory_limit": "128MiB"}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        # Not for ever: a limit that does not work must not take the machine down.
        kept = []
        for _ in range(256):
            kept.append(b"x" * (4 << 20))
            time.sleep(0.002)
    return n
