"""What the runtime calls for a user's function, where that is not the function itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from springald.signature import Signature

__all__ = ["called_by", "executable"]


def executable(function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """Return what the runtime binds, and pickles, for `function`.

    The function itself, or a form of it that takes and returns what the runtime has where
    the function wants something else. A form can be pickled if its function can, and has
    the function as ``__wrapped__``.
    """
    return function


def called_by(callable_: Callable[..., Any]) -> Callable[..., Any]:
    """Return the user's function that :func:`executable` made `callable_` of."""
    return callable_
