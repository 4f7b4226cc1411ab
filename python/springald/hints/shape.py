"""What a function wants, or returns, in place of the Python values of Arrow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    from springald.hints.hint import Hint

__all__ = [
    "Converter",
    "HintReader",
    "Plain",
    "Retyped",
    "Shape",
    "UnfitTypeError",
    "UnreadableHintError",
    "Where",
    "value_type_of",
]

# Takes and returns one value. Passes None through, for nulls.
Converter: TypeAlias = Callable[[Any], Any]


class UnreadableHintError(Exception):
    """A hint says nothing that Arrow has. Its text is the reason."""


class UnfitTypeError(Exception):
    """A hint does not fit the Arrow type that was given. Its text is the reason."""


@dataclass(frozen=True)
class Where:
    """Where a value is, for messages: an argument or the result, and what inside it.

    Attributes:
        root: ``"argument 'p'"`` or ``"the result"``.
        path: The way inside, as in ``".points[].color"``.
    """

    root: str
    path: str = ""

    def at(self, step: str) -> Where:
        """Return the place one step further inside."""
        return Where(self.root, self.path + step)

    def __str__(self) -> str:
        return f"{self.root} at {self.path}" if self.path else self.root


class Shape(ABC):
    """What one hint makes of the values of an Arrow type. Immutable; can be pickled.

    Attributes:
        type: The Arrow type that the hint decides.
        hashable: Whether what the function gets may be in a set, or a key.
    """

    type: pa.DataType
    hashable: bool = True

    @property
    def classes(self) -> tuple[type, ...]:
        """The user's classes whose code may run where values are made, or are used."""
        return ()

    @abstractmethod
    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        """Return what makes the function's value of that of ``to_pylist``.

        None where that is the same value. The converter raises ValueError for a value
        that the hint excludes.

        Raises:
            UnfitTypeError: The hint cannot have values of `type_`.
        """

    @abstractmethod
    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        """Return what makes a value for ``pyarrow.array`` of the function's.

        None where ``pyarrow.array`` takes the function's own. The converter raises
        RefusedValue for a value that the hint excludes.

        Raises:
            UnfitTypeError: The hint cannot become values of `type_`.
        """


@dataclass(frozen=True)
class Plain(Shape):
    """The value of Arrow itself, whatever its type is."""

    type: pa.DataType

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        return None

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        return None


@dataclass(frozen=True)
class Retyped(Shape):
    """A shape whose Arrow type was given, as ``Annotated`` does."""

    inner: Shape
    type: pa.DataType

    @property
    def hashable(self) -> bool:  # type: ignore[override]
        return self.inner.hashable

    @property
    def classes(self) -> tuple[Any, ...]:
        return self.inner.classes

    def from_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        return self.inner.from_arrow(type_, where)

    def to_arrow(self, type_: pa.DataType, where: Where) -> Converter | None:
        return self.inner.to_arrow(type_, where)


class HintReader(Protocol):
    """Reads the hints inside one that is being read.

    Attributes:
        path: Where the hint is inside that of the parameter; see :class:`Where`.
        records: The classes that are being read, from the outside in.
    """

    path: str
    records: tuple[type, ...]

    def inside(
        self, annotation: Any, step: str, record: type | None = None
    ) -> tuple[Shape, Hint]:
        """Return what `annotation` says, which is one `step` inside.

        Raises:
            UnreadableHintError: It has no Arrow type; the text says where it is.
        """


def value_type_of(type_: pa.DataType) -> pa.DataType:
    """Return the type of the values of a dictionary or of run ends, else `type_`."""
    while pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        type_ = type_.value_type
    return type_
