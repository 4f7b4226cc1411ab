"""Brings a UDF's exception object through the engine, which keeps only its text.

The engine turns what a function raises into ``Exception("... PyErr { type: ..., value:
<repr of the exception>, ... }")``. So an exception that leaves our runtime is recorded in
one bounded table of the process, its ``repr`` ends with a token, and whoever called the
engine looks for the token in the text and raises the recorded exception instead. Errors
of a cluster's executors carry their fields in the text itself (carried_error.py).

Any thread may call everything here.
"""

from __future__ import annotations

import itertools
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from springald.carried_error import find_carried_error
from springald.errors import UdfError, make_error

__all__ = ["ErrorTable", "make_recorded_error", "translate", "translated"]

# Told apart from what a user may write, and from tokens of other processes.
_PROCESS = secrets.token_hex(4)
_TOKEN = re.compile(rf"\(springald error {_PROCESS}-(\d+)\)")


class _CrossingInterrupt(KeyboardInterrupt):
    """Stands for a KeyboardInterrupt in the engine's text, which needs a token."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def __repr__(self) -> str:
        return f"KeyboardInterrupt() {self._token}"


class ErrorTable:
    """The exceptions that are on their way through the engine, by token.

    Bounded: when ``capacity`` exceptions wait, the oldest is forgotten and its text
    passes through as it is. One that was raised to a caller is kept as text only, without
    the user's objects, because the engine may report one failure several times (the
    partitions of a join share the failure of their common side).
    """

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: OrderedDict[int, BaseException] = OrderedDict()

    def record(self, error: BaseException) -> BaseException:
        """Record `error` and return what has to be raised into the engine."""
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = error
            if len(self._waiting) > self._capacity:
                self._waiting.popitem(last=False)
        token = f"(springald error {_PROCESS}-{number})"
        if isinstance(error, UdfError):
            error._crossing_token = token
            return error
        return _CrossingInterrupt(token)

    def find(self, text: str) -> BaseException | None:
        """Return the exception whose token comes last in `text`, or None.

        The last, because an outer function's message may quote an inner failure.
        """
        for match in reversed(_TOKEN.findall(text)):
            number = int(match)
            with self._lock:
                error = self._waiting.get(number)
                if error is not None:
                    self._waiting[number] = _without_objects(error)
                    return _arrived(error)
        return None

    def release(self, error: UdfError) -> None:
        """Forget `error`, which reached its caller without the engine's help."""
        match = _TOKEN.search(error._crossing_token or "")
        error._crossing_token = None
        if match is not None:
            with self._lock:
                self._waiting.pop(int(match[1]), None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._waiting)


def _without_objects(error: BaseException) -> BaseException:
    if isinstance(error, UdfError):
        return type(error)(error.exception_message, **error.fields())
    return KeyboardInterrupt()


def _arrived(error: BaseException) -> BaseException:
    if isinstance(error, UdfError):
        error._crossing_token = None
    return error


_table = ErrorTable()


def make_recorded_error(
    info: Mapping[str, Any], original: BaseException | None
) -> BaseException:
    """Return the exception to raise into the engine; see `errors.make_error`."""
    return _table.record(make_error(info, original))


def translate(error: BaseException) -> BaseException | None:
    """Return the exception that `error`, which came out of the engine, stands for.

    None means that `error` is what it is, and is to be raised itself.
    """
    if isinstance(error, UdfError):
        _table.release(error)
        return None
    if isinstance(error, _CrossingInterrupt):
        return _table.find(repr(error)) or KeyboardInterrupt()
    if not isinstance(error, Exception):
        return None
    text = str(error)
    return _table.find(text) or find_carried_error(text)


class translated:
    """Raise, in place of the engine's text, the exception that a UDF raised.

    Every other exception passes through unchanged, as the same object. The engine's own
    text stays available as ``__context__``.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            return
        original = translate(error)
        if original is not None:
            original.__suppress_context__ = True
            raise original
