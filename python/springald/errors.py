"""The errors of Springald: what failed, where, and who is to blame.

Every failure is one of these classes and derives from :class:`UdfError`, so
``except UdfError`` catches them all. They carry text and numbers only (the user's
exception object is ``__cause__``), can be pickled, and are safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ClusterError",
    "UdfCancelledError",
    "UdfCpuTimeError",
    "UdfDefinitionError",
    "UdfDependencyError",
    "UdfError",
    "UdfExecutionError",
    "UdfMemoryError",
    "UdfOpenFilesError",
    "UdfResultError",
    "UdfResultSizeError",
    "UdfSecurityError",
    "UdfTimeoutError",
    "UdfVersionMismatchError",
    "UdfWorkerLostError",
]


class UdfError(Exception):
    """Base of all errors of Springald; raised itself for a mistake of the library.

    ``str(error)`` holds everything that is known: the function's name, what went wrong,
    the row and its arguments, and the traceback with the user's source lines.

    Attributes:
        udf_name (str): Name of the function, or ``""`` where none is involved.
        exception_type (str): Class of the user's exception, as a traceback prints it
            (``"ValueError"``), or ``""``.
        exception_message (str): Message of the user's exception, or what is wrong.
        traceback_text (str): The user's frames with their source lines, or ``""``.
        row (int | None): Index of the failing row in its batch, counted from 0; row mode
            only.
        arguments (str): ``repr`` of the arguments of that row, cut to a bound, or ``""``.
        retryable (bool): Whether the same call may succeed later.
    """

    def __init__(
        self,
        message: str = "",
        *,
        udf_name: str = "",
        exception_type: str = "",
        traceback_text: str = "",
        row: int | None = None,
        arguments: str = "",
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.udf_name = udf_name
        self.exception_type = exception_type
        self.exception_message = message
        self.traceback_text = traceback_text
        self.row = row
        self.arguments = arguments
        self.retryable = retryable
        # Set while the error is on its way through the engine, which keeps only its
        # `repr`; see error_crossing.py.
        self._crossing_token: str | None = None

    def __str__(self) -> str:
        return "\n".join(part for part in self._lines() if part)

    def _lines(self) -> list[str]:
        what = self.exception_message
        if self.exception_type:
            what = f"{self.exception_type}: {what}" if what else self.exception_type
        lines = [f"{self._subject()}{what}"]
        if self.row is not None:
            where = f"  in row {self.row} of its batch (counted from 0)"
            lines.append(
                f"{where}, arguments: {self.arguments}" if self.arguments else where
            )
        lines.append(self.traceback_text.rstrip())
        return lines

    def _subject(self) -> str:
        return f"UDF {self.udf_name!r}: " if self.udf_name else ""

    def __repr__(self) -> str:
        if self._crossing_token is not None:
            return f"{type(self).__name__}: {self} {self._crossing_token}"
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.exception_message, self.fields())

    def fields(self) -> dict[str, Any]:
        """Return the attributes as the keyword arguments of the constructor."""
        return {
            "udf_name": self.udf_name,
            "exception_type": self.exception_type,
            "traceback_text": self.traceback_text,
            "row": self.row,
            "arguments": self.arguments,
            "retryable": self.retryable,
        }


def _rebuild(kind: type[UdfError], message: str, fields: dict[str, Any]) -> UdfError:
    return kind(message, **fields)


class UdfDefinitionError(UdfError, TypeError):
    """The function cannot be a UDF as it is: signature, types, kind, or pickling.

    Also a ``TypeError``: that is what Python and ``datafusion.udf`` raise for an object
    of the wrong kind, and what code that tries several definitions already catches.
    """


class UdfExecutionError(UdfError):
    """The user's function raised. ``__cause__`` is the original exception object."""

    def _subject(self) -> str:
        return f"UDF {self.udf_name!r} raised " if self.udf_name else ""


class UdfResultError(UdfError):
    """The function returned a wrong type, a wrong number of rows, or a null too many."""


class UdfOpenFilesError(UdfExecutionError):
    """The function raised because it had as many files open as its worker may have."""


class UdfResultSizeError(UdfResultError):
    """The result of a batch has more bytes than it may have."""


class UdfTimeoutError(UdfError):
    """A batch took longer than the function may take.

    `traceback_text` shows where the worker process was then.
    """


class UdfCpuTimeError(UdfTimeoutError):
    """A batch used more processor time than the function may use."""


class UdfMemoryError(UdfError):
    """A batch needed more memory than the function may have."""


class UdfWorkerLostError(UdfError):
    """The process that ran the function ended, each time that the batch was tried.

    `traceback_text` shows the last lines that it wrote to stderr.
    """


class UdfVersionMismatchError(UdfError):
    """The function was made by a Python or a package that does not match this one."""


class UdfDependencyError(UdfError):
    """A module that the function needs is missing."""


class UdfSecurityError(UdfError):
    """The function is not allowed to run here."""


class UdfCancelledError(UdfError):
    """The call was stopped because its query was."""


class ClusterError(UdfError):
    """A cluster cannot be reached or used."""


# The codes of the C ABI (`springald_status`); 7 is KeyboardInterrupt, which is the
# user's.
INTERRUPTED = 7
# Raised where a result is converted; by name, because it may come from an executor.
_REFUSED_VALUE = "springald.hints.refused_value.RefusedValue"
_CLASSES: Mapping[int, type[UdfError]] = {
    1: UdfDefinitionError,
    2: UdfExecutionError,
    3: UdfResultError,
    4: UdfVersionMismatchError,
    5: UdfDependencyError,
    6: UdfCancelledError,
    8: UdfError,
    9: UdfWorkerLostError,
    10: UdfTimeoutError,
    11: UdfMemoryError,
    12: UdfCpuTimeError,
    13: UdfOpenFilesError,
    14: UdfResultSizeError,
}


def make_error(
    info: Mapping[str, Any], original: BaseException | None = None
) -> BaseException:
    """Return the exception for a failure that the native runtime reports.

    Args:
        info: The runtime's fields: ``code``, ``udf_name``, ``exception_type``,
            ``message``, ``traceback``, ``row``, ``arguments``, ``retryable``.
        original: The user's exception object; becomes ``__cause__``.

    Returns:
        A :class:`UdfError` of the class that the code stands for, or a
        ``KeyboardInterrupt``. An unknown code gives :class:`UdfError`.
    """
    code = int(info.get("code", 8))
    exception_type = str(info.get("exception_type") or "")
    traceback_text = str(info.get("traceback") or "")
    if exception_type == _REFUSED_VALUE:
        # The function did not raise: what it returned is not what its hint says.
        code, exception_type, traceback_text = 3, "", ""
    if code == INTERRUPTED:
        if isinstance(original, KeyboardInterrupt):
            return original
        return KeyboardInterrupt()
    error = _CLASSES.get(code, UdfError)(
        str(info.get("message") or ""),
        udf_name=str(info.get("udf_name") or ""),
        exception_type=exception_type,
        traceback_text=traceback_text,
        row=info.get("row"),
        arguments=str(info.get("arguments") or ""),
        retryable=bool(info.get("retryable", False)),
    )
    error.__cause__ = original
    return error
