"""Returns one row less than it was given, of the batch in the middle."""

import pyarrow as pa

from springald import UdfResultError

from .bad_row import BAD_ROW

ERROR = UdfResultError
MESSAGE = "the returned column has the wrong length: 8191, expected 8192"
OPTIONS = {
    "mode": "arrow",
    "return_type": pa.int64(),
    "input_types": [pa.int64()],
}


def faulty(column: pa.Array) -> pa.Array:
    first = column[0].as_py()
    return column[1:] if first <= BAD_ROW < first + len(column) else column
