"""A row function, with its values converted between Arrow's and those of its hints."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.callables import underlying_function
from springald.hints.generated import compile_function
from springald.hints.shape import Converter, Shape, Where

__all__ = ["ConvertedFunction", "Converters", "convert_function", "converters_of"]


# Marks what converts.
_ATTRIBUTE = "converters"
_COPIED = ("__module__", "__name__", "__qualname__", "__doc__")


@dataclass(frozen=True)
class Conversion:
    """What is converted at one place. Immutable; can be pickled.

    Attributes:
        shape: What the function's hint says.
        type: The Arrow type on the other side.
        where: How messages call the place.
    """

    shape: Shape
    type: pa.DataType
    where: Where

    def from_arrow(self) -> Converter | None:
        """Return the converter of an argument; see :meth:`Shape.from_arrow`."""
        return self.shape.from_arrow(self.type, self.where)

    def to_arrow(self) -> Converter | None:
        """Return the converter of a result; see :meth:`Shape.to_arrow`."""
        return self.shape.to_arrow(self.type, self.where)


@dataclass(frozen=True)
class Converters:
    """What is converted of a function. Immutable; can be pickled.

    Attributes:
        arguments: One for each argument; None where a value is passed as it is.
        result: For the result, or None.
    """

    arguments: tuple[Conversion | None, ...]
    result: Conversion | None

    @staticmethod
    def of(
        arguments: list[tuple[str, pa.DataType, Shape | None]],
        result: tuple[pa.DataType, Shape | None],
    ) -> Converters | None:
        """Return what the hints of a function ask for, or None where that is nothing.

        Args:
            arguments: Name, Arrow type and shape of each.
            result: Arrow type and shape.

        Raises:
            UnfitTypeError: A hint does not fit its type; the text names the argument.
        """
        converted = []
        for name, type_, shape in arguments:
            conversion = None
            if shape is not None:
                conversion = Conversion(shape, type_, Where(f"argument {name!r}"))
                if conversion.from_arrow() is None:
                    conversion = None
            converted.append(conversion)
        back = None
        if result[1] is not None:
            back = Conversion(result[1], result[0], Where("the result"))
            if back.to_arrow() is None:
                back = None
        if back is None and not any(converted):
            return None
        return Converters(tuple(converted), back)

    def classes(self) -> list[type]:
        """Return the user's classes whose code may run where values are converted."""
        conversions = [c for c in (*self.arguments, self.result) if c is not None]
        return [kind for conversion in conversions for kind in conversion.shape.classes]

    def argument_to_arrow(self, index: int, value: Any) -> Any:
        """Return a Python value for argument `index` as Arrow takes it.

        Raises:
            RefusedValue: It is not what the hint says.
        """
        conversion = self.arguments[index] if index < len(self.arguments) else None
        converter = None if conversion is None else conversion.to_arrow()
        return value if converter is None else converter(value)


class ConvertedFunction:
    """Calls a function with what its hints say, and gives back what Arrow takes.

    Can be pickled if the function can, and arrives as its `call`, made anew. Any thread
    may call it if the function allows that.

    Attributes:
        call: Does what a call of this object does, and is a plain function, which is
            called faster.
        converters: What is converted.
    """

    def __init__(self, function: Callable[..., Any], converters: Converters) -> None:
        self.__wrapped__ = function
        self.converters = converters
        self.call = _compiled(function, converters)

    def __call__(self, *values: Any) -> Any:
        return self.call(*values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _call_of, (self.__wrapped__, self.converters)


def convert_function(
    function: Callable[..., Any], converters: Converters | None
) -> Callable[..., Any]:
    """Return `function`, converted where there are `converters`."""
    return function if converters is None else ConvertedFunction(function, converters)


def converters_of(callable_: Any) -> Converters | None:
    """Return what is converted in a ConvertedFunction, or in its `call`; else None."""
    found = getattr(callable_, _ATTRIBUTE, None)
    return found if isinstance(found, Converters) else None


def _call_of(function: Callable[..., Any], converters: Converters) -> Any:
    return ConvertedFunction(function, converters).call


def _compiled(function: Callable[..., Any], converters: Converters) -> Callable[..., Any]:
    is_async = inspect.iscoroutinefunction(underlying_function(function))
    names: dict[str, Any] = {"function": function}
    values = []
    for index, conversion in enumerate(converters.arguments):
        converter = None if conversion is None else conversion.from_arrow()
        if converter is not None:
            names[f"c{index}"] = converter
        values.append(f"a{index}" if converter is None else f"c{index}(a{index})")
    result = f"{'await ' if is_async else ''}function({', '.join(values)})"
    back = None if converters.result is None else converters.result.to_arrow()
    if back is not None:
        names["back"] = back
        result = f"back({result})"
    parameters = ", ".join(f"a{index}" for index in range(len(values)))
    lines = [
        f"{'async ' if is_async else ''}def call({parameters}):",
        f"    return {result}",
    ]
    call = compile_function(lines, names, "call")
    functools.update_wrapper(call, function, _COPIED, ())
    setattr(call, _ATTRIBUTE, converters)
    return call
