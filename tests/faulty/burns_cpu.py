"""Uses two processors at once, in threads that hold no GIL."""

import hashlib
import threading

from springald import UdfCpuTimeError

from .bad_row import BAD_ROW

ERROR = UdfCpuTimeError
MESSAGE = "the processor time is over: .*the limit is 1 s"
OPTIONS = {"cpu_limit": 1, "timeout": 30}


def burn() -> None:
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 100_000_000)


def faulty(n: int) -> int:
    if n == BAD_ROW:
        threads = [threading.Thread(target=burn, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return n
