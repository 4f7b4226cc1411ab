"""Takes memory that is no private memory of its process, and uses it."""

import mmap
import time

from springald import UdfMemoryError

from .bad_row import BAD_ROW

ERROR = UdfMemoryError
MESSAGE = "the memory is over: .*the limit is 128 MiB"
OPTIONS = {"memory_limit": "128MiB"}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        kept = []
        for _ in range(256):
            shared = mmap.mmap(-1, 4 << 20)
            shared.write(b"x" * (4 << 20))
            kept.append(shared)
            time.sleep(0.002)
    return n
