"""Opens one file after the other."""

import os

from springald import UdfOpenFilesError

from .bad_row import BAD_ROW

ERROR = UdfOpenFilesError
MESSAGE = r"OSError: \[Errno 24\] .*the worker process may have 64 files open"
OPTIONS = {"max_open_files": 64}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        kept = []
        while True:
            kept.append(open(os.devnull))
    return n
