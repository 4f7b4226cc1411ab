"""Pickles functions so that their code still says which file it is from.

Tracebacks find a function's lines by the name of its file: on an executor, in the source
text that travels along. cloudpickle 3.1.3 began to write ``<dynamic-code>`` in its place,
to make equal bytes of equal code; here the name stays, whichever version writes.

To import this module is to import cloudpickle, so do it only where something is pickled:
embedded use never needs it.
"""

from __future__ import annotations

import io
import types
from collections import ChainMap
from typing import Any, ClassVar

import cloudpickle

__all__ = ["pickled"]


def pickled(value: Any) -> bytes:
    """Return the bytes of `value`, for ``cloudpickle.loads`` of any process.

    Raises:
        Exception: Whatever ``cloudpickle.dumps`` raises for `value`.
    """
    with io.BytesIO() as file:
        _FunctionPickler(file).dump(value)
        return file.getvalue()


def _reduced(code: types.CodeType) -> Any:
    """Return cloudpickle's own reduction of `code`, with the name of its file."""
    reduced = cloudpickle.Pickler.dispatch_table[types.CodeType](code)
    make, arguments, *rest = reduced
    if make is not types.CodeType:
        return reduced  # the form of a later version; without the name, all else works
    # The first text that every Python makes a code object from is the file's name.
    place = next(i for i, value in enumerate(arguments) if isinstance(value, str))
    # A copy, because pickle writes an object that it meets again as a reference. Whether
    # two equal names are one object depends on where the code was loaded from, and the
    # function's hash must not.
    file_name = "".join(code.co_filename)
    return make, (*arguments[:place], file_name, *arguments[place + 1 :]), *rest


class _FunctionPickler(cloudpickle.Pickler):  # type: ignore[misc]  # it is not typed
    """Writes one value. One thread may use it, once."""

    # A view: what is added to cloudpickle's table, or to `copyreg`'s, counts here too.
    dispatch_table: ClassVar[Any] = ChainMap(
        {types.CodeType: _reduced}, cloudpickle.Pickler.dispatch_table
    )
