"""Extension types of the user's own, which another process does not know by itself.

A type that is a Python class is registered with pyarrow by whoever defines it. A function
that takes or returns such types is pickled together with them: where it is loaded, they
are registered first, so that it gets the arrays that it expects.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

__all__ = ["with_extension_types"]


def with_extension_types(
    function: Callable[..., Any], types: Iterable[pa.DataType]
) -> Any:
    """Return what to pickle for `function`, so that it comes back with its types.

    Args:
        function: What a pickle of the result gives back.
        types: Those of its arguments and its result.
    """
    found: list[pa.ExtensionType] = []
    for one in types:
        found += [own for own in _own_types(one) if own not in found]
    return _Travelling(function, found) if found else function


class _Travelling:
    """A function in the moment in which it is pickled."""

    def __init__(self, function: Callable[..., Any], types: list[Any]) -> None:
        self._function = function
        self._types = types

    def __reduce__(self) -> tuple[Any, ...]:
        return _registered, (self._types, self._function)


def _registered(types: list[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    for type_ in types:
        # Of this name there is one already, as in the process that defined it.
        with contextlib.suppress(pa.ArrowKeyError):
            pa.register_extension_type(type_)
    return function


def _own_types(type_: pa.DataType) -> Iterator[pa.ExtensionType]:
    if isinstance(type_, pa.BaseExtensionType):
        if isinstance(type_, pa.ExtensionType) and not isinstance(
            type_, pa.UnknownExtensionType
        ):
            yield type_
        yield from _own_types(type_.storage_type)
    elif pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        yield from _own_types(type_.value_type)
    else:
        for index in range(type_.num_fields):
            yield from _own_types(type_.field(index).type)
