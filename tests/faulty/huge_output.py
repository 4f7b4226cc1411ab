"""Returns more than a result may have."""

from springald import UdfResultSizeError

from .bad_row import BAD_ROW

ERROR = UdfResultSizeError
MESSAGE = r"the result of a batch of 8192 rows has 16\d{6} bytes, at most 8388608 are"
OPTIONS = {"max_result_size": "8MiB"}
CALL = "CAST(left(faulty(n), 10) AS bigint)"


def faulty(n: int) -> str:
    text = str(n)
    return text + " " * (16 << 20) if n == BAD_ROW else text
