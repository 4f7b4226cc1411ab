"""Leaves the frames of this library out of tracebacks of users' functions."""

from __future__ import annotations

from types import TracebackType

__all__ = ["users_traceback"]


def users_traceback(error: BaseException) -> TracebackType | None:
    """Return the traceback of `error` from the first frame that is not ours on.

    None where there is no such frame, as for a call with too few arguments.
    """
    traceback = error.__traceback__
    while traceback is not None and _is_ours(traceback):
        traceback = traceback.tb_next
    return traceback


def _is_ours(traceback: TracebackType) -> bool:
    return str(traceback.tb_frame.f_globals.get("__name__")).startswith("springald.")
