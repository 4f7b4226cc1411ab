"""Starts a program that lives on."""

import subprocess

from .bad_row import BAD_ROW

ERROR = None
MESSAGE = ""
OPTIONS = {}
LEAVES_PROCESSES = True


def faulty(n: int) -> int:
    if n == BAD_ROW:
        subprocess.Popen(["sleep", "3600"], start_new_session=True)
    return n
