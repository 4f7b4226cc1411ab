"""The functions whose calls are counted: a module, so that they are found by name."""

from __future__ import annotations

import datetime

import pyarrow as pa

HOUR = datetime.timedelta(hours=1)


def fahrenheit(c: float) -> float:
    return c * 9 / 5 + 32


def add_one(x: int) -> int:
    return x + 1


def weighted(x: int, y: int) -> int:
    return x * 2 + y


def negated(x: bool) -> bool:
    return not x


def email_domain(s: str) -> str:
    return s.split("@")[1]


def upper(s: str) -> str:
    return s.upper()


def an_hour_later(t: datetime.datetime) -> datetime.datetime:
    return t + HOUR


def same(column: pa.Array) -> pa.Array:
    return column


def shortened(column: pa.Array) -> pa.Array:
    return column[1:]


def text_for_int(x: int) -> int:
    return "one"  # type: ignore[return-value]


def divided_by_zero(x: int) -> int:
    return x // 0
