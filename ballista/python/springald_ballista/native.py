"""The native module, as what the client's code asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from springald.errors import ClusterError

__all__ = ["Native", "load_native"]


class Native(Protocol):
    """The functions of `springald_ballista._native` that a client uses."""

    def Codec(self, options: str) -> Any: ...

    def Planner(self, options: str) -> Any: ...

    def Placeholder(self, definitions: Sequence[bytes]) -> Any: ...

    def rewrite_expression(
        self, expression: bytes, definitions: Sequence[bytes]
    ) -> bytes: ...


def load_native() -> Native:
    """Return the native module.

    Raises:
        ClusterError: It cannot be loaded, for example because it was made for another
            version of springald.
    """
    try:
        from springald_ballista import _native
    except ImportError as error:
        raise ClusterError(
            f"The package springald-ballista cannot be loaded: {error}"
        ) from error
    return _native
