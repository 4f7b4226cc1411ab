"""Makes one call of C code that takes hours, holds the GIL and looks at no signals."""

from springald import UdfTimeoutError

from .bad_row import BAD_ROW

ERROR = UdfTimeoutError
MESSAGE = r"timeout of 1 s(.|\n)*hangs_in_c\.py\", line \d+ in faulty"
OPTIONS = {"timeout": 1}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        sum(range(10**13))
    return n
