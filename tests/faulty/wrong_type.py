"""Returns text where it promised a number."""

from springald import UdfResultError

from .bad_row import BAD_ROW

ERROR = UdfResultError
MESSAGE = r"the function returned '600000' \(str\), which is not a int64"
OPTIONS = {}


def faulty(n: int) -> int:
    if n == BAD_ROW:
        return "600000"  # type: ignore[return-value]
    return n
