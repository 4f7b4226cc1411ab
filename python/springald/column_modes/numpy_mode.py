"""Mode numpy: one ndarray per argument in, one ndarray out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from springald.column_modes.column_form import ColumnForm, check_length
from springald.column_modes.numpy_arguments import to_numpy
from springald.column_modes.numpy_results import from_numpy

__all__ = ["NumpyForm"]


class NumpyForm(ColumnForm):
    """Calls a function of NumPy arrays.

    A NaN that came in for a null goes out as one: where an argument of floats was null
    and the result is NaN, the result is null. Every other NaN is a value.
    """

    __slots__ = ()

    def _column(self, arrays: Sequence[pa.Array]) -> pa.Array:
        plan = self._plan
        masked = plan.choices.masked or (False,) * len(arrays)
        values = [
            to_numpy(array, field, is_masked)
            for array, field, is_masked in zip(
                arrays, plan.arguments, masked, strict=True
            )
        ]
        # In a list, so that nothing here but the list holds the result: where nothing
        # else does either, its memory need not be copied.
        returned: list[Any] = [self.__wrapped__(*values)]
        column = from_numpy(returned, plan.result.type, _nulls(arrays))
        check_length(len(column), len(arrays[0]), returned[0])
        return column


def _nulls(arrays: Sequence[pa.Array]) -> Any:
    """Return where a column of floats has a null, or None where it is nowhere."""
    nulls = None
    for array in arrays:
        if array.null_count and pa.types.is_floating(array.type):
            own = array.is_null().to_numpy(zero_copy_only=False)
            nulls = own if nulls is None else np.logical_or(nulls, own)
    return nulls
