"""Is killed as the kernel kills when a machine is out of memory."""

import os
import signal

from springald import UdfWorkerLostError

from .bad_row import BAD_ROW

ERROR = UdfWorkerLostError
MESSAGE = r"was ended by signal 9 \(SIGKILL\) while it ran a batch"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        os.kill(os.getpid(), signal.SIGKILL)
    return n
