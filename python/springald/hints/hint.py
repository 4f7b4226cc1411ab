"""One hint, read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from springald.hints.shape import Shape

__all__ = ["Hint"]


@dataclass(frozen=True)
class Hint:
    """One hint, read.

    Attributes:
        kind: ``"arrow"``: columns of pyarrow; ``"row"``: one Python value; ``"pandas"``,
            ``"numpy"``, ``"iterator"``: see column_modes/column_hints.py; ``"unknown"``:
            a hint that cannot be used.
        type: The Arrow type that the hint decides, or None where it leaves that open.
        nullable: Whether the hint has a ``None``; True for columns, which hold nulls.
        reason: For ``"unknown"``, why the hint cannot be used; for an open type, what
            the hint does not say.
        shape: For ``"row"``, what the function wants in place of Arrow's Python value;
            None where the hint does not say.
    """

    kind: Literal["arrow", "row", "pandas", "numpy", "iterator", "unknown"]
    type: pa.DataType | None = None
    nullable: bool = True
    reason: str = ""
    shape: Shape | None = None
