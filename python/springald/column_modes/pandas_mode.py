"""Mode pandas: one Series per argument in, one Series out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from springald.column_modes.column_form import ColumnForm, check_length
from springald.column_modes.pandas_arguments import to_pandas
from springald.column_modes.pandas_results import from_pandas

__all__ = ["PandasForm"]


class PandasForm(ColumnForm):
    """Calls a function of Series and, for structs, of DataFrames."""

    __slots__ = ()

    def _column(self, arrays: Sequence[pa.Array]) -> pa.Array:
        plan = self._plan
        values: list[Any] = [
            to_pandas(array, field, plan.choices.dtype_backend)
            for array, field in zip(arrays, plan.arguments, strict=True)
        ]
        returned = self.__wrapped__(*values)
        column = from_pandas(returned, plan.result.type)
        check_length(len(column), len(arrays[0]), returned)
        return column
