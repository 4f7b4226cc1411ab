"""What a user may choose about a function of columns, beside its types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DTYPE_BACKENDS", "ColumnChoices"]

# The words of pandas itself, with "numpy" for what it does by default.
DTYPE_BACKENDS = ("numpy", "numpy_nullable", "pyarrow")


@dataclass(frozen=True)
class ColumnChoices:
    """How columns are handed to a function of mode pandas, numpy or iterator.

    Attributes:
        dtype_backend: The dtypes of a Series; one of ``DTYPE_BACKENDS``.
        masked: Of mode numpy: for each argument, whether it comes as a masked array.
        pieces: Of mode iterator: what the batches are made of.
        in_tuples: Of mode iterator: whether a batch is a tuple of columns.
    """

    dtype_backend: str = "numpy"
    masked: tuple[bool, ...] = ()
    pieces: Literal["arrow", "pandas"] = "arrow"
    in_tuples: bool = False
