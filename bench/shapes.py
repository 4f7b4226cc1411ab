"""What is measured: functions, the types of their columns, and their values.

A shape has its function twice: `function` is never given a null, `or_none` is for engines
that call with None. Both are plain module-level functions, so that every peer can send
them to its workers by name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "KINDS", "LONG_SHAPES", "SHAPES", "Shape", "made_table", "rows_of", "shape_of",
]  # fmt: skip

KINDS: dict[str, pa.DataType] = {
    "float": pa.float64(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
}
COLUMNS = ("a", "b")


def fahrenheit(c: float) -> float:
    return c * 9 / 5 + 32


def fahrenheit_or_none(c: float | None) -> float | None:
    return None if c is None else c * 9 / 5 + 32


def add_one(x: int) -> int:
    return x + 1


def add_one_or_none(x: int | None) -> int | None:
    return None if x is None else x + 1


def twice_plus(x: int, y: int) -> int:
    return x * 2 + y


def twice_plus_or_none(x: int | None, y: int | None) -> int | None:
    return None if x is None or y is None else x * 2 + y


def negation(x: bool) -> bool:
    return not x


def negation_or_none(x: bool | None) -> bool | None:
    return None if x is None else not x


def email_domain(s: str) -> str:
    return s.split("@")[1]


def email_domain_or_none(s: str | None) -> str | None:
    return None if s is None else s.split("@")[1]


def shouted(s: str) -> str:
    return s.upper()


def shouted_or_none(s: str | None) -> str | None:
    return None if s is None else s.upper()


def shouted_domain(s: str) -> str:
    return s.split("@")[1].upper()


def shouted_domain_or_none(s: str | None) -> str | None:
    return None if s is None else s.split("@")[1].upper()


def year(t: datetime) -> int:
    return t.year


def year_or_none(t: datetime | None) -> int | None:
    return None if t is None else t.year


DAY = timedelta(days=1)


def tomorrow(t: datetime) -> datetime:
    return t + DAY


def tomorrow_or_none(t: datetime | None) -> datetime | None:
    return None if t is None else t + DAY


def polynomial(x: float) -> float:
    y = 0.0
    for power in range(10):
        y = y * x * 0.01 + power
    return y


def polynomial_or_none(x: float | None) -> float | None:
    return None if x is None else polynomial(x)


def long_polynomial(x: float) -> float:
    y = 0.0
    for power in range(100):
        y = y * x * 0.01 + power
    return y


def long_polynomial_or_none(x: float | None) -> float | None:
    return None if x is None else long_polynomial(x)


def kernel(c: Any) -> Any:
    """Return the column of `c * 1.8 + 32`, by Arrow's own compute functions."""
    return pc.add(pc.multiply(c, 1.8), 32.0)


def kernel_of_one(c: float) -> float:
    return c * 1.8 + 32.0


@dataclass(frozen=True)
class Shape:
    """A function with its columns.

    `batch_rows` other than 0 makes it a shape of Arrow mode: `arrow_function` is called
    with batches of that many rows, of which the table has `copies`, all the same one.
    """

    name: str
    text: str
    function: Callable[..., Any]
    or_none: Callable[..., Any]
    arguments: tuple[str, ...]  # kinds
    result: str  # kind
    make: Callable[[random.Random], Any]  # the values of one row
    arrow_function: Callable[..., Any] | None = None
    batch_rows: int = 0
    copies: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS[: len(self.arguments)]

    @property
    def is_arrow(self) -> bool:
        return self.batch_rows > 0


def _address(rng: random.Random) -> str:
    return f"user{rng.randrange(10**6)}@{rng.choice('abcdef')}.example.org"


def _long_text(rng: random.Random) -> str:
    return (
        f"{rng.randrange(10**9):010d}"
        + "lorem ipsum dolor sit amet consect " * 5
        + "x" * 15
    )


def _moment(rng: random.Random) -> datetime:
    return datetime(1990, 1, 1) + timedelta(microseconds=rng.randrange(10**15))


def _temperature(rng: random.Random) -> float:
    return rng.uniform(-30.0, 45.0)


def _large(rng: random.Random) -> int:
    return rng.randrange(1_000_000_000)


SHAPES = (
    Shape("float", "c * 9 / 5 + 32", fahrenheit, fahrenheit_or_none,
          ("float",), "float", _temperature),
    Shape("int", "x + 1", add_one, add_one_or_none, ("int",), "int", _large),
    Shape("two ints", "x * 2 + y", twice_plus, twice_plus_or_none,
          ("int", "int"), "int", lambda rng: (_large(rng), _large(rng))),
    Shape("bool", "not x", negation, negation_or_none,
          ("bool",), "bool", lambda rng: rng.random() < 0.5),
    Shape("short string", 's.split("@")[1]', email_domain, email_domain_or_none,
          ("string",), "string", _address),
    Shape("long string", "s.upper(), 200 characters", shouted, shouted_or_none,
          ("string",), "string", _long_text),
    Shape("100 distinct", 's.split("@")[1].upper(), 100 distinct strings',
          shouted_domain, shouted_domain_or_none, ("string",), "string",
          lambda rng: f"someone@host{rng.randrange(100):02d}.example.org"),
    Shape("year", "t.year", year, year_or_none, ("timestamp",), "int", _moment),
    Shape("tomorrow", "t + timedelta(days=1)", tomorrow, tomorrow_or_none,
          ("timestamp",), "timestamp", _moment),
    Shape("arrow 8192", "pc.add(pc.multiply(c, 1.8), 32), 8,192 rows a batch",
          kernel_of_one, kernel_of_one, ("float",), "float", _temperature,
          arrow_function=kernel, batch_rows=8192, copies=1000),
    Shape("arrow 1", "pc.add(pc.multiply(c, 1.8), 32), 1 row a batch",
          kernel_of_one, kernel_of_one, ("float",), "float", _temperature,
          arrow_function=kernel, batch_rows=1, copies=2000),
)  # fmt: skip

# Functions that compute for a while, for those who do so in several processes.
LONG_SHAPES = (
    Shape("polynomial", "a loop of 10 steps", polynomial, polynomial_or_none,
          ("float",), "float", _temperature),
    Shape("long polynomial", "a loop of 100 steps", long_polynomial,
          long_polynomial_or_none, ("float",), "float", _temperature),
)  # fmt: skip


def shape_of(name: str) -> Shape:
    """Return the shape of that name; ValueError where there is none."""
    for shape in SHAPES + LONG_SHAPES:
        if shape.name == name:
            return shape
    names = ", ".join(shape.name for shape in SHAPES + LONG_SHAPES)
    raise ValueError(f"There is no shape {name!r}; there are: {names}")


def made_table(shape: Shape, num_rows: int, null_share: float) -> pa.Table:
    """Return `num_rows` rows of the shape's values, the same ones each time.

    Each value is null with the probability `null_share`. A shape of Arrow mode has one
    batch, whatever `num_rows` is.
    """
    rng = random.Random(7)
    columns: tuple[list[Any], ...] = tuple([] for _ in shape.columns)
    for _ in range(shape.batch_rows or num_rows):
        row = shape.make(rng)
        for column, value in zip(
            columns, row if type(row) is tuple else (row,), strict=True
        ):
            column.append(None if null_share and rng.random() < null_share else value)
    return pa.table(
        {
            name: pa.array(values, KINDS[kind])
            for name, values, kind in zip(
                shape.columns, columns, shape.arguments, strict=True
            )
        }
    )


def rows_of(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a table as tuples of Python values."""
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
