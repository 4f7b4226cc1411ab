"""The table of what is counted, and the values that it is counted over."""

from __future__ import annotations

import datetime
import enum
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from instructions import functions

__all__ = ["CASES", "Case", "Kind"]


class Kind(enum.Enum):
    """What is called, and what is counted of it."""

    ROWS = ("springald_function_invoke", "row")
    INVOKE = ("springald_function_invoke", "batch")
    CALL = ("springald_function_call", "batch")
    ENGINE = ("the callable that the engine has", "batch")
    DECODE = ("springald_definition_decode", "call")

    @property
    def unit(self) -> str:
        """What one unit of the count is: "row", "batch" or "call"."""
        return self.value[1]


# The statuses of include/springald/abi.h that cases end with.
OK = 0
USER_ERROR = 2
RESULT_ERROR = 3

_BATCH_ROWS = 1024
_EPOCH = datetime.datetime(2020, 1, 1)


@dataclass(frozen=True)
class Case:
    """One line of the table.

    Attributes:
        name: Its first column.
        kind: What is called.
        function: What is made a UDF; None where none is needed.
        type: The Arrow type of the arguments.
        make: Makes one value of the arguments from (random numbers, row number).
        num_arguments: Columns of such values.
        null_share: Share of the rows that are null.
        inlined: Leave the function's body to be run without a call for each row.
        distinct: Leave equal rows to be answered by one call.
        batch_rows: Rows of a batch, where batches are counted.
        status: What the call has to return, a `springald_status`.
    """

    name: str
    kind: Kind
    function: Callable[..., Any] | None = None
    type: pa.DataType | None = None
    make: Callable[[random.Random, int], Any] | None = None
    num_arguments: int = 1
    null_share: float = 0.0
    inlined: bool = False
    distinct: bool = False
    batch_rows: int = _BATCH_ROWS
    status: int = OK

    def columns(self, num_rows: int) -> list[pa.Array]:
        """Return the arguments of one batch, the same in each process."""
        assert self.make is not None
        rng = random.Random(7)
        columns = []
        for _ in range(self.num_arguments):
            values = [self.make(rng, row) for row in range(num_rows)]
            if self.null_share:
                values = [None if rng.random() < self.null_share else v for v in values]
            columns.append(pa.array(values, self.type))
        return columns


def _celsius(rng: random.Random, row: int) -> float:
    return rng.uniform(-30.0, 45.0)


def _number(rng: random.Random, row: int) -> int:
    return rng.randrange(1_000_000_000)


def _bool(rng: random.Random, row: int) -> bool:
    return rng.random() < 0.5


def _email(rng: random.Random, row: int) -> str:
    return f"user{row}@{rng.choice('abcdef')}.example.org"


def _few_emails(rng: random.Random, row: int) -> str:
    return f"user{rng.randrange(100)}@a.example.org"


def _accented(rng: random.Random, row: int) -> str:
    return f"straße {row} in {rng.choice(('Köln', 'München', 'Zürich'))}"


def _moment(rng: random.Random, row: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(seconds=rng.randrange(10**8), microseconds=row)


_INT, _FLOAT, _BOOL, _STRING = pa.int64(), pa.float64(), pa.bool_(), pa.string()
_MOMENT = pa.timestamp("us")

CASES = (
    Case("call, float", Kind.ROWS, functions.fahrenheit, _FLOAT, _celsius),
    Case("call, int", Kind.ROWS, functions.add_one, _INT, _number),
    Case("call, two ints", Kind.ROWS, functions.weighted, _INT, _number, 2),
    Case("call, bool", Kind.ROWS, functions.negated, _BOOL, _bool),
    Case("call, ASCII string", Kind.ROWS, functions.email_domain, _STRING, _email),
    Case("call, other string", Kind.ROWS, functions.upper, _STRING, _accented),
    Case("call, timestamp", Kind.ROWS, functions.an_hour_later, _MOMENT, _moment),
    Case("call, float, 10 % nulls", Kind.ROWS, functions.fahrenheit, _FLOAT, _celsius,
         null_share=0.1),
    Case("call, string, 10 % nulls", Kind.ROWS, functions.email_domain, _STRING, _email,
         null_share=0.1),
    Case("inlined, float", Kind.ROWS, functions.fahrenheit, _FLOAT, _celsius,
         inlined=True),
    Case("inlined, int", Kind.ROWS, functions.add_one, _INT, _number, inlined=True),
    Case("inlined, two ints", Kind.ROWS, functions.weighted, _INT, _number, 2,
         inlined=True),
    Case("inlined, string", Kind.ROWS, functions.email_domain, _STRING, _email,
         inlined=True),
    Case("inlined, float, 10 % nulls", Kind.ROWS, functions.fahrenheit, _FLOAT,
         _celsius, null_share=0.1, inlined=True),
    Case("100 distinct strings", Kind.ROWS, functions.email_domain, _STRING,
         _few_emails, inlined=True, distinct=True),
    Case("row mode, one row", Kind.INVOKE, functions.add_one, _INT, _number,
         batch_rows=1),
    Case("arrow mode, C structs", Kind.INVOKE, functions.same, _FLOAT, _celsius),
    Case("arrow mode, pyarrow", Kind.CALL, functions.same, _FLOAT, _celsius),
    Case("arrow mode, engine", Kind.ENGINE, functions.same, _FLOAT, _celsius),
    Case("refused, row mode", Kind.INVOKE, functions.text_for_int, _INT, _number,
         status=RESULT_ERROR),
    Case("refused, arrow mode", Kind.INVOKE, functions.shortened, _FLOAT, _celsius,
         status=RESULT_ERROR),
    Case("raised, row mode", Kind.INVOKE, functions.divided_by_zero, _INT, _number,
         status=USER_ERROR),
    Case("definition decoded", Kind.DECODE),
)  # fmt: skip
