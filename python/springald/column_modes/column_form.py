"""The form of a function of columns: what the runtime calls in its place."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from springald.column_modes.choices import ColumnChoices
from springald.column_modes.row_filter import (
    nulls_of,
    rows_without_nulls,
    select,
    spread,
)
from springald.errors import UdfDefinitionError, UdfResultError

if TYPE_CHECKING:
    from springald.signature import Signature

__all__ = ["COLUMN_MODES", "ColumnForm", "ColumnPlan", "check_length", "column_form"]

# The modes whose functions have a form, and (module, class, package that it needs).
_FORMS = {
    "pandas": ("pandas_mode", "PandasForm", "pandas"),
    "numpy": ("numpy_mode", "NumpyForm", "numpy"),
    "iterator": ("iterator_mode", "IteratorForm", ""),
}
COLUMN_MODES = tuple(_FORMS)


@dataclass(frozen=True)
class ColumnPlan:
    """What a form has to know. Can be pickled; constant.

    Attributes:
        skips: For each argument, whether the function is given no row where it is null.
    """

    name: str
    arguments: tuple[pa.Field, ...]
    result: pa.Field
    skips: tuple[bool, ...]
    choices: ColumnChoices


class ColumnForm(ABC):
    """Calls a function of columns. Any thread may call; pickled as function and plan."""

    __slots__ = ("__weakref__", "__wrapped__", "_plan")

    __wrapped__: Callable[..., Any]
    _plan: ColumnPlan

    def __init__(self, function: Callable[..., Any], plan: ColumnPlan) -> None:
        """Use :func:`column_form` instead."""
        self.__wrapped__ = function
        self._plan = plan

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.__wrapped__, self._plan)

    def __call__(self, *arrays: pa.Array) -> pa.Array:
        """Return the column of results for one batch.

        Raises:
            UdfExecutionError: An argument cannot be given to the function.
            UdfResultError: What the function returned is not what was promised.
            Exception: Whatever the function raises.
        """
        kept = rows_without_nulls(arrays, self._plan.skips)
        if kept is None:
            return self._column(arrays)
        if kept.true_count == 0:
            return nulls_of(self._plan.result.type, len(kept))
        rows = pc.indices_nonzero(kept)
        column = self._column([select(array, rows) for array in arrays])
        return spread(column, kept)

    @property
    def choices(self) -> ColumnChoices:
        """How columns are handed to the function."""
        return self._plan.choices

    @abstractmethod
    def _column(self, arrays: Sequence[pa.Array]) -> pa.Array:
        """Return the function's results for rows that it may be given."""


def column_form(function: Callable[..., Any], signature: Signature) -> ColumnForm:
    """Return the form of `function`, whose mode is one of ``COLUMN_MODES``.

    Raises:
        UdfDefinitionError: The package that the mode needs is missing.
    """
    choices = signature.columns or ColumnChoices()
    module, name, package = _FORMS[signature.mode]
    _require(package or ("pandas" if choices.pieces == "pandas" else ""), signature)
    skipping = signature.null_handling == "skip"
    plan = ColumnPlan(
        signature.name,
        signature.arguments,
        signature.result,
        tuple(skipping and not field.nullable for field in signature.arguments),
        choices,
    )
    form = getattr(importlib.import_module(f"springald.column_modes.{module}"), name)
    made: ColumnForm = form(function, plan)
    return made


def _require(package: str, signature: Signature) -> None:
    if not package:
        return
    try:
        importlib.import_module(package)
    except ImportError as error:
        raise UdfDefinitionError(
            f"mode={signature.mode!r} needs the package {package}, which cannot be "
            f"imported ({error}): pip install {package}",
            udf_name=signature.name,
        ) from error


def check_length(length: int, expected: int, returned: object) -> None:
    """Raise UdfResultError unless `returned` has one value for each row."""
    if length != expected:
        raise UdfResultError(
            f"the returned {type(returned).__name__} has the wrong length: {length}, "
            f"expected {expected}, one value for each row of the batch"
        )
