"""Asks for 64 GiB at once."""

from springald import UdfMemoryError

from .bad_row import BAD_ROW

ERROR = UdfMemoryError
MESSAGE = "limit of memory is 256 MiB"
OPTIONS = {"memory_limit": "256MiB"}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        bytes(64 << 30)
    return n
