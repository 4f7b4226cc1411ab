"""Limits of a function: what one batch of it may use in a worker process."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

__all__ = [
    "LIMIT_OPTIONS",
    "NO_LIMITS",
    "Limits",
    "parse_count",
    "parse_seconds",
    "parse_size",
]

LIMIT_OPTIONS = (
    "timeout",
    "memory_limit",
    "cpu_limit",
    "max_open_files",
    "max_result_size",
)

_LARGEST = 2**63 - 1  # of a definition's numbers
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*", re.IGNORECASE | re.ASCII)
_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}


@dataclass(frozen=True)
class Limits:
    """What one batch of a function may use in a worker process; None is no limit.

    Attributes:
        timeout_s: Seconds until the batch has to be done.
        memory_bytes: Memory, above what a worker has before it runs functions.
        cpu_s: Seconds of processor time, all threads together.
        max_open_files: Descriptors that are open at once in the worker.
        max_result_bytes: Size of the column that the function returns.
    """

    timeout_s: float | None = None
    memory_bytes: int | None = None
    cpu_s: float | None = None
    max_open_files: int | None = None
    max_result_bytes: int | None = None

    @staticmethod
    def of_options(options: Any) -> Limits:
        """Return the limits that the attributes `LIMIT_OPTIONS` of `options` ask for.

        Raises:
            ValueError: One is nothing that :func:`parse_seconds`, :func:`parse_size` or
                :func:`parse_count` takes.
        """

        def parsed(parse: Any, parameter: str) -> Any:
            value = getattr(options, parameter)
            return None if value is None else parse(value, parameter)

        return Limits(
            timeout_s=_seconds(parsed(parse_seconds, "timeout")),
            memory_bytes=parsed(parse_size, "memory_limit"),
            cpu_s=_seconds(parsed(parse_seconds, "cpu_limit")),
            max_open_files=parsed(parse_count, "max_open_files"),
            max_result_bytes=parsed(parse_size, "max_result_size"),
        )

    def as_options(self) -> Mapping[str, Any]:
        """Return the options that ask for these limits, by name."""
        values = (
            self.timeout_s,
            self.memory_bytes,
            self.cpu_s,
            self.max_open_files,
            self.max_result_bytes,
        )
        return dict(zip(LIMIT_OPTIONS, values, strict=True))

    @staticmethod
    def of_definition(definition: Any) -> Limits:
        """Return the limits of a native definition, where 0 is no limit."""
        return Limits(
            timeout_s=_seconds(definition.timeout_ms or None),
            memory_bytes=definition.memory_limit_bytes or None,
            cpu_s=_seconds(definition.cpu_limit_ms or None),
            max_open_files=definition.max_open_files or None,
            max_result_bytes=definition.max_result_bytes or None,
        )

    def as_fields(self) -> Mapping[str, int]:
        """Return the fields of a native definition, by name, where 0 is no limit."""
        return {
            "timeout_ms": 0 if self.timeout_s is None else _milliseconds(self.timeout_s),
            "memory_limit_bytes": self.memory_bytes or 0,
            "cpu_limit_ms": 0 if self.cpu_s is None else _milliseconds(self.cpu_s),
            "max_open_files": self.max_open_files or 0,
            "max_result_bytes": self.max_result_bytes or 0,
        }


NO_LIMITS = Limits()


def parse_seconds(value: object, parameter: str) -> int:
    """Return a number of seconds as whole milliseconds, at least 1.

    Raises:
        ValueError: `value` is no finite number above 0; names `parameter`.
    """
    seconds = math.nan
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        seconds = _as_float(value)
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(
            f"{parameter} has to be a number of seconds above 0, such as 30 or 0.5: "
            f"{value!r}"
        )
    return _milliseconds(seconds)


def parse_size(value: object, parameter: str) -> int:
    """Return a size in bytes: a whole number, or text such as ``"2GiB"``.

    Units are B, KB, MB, GB and TB (powers of 1000), and KiB, MiB, GiB and TiB (powers of
    1024), in upper or lower case. A fraction of a byte is left out.

    Raises:
        ValueError: `value` is no such thing, less than 1 byte, or more than 2**63 - 1;
            names `parameter`.
    """
    size = Decimal(0)
    if isinstance(value, str):
        match = _SIZE.fullmatch(value)
        unit = None if match is None else _UNITS.get(match[2].lower())
        if match is not None and unit is not None:
            size = Decimal(match[1]) * unit
    elif isinstance(value, numbers.Integral) and not isinstance(value, bool):
        size = Decimal(int(value))
    if not 1 <= size <= _LARGEST:
        raise ValueError(
            f"{parameter} has to be a number of bytes above 0, or text with a unit such "
            f"as '512MiB', '2GiB' or '1.5GB': {value!r}"
        )
    return int(size)


def parse_count(value: object, parameter: str) -> int:
    """Return a whole number above 0.

    Raises:
        ValueError: `value` is none, or more than 2**63 - 1; names `parameter`.
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    count = int(value) if is_whole else 0  # type: ignore[call-overload]
    if not 1 <= count <= _LARGEST:
        raise ValueError(f"{parameter} has to be a whole number above 0: {value!r}")
    return int(count)


def _as_float(value: numbers.Real) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number that is larger than any float
        return math.inf


def _milliseconds(seconds: float) -> int:
    # No one waits for the longest timeout, so that a longer one is the same.
    return max(1, min(round(seconds * 1000), _LARGEST))


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
