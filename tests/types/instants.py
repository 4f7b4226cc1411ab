"""Limits of the temporal types: what a value of the standard library can hold."""

from __future__ import annotations

import datetime
import zoneinfo

import pyarrow as pa

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86_400
# Days between 1970 and the first and the last date that Python has.
FIRST_DAY = datetime.date.min.toordinal() - datetime.date(1970, 1, 1).toordinal()
LAST_DAY = datetime.date.max.toordinal() - datetime.date(1970, 1, 1).toordinal()
# Nanoseconds in 64 bits reach from 1677 to 2262; a zone needs a day of room.
_NANO_SECONDS = 2**63 // 10**9 - 2 * _DAY
_FIRST_DELTA = -999_999_999 * _DAY
_LAST_DELTA = 10**9 * _DAY - 1


def limits(type_: pa.DataType) -> tuple[int, int, int]:
    """Return the lowest and the highest number of a temporal type, and their step.

    Both are values that the standard library can hold; nanoseconds are whole
    microseconds.
    """
    if pa.types.is_date32(type_):
        return FIRST_DAY, LAST_DAY, 1
    if pa.types.is_date64(type_):
        day = _DAY * 1000
        return FIRST_DAY * day, LAST_DAY * day, day
    unit = _PER_SECOND[type_.unit]
    step = 1000 if type_.unit == "ns" else 1
    if pa.types.is_time(type_):
        return 0, _DAY * unit - step, step
    if pa.types.is_duration(type_):
        if type_.unit in ("s", "ms"):
            return _FIRST_DELTA * unit, _LAST_DELTA * unit, step
        # pyarrow adds days and seconds one after the other, which needs room.
        most = (2**63 // unit - _DAY) * unit
        return -most, most, step
    if type_.unit == "ns":
        return -_NANO_SECONDS * unit, _NANO_SECONDS * unit, step
    # A zone may move the first and the last moment out of the years that there are.
    room = 0 if type_.tz in (None, "UTC") else 1
    first, last = (FIRST_DAY + room) * _DAY, (LAST_DAY + 1 - room) * _DAY
    return first * unit, last * unit - 1, step


def extremes(type_: pa.DataType) -> list[int]:
    """Return what is worth trying: the limits, 1970 and, in a zone, folds and gaps."""
    low, high, step = limits(type_)
    values = [low, high, low + step, high - step]
    if pa.types.is_time(type_):
        return values
    values += [0, step, -step]
    if pa.types.is_timestamp(type_):
        unit = _PER_SECOND[type_.unit]
        parts = {0, step, unit - step}
        for moment in transitions(type_.tz):
            around = [moment + shift for shift in (-7200, -3600, -1, 0, 1, 3599, 3600)]
            values += [seconds * unit + part for seconds in around for part in parts]
    return values


def transitions(zone: str | None) -> list[int]:
    """Return moments at which a zone's clocks change: in seconds since 1970, UTC.

    Some before 1970 and after 2037 are among them; there are none without a zone.
    """
    if zone is None or zone.startswith(("+", "-")):
        return []
    info = zoneinfo.ZoneInfo(zone)
    found = []
    for year in (1893, 1916, 1945, 1969, 1986, 2024, 2050):
        start = int(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp())
        days = [start + day * _DAY for day in range(366)]
        for day in days:
            found += _transition(info, day, day + _DAY)
    return found


def _transition(info: zoneinfo.ZoneInfo, low: int, high: int) -> list[int]:
    def offset(seconds: int) -> datetime.timedelta | None:
        return datetime.datetime.fromtimestamp(seconds, info).utcoffset()

    if offset(low) == offset(high):
        return []
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle) == offset(low):
            low = middle
        else:
            high = middle
    return [high]
